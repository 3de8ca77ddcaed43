//! What a processor is handed: sample sizes, silence, musical time, modes, latency and tail.

use crate::stage::{BLOCK, alone, beside, instance, load, open, stage, vst3, with};
use host::midi::file;
use host::render::{Bits, Job, Tail, render};
use std::ops::ControlFlow;
use std::time::Duration;
use tests::{Live, Stage, layer, midi_file, rack};

/// What 32-bit instruments and the one of 64 bits play at a few notes.
fn few_notes(name: &str) -> [Vec<f32>; 2] {
    let mut stage = stage(vst3(name));
    stage.step(&[(7, &[0x90, 60, 100]), (60, &[0x80, 60, 0])]);
    stage.step(&[(0, &[0x90, 61, 1])]);
    stage.play(640);
    stage.played.clone()
}

#[test]
fn a_plugin_of_64_bits_alone_sounds_as_its_twin_of_32() {
    let fixture = open();
    assert_eq!(few_notes("double-only"), few_notes("editor"));
    assert_eq!(fixture.counter("setups.64"), 1);
    beside(vst3("double-only"), |stage| {
        stage.step(&[(7, &[0x90, 60, 100])]);
        stage.play(640);
        assert!(stage.played[0][7..].iter().all(|&sample| sample == 0.1));
    });
    fixture.assert_gone();
}

#[test]
fn who_takes_both_sizes_gets_32_bits() {
    let fixture = open();
    drop(stage(vst3("effect")));
    assert_eq!(["setups", "setups.64"].map(|name| fixture.counter(name)), [1, 0]);
    fixture.assert_gone();
}

#[test]
fn silence_is_marked_where_it_is_and_nowhere_else() {
    let fixture = open();
    let level = |level| with("watch", &[("Level", level)]);
    let effect = with("effect", &[("Latency", 0.0)]);
    // Values set beforehand may take blocks of their own, so it is counted from where the music begins.
    let count = || ["silence.inputs", "silence.zeros"].map(|name| fixture.counter(name));
    let since = |before: [u64; 2]| {
        let now = count();
        [now[0] - before[0], now[1] - before[1]]
    };
    // Nothing comes in: both channels of every block are silent. That a mark is true is the fixture's own rule.
    let mut silent = Stage::new(&rack(vec![layer(vec![level(0.0), effect.clone()])]), BLOCK);
    let before = count();
    silent.play(640);
    assert_eq!(since(before), [20, 20]);
    drop(silent);
    let mut loud = Stage::new(&rack(vec![layer(vec![level(0.5), effect.clone()])]), BLOCK);
    let before = count();
    loud.play(640);
    assert_eq!(since(before), [0, 0]);
    assert_eq!(loud.played[0].last(), Some(&0.5));
    drop(loud);
    // A controller is heard on the right alone, in one block of them.
    let mut one_side = Stage::new(&rack(vec![layer(vec![level(0.0), effect])]), BLOCK);
    let before = count();
    one_side.step(&[(3, &[0xb0, 7, 127])]);
    assert_eq!(since(before), [1, 1]);
    drop(one_side);
    fixture.assert_gone();
}

