//! Plugins on a JACK server, through the program for the newer loader.

use crate::bench::{Bench, Fed, RATE, SOON, assert_no_complaint, decibels, file_of, text};
use crate::plugins::PLUGINS;
use host::plugin::Format;
use serde_json::json;
use std::path::PathBuf;
use tests::{JackServer, Playing, Recorder, Sender};

#[test]
fn kars_plays_from_a_preset_on_jack_as_clap() {
    kars_plays(Format::Clap);
}

#[test]
fn kars_plays_from_a_preset_on_jack_as_vst3() {
    kars_plays(Format::Vst3);
}

#[test]
fn all_play_together_on_jack_as_clap() {
    all_play(|_| Format::Clap);
}

#[test]
fn all_play_together_on_jack_as_vst3() {
    all_play(|_| Format::Vst3);
}

#[test]
fn all_play_together_on_jack_by_turns() {
    all_play(|number| [Format::Vst3, Format::Clap][number % 2]);
}

/// Kars on a server: notes of another client come in, its sound goes out.
fn kars_plays(format: Format) {
    let Some(bench) = Bench::of_corpus() else { return };
    let (preset, _) = bench.preset("kars.backline", &[&file_of(format, "Kars").unwrap()]);
    let server = JackServer::start();
    bench.run(&["preset", "set", text(&preset), "device.driver", "jack"]);
    bench.run(&["preset", "set", text(&preset), "device.name", server.name()]);
    let mut playing = Playing::start(&bench.program, bench.folder.path(), None, &[text(&preset)]);
    let started = playing.wait_for("started", SOON, |_| true);
    assert_eq!(
        (&started["driver"], &started["device"]),
        (&json!("jack"), &json!(server.name()))
    );
    let (sender, recorder) = (Sender::start(&server), Recorder::start(&server));
    let sent = sender.send(&[(0, &[0x90, 57, 100]), (24_000, &[0x80, 57, 0])]);
    tests::wait("the string has been plucked", SOON, || recorder.peak() > 0.0);
    playing.wait_for("status", SOON, |line| line["midi_events"] == 2);
    let heard = recorder.stop();
    let first = heard.audio[0].iter().position(|&sample| sample != 0.0).unwrap();
    let on = heard.frame(sent[0].0);
    assert!(
        (on..on + 64).contains(&first),
        "the note is at {on}, its first sample at {first}"
    );
    assert_eq!(heard.audio[0], heard.audio[1], "one channel goes to both sides");
    assert!((-40.0..6.0).contains(&decibels(&heard.audio[0])));
    drop(sender);
    playing.interrupt();
    let ran = playing.end(SOON);
    assert_eq!(ran.json().last().unwrap()["faults"], 0, "{ran}");
    assert_no_complaint(&ran);
}

/// All plugins in one rack, each effect fed by an instrument, for five seconds. `format` says for each plugin by its
/// number in which one it plays.
fn all_play(format: impl Fn(usize) -> Format) {
    let Some(bench) = Bench::of_corpus() else { return };
    let new = |name: &str, plugins: &[&str]| {
        let files: Vec<_> = plugins
            .iter()
            .map(|plugin| {
                let number = PLUGINS.iter().position(|known| known.name == *plugin).unwrap();
                file_of(format(number), plugin).unwrap()
            })
            .collect();
        let files: Vec<_> = files.iter().map(PathBuf::as_path).collect();
        let (_, mut written) = bench.preset(&format!("{name}.backline"), &files);
        presets::Layer {
            name: name.to_owned(),
            ..written.layers.remove(0)
        }
    };
    let of = |wanted| {
        PLUGINS
            .iter()
            .filter(move |plugin| plugin.fed == wanted)
            .map(|plugin| plugin.name)
    };
    let instruments: Vec<_> = of(Fed::Notes).collect();
    let effects: Vec<_> = of(Fed::Sound).collect();
    let mut layers: Vec<_> = effects
        .chunks(2)
        .enumerate()
        .map(|(number, pair)| {
            let chain = [&[instruments[number % instruments.len()]], pair].concat();
            presets::Layer {
                gain_db: -12.0,
                ..new(&format!("Layer {number}"), &chain)
            }
        })
        .collect();
    layers.push(new("Input", &of(Fed::SoundAndSidechain).collect::<Vec<_>>()));
    let count: usize = layers.iter().map(|layer| layer.plugins.len()).sum();
    assert!(count >= PLUGINS.len());
    let preset = bench.file("all.backline");
    presets::save(
        &preset,
        &presets::Preset {
            layers,
            ..presets::Preset::default()
        },
    )
    .unwrap();

    // Nothing here is optimised but the plugins, so they get the time of a longer block.
    let server = JackServer::with(RATE, 256);
    let words = [
        text(&preset),
        "--driver",
        "jack",
        "--device",
        server.name(),
        "--midi-file",
        text(&bench.notes),
    ];
    let words = [&words[..], &["--loop", "--for", "5.5"]].concat();
    let mut playing = Playing::start(&bench.program, bench.folder.path(), None, &words);
    playing.wait_for("started", SOON, |_| true);
    let recorder = Recorder::start(&server);
    playing.wait_for("ended", SOON, |line| {
        assert_eq!(
            (&line["reason"], &line["faults"], &line["dropped"]),
            (&json!("time"), &json!(0), &json!(0)),
            "{line}"
        );
        // Five seconds of blocks, with time off for late ones.
        line["blocks"].as_u64() > Some(700) && line["midi_events"].as_u64() > Some(15)
    });
    let heard = recorder.stop();
    let ran = playing.end(SOON);
    assert_no_complaint(&ran);
    assert!(
        !ran.json().iter().any(|line| line["event"] == "plugin-fault"),
        "{ran}"
    );
    for side in &heard.audio {
        let second = RATE as usize;
        assert!(side.len() > 4 * second, "{} frames", side.len());
        for second in side[..4 * second].chunks(second) {
            let level = decibels(second);
            assert!((-40.0..12.0).contains(&level), "{level} dBFS");
        }
    }
}
