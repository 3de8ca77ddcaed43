use std::fmt;
use std::str::FromStr;

use super::{BadValue, quoted, serialize_as_text};

/// Keys from `low` to `high`, both included, 0 to 127. In the file `"A0..C8"`, `"21..108"`, or one key.
///
/// Middle C is C4, key 60; the lowest key is C-1, the highest G9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyRange {
    /// Lowest key.
    pub low: u8,
    /// Highest key, not below `low`.
    pub high: u8,
}

impl Default for KeyRange {
    fn default() -> Self {
        Self { low: 0, high: 127 }
    }
}

impl KeyRange {
    /// Whether the range has this key.
    pub fn contains(&self, key: u8) -> bool {
        (self.low..=self.high).contains(&key)
    }
}

impl fmt::Display for KeyRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", note_name(self.low), note_name(self.high))
    }
}

impl FromStr for KeyRange {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let key = |part: &str| {
            parse_note(part).ok_or_else(|| {
                BadValue::new(
                    format!("{} is no key", quoted(part.trim())),
                    "write notes or numbers as in \"A0..C8\" or \"21..108\" (middle C is C4 or 60, all keys are \
                     C-1..G9)",
                )
            })
        };
        let (low, high) = text.split_once("..").unwrap_or((text, text));
        let (low, high) = (key(low)?, key(high)?);
        if low > high {
            return Err(BadValue::new(
                format!("the range {} begins above its end", quoted(text)),
                format!("write \"{}..{}\"", note_name(high), note_name(low)),
            ));
        }
        Ok(Self { low, high })
    }
}

/// Note-on velocities from `low` to `high`, both included, 1 to 127. In the file `"1..127"`, or one velocity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VelocityRange {
    /// Softest velocity.
    pub low: u8,
    /// Hardest velocity, not below `low`.
    pub high: u8,
}

impl Default for VelocityRange {
    fn default() -> Self {
        Self { low: 1, high: 127 }
    }
}

impl VelocityRange {
    /// Whether the range has this velocity.
    pub fn contains(&self, velocity: u8) -> bool {
        (self.low..=self.high).contains(&velocity)
    }
}

impl fmt::Display for VelocityRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.low, self.high)
    }
}

impl FromStr for VelocityRange {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let velocity = |part: &str| {
            part.trim()
                .parse::<u8>()
                .ok()
                .filter(|v| (1..=127).contains(v))
                .ok_or_else(|| {
                    BadValue::new(
                        format!("{} is no velocity", quoted(part.trim())),
                        "write velocities from 1 to 127 as in \"1..127\"",
                    )
                })
        };
        let (low, high) = text.split_once("..").unwrap_or((text, text));
        let (low, high) = (velocity(low)?, velocity(high)?);
        if low > high {
            return Err(BadValue::new(
                format!("the range {} begins above its end", quoted(text)),
                format!("write \"{high}..{low}\""),
            ));
        }
        Ok(Self { low, high })
    }
}

serialize_as_text!(KeyRange, VelocityRange);

/// The name of a key: 60 is `C4`, 61 `C#4`, 0 `C-1`.
pub fn note_name(key: u8) -> String {
    const NAMES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
    format!("{}{}", NAMES[usize::from(key % 12)], i16::from(key / 12) - 1)
}

/// The key of a name or number: `C4`, `c4`, `Db4`, `F#-1`, `60`. `None` for anything else and for notes
/// outside 0 to 127.
pub fn parse_note(text: &str) -> Option<u8> {
    let text = text.trim();
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return text.parse().ok().filter(|key| *key <= 127);
    }
    let mut rest = text.chars();
    let step: i16 = match rest.next()?.to_ascii_uppercase() {
        'C' => 0,
        'D' => 2,
        'E' => 4,
        'F' => 5,
        'G' => 7,
        'A' => 9,
        'B' => 11,
        _ => return None,
    };
    let after_letter = rest.as_str();
    let (accidental, octave) = match rest.next()? {
        '#' | '\u{266f}' => (1, rest.as_str()),
        'b' | '\u{266d}' => (-1, rest.as_str()),
        _ => (0, after_letter),
    };
    // `str::parse` would take "+4" too.
    if octave.starts_with('+') {
        return None;
    }
    let octave: i16 = octave.parse().ok().filter(|octave| (-2..=10).contains(octave))?;
    u8::try_from((octave + 1) * 12 + step + accidental)
        .ok()
        .filter(|key| *key <= 127)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_keys_round_trip() {
        for key in 0..=127 {
            assert_eq!(parse_note(&note_name(key)), Some(key), "{}", note_name(key));
            assert_eq!(parse_note(&key.to_string()), Some(key));
        }
    }

    #[test]
    fn ranges_round_trip() {
        for low in 0..=127_u8 {
            for high in low..=127 {
                let keys = KeyRange { low, high };
                assert_eq!(keys.to_string().parse(), Ok(keys));
                if low > 0 {
                    let velocity = VelocityRange { low, high };
                    assert_eq!(velocity.to_string().parse(), Ok(velocity));
                }
            }
        }
    }

    #[test]
    fn the_anchors_are_where_the_documentation_puts_them() {
        for (name, key) in [
            ("C4", 60),
            ("A0", 21),
            ("C8", 108),
            ("C-1", 0),
            ("G9", 127),
            ("Bb3", 58),
            ("bb3", 58),
            ("b3", 59),
            ("B#3", 60),
            ("Cb4", 59),
            ("F\u{266f}2", 42),
            (" e4 ", 64),
        ] {
            assert_eq!(parse_note(name), Some(key), "{name}");
        }
    }

    #[test]
    fn what_is_no_note_is_refused() {
        for name in [
            "",
            "H2",
            "C",
            "C#",
            "G#9",
            "Cb-1",
            "128",
            "-1",
            "C+4",
            "C44444444444",
            "C4.",
            "C 4 x",
        ] {
            assert_eq!(parse_note(name), None, "{name}");
        }
    }

    #[test]
    fn a_range_may_mix_notes_and_numbers_or_be_one_key() {
        assert_eq!("21 .. C8".parse(), Ok(KeyRange { low: 21, high: 108 }));
        assert_eq!("C4".parse(), Ok(KeyRange { low: 60, high: 60 }));
        assert_eq!("C-1..G9".parse(), Ok(KeyRange::default()));
    }

    #[test]
    fn a_range_upside_down_says_how_to_write_it() {
        let sentence = "C5..C4".parse::<KeyRange>().unwrap_err().to_string();
        assert_eq!(
            sentence,
            "the range \"C5..C4\" begins above its end; write \"C4..C5\""
        );
        let sentence = "0..127".parse::<VelocityRange>().unwrap_err().to_string();
        assert_eq!(
            sentence,
            "\"0\" is no velocity; write velocities from 1 to 127 as in \"1..127\""
        );
    }
}
