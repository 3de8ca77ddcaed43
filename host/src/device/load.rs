//! How much of each block's time was used: written by the audio thread, read by main.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Bins of the histogram: one a 200th of the block's time, the last for everything longer.
const BINS: usize = 401;

/// Load of the blocks since the device was started. The audio thread only adds; main takes differences.
#[derive(Debug)]
pub struct LoadStats {
    bins: [AtomicU32; BINS],
    blocks: AtomicU64,
    late: AtomicU64,
    /// Sum of loads in millionths.
    sum: AtomicU64,
    /// Greatest load since main last asked, in millionths.
    max: AtomicU64,
    /// Callbacks in which our own code panicked.
    panics: AtomicU64,
}

impl Default for LoadStats {
    fn default() -> Self {
        Self {
            bins: [const { AtomicU32::new(0) }; BINS],
            blocks: AtomicU64::new(0),
            late: AtomicU64::new(0),
            sum: AtomicU64::new(0),
            max: AtomicU64::new(0),
            panics: AtomicU64::new(0),
        }
    }
}

/// What main knew when it last asked.
#[derive(Debug, Clone)]
pub struct LoadSnapshot {
    bins: [u32; BINS],
    sum: u64,
    /// Blocks since the start.
    pub total: u64,
    /// Late blocks since the start.
    pub late: u64,
    /// Mean load since the last snapshot; 1 is all the time there is.
    pub mean: f64,
    /// Greatest load since the last snapshot.
    pub max: f64,
    /// Load that 999 of 1000 blocks since the last snapshot stayed below.
    pub p999: f64,
}

impl Default for LoadSnapshot {
    fn default() -> Self {
        Self {
            bins: [0; BINS],
            sum: 0,
            total: 0,
            late: 0,
            mean: 0.0,
            max: 0.0,
            p999: 0.0,
        }
    }
}

impl LoadStats {
    /// Notes a block that took `nanos` of the `period` nanoseconds it had. Audio thread; waits for nothing.
    pub fn record(&self, nanos: u64, period: u64) {
        let load = nanos.saturating_mul(1_000_000) / period.max(1);
        let bin = usize::try_from(load / 5_000).unwrap_or(BINS).min(BINS - 1);
        self.bins[bin].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(load, Ordering::Relaxed);
        self.max.fetch_max(load, Ordering::Relaxed);
        if load > 1_000_000 {
            self.late.fetch_add(1, Ordering::Relaxed);
        }
        self.blocks.fetch_add(1, Ordering::Release);
    }

    /// Notes a callback in which our own code panicked.
    pub fn record_panic(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }

    /// Callbacks in which our own code panicked.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// What happened since `last`.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    pub fn snapshot(&self, last: &LoadSnapshot) -> LoadSnapshot {
        let total = self.blocks.load(Ordering::Acquire);
        let bins = std::array::from_fn(|bin| self.bins[bin].load(Ordering::Relaxed));
        let sum = self.sum.load(Ordering::Relaxed);
        let count: u64 = bins
            .iter()
            .zip(&last.bins)
            .map(|(now, then): (&u32, _)| u64::from(now.wrapping_sub(*then)))
            .sum();
        let max = self.max.swap(0, Ordering::Relaxed) as f64 / 1e6;
        let mean = if count == 0 {
            0.0
        } else {
            sum.wrapping_sub(last.sum) as f64 / 1e6 / count as f64
        };
        let mut above = count / 1000;
        let mut p999 = 0.0;
        for bin in (0..BINS).rev() {
            let here = u64::from(bins[bin].wrapping_sub(last.bins[bin]));
            if here > above {
                // The upper edge of the bin: it is never less than the truth.
                let edge = (bin + 1) as f64 / 200.0;
                // The greatest load lies in this bin or above, unless somebody else has asked for it since.
                p999 = if max * 200.0 >= bin as f64 {
                    edge.min(max)
                } else {
                    edge
                };
                break;
            }
            above -= here;
        }
        LoadSnapshot {
            bins,
            sum,
            total,
            late: self.late.load(Ordering::Relaxed),
            mean,
            max,
            p999,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_tells_of_the_time_since_the_last() {
        let stats = LoadStats::default();
        (0..999).for_each(|_| stats.record(100, 1000));
        stats.record(2_500, 1000);
        let first = stats.snapshot(&LoadSnapshot::default());
        assert_eq!((first.total, first.late), (1000, 1));
        assert!((first.mean - (0.1 * 999.0 + 2.5) / 1000.0).abs() < 1e-6);
        assert!((first.max - 2.5).abs() < 1e-6);
        assert!((first.p999 - 0.105).abs() < 1e-6, "{}", first.p999);

        stats.record(500, 1000);
        let second = stats.snapshot(&first);
        assert_eq!((second.total, second.late), (1001, 1));
        assert!((second.mean - 0.5).abs() < 1e-6);
        assert!((second.p999 - 0.5).abs() < 1e-6);
    }
}
