//! A piece of music with all its times known beforehand: a MIDI file, ready to play at the sample.

use crate::lend::Lent;
use crate::transport::Transport;

/// One message of a piece.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    /// Frames from the start of the piece.
    pub at: u64,
    /// What happens.
    pub what: What,
}

/// What a message of a piece is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// A MIDI message.
    Midi([u8; 3]),
    /// System exclusive; the bytes lie in the piece's pool.
    SysEx {
        /// First byte in the pool.
        start: u32,
        /// Number of bytes.
        len: u32,
    },
    /// The words that the notes of a channel are sung to: UTF-16 in the machine's byte order, with a zero at its end, in the
    /// piece's pool.
    Lyric {
        /// Channel 0..=15.
        channel: u8,
        /// First byte in the pool.
        start: u32,
        /// Number of bytes.
        len: u32,
    },
    /// Tempo or metre change; the position fields tell the song position here.
    Transport(Transport),
}

/// A piece of music, built by `host` for one sample rate.
#[derive(Debug)]
pub struct Sequence {
    notes: Lent<[Note]>,
    bytes: Lent<[u8]>,
    length: u64,
    looped: bool,
    next: usize,
    position: u64,
    playing: bool,
}

impl Sequence {
    /// A piece of `length` frames, stopped at its start. `notes` must be in order of time.
    ///
    /// A looped piece begins again after `length` frames, exactly; one of no length is not looped.
    #[must_use]
    pub const fn new(notes: Lent<[Note]>, bytes: Lent<[u8]>, length: u64, looped: bool) -> Self {
        Self {
            notes,
            bytes,
            length,
            looped: looped && length > 0,
            next: 0,
            position: 0,
            playing: false,
        }
    }

    /// Starts or stops; the position stays.
    pub const fn play(&mut self, playing: bool) {
        self.playing = playing;
    }

    /// Whether it plays.
    #[must_use]
    pub const fn is_playing(&self) -> bool {
        self.playing
    }

    /// Frames to the end of the piece.
    pub(crate) const fn left(&self) -> u64 {
        self.length.saturating_sub(self.position)
    }

    /// Whether it begins again at its end.
    pub(crate) const fn is_looped(&self) -> bool {
        self.looped
    }

    /// The bytes of a [`What::SysEx`] or [`What::Lyric`]; empty if they lie outside the pool.
    #[must_use]
    pub fn bytes(&self, start: u32, len: u32) -> &[u8] {
        let start = start as usize;
        self.bytes
            .get(start..start.saturating_add(len as usize))
            .unwrap_or(&[])
    }

    /// Moves on by `frames` and hands each message on the way to `each`, with its offset from the present
    /// position. Returns whether the end was reached; a piece that is not looped then stops.
    pub fn advance(&mut self, frames: u32, mut each: impl FnMut(u32, &Self, &Note)) -> bool {
        if !self.playing {
            return false;
        }
        let mut done: u32 = 0;
        let mut ended = false;
        loop {
            let until = self.position + u64::from(frames - done);
            let limit = if self.looped {
                until.min(self.length)
            } else {
                until
            };
            self.play_until(limit, done, &mut each);
            if !self.looped {
                self.position = until;
                ended = until >= self.length && self.next >= self.notes.len();
                self.playing = !ended;
                return ended;
            }
            if until <= self.length {
                self.position = until;
                return ended;
            }
            // What lies at the end, or behind it, sounds with the first frame of the next round and before it.
            done += u32::try_from(self.length - self.position).unwrap_or(0);
            self.position = self.length;
            self.play_until(u64::MAX, done, &mut each);
            self.position = 0;
            self.next = 0;
            ended = true;
        }
    }

    fn play_until(&mut self, until: u64, done: u32, each: &mut impl FnMut(u32, &Self, &Note)) {
        while let Some(note) = self.notes.get(self.next).filter(|note| note.at < until) {
            // At the turn of a loop everything left over sounds at the turn itself.
            let offset = if until == u64::MAX {
                0
            } else {
                note.at.saturating_sub(self.position)
            };
            each(done + u32::try_from(offset).unwrap_or(0), self, note);
            self.next += 1;
        }
    }
}

