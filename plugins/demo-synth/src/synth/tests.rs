//! Tests of the whole synthesizer, by what it renders.

mod blocks;
mod notes;
mod sound;

use super::*;

const RATE: f32 = 48_000.0;

/// A synthesizer and the notes it reported as ended, with the frames since its start.
struct Bench {
    synth: Synth,
    frames: usize,
    ended: Vec<(usize, Note)>,
}

impl Bench {
    fn new(patch: Patch) -> Self {
        let mut synth = Synth::new(RATE);
        synth.set_patch(&patch);
        Self {
            synth,
            frames: 0,
            ended: Vec::new(),
        }
    }

    fn event(&mut self, event: Event) {
        let frames = self.frames;
        self.synth.handle(event, |note| self.ended.push((frames, note)));
    }

    fn on(&mut self, key: u8) {
        self.event(Event::NoteOn(midi(key), 1.0));
    }

    fn off(&mut self, key: u8) {
        self.event(Event::NoteOff(Which {
            key: Some(key),
            ..Which::default()
        }));
    }

    fn controller(&mut self, number: u8, value: f32) {
        self.event(Event::Controller(number, value));
    }

    fn render(&mut self, frames: usize) -> [Vec<f32>; 2] {
        let (mut left, mut right) = (vec![1.0; frames], vec![1.0; frames]);
        let start = self.frames;
        self.synth.render(&mut left, &mut right, |frame, note| {
            self.ended.push((start + frame, note))
        });
        self.frames += frames;
        [left, right]
    }

    fn sounding(&self) -> usize {
        self.synth
            .voices
            .iter()
            .filter(|voice| voice.hold() > Hold::Fading)
            .count()
    }

    fn ended_keys(&self) -> Vec<u8> {
        self.ended.iter().map(|(_, note)| note.key).collect()
    }
}

fn midi(key: u8) -> Note {
    Note {
        id: None,
        channel: 0,
        key,
    }
}

/// A patch that is easy to reason about: a sine through an open filter, at full level as long as the key is down.
fn plain() -> Patch {
    Patch {
        waveform: Waveform::Sine,
        detune: 0.0,
        spread: 0.0,
        cutoff: 20_000.0,
        resonance: 0.0,
        filter_envelope: 0.0,
        key_tracking: 0.0,
        amp: Adsr {
            attack: 0.002,
            decay: 0.1,
            sustain: 1.0,
            release: 0.05,
        },
        velocity: 1.0,
        ..Patch::default()
    }
}

fn peak(signal: &[f32]) -> f32 {
    signal.iter().fold(0.0, |peak, x| peak.max(x.abs()))
}

fn decibels(gain: f32) -> f32 {
    20.0 * gain.log10()
}

/// The largest change of slope between neighbouring samples: what a click is heard by.
fn roughness(signal: &[f32]) -> f32 {
    signal
        .windows(3)
        .fold(0.0, |most, w| most.max((w[0] - 2.0 * w[1] + w[2]).abs()))
}

/// The frequency of a sine, from the time between its first and its last upward zero crossing.
fn frequency(signal: &[f32]) -> f32 {
    let crossings: Vec<f32> = signal
        .windows(2)
        .zip(0u16..)
        .filter(|(w, _)| w[0] < 0.0 && w[1] >= 0.0)
        .map(|(w, i)| f32::from(i) + w[0] / (w[0] - w[1]))
        .collect();
    let cycles = u16::try_from(crossings.len() - 1).unwrap();
    f32::from(cycles) * RATE / (crossings[crossings.len() - 1] - crossings[0])
}
