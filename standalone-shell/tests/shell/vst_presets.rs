//! `.vstpreset` files: what they are given to, and what refuses them.

use super::program::Home;
use host::plugin::VstPreset;
use std::fs;

const ID: &str = "B0B1B2B3B4B5B6B7B8B9BABBBCBDBEBF";
const OTHER: &str = "00000000000000000000000000000001";

fn vst_preset(class: &str) -> VstPreset {
    let mut preset = VstPreset {
        class: class.to_owned(),
        component: b"component".to_vec(),
        controller: Some(b"controller".to_vec()),
        ..VstPreset::default()
    };
    preset.describe("Grand", "Maker", "Instrument|Piano");
    preset
}

fn with_states() -> Home {
    let home = Home::new();
    home.write("Warm Pad.vstpreset", vst_preset(ID).write());
    home.write("other.vstpreset", vst_preset(OTHER).write());
    home.fixture();
    home.write("p.backline", preset(ID));
    home
}

/// A preset of a CLAP plugin and a VST3 plugin.
fn preset(class: &str) -> String {
    format!(
        "format = 1\n[[layer]]\nname = \"Keys\"\n[[layer.plugin]]\nformat = \"clap\"\n\
         id = \"org.backline.fixture.watch\"\nfile = \"fixture.clap\"\n\n[[layer.plugin]]\nformat = \"vst3\"\n\
         id = \"{class}\"\nfile = \"x.vst3\" # a hint\n"
    )
}

#[test]
fn its_plugin_is_searched_for() {
    let home = with_states();
    for command in [
        &["Warm Pad.vstpreset", "--driver", "null"][..],
        &["play", "Warm Pad.vstpreset", "--driver", "null", "--program", "2"],
        &["play", "--plugin", "Warm Pad.vstpreset", "--driver", "null"],
        &["render", "Warm Pad.vstpreset", "--tail", "1", "--output", "o.wav"],
        &["preset", "new", "--plugin", "Warm Pad.vstpreset"],
        &["plugin", "Warm Pad.vstpreset"],
    ] {
        home.run(command).fails_with(
            1,
            &[
                "Warm Pad.vstpreset is for the plugin Grand (B0B1",
                "No VST3 plugin with the id",
            ],
        );
    }
    assert!(!home.at("o.wav").exists() && !home.at("Warm Pad.backline").exists());
}

#[test]
fn what_is_no_vst_preset_is_told() {
    let home = Home::new();
    let whole = vst_preset(ID).write();
    home.write("cut.vstpreset", &whole[..whole.len() - 10]);
    home.write("empty.vstpreset", "");
    home.write("old.vstpreset", "CcnK\0\0\0\0FxCk");
    home.write("text.vstpreset", "hello");
    for (file, words) in [
        ("cut.vstpreset", "cut off"),
        ("empty.vstpreset", "it is empty"),
        ("old.vstpreset", ".fxp"),
        ("text.vstpreset", "does not start as one"),
        ("absent.vstpreset", "cannot be read"),
    ] {
        home.run(&["play", file, "--driver", "null"])
            .fails_with(1, &[file, words]);
        home.run(&["play", "--plugin", "x.vst3", "--state", file, "--driver", "null"])
            .fails_with(1, &[file, words]);
        home.run(&["preset", "new", "--plugin", file])
            .fails_with(1, &[file, words]);
    }
}

#[test]
fn it_is_no_preset_of_ours() {
    let home = with_states();
    for command in ["show", "check"] {
        home.run(&["preset", command, "Warm Pad.vstpreset"]).fails_with(
            1,
            &[
                "Warm Pad.vstpreset is a VST3 plugin's preset",
                "preset new --plugin",
            ],
        );
    }
}

#[test]
fn a_state_has_to_be_for_the_plugin() {
    let home = with_states();
    let plugin = "fixture.clap#org.backline.fixture.watch";
    home.run(&[
        "play",
        "--plugin",
        plugin,
        "--state",
        "Warm Pad.vstpreset",
        "--driver",
        "null",
    ])
    .fails_with(
        1,
        &[
            "Warm Pad.vstpreset is for the VST3 plugin Grand",
            "fixture.clap is a CLAP plugin",
        ],
    );
    home.write("x.vst3", "");
    home.run(&[
        "play",
        "--plugin",
        &format!("x.vst3#{ID}"),
        "--state",
        "other.vstpreset",
        "--driver",
        "null",
    ])
    .fails_with(
        1,
        &["other.vstpreset is for the plugin Grand (0000", "not for B0B1"],
    );
    // A preset has its states in it.
    let ran = home.run(&["play", "p.backline", "--state", "Warm Pad.vstpreset"]);
    assert_eq!(ran.status.code(), Some(2), "{ran:?}");
}

