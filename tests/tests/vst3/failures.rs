//! Plugins that fail where a plugin may fail: one sentence each, what can play plays, and nothing beside it is disturbed.

use crate::stage::{BLOCK, alone, beside, is_told_well, open, stage, vst3, warnings, with_neighbour};
use host::plugin::{ActivateError, LoadError, RenderMode};
use host::session::{Fault, RackError, Session, SessionEvent};
use tests::{Stage, layer, rack};

#[test]
fn a_plugin_that_does_not_start_is_refused_while_the_music_plays() {
    let fixture = open();
    with_neighbour(|stage| {
        stage.play(640);
        let error = stage.session.load(&alone(vst3("fail-init"))).unwrap_err();
        assert!(matches!(
            error,
            RackError::Load {
                source: LoadError::Init { .. },
                ..
            }
        ));
        let text = error.to_string();
        assert!(
            text.starts_with("Layer/1: The plugin 424B4C4E56535433000000000000000E of ")
                && text.contains("failed to start: its initialize reported kResultFalse"),
            "{text}"
        );
        assert!(is_told_well(&text), "{text}");
        stage.play(6_400);
        assert_eq!(stage.session.rack_count(), 1);
        fixture.assert_gone();
    });
    assert_eq!(
        fixture.life_of("fail-init#1"),
        ["create", "init failed", "destroy"],
        "what was not initialised is not terminated"
    );
}

#[test]
fn a_plugin_that_cannot_be_set_up_or_activated_is_refused_while_the_music_plays() {
    let fixture = open();
    for (name, call, last) in [
        ("fail-setup", "setupProcessing", "setup failed"),
        ("fail-activate", "setActive", "activate failed"),
    ] {
        with_neighbour(|stage| {
            stage.play(640);
            // The one before it in the chain has been activated by then.
            let spec = rack(vec![layer(vec![vst3("watch"), vst3(name)])]);
            let error = stage.session.load(&spec).unwrap_err();
            assert!(matches!(
                error,
                RackError::Activate {
                    source: ActivateError::Refused { .. },
                    ..
                }
            ));
            assert_eq!(
                error.to_string(),
                format!(
                    "Layer/2: The plugin {name} refuses to run at 48000 Hz with blocks of up to {BLOCK} frames: its \
                     {call} reported kResultFalse. Try another rate or buffer size."
                )
            );
            stage.play(6_400);
            fixture.assert_gone();
        });
        let trace = fixture.trace();
        let life: Vec<_> = trace
            .iter()
            .filter(|line| line.starts_with(&format!("{name}#")))
            .filter_map(|line| Some(line.split_once(' ')?.1))
            .collect();
        assert_eq!(
            life,
            [
                "create",
                "init",
                "connect",
                last,
                "disconnect",
                "terminate",
                "destroy"
            ]
        );
    }
}

#[test]
fn a_plugin_that_is_loaded_without_a_device_is_refused_when_one_opens() {
    let fixture = open();
    let mut session = Session::new();
    session.load(&alone(vst3("fail-activate"))).unwrap();
    let error = session.open_offline(48_000, BLOCK, RenderMode::Live).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("its setActive reported kResultFalse"), "{text}");
    drop(session);
    fixture.assert_gone();
}

#[test]
fn arrangements_that_are_refused_leave_the_plugin_as_it_is() {
    let fixture = open();
    beside(vst3("fail-arrangement"), |stage| {
        stage.step(&[(10, &[0x90, 60, 100])]);
        stage.play(640);
        assert!(fixture.counter("arrangements.refused") > 0);
        assert_eq!(fixture.counter("arrangements"), 0);
        assert!(stage.played[0][10..].iter().all(|&sample| sample == 0.1));
        assert_eq!(warnings(stage), Vec::<String>::new(), "its own is stereo already");
    });
    fixture.assert_gone();
}

#[test]
fn a_plugin_that_stays_mono_says_so_once() {
    let fixture = open();
    let mut session = stage(vst3("mono")).session;
    for rate in [44_100, 96_000] {
        session.open_offline(rate, BLOCK, RenderMode::Live).unwrap();
    }
    let mut stage = Stage::around(session, BLOCK);
    stage.play(640);
    assert_eq!(
        warnings(&mut stage),
        ["It keeps its own channels where a chain is stereo: mono in, mono out."]
    );
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn set_processing_that_says_false_says_nothing() {
    let fixture = open();
    beside(vst3("fail-start"), |stage| {
        stage.step(&[(10, &[0x90, 60, 100])]);
        stage.play(640);
        assert!(stage.played[0][10..].iter().all(|&sample| sample == 0.1));
    });
    let life = fixture.life_of("fail-start#1");
    assert!(life.contains(&"start_processing failed".to_owned()), "{life:?}");
    fixture.assert_gone();
}

#[test]
fn blocks_that_fail_are_silent_and_told_once_a_run() {
    let fixture = open();
    beside(vst3("fail-process"), |stage| {
        stage.step(&[(0, &[0x90, 5, 100])]);
        stage.play(BLOCK * 29);
        let faults = stage.events.iter().filter(|event| {
            matches!(event, SessionEvent::Fault { name, fault: Fault::Process, .. } if name == "fail-process")
        });
        assert_eq!(faults.count(), 10);
        assert!(stage.played[0].iter().all(|sample| (0.0..=0.1).contains(sample)));
    });
    fixture.assert_gone();
}
