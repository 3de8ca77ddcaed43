//! One block's events: bounded, sorted by time, overflow counted.

use crate::lend::Lent;
use crate::transport::Transport;

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

/// Changes of the transport that a list holds.
const TRANSPORTS: usize = 16;

/// A bounded list of events in order of time, with a pool for system exclusive bytes.
///
/// Memory comes from the main thread and never grows. A part of the places is kept for releases, so that a flood
/// of other events cannot push out a note-off.
#[derive(Debug)]
pub struct EventList {
    events: Lent<[Event]>,
    /// What the transport changes to, kept apart because it is larger than all else that an event says.
    transports: [Transport; TRANSPORTS],
    told: u8,
    len: usize,
    /// Time of the last event; 0 while there is none.
    latest: u32,
    bytes: Lent<[u8]>,
    used: usize,
    dropped: u32,
    /// Places for events of any kind.
    limit: usize,
}

impl EventList {
    /// An empty list over the given memory. A quarter of `events` is kept for releases.
    #[must_use]
    pub fn new(events: Lent<[Event]>, bytes: Lent<[u8]>) -> Self {
        Self {
            limit: places(&events),
            events,
            transports: [Transport::STOPPED; TRANSPORTS],
            told: 0,
            len: 0,
            latest: 0,
            bytes,
            used: 0,
            dropped: 0,
        }
    }

    /// Forgets all events and bytes; the count of dropped ones stays.
    #[inline]
    pub fn clear(&mut self) {
        self.told = 0;
        self.len = 0;
        self.latest = 0;
        self.used = 0;
    }

    /// The events in order of time.
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[Event] {
        &self.events[..self.len]
    }

    /// Number of events.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no event.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of events that events of any kind may still be pushed.
    #[must_use]
    pub fn room(&self) -> usize {
        self.limit.saturating_sub(self.len)
    }

    /// Number of free bytes in the pool.
    #[must_use]
    pub fn byte_room(&self) -> usize {
        self.bytes.len() - self.used
    }

    /// Whether nothing lies in the pool.
    #[must_use]
    pub const fn pool_is_empty(&self) -> bool {
        self.used == 0
    }

    /// Takes the number of events dropped since the last call.
    pub fn take_dropped(&mut self) -> u32 {
        core::mem::take(&mut self.dropped)
    }

    /// Adds an event behind those of the same time. Returns whether there was room.
    ///
    /// A [`Body::SysEx`] must point into this list's own pool: use [`push_sysex`](Self::push_sysex) or
    /// [`push_from`](Self::push_from) for those.
    #[inline(always)]
    pub fn push(&mut self, event: Event) -> bool {
        let (at, time) = (self.len, event.time);
        // Nothing reads the event before it lies there, so that one made here is written to its place at once.
        let Some(place) = self.events.get_mut(at) else {
            return self.drop_one();
        };
        *place = event;
        // By far the most frequent case: there is room, and the event is the latest yet.
        if at < self.limit && time >= self.latest {
            self.latest = time;
            self.len = at + 1;
            return true;
        }
        self.put_in_order()
    }

    /// Counts an event as dropped; there was no room.
    #[cold]
    const fn drop_one(&mut self) -> bool {
        self.dropped = self.dropped.saturating_add(1);
        false
    }

    /// Moves the event that lies behind the last one to its place. One that may not have that place stays forgotten.
    #[cold]
    #[inline(never)]
    fn put_in_order(&mut self) -> bool {
        let mut at = self.len;
        let event = self.events[at];
        if at >= self.limit && !event.body.is_release() {
            return self.drop_one();
        }
        while at > 0 && self.events[at - 1].time > event.time {
            self.events[at] = self.events[at - 1];
            at -= 1;
        }
        self.events[at] = event;
        self.latest = self.latest.max(event.time);
        self.len += 1;
        true
    }

    /// Adds a change of the transport. Returns whether there was room: a pass holds a few of them.
    pub fn push_transport(&mut self, time: u32, transport: Transport) -> bool {
        let Some(place) = self.transports.get_mut(usize::from(self.told)) else {
            self.dropped = self.dropped.saturating_add(1);
            return false;
        };
        *place = transport;
        let body = Body::Transport(self.told);
        let pushed = self.push(Event { time, body });
        self.told += u8::from(pushed);
        pushed
    }

