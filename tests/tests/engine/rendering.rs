//! Rendering to WAV files: what is in them and how long they are.

use crate::smf::{Smf, TICK};
use host::midi::file::{self, MidiFile};
use host::plugin::PluginEvent;
use host::render::{Bits, Job, Summary, Tail, render};
use host::session::{Fault, RackSpec, SessionEvent};
use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tests::{Fixture, Format, layer, plugin_as, rack, rows, with_params_as};

pub(crate) fn job(folder: &TempDir, spec: RackSpec) -> Job {
    Job {
        rack: spec,
        midi: None,
        input: None,
        output: folder.path().join("out.wav"),
        rate: None,
        block: 64,
        tail: Tail::Seconds(0.0),
        bits: Bits::Float32,
    }
}

/// One note from a frame to another, both multiples of [`TICK`].
fn note(from: usize, to: usize) -> MidiFile {
    let mut smf = Smf::new();
    smf.at(from / TICK, &[0x90, 60, 127]);
    smf.at(to / TICK, &[0x80, 60, 0]);
    file::parse(&smf.bytes(), Path::new("note.mid")).unwrap()
}

fn read(file: &Path) -> (WavSpec, [Vec<f32>; 2]) {
    let reader = WavReader::open(file).unwrap();
    let spec = reader.spec();
    let samples: Vec<f32> = match spec.sample_format {
        SampleFormat::Float => reader.into_samples::<f32>().map(Result::unwrap).collect(),
        SampleFormat::Int => reader
            .into_samples::<i32>()
            .map(|sample| sample.unwrap() as f32)
            .collect(),
    };
    let side = |channel: usize| samples.iter().skip(channel).step_by(2).copied().collect();
    (spec, [side(0), side(1)])
}

pub(crate) fn write_input(file: &Path, rate: u32, channels: u16, frames: usize) {
    let spec = WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: 32,
        sample_format: SampleFormat::Float,
    };
    let mut writer = WavWriter::create(file, spec).unwrap();
    for sample in 0..frames * usize::from(channels) {
        writer.write_sample(sample as f32 / 65_536.0).unwrap();
    }
    writer.finalize().unwrap();
}

pub(crate) fn left_behind(folder: &TempDir) -> Vec<PathBuf> {
    fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect()
}

rows!(every_sample_format_holds_what_was_played);

fn every_sample_format_holds_what_was_played(format: Format) {
    let fixture = Fixture::open_as(format);
    let folder = tempfile::tempdir().unwrap();
    let levels = |left: f64, right: f64| {
        let mut sides = vec![layer(vec![with_params_as(format, "watch", &[("Level", left)])])];
        sides.push(layer(vec![with_params_as(format, "watch", &[("Level", right)])]));
        sides[0].settings.pan = -1.0;
        sides[1].settings.pan = 1.0;
        rack(sides)
    };
    let formats = [
        (Bits::Int16, 16, SampleFormat::Int, [16_384.0, -32_767.0]),
        (Bits::Int24, 24, SampleFormat::Int, [4_194_304.0, -8_388_607.0]),
        (Bits::Float32, 32, SampleFormat::Float, [0.5, -1.0]),
    ];
    for (bits, bits_per_sample, sample_format, expected) in formats {
        let job = Job {
            bits,
            rate: Some(44_100),
            tail: Tail::Seconds(0.1),
            ..job(&folder, levels(0.5, -1.0))
        };
        let summary = render(&job, |_| ControlFlow::Continue(())).unwrap();
        assert_eq!((summary.frames, summary.rate, summary.peak), (4_410, 44_100, 1.0));
        let (spec, sides) = read(&job.output);
        assert_eq!(
            spec,
            WavSpec {
                channels: 2,
                sample_rate: 44_100,
                bits_per_sample,
                sample_format
            }
        );
        for (side, expected) in sides.iter().zip(expected) {
            assert_eq!(side.len(), 4_410);
            assert!(
                side.iter().all(|&sample| sample == expected),
                "{bits:?}: {expected}, not {}",
                side[0]
            );
        }
    }
    // Above full scale integers are clipped, and the summary says how far.
    let mut loud = levels(1.0, -1.0);
    loud.master_gain = 2.0;
    let job = Job {
        bits: Bits::Int16,
        tail: Tail::Seconds(0.01),
        ..job(&folder, loud)
    };
    assert_eq!(render(&job, |_| ControlFlow::Continue(())).unwrap().peak, 2.0);
    let (_, [left, right]) = read(&job.output);
    assert!(left.iter().all(|&sample| sample == 32_767.0) && right.iter().all(|&sample| sample == -32_768.0));
    assert_eq!(left_behind(&folder), [job.output]);
    fixture.assert_gone();
}

rows!(plugins_are_told_that_nothing_is_live);

