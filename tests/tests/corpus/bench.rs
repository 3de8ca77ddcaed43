//! What every test here has at hand: a folder, something to play, something to hear, and a program.

use host::plugin::Format;
use serde_json::{Value, json};
use std::f64::consts::TAU;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tests::{Ran, corpus_of, corpus_program, midi_file, run};

/// Most that the program may need to start on a busy machine.
pub const SOON: Duration = Duration::from_secs(30);

/// Frames per second of all files here.
pub const RATE: u32 = 48_000;

/// What a plugin sounds from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fed {
    /// A MIDI file: it is an instrument.
    Notes,
    /// A WAV file: it is an effect.
    Sound,
    /// A WAV file, and it stays silent: it wants its side chain fed too, and nothing does that here.
    SoundAndSidechain,
}

/// A MIDI message and its time in seconds.
pub type Message = (f64, Vec<u8>);

/// Two keys together and a lower one behind them.
pub fn chord() -> Vec<Message> {
    let chord: [(f64, [u8; 3]); 6] = [
        (0.1, [0x90, 57, 100]),
        (0.1, [0x90, 64, 100]),
        (0.6, [0x80, 57, 0]),
        (0.6, [0x80, 64, 0]),
        (0.7, [0x90, 45, 80]),
        (1.0, [0x80, 45, 0]),
    ];
    chord
        .iter()
        .map(|(time, message)| (*time, message.to_vec()))
        .collect()
}

/// What a plugin of the corpus complains of without a reason that lies in its host: DPF's plugins without parameters do
/// not read the one byte that they save.
const OWN_COMPLAINT: &str = "\"read > 0\"";

/// A folder with something to play and something to hear, and a program.
pub struct Bench {
    pub folder: TempDir,
    pub program: PathBuf,
    pub notes: PathBuf,
    sound: PathBuf,
}

impl Bench {
    pub fn new(program: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let notes = midi(folder.path(), "notes.mid", &chord());
        let sound = wav(folder.path());
        Self {
            folder,
            program,
            notes,
            sound,
        }
    }

