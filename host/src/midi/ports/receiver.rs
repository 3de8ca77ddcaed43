//! What happens to a port's messages on the port's own thread.

use super::stamps::{RESOLUTION, StampClock};
use crate::clock::monotonic_nanos;
use crate::midi::bytes::{Parser, is_ticking};
use crate::midi::held::Held;
use rt::lane::LaneSender;
use rt::wire::Stamp;

/// Longest system exclusive message that is passed on: what a lane holds.
const LONGEST: usize = 1 << 16;

/// A port's way into the engine. Its thread and main share it behind a lock, which the thread holds for the time of a
/// push into a ring, and main about once a second.
#[derive(Debug)]
pub(crate) struct Receiver {
    lane: LaneSender,
    parser: Parser,
    held: Held,
    clock: StampClock,
    oversized: u32,
}

impl Receiver {
    pub(crate) fn new(lane: LaneSender) -> Self {
        Self {
            lane,
            parser: Parser::new(LONGEST),
            held: Held::default(),
            clock: StampClock::new(RESOLUTION),
            oversized: 0,
        }
    }

    /// Takes bytes stamped with the port's own microseconds. Called on the port's thread.
    pub(crate) fn receive(&mut self, micros: u64, bytes: &[u8]) {
        let at = Stamp::Nanos(self.clock.map(micros, monotonic_nanos()));
        let Self { lane, held, .. } = self;
        self.parser.feed(bytes, &mut |message| {
            if !is_ticking(message) {
                held.see(message);
                lane.send_midi(at, message);
            }
        });
        self.oversized = self.oversized.saturating_add(self.parser.take_oversized());
    }

    /// Lets go of everything that the port holds. Called on main when the port is gone.
    pub(crate) fn release(&mut self) {
        let at = Stamp::Nanos(self.clock.map(0, monotonic_nanos()));
        let lane = &mut self.lane;
        self.held.release_all(|message| {
            lane.send_midi(at, message);
        });
    }

    /// Whether the engine that the lane leads to is gone.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.lane.is_abandoned()
    }

    /// Leads into another engine.
    pub(crate) fn redirect(&mut self, lane: LaneSender) {
        self.lane = lane;
    }

    /// Messages that found no room since the lane was opened, and those too long for it.
    pub(crate) fn dropped(&self) -> u32 {
        self.lane.dropped().saturating_add(self.oversized)
    }
}