    /// What a [`Body::Transport`] of this list says; a number that is not of this list says nothing new.
    #[must_use]
    pub fn transport(&self, number: u8) -> Transport {
        let number = usize::from(number).min(TRANSPORTS - 1);
        self.transports[number]
    }

    /// Adds a system exclusive message, copying its bytes. Returns whether there was room for all of it.
    pub fn push_sysex(&mut self, time: u32, port: u16, message: &[u8]) -> bool {
        let len = u32::try_from(message.len()).unwrap_or(u32::MAX);
        self.push_sysex_with(time, port, len, |pool| {
            pool.copy_from_slice(message);
            true
        })
    }

    /// Adds a system exclusive message of `len` bytes that `fill` writes. Returns whether there was room and `fill`
    /// had the bytes.
    pub fn push_sysex_with(
        &mut self,
        time: u32,
        port: u16,
        len: u32,
        fill: impl FnOnce(&mut [u8]) -> bool,
    ) -> bool {
        self.push_bytes(time, self.used, len, fill, |start| Body::SysEx {
            port,
            start,
            len,
        })
    }

    /// Adds a text of `len` bytes, as in [`Body::Text`], that `fill` writes. Returns whether there was room.
    pub fn push_text_with(
        &mut self,
        time: u32,
        (note, phonemes): (NoteAddress, bool),
        len: u32,
        fill: impl FnOnce(&mut [u8]),
    ) -> bool {
        let odd = self.bytes.as_ptr().wrapping_add(self.used).addr() & 1;
        let fill = |pool: &mut [u8]| {
            fill(pool);
            true
        };
        self.push_bytes(time, self.used + odd, len, fill, |start| Body::Text {
            note,
            phonemes,
            start,
            len,
        })
    }

    /// Adds an event with `len` bytes, that `fill` writes, from the pool's place `start` on.
    fn push_bytes(
        &mut self,
        time: u32,
        start: usize,
        len: u32,
        fill: impl FnOnce(&mut [u8]) -> bool,
        body: impl FnOnce(u32) -> Body,
    ) -> bool {
        let end = start.saturating_add(len as usize);
        let (Some(pool), Ok(start)) = (self.bytes.get_mut(start..end), u32::try_from(start)) else {
            self.dropped = self.dropped.saturating_add(1);
            return false;
        };
        let body = body(start);
        if !fill(pool) || !self.push(Event { time, body }) {
            return false;
        }
        self.used = end;
        true
    }

    /// Adds an event of another list, copying its bytes if it has any.
    #[inline]
    pub fn push_from(&mut self, other: &Self, event: &Event) -> bool {
        match event.body {
            Body::SysEx { port, start, len } => self.push_sysex(event.time, port, other.bytes(start, len)),
            Body::Text {
                note,
                phonemes,
                start,
                len,
            } => {
                let text = other.bytes(start, len);
                self.push_text_with(event.time, (note, phonemes), len, |pool| {
                    pool.copy_from_slice(text)
                })
            }
            Body::Transport(number) => self.push_transport(event.time, other.transport(number)),
            _ => self.push(*event),
        }
    }

    /// The pool's bytes of a [`Body::SysEx`] or [`Body::Text`] of this list; empty if they lie outside.
    #[must_use]
    pub fn bytes(&self, start: u32, len: u32) -> &[u8] {
        let start = start as usize;
        self.bytes
            .get(start..start.saturating_add(len as usize))
            .unwrap_or(&[])
    }

    /// Number of leading events that lie before `time`.
    #[must_use]
    pub fn before(&self, time: u32) -> usize {
        self.as_slice().partition_point(|event| event.time < time)
    }
}

