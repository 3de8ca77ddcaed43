//! What every test here has at hand: a folder, something to play, something to hear, and a program.

use serde_json::{Value, json};
use std::f64::consts::TAU;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tests::{midi_file, run};

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
        let chord: [(f64, &[u8]); 6] = [
            (0.1, &[0x90, 57, 100]),
            (0.1, &[0x90, 64, 100]),
            (0.6, &[0x80, 57, 0]),
            (0.6, &[0x80, 64, 0]),
            (0.7, &[0x90, 45, 80]),
            (1.0, &[0x80, 45, 0]),
        ];
        let notes = midi_file(folder.path(), "notes.mid", &chord);
        let sound = wav(folder.path());
        Self {
            folder,
            program,
            notes,
            sound,
        }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn run(&self, words: &[&str]) -> Vec<Value> {
        run(&self.program, self.folder.path(), words).json()
    }

    /// Renders a plugin or a preset, and gives the samples.
    pub fn render(&self, what: &[&str], fed: Fed) -> Vec<f32> {
        let output = self.file("output.wav");
        let (option, input) = match fed {
            Fed::Notes => ("--midi-file", &self.notes),
            Fed::Sound | Fed::SoundAndSidechain => ("--input", &self.sound),
        };
        let files = [option, text(input), "--output", text(&output)];
        let words = [
            &["render"],
            what,
            &files,
            &["--rate", "48000", "--tail", "1", "--bits", "32f", "--json"],
        ]
        .concat();
        let told = self.run(&words);
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

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
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
