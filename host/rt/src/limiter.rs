//! The last thing before the device: a peak limiter that never adds gain and no latency.

/// Keeps both channels at or below a ceiling, with one gain for both.
///
/// The gain falls at once to what the loudest sample needs and comes back over about 100 ms. Below the ceiling it is
/// exactly 1 and the samples are not touched.
#[derive(Clone, Copy, Debug)]
pub struct Limiter {
    gain: f32,
    release: f32,
}

impl Limiter {
    /// A limiter at `rate` frames per second.
    #[must_use]
    pub fn new(rate: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "a coefficient")]
        let release = (1.0 / (0.1 * rate).max(1.0)) as f32;
        Self { gain: 1.0, release }
    }

    /// Whether it has no gain to give back.
    #[must_use]
    pub fn rests(&self) -> bool {
        self.gain >= 1.0
    }

    /// Limits a block to `ceiling`, linear and above 0. `peak` is the block's greatest absolute sample.
    pub fn process(&mut self, [left, right]: [&mut [f32]; 2], ceiling: f32, peak: f32) {
        if peak <= ceiling && self.gain >= 1.0 {
            return;
        }
        for (left, right) in left.iter_mut().zip(right) {
            self.gain = (self.gain + self.release).min(1.0);
            let loudest = left.abs().max(right.abs());
            if loudest * self.gain > ceiling {
                self.gain = ceiling / loudest;
            }
            // The product may round to just above the ceiling.
            *left = (*left * self.gain).clamp(-ceiling, ceiling);
            *right = (*right * self.gain).clamp(-ceiling, ceiling);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_above_the_ceiling_and_never_louder_than_the_input() {
        let mut limiter = Limiter::new(48_000.0);
        for round in 0..200_i16 {
            let level = f32::from(round % 40) / 10.0;
            let (mut left, mut right) = ([level; 16], [-level * 0.5; 16]);
            limiter.process([&mut left, &mut right], 0.9, level);
            for sample in left.iter().chain(&right) {
                assert!(sample.abs() <= 0.9 && sample.abs() <= level);
            }
        }
    }

    #[test]
    fn quiet_blocks_pass_untouched() {
        let mut limiter = Limiter::new(48_000.0);
        let (mut left, mut right) = ([0.3; 8], [-0.2; 8]);
        limiter.process([&mut left, &mut right], 0.9, 0.3);
        assert_eq!((left, right), ([0.3; 8], [-0.2; 8]));
    }
}
