//! VST3 plugins: what is told of them, where they are found, and their states as files.

use super::program::{GAIN_CLASS, Home, SYNTH_CLASS, demo, library, one_note};
use host::plugin::VstPreset;
use std::env::consts;
use std::fs;

const SYNTH: &str = ".vst3/demo-synth.vst3";
const GAIN: &str = ".vst3/demo-gain.vst3";

fn with_demos() -> Home {
    let home = Home::new().with_demos_as("vst3");
    home.write("note.mid", one_note(60));
    home
}

/// Renders the note to single precision.
fn rendering(home: &Home, what: &[&str]) -> Vec<u8> {
    let options = ["--midi-file", "note.mid", "--tail", "0.3", "--bits", "32f"];
    let words = [&["render"], what, &options, &["--output", "o.wav"]].concat();
    let ran = home.run(&words);
    assert!(!ran.succeeds().err.contains("warning: "), "{ran:?}");
    fs::read(home.at("o.wav")).expect("the rendering")
}

/// A preset of the synthesiser that does not sound as it does by itself.
fn bright(home: &Home) {
    home.run(&["preset", "new", "--plugin", SYNTH, "--output", "p.backline"])
        .succeeds();
    for (key, value) in [("Cutoff", "6000"), ("Waveform", "1"), ("Sustain", "0.9")] {
        let key = format!("layer.1.plugin.1.params.{key}");
        home.run(&["preset", "set", "p.backline", &key, value]).succeeds();
    }
}

#[test]
fn a_plugin_is_told_of_in_the_words_of_its_format() {
    let home = with_demos();
    let told = home
        .run(&["plugin", SYNTH, "--json"])
        .succeeds()
        .lines()
        .remove(0);
    assert_eq!(
        (&told["format"], &told["id"], &told["name"]),
        (&"vst3".into(), &SYNTH_CLASS.into(), &"Demo Synth".into())
    );
    let output = &told["buses"]["audio_outputs"][0];
    assert_eq!(
        (&output["channels"], &output["layout"], &output["main"]),
        (&2.into(), &"stereo".into(), &true.into())
    );
    assert_eq!(told["buses"]["note_inputs"][0]["preferred"], "vst3");
    assert_eq!(told["buses"]["note_outputs"].as_array().map(Vec::len), Some(0));
    let interfaces = told["interfaces"].as_array().expect("interfaces");
    for interface in ["IEditController", "IMidiMapping", "IUnitInfo"] {
        assert!(interfaces.contains(&interface.into()), "{interfaces:?}");
    }
    let units: Vec<_> = told["units"].as_array().expect("units").iter().collect();
    assert!(
        units.iter().any(|unit| unit["name"] == "Oscillators"),
        "{units:?}"
    );
    let all = told["parameters"].as_array().expect("parameters");
    let cutoff = all
        .iter()
        .find(|param| param["name"] == "Cutoff")
        .expect("its cutoff");
    assert_eq!(
        (&cutoff["module"], &cutoff["min"], &cutoff["max"]),
        (&"Filter".into(), &20.0.into(), &20_000.0.into())
    );
    let spread = all
        .iter()
        .find(|param| param["name"] == "Spread")
        .expect("its spread");
    assert_eq!(
        spread["text"], "50 %",
        "with the unit, which the format keeps apart"
    );
    assert!(told["state_bytes"].as_u64() > Some(0) && told["editor"] == true);

    // By id too, and the id is one in small letters.
    let by_id = home.run(&["plugin", &SYNTH_CLASS.to_lowercase(), "--json"]);
    assert_eq!(by_id.succeeds().lines()[0]["id"], SYNTH_CLASS);

    let told = home.run(&["plugin", GAIN, "--json"]).succeeds().lines().remove(0);
    assert_eq!(told["buses"]["audio_inputs"][0]["channels"], 2);
    assert_eq!(told["buses"]["note_inputs"].as_array().map(Vec::len), Some(0));
}

#[test]
fn hidden_parameters_are_for_who_asks() {
    let home = with_demos();
    let hidden = |line: &&str| line.trim_end().ends_with("hidden");
    let some = home.run(&["plugin", SYNTH]);
    let out = &some.succeeds().out;
    assert!(
        out.lines().count() < 60 && !out.lines().any(|line| hidden(&line)),
        "{out}"
    );
    // One for each of 16 channels: 128 controllers, pressure and bend.
    assert!(
        out.contains("19 parameters and 2080 hidden, which --all lists"),
        "{out}"
    );
    for words in ["audio buses out", "interfaces", "Filter/Cutoff", "4 units"] {
        assert!(out.contains(words), "{out}");
    }
    let all = home.run(&["plugin", SYNTH, "--all"]);
    let out = &all.succeeds().out;
    assert!(out.contains("2099 parameters\n"), "{out}");
    assert_eq!(out.lines().filter(hidden).count(), 2080);
    let json = home
        .run(&["plugin", SYNTH, "--json"])
        .succeeds()
        .lines()
        .remove(0);
    assert_eq!(json["parameters"].as_array().map(Vec::len), Some(2099));
}

