//! From the engine's list of what plugins say to bytes for a port.

use rt::events::{Body, EventList};
use rtrb::Producer;
use std::fmt;

/// Most bytes of a message that goes to a port through a ring; the device's own port has no such limit.
pub const MAX_MESSAGE: usize = 256;

/// One message for a MIDI port.
#[derive(Clone, Copy)]
pub struct OutMessage {
    len: u16,
    bytes: [u8; MAX_MESSAGE],
}

impl OutMessage {
    /// Copies a message; `None` if it is too long.
    #[must_use]
    pub fn new(message: &[u8]) -> Option<Self> {
        let mut bytes = [0; MAX_MESSAGE];
        bytes.get_mut(..message.len())?.copy_from_slice(message);
        Some(Self {
            len: u16::try_from(message.len()).ok()?,
            bytes,
        })
    }

    /// The message's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl fmt::Debug for OutMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OutMessage({:02x?})", self.bytes())
    }
}

/// The audio thread's end of the way to MIDI output ports. What finds no room is dropped and counted.
pub struct OutputLane {
    ring: Producer<OutMessage>,
    dropped: u64,
}

impl OutputLane {
    /// A lane into a ring whose other end a thread of the MIDI room empties.
    #[must_use]
    pub const fn new(ring: Producer<OutMessage>) -> Self {
        Self { ring, dropped: 0 }
    }

    /// Sends all messages of a block.
    pub fn send(&mut self, list: &EventList) {
        each_message(list, |_, message| {
            let sent = OutMessage::new(message).is_some_and(|message| self.ring.push(message).is_ok());
            self.dropped += u64::from(!sent);
        });
    }

    /// Number of messages dropped since the lane was made.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl fmt::Debug for OutputLane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputLane")
            .field("dropped", &self.dropped)
            .finish_non_exhaustive()
    }
}

/// Hands each event that MIDI 1.0 can say to `each`, with its frame in the block. Allocates nothing.
pub fn each_message(list: &EventList, mut each: impl FnMut(u32, &[u8])) {
    for event in list.as_slice() {
        match event.body {
            Body::SysEx { start, len, .. } => each(event.time, list.bytes(start, len)),
            body => {
                if let Some((bytes, len)) = short_message(&body) {
                    each(event.time, &bytes[..len]);
                }
            }
        }
    }
}

/// A message of up to three bytes and its length.
fn short_message(body: &Body) -> Option<([u8; 3], usize)> {
    let data = match *body {
        Body::Midi { data, .. } => data,
        _ => body.to_midi()?,
    };
    let length = match data[0] {
        0xc0..=0xdf | 0xf1 | 0xf3 => 2,
        0x80..=0xef | 0xf2 => 3,
        0xf6 | 0xf8..=0xff => 1,
        _ => return None,
    };
    Some((data, length))
}
