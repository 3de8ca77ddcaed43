//! States in racks: refused ones disturb nothing, and both halves' come back.

use crate::stage::{BLOCK, alone, beside, instance, load, open, stage, vst3, with, with_neighbour};
use host::plugin::{StateError, VstPreset};
use host::session::{PluginSpec, RackError};

fn with_state(name: &str, state: Vec<u8>) -> PluginSpec {
    PluginSpec {
        state: Some(state),
        ..vst3(name)
    }
}

/// A preset of a class with that component state.
fn preset(name: &str, component: &[u8]) -> Vec<u8> {
    let preset = VstPreset {
        class: load(name).descriptor().id.clone(),
        component: component.to_vec(),
        ..VstPreset::default()
    };
    preset.write()
}

#[test]
fn a_state_that_is_refused_leaves_the_music_alone() {
    let fixture = open();
    let good = load("watch").save_state().unwrap();
    let refused = preset("watch", b"no state of this plugin");
    let bytes = refused.len();
    for (state, sentence) in [
        (
            refused,
            format!(
                "Layer/1: The plugin watch refused the state of {bytes} bytes. It may come from another version of the \
                 plugin; remove `state` from the preset to begin anew."
            ),
        ),
        (preset("state", b"x"), "class id".to_owned()),
        (good[..good.len() / 2].to_vec(), "cut off".to_owned()),
        (b"hello".to_vec(), "Give a .vstpreset file.".to_owned()),
    ] {
        with_neighbour(|stage| {
            stage.play(640);
            let error = stage
                .session
                .load(&alone(with_state("watch", state)))
                .unwrap_err();
            assert!(matches!(error, RackError::State { .. }));
            let text = error.to_string();
            assert!(text.contains(&sentence) && !text.contains('\n'), "{text}");
            stage.play(6_400);
        });
        fixture.assert_gone();
    }
    assert_eq!(fixture.counter("state.refusals"), 1);
}

#[test]
fn a_state_that_is_refused_while_it_plays_changes_nothing() {
    let fixture = open();
    beside(with("watch", &[("Level", 0.25)]), |stage| {
        stage.play(640);
        let refused = preset("watch", b"no state of this plugin");
        let error = instance(stage).load_state(&refused).unwrap_err();
        assert!(matches!(error, StateError::Refused { .. }));
        stage.play(640);
        assert!(stage.played[0].iter().all(|&sample| sample == 0.25));
        assert_eq!(instance(stage).value(crate::stage::LEVEL), Some(0.25));
    });
    fixture.assert_gone();
}

#[test]
fn both_halves_come_back_however_the_stream_is_cut_up() {
    let fixture = open();
    for size in [0_u32, 1, 6, 7, 8, 1_000, 65_537, 3_000_001] {
        let mut first = stage(with(
            "state",
            &[("Size", size.into()), ("Seed", 91.0), ("Controller's Own", 0.75)],
        ));
        first.play(128);
        let state = first.session.save_states().unwrap().remove(0).1;
        assert!(state.len() > size as usize);
        drop(first);
        let loads = ["state.loads", "controller.loads", "controller.component_states"];
        let before = loads.map(|name| fixture.counter(name));
        let mut second = stage(with_state("state", state.clone()));
        let values = [1, 2, 3].map(|id| instance(&mut second).value(id));
        assert_eq!(values, [Some(size.into()), Some(91.0), Some(0.75)], "{size}");
        // The controller heard of the component's state as it began, and of the one that was loaded.
        let after = loads.map(|name| fixture.counter(name));
        assert_eq!(after, [before[0] + 1, before[1] + 1, before[2] + 2]);
        second.play(128);
        assert!(
            second.session.save_states().unwrap().remove(0).1 == state,
            "{size}"
        );
    }
    assert_eq!(fixture.counter("state.refusals"), 0);
    fixture.assert_gone();
}

#[test]
fn states_are_saved_and_loaded_while_the_music_plays() {
    let fixture = open();
    beside(with("watch", &[("Level", 0.5)]), |stage| {
        stage.play(640);
        let state = instance(stage).save_state().unwrap();
        stage.play(640);
        assert!(
            stage.played[0].iter().all(|&sample| sample == 0.5),
            "saving is not heard"
        );
        crate::stage::set(stage, "Level", -0.5);
        stage.play(BLOCK);
        assert_eq!(stage.played[0].last(), Some(&-0.5));
        instance(stage).load_state(&state).unwrap();
        stage.play(2 * BLOCK);
        assert_eq!(stage.played[0].last(), Some(&0.5));
        assert_eq!(instance(stage).value(crate::stage::LEVEL), Some(0.5));
    });
    fixture.assert_gone();
}

#[test]
fn a_state_with_other_ports_is_played_with_them() {
    let fixture = open();
    let mut multi = load("multi");
    multi.set_values(&[(1, 4.0)]);
    let state = multi.save_state().unwrap();
    drop(multi);
    let mut again = stage(with_state("multi", state));
    assert_eq!(instance(&mut again).facts().audio_outputs.len(), 4);
    again.step(&[(0, &[0x90, 60, 100])]);
    // 0.1 and 0.2 on the main bus, 0.3 and 0.6 on a mono one each, 0.4 and 0.5 on another stereo one.
    for (side, level) in again.played.iter().zip([1.4, 1.6]) {
        assert!((side.last().unwrap() - level).abs() < 1e-6, "{:?}", side.last());
    }
    drop(again);
    fixture.assert_gone();
}