#[test]
fn a_preset_is_made_shown_checked_and_changed() {
    let home = with_demos();
    let new = ["preset", "new", "--plugin", SYNTH, "--plugin", GAIN_CLASS];
    home.run(&new).succeeds();
    let path = "Demo Synth.backline";
    home.run(&new).fails_with(1, &[path, "--force"]);
    let shown = home
        .run(&["preset", "show", path, "--json"])
        .succeeds()
        .lines()
        .remove(0);
    let chain = &shown["layer"][0]["plugin"];
    for (at, id) in [(0, SYNTH_CLASS), (1, GAIN_CLASS)] {
        assert_eq!(
            (&chain[at]["format"], &chain[at]["id"]),
            (&"vst3".into(), &id.into())
        );
        assert!(chain[at]["state_bytes"].as_u64() > Some(0), "{shown}");
    }
    let checked = home.run(&["preset", "check", path]);
    assert_eq!(checked.succeeds().out.lines().count(), 2, "{checked:?}");

    let plain = rendering(&home, &[path]);
    let cutoff = "layer.1.plugin.1.params.Cutoff";
    home.run(&["preset", "set", path, cutoff, "6000"]).succeeds();
    assert!(plain != rendering(&home, &[path]));
    home.run(&["preset", "unset", path, cutoff]).succeeds();
    assert!(plain == rendering(&home, &[path]));

    // The format's values are the plugin's own, and this one goes from 20 to 20000 Hz.
    home.run(&["preset", "set", path, cutoff, "0.5"]).succeeds();
    let checked = home.run(&["preset", "check", path]);
    assert!(
        checked
            .succeeds()
            .err
            .contains("takes 20 to 20000, not 0.5. It is set to 20."),
        "{checked:?}"
    );
}

#[test]
fn a_preset_plays_when_its_plugin_has_moved() {
    let home = Home::new();
    home.write("note.mid", one_note(60));
    home.plugin(&library("demo-synth"), "downloads/Some Synth.vst3");
    home.run(&[
        "preset",
        "new",
        "--plugin",
        "downloads/Some Synth.vst3",
        "--output",
        "p.backline",
    ])
    .succeeds();
    let first = rendering(&home, &["p.backline"]);
    let text = fs::read_to_string(home.at("p.backline")).expect("the preset");
    assert!(
        text.contains(SYNTH_CLASS) && text.contains("downloads/Some Synth.vst3"),
        "{text}"
    );

    fs::remove_dir_all(home.at("downloads")).expect("it goes");
    home.run(&["play", "p.backline", "--driver", "null", "--for", "0.1"])
        .fails_with(1, &["No VST3 plugin with the id", SYNTH_CLASS, ".vst3"]);
    // A CLAP plugin, though it is the same library, will not do.
    home.plugin(&library("demo-synth"), ".clap/demo-synth.clap");
    home.run(&["preset", "check", "p.backline"])
        .fails_with(1, &[SYNTH_CLASS]);

    // Under another name, in a maker's folder, as a bundle.
    let (folder, file) = if cfg!(windows) {
        ("win", "Renamed.vst3".to_owned())
    } else {
        ("linux", format!("Renamed{}", consts::DLL_SUFFIX))
    };
    let bundle = format!(
        ".vst3/Maker/Renamed.vst3/Contents/{}-{folder}/{file}",
        consts::ARCH
    );
    home.plugin(&library("demo-synth"), &bundle);
    assert!(first == rendering(&home, &["p.backline"]));
    home.run(&["preset", "check", "p.backline"]).succeeds();
    // The bundle is named as a whole, or by its library.
    for file in [".vst3/Maker/Renamed.vst3", &bundle] {
        assert!(first == rendering(&home, &["--plugin", file]), "{file}");
    }
}