#[test]
fn it_becomes_the_state_of_a_presets_plugin() {
    let home = with_states();
    let set = |key: &str, file: &str| home.run(&["preset", "set", "p.backline", key, file]);
    for key in ["layer.1.plugin.2.state", "layer.Keys.plugin.2.state"] {
        home.write("p.backline", preset(&ID.to_lowercase()));
        set(key, "Warm Pad.vstpreset").succeeds();
        let loaded = presets::load(&home.at("p.backline")).expect("a preset");
        let state = loaded.layers[0].plugins[1].state.as_ref().expect("a state");
        let read = VstPreset::read(state.as_bytes()).expect("a .vstpreset");
        assert_eq!(read, vst_preset(ID));
        let text = fs::read_to_string(home.at("p.backline")).expect("the preset");
        assert!(
            text.contains("# a hint\n"),
            "the rest stays as it is written: {text}"
        );
    }
    let before = fs::read(home.at("p.backline")).expect("the preset");
    for (key, file, words) in [
        (
            "layer.1.plugin.1.state",
            "Warm Pad.vstpreset",
            "`layer.1.plugin.1` of p.backline is the CLAP plugin",
        ),
        (
            "layer.1.plugin.2.state",
            "other.vstpreset",
            "other.vstpreset is for the plugin Grand (0000",
        ),
        (
            "layer.1.plugin.3.state",
            "Warm Pad.vstpreset",
            "the chain has 2 plugins",
        ),
        ("master.plugin.1.state", "Warm Pad.vstpreset", "`master.plugin.1`"),
        (
            "layer.1.plugin.2.state",
            "absent.vstpreset",
            "absent.vstpreset cannot be read",
        ),
        ("state", "Warm Pad.vstpreset", "`state`"),
    ] {
        set(key, file).fails_with(1, &[words]);
        assert_eq!(fs::read(home.at("p.backline")).expect("the preset"), before);
    }
    // Elsewhere it is a text like any other.
    set("name", "Warm Pad.vstpreset").succeeds();
}

#[test]
fn only_vst3_plugins_are_exported() {
    let home = with_states();
    let export = |preset: &str, more: &[&str]| {
        home.run(&[&["preset", "set", preset], more, &["--export", "o.vstpreset"]].concat())
    };
    export("p.backline", &["layer.1.plugin.1"]).fails_with(
        1,
        &[
            "`layer.1.plugin.1` of p.backline is the CLAP plugin org.backline.fixture.watch",
            "only VST3",
        ],
    );
    export("stage-synth", &[]).fails_with(1, &["stage-synth has no VST3 plugin"]);
    export("p.backline", &["layer.2.plugin.1"]).fails_with(1, &["the preset has 1 layer"]);
    export("p.backline", &["device.buffer"]).fails_with(1, &["names no plugin"]);
    export("absent.backline", &[]).fails_with(1, &["absent.backline"]);
    let before = fs::read(home.at("p.backline")).expect("the preset");
    home.write("x.vst3", "");
    export("p.backline", &[]).fails_with(1, &["x.vst3"]);
    assert!(!home.at("o.vstpreset").exists());
    assert_eq!(fs::read(home.at("p.backline")).expect("the preset"), before);
}

#[test]
fn an_export_replaces_nothing_unasked() {
    let home = with_states();
    home.write("o.vstpreset", "precious");
    home.run(&["preset", "set", "p.backline", "--export", "o.vstpreset"])
        .fails_with(1, &["o.vstpreset is there already", "--force"]);
    let ran = home.run(&["preset", "set", "p.backline", "--export", "p.backline", "--force"]);
    assert_eq!(ran.status.code(), Some(2), "{ran:?}");
    assert!(ran.err.contains("a .vstpreset file to write"), "{ran:?}");
    assert_eq!(fs::read(home.at("o.vstpreset")).expect("the file"), b"precious");
}

#[test]
fn one_is_not_written_or_changed_as_a_preset_of_ours() {
    let home = with_states();
    home.run(&[
        "preset",
        "new",
        "--plugin",
        "fixture.clap",
        "--output",
        "x.vstpreset",
    ])
    .fails_with(2, &["x.vstpreset", "ends with .backline", "--export"]);
    let whole = fs::read(home.at("other.vstpreset")).expect("there");
    home.run(&["preset", "set", "other.vstpreset", "device.buffer", "32"])
        .fails_with(1, &["a VST3 plugin's preset", "backline plugin other.vstpreset"]);
    assert_eq!(fs::read(home.at("other.vstpreset")).expect("there"), whole);
}