#[test]
fn a_side_chain_that_nothing_feeds_is_no_part_of_the_sound() {
    let fixture = open();
    let mut stage = Stage::new(
        &rack(vec![layer(vec![
            with("watch", &[("Level", 0.5)]),
            vst3("sidechain"),
        ])]),
        BLOCK,
    );
    stage.play(640);
    assert!(stage.played.iter().flatten().all(|&sample| sample == 0.5));
    assert_eq!(fixture.counter("arrangements.refused"), 0);
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn a_mono_effect_stands_in_a_stereo_layer() {
    let fixture = open();
    let mut stage = Stage::new(
        &rack(vec![layer(vec![with("watch", &[("Level", 0.5)]), vst3("mono")])]),
        BLOCK,
    );
    stage.step(&[(7, &[0xb0, 1, 127])]);
    for side in &stage.played {
        for (frame, &sample) in side.iter().enumerate() {
            let mean = if frame == 7 { (0.5 + 1.5) / 2.0 } else { 0.5 };
            assert_eq!(sample, mean / 2.0, "frame {frame}");
        }
    }
    drop(stage);
    fixture.assert_gone();
}

const CONTEXT: [&str; 11] = [
    "blocks",
    "system_time",
    "continuous_time",
    "music_time",
    "bar",
    "cycle",
    "tempo",
    "time_signature",
    "chord",
    "smpte",
    "clock",
];

/// How many blocks had each field of the context, while a plugin was played in real time.
fn context_of(name: &str) -> [u64; 11] {
    let fixture = open();
    let mut live = Live::new(&alone(vst3(name)), 48_000, 256);
    live.run(Duration::from_millis(100));
    live.session.close(Duration::from_secs(1));
    fixture.assert_gone();
    CONTEXT.map(|field| fixture.counter(&format!("context.{field}")))
}

#[test]
fn the_context_has_what_a_plugin_asks_for() {
    // Everything that there is: no cycle, no chord and no film frames.
    let asked = context_of("context");
    let all = asked[0];
    assert!(all > 5);
    assert_eq!(asked, [all, all, all, all, all, 0, all, all, 0, 0, all]);
    // Nothing: what costs nothing is there all the same.
    let none = context_of("presentation");
    let all = none[0];
    assert_eq!(none, [all, 0, all, all, all, 0, all, all, 0, 0, 0]);
    // One that does not say may need it all.
    let unsaid = context_of("editor");
    let all = unsaid[0];
    assert_eq!(unsaid, [all, all, all, all, all, 0, all, all, 0, 0, all]);
}

#[test]
fn a_piece_that_plays_is_told() {
    let fixture = open();
    let folder = tempfile::tempdir().unwrap();
    let path = midi_file(
        folder.path(),
        "one.mid",
        &[(0.01, &[0x90, 60, 100]), (0.02, &[0x80, 60, 0])],
    );
    let piece = file::parse(&std::fs::read(&path).unwrap(), &path).unwrap();
    let mut stage = stage(vst3("context"));
    stage.play(640);
    assert_eq!(fixture.counter("context.playing"), 0);
    assert!(stage.session.play_file(&piece, false));
    stage.play(640);
    assert!(fixture.counter("context.playing") >= 9);
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn a_plugin_is_told_whether_it_plays_live_or_is_rendered() {
    let fixture = open();
    let folder = tempfile::tempdir().unwrap();
    let job = Job {
        rack: alone(with("watch", &[("Level", 0.25)])),
        midi: None,
        input: None,
        output: folder.path().join("out.wav"),
        rate: Some(48_000),
        block: 256,
        tail: Tail::Seconds(0.1),
        bits: Bits::Float32,
    };
    let summary = render(&job, |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(summary.frames, 4_800);
    assert!(
        hound::WavReader::open(&job.output)
            .unwrap()
            .into_samples::<f32>()
            .all(|sample| sample.unwrap() == 0.25)
    );
    let modes = || ["render.offline", "render.realtime"].map(|name| fixture.counter(name) > 0);
    assert_eq!(modes(), [true, false]);
    fixture.assert_gone();
    drop(stage(vst3("watch")));
    assert_eq!(modes(), [true, true]);
    fixture.assert_gone();
}

#[test]
fn latency_and_tail_are_what_the_plugin_says() {
    let fixture = open();
    for (name, latency, tail) in [
        ("watch", 0, Some(Duration::ZERO)),
        ("effect", 64, Some(Duration::ZERO)),
        ("tail", 0, Some(Duration::from_secs(2))),
        ("heavy", 100_000, None),
    ] {
        let mut stage = stage(vst3(name));
        let instance = instance(&mut stage);
        assert_eq!((instance.latency(), instance.tail()), (latency, tail), "{name}");
    }
    assert_eq!(load("heavy").latency(), 0, "nobody knows before it is active");
    fixture.assert_gone();
}

#[test]
fn a_long_latency_is_cut_off_a_rendering_and_played_live() {
    let fixture = open();
    let folder = tempfile::tempdir().unwrap();
    let job = Job {
        rack: rack(vec![layer(vec![
            with("watch", &[("Level", 0.25)]),
            with("heavy", &[("Gain", 2.0)]),
        ])]),
        midi: None,
        input: None,
        output: folder.path().join("out.wav"),
        rate: Some(48_000),
        block: 512,
        tail: Tail::Seconds(0.5),
        bits: Bits::Float32,
    };
    let summary = render(&job, |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((summary.frames, summary.latency), (24_000, 100_000));
    let samples = hound::WavReader::open(&job.output).unwrap().into_samples::<f32>();
    assert!(samples.map(Result::unwrap).all(|sample| sample == 0.5));
    fixture.assert_gone();
}

/// A processor hears of values in its blocks alone, and a rendering cannot begin anew once there is one.
#[test]
fn a_latency_that_a_preset_sets_is_known_before_a_rendering_begins() {
    let fixture = open();
    for latency in [0_u32, 1_000] {
        let folder = tempfile::tempdir().unwrap();
        let job = Job {
            rack: rack(vec![layer(vec![
                with("watch", &[("Level", 0.25)]),
                with("effect", &[("Gain", 2.0), ("Latency", latency.into())]),
            ])]),
            midi: None,
            input: None,
            output: folder.path().join("out.wav"),
            rate: Some(44_100),
            block: 64,
            tail: Tail::Seconds(0.5),
            bits: Bits::Float32,
        };
        let summary = render(&job, |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(summary.latency, latency);
        assert_eq!(
            crate::stage::reactivated(&summary.events),
            0,
            "{:?}",
            summary.events
        );
        let samples = hound::WavReader::open(&job.output).unwrap().into_samples::<f32>();
        assert!(
            samples.map(Result::unwrap).all(|sample| sample == 0.5),
            "{latency}"
        );
    }
    fixture.assert_gone();
}

#[test]
fn a_tail_is_heard_to_its_end() {
    let fixture = open();
    let mut stage = stage(vst3("tail"));
    stage.step(&[(0, &[0x90, 60, 100]), (32, &[0x80, 60, 0])]);
    stage.play(98_000);
    let left = &stage.played[0];
    assert!(left[..32].iter().all(|&sample| sample == 0.5));
    assert!(left[32 + 95_000] > 0.0, "it rings for two seconds");
    assert!(left[32 + 96_001..].iter().all(|&sample| sample == 0.0));
    drop(stage);
    fixture.assert_gone();
}
