//! What has to be the same whatever a plugin's format.

use super::program::{FORMATS, GAIN_CLASS, Home, SYNTH_CLASS, demo, midi, one_note};
use std::fmt::Write as _;
use std::fs;

/// Chords under a wheel, a bend and a pedal that move between them, in all about a second.
fn phrase() -> Vec<u8> {
    let mut messages = Vec::new();
    for step in 0..24_u8 {
        let key = 48 + step % 5 * 4;
        messages.push((3, [0x90, key, 40 + 3 * step]));
        messages.push((1, [0xb0, 1, 5 * step]));
        messages.push((2, [0xe0, 5 * step, 64 - 2 * step]));
        messages.push((0, [0xb0, 11, 127 - 4 * step]));
        if step % 6 == 0 {
            messages.push((0, [0xb0, 64, if step % 12 == 0 { 127 } else { 0 }]));
        }
        messages.push((5, [0xd0, 4 * step, 0]));
        messages.push((24, [0x80, key, 64]));
    }
    messages.push((0, [0xb0, 64, 0]));
    midi(&messages)
}

/// A plugin of a preset, with parameters that count alike in both formats.
fn plugin(format: &str, name: &str) -> String {
    let class = if name == "demo-synth" {
        SYNTH_CLASS
    } else {
        GAIN_CLASS
    };
    let id = if format == "clap" {
        format!("org.backline.{name}")
    } else {
        class.to_owned()
    };
    format!("\n[[layer.plugin]]\nformat = \"{format}\"\nid = \"{id}\"\n")
}

/// A preset of the synthesiser and the gain, each in a format.
fn preset(synth: &str, gain: &str) -> String {
    let mut text = "format = 1\n[[layer]]\nname = \"Keys\"\n".to_owned();
    let parameters = "{ Waveform = 1, \"Bend Range\" = 12, Sustain = 0.5, Spread = 0.25, Resonance = 0.75 }";
    let bypass = "{ Bypass = 0 }";
    for (plugin, parameters) in [
        (plugin(synth, "demo-synth"), parameters),
        (plugin(gain, "demo-gain"), bypass),
    ] {
        writeln!(text, "{plugin}params = {parameters}").expect("a string takes it");
    }
    text.push_str("\n[[map]]\ncc = 11\nto = \"Keys/1/Pulse Width\"\n");
    text
}

/// Renders to single precision, which hides no difference.
fn rendering(home: &Home, what: &[&str]) -> Vec<u8> {
    let words = [&["render"], what, &["--bits", "32f", "--output", "o.wav"]].concat();
    let ran = home.run(&words);
    assert!(!ran.succeeds().err.contains("warning: "), "{ran:?}");
    fs::read(home.at("o.wav")).expect("the rendering")
}

#[test]
fn both_formats_play_the_factory_phrase_alike() {
    let home = Home::with_both();
    let render = |format: &str, block: &str| {
        let synth = demo(format, "demo-synth");
        let words = ["--plugin", &synth, "--midi-file", "stage-synth", "--tail", "0.2"];
        rendering(&home, &[&words[..], &["--block", block]].concat())
    };
    let clap = render("clap", "256");
    assert!(clap.len() > 1_000_000, "it is a whole piece");
    assert!(clap == render("vst3", "256"));
    assert!(clap == render("vst3", "1021"), "at another block size");
}

#[test]
fn controllers_parameters_and_mixed_chains_sound_alike() {
    let home = Home::with_both();
    home.write("phrase.mid", phrase());
    let mut first: Option<Vec<u8>> = None;
    for synth in FORMATS {
        for gain in FORMATS {
            home.write("p.backline", preset(synth, gain));
            for block in ["32", "1024"] {
                let words = ["p.backline", "--midi-file", "phrase.mid", "--tail", "0.3"];
                let sound = rendering(&home, &[&words[..], &["--block", block]].concat());
                let known = first.get_or_insert_with(|| sound.clone());
                assert!(*known == sound, "{synth} into {gain} at {block} frames");
            }
        }
    }
    // That everything in it is heard is what makes it worth comparing.
    let known = first.expect("a rendering");
    let without = |line: &str| {
        let text = preset("vst3", "vst3").replace(line, "");
        home.write("p.backline", text);
        let words = ["p.backline", "--midi-file", "phrase.mid", "--tail", "0.3"];
        rendering(&home, &words)
    };
    for line in [
        "Waveform = 1, ",
        "\"Bend Range\" = 12, ",
        "Sustain = 0.5, ",
        "Spread = 0.25, ",
        "\n[[map]]\ncc = 11\nto = \"Keys/1/Pulse Width\"\n",
    ] {
        assert!(known != without(line), "{line}");
    }
}

