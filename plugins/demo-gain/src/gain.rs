//! What the plugin does to sound.

use nice_plug::prelude::{Smoother, SmoothingStyle, util};

/// The lowest setting of the gain. It means silence, not merely this many decibels.
pub const SILENCE_DB: f32 = -60.0;

/// How a turned knob gets to where it was turned. The time is in milliseconds.
pub const GLIDE: SmoothingStyle = SmoothingStyle::Linear(20.0);

/// The factor for a gain in decibels.
fn factor(decibels: f32) -> f32 {
    if decibels <= SILENCE_DB {
        0.0
    } else {
        util::db_to_gain(decibels)
    }
}

/// The factors by which a position of the pan, -1 (left) to 1 (right), weakens the left and the right channel.
///
/// In the middle both are 1, so that the plugin at rest changes nothing. A single channel cannot be panned.
fn balance(pan: f32, channels: usize) -> [f32; 2] {
    if channels < 2 {
        [1.0; 2]
    } else {
        [(1.0 - pan).min(1.0), (1.0 + pan).min(1.0)]
    }
}

/// The three values that a frame is multiplied by. Each gives one value a sample.
pub struct Controls<'a> {
    /// The gain in decibels.
    pub gain: &'a Smoother<f32>,
    /// The pan, -1 to 1.
    pub pan: &'a Smoother<f32>,
    /// How much of the effect is heard: 0 when bypassed, 1 when not.
    pub wet: &'a Smoother<f32>,
}

impl Controls<'_> {
    /// Processes a block in place and returns the peak of each channel. With the effect bypassed, or at rest, the
    /// samples stay the same to the last bit.
    pub fn process(&self, channels: &mut [&mut [f32]]) -> [f32; 2] {
        let count = channels.len();
        let frames = channels.iter().map(|channel| channel.len()).min().unwrap_or(0);
        let mut peaks = [0.0f32; 2];
        // Turning decibels into a factor is the only costly thing here, and hardly ever needed.
        let mut known = f32::NAN;
        let mut gain = 0.0;
        for frame in 0..frames {
            let decibels = self.gain.next();
            if decibels != known {
                known = decibels;
                gain = factor(decibels);
            }
            let balance = balance(self.pan.next(), count);
            let wet = self.wet.next();
            for ((channel, balance), peak) in channels.iter_mut().zip(balance).zip(&mut peaks) {
                let sample = &mut channel[frame];
                // A bypass that fades between factors needs no copy of the input.
                *sample *= 1.0 + wet * (gain * balance - 1.0);
                *peak = peak.max(sample.abs());
            }
        }
        peaks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f32 = 48_000.0;

    struct Bench {
        gain: Smoother<f32>,
        pan: Smoother<f32>,
        wet: Smoother<f32>,
    }

    impl Bench {
        fn new(gain: f32, pan: f32, wet: f32) -> Self {
            let at = |value| {
                let smoother = Smoother::new(GLIDE);
                smoother.reset(value);
                smoother
            };
            Self {
                gain: at(gain),
                pan: at(pan),
                wet: at(wet),
            }
        }

        fn run(&self, left: &mut [f32], right: &mut [f32]) -> [f32; 2] {
            Controls {
                gain: &self.gain,
                pan: &self.pan,
                wet: &self.wet,
            }
            .process(&mut [left, right])
        }
    }

    fn noise(frames: u32) -> Vec<f32> {
        (0..frames)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0)
            .collect()
    }

    #[test]
    fn at_rest_and_bypassed_it_changes_no_bit() {
        for bench in [Bench::new(0.0, 0.0, 1.0), Bench::new(-24.0, 0.7, 0.0)] {
            let before = noise(1_000);
            let (mut left, mut right) = (before.clone(), before.clone());
            bench.run(&mut left, &mut right);
            assert_eq!(left, before);
            assert_eq!(right, before);
        }
    }

    #[test]
    fn decibels_are_decibels_and_the_bottom_is_silence() {
        for (decibels, expected) in [(-6.0, 0.501), (12.0, 3.981), (SILENCE_DB, 0.0)] {
            let (mut left, mut right) = (vec![1.0; 100], vec![-0.5; 100]);
            let peaks = Bench::new(decibels, 0.0, 1.0).run(&mut left, &mut right);
            assert!((left[99] - expected).abs() < 0.001, "{decibels} dB");
            assert_eq!(peaks, [left[99], -right[99]]);
        }
    }

    #[test]
    fn the_pan_weakens_the_other_side_and_leaves_mono_alone() {
        let (mut left, mut right) = (vec![1.0; 10], vec![1.0; 10]);
        Bench::new(0.0, 0.25, 1.0).run(&mut left, &mut right);
        assert_eq!((left[9], right[9]), (0.75, 1.0));
        let bench = Bench::new(0.0, -1.0, 1.0);
        let mut mono = vec![1.0; 10];
        Controls {
            gain: &bench.gain,
            pan: &bench.pan,
            wet: &bench.wet,
        }
        .process(&mut [&mut mono]);
        assert_eq!(mono, vec![1.0; 10]);
    }

    #[test]
    fn nothing_clicks() {
        let steepest = |turn: fn(&Bench)| {
            let bench = Bench::new(0.0, 0.0, 1.0);
            let (mut left, mut right) = (vec![1.0; 100], vec![1.0; 100]);
            bench.run(&mut left, &mut right);
            turn(&bench);
            let (mut later, mut right) = (vec![1.0; 2_000], vec![1.0; 2_000]);
            bench.run(&mut later, &mut right);
            left.append(&mut later);
            assert!(left[2_099] < 1.0, "the turn has arrived");
            left.windows(2)
                .fold(0.0f32, |most, w| most.max((w[0] - w[1]).abs()))
        };
        assert!(steepest(|bench| bench.gain.set_target(RATE, SILENCE_DB)) < 0.01);
        assert!(steepest(|bench| bench.pan.set_target(RATE, 1.0)) < 0.01);
        let bypass = |bench: &Bench| {
            bench.gain.reset(-40.0);
            bench.wet.reset(0.0);
            bench.wet.set_target(RATE, 1.0);
        };
        assert!(steepest(bypass) < 0.01);
    }

    #[test]
    fn every_block_size_gives_the_same_bits() {
        let render = |size: usize| {
            let bench = Bench::new(-12.0, 0.3, 1.0);
            bench.gain.set_target(RATE, 6.0);
            bench.wet.set_target(RATE, 0.0);
            let (mut left, mut right) = (noise(3_000), noise(3_000));
            for (left, right) in left.chunks_mut(size).zip(right.chunks_mut(size)) {
                bench.run(left, right);
            }
            (left, right)
        };
        let whole = render(3_000);
        for size in [1, 16, 32, 37, 64, 512] {
            assert!(render(size) == whole, "blocks of {size}");
        }
    }
}
