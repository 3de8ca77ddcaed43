//! A plugin that asks to be loaded anew: its objects are made again in the same state, and the rest plays on.

use crate::stage::{BLOCK, alone, beside, instance, open, reactivated, set, told, vst3, with};
use host::plugin::PluginEvent;
use host::session::SessionEvent;
use std::time::Instant;
use tests::{Live, Stage};

/// Flags for `kReloadComponent` alone.
const RELOAD: (&str, f64) = ("Flags", 1.0);

#[test]
fn a_plugin_is_made_anew_in_the_same_state() {
    let fixture = open();
    beside(with("restart", &[RELOAD]), |stage| {
        stage.step(&[(0, &[0x90, 60, 100])]);
        stage.play(640);
        let made = || ["instances.created", "controllers.created"].map(|name| fixture.counter(name));
        let before = made();
        set(stage, "Ask", 1.0);
        stage.play(6_400);
        let after = made();
        assert!(
            after[0] > before[0] && after[1] > before[1],
            "{before:?} {after:?}"
        );
        assert_eq!(after[0], after[1]);
        // One at a time.
        assert_eq!(
            ["instances.alive", "controllers.alive"].map(|name| fixture.counter(name)),
            [1, 1]
        );
        assert!(reactivated(&stage.events) >= 1);
        assert!(
            !stage
                .events
                .iter()
                .any(|event| matches!(event, SessionEvent::ReactivateFailed { .. })),
            "{:?}",
            stage.events
        );
        assert_eq!(instance(stage).value(1), Some(1.0), "its state");
        // The new controller hears where it stands, as the old one did.
        assert_eq!(fixture.counter("channel_info.calls"), after[1]);
        // A new note plays on the new one.
        stage.step(&[(0, &[0x90, 64, 100])]);
        stage.play(640);
        assert_eq!(stage.played[0].last(), Some(&0.1));
        let told = told(stage);
        assert!(
            !told
                .iter()
                .any(|event| matches!(event, PluginEvent::Log("warning", _))),
            "{told:?}"
        );
    });
    fixture.assert_gone();
}

#[test]
fn the_old_life_ends_before_the_new_one_begins() {
    let fixture = open();
    let mut stage = Stage::new(&alone(with("restart", &[RELOAD])), BLOCK);
    stage.play(640);
    let _so_far = fixture.trace();
    set(&mut stage, "Ask", 1.0);
    stage.play(6_400);
    let trace = fixture.trace();
    let calls: Vec<_> = trace
        .iter()
        .filter_map(|line| Some(line.split_once(' ')?.1))
        .filter(|call| *call != "destroy")
        .collect();
    assert_eq!(
        calls[..15],
        [
            "stop_processing",
            "deactivate",
            "disconnect",
            "disconnect",
            "terminate",
            "terminate",
            "create",
            "init",
            "create",
            "init",
            "connect",
            "connect",
            "activate 48000 1 64",
            "start_processing",
            "process",
        ],
        "{trace:?}"
    );
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn without_a_device_it_is_made_anew_when_one_opens() {
    let fixture = open();
    let mut session = host::session::Session::new();
    session
        .load(&alone(with("restart", &[RELOAD, ("Ask", 1.0)])))
        .unwrap();
    session.tick(Instant::now());
    let before = fixture.counter("instances.created");
    let mut stage = Stage::around(session, BLOCK);
    stage.step(&[(0, &[0x90, 60, 100])]);
    assert_eq!(fixture.counter("instances.created"), before + 1);
    assert_eq!(stage.played[0], [0.1; BLOCK]);
    assert_eq!(instance(&mut stage).value(1), Some(1.0));
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn it_is_made_anew_while_it_plays_in_real_time() {
    let fixture = open();
    let mut live = Live::new(&alone(with("restart", &[RELOAD])), 48_000, 64);
    live.run(std::time::Duration::from_millis(50));
    live.session
        .set_param(tests::at(0, 0), "Ask", 1.0, host::session::Stamp::Now)
        .unwrap();
    live.run(std::time::Duration::from_millis(200));
    assert!(fixture.counter("instances.created") >= 2);
    live.session.close(std::time::Duration::from_secs(1));
    fixture.assert_gone();
}

/// A single component that calls within `initialize` asks for it before anything else was done with it.
#[test]
fn a_wish_within_initialize_is_granted_before_it_plays() {
    let fixture = open();
    let mut stage = Stage::new(&alone(vst3("storm")), BLOCK);
    stage.step(&[(0, &[0x90, 60, 100])]);
    assert_eq!(stage.played[0], [0.1; BLOCK]);
    drop(stage);
    fixture.assert_gone();
}
