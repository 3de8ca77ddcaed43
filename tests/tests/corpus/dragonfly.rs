//! Plugins that load into this very process, for they need nothing that an older system has not.

use crate::bench::{Bench, Fed, assert_same, decibels, file_of, text};
use host::plugin::Param;
use host::session::{PluginSpec, SessionEvent, Stamp};
use tests::{FORMATS, Stage, at, corpus, layer, plugin, program, rack};

const NAMES: [&str; 4] = [
    "DragonflyEarlyReflections",
    "DragonflyHallReverb",
    "DragonflyPlateReverb",
    "DragonflyRoomReverb",
];

#[test]
fn they_work_with_the_program_as_it_is() {
    if corpus().is_none() {
        return;
    }
    let bench = Bench::new(program());
    for name in NAMES {
        let [clap, vst3] = FORMATS.map(|format| {
            let file = file_of(format, name).unwrap();
            bench.render(&["--plugin", text(&file)], Fed::Sound)
        });
        let level = decibels(&clap);
        assert!((-40.0..6.0).contains(&level), "{name}: {level} dBFS");
        assert_same(&clap, &vst3, name);
    }
}

/// The plugin alone on a stage.
fn stage(spec: PluginSpec) -> Stage {
    // The room reverb wanders by the C library's random numbers, which the whole process shares.
    // SAFETY: sets a number in the C library, which guards it.
    unsafe { libc::srand(1) };
    Stage::new(&rack(vec![layer(vec![spec])]), 256)
}

/// What half a second of an impulse sounds like.
fn sound(stage: &mut Stage) -> [Vec<f32>; 2] {
    let impulse: Vec<f32> = (0..256).map(|frame| if frame == 7 { 0.5 } else { 0.0 }).collect();
    stage.step_with_input(&[], Some([&impulse, &impulse]));
    stage.play(24_000);
    assert!(
        !stage
            .events
            .iter()
            .any(|event| matches!(event, SessionEvent::Fault { .. })),
        "{:?}",
        stage.events
    );
    stage.played.clone()
}

/// A value that is not the parameter's default.
fn other_value(param: &Param) -> (String, f64) {
    let value = param.min + 0.4 * (param.max - param.min);
    (
        param.id.to_string(),
        if param.steps.is_some() {
            value.round()
        } else {
            value
        },
    )
}

/// A state that was saved while the plugin played brings back what was set. One test for both formats: the room reverb
/// wanders by random numbers that the whole process shares.
#[test]
fn states_keep_what_was_set() {
    for (format, name) in FORMATS
        .into_iter()
        .flat_map(|format| NAMES.map(|name| (format, name)))
    {
        let Some(file) = file_of(format, name) else { return };
        let what = format!("{name}, {format}");
        let fresh = plugin(text(&file));
        let mut playing = stage(fresh.clone());
        let instance = &playing.session.rack().unwrap().plugin(at(0, 0)).unwrap().instance;
        let settable = instance.params().iter().filter(|param| !param.read_only);
        let values: Vec<_> = settable.map(other_value).collect();
        for (id, value) in &values {
            assert!(
                playing
                    .session
                    .set_param(at(0, 0), id, *value, Stamp::Now)
                    .unwrap()
            );
        }
        playing.play(256);
        let states = playing.session.save_states().unwrap();
        let [(_, state)] = &states[..] else {
            panic!("{what}: {} states", states.len())
        };
        drop(playing);

        let mut again = stage(PluginSpec {
            state: Some(state.clone()),
            ..fresh.clone()
        });
        let instance = &mut again
            .session
            .rack_mut()
            .unwrap()
            .plugin_mut(at(0, 0))
            .unwrap()
            .instance;
        for (id, value) in &values {
            let now = instance.value(id.parse().unwrap()).unwrap();
            assert!(
                (now - value).abs() <= 1e-4 * value.abs().max(1.0),
                "{what}: parameter {id} is {now}, not {value}"
            );
        }
        let restored = sound(&mut again);
        assert_eq!(
            &again.session.save_states().unwrap()[0].1,
            state,
            "{what}: the state of a state"
        );
        drop(again);

        let set = sound(&mut stage(PluginSpec {
            params: values,
            ..fresh
        }));
        for (set, restored) in set.iter().zip(&restored) {
            assert_same(set, restored, &format!("{what}: set, and its state loaded"));
        }
    }
}
