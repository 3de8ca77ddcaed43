//! What is played does not depend on the block size, not in a single bit.

use crate::BLOCKS;
use host::midi::file::{self, MidiFile};
use host::render::{Bits, Job, Tail, render};
use host::session::{LayerSettings, RackSpec, Stamp};
use std::ops::ControlFlow;
use std::path::Path;
use tests::{Format, Stage, at, demo_plugin, layer, rack, rows, set_part, with_params_of};

fn phrase() -> MidiFile {
    file::parse(presets::factory_phrase(), Path::new("stage-synth.mid")).unwrap()
}

/// Plays the phrase with turned knobs, and gives what was heard of it.
fn perform(spec: &RackSpec, block: usize, frames: usize) -> [Vec<f32>; 2] {
    let mut stage = Stage::new(spec, block);
    assert!(stage.session.play_file(&phrase(), false));
    for step in 0..40_u8 {
        let frame = 1_003 * u64::from(step);
        let midi: [&[u8]; 3] = [
            &[0xb0, 1, step],
            &[0xe0, 0, 64 + step / 2],
            &[0xb0, 64, 127 * (step / 10 % 2)],
        ];
        for message in midi {
            assert!(stage.session.send_midi(Stamp::Frame(frame), message));
        }
        let cutoff = 0.3 + f64::from(step) / 80.0;
        let stamp = Stamp::Frame(frame);
        assert!(set_part(&mut stage.session, at(0, 0), "Cutoff", cutoff, stamp));
    }
    stage.play(frames);
    stage.played.map(|mut side| {
        side.truncate(frames);
        side
    })
}

fn assert_same(spec: &RackSpec, frames: usize) {
    let reference = perform(spec, 64, frames);
    let peak = reference
        .iter()
        .flatten()
        .fold(0.0, |peak: f32, sample| peak.max(sample.abs()));
    assert!(peak > 0.05, "there is music to compare: {peak}");
    for block in BLOCKS.into_iter().filter(|&block| block != 64) {
        let played = perform(spec, block, frames);
        for (reference, played) in reference.iter().zip(&played) {
            let differs = reference
                .iter()
                .zip(played)
                .position(|(a, b)| a.to_bits() != b.to_bits());
            assert_eq!(
                differs, None,
                "block {block}: the first frame that differs from blocks of 64"
            );
        }
    }
}

rows!(a_synthesizer_plays_the_same_at_every_block_size);

fn a_synthesizer_plays_the_same_at_every_block_size(format: Format) {
    assert_same(
        &rack(vec![layer(vec![demo_plugin(format, "demo-synth")])]),
        48_000,
    );
}

rows!(two_layers_and_their_effects_play_the_same_at_every_block_size);

fn two_layers_and_their_effects_play_the_same_at_every_block_size(format: Format) {
    let (synth, gain) = (
        demo_plugin(format, "demo-synth"),
        demo_plugin(format, "demo-gain"),
    );
    let mut low = layer(vec![
        synth.clone(),
        with_params_of(gain.clone(), &[("Gain", 0.5)]),
    ]);
    low.settings = LayerSettings {
        keys: (0, 60),
        transpose: 12,
        gain: 0.7,
        pan: -0.3,
        ..LayerSettings::default()
    };
    let mut high = layer(vec![synth.clone()]);
    high.settings = LayerSettings {
        keys: (50, 127),
        pan: 0.5,
        ..LayerSettings::default()
    };
    let mut spec = rack(vec![low, high]);
    spec.master = vec![gain];
    spec.master_gain = 0.9;
    spec.ceiling = Some(0.2);
    assert_same(&spec, 36_000);
}

rows!(a_rendering_is_the_same_file_at_every_block_size);

fn a_rendering_is_the_same_file_at_every_block_size(format: Format) {
    let folder = tempfile::tempdir().unwrap();
    let spec = rack(vec![layer(vec![
        demo_plugin(format, "demo-synth"),
        demo_plugin(format, "demo-gain"),
    ])]);
    let mut smf = crate::smf::Smf::new();
    for (tick, message) in [
        (0, [0x90, 48, 90]),
        (240, [0x90, 55, 100]),
        (700, [0x80, 48, 0]),
        (960, [0x80, 55, 0]),
    ] {
        smf.at(tick, &message);
    }
    let midi = file::parse(&smf.bytes(), Path::new("two-notes.mid")).unwrap();
    let mut files = BLOCKS.map(|block| {
        let output = folder.path().join(format!("{block}.wav"));
        let job = Job {
            rack: spec.clone(),
            midi: Some(midi.clone()),
            input: None,
            output: output.clone(),
            rate: None,
            block,
            tail: Tail::Seconds(0.25),
            bits: Bits::Float32,
        };
        let summary = render(&job, |_| ControlFlow::Continue(())).unwrap();
        assert_eq!((summary.frames, summary.rate), (48_000 + 12_000, 48_000));
        assert!(summary.peak > 0.05, "{summary:?}");
        (block, std::fs::read(output).unwrap())
    });
    let (_, reference) = std::mem::take(&mut files[4]);
    for (block, bytes) in files.iter().filter(|(_, bytes)| !bytes.is_empty()) {
        assert!(*bytes == reference, "block {block}");
    }
}
