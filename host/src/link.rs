//! Main's ends of every road to one engine.

use crate::lend::{lend, lend_slice, share};
use rt::block::Stereo;
use rt::clap::{ClapEvent, ClapScratch};
use rt::engine::EngineParts;
use rt::events::{Body, Event, EventList};
use rt::lane::{Lane, LaneSender, Owed};
use rt::rack::{Home, Scratch, Targeted};
use rt::vst3::{Bucket, Point, Queue, ScratchMemory, Vst3Event, Vst3Scratch};
use rt::wire::{Command, FromEngine, Handover, PluginAddress, Retired, Stamp};
use rt::{Engine, Lent, Slot};
use rtrb::{Consumer, Producer, RingBuffer};
use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Commands that wait in a lane: more than a second of a busy controller at the longest block.
const LANE: usize = 4096;
/// System exclusive bytes that wait in a lane.
const LANE_BYTES: usize = 1 << 16;
/// Events of one pass, of all kinds together.
const INCOMING: usize = 2048;
/// Events of one pass for one plugin: all that is incoming, every note-off of a panic, and its parameters.
const UNIT: usize = 8192;
/// Events that a VST3 plugin says in one pass.
const SAID: usize = 2048;
/// Parameters that a VST3 plugin changes in one pass, and the values that it says of them.
const SAID_PARAMETERS: usize = 1024;
const SAID_POINTS: usize = 4096;
/// Parameter events of one pass.
const TARGETED: usize = 2048;
/// Bytes of system exclusive in one pass.
const BYTES: usize = 1 << 16;
/// Reports on their way to main.
const HOME: usize = 8192;
/// Things that wait to be taken over, or to be taken apart.
const HANDED: usize = 64;

/// Main's ends of the roads to an engine.
pub struct Link {
    next: Producer<Handover>,
    retired: Consumer<Retired>,
    home: Consumer<FromEngine>,
    lane: LaneSender,
    engine_home: Option<Consumer<Lent<Engine>>>,
    max_block: usize,
}

impl Link {
    /// Builds an engine for plugins activated at `rate` and for at most `max_block` frames, and the roads to it.
    #[must_use]
    pub fn build(rate: f64, max_block: usize) -> (Self, Lent<Engine>) {
        let (next, next_end) = RingBuffer::new(HANDED);
        let (retired_end, retired) = RingBuffer::new(HANDED);
        let (home_end, home) = RingBuffer::new(HOME);
        let stereo = || Stereo::new(lend_slice(max_block, 0.0), lend_slice(max_block, 0.0));
        let list = |count| events(count, BYTES);
        let nobody = PluginAddress {
            layer: PluginAddress::MASTER,
            place: u8::MAX,
        };
        let engine = Engine::new(EngineParts {
            rate,
            max_block,
            scratch: Scratch {
                layer: list(UNIT),
                unit: list(UNIT),
                out: list(INCOMING),
                carry: list(INCOMING),
                clap: ClapScratch::new(lend_slice(UNIT, ClapEvent::default())),
                vst3: vst3_scratch(),
                chain: stereo(),
            },
            aside: stereo(),
            incoming: list(INCOMING),
            device_midi: list(INCOMING),
            midi_out: list(INCOMING),
            targeted: lend_slice(
                TARGETED,
                Targeted {
                    plugin: nobody,
                    event: NOTHING,
                },
            ),
            next: next_end,
            retired: retired_end,
            home: Home::new(home_end),
        });
        let (lane, lane_end) = lane();
        let mut link = Self {
            next,
            retired,
            home,
            lane,
            engine_home: None,
            max_block,
        };
        // The ring is new and empty, so the first thing handed over finds room.
        let handed = link.hand_over(Handover::Lane(lend(Box::new(lane_end))));
        debug_assert!(handed.is_ok());
        (link, lend(Box::new(engine)))
    }

    /// Most frames that plugins are activated for.
    #[must_use]
    pub const fn max_block(&self) -> usize {
        self.max_block
    }

