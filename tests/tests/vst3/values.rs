//! Values set before a plugin runs: in its first block at its first sample, and in the state that is saved before that.

use crate::stage::{BLOCK, LEVEL, load, open, stage, vst3, with};
use host::plugin::{Instance, RenderMode};
use host::session::Session;
use tests::{Stage, at};

#[test]
fn values_are_there_at_the_first_sample() {
    let fixture = open();
    for block in [1, 16, 64, 511] {
        let mut stage = Stage::new(&crate::stage::alone(with("watch", &[("Level", 0.5)])), block);
        stage.step(&[]);
        assert!(
            stage.played.iter().flatten().all(|&sample| sample == 0.5),
            "{block}"
        );
    }
    fixture.assert_gone();
}

/// Saves the state of an instance that has never run, and gives another one that has loaded it.
fn saved_and_loaded(name: &str, set: impl FnOnce(&mut Instance)) -> Instance {
    let mut first = load(name);
    set(&mut first);
    let state = first.save_state().unwrap();
    assert!(!first.is_active());
    // Asked again, it says the same.
    assert_eq!(first.save_state().unwrap(), state);
    drop(first);
    let mut second = load(name);
    second.load_state(&state).unwrap();
    assert_eq!(second.save_state().unwrap(), state);
    second
}

#[test]
fn values_set_while_inactive_are_in_the_state() {
    let fixture = open();
    for name in ["watch", "single"] {
        let mut again = saved_and_loaded(name, |instance| {
            assert!(instance.set_values(&[(LEVEL, 0.75), (2, 3.0), (4, 1.0)]));
            assert!(instance.set_values(&[(LEVEL, -0.5)]));
        });
        assert_eq!(
            [LEVEL, 2, 4].map(|id| again.value(id)),
            [Some(-0.5), Some(3.0), Some(1.0)],
            "{name}"
        );
    }
    // That took a block, in which the processor heard of them.
    assert!(fixture.counter("process.calls") >= 2);
    fixture.assert_gone();
}

#[test]
fn a_rack_without_a_device_saves_what_it_was_told() {
    let fixture = open();
    let mut session = Session::new();
    session
        .load(&crate::stage::alone(with(
            "watch",
            &[("Level", 0.25), ("Steps", 4.0)],
        )))
        .unwrap();
    let state = session.save_states().unwrap().remove(0).1;
    // What was set is still there when a device comes.
    let mut stage = Stage::around(session, BLOCK);
    stage.step(&[]);
    assert_eq!(stage.played[0], [0.25; BLOCK]);
    drop(stage);
    let mut spec = vst3("watch");
    spec.state = Some(state);
    let mut again = crate::stage::stage(spec);
    again.step(&[]);
    assert_eq!(again.played[0], [0.25; BLOCK]);
    assert_eq!(crate::stage::instance(&mut again).value(2), Some(4.0));
    drop(again);
    fixture.assert_gone();
}

#[test]
fn values_outlive_an_activation_that_never_played() {
    let fixture = open();
    let mut session = Session::new();
    session
        .load(&crate::stage::alone(with("watch", &[("Level", 0.5)])))
        .unwrap();
    // Two devices come and go without a block.
    session.open_offline(48_000, BLOCK, RenderMode::Live).unwrap();
    session.open_offline(44_100, BLOCK, RenderMode::Live).unwrap();
    let mut stage = Stage::around(session, BLOCK);
    stage.step(&[]);
    assert_eq!(stage.played[0], [0.5; BLOCK]);
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn a_state_replaces_the_values_that_were_set_before_it() {
    let fixture = open();
    let mut instance = load("watch");
    let fresh = instance.save_state().unwrap();
    instance.set_values(&[(LEVEL, 0.5)]);
    instance.load_state(&fresh).unwrap();
    assert_eq!(instance.value(LEVEL), Some(0.0));
    assert_eq!(instance.save_state().unwrap(), fresh);
    drop(instance);
    fixture.assert_gone();
}

#[test]
fn an_active_plugin_is_set_through_the_engine_alone() {
    let fixture = open();
    let mut stage = stage(vst3("watch"));
    stage.play(64);
    assert!(!crate::stage::instance(&mut stage).set_values(&[(LEVEL, 0.5)]));
    stage.play(64);
    assert_eq!(stage.played[0].last(), Some(&0.0));
    assert_eq!(
        stage
            .session
            .rack()
            .unwrap()
            .plugin(at(0, 0))
            .unwrap()
            .instance
            .latency(),
        0
    );
    drop(stage);
    fixture.assert_gone();
}