#[test]
fn an_export_sounds_like_its_preset() {
    let home = with_demos();
    bright(&home);
    let preset = rendering(&home, &["p.backline"]);
    assert!(
        preset != rendering(&home, &["--plugin", SYNTH]),
        "it has a sound of its own"
    );
    let export = ["preset", "set", "p.backline", "--export", "Bright.vstpreset"];
    home.run(&export).succeeds();
    home.run(&export)
        .fails_with(1, &["Bright.vstpreset is there already", "--force"]);
    home.run(&[&export[..], &["--force"]].concat()).succeeds();

    let bytes = fs::read(home.at("Bright.vstpreset")).expect("the file");
    assert_eq!(
        (&bytes[..4], &bytes[8..40]),
        (&b"VST3"[..], SYNTH_CLASS.as_bytes())
    );
    let read = VstPreset::read(&bytes).expect("a .vstpreset");
    assert_eq!(read.attribute("PlugInName").as_deref(), Some("Demo Synth"));

    // The plugin is searched for, named, or has the state in a preset again.
    assert!(preset == rendering(&home, &["Bright.vstpreset"]));
    assert!(preset == rendering(&home, &["--plugin", SYNTH, "--state", "Bright.vstpreset"]));
    let told = home
        .run(&["plugin", "Bright.vstpreset", "--json"])
        .succeeds()
        .lines()
        .remove(0);
    let all = told["parameters"].as_array().expect("parameters");
    let cutoff = all
        .iter()
        .find(|param| param["name"] == "Cutoff")
        .and_then(|param| param["value"].as_f64());
    assert!(
        cutoff.is_some_and(|cutoff| (cutoff - 6000.0).abs() < 1.0),
        "{cutoff:?}"
    );
    home.run(&["preset", "new", "--plugin", "Bright.vstpreset"])
        .succeeds();
    assert!(preset == rendering(&home, &["Bright.backline"]));
    home.run(&["preset", "new", "--plugin", SYNTH, "--output", "n.backline"])
        .succeeds();
    home.run(&[
        "preset",
        "set",
        "n.backline",
        "layer.1.plugin.1.state",
        "Bright.vstpreset",
    ])
    .succeeds();
    assert!(preset == rendering(&home, &["n.backline"]));
    let ran = home.run(&["Bright.vstpreset", "--driver", "null", "--for", "0.2", "--json"]);
    assert_eq!(ran.succeeds().event("started")["preset"], "Bright");
}

#[test]
fn a_state_of_another_plugin_is_refused() {
    let home = with_demos();
    home.plugin(&library("demo-synth"), &demo("clap", "demo-synth"));
    bright(&home);
    home.run(&["preset", "set", "p.backline", "--export", "s.vstpreset"])
        .succeeds();
    let refused = |plugin: &str, words: &[&str]| {
        for command in [
            &["play", "--driver", "null", "--for", "0.1"][..],
            &["render", "--tail", "0.1", "--output", "o.wav"],
            &["preset", "new", "--output", "n.backline"],
        ] {
            home.run(&[command, &["--plugin", plugin, "--state", "s.vstpreset"]].concat())
                .fails_with(1, words);
        }
        assert!(!home.at("o.wav").exists() && !home.at("n.backline").exists());
    };
    refused(
        GAIN,
        &[
            "s.vstpreset is for the plugin Demo Synth",
            "does not hold",
            "it holds Demo Gain (4261",
        ],
    );
    refused(
        ".clap/demo-synth.clap",
        &["s.vstpreset is for the VST3 plugin Demo Synth", "a CLAP plugin"],
    );
    refused("org.backline.demo-synth", &["a CLAP plugin"]);
    refused(
        &format!("{GAIN}#{GAIN_CLASS}"),
        &["s.vstpreset is for the plugin Demo Synth", "not for 4261"],
    );
    refused("absent.vst3", &["absent.vst3"]);
    home.run(&["play", "--plugin", &format!("{SYNTH}#Grand"), "--driver", "null"])
        .fails_with(1, &["no plugin \"Grand\"", "it holds Demo Synth (4261"]);
    // A state goes into the preset's plugin that it is for, and into no other.
    home.run(&["preset", "new", "--plugin", GAIN, "--output", "g.backline"])
        .succeeds();
    home.run(&[
        "preset",
        "set",
        "g.backline",
        "layer.1.plugin.1.state",
        "s.vstpreset",
    ])
    .fails_with(1, &["s.vstpreset is for the plugin Demo Synth"]);
}

#[test]
fn what_is_no_vst3_plugin_is_told() {
    let home = Home::new();
    home.write("text.vst3", "hello");
    home.write("empty.vst3", "");
    fs::create_dir_all(home.at("hollow.vst3/Contents")).expect("a folder");
    home.write("other.vst3/Contents/mips-linux/other.so", "hello");
    // A library, but of another format.
    home.plugin(&library("clap-no-entry"), "foreign.vst3");
    for (file, words) in [
        ("text.vst3", &["not a plugin"][..]),
        ("empty.vst3", &["it is empty"]),
        ("hollow.vst3", &["Contents"]),
        ("other.vst3", &["mips-linux"]),
        ("foreign.vst3", &["GetPluginFactory"]),
        ("absent.vst3", &["absent.vst3"]),
    ] {
        for command in [
            &["plugin", file][..],
            &["play", "--plugin", file, "--driver", "null", "--for", "0.1"],
            &["render", "--plugin", file, "--tail", "0.1", "--output", "o.wav"],
            &["preset", "new", "--plugin", file, "--output", "n.backline"],
        ] {
            home.run(command).fails_with(1, &[&[file], words].concat());
        }
        assert!(!home.at("o.wav").exists() && !home.at("n.backline").exists());
    }
}
