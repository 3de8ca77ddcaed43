//! The settings of a sound.

use super::envelope::Adsr;
use super::oscillator::Waveform;

/// A sound, in plain values. The plugin's parameters are read into one before every block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Patch {
    /// The waveform of both oscillators.
    pub waveform: Waveform,
    /// The share of its cycle for which a pulse is up, 0.05 to 0.95.
    pub pulse_width: f32,
    /// The distance between the two oscillators in cents.
    pub detune: f32,
    /// How far the two oscillators are panned apart, 0 (both in the middle) to 1.
    pub spread: f32,
    /// The filter's cutoff at middle C in Hz.
    pub cutoff: f32,
    /// The filter's resonance, 0 to 1.
    pub resonance: f32,
    /// The octaves by which the filter's envelope opens it; it closes it when negative.
    pub filter_envelope: f32,
    /// How far the cutoff follows the key, 0 (not at all) to 1 (fully).
    pub key_tracking: f32,
    /// The envelope of the loudness.
    pub amp: Adsr,
    /// The envelope of the filter.
    pub filter: Adsr,
    /// How much velocity matters, 0 to 1.
    pub velocity: f32,
    /// The semitones by which the pitch wheel bends to either side.
    pub bend_range: f32,
    /// The gain of the whole, as a factor.
    pub gain: f32,
}

impl Default for Patch {
    /// A warm, slightly moving sound that suits chords and single lines.
    fn default() -> Self {
        Self {
            waveform: Waveform::Saw,
            pulse_width: 0.5,
            detune: 9.0,
            spread: 0.5,
            cutoff: 900.0,
            resonance: 0.18,
            filter_envelope: 2.0,
            key_tracking: 0.4,
            amp: Adsr {
                attack: 0.006,
                decay: 1.4,
                sustain: 0.7,
                release: 0.4,
            },
            filter: Adsr {
                attack: 0.004,
                decay: 0.9,
                sustain: 0.25,
                release: 0.5,
            },
            velocity: 0.6,
            bend_range: 2.0,
            gain: 1.0,
        }
    }
}
