//! A resonant low-pass filter for two channels.
//!
//! The topology-preserving state-variable filter: V. Zavalishin, "The Art of VA Filter Design", chapter 4. Its two
//! integrators keep their meaning when the cutoff moves, so it can be modulated at every sample without clicks and
//! stays stable at every setting.

/// The state of the filter: two integrators a channel.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    first: [f32; 2],
    second: [f32; 2],
}

impl Filter {
    /// The damping for a resonance of 0 (none) to 1 (a peak of 24 dB, short of oscillating).
    pub fn damping(resonance: f32) -> f32 {
        // At 0 the filter is critically damped; the square root of 2 would be flattest, 2 is gentler.
        2.0 - 1.94 * resonance
    }

    /// Filters one frame. `g` is the cutoff as [`prewarp`](super::math::prewarp) gives it.
    #[inline]
    pub fn lowpass(&mut self, frame: [f32; 2], g: f32, damping: f32) -> [f32; 2] {
        let a1 = 1.0 / (1.0 + g * (g + damping));
        let a2 = g * a1;
        let a3 = g * a2;
        let mut out = [0.0; 2];
        for channel in 0..2 {
            let (s1, s2) = (self.first[channel], self.second[channel]);
            let high = frame[channel] - s2;
            let band = a1 * s1 + a2 * high;
            let low = s2 + a2 * s1 + a3 * high;
            self.first[channel] = 2.0 * band - s1;
            self.second[channel] = 2.0 * low - s2;
            out[channel] = low;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::math::{prewarp, sine};
    use super::*;

    /// The peak that is left of a sine of `frequency` behind a cutoff of `cutoff`, both in parts of the sample rate.
    fn response(frequency: f32, cutoff: f32, resonance: f32) -> f32 {
        let mut filter = Filter::default();
        let (g, damping) = (prewarp(cutoff), Filter::damping(resonance));
        let mut phase = 0.0;
        let mut peak = 0.0f32;
        for i in 0..20_000 {
            let x = sine(phase);
            phase = (phase + frequency).fract();
            let [left, right] = filter.lowpass([x, 2.0 * x], g, damping);
            assert!(
                (right - 2.0 * left).abs() < 1e-4 * right.abs().max(1.0),
                "the channels are alike"
            );
            if i > 10_000 {
                peak = peak.max(left.abs());
            }
        }
        peak
    }

    #[test]
    fn passes_below_and_falls_12_db_an_octave_above() {
        assert!((response(0.001, 0.1, 0.0) - 1.0).abs() < 0.01);
        let octaves = response(0.01, 0.001, 0.0) / response(0.02, 0.001, 0.0);
        assert!((20.0 * octaves.log10() - 12.0).abs() < 0.3, "{octaves}");
    }

    #[test]
    fn resonance_lifts_the_cutoff() {
        assert!((response(0.02, 0.02, 0.0) - 0.5).abs() < 0.01);
        let peak = response(0.02, 0.02, 1.0);
        assert!((peak - 1.0 / 0.06).abs() < 0.5, "{peak}");
    }

    #[test]
    fn stays_stable_while_the_cutoff_jumps_about() {
        let mut filter = Filter::default();
        for i in 0..100_000u32 {
            let cutoff = if i % 3 == 0 { 0.45 } else { 0.0005 };
            let input = if i % 50 < 25 { 1.0 } else { -1.0 };
            let [left, _] = filter.lowpass([input; 2], prewarp(cutoff), Filter::damping(1.0));
            assert!(left.abs() < 50.0, "{left} at {i}");
        }
    }
}
