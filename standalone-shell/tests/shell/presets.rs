//! Presets that are broken.

use super::program::{Home, library};
use std::fs::File;

/// Plays a preset of that text, which has to fail with one sentence.
fn refused(text: impl AsRef<[u8]>, words: &[&str]) {
    let home = Home::new();
    home.plugin(&library("clap-fixture"), "fixture.clap");
    home.write("p.backline", text);
    for command in [
        &["play", "p.backline", "--driver", "null", "--for", "1"][..],
        &["preset", "check", "p.backline"],
    ] {
        home.run(command).fails_with(1, words);
    }
}

/// Whether a line warns of something in the preset, and not of the machine's MIDI.
fn is_of_preset(line: &str) -> bool {
    line.starts_with("warning: ") && !line.contains("MIDI")
}

/// A preset of that text plays, renders and passes the check, each with one warning.
fn warned(text: impl AsRef<[u8]>, words: &[&str]) {
    let home = Home::new();
    home.fixture();
    home.write("p.backline", text);
    for command in [
        &["play", "p.backline", "--driver", "null", "--for", "0.2", "--json"][..],
        &["render", "p.backline", "--tail", "0.1", "--output", "o.wav"],
        &["preset", "check", "p.backline"],
    ] {
        let ran = home.run(command);
        let warnings: Vec<_> = ran
            .succeeds()
            .err
            .lines()
            .filter(|line| is_of_preset(line))
            .collect();
        let [warning] = warnings[..] else {
            panic!("not one warning: {ran:?}");
        };
        for word in words {
            assert!(warning.contains(word), "no \"{word}\" in: {warning}");
        }
        if command[0] == "play" {
            let told = ran.event("warning");
            assert!(
                told["text"].as_str().is_some_and(|text| warning.ends_with(text)),
                "{ran:?}"
            );
        }
    }
}

/// A preset of one fixture plugin.
fn preset(id: &str, more: &str) -> String {
    format!(
        "format = 1\n[[layer]]\nname = \"Test\"\n[[layer.plugin]]\nformat = \"clap\"\n\
         id = \"org.backline.fixture.{id}\"\nfile = \"fixture.clap\"\n{more}\n"
    )
}

#[test]
fn syntax() {
    refused("format = 1\n[[layer]\n", &["p.backline", "line 2", "not TOML"]);
}

#[test]
fn unknown_key() {
    refused("format = 1\ncolour = 3\n", &["p.backline", "line 2", "`colour`"]);
}

#[test]
fn wrong_type() {
    refused(
        "format = 1\n[device]\nsample-rate = \"fast\"\n",
        &["line 3", "`device.sample-rate`"],
    );
}

#[test]
fn out_of_range() {
    refused(
        "format = 1\n[device]\nsample-rate = 1\n",
        &["line 3", "`device.sample-rate`"],
    );
    refused(
        "format = 1\n[device]\nbuffer = 8193\n",
        &["line 3", "`device.buffer`"],
    );
}

#[test]
fn future_format() {
    refused("format = 99\n", &["p.backline", "format 99", "newer Backline"]);
}

#[test]
fn state_that_is_not_base64() {
    refused(
        preset("watch", "state = \"!!!\""),
        &["`layer.1.plugin.1.state`", "base64"],
    );
}

#[test]
fn state_that_does_not_decompress() {
    refused(
        preset("watch", "state = \"aGVsbG8gd29ybGQ=\""),
        &["`layer.1.plugin.1.state`", "decompress"],
    );
}

#[test]
fn state_that_the_plugin_refuses() {
    // The word "hello" as zstd in base64: a state, but none of this plugin.
    let text = presets::State::from(b"hello".to_vec())
        .to_text()
        .expect("a state as text");
    refused(
        preset("watch", &format!("state = \"{text}\"")),
        &["Test/1", "Fixture Watch", "refused the state"],
    );
}

#[test]
fn parameter_that_is_not_there() {
    warned(
        preset("watch", "params = { \"Colour\" = 1.0 }"),
        &["Test/1: ", "no parameter \"Colour\"", "is left out"],
    );
    warned(
        preset("watch", "params = { \"Level\" = 7.0 }"),
        &["Test/1: ", "takes -1 to 1, not 7", "set to 1"],
    );
}