    /// One around the program that loads the whole corpus; `None` when the tests were told to do without.
    pub fn of_corpus() -> Option<Self> {
        corpus_program().map(Self::new)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a MIDI file of these messages, whatever their order.
    pub fn midi(&self, name: &str, messages: &[Message]) -> PathBuf {
        midi(self.folder.path(), name, messages)
    }

    pub fn run(&self, words: &[&str]) -> Vec<Value> {
        let ran = run(&self.program, self.folder.path(), words);
        assert_no_complaint(&ran);
        ran.json()
    }

    /// What `backline plugin` tells.
    pub fn describe(&self, file: &Path) -> Value {
        let mut told = self.run(&["plugin", text(file), "--json"]);
        assert_eq!(told.len(), 1, "{told:?}");
        told.remove(0)
    }

    /// Makes a preset of new instances, and gives what was written.
    pub fn preset(&self, name: &str, plugins: &[&Path]) -> (PathBuf, presets::Preset) {
        let file = self.file(name);
        let mut words = vec!["preset", "new", "--output", text(&file)];
        plugins
            .iter()
            .for_each(|plugin| words.extend(["--plugin", text(plugin)]));
        self.run(&words);
        let written = presets::load(&file).unwrap();
        (file, written)
    }

    /// Writes a preset of one layer, `Layer`.
    pub fn write(&self, name: &str, plugins: Vec<presets::Plugin>, maps: Vec<presets::Map>) -> PathBuf {
        let file = self.file(name);
        let layer = presets::Layer {
            name: "Layer".to_owned(),
            plugins,
            ..presets::Layer::default()
        };
        let preset = presets::Preset {
            layers: vec![layer],
            maps,
            ..presets::Preset::default()
        };
        presets::save(&file, &preset).unwrap();
        file
    }

    /// The words that feed a plugin.
    pub fn feed(&self, fed: Fed) -> [&str; 2] {
        match fed {
            Fed::Notes => ["--midi-file", text(&self.notes)],
            Fed::Sound | Fed::SoundAndSidechain => ["--input", text(&self.sound)],
        }
    }

    /// Renders a plugin or a preset, and gives the samples.
    pub fn render(&self, what: &[&str], fed: Fed) -> Vec<f32> {
        self.render_with(what, &self.feed(fed))
    }

    /// Renders with other words than those of [`feed`](Self::feed).
    pub fn render_with(&self, what: &[&str], more: &[&str]) -> Vec<f32> {
        self.render_by(|words| self.run(words), what, more)
    }

    /// Renders a `.vstpreset` file, or what else has to be searched for, with plugins in `folder`.
    pub fn render_searching(&self, folder: &Path, what: &[&str], fed: Fed) -> Vec<f32> {
        let variable = format!("CLAP_PATH={}", text(folder));
        let search = |words: &[&str]| {
            let words = [&[variable.as_str(), text(&self.program)], words].concat();
            let ran = run(Path::new("env"), self.folder.path(), &words);
            assert_no_complaint(&ran);
            ran.json()
        };
        self.render_by(search, what, &self.feed(fed))
    }

    fn render_by(&self, run: impl FnOnce(&[&str]) -> Vec<Value>, what: &[&str], more: &[&str]) -> Vec<f32> {
        let output = self.file("output.wav");
        let words = [
            &["render"],
            what,
            more,
            &["--output", text(&output), "--rate", "48000", "--tail", "1"],
            &["--bits", "32f", "--json"],
        ]
        .concat();
        let told = run(&words);
        let mut wav = hound::WavReader::open(&output).unwrap();
        assert_eq!((wav.spec().channels, wav.spec().sample_rate), (2, RATE));
        let samples: Vec<f32> = wav.samples().map(Result::unwrap).collect();
        assert_eq!(told[0]["frames"], json!(samples.len() / 2));
        let peak_db = told[0]["peak_db"].as_f64().unwrap();
        assert!(
            (peak_db - decibels(&samples)).abs() < 0.02,
            "{peak_db}, not {}",
            decibels(&samples)
        );
        samples
    }
}

/// A plugin's file; `None` when the tests were told to do without.
pub fn file_of(format: Format, name: &str) -> Option<PathBuf> {
    let file = format!("{name}.{}", format.key());
    let path = corpus_of(format)?.join(&file);
    // One of the CLAP files lies in a folder of its own name.
    Some(if format == Format::Clap && path.is_dir() {
        path.join(file)
    } else {
        path
    })
}

/// DPF says on standard error what its host does wrong.
pub fn assert_no_complaint(ran: &Ran) {
    let complaint = ran.err.lines().find(|line| {
        (line.contains("assertion failure") && !line.contains(OWN_COMPLAINT)) || line.contains("DPF warning")
    });
    assert_eq!(complaint, None, "{ran}");
}

/// Fails where two renderings are not the same bit for bit.
pub fn assert_same(one: &[f32], other: &[f32], what: &str) {
    assert_eq!(one.len(), other.len(), "{what}: the lengths");
    let bits = |samples: &[f32]| samples.iter().map(|sample| sample.to_bits()).collect::<Vec<_>>();
    if bits(one) != bits(other) {
        let different = one.iter().zip(other).position(|(one, other)| one != other);
        let difference = one
            .iter()
            .zip(other)
            .map(|(one, other)| (one - other).abs())
            .fold(0.0, f32::max);
        panic!("{what}: different by {difference}, from sample {different:?} on");
    }
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn midi(folder: &Path, name: &str, messages: &[Message]) -> PathBuf {
    let mut messages: Vec<(f64, &[u8])> = messages
        .iter()
        .map(|(time, message)| (*time, message.as_slice()))
        .collect();
    messages.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    midi_file(folder, name, &messages)
}

/// A second of two dying sounds, one a side.
fn wav(folder: &Path) -> PathBuf {
    let path = folder.join("sound.wav");
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE,
        bits_per_sample: 24,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for frame in 0..RATE {
        let time = f64::from(frame) / f64::from(RATE);
        for pitch in [220.0, 331.0] {
            let sample = 0.4 * (-4.0 * time).exp() * (TAU * pitch * time).sin();
            #[expect(clippy::cast_possible_truncation, reason = "within 24 bits")]
            writer
                .write_sample((sample * f64::from((1 << 23) - 1)) as i32)
                .unwrap();
        }
    }
    writer.finalize().unwrap();
    path
}

/// The level of the greatest sample, in dBFS; silence is -200.
pub fn decibels(samples: &[f32]) -> f64 {
    assert!(
        samples.iter().all(|sample| sample.is_finite()),
        "samples that are no numbers"
    );
    let peak = samples
        .iter()
        .fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    (20.0 * f64::from(peak).log10()).max(-200.0)
}
