//! One block's events: bounded, sorted by time, overflow counted.

use super::{Body, Event, NoteAddress};
use crate::lend::Lent;
use crate::transport::Transport;

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
