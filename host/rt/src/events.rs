//! What happens at a sample of a block, and the lists of it.

mod list;
#[cfg(test)]
mod tests;

pub use list::EventList;

/// One event at a sample of the block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Frames from the start of the block.
    pub time: u32,
    /// What happens.
    pub body: Body,
}

/// Which notes an event is about. A negative number means "any", as in CLAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoteAddress {
    /// The id a note was started with, or -1.
    pub id: i32,
    /// Note port index, or -1.
    pub port: i16,
    /// MIDI channel 0..=15, or -1.
    pub channel: i16,
    /// Key 0..=127, or -1.
    pub key: i16,
}

impl NoteAddress {
    /// Every note of the plugin.
    pub const ALL: Self = Self {
        id: -1,
        port: -1,
        channel: -1,
        key: -1,
    };

    /// The note of `channel` and `key` on the first note port.
    #[must_use]
    pub const fn new(channel: u8, key: u8) -> Self {
        Self {
            id: -1,
            port: 0,
            channel: channel as i16,
            key: key as i16,
        }
    }

    /// Every note of `channel` on the first note port.
    #[must_use]
    pub const fn channel(channel: u8) -> Self {
        Self {
            id: -1,
            port: 0,
            channel: channel as i16,
            key: -1,
        }
    }
}

/// A per-note expression, with CLAP's ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expression {
    /// Linear gain, 0 to 4.
    Volume,
    /// 0 left, 0.5 centre, 1 right.
    Pan,
    /// Semitones, -120 to 120.
    Tuning,
    /// 0 to 1.
    Vibrato,
    /// 0 to 1.
    Expression,
    /// 0 to 1.
    Brightness,
    /// 0 to 1.
    Pressure,
}

/// What an event says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Body {
    /// A note starts. Velocity 0 to 1.
    NoteOn {
        /// The note.
        note: NoteAddress,
        /// 0 to 1.
        velocity: f64,
    },
    /// A key is released. Velocity 0 to 1.
    NoteOff {
        /// The notes.
        note: NoteAddress,
        /// Release velocity, 0 to 1.
        velocity: f64,
    },
    /// Notes are cut at once.
    NoteChoke {
        /// The notes.
        note: NoteAddress,
    },
    /// A per-note expression.
    Expression {
        /// The notes.
        note: NoteAddress,
        /// Which expression.
        kind: Expression,
        /// In the range of `kind`.
        value: f64,
    },
    /// A MIDI 1.0 message of up to three bytes.
    Midi {
        /// Note port index.
        port: u16,
        /// Status and data; unused bytes are 0.
        data: [u8; 3],
    },
    /// A MIDI 2.0 universal packet.
    Midi2 {
        /// Note port index.
        port: u16,
        /// The packet's words.
        data: [u32; 4],
    },
    /// System exclusive; the bytes lie in the list's pool.
    SysEx {
        /// Note port index.
        port: u16,
        /// First byte in the pool.
        start: u32,
        /// Number of bytes.
        len: u32,
    },
    /// A text for notes, in UTF-16 with a zero at its end. Its bytes lie in the list's pool, in the machine's order and
    /// from an even address on.
    Text {
        /// The notes.
        note: NoteAddress,
        /// Whether it says how it sounds, in the phonetic alphabet, and not what it says.
        phonemes: bool,
        /// First byte in the pool.
        start: u32,
        /// Number of bytes, those of the zero among them.
        len: u32,
    },
    /// A parameter takes a value.
    Param {
        /// The plugin's id of the parameter.
        id: u32,
        /// The plugin's own pointer for it, as an address, or 0.
        cookie: usize,
        /// The notes it is for.
        note: NoteAddress,
        /// In the unit that the plugin's processor takes: CLAP plain, VST3 normalized.
        value: f64,
    },
    /// A parameter is modulated by a plain amount.
    ParamMod {
        /// The plugin's id of the parameter.
        id: u32,
        /// The plugin's own pointer for it, as an address, or 0.
        cookie: usize,
        /// The notes it is for.
        note: NoteAddress,
        /// Plain amount added to the value.
        amount: f64,
    },
    /// A user takes hold of a parameter.
    GestureBegin {
        /// The plugin's id of the parameter.
        id: u32,
    },
    /// A user lets go of a parameter.
    GestureEnd {
        /// The plugin's id of the parameter.
        id: u32,
    },
    /// The transport changes here; how lies in the list, under this number.
    Transport(u8),
}

