//! The id of a class, as text and as bytes.

use std::ffi::c_char;
use std::fmt;
use vst3::Steinberg::TUID;

/// Where each byte of the text lies among the bytes in memory. Windows keeps ids as its own structure of a 32-bit and
/// two 16-bit numbers, lowest byte first; elsewhere the order is that of the text.
const PLACES: [usize; 16] = if cfg!(windows) {
    [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]
} else {
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
};

/// The id of a class. Its text, 32 hexadecimal digits in capitals, is the same on every system; its bytes are not.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::plugin) struct ClassId(TUID);

impl ClassId {
    /// Reads the text, also in small letters and with the braces and dashes that Windows writes.
    pub(in crate::plugin) fn parse(text: &str) -> Option<Self> {
        let text = text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'))
            .unwrap_or(text);
        let mut digits = text.bytes().filter(|&byte| byte != b'-');
        let mut id = [0; 16];
        for place in PLACES {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let value = digit(digits.next()?)? << 4 | digit(digits.next()?)?;
            id[place] = c_char::from_ne_bytes([u8::try_from(value).ok()?]);
        }
        digits.next().is_none().then_some(Self(id))
    }

    /// The id that a plugin gave.
    pub(in crate::plugin) const fn from_tuid(id: &TUID) -> Self {
        Self(*id)
    }

    /// The id as plugins take it.
    pub(in crate::plugin) const fn as_tuid(&self) -> &TUID {
        &self.0
    }

    /// Whether every byte is zero, which names no class.
    pub(in crate::plugin) fn is_zero(&self) -> bool {
        self.0 == [0; 16]
    }
}

impl fmt::Display for ClassId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `c_char` has a sign on some processors only, so it is taken as the byte that it is.
        PLACES
            .iter()
            .try_for_each(|&place| write!(f, "{:02X}", self.0[place].to_ne_bytes()[0]))
    }
}

impl fmt::Debug for ClassId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "4261636B6C696E65F0E1D2C3B4A59687";

    #[test]
    fn text_and_bytes_agree_with_the_order_of_this_system() {
        let bytes = vst3::uid(0x4261_636b, 0x6c69_6e65, 0xf0e1_d2c3, 0xb4a5_9687);
        let id = ClassId::from_tuid(&bytes);
        assert_eq!(id.to_string(), TEXT);
        assert_eq!(ClassId::parse(TEXT), Some(id));
        assert_eq!(*ClassId::parse(TEXT).expect("an id").as_tuid(), bytes);
        assert!(!id.is_zero());
    }

    #[test]
    fn small_letters_braces_and_dashes_are_read() {
        let id = ClassId::parse(TEXT);
        for text in [
            TEXT.to_lowercase().as_str(),
            "{4261636B-6C69-6E65-F0E1-D2C3B4A59687}",
            "4261636b-6c69-6e65-f0e1-d2c3b4a59687",
        ] {
            assert_eq!(ClassId::parse(text), id, "{text}");
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in [
            "",
            "{}",
            "org.example.piano",
            &TEXT[1..],
            &format!("{TEXT}0"),
            &format!("+{}", &TEXT[1..]),
            &format!("{{{TEXT}"),
            &TEXT.replace('6', "ö"),
        ] {
            assert_eq!(ClassId::parse(text), None, "{text}");
        }
    }
}
