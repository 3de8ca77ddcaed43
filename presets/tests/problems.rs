//! What is allowed but hardly meant is named.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

fn problems(text: &str) -> Vec<String> {
    let preset = presets::parse(&format!("format = 1\n{text}"), Path::new("p")).unwrap();
    preset.problems().iter().map(ToString::to_string).collect()
}

const PLUGIN: &str = "[[layer.plugin]]\nformat = \"clap\"\nid = \"x\"\n";

#[test]
fn silence_is_named() {
    assert_eq!(problems(""), ["the preset has no layer, so that nothing sounds"]);
    assert_eq!(
        problems("[[layer]]\n"),
        ["`layer.1`: the layer has no plugin, so that it is silent"]
    );
    assert_eq!(
        problems(&format!("[[layer]]\nmute = true\n{PLUGIN}")),
        ["`layer`: every layer is muted, so that nothing sounds"]
    );
    assert_eq!(
        problems(&format!("device.outputs = []\n[[layer]]\n{PLUGIN}")),
        ["`device.outputs`: the list is empty, so that nothing sounds; remove the key for the first two"]
    );
    assert_eq!(
        problems(&format!("[[layer]]\nkeys = \"C8..G9\"\ntranspose = 48\n{PLUGIN}")),
        [
            "`layer.1.transpose`: it moves every key of the layer out of MIDI's range, so that the layer is silent"
        ]
    );
}

#[test]
fn a_name_that_is_there_twice_is_named() {
    let layer = format!("[[layer]]\nname = \"A\"\n{PLUGIN}");
    assert_eq!(
        problems(&layer.repeat(2)),
        ["`layer.2.name`: layer 1 has the name \"A\" too, and maps reach that one alone"]
    );
}

#[test]
fn a_program_of_a_clap_plugin_is_named() {
    let program = "program = 3\n";
    assert_eq!(
        problems(&format!("[[layer]]\n{PLUGIN}{program}")),
        [
            "`layer.1.plugin.1.program`: only VST3 plugins let a host choose a program, so that it changes nothing; \
             save what the plugin shall play as its state"
        ]
    );
    let vst3 = "format = \"vst3\"\nid = \"0123456789ABCDEF0123456789ABCDEF\"\n";
    let master = PLUGIN.replace("layer.plugin", "master.plugin");
    let told = problems(&format!(
        "[[layer]]\n[[layer.plugin]]\n{vst3}{program}\n{master}{program}"
    ));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("`master.plugin.1.program`: "), "{told:?}");
}

#[test]
fn a_map_that_reaches_nothing_is_named() {
    let with = |map: &str| problems(&format!("[[layer]]\nname = \"A\"\n{PLUGIN}\n{map}"));
    let map = |to: &str| with(&format!("[[map]]\ncc = 1\nto = \"{to}\"\n"));
    assert!(map("A/1/Cutoff").is_empty());
    assert!(map("1/1/Cutoff").is_empty(), "a layer goes by its number too");
    assert_eq!(
        map("B/1/Cutoff"),
        ["`map.1.to`: there is no layer \"B\", so that the control does nothing"]
    );
    assert_eq!(
        map("2/1/Cutoff"),
        ["`map.1.to`: there is no layer \"2\", so that the control does nothing"]
    );
    assert_eq!(
        map("A/2/Cutoff"),
        ["`map.1.to`: \"A\" has 1 plugin, not 2, so that the control does nothing"]
    );
    assert_eq!(
        map("master/1/Cutoff"),
        ["`map.1.to`: \"master\" has 0 plugins, not 1, so that the control does nothing"]
    );
    let twice = "[[map]]\ncc = 1\nto = \"A/1/x\"\n[[map]]\ncc = 1\nchannel = 3\nto = \"A/1/x\"\n";
    assert_eq!(
        with(twice),
        ["`map.2`: an earlier map has the same control and parameter, and the two will fight"]
    );
    let odd = "[[map]]\ncc = 120\nto = \"A/1/x\"\nrange = [2, 2]\n";
    assert_eq!(
        with(odd),
        [
            "`map.1.cc`: controllers from 120 are MIDI's own commands such as all-sound-off; use another",
            "`map.1.range`: both ends are the same, so that the control does nothing"
        ]
    );
}
