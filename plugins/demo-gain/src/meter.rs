//! A peak meter: how the level gets from the audio thread to the editor, and how it falls there.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// The most channels that are metered.
pub const CHANNELS: usize = 2;

/// The highest peaks since the editor last looked. The audio thread writes, the editor's thread reads; neither waits.
#[derive(Debug, Default)]
pub struct Meter {
    /// The bits of the peaks. Positive floats are ordered like their bits, so that a maximum of integers will do, and
    /// that is a single atomic instruction.
    peaks: [AtomicU32; CHANNELS],
    channels: AtomicUsize,
}

impl Meter {
    /// Sets how many channels there are.
    pub fn set_channels(&self, channels: usize) {
        self.channels.store(channels.min(CHANNELS), Ordering::Relaxed);
    }

    /// How many channels there are.
    pub fn channels(&self) -> usize {
        self.channels.load(Ordering::Relaxed)
    }

    /// Takes the peak of a block of `channel`. A channel beyond the last and a level that is no number are not shown.
    pub fn record(&self, channel: usize, peak: f32) {
        if let Some(highest) = self.peaks.get(channel).filter(|_| peak >= 0.0) {
            highest.fetch_max(peak.to_bits(), Ordering::Relaxed);
        }
    }

    /// Gives the highest peak of `channel` since the last call, and starts anew.
    pub fn take(&self, channel: usize) -> f32 {
        self.peaks
            .get(channel)
            .map_or(0.0, |peak| f32::from_bits(peak.swap(0, Ordering::Relaxed)))
    }
}

/// What lies below the meter's range, in dB.
pub const BOTTOM_DB: f32 = -60.0;
/// How fast the bar falls, in dB per second. It rises at once.
const FALL: f32 = 24.0;
/// How long the highest peak stays marked, in seconds.
const HOLD: f32 = 1.5;

/// One channel as it is drawn: a bar that falls slowly, and the highest peak of the last while.
#[derive(Debug, Clone, Copy)]
pub struct Needle {
    bar: f32,
    peak: f32,
    held: f32,
}

impl Default for Needle {
    fn default() -> Self {
        Self {
            bar: BOTTOM_DB,
            peak: BOTTOM_DB,
            held: 0.0,
        }
    }
}

impl Needle {
    /// Takes a peak that occurred within the last `seconds`.
    pub fn update(&mut self, peak: f32, seconds: f32) {
        let level = (20.0 * peak.log10()).max(BOTTOM_DB);
        self.bar = level.max(self.bar - FALL * seconds).max(BOTTOM_DB);
        self.held += seconds;
        if level >= self.peak {
            self.peak = level;
            self.held = 0.0;
        } else if self.held > HOLD {
            self.peak = (self.peak - FALL * seconds).max(self.bar);
        }
    }

    /// The end of the bar in dB.
    pub fn bar(&self) -> f32 {
        self.bar
    }

    /// The marked peak in dB.
    pub fn peak(&self) -> f32 {
        self.peak
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_peak_is_taken_once() {
        let meter = Meter::default();
        meter.set_channels(2);
        for peak in [0.25, 0.75, 0.5, f32::NAN] {
            meter.record(0, peak);
        }
        meter.record(5, 1.0);
        assert_eq!(meter.take(0), 0.75);
        assert_eq!(meter.take(0), 0.0);
        assert_eq!(meter.take(1), 0.0);
    }

    #[test]
    fn no_peak_is_lost_between_two_threads() {
        let meter = Meter::default();
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| (1..=10_000u16).for_each(|i| meter.record(0, f32::from(i))));
            let mut highest = 0.0f32;
            while !writer.is_finished() {
                highest = highest.max(meter.take(0));
            }
            assert_eq!(highest.max(meter.take(0)), 10_000.0);
        });
    }

    #[test]
    fn the_needle_rises_at_once_falls_slowly_and_holds() {
        let mut needle = Needle::default();
        needle.update(1.0, 0.02);
        assert_eq!((needle.bar(), needle.peak()), (0.0, 0.0));
        for _ in 0..50 {
            needle.update(0.0, 0.02);
        }
        assert!((needle.bar() + 24.0).abs() < 0.01);
        assert_eq!(needle.peak(), 0.0);
        for _ in 0..500 {
            needle.update(0.0, 0.02);
        }
        assert_eq!((needle.bar(), needle.peak()), (BOTTOM_DB, BOTTOM_DB));
    }
}