/// Places that are not kept for releases.
fn places(events: &[Event]) -> usize {
    events.len() - events.len() / 4
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::lend::testing::slice;
    use std::vec::Vec;

    const NOTHING: Event = Event {
        time: 0,
        body: Body::GestureEnd { id: 0 },
    };

    fn list(events: usize, bytes: usize) -> EventList {
        EventList::new(slice(events, NOTHING), slice(bytes, 0))
    }

    fn gesture(time: u32, id: u32) -> Event {
        Event {
            time,
            body: Body::GestureBegin { id },
        }
    }

    #[test]
    fn events_are_in_order_and_equal_times_keep_theirs() {
        let mut list = list(16, 0);
        for (id, time) in (0..).zip([5, 3, 5, 0, 3]) {
            assert!(list.push(gesture(time, id)));
        }
        let order: Vec<_> = list
            .as_slice()
            .iter()
            .map(|event| (event.time, event.body))
            .collect();
        let expected = [(0, 3), (3, 1), (3, 4), (5, 0), (5, 2)];
        assert_eq!(
            order,
            expected.map(|(time, id)| (time, Body::GestureBegin { id }))
        );
        assert_eq!(list.before(5), 3);
    }

    #[test]
    fn a_flood_leaves_room_for_releases() {
        let mut list = list(8, 0);
        let pushed = (0..20).filter(|&id| list.push(gesture(0, id))).count();
        assert_eq!(pushed, 6);
        let off = Event {
            time: 1,
            body: Body::Midi {
                port: 0,
                data: [0x80, 60, 0],
            },
        };
        assert!(list.push(off));
        assert!(list.push(Event {
            time: 1,
            body: Body::Midi {
                port: 0,
                data: [0xb0, 64, 0]
            }
        }));
        assert!(!list.push(off));
        assert_eq!(list.take_dropped(), 15);
        assert_eq!(list.take_dropped(), 0);
    }

    #[test]
    fn system_exclusive_bytes_move_between_lists() {
        let mut first = list(8, 8);
        assert!(first.push_sysex(2, 0, &[0xf0, 1, 2, 0xf7]));
        assert!(!first.push_sysex(2, 0, &[0; 5]));
        let mut second = list(8, 8);
        assert!(second.push_sysex(1, 0, &[9, 9]));
        assert!(second.push_from(&first, &first.as_slice()[0]));
        let Body::SysEx { start, len, .. } = second.as_slice()[1].body else {
            panic!("not system exclusive")
        };
        assert_eq!(second.bytes(start, len), [0xf0, 1, 2, 0xf7]);
    }

    #[test]
    fn texts_move_between_lists_and_stay_even() {
        let text: Vec<u8> = [u16::from(b'a'), 0]
            .into_iter()
            .flat_map(u16::to_ne_bytes)
            .collect();
        let mut first = list(8, 8);
        assert!(first.push_sysex(0, 0, &[1]));
        let note = NoteAddress::new(0, 60);
        assert!(first.push_text_with(1, (note, true), 4, |pool| pool.copy_from_slice(&text)));
        assert!(!first.push_text_with(1, (note, true), 4, |_| unreachable!("there is no room")));
        assert_eq!(first.take_dropped(), 1);
        let mut second = list(8, 8);
        assert!(second.push_from(&first, &first.as_slice()[1]));
        for list in [&first, &second] {
            let event = list.as_slice().last().unwrap();
            let Body::Text {
                note: to,
                phonemes: true,
                start,
                len,
            } = event.body
            else {
                panic!("not a text: {event:?}")
            };
            let bytes = list.bytes(start, len);
            assert_eq!((event.time, to, bytes), (1, note, &*text));
            assert_eq!(bytes.as_ptr().addr() % 2, 0);
        }
    }

    #[test]
    fn midi_says_what_it_can_of_notes_and_no_more() {
        let note = NoteAddress::new(3, 60);
        let channel = NoteAddress::channel(3);
        let velocity = 1.0;
        assert_eq!(Body::NoteOn { note, velocity }.to_midi(), Some([0x93, 60, 127]));
        assert_eq!(
            Body::NoteOn {
                note: channel,
                velocity
            }
            .to_midi(),
            None
        );
        assert_eq!(
            Body::NoteOff {
                note: channel,
                velocity
            }
            .to_midi(),
            Some([0xb3, 123, 0])
        );
        // One note cut is one note let go; all sound off would take the channel's other notes along.
        assert_eq!(Body::NoteChoke { note }.to_midi(), Some([0x83, 60, 127]));
        assert_eq!(Body::NoteChoke { note: channel }.to_midi(), Some([0xb3, 120, 0]));
        assert_eq!(Body::GestureBegin { id: 1 }.to_midi(), None);
    }

    #[test]
    fn releases_are_known() {
        for release in [
            [0x80, 1, 1],
            [0x9f, 1, 0],
            [0xb3, 64, 63],
            [0xb0, 123, 0],
            [0xff, 0, 0],
        ] {
            assert!(is_release(release), "{release:?}");
        }
        for other in [
            [0x90, 1, 1],
            [0xb3, 64, 64],
            [0xb0, 1, 0],
            [0xf8, 0, 0],
            [0xe0, 0, 0],
        ] {
            assert!(!is_release(other), "{other:?}");
        }
    }
}
