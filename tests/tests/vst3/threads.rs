//! Calls of the host from the wrong thread: recorded, named, and served on main.

use crate::stage::{LEVEL, alone, beside, instance, open, stage, told, vst3};
use host::plugin::PluginEvent;
use host::session::{Body, SessionEvent, Stamp};
use std::time::Duration;
use tests::{Live, wait};

/// What `wrong-thread` calls.
const CALLS: [&str; 8] = [
    "IComponentHandler::beginEdit",
    "IComponentHandler::performEdit",
    "IComponentHandler::endEdit",
    "IComponentHandler::restartComponent",
    "IComponentHandler2::setDirty",
    "IComponentHandler2::startGroupEdit",
    "IComponentHandler2::finishGroupEdit",
    "IComponentHandler2::requestOpenEditor",
];

/// The only one that any thread but the audio thread may make.
const CREATE: &str = "IHostApplication::createInstance";

fn wrong_calls(events: &[SessionEvent]) -> Vec<&str> {
    let calls = events.iter().filter_map(|event| match event {
        SessionEvent::Plugin {
            name,
            event: PluginEvent::WrongThread(call),
            ..
        } if name == "wrong-thread" => Some(call.as_str()),
        _ => None,
    });
    calls.collect()
}

/// Whether what the calls asked for has happened.
fn is_served(events: &[SessionEvent]) -> bool {
    let told = |wanted: &PluginEvent| {
        events
            .iter()
            .any(|event| matches!(event, SessionEvent::Plugin { event, .. } if event == wanted))
    };
    let edited = events.iter().any(|event| {
        matches!(event, SessionEvent::Param { body: Body::Param { id: LEVEL, value, .. }, .. } if *value == 0.0)
    });
    let gestures = [Body::GestureBegin { id: LEVEL }, Body::GestureEnd { id: LEVEL }];
    let held = gestures.iter().all(|wanted| {
        events
            .iter()
            .any(|event| matches!(event, SessionEvent::Param { body, .. } if body == wanted))
    });
    edited
        && held
        && told(&PluginEvent::Dirty)
        && told(&PluginEvent::OpenEditor)
        && crate::stage::reactivated(events) > 0
}

#[test]
fn calls_from_the_audio_thread_are_named_once_and_served() {
    let fixture = open();
    beside(vst3("wrong-thread"), |stage| {
        stage.step(&[(3, &[0x90, 60, 100])]);
        stage.play(6_400);
        assert_eq!(fixture.counter("wrong_thread.audio"), 1);
        let mut calls = wrong_calls(&stage.events);
        calls.sort_unstable();
        let mut expected = [&CALLS[..], &[CREATE]].concat();
        expected.sort_unstable();
        assert_eq!(calls, expected);
        assert!(is_served(&stage.events), "{:?}", stage.events);
        // Each time somebody looks each is told once, however often it was made.
        stage.take_events();
        stage.step(&[(1, &[0x90, 61, 1]), (2, &[0x90, 62, 1]), (3, &[0x90, 63, 1])]);
        stage.play(640);
        let again = wrong_calls(&stage.events);
        assert_eq!(again.len(), CALLS.len() + 1, "{again:?}");
        assert_eq!(instance(stage).value(LEVEL), Some(0.0), "0.5 of -1 to 1");
    });
    fixture.assert_gone();
}

#[test]
fn calls_from_a_thread_of_the_plugins_own_are_named_and_served() {
    let fixture = open();
    let mut stage = stage(vst3("wrong-thread"));
    stage.step(&[(0, &[0xb0, 1, 1])]);
    wait("the plugin's thread called", Duration::from_secs(5), || {
        fixture.counter("wrong_thread.foreign") == 1
    });
    stage.play(6_400);
    let calls = wrong_calls(&stage.events);
    assert_eq!(calls.len(), CALLS.len(), "{calls:?}");
    assert!(
        CALLS.iter().all(|call| calls.contains(call)),
        "to make a message is any thread's right but the audio thread's: {calls:?}"
    );
    assert!(is_served(&stage.events), "{:?}", stage.events);
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn calls_while_it_plays_in_real_time_are_survived() {
    let fixture = open();
    let mut live = Live::new(&alone(vst3("wrong-thread")), 48_000, 64);
    for key in 60..70 {
        live.session.send_midi(Stamp::Now, &[0x90, key, 100]);
        live.session.send_midi(Stamp::Now, &[0xb0, 1, key]);
        live.run(Duration::from_millis(20));
    }
    live.run(Duration::from_millis(100));
    assert_eq!(fixture.counter("wrong_thread.audio"), 10);
    assert!(fixture.counter("wrong_thread.foreign") >= 1);
    assert!(is_served(&live.events), "{:?}", live.events);
    live.session.close(Duration::from_secs(1));
    fixture.assert_gone();
}

/// A call from main is no wrong one.
#[test]
fn calls_from_main_are_not_named() {
    let fixture = open();
    let mut stage = stage(vst3("edit"));
    for what in 1..=12 {
        crate::stage::set(&mut stage, "Ask", what.into());
        stage.play(256);
        if what == 9 {
            break;
        }
    }
    let told = told(&mut stage);
    assert!(
        !told
            .iter()
            .any(|event| matches!(event, PluginEvent::WrongThread(_))),
        "{told:?}"
    );
    drop(stage);
    fixture.assert_gone();
}
