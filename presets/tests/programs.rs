//! `program` in every spelling, and plugins by their keys.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use presets::{Key, Preset, parse, set_text, unset_text};

const VST3: &str = "format = 1\n[[layer]]\nname = \"Piano\"\n[[layer.plugin]]\nformat = \"vst3\"\n\
                    id = \"0123456789ABCDEF0123456789ABCDEF\"\n";

fn program(line: &str) -> Result<Option<String>, String> {
    let parsed = parse(&format!("{VST3}{line}\n"), Path::new("p"));
    match parsed {
        Ok(mut preset) => Ok(preset.layers.remove(0).plugins.remove(0).program),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn a_program_is_a_name_or_a_number() {
    for (line, expected) in [
        ("", None),
        ("program = \"Grand Piano\"", Some("Grand Piano")),
        ("program = \"Bank A/Grand Piano\"", Some("Bank A/Grand Piano")),
        ("program = 12", Some("12")),
        ("program = \"12\"", Some("12")),
    ] {
        assert_eq!(program(line).unwrap().as_deref(), expected, "{line}");
    }
}

#[test]
fn what_is_no_program_is_refused() {
    for (line, words) in [
        ("program = \"\"", "the text is empty"),
        (
            "program = 0",
            "0 is out of range; write the program's name, or its number from 1 to",
        ),
        ("program = -1", "-1 is out of range"),
        ("program = 1.5", "1.5 is a number, which does not belong here"),
        ("program = [1]", "this is a list"),
        ("programme = 1", "there is no such key; the nearest is `program`"),
    ] {
        let sentence = program(line).unwrap_err();
        assert!(sentence.contains(words), "{sentence}");
        assert!(sentence.contains("`layer.1.plugin.1.program"), "{sentence}");
    }
}

#[test]
fn a_program_is_set_and_removed() {
    let path = Path::new("p");
    let key = "layer.Piano.plugin.1.program";
    for (typed, written) in [
        ("Grand Piano", "program = \"Grand Piano\""),
        ("12", "program = 12"),
        ("\"12\"", "program = \"12\""),
        ("true", "program = \"true\""),
    ] {
        let text = set_text(VST3, path, key, typed).unwrap();
        assert_eq!(text, format!("{VST3}{written}\n"));
        assert_eq!(unset_text(&text, path, key).unwrap(), VST3);
    }
    let sentence = set_text(VST3, path, key, "0").unwrap();
    assert!(sentence.contains("program = \"0\""), "a program may be called so");
}

#[test]
fn a_program_is_written_before_the_parameters() {
    let mut preset = parse(&format!("{VST3}params = {{ Decay = 1.0 }}\n"), Path::new("p")).unwrap();
    preset.layers[0].plugins[0].program = Some("3".to_owned());
    let text = preset.to_toml().unwrap();
    assert!(
        text.ends_with("program = \"3\"\nparams = { Decay = 1.0 }\n"),
        "{text}"
    );
}

fn rack() -> Preset {
    let plugin = |chain: &str, id: &str| format!("[[{chain}.plugin]]\nformat = \"clap\"\nid = \"{id}\"\n");
    let text = [
        "format = 1\n[[layer]]\nname = \"Piano\"\n".to_owned(),
        plugin("layer", "a"),
        plugin("layer", "b"),
        "[[layer]]\nname = \"Twin\"\n[[layer]]\nname = \"Twin\"\n[[layer]]\nname = \"1\"\n".to_owned(),
        plugin("layer", "c"),
        plugin("master", "d"),
    ];
    parse(&text.concat(), Path::new("p")).unwrap()
}

#[test]
fn plugins_go_by_their_keys() {
    let preset = rack();
    let found = |key: &str| preset.plugin_by_key(&key.parse::<Key>().unwrap());
    for (key, id, written) in [
        ("layer.1.plugin.1", "a", "layer.1.plugin.1"),
        ("layer.Piano.plugin.2", "b", "layer.1.plugin.2"),
        ("layer.\"1\".plugin.1", "c", "layer.4.plugin.1"),
        ("layer.4.plugin.1", "c", "layer.4.plugin.1"),
        ("master.plugin.1", "d", "master.plugin.1"),
    ] {
        let (place, plugin) = found(key).unwrap();
        assert_eq!(
            (plugin.id.as_str(), place.key().to_string().as_str()),
            (id, written)
        );
    }
    let ids: Vec<_> = preset
        .plugins()
        .map(|(place, plugin)| (place.key().to_string(), plugin.id.as_str()))
        .collect();
    assert_eq!(
        ids,
        [
            ("layer.1.plugin.1".to_owned(), "a"),
            ("layer.1.plugin.2".to_owned(), "b"),
            ("layer.4.plugin.1".to_owned(), "c"),
            ("master.plugin.1".to_owned(), "d"),
        ]
    );
    for (key, words) in [
        ("layer.1", "names no plugin; write it as in layer.1.plugin.1"),
        ("layer.1.plugin", "names no plugin"),
        ("layer.1.plugin.Piano", "names no plugin"),
        ("layer.1.plugin.1.state", "names no plugin"),
        ("plugin.1", "names no plugin"),
        ("layer.5.plugin.1", "the preset has 4 layers"),
        ("layer.0.plugin.1", "they count from 1"),
        ("layer.Bass.plugin.1", "of a layer that is not there"),
        ("layer.Twin.plugin.1", "several layers that are named \"Twin\""),
        ("layer.1.plugin.3", "the chain has 2 plugins"),
        ("layer.1.plugin.0", "the chain has 2 plugins"),
        ("master.plugin.2", "the chain has 1 plugin, and"),
    ] {
        let sentence = found(key).unwrap_err().to_string();
        assert!(
            sentence.contains(words) && sentence.contains(&format!("`{key}`")),
            "{sentence}"
        );
    }
}

#[test]
fn a_key_ends_in_its_last_step() {
    let key: Key = "layer.1.plugin.2.state".parse().unwrap();
    let (rest, last) = key.split_last().unwrap();
    assert_eq!(
        (rest.to_string().as_str(), last.to_string().as_str()),
        ("layer.1.plugin.2", "state")
    );
    assert!(Key::default().split_last().is_none());
}
