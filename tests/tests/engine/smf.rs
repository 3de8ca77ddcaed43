//! Standard MIDI files made in memory.

/// Frames of a tick at 48 kHz: 480 ticks to a quarter note at 120 quarter notes a minute.
pub const TICK: usize = 50;

/// A file with one track.
#[derive(Debug, Default)]
pub struct Smf {
    track: Vec<u8>,
    now: usize,
}

impl Smf {
    /// A file without events.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a message at a tick, which must not lie before the last one's.
    pub fn at(&mut self, tick: usize, message: &[u8]) {
        self.delta(tick);
        match message {
            [0xf0, rest @ ..] => {
                self.track.push(0xf0);
                self.number(rest.len());
                self.track.extend(rest);
            }
            message => self.track.extend(message),
        }
    }

    /// The file's bytes; the track ends with its last event.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"MThd\0\0\0\x06\0\0\0\x01\x01\xe0MTrk".to_vec();
        let end = [0, 0xff, 0x2f, 0];
        let length = u32::try_from(self.track.len() + end.len()).unwrap();
        bytes.extend(length.to_be_bytes());
        bytes.extend(&self.track);
        bytes.extend(end);
        bytes
    }

    fn delta(&mut self, tick: usize) {
        let delta = tick.checked_sub(self.now).expect("messages in order of time");
        self.now = tick;
        self.number(delta);
    }

    fn number(&mut self, number: usize) {
        for shift in [21, 14, 7] {
            if number >> shift > 0 {
                self.track
                    .push(u8::try_from(number >> shift & 0x7f).unwrap() | 0x80);
            }
        }
        self.track.push(u8::try_from(number & 0x7f).unwrap());
    }
}
