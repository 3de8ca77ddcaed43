//! Band-limited oscillators.
//!
//! A waveform with a corner has harmonics without end, and those above half the sample rate come back as tones that
//! belong to no key (aliases). Each corner is therefore rounded over the four samples around it, by the difference
//! between an ideal step (or ramp) and the same step seen through a cubic B-spline. The method is known as
//! *polyBLEP*, for ramps *polyBLAMP*: V. Välimäki, J. Pekonen, J. Nam, "Perceptually informed synthesis of bandlimited
//! classical waveforms using integrated polynomial interpolation", J. Acoust. Soc. Am. 131 (2012).

use super::math;

/// The shape of one cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Waveform {
    /// Rises and falls back: all harmonics. Bright, full.
    #[default]
    Saw,
    /// Up for a part of the cycle, else down. At half: only odd harmonics, hollow.
    Pulse,
    /// Up and down in straight lines: odd harmonics, softly.
    Triangle,
    /// The fundamental alone.
    Sine,
}

/// The highest frequency of an oscillator, as a fraction of the sample rate. Notes above it are held there.
pub const MAX_INCREMENT: f32 = 0.45;

/// One oscillator: a phase in turns, 0 to 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct Oscillator {
    phase: f32,
}

impl Oscillator {
    /// An oscillator that starts at `phase` turns.
    pub fn at(phase: f32) -> Self {
        Self {
            phase: phase - phase.floor(),
        }
    }

    /// The value at the present phase. `increment` is the frequency as a fraction of the sample rate, above 0 and up
    /// to [`MAX_INCREMENT`]; `width` the share of the cycle for which a pulse is up, above 0 and below 1.
    ///
    /// Waveforms are scaled to be about equally loud; none exceeds 1 by more than the rounding of its corners.
    #[inline]
    pub fn value(&self, waveform: Waveform, increment: f32, width: f32) -> f32 {
        let phase = self.phase;
        match waveform {
            Waveform::Saw => {
                let naive = 2.0 * phase - 1.0;
                naive - 2.0 * step(phase, increment)
            }
            Waveform::Pulse => {
                let naive = if phase < width { 1.0 } else { -1.0 };
                let corners = step(phase, increment) - step(wrap(phase - width + 1.0), increment);
                // Without its mean, or a sweep of the width would move the whole signal up and down.
                0.7 * (naive + 2.0 * corners - (2.0 * width - 1.0))
            }
            Waveform::Triangle => {
                let naive = 1.0 - 4.0 * (phase - 0.5).abs();
                let corners = ramp(phase, increment) - ramp(wrap(phase + 0.5), increment);
                naive + 8.0 * increment * corners
            }
            Waveform::Sine => 0.9 * math::sine(phase),
        }
    }

    /// Moves on by one sample.
    #[inline]
    pub fn advance(&mut self, increment: f32) {
        self.phase = wrap(self.phase + increment);
    }
}

/// Brings a phase from 0..2 back to 0..1.
#[inline]
fn wrap(phase: f32) -> f32 {
    if phase >= 1.0 { phase - 1.0 } else { phase }
}

/// What to add for a step of +1 at phase 0: the smooth step minus the sudden one.
#[inline]
fn step(phase: f32, increment: f32) -> f32 {
    let reach = 2.0 * increment;
    let mut residual = 0.0;
    if phase < reach {
        residual -= smooth_step(phase / increment);
    }
    if phase > 1.0 - reach {
        residual += smooth_step((1.0 - phase) / increment);
    }
    residual
}

/// What to add for a slope that grows by 1 per sample at phase 0.
#[inline]
fn ramp(phase: f32, increment: f32) -> f32 {
    let reach = 2.0 * increment;
    let mut residual = 0.0;
    if phase < reach {
        residual += smooth_ramp(phase / increment);
    }
    if phase > 1.0 - reach {
        residual += smooth_ramp((1.0 - phase) / increment);
    }
    residual
}

/// How much of a cubic B-spline lies further out than `d` samples, 0 to 2.
#[inline]
fn smooth_step(d: f32) -> f32 {
    if d < 1.0 {
        let d2 = d * d;
        0.5 - d * (2.0 / 3.0) + d2 * d * (1.0 / 3.0 - d * 0.125)
    } else {
        let e = 2.0 - d;
        let e2 = e * e;
        e2 * e2 * (1.0 / 24.0)
    }
}

/// The integral of [`smooth_step`] from `d` to 2.
#[inline]
fn smooth_ramp(d: f32) -> f32 {
    if d < 1.0 {
        let d2 = d * d;
        7.0 / 30.0 - d * 0.5 + d2 * (1.0 / 3.0) - d2 * d2 * (1.0 / 12.0 - d * 0.025)
    } else {
        let e = 2.0 - d;
        let e2 = e * e;
        e2 * e2 * e * (1.0 / 120.0)
    }
}

#[cfg(test)]
mod tests;
