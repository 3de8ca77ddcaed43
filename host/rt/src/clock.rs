//! A block's start time, smoothed: callbacks jitter, the sound card's clock does not.

/// A second-order loop that follows the times at which blocks start.
///
/// After F. Adriaensen, "Using a DLL to filter time" (2005). The bandwidth is low enough that a callback which
/// comes a millisecond late moves MIDI by a few microseconds only.
#[derive(Clone, Copy, Debug)]
pub struct BlockClock {
    rate: f64,
    /// Filtered start of the next block in nanoseconds; meaningless before the first.
    next: f64,
    /// Filtered nanoseconds of one frame.
    frame: f64,
    running: bool,
}

/// Loop bandwidth in hertz.
const BANDWIDTH: f64 = 0.5;
/// A start further off than this many nanoseconds is a jump of the device, not jitter.
const JUMP: f64 = 50e6;

impl BlockClock {
    /// A clock for blocks at `rate` frames per second.
    #[must_use]
    pub fn new(rate: f64) -> Self {
        Self {
            rate,
            next: 0.0,
            frame: 1e9 / rate,
            running: false,
        }
    }

    /// Nanoseconds of one frame, as measured.
    #[must_use]
    pub const fn nanos_per_frame(&self) -> f64 {
        self.frame
    }

    /// Takes the time at which a block of `frames` was called for and returns its filtered start. Both in
    /// nanoseconds of the monotonic clock.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "nanoseconds of a monotonic clock fit an i64"
    )]
    pub fn start(&mut self, now: i64, frames: u32) -> i64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a monotonic clock stays exact in an f64 for 104 days"
        )]
        let now = now as f64;
        let block = f64::from(frames);
        let error = now - self.next;
        if !self.running || !(-JUMP..JUMP).contains(&error) {
            self.running = true;
            self.frame = 1e9 / self.rate;
            self.next = now + block * self.frame;
            return now as i64;
        }
        let omega = core::f64::consts::TAU * BANDWIDTH * block / self.rate;
        let start = self.next;
        self.next += block * self.frame + core::f64::consts::SQRT_2 * omega * error;
        self.frame += omega * omega * error / block.max(1.0);
        start as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "13 seconds in nanoseconds")]
    fn jitter_is_smoothed() {
        let mut clock = BlockClock::new(48_000.0);
        let period = 32.0 * 1e9 / 48_000.0;
        let mut worst = 0_i64;
        for block in 0..20_000_i32 {
            let ideal = f64::from(block) * period;
            // Every seventh callback comes 0.3 ms late.
            let late = if block % 7 == 3 { 300_000.0 } else { 0.0 };
            let start = clock.start((ideal + late) as i64, 32);
            if block > 10_000 {
                worst = worst.max((start - ideal as i64).abs());
            }
        }
        // The mean lateness (43 us) is kept, the jitter goes.
        assert!(worst < 60_000, "{worst} ns");
    }

    #[test]
    fn a_jump_starts_over() {
        let mut clock = BlockClock::new(48_000.0);
        clock.start(0, 32);
        assert_eq!(clock.start(5_000_000_000, 32), 5_000_000_000);
    }
}
