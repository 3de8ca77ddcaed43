//! Memory that all VST3 plugins of an engine use in turn.

use super::changes::{Bucket, Changes, Point, Queue};
use super::event_list::{Events, Vst3Event};
use crate::lend::Lent;
use core::cell::Cell;
use core::fmt;

/// The memory that a [`Vst3Scratch`] is made of.
pub struct ScratchMemory {
    /// Events for a plugin. A quarter is kept for note-offs.
    pub events: Lent<[Cell<Vst3Event>]>,
    /// Parameters that change in one call. A quarter is kept for pedals that come up.
    pub queues: Lent<[Queue]>,
    /// Finds a queue: a power of two, at least twice as many places as there are queues.
    pub table: Lent<[Cell<Bucket>]>,
    /// Values of one call, as they come in.
    pub points: Lent<[Cell<Point>]>,
    /// The same in order: as many places.
    pub placed: Lent<[Cell<Point>]>,
    /// A plugin's own events.
    pub out_events: Lent<[Cell<Vst3Event>]>,
    /// The bytes of these.
    pub out_bytes: Lent<[Cell<u8>]>,
    /// Parameters that a plugin changes in one call.
    pub out_queues: Lent<[Queue]>,
    /// Finds one of these, as `table`.
    pub out_table: Lent<[Cell<Bucket>]>,
    /// Values that a plugin says in one call.
    pub out_points: Lent<[Cell<Point>]>,
}

/// The lists of one process call: events and parameter changes in both directions.
///
/// Pointers to them are only made for a process call, so until then it may move.
pub struct Vst3Scratch {
    pub(super) events: Events,
    pub(super) changes: Changes,
    pub(super) out_events: Events,
    pub(super) out_changes: Changes,
}

impl Vst3Scratch {
    /// Lists over the given memory.
    #[must_use]
    pub fn new(memory: ScratchMemory) -> Self {
        let ScratchMemory {
            events,
            queues,
            table,
            points,
            placed,
            out_events,
            out_bytes,
            out_queues,
            out_table,
            out_points,
        } = memory;
        Self {
            events: Events::new(events, None),
            changes: Changes::new(queues, points, Some(placed), table),
            out_events: Events::new(out_events, Some(out_bytes)),
            out_changes: Changes::new(out_queues, out_points, None, out_table),
        }
    }

    /// Empties all lists.
    #[inline]
    pub(super) fn clear(&self) {
        self.events.clear();
        self.changes.clear();
        self.out_events.clear();
        self.out_changes.clear();
    }

    /// Takes the number of events and points that found no room since the last call, in either direction.
    pub fn take_dropped(&mut self) -> u32 {
        self.events.take_missed()
            + self.changes.take_missed()
            + self.out_events.take_missed()
            + self.out_changes.take_missed()
    }
}

impl fmt::Debug for Vst3Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vst3Scratch").finish_non_exhaustive()
    }
}
