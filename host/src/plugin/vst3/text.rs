//! Text between Rust and VST3: UTF-16 in arrays of 128, and C strings.
//!
//! Plugins leave the terminator out, cut characters in half and write nothing at all; none of that is an error here.

use std::ffi::{CStr, c_char};
use vst3::Steinberg::Vst::{String128, TChar};
use vst3::Steinberg::char8;

/// The text of an array, up to its terminator or its end. Half characters become U+FFFD.
pub(super) fn from_wide(text: &[TChar]) -> String {
    let end = text.iter().position(|&unit| unit == 0).unwrap_or(text.len());
    String::from_utf16_lossy(&text[..end])
}

/// The text of an array of bytes, up to its terminator or its end: UTF-8, as the factory's structures have it.
pub(super) fn from_narrow(text: &[char8]) -> String {
    let bytes: Vec<u8> = text
        .iter()
        .map(|&unit| byte(unit))
        .take_while(|&byte| byte != 0)
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A C character is signed on one machine and unsigned on the next.
const fn byte(unit: c_char) -> u8 {
    unit.to_ne_bytes()[0]
}

/// Writes text and a terminator into an array, cut at a character if it is too long. Returns the units written, the
/// terminator left out.
pub(super) fn write_wide(text: &str, to: &mut [TChar]) -> usize {
    let Some(room) = to.len().checked_sub(1) else {
        return 0;
    };
    let mut at = 0;
    for character in text.chars() {
        let mut units = [0; 2];
        let units = character.encode_utf16(&mut units);
        if at + units.len() > room {
            break;
        }
        to[at..at + units.len()].copy_from_slice(units);
        at += units.len();
    }
    to[at] = 0;
    at
}

/// Text as an array of 128, cut at a character, the rest of the array zero.
pub(super) fn wide(text: &str) -> String128 {
    let mut array = [0; 128];
    write_wide(text, &mut array);
    array
}

/// The units of a string that a plugin passes by its address; `None` for null.
///
/// # Safety
///
/// The pointer is null or leads to a string with its terminator, which stays as it is while the result lives.
pub(super) unsafe fn units<'a>(text: *const TChar) -> Option<&'a [TChar]> {
    if text.is_null() {
        return None;
    }
    let mut len = 0;
    // SAFETY: not null, so by this function's contract everything up to the terminator may be read.
    while unsafe { text.add(len).read() } != 0 {
        len += 1;
    }
    // SAFETY: `len` units were just read.
    Some(unsafe { std::slice::from_raw_parts(text, len) })
}

/// A C string that a plugin passes by its address; `None` for null.
///
/// # Safety
///
/// As for [`units`].
pub(super) unsafe fn c_str<'a>(text: *const char8) -> Option<&'a CStr> {
    // SAFETY: checked for null; the rest is this function's contract.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_terminator_ends_at_the_arrays_end() {
        let full = [u16::from(b'x'); 128];
        assert_eq!(from_wide(&full), "x".repeat(128));
        assert_eq!(from_wide(&[]), "");
        let narrow = [c_char::try_from(b'y').unwrap(); 4];
        assert_eq!(from_narrow(&narrow), "yyyy");
    }

    #[test]
    fn half_characters_are_shown_as_such() {
        assert_eq!(from_wide(&[0xD83C, u16::from(b'a'), 0, 7]), "\u{FFFD}a");
        let latin: Vec<c_char> = [b'a', 0xE9, 0, b'z']
            .map(|byte| c_char::from_ne_bytes([byte]))
            .into();
        assert_eq!(from_narrow(&latin), "a\u{FFFD}");
    }

    #[test]
    fn long_text_is_cut_at_a_character() {
        let mut five = [9; 5];
        assert_eq!(write_wide("abc🎹", &mut five), 3);
        assert_eq!(five, [97, 98, 99, 0, 9]);
        assert_eq!(write_wide("ab🎹", &mut five), 4);
        assert_eq!(from_wide(&five), "ab🎹");
        assert_eq!(write_wide("a", &mut []), 0);
        let long = wide(&"é".repeat(300));
        assert_eq!(from_wide(&long), "é".repeat(127));
        assert_eq!(long[127], 0);
    }

    #[test]
    fn strings_by_address() {
        let text = wide("Kla\u{301}vír");
        // SAFETY: null, or arrays of this test with their terminators.
        unsafe {
            assert_eq!(
                units(text.as_ptr()).map(from_wide).as_deref(),
                Some("Kla\u{301}vír")
            );
            assert_eq!(units(std::ptr::null()), None);
            assert_eq!(c_str(c"id".as_ptr()), Some(c"id"));
            assert_eq!(c_str(std::ptr::null()), None);
        }
    }
}