/// The notes and pedals that a piece holds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sounding {
    /// A bit a key, a word a channel.
    notes: [u128; 16],
    /// A bit a pedal of [`PEDALS`].
    pedals: [u8; 16],
}

const PEDALS: [u8; 4] = [64, 66, 67, 69];

impl Sounding {
    /// Follows a message of the piece.
    pub(crate) fn follow(&mut self, [status, first, second]: [u8; 3]) {
        let channel = usize::from(status & 0x0f);
        let key = 1 << (first & 0x7f);
        match (status & 0xf0, first) {
            (0x90, _) if second > 0 => self.notes[channel] |= key,
            (0x80 | 0x90, _) => self.notes[channel] &= !key,
            (0xb0, 120 | 123..=127) => self.notes[channel] = 0,
            (0xb0, 121) => self.pedals[channel] = 0,
            (0xb0, _) => {
                if let Some(pedal) = PEDALS.iter().position(|&pedal| pedal == first) {
                    let bit = 1 << pedal;
                    self.pedals[channel] = self.pedals[channel] & !bit | if second >= 64 { bit } else { 0 };
                }
            }
            _ => {}
        }
    }

    /// Hands the messages that end everything held to `each` and forgets it.
    pub(crate) fn release(&mut self, mut each: impl FnMut([u8; 3])) {
        for channel in 0..16_u8 {
            let mut notes = core::mem::take(&mut self.notes[usize::from(channel)]);
            while notes != 0 {
                #[expect(clippy::cast_possible_truncation, reason = "a bit number below 128")]
                let key = notes.trailing_zeros() as u8;
                each([0x80 | channel, key, 64]);
                notes &= notes - 1;
            }
            let pedals = core::mem::take(&mut self.pedals[usize::from(channel)]);
            for (bit, controller) in PEDALS.into_iter().enumerate() {
                if pedals & 1 << bit != 0 {
                    each([0xb0 | channel, controller, 0]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::lend::testing::lend;
    use std::boxed::Box;
    use std::vec::Vec;

    fn piece(times: &[u64], length: u64, looped: bool) -> Sequence {
        let notes: Vec<Note> = times
            .iter()
            .map(|&at| Note {
                at,
                what: What::Midi([0x90, 60, 100]),
            })
            .collect();
        let mut piece = Sequence::new(lend(notes.into_boxed_slice()), lend(Box::new([])), length, looped);
        piece.play(true);
        piece
    }

    /// Absolute times of all messages in `total` frames, played in blocks of `block`.
    fn played(mut piece: Sequence, block: u32, total: u32) -> Vec<u32> {
        let mut times = Vec::new();
        for start in (0..total).step_by(block as usize) {
            piece.advance(block.min(total - start), |offset, _, _| {
                times.push(start + offset)
            });
        }
        times
    }

    #[test]
    fn a_loop_repeats_at_the_sample_for_every_block_size() {
        let expected = [0, 5, 9, 10, 15, 19, 20, 25, 29, 30];
        for block in [1, 3, 7, 10, 13, 31] {
            assert_eq!(
                played(piece(&[0, 5, 9], 10, true), block, 31),
                expected,
                "block {block}"
            );
        }
    }

    #[test]
    fn what_ends_with_the_loop_sounds_at_its_turn() {
        for block in [1, 4, 10, 25] {
            assert_eq!(
                played(piece(&[0, 10], 10, true), block, 21),
                [0, 10, 10, 20, 20],
                "block {block}"
            );
        }
    }

    #[test]
    fn a_piece_ends_once() {
        let mut piece = piece(&[0, 5], 8, false);
        assert!(!piece.advance(6, |_, _, _| {}));
        assert!(piece.advance(6, |_, _, _| panic!("nothing is left")));
        assert!(!piece.is_playing());
        assert!(!piece.advance(6, |_, _, _| {}));
    }
}
