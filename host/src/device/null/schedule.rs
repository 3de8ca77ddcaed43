//! When each block is due.

/// After a loss the thread rests for this many nanoseconds at least. A thread of real-time priority whose work
/// never fits into its time would otherwise leave nothing to the rest of the machine.
const REST: i64 = 100_000;

/// The times at which blocks are due: a grid without drift, as long as no block is lost.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    rate: i128,
    frames: i128,
    start: i64,
    /// Number of the block that is due next, or was last asked for.
    block: i128,
}

impl Schedule {
    pub(super) fn new(rate: u32, frames: u32) -> Self {
        Self {
            rate: i128::from(rate.max(1)),
            frames: i128::from(frames.max(1)),
            start: 0,
            block: 0,
        }
    }

    /// Starts over: the first block is due one period after `now`.
    pub(super) fn begin(&mut self, now: i64) {
        self.start = now;
        self.block = 0;
    }

    /// Goes on to the next block and tells when it is due, in nanoseconds of the monotonic clock.
    pub(super) fn next(&mut self) -> i64 {
        self.block += 1;
        self.time(self.block)
    }

    /// Takes the time at which the thread woke for the block. If the block after it was due by then, the blocks
    /// that are past are lost: returns their number and the time of the block that comes instead. No burst follows.
    pub(super) fn check(&mut self, now: i64) -> (u64, i64) {
        if now < self.time(self.block + 1) {
            return (0, self.time(self.block));
        }
        let late = self.block;
        // The first block that is due after the rest.
        let nanos = i128::from(now + REST - self.start) * self.rate;
        let period = self.frames * 1_000_000_000;
        self.block = nanos / period + i128::from(nanos % period != 0);
        let lost = u64::try_from(self.block - late).unwrap_or(0);
        (lost, self.time(self.block))
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a monotonic clock in nanoseconds fits an i64 for 292 years"
    )]
    fn time(&self, block: i128) -> i64 {
        self.start + (block * self.frames * 1_000_000_000 / self.rate) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_does_not_drift() {
        let mut schedule = Schedule::new(44_100, 64);
        schedule.begin(1_000);
        let mut last = 0;
        for _ in 0..44_100 {
            last = schedule.next();
        }
        assert_eq!(last, 1_000 + 64 * 1_000_000_000);
    }

    #[test]
    fn lateness_below_a_period_is_made_up_for() {
        let mut schedule = Schedule::new(1_000, 1);
        schedule.begin(0);
        assert_eq!(schedule.next(), 1_000_000);
        assert_eq!(schedule.check(1_999_999), (0, 1_000_000));
        assert_eq!(schedule.next(), 2_000_000);
    }

    #[test]
    fn a_longer_sleep_loses_blocks_and_no_burst_follows() {
        let mut schedule = Schedule::new(1_000, 1);
        schedule.begin(0);
        schedule.next();
        // Woken 4.5 periods late: blocks 1 to 5 are past, number 6 is due next.
        assert_eq!(schedule.check(5_500_000), (5, 6_000_000));
        assert_eq!(schedule.next(), 7_000_000);
        // Exactly when the following block is due.
        assert_eq!(schedule.check(8_000_000), (2, 9_000_000));
    }
}
