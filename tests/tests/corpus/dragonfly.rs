//! Plugins that load into this very process, for they need nothing that an older system has not.

use crate::bench::{Bench, Fed, decibels, text};
use host::plugin::Param;
use host::session::{PluginSpec, SessionEvent, Stamp};
use tests::{Stage, at, corpus, layer, plugin, program, rack};

/// The four plugins, by the ends of their names.
const NAMES: [&str; 4] = ["EarlyReflections", "HallReverb", "PlateReverb", "RoomReverb"];

#[test]
fn they_work_with_the_program_as_it_is() {
    let Some(corpus) = corpus() else { return };
    let bench = Bench::new(program());
    for name in NAMES {
        let file = corpus.join(format!("Dragonfly{name}.clap"));
        let level = decibels(&bench.render(&["--plugin", text(&file)], Fed::Sound));
        assert!((-40.0..6.0).contains(&level), "{name}: {level} dBFS");
    }
}

/// The plugin alone on a stage.
fn stage(spec: PluginSpec) -> Stage {
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

/// A state that was saved while the plugin played brings back what was set.
#[test]
fn states_keep_what_was_set() {
    let Some(corpus) = corpus() else { return };
    for name in NAMES {
        let fresh = plugin(text(&corpus.join(format!("Dragonfly{name}.clap"))));
        let mut playing = stage(fresh.clone());
        let instance = &playing.session.rack().unwrap().plugin(at(0, 0)).unwrap().instance;
        let values: Vec<_> = instance.params().iter().map(other_value).collect();
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
            panic!("{name}: {} states", states.len())
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
                "{name}: parameter {id} is {now}, not {value}"
            );
        }
        let restored = sound(&mut again);
        assert_eq!(
            &again.session.save_states().unwrap()[0].1,
            state,
            "{name}: the state of a state"
        );
        drop(again);

        let set = sound(&mut stage(PluginSpec {
            params: values,
            ..fresh
        }));
        let both = set.iter().flatten().zip(restored.iter().flatten());
        let difference = both
            .map(|(set, restored)| (set - restored).abs())
            .fold(0.0, f32::max);
        // The room reverb wanders by random numbers that all its instances share, so no two of them are quite alike.
        let allowed = if name == "RoomReverb" { 1e-3 } else { 0.0 };
        assert!(
            difference <= allowed,
            "{name} sounds otherwise after its state was loaded, by {difference}"
        );
    }
}
