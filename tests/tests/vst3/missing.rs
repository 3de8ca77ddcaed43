//! Plugins that lack what they may lack: a controller, an editor, everything that is not a must. They play.

use crate::stage::{BLOCK, beside, instance, is_told_well, load, open, stage, vst3, warnings};
use host::plugin::{Instance, PluginEvent, RenderMode, VstPreset};
use std::time::Instant;
use tests::Stage;

#[test]
fn without_a_controller_a_plugin_plays_and_says_so_once() {
    let fixture = open();
    for (name, sentence) in [
        (
            "fail-controller",
            "Its edit controller failed to start (kResultFalse)",
        ),
        ("no-controller", "Its edit controller could not be created ("),
        ("controller-none", "It has no edit controller"),
    ] {
        beside(vst3(name), |stage| {
            stage.step(&[(10, &[0x90, 60, 100])]);
            stage.play(640);
            let warnings = warnings(stage);
            assert_eq!(warnings.len(), 1, "{name}: {warnings:?}");
            assert!(
                warnings[0].starts_with(sentence)
                    && warnings[0].contains("so that it plays without parameters")
                    && is_told_well(&warnings[0]),
                "{warnings:?}"
            );
            assert!(
                stage.played[0][10..].iter().all(|&sample| sample == 0.1),
                "{name}"
            );
        });
        let mut instance = load(name);
        assert!(instance.params().is_empty());
        assert_eq!(instance.value(1), None);
        let facts = instance.facts();
        assert!(!facts.editor && facts.units.is_empty() && !facts.extensions.contains(&"IEditController"));
        // The component has a state all the same.
        let state = instance.save_state().unwrap();
        instance.load_state(&state).unwrap();
        drop(instance);
        fixture.assert_gone();
    }
}

#[test]
fn a_plugin_that_implements_nothing_plays() {
    let fixture = open();
    beside(vst3("not-implemented"), |stage| {
        stage.step(&[(10, &[0x90, 60, 100]), (20, &[0xb0, 7, 100]), (30, &[0xe0, 0, 0])]);
        stage.play(640);
        assert!(stage.played[0][10..].iter().all(|&sample| sample == 0.1));
        assert_eq!(stage.session.save_states().unwrap()[0].1, Vec::<u8>::new());
    });
    let mut instance = load("not-implemented");
    let error = instance.load_state(&preset_of(&instance)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "The plugin not-implemented keeps no state, so none can be loaded. Remove `state` from the preset."
    );
    drop(instance);
    fixture.assert_gone();
}

/// A state of the right class.
fn preset_of(instance: &Instance) -> Vec<u8> {
    let preset = VstPreset {
        class: instance.descriptor().id.clone(),
        component: vec![1, 2, 3],
        ..VstPreset::default()
    };
    preset.write()
}

#[test]
fn a_view_that_is_refused_is_no_editor() {
    let fixture = open();
    for (name, editor) in [("editor-refuse", false), ("editor", cfg!(target_os = "linux"))] {
        let mut instance = load(name);
        assert_eq!(instance.facts().editor, editor, "{name}");
        assert_eq!(fixture.counter("views.alive"), 0);
    }
    assert!(fixture.counter("views.asked") >= 2);
    beside(vst3("editor-refuse"), |stage| {
        stage.step(&[(10, &[0x90, 60, 100])]);
        stage.play(640);
        assert!(!instance(stage).facts().editor);
        assert!(stage.played[0][10..].iter().all(|&sample| sample == 0.1));
    });
    fixture.assert_gone();
}

/// What went wrong at loading is told to whoever serves the instance first, and then no more.
#[test]
fn an_instance_without_a_session_tells_of_its_controller_too() {
    let fixture = open();
    let mut instance = load("no-controller");
    let told = instance.serve(Instant::now());
    assert!(
        matches!(told.as_slice(), [PluginEvent::Log("warning", _)]),
        "{told:?}"
    );
    assert_eq!(instance.serve(Instant::now()), []);
    drop(instance);
    fixture.assert_gone();
}

#[test]
fn a_device_closed_and_opened_finds_the_plugins_as_they_were() {
    let fixture = open();
    let mut session = stage(vst3("no-controller")).session;
    for _ in 0..3 {
        session.open_offline(44_100, 32, RenderMode::Live).unwrap();
    }
    let mut stage = Stage::around(session, BLOCK);
    stage.step(&[(10, &[0x90, 60, 100])]);
    stage.play(640);
    assert_eq!(stage.played[0].last(), Some(&0.1));
    drop(stage);
    assert_eq!(fixture.counter("activations"), 3, "once for each new rate");
    fixture.assert_gone();
}