fn plugins_are_told_that_nothing_is_live(format: Format) {
    let fixture = Fixture::open_as(format);
    let folder = tempfile::tempdir().unwrap();
    let job = Job {
        midi: Some(note(0, 4_800)),
        ..job(&folder, rack(vec![layer(vec![plugin_as(format, "watch")])]))
    };
    let mut progress = Vec::new();
    let summary = render(&job, |part| {
        progress.push(part);
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(fixture.counter("render.offline") >= 1);
    assert_eq!(fixture.counter("render.realtime"), 0);
    assert!(
        progress.is_sorted() && progress.last() == Some(&1.0),
        "{progress:?}"
    );
    assert!(summary.events.iter().all(|event| {
        !matches!(
            event,
            SessionEvent::Plugin {
                event: PluginEvent::WrongThread(_),
                ..
            }
        )
    }));
    fixture.assert_gone();
}

rows!(latency_is_cut_off_so_that_a_note_sounds_at_its_time);

fn latency_is_cut_off_so_that_a_note_sounds_at_its_time(format: Format) {
    let fixture = Fixture::open_as(format);
    let folder = tempfile::tempdir().unwrap();
    for block in [1, 37, 64, 4_096] {
        let mut spec = rack(vec![layer(vec![
            plugin_as(format, "watch"),
            with_params_as(format, "effect", &[("Latency", 1_000.0)]),
        ])]);
        spec.master = vec![with_params_as(format, "effect", &[("Latency", 77.0)])];
        let job = Job {
            midi: Some(note(4_800, 9_600)),
            block,
            ..job(&folder, spec)
        };
        let summary = render(&job, |_| ControlFlow::Continue(())).unwrap();
        assert_eq!((summary.latency, summary.frames), (1_077, 9_600), "block {block}");
        let (_, [left, _]) = read(&job.output);
        let impulses: Vec<_> = (0..left.len()).filter(|&frame| left[frame] != 0.0).collect();
        assert_eq!(
            impulses,
            [4_800],
            "block {block}; the note-off is at the very end"
        );
    }
    fixture.assert_gone();
}

rows!(a_tail_is_rendered_until_it_is_silent_or_as_long_as_asked);

fn a_tail_is_rendered_until_it_is_silent_or_as_long_as_asked(format: Format) {
    let fixture = Fixture::open_as(format);
    let folder = tempfile::tempdir().unwrap();
    let with_tail = |tail| {
        let spec = rack(vec![layer(vec![plugin_as(format, "tail")])]);
        let job = Job {
            midi: Some(note(0, 24_000)),
            tail,
            ..job(&folder, spec)
        };
        let summary = render(&job, |_| ControlFlow::Continue(())).unwrap();
        let (_, [left, _]) = read(&job.output);
        assert_eq!(left.len() as u64, summary.frames);
        left
    };
    // Two seconds of tail, then half a second of silence.
    let auto = with_tail(Tail::Auto);
    let sounding = auto.iter().rposition(|&sample| sample != 0.0).unwrap() + 1;
    assert_eq!(sounding, 24_000 + 96_000);
    assert!(
        (sounding + 24_000..=sounding + 24_000 + 128).contains(&auto.len()),
        "{}",
        auto.len()
    );
    assert!(auto[..24_000].iter().all(|&sample| sample == 0.5));
    assert!(auto[24_000..sounding].windows(2).all(|pair| pair[1] < pair[0]));
    for (seconds, frames) in [(0.0, 0), (0.25, 12_000), (5.0, 240_000)] {
        let left = with_tail(Tail::Seconds(seconds));
        assert_eq!(left.len(), 24_000 + frames);
        let same = left.len().min(auto.len());
        assert!(left[..same] == auto[..same]);
        assert!(left[same..].iter().all(|&sample| sample == 0.0));
    }
    // What never ends is cut off.
    let endless = rack(vec![layer(vec![with_params_as(
        format,
        "watch",
        &[("Level", 0.1)],
    )])]);
    let job = Job {
        tail: Tail::Auto,
        rate: Some(8_000),
        block: 1_024,
        ..job(&folder, endless)
    };
    let frames = render(&job, |_| ControlFlow::Continue(())).unwrap().frames;
    assert!(
        (240_000..=240_000 + 1_024).contains(&frames),
        "30 seconds: {frames}"
    );
    fixture.assert_gone();
}

rows!(an_input_goes_through_the_effects);

fn an_input_goes_through_the_effects(format: Format) {
    let fixture = Fixture::open_as(format);
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.wav");
    for (rate, channels) in [(48_000, 2), (44_100, 1), (96_000, 3)] {
        write_input(&input, rate, channels, 5_000);
        let spec = rack(vec![layer(vec![with_params_as(
            format,
            "effect",
            &[("Gain", 2.0)],
        )])]);
        let job = Job {
            input: Some(input.clone()),
            ..job(&folder, spec)
        };
        let summary = render(&job, |_| ControlFlow::Continue(())).unwrap();
        assert_eq!((summary.frames, summary.rate, summary.latency), (5_000, rate, 64));
        let (spec, sides) = read(&job.output);
        assert_eq!(spec.sample_rate, rate);
        let step = usize::from(channels);
        for (side, first) in sides.iter().zip([0, usize::from(channels > 1)]) {
            for (frame, &sample) in side.iter().enumerate() {
                assert_eq!(
                    sample,
                    2.0 * (frame * step + first) as f32 / 65_536.0,
                    "{channels} channels, {frame}"
                );
            }
        }
    }
    fixture.assert_gone();
}

rows!(faults_of_plugins_are_told);

fn faults_of_plugins_are_told(format: Format) {
    let fixture = Fixture::open_as(format);
    let folder = tempfile::tempdir().unwrap();
    let mut smf = Smf::new();
    smf.at(10, &[0x90, 1, 100]);
    smf.at(200, &[0x80, 1, 0]);
    let midi = file::parse(&smf.bytes(), Path::new("bad.mid")).unwrap();
    let job = Job {
        midi: Some(midi),
        ..job(&folder, rack(vec![layer(vec![plugin_as(format, "nan")])]))
    };
    let Summary { events, peak, .. } = render(&job, |_| ControlFlow::Continue(())).unwrap();
    let bad = |event: &SessionEvent| {
        matches!(
            event,
            SessionEvent::Fault {
                fault: Fault::NotANumber,
                ..
            }
        )
    };
    assert_eq!(events.iter().filter(|event| bad(event)).count(), 1, "{events:?}");
    assert!(peak.is_finite() && peak < 0.011);
    fixture.assert_gone();
}