#[test]
fn effects_sound_alike() {
    let home = Home::with_both();
    let samples = (0..4800).map(|at: i32| i16::try_from(at * 7919 % 30_011 - 15_000).expect("a sample"));
    let mut noise = super::program::wav(48_000, 0, 0);
    noise.extend(
        samples
            .flat_map(|sample| [sample, -sample / 2])
            .flat_map(i16::to_le_bytes),
    );
    let size = u32::try_from(noise.len()).expect("a short file");
    noise[4..8].copy_from_slice(&(size - 8).to_le_bytes());
    noise[40..44].copy_from_slice(&(size - 44).to_le_bytes());
    home.write("noise.wav", noise);
    let render = |format: &str, pan: &str| {
        let text = format!(
            "format = 1\n[[layer]]\n{}params = {{ Pan = {pan} }}\n",
            plugin(format, "demo-gain")
        );
        home.write("p.backline", text);
        rendering(&home, &["p.backline", "--input", "noise.wav", "--tail", "0"])
    };
    // Each in the values of its format: to the right by half.
    let clap = render("clap", "0.75");
    assert!(clap == render("vst3", "0.5"));
    assert!(clap != render("vst3", "0"));
}

#[test]
fn a_scan_lists_both_formats() {
    let home = Home::with_both();
    for format in FORMATS {
        for name in ["demo-synth", "demo-gain"] {
            let file = demo(format, name);
            fs::create_dir_all(home.at("plugins")).expect("a folder");
            fs::copy(home.at(&file), home.at(&format!("plugins/{name}.{format}"))).expect("a copy");
        }
    }
    home.write("plugins/broken.vst3", "hello");
    let lines = home
        .run(&["scan", "--path", "plugins", "--json"])
        .succeeds()
        .lines();
    let listed = |format: &str, id: &str, name: &str, features: &[&str]| {
        let line = lines.iter().find(|line| line["id"] == id);
        let line = line.unwrap_or_else(|| panic!("no {id}: {lines:?}"));
        assert_eq!((&line["format"], &line["name"]), (&format.into(), &name.into()));
        assert_eq!(line["vendor"], "Backline");
        let file = line["file"].as_str().expect("a file");
        assert!(file.ends_with(&format!(".{format}")), "{line}");
        for feature in features {
            let all = line["features"].as_array().expect("features");
            assert!(all.contains(&(*feature).into()), "{line}");
        }
    };
    listed("clap", "org.backline.demo-synth", "Demo Synth", &["instrument"]);
    listed("clap", "org.backline.demo-gain", "Demo Gain", &["audio-effect"]);
    listed("vst3", SYNTH_CLASS, "Demo Synth", &["Instrument", "Synth"]);
    listed("vst3", GAIN_CLASS, "Demo Gain", &["Fx"]);
    let broken = lines.iter().find(|line| line["error"].is_string());
    assert!(
        broken.is_some_and(|line| line["file"]
            .as_str()
            .is_some_and(|file| file.ends_with("broken.vst3"))),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 5, "{lines:?}");
    let text = home.run(&["scan", "--path", "plugins"]);
    for words in ["clap  Demo Synth", "vst3  Demo Synth", SYNTH_CLASS] {
        assert!(text.succeeds().out.contains(words), "{text:?}");
    }
}

#[test]
fn pieces_play_on_the_null_device() {
    for format in FORMATS {
        let home = Home::new().with_demos_as(format);
        home.write("note.mid", one_note(60));
        let synth = demo(format, "demo-synth");
        let gain = demo(format, "demo-gain");
        let plugins = ["play", "--plugin", &synth, "--plugin", &gain];
        let options = ["--midi-file", "note.mid", "--driver", "null", "--json"];
        let ran = home.run(&[plugins, options].concat());
        assert_eq!(ran.succeeds().event("started")["driver"], "null");
        let ended = ran.event("ended");
        assert_eq!(ended["reason"], "piece", "{format}");
        assert!(ended["peak_db"].as_f64() > Some(-40.0), "{format}: {ended}");
        assert_eq!(ended["dropped"], 0);
        for line in ran.lines() {
            assert!(line["event"] != "plugin-fault", "{format}: {line}");
        }
        let ran = home.run(&[plugins, ["--for", "0.3", "--driver", "null", "--json"]].concat());
        assert_eq!(ran.succeeds().event("ended")["reason"], "time");
    }
}

#[test]
fn a_program_of_a_plugin_without_programs_is_refused() {
    let home = Home::with_both();
    for format in FORMATS {
        let synth = demo(format, "demo-synth");
        for command in [
            &["play", "--driver", "null"][..],
            &["render", "--tail", "0.1", "--output", "o.wav"],
            &["preset", "new", "--output", "n.backline"],
        ] {
            let words = [command, &["--plugin", &synth, "--program", "2"]].concat();
            home.run(&words)
                .fails_with(1, &["Demo Synth offers no programs", "\"2\""]);
        }
        assert!(!home.at("o.wav").exists() && !home.at("n.backline").exists());
        // A preset plays without it, as it does without a parameter that is not there.
        let text = format!("{}program = \"2\"\n", plugin(format, "demo-synth"));
        home.write("p.backline", format!("format = 1\n[[layer]]\n{text}"));
        let ran = home.run(&["play", "p.backline", "--driver", "null", "--for", "0.1"]);
        assert!(ran.succeeds().err.contains("warning: "), "{ran:?}");
        assert!(ran.err.contains("program"), "{ran:?}");
    }
}
