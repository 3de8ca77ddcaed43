//! One note: two oscillators, a filter, two envelopes.

use super::control::Control;
use super::envelope::{Envelope, Slopes};
use super::event::Note;
use super::filter::Filter;
use super::math;
use super::oscillator::{MAX_INCREMENT, Oscillator};

/// The level of a single oscillator at full velocity. Six notes at once stay below full scale with the default patch.
const LEVEL: f32 = 0.22;
/// How long a voice that is cut off fades, in seconds: too short to hear as a tail, too long to click.
const FADE: f32 = 0.004;
/// The lowest cutoff, in octaves relative to the sample rate; 2.9 Hz at 48 kHz.
const LOWEST_CUTOFF: f32 = -14.0;
/// The highest cutoff, in octaves relative to the sample rate: just below half of it, where the tangent has its pole.
const HIGHEST_CUTOFF: f32 = -1.152;

/// What keeps a voice sounding. The order is the order in which voices are given up for new notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Hold {
    /// Nothing, and it does not sound.
    #[default]
    Idle,
    /// Nothing: cut off, within a few milliseconds of silence. Its place is taken already.
    Fading,
    /// Its release.
    Released,
    /// The sustain pedal. The key is up.
    Pedal,
    /// The key.
    Key,
}

/// What all voices share, worked out once for a sample rate and a patch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Common {
    /// Frames per second.
    pub sample_rate: f32,
    /// The envelope of the loudness.
    pub amp: Slopes,
    /// The envelope of the filter.
    pub filter: Slopes,
}

/// A place for a note.
#[derive(Debug, Clone, Copy, Default)]
pub struct Voice {
    hold: Hold,
    note: Note,
    /// Notes are numbered, so that the oldest can be told.
    number: u64,
    /// The loudness of the stroke, squared: the ear takes half the velocity for half as loud then.
    stroke: f32,
    /// The frequency as a fraction of the sample rate, before bend and detuning.
    increment: f32,
    /// The note's own bend, as a factor of the frequency.
    tuning: f32,
    /// Octaves above middle C, for key tracking.
    octave: f32,
    oscillators: [Oscillator; 2],
    filter: Filter,
    amp: Envelope,
    filter_envelope: Envelope,
    fade: f32,
}

impl Voice {
    /// A voice that starts to sound `note` at `velocity`, 0 to 1, with the next sample.
    pub fn start(note: Note, velocity: f32, number: u64, sample_rate: f32) -> Self {
        let semitones = f32::from(note.key) - 69.0;
        let velocity = velocity.clamp(0.0, 1.0);
        // Oscillators that all start at one phase would make the attack of a chord a thud. The golden ratio spreads
        // the keys over the cycle; that it is no random number keeps every rendering the same.
        let phase = f32::from(note.key) * 0.618_034;
        Self {
            hold: Hold::Key,
            note,
            number,
            stroke: velocity * velocity,
            increment: 440.0 * math::exp2(semitones / 12.0) / sample_rate,
            tuning: 1.0,
            octave: (f32::from(note.key) - 60.0) / 12.0,
            oscillators: [Oscillator::at(phase), Oscillator::at(phase + 0.2)],
            filter: Filter::default(),
            amp: Envelope::start(),
            filter_envelope: Envelope::start(),
            fade: 1.0,
        }
    }

    /// What keeps it sounding.
    pub fn hold(&self) -> Hold {
        self.hold
    }

    /// The note, which is meaningless when the voice is idle.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// The number that [`start`](Self::start) was given.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// How far it has faded: 1 not at all, 0 silent.
    pub fn fade(&self) -> f32 {
        self.fade
    }

    /// Whether it sounds.
    pub fn is_active(&self) -> bool {
        self.hold != Hold::Idle
    }

    /// The key went up while the pedal is down.
    pub fn hold_by_pedal(&mut self) {
        if self.hold == Hold::Key {
            self.hold = Hold::Pedal;
        }
    }

    /// Nothing holds it any more: it releases.
    pub fn release(&mut self) {
        if self.hold > Hold::Released {
            self.hold = Hold::Released;
            self.amp.release();
            self.filter_envelope.release();
        }
    }

    /// Cuts it off, over a few milliseconds.
    pub fn cut(&mut self) {
        if self.is_active() {
            self.hold = Hold::Fading;
        }
    }

    /// Tunes the note by semitones, apart from all others.
    pub fn tune(&mut self, semitones: f32) {
        self.tuning = math::exp2(semitones / 12.0);
    }

    /// Adds the voice to `left` and `right`, one frame for each of `controls`. Returns the frame at which it fell
    /// silent, if it did.
    pub fn render(
        &mut self,
        common: &Common,
        controls: &[Control],
        left: &mut [f32],
        right: &mut [f32],
    ) -> Option<usize> {
        let base = self.increment * self.tuning;
        let fade_step = if self.hold == Hold::Fading {
            1.0 / (FADE * common.sample_rate)
        } else {
            0.0
        };
        for (i, ((control, left), right)) in controls.iter().zip(left).zip(right).enumerate() {
            let mut frame = [0.0; 2];
            for (n, oscillator) in self.oscillators.iter_mut().enumerate() {
                let increment = (base * control.ratios[n]).min(MAX_INCREMENT);
                let mut value = oscillator.value(control.waveform, increment, control.width);
                if control.previous_share > 0.0 {
                    let previous = oscillator.value(control.previous, increment, control.width);
                    value += (previous - value) * control.previous_share;
                }
                oscillator.advance(increment);
                frame[0] += value * control.pan[n];
                frame[1] += value * control.pan[1 - n];
            }

            // Velocity takes from full loudness as much as the sensitivity says; it moves the filter likewise.
            let stroke = 1.0 - control.velocity * (1.0 - self.stroke);
            let envelope = self.filter_envelope.next(&common.filter);
            let octaves = control.cutoff
                + control.key_tracking * self.octave
                + control.filter_envelope * envelope * (0.5 + 0.5 * stroke);
            let cutoff = math::exp2(octaves.clamp(LOWEST_CUTOFF, HIGHEST_CUTOFF));
            let frame = self.filter.lowpass(frame, math::prewarp(cutoff), control.damping);

            // Smooth at both ends: a straight fade would start with an audible kink.
            self.fade = (self.fade - fade_step).max(0.0);
            let fade = self.fade * self.fade * (3.0 - 2.0 * self.fade);
            let level = LEVEL * stroke * self.amp.next(&common.amp) * fade;
            *left += frame[0] * level;
            *right += frame[1] * level;

            if self.amp.is_over() || self.fade == 0.0 {
                self.hold = Hold::Idle;
                return Some(i);
            }
        }
        None
    }
}
