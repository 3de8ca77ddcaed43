//! Standard MIDI files, written by hand.

use std::fs;
use std::path::{Path, PathBuf};

/// Ticks per second of the files written here.
const TICKS: f64 = 960.0;

/// Writes a standard MIDI file of these messages, each with its time in seconds, in order.
///
/// # Panics
///
/// If the file cannot be written.
#[must_use]
pub fn midi_file(folder: &Path, name: &str, messages: &[(f64, &[u8])]) -> PathBuf {
    let mut track = Vec::new();
    let mut before = 0;
    for &(seconds, message) in messages {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "some seconds"
        )]
        let now = (seconds * TICKS).round() as u32;
        track.extend(variable_length(now - before));
        track.extend(message);
        before = now;
    }
    track.extend([0, 0xff, 0x2f, 0]);
    // Format 0, one track, 480 ticks in a quarter note; there are two of those in a second if nothing else is said.
    let mut bytes = b"MThd\0\0\0\x06\0\0\0\x01\x01\xe0MTrk".to_vec();
    bytes.extend(u32::try_from(track.len()).expect("a short track").to_be_bytes());
    bytes.extend(track);
    let file = folder.join(name);
    fs::write(&file, bytes).expect("a MIDI file");
    file
}

/// A number in groups of seven bits, all but the last with the highest bit set.
fn variable_length(number: u32) -> Vec<u8> {
    let groups = (0..5)
        .rev()
        .map(|group| (number >> (7 * group)) & 0x7f)
        .skip_while(|group| *group == 0);
    let mut bytes: Vec<u8> = groups
        .filter_map(|group| u8::try_from(group | 0x80).ok())
        .collect();
    match bytes.last_mut() {
        Some(last) => *last &= 0x7f,
        None => bytes.push(0),
    }
    bytes
}
