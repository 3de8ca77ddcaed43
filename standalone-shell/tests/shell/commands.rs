//! `scan`, `plugin`, `preset` and the help.

use super::program::Home;
use std::fs;

#[test]
fn a_scan_lists_and_remembers() {
    let home = Home::new().with_demos();
    let ids = |words: &[&str]| -> Vec<String> {
        let lines = home.run(words).succeeds().lines();
        let mut ids: Vec<_> = lines
            .iter()
            .map(|line| line["id"].as_str().unwrap_or("none").to_owned())
            .collect();
        ids.sort();
        ids
    };
    let demos = ["org.backline.demo-gain", "org.backline.demo-synth"];
    // The machine's own folders are searched too, but they are not ours to know.
    assert!(
        demos
            .iter()
            .all(|id| ids(&["scan", "--json"]).contains(&(*id).to_owned()))
    );
    assert_eq!(ids(&["scan", "--path", ".clap", "--json"]), demos);
    assert_eq!(ids(&["scan", "--path", ".clap", "--fresh", "--json"]), demos);
    let text = home.run(&["scan", "--path", ".clap"]);
    assert!(text.succeeds().out.contains("Demo Synth"), "{text:?}");
    home.run(&["scan", "--path", "absent"])
        .fails_with(1, &["absent", "--path"]);
    fs::create_dir(home.at("nothing")).expect("a folder");
    assert!(
        home.run(&["scan", "--path", "nothing"])
            .succeeds()
            .err
            .contains("There are no plugins in")
    );
}

#[test]
fn a_plugin_is_told_of() {
    let home = Home::new().with_demos();
    let told = home
        .run(&["plugin", "org.backline.demo-synth", "--json"])
        .succeeds()
        .lines()
        .remove(0);
    assert_eq!(
        (&told["name"], &told["format"]),
        (&"Demo Synth".into(), &"clap".into())
    );
    assert_eq!(told["ports"]["audio_outputs"][0]["channels"], 2);
    assert_eq!((&told["latency"], &told["editor"]), (&0.into(), &true.into()));
    assert!(told["state_bytes"].as_u64() > Some(0));
    assert!(
        told["extensions"]
            .as_array()
            .is_some_and(|all| all.contains(&"params".into()))
    );
    let cutoff = told["parameters"]
        .as_array()
        .and_then(|all| all.iter().find(|param| param["name"] == "Cutoff"));
    let cutoff = cutoff.expect("its cutoff");
    assert!(
        cutoff["text"].as_str().is_some_and(|text| text.ends_with("Hz")),
        "{cutoff}"
    );
    for field in ["id", "min", "max", "default", "value"] {
        assert!(cutoff[field].is_number(), "{cutoff}");
    }
    for field in [
        "units",
        "programs",
        "keyswitches",
        "note_expressions",
        "functions",
    ] {
        assert_eq!(told[field].as_array().map(Vec::len), Some(0), "{field}: {told}");
    }
    let text = home.run(&["plugin", ".clap/demo-synth.clap"]);
    for words in ["Filter/Cutoff", "audio ports out", "extensions"] {
        assert!(text.succeeds().out.contains(words), "{text:?}");
    }
}

