//! The parameters as hosts see them.

use std::sync::Arc;

use nice_plug::prelude::*;

use crate::gain::{GLIDE, SILENCE_DB};
use demo_window::WindowMemory;

/// All parameters of the plugin, and what else it saves.
///
/// The ids in the attributes are written into every project and preset: they must never change. Names may.
#[derive(Params)]
pub struct GainParams {
    /// The size of the editor, kept with the settings.
    #[persist = "window"]
    pub window: WindowMemory,
    /// The gain in dB. Its lowest value is silence.
    #[id = "gain"]
    pub gain: FloatParam,
    /// The pan, -1 (left) to 1 (right).
    #[id = "pan"]
    pub pan: FloatParam,
    /// Lets the sound through as it is. Marked as the bypass, so that hosts can tie their own switch to it.
    #[id = "bypass"]
    pub bypass: BoolParam,
}

impl Default for GainParams {
    fn default() -> Self {
        Self {
            window: WindowMemory::new(crate::editor::DEFAULT_SIZE),
            // In decibels, not as a factor: half the travel of a fader is then half the way for the ear.
            gain: FloatParam::new(
                "Gain",
                0.0,
                FloatRange::Linear {
                    min: SILENCE_DB,
                    max: 12.0,
                },
            )
            .with_smoother(GLIDE)
            .with_unit(" dB")
            .with_value_to_string(Arc::new(write_decibels))
            .with_string_to_value(Arc::new(read_decibels)),
            pan: FloatParam::new("Pan", 0.0, FloatRange::Linear { min: -1.0, max: 1.0 })
                .with_smoother(GLIDE)
                .with_value_to_string(formatters::v2s_f32_panning())
                .with_string_to_value(formatters::s2v_f32_panning()),
            bypass: BoolParam::new("Bypass", false)
                .with_value_to_string(formatters::v2s_bool_bypass())
                .with_string_to_value(formatters::s2v_bool_bypass())
                .make_bypass(),
        }
    }
}

/// Writes decibels, without the unit.
fn write_decibels(decibels: f32) -> String {
    // The sum with zero turns a negative zero into zero: "-0.0 dB" looks like a fault.
    let rounded = (decibels * 10.0).round() / 10.0 + 0.0;
    if decibels <= SILENCE_DB {
        "-inf".to_owned()
    } else {
        format!("{rounded:.1}")
    }
}

/// Reads decibels, with or without the unit.
fn read_decibels(text: &str) -> Option<f32> {
    let number = text.trim().trim_end_matches(['d', 'D', 'b', 'B']).trim_end();
    if number.eq_ignore_ascii_case("-inf") {
        return Some(SILENCE_DB);
    }
    number.parse().ok().filter(|decibels: &f32| decibels.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decibels_are_read_with_and_without_unit() {
        assert_eq!(read_decibels("-6"), Some(-6.0));
        assert_eq!(read_decibels(" +3.5 dB"), Some(3.5));
        assert_eq!(read_decibels("-INF db"), Some(SILENCE_DB));
        assert_eq!(read_decibels("loud"), None);
        assert_eq!(read_decibels("nan"), None);
    }

    #[test]
    fn what_is_written_can_be_read() {
        let gain = GainParams::default().gain;
        for text in ["-inf dB", "-12.5 dB", "0.0 dB", "12.0 dB"] {
            let normalized = gain.string_to_normalized_value(text).unwrap();
            assert_eq!(gain.normalized_value_to_string(normalized, true), text);
        }
    }

    #[test]
    fn the_bypass_is_marked_as_such() {
        let params = GainParams::default();
        assert!(params.bypass.flags().contains(ParamFlags::BYPASS));
        assert!(!params.bypass.value());
    }
}