#[test]
fn map_of_a_parameter_that_is_not_there() {
    let map = |to: &str, more: &str| preset("watch", &format!("[[map]]\ncc = 74\nto = \"{to}\"\n{more}"));
    warned(
        map("Test/1/Colour", ""),
        &[
            "Test/1: ",
            "no parameter \"Colour\"",
            "Controller 74 is not mapped",
        ],
    );
    warned(
        map("Test/1/Level", "range = [-0.5, 7.0]"),
        &[
            "Test/1: ",
            "takes -1 to 1, not 7",
            "Controller 74 moves it from -0.5 to 1",
        ],
    );
}

#[test]
fn program_of_a_plugin_that_has_none() {
    let home = Home::new();
    home.fixture();
    home.write("p.backline", preset("watch", "program = \"Grand\""));
    for command in [
        &["play", "p.backline", "--driver", "null", "--for", "0.2"][..],
        &["preset", "check", "p.backline"],
    ] {
        let ran = home.run(command);
        let warnings: Vec<_> = ran
            .succeeds()
            .err
            .lines()
            .filter(|line| is_of_preset(line))
            .collect();
        assert!(
            matches!(warnings[..], [only] if only.contains("`layer.1.plugin.1.program`: only VST3 plugins")),
            "{ran:?}"
        );
    }
    // What somebody has just typed is no matter for a warning.
    home.run(&[
        "play",
        "p.backline",
        "--program",
        "2",
        "--driver",
        "null",
        "--for",
        "1",
    ])
    .fails_with(1, &["Test/1", "Fixture Watch", "no programs", "\"2\""]);
    let plugin = "fixture.clap#org.backline.fixture.watch";
    home.run(&[
        "render",
        "--plugin",
        plugin,
        "--program",
        "Grand",
        "--tail",
        "1",
        "--output",
        "o.wav",
    ])
    .fails_with(1, &["Fixture Watch", "no programs", "\"Grand\""]);
    home.run(&[
        "preset",
        "new",
        "--plugin",
        plugin,
        "--program",
        "Grand",
        "--output",
        "n.backline",
    ])
    .fails_with(1, &["Fixture Watch", "no programs"]);
    assert!(!home.at("o.wav").exists() && !home.at("n.backline").exists());
}

#[test]
fn missing_plugin() {
    let text = preset("watch", "")
        .replace("fixture.clap", "absent.clap")
        .replace("fixture.watch", "absent");
    refused(text, &["org.backline.absent", "CLAP_PATH"]);
}

#[test]
fn no_bytes() {
    refused("", &["p.backline", "is empty"]);
}

#[test]
fn too_many_layers() {
    let text = format!("format = 1\n{}", "[[layer]]\n".repeat(10_000));
    refused(text, &["p.backline", "`layer", "16"]);
}

#[test]
fn too_large() {
    let home = Home::new();
    // Sparse: it takes no room, and is refused before it is read.
    let file = File::create(home.at("p.backline")).expect("a file");
    file.set_len(100 << 20).expect("a large file");
    home.run(&["play", "p.backline", "--driver", "null"])
        .fails_with(1, &["p.backline", "64 MB"]);
}

#[test]
fn not_text() {
    refused(b"format = 1\n\xff\xfe", &["line 2", "UTF-8"]);
}

#[test]
fn absent() {
    let home = Home::new();
    home.run(&["play", "absent.backline"])
        .fails_with(1, &["could not read the preset absent.backline"]);
    home.run(&["rendr"]).fails_with(
        1,
        &["no file, factory preset or command \"rendr\"", "stage-synth"],
    );
}

#[test]
fn a_vst3_plugin_that_is_none_is_named() {
    let home = Home::new();
    home.write("x.vst3", "");
    home.run(&["play", "--plugin", "x.vst3", "--driver", "null"])
        .fails_with(1, &["x.vst3"]);
    home.write(
        "p.backline",
        "format = 1\n[[layer]]\n[[layer.plugin]]\nformat = \"vst3\"\nid = \"0123456789abcdef0123456789ABCDEF\"\n\
         file = \"x.vst3\"\n",
    );
    home.run(&["play", "p.backline", "--driver", "null"])
        .fails_with(1, &["x.vst3"]);
}

#[test]
fn problems_are_warnings() {
    let home = Home::new();
    home.write(
        "p.backline",
        "format = 1\n[[map]]\ncc = 1\nto = \"Piano/1/Cutoff\"\n",
    );
    let ran = home.run(&["play", "p.backline", "--driver", "null", "--for", "0.2", "--json"]);
    ran.succeeds();
    assert!(
        ran.err
            .contains("warning: preset p.backline, the preset has no layer"),
        "{}",
        ran.err
    );
    assert!(
        ran.lines().iter().any(|line| line["event"] == "warning"),
        "{}",
        ran.out
    );
}
