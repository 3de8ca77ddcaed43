//! How values are written and read: times and decibels.

use std::sync::Arc;

use nice_plug::prelude::util;

/// The lowest setting of the gain. It means silence, not merely this many decibels.
pub const SILENCE_DB: f32 = -60.0;

/// A function that writes a plain value.
type Write = Arc<dyn Fn(f32) -> String + Send + Sync>;
/// A function that reads a plain value, or finds that it is none.
type Read = Arc<dyn Fn(&str) -> Option<f32> + Send + Sync>;

/// The factor for a gain in decibels.
pub fn gain(decibels: f32) -> f32 {
    if decibels <= SILENCE_DB {
        0.0
    } else {
        util::db_to_gain(decibels)
    }
}

/// Writes decibels, without the unit.
pub fn from_decibels() -> Write {
    Arc::new(|decibels| {
        // The sum with zero turns a negative zero into zero: "-0.0 dB" looks like a fault.
        let rounded = (decibels * 10.0).round() / 10.0 + 0.0;
        if decibels <= SILENCE_DB {
            "-inf".to_owned()
        } else {
            format!("{rounded:.1}")
        }
    })
}

/// Reads decibels, with or without the unit.
pub fn to_decibels() -> Read {
    Arc::new(|text| {
        let number = text.trim().trim_end_matches(['d', 'D', 'b', 'B']).trim_end();
        if number.eq_ignore_ascii_case("-inf") {
            return Some(SILENCE_DB);
        }
        number.parse().ok().filter(|decibels: &f32| decibels.is_finite())
    })
}

/// Writes a time, with the unit that suits it.
pub fn from_seconds() -> Write {
    Arc::new(|seconds| {
        if seconds < 0.099_95 {
            format!("{:.1} ms", seconds * 1000.0)
        } else if seconds < 0.999_5 {
            format!("{:.0} ms", seconds * 1000.0)
        } else {
            format!("{seconds:.2} s")
        }
    })
}

/// Reads a time. Without a unit it is in milliseconds.
pub fn to_seconds() -> Read {
    Arc::new(|text| {
        let text = text.trim().to_ascii_lowercase();
        let (number, unit) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
            (Some(number), _) => (number, 0.001),
            (None, Some(number)) => (number, 1.0),
            (None, None) => (text.as_str(), 0.001),
        };
        let value: f32 = number.trim_end().parse().ok()?;
        value.is_finite().then_some(value * unit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_any_unit() {
        let read = to_seconds();
        assert_eq!(read("250"), Some(0.25));
        assert_eq!(read(" 250 MS "), Some(0.25));
        assert_eq!(read("1.5 s"), Some(1.5));
        assert_eq!(read("soon"), None);
        assert_eq!(read("inf s"), None);
        assert_eq!(from_seconds()(0.006), "6.0 ms");
        assert_eq!(from_seconds()(0.9996), "1.00 s");
    }

    #[test]
    fn decibels_are_read_with_and_without_unit() {
        let read = to_decibels();
        assert_eq!(read("-6"), Some(-6.0));
        assert_eq!(read("+3.5 dB"), Some(3.5));
        assert_eq!(read("-inf dB"), Some(SILENCE_DB));
        assert_eq!(read("loud"), None);
        assert_eq!(from_decibels()(-0.01), "0.0");
        assert_eq!(from_decibels()(SILENCE_DB), "-inf");
    }

    #[test]
    fn the_bottom_of_the_gain_is_silence() {
        assert_eq!(gain(SILENCE_DB), 0.0);
        assert_eq!(gain(0.0), 1.0);
        assert!((gain(-6.0) - 0.501).abs() < 0.001);
    }
}