impl Body {
    /// Whether it is a note or an expression of notes, which MIDI has its own words for.
    #[inline]
    #[must_use]
    pub const fn is_note(&self) -> bool {
        matches!(
            self,
            Self::NoteOn { .. } | Self::NoteOff { .. } | Self::NoteChoke { .. } | Self::Expression { .. }
        )
    }

    /// A note or an expression of notes as MIDI 1.0 says it; what it cannot say is left out.
    #[must_use]
    pub fn to_midi(&self) -> Option<[u8; 3]> {
        Some(match *self {
            // No key is no note.
            Self::NoteOn { note, .. } if note.key < 0 => return None,
            Self::NoteOn { note, velocity } => {
                [0x90 | channel(note), key(note), to_seven_bits(velocity).max(1)]
            }
            Self::NoteOff { note, .. } if note.key < 0 => [0xb0 | channel(note), 123, 0],
            Self::NoteOff { note, velocity } => [0x80 | channel(note), key(note), to_seven_bits(velocity)],
            // MIDI chokes a channel, not a note: that note is let go.
            Self::NoteChoke { note } if note.key >= 0 => [0x80 | channel(note), key(note), 127],
            Self::NoteChoke { note } => [0xb0 | channel(note), 120, 0],
            Self::Expression {
                note,
                kind: Expression::Pressure,
                value,
            } if note.key >= 0 => [0xa0 | channel(note), key(note), to_seven_bits(value)],
            Self::Expression {
                note,
                kind: Expression::Pressure,
                value,
            } => [0xd0 | channel(note), to_seven_bits(value), 0],
            _ => return None,
        })
    }

    /// Whether losing this event would leave a note or a pedal hanging.
    #[must_use]
    pub const fn is_release(&self) -> bool {
        match *self {
            Self::NoteOff { .. } | Self::NoteChoke { .. } => true,
            Self::Midi { data, .. } => is_release(data),
            _ => false,
        }
    }
}

/// Whether an event begins a note.
pub(crate) const fn starts_note(body: &Body) -> bool {
    match *body {
        Body::NoteOn { .. } => true,
        Body::Midi { data, .. } => data[0] & 0xf0 == 0x90 && data[2] > 0,
        // The packet says what it is; that it may be a note is enough.
        Body::Midi2 { .. } => true,
        _ => false,
    }
}

#[expect(clippy::cast_sign_loss, reason = "clamped to a channel's range")]
fn channel(note: NoteAddress) -> u8 {
    note.channel.clamp(0, 15) as u8
}

#[expect(clippy::cast_sign_loss, reason = "clamped to a key's range")]
fn key(note: NoteAddress) -> u8 {
    note.key.clamp(0, 127) as u8
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to seven bits"
)]
fn to_seven_bits(value: f64) -> u8 {
    (value * 127.0 + 0.5).clamp(0.0, 127.0) as u8
}

/// Whether a MIDI message lets something go: note-off, pedal-up, all notes or all sound off, reset.
#[must_use]
pub const fn is_release(data: [u8; 3]) -> bool {
    match data[0] & 0xf0 {
        0x80 => true,
        0x90 => data[2] == 0,
        0xb0 => match data[1] {
            64 | 66 | 67 | 69 => data[2] < 64,
            120 | 121 | 123..=127 => true,
            _ => false,
        },
        0xf0 => data[0] == 0xff,
        _ => false,
    }
}