    /// Hands something to the engine.
    ///
    /// # Errors
    ///
    /// Gives it back when the engine has not taken what was handed before, because no device runs it.
    pub fn hand_over(&mut self, handed: Handover) -> Result<(), Handover> {
        self.next
            .push(handed)
            .map_err(|rtrb::PushError::Full(handed)| handed)
    }

    /// Opens a new lane for another thread. It closes when the sender is dropped.
    ///
    /// # Errors
    ///
    /// `None` when the engine has not taken what was handed before.
    pub fn open_lane(&mut self) -> Option<LaneSender> {
        let (sender, end) = lane();
        self.hand_over(Handover::Lane(lend(Box::new(end)))).ok()?;
        Some(sender)
    }

    /// Sends a command on main's own lane. Returns whether it will take effect.
    pub fn send(&mut self, at: Stamp, command: Command) -> bool {
        self.lane.send(at, command)
    }

    /// Sends a MIDI message on main's own lane. Returns whether it will take effect.
    pub fn send_midi(&mut self, at: Stamp, message: &[u8]) -> bool {
        self.lane.send_midi(at, message)
    }

    /// Takes the next report.
    pub fn report(&mut self) -> Option<FromEngine> {
        self.home.pop().ok()
    }

    /// Takes the next thing that has left.
    pub fn retired(&mut self) -> Option<Retired> {
        self.retired.pop().ok()
    }

    /// Puts the engine into a slot for a device.
    #[must_use]
    pub fn slot(&mut self, engine: Lent<Engine>) -> Slot {
        let (home, end) = RingBuffer::new(1);
        self.engine_home = Some(end);
        Slot::new(engine, home)
    }

    /// Takes the engine back after its device was dropped, waiting at most `limit` for it.
    pub fn take_home(&mut self, limit: Duration) -> Option<Lent<Engine>> {
        let until = Instant::now() + limit;
        loop {
            if let Ok(engine) = self.engine_home.as_mut()?.pop() {
                self.engine_home = None;
                return Some(engine);
            }
            if Instant::now() >= until {
                return None;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// What free places of an event list hold.
const NOTHING: Event = Event {
    time: 0,
    body: Body::GestureEnd { id: 0 },
};

/// An empty list for so many events and bytes of system exclusive.
pub(crate) fn events(count: usize, bytes: usize) -> EventList {
    EventList::new(lend_slice(count, NOTHING), lend_slice(bytes, 0))
}

/// Lists for VST3 plugins, as large as all that an engine may have for one of them.
pub(crate) fn vst3_scratch() -> Vst3Scratch {
    let event = || Cell::new(Vst3Event::default());
    let bucket = || Cell::new(Bucket::default());
    let point = || Cell::new(Point::default());
    Vst3Scratch::new(ScratchMemory {
        events: lend_slice(UNIT, event()),
        queues: lend_slice(UNIT, Queue::default()),
        table: lend_slice(2 * UNIT, bucket()),
        points: lend_slice(UNIT, point()),
        placed: lend_slice(UNIT, point()),
        out_events: lend_slice(SAID, event()),
        out_bytes: lend_slice(BYTES, Cell::new(0)),
        out_queues: lend_slice(SAID_PARAMETERS, Queue::default()),
        out_table: lend_slice(2 * SAID_PARAMETERS, bucket()),
        out_points: lend_slice(SAID_POINTS, point()),
    })
}

fn lane() -> (LaneSender, Lane) {
    let (ring, ring_end) = RingBuffer::new(LANE);
    let (bytes, bytes_end) = RingBuffer::new(LANE_BYTES);
    let owed = Arc::new(Owed::default());
    (
        LaneSender::new(ring, bytes, share(&owed)),
        Lane::new(ring_end, bytes_end, share(&owed)),
    )
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("max_block", &self.max_block)
            .finish_non_exhaustive()
    }
}
