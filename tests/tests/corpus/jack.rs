//! Plugins on a JACK server, through the program for the newer loader.

use crate::bench::{Bench, Fed, RATE, SOON, decibels, text};
use crate::plugins::FILES;
use serde_json::json;
use tests::{JackServer, Playing, Recorder, Sender, corpus, corpus_program};

/// Kars on a server: notes of another client come in, its sound goes out.
#[test]
fn kars_plays_from_a_preset_on_jack() {
    let Some(corpus) = corpus() else { return };
    let bench = Bench::new(corpus_program().unwrap());
    let preset = bench.file("kars.backline");
    bench.run(&[
        "preset",
        "new",
        "--plugin",
        text(&corpus.join("Kars.clap")),
        "--output",
        text(&preset),
    ]);
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
}

/// All plugins in one rack, each effect fed by an instrument, for five seconds.
#[test]
fn all_play_together_on_jack() {
    let Some(corpus) = corpus() else { return };
    let bench = Bench::new(corpus_program().unwrap());
    let new = |name: &str, plugins: &[&str]| {
        let preset = bench.file("part.backline");
        let mut words = vec!["preset", "new", "--force", "--output", text(&preset)];
        let files: Vec<_> = plugins.iter().map(|file| corpus.join(file)).collect();
        files
            .iter()
            .for_each(|file| words.extend(["--plugin", text(file)]));
        bench.run(&words);
        let layer = presets::load(&preset).unwrap().layers.remove(0);
        presets::Layer {
            name: name.to_owned(),
            ..layer
        }
    };
    let of = |wanted| {
        FILES
            .iter()
            .filter(move |(_, fed)| *fed == wanted)
            .map(|(file, _)| *file)
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
    assert!(count >= FILES.len());
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
