//! From bytes as they come to whole messages.

/// Cuts a stream of MIDI bytes into messages.
///
/// A system exclusive message may come in any number of pieces, with real-time messages inside it; running status is
/// understood. As the MIDI 1.0 specification says, any status byte but a real-time one ends a system exclusive message.
#[derive(Debug)]
pub(crate) struct Parser {
    sysex: Vec<u8>,
    in_sysex: bool,
    limit: usize,
    message: [u8; 3],
    have: usize,
    need: usize,
    oversized: u32,
}

impl Parser {
    /// A parser that drops system exclusive messages of more than `limit` bytes.
    pub(crate) const fn new(limit: usize) -> Self {
        Self {
            sysex: Vec::new(),
            in_sysex: false,
            limit,
            message: [0; 3],
            have: 0,
            need: 0,
            oversized: 0,
        }
    }

    /// Takes bytes and hands every message that they complete to `each`.
    pub(crate) fn feed(&mut self, bytes: &[u8], each: &mut dyn FnMut(&[u8])) {
        for &byte in bytes {
            match byte {
                // Undefined; no receiver may act on them.
                0xf9 | 0xfd => {}
                0xf8.. => each(&[byte]),
                0xf7 => {
                    self.finish(each);
                    self.need = 0;
                }
                0x80.. => {
                    self.finish(each);
                    self.status(byte, each);
                }
                _ if self.in_sysex => self.sysex_byte(byte),
                _ => self.data(byte, each),
            }
        }
    }

    /// Ends a system exclusive message that is still open, as its end byte would.
    pub(crate) fn finish(&mut self, each: &mut dyn FnMut(&[u8])) {
        if !self.in_sysex {
            return;
        }
        self.in_sysex = false;
        // One byte more than the limit marks a message that did not fit.
        if self.sysex.len() >= self.limit {
            self.oversized = self.oversized.saturating_add(1);
        } else {
            self.sysex.push(0xf7);
            each(&self.sysex);
        }
        self.sysex.clear();
    }

    /// Takes the number of system exclusive messages that were too long since the last call.
    pub(crate) const fn take_oversized(&mut self) -> u32 {
        core::mem::replace(&mut self.oversized, 0)
    }

    fn status(&mut self, byte: u8, each: &mut dyn FnMut(&[u8])) {
        self.have = 1;
        self.message = [byte, 0, 0];
        self.need = match byte {
            0xf0 => {
                self.in_sysex = true;
                self.sysex_byte(byte);
                0
            }
            0xc0..=0xdf | 0xf1 | 0xf3 => 2,
            0xf2 | 0x80..=0xef => 3,
            0xf6 => {
                each(&[byte]);
                0
            }
            _ => 0,
        };
    }

    fn sysex_byte(&mut self, byte: u8) {
        if self.sysex.len() < self.limit {
            self.sysex.push(byte);
        }
    }

    fn data(&mut self, byte: u8, each: &mut dyn FnMut(&[u8])) {
        // A data byte without a status that asks for it: the tail of something whose head was lost.
        if self.need == 0 {
            return;
        }
        self.message[self.have] = byte;
        self.have += 1;
        if self.have == self.need {
            each(&self.message[..self.need]);
            self.have = 1;
            // Running status is for channel messages alone.
            if self.message[0] >= 0xf0 {
                self.need = 0;
            }
        }
    }
}

/// Whether a message only says that time passes or that a cable is plugged in: clock, time code, active sensing.
pub(crate) const fn is_ticking(message: &[u8]) -> bool {
    matches!(*message, [0xf1 | 0xf8 | 0xfe, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut parser = Parser::new(8);
        let mut messages = Vec::new();
        for piece in pieces {
            parser.feed(piece, &mut |message| messages.push(message.to_vec()));
        }
        messages
    }

    #[test]
    fn messages_of_all_lengths_are_cut_out() {
        let stream = [
            0x90, 60, 100, 62, 0, 0xc1, 5, 0xe0, 1, 2, 0xf2, 3, 4, 0xf6, 0xd0, 9,
        ];
        let expected: [&[u8]; 7] = [
            &[0x90, 60, 100],
            &[0x90, 62, 0],
            &[0xc1, 5],
            &[0xe0, 1, 2],
            &[0xf2, 3, 4],
            &[0xf6],
            &[0xd0, 9],
        ];
        assert_eq!(parse(&[&stream]), expected);
        let single: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(parse(&single), expected);
    }

    #[test]
    fn system_exclusive_in_pieces_is_joined() {
        let expected: [&[u8]; 2] = [&[0xfa], &[0xf0, 1, 2, 3, 0xf7]];
        assert_eq!(parse(&[&[0xf0, 1], &[2, 0xfa, 3], &[0xf7]]), expected);
    }

    #[test]
    fn an_unended_system_exclusive_ends_at_the_next_status() {
        let expected: [&[u8]; 2] = [&[0xf0, 1, 0xf7], &[0x80, 1, 2]];
        assert_eq!(parse(&[&[0xf0, 1, 0x80, 1, 2]]), expected);
    }

    #[test]
    fn a_system_exclusive_over_the_limit_is_counted() {
        let mut parser = Parser::new(8);
        let mut longest = 0;
        parser.feed(
            &[0xf0, 1, 2, 3, 4, 5, 6, 0xf7, 0xf0, 1, 2, 3, 4, 5, 6, 7, 8, 0xf7],
            &mut |message| {
                longest = message.len();
            },
        );
        assert_eq!(
            (longest, parser.take_oversized(), parser.take_oversized()),
            (8, 1, 0)
        );
    }

    #[test]
    fn stray_data_is_dropped() {
        assert!(parse(&[&[1, 2, 3, 0xf7, 4, 0xf9, 0xf4, 5]]).is_empty());
    }
}