#[test]
fn a_preset_is_made_shown_checked_and_changed() {
    let home = Home::new().with_demos();
    let plugins = [
        "--plugin",
        ".clap/demo-synth.clap",
        "--plugin",
        "org.backline.demo-gain",
    ];
    home.run(&[&["preset", "new"], &plugins[..]].concat()).succeeds();
    let path = "Demo Synth.backline";
    home.run(&[&["preset", "new"], &plugins[..]].concat())
        .fails_with(1, &[path, "--force"]);
    home.run(&[&["preset", "new", "--force"], &plugins[..]].concat())
        .succeeds();

    let shown = home
        .run(&["preset", "show", path, "--json"])
        .succeeds()
        .lines()
        .remove(0);
    let chain = &shown["layer"][0]["plugin"];
    assert_eq!(
        (&chain[0]["id"], &chain[1]["id"]),
        (
            &"org.backline.demo-synth".into(),
            &"org.backline.demo-gain".into()
        )
    );
    assert!(chain[0]["state_bytes"].as_u64() > Some(0), "{shown}");
    assert!(
        home.run(&["preset", "show", path])
            .succeeds()
            .out
            .contains("org.backline.demo-gain")
    );

    let checked = home.run(&["preset", "check", path]);
    assert_eq!(checked.succeeds().out.lines().count(), 2, "{checked:?}");

    home.run(&["preset", "set", path, "layer.1.gain-db", "-3.5"])
        .succeeds();
    home.run(&["preset", "set", path, "layer.1.plugin.1.params.Cutoff", "0.5"])
        .succeeds();
    assert!(
        home.run(&["preset", "show", path])
            .succeeds()
            .out
            .contains("gain -3.5 dB")
    );
    home.run(&["preset", "unset", path, "layer.1.gain-db"]).succeeds();
    assert!(
        home.run(&["preset", "show", path])
            .succeeds()
            .out
            .contains("gain 0 dB")
    );

    let before = fs::read(home.at(path)).expect("the preset");
    home.run(&["preset", "set", path, "device.buffer", "99999"])
        .fails_with(1, &["device.buffer", "8192"]);
    home.run(&["preset", "set", path, "layer.1.volume", "3"])
        .fails_with(1, &["layer.1.volume"]);
    assert_eq!(fs::read(home.at(path)).expect("the preset"), before);

    home.run(&["play", path, "--driver", "null", "--for", "0.2"])
        .succeeds();
    home.run(&["preset", "set", path, "layer.1.plugin.1.params.Colour", "0.5"])
        .succeeds();
    let checked = home.run(&["preset", "check", path]);
    assert_eq!(checked.succeeds().out.lines().count(), 2, "{checked:?}");
    assert!(
        checked
            .err
            .contains("warning: Demo Synth/1: The plugin Demo Synth has no parameter"),
        "{checked:?}"
    );
    assert!(
        checked.err.contains("2 plugins found and loaded, 1 warning."),
        "{checked:?}"
    );

    home.run(&["preset", "set", path, "layer.1.plugin.2.file", "absent.clap"])
        .succeeds();
    home.run(&["preset", "set", path, "layer.1.plugin.2.id", "org.example.absent"])
        .succeeds();
    let checked = home.run(&["preset", "check", path]);
    assert_eq!(checked.status.code(), Some(1), "{checked:?}");
    assert!(checked.err.contains("error: Demo Synth/2: "), "{checked:?}");
    assert!(
        checked.out.starts_with("Demo Synth/1: "),
        "the other plugin is fine: {checked:?}"
    );
}

#[test]
fn factory_presets_load() {
    let home = Home::new().with_demos();
    for factory in presets::factory() {
        home.run(&["preset", "check", factory.name]).succeeds();
        home.run(&["preset", "show", factory.name]).succeeds();
    }
}

#[test]
fn everything_has_help() {
    let home = Home::new();
    for words in [
        &["--help"][..],
        &["play", "--help"],
        &["render", "--help"],
        &["devices", "--help"],
        &["scan", "--help"],
        &["plugin", "--help"],
        &["preset", "new", "--help"],
        &["preset", "show", "--help"],
        &["preset", "check", "--help"],
        &["preset", "set", "--help"],
        &["preset", "unset", "--help"],
    ] {
        let ran = home.run(words);
        assert!(ran.succeeds().out.contains("Usage: backline"), "{ran:?}");
        assert!(
            !ran.out.contains("scan-file"),
            "what is for ourselves is not shown"
        );
    }
    assert!(home.run(&["--version"]).succeeds().out.starts_with("backline "));
}
