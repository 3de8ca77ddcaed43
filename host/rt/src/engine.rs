//! The engine: what a device callback runs. It outlives every device.
//!
//! One block goes through four verbs, one file each:
//!
//! - `drain` collects what the lanes, the device's MIDI and the piece have for this block;
//! - `swap` takes what main hands over and sends home what has left;
//! - `process` runs the racks;
//! - `emit` reports home.
//!
//! `panic` is the fifth: it lets go of everything that sounds, in steps that always end. First every held note, every
//! pedal and every voice is released by events; a block later every plugin is reset; and what still sounds a tenth
//! of a second after that, though nothing has come in, is muted and reported, so that main re-activates it.

mod drain;
mod emit;
mod panic;
mod process;
mod swap;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make their own rings")]
mod tests;

use crate::block::{Block, Peak, Stereo};
use crate::clock::BlockClock;
use crate::events::{Body, Event, EventList, is_release};
use crate::lane::{Lane, Owed};
use crate::lend::Lent;
use crate::limiter::Limiter;
use crate::rack::{Glide, Home, Rack, Scratch, Targeted};
use crate::sequence::{Sequence, Sounding};
use crate::transport::Transport;
use crate::wire::{Command, Handover, Meters, Retired};
use core::fmt;
use drain::Controllers;
use panic::Panic;
use rtrb::{Consumer, Producer};
use swap::Leaving;

/// Lanes an engine may have: the panel, the remote control, and one for each MIDI port.
pub const MAX_LANES: usize = 32;
/// Racks that may be leaving at once.
pub const MAX_LEAVING: usize = 4;

/// What `host` builds an engine from.
pub struct EngineParts {
    /// Frames per second.
    pub rate: f64,
    /// Most frames that plugins get at once; longer blocks are split.
    pub max_block: usize,
    /// Memory for chains; its buffers hold `max_block` frames.
    pub scratch: Scratch,
    /// Memory for the mix of a rack that leaves; `max_block` frames.
    pub aside: Stereo,
    /// Memory for the events of one pass.
    pub incoming: EventList,
    /// Memory for the MIDI that comes with the device's block.
    pub device_midi: EventList,
    /// Memory for MIDI outputs.
    pub midi_out: EventList,
    /// Memory for events that are for one plugin.
    pub targeted: Lent<[Targeted]>,
    /// From main.
    pub next: Consumer<Handover>,
    /// To main, with what has left.
    pub retired: Producer<Retired>,
    /// To main, with reports.
    pub home: Home,
}

/// Plays one rack, and what is left of those before it.
pub struct Engine {
    rate: f64,
    max_block: usize,
    scratch: Scratch,
    aside: Stereo,
    incoming: EventList,
    device_midi: EventList,
    midi_out: EventList,
    targeted: Lent<[Targeted]>,
    targets: usize,
    lanes: [Option<Lent<Lane>>; MAX_LANES],
    /// Places of `lanes` in use, and the one that is drained first.
    lanes_used: usize,
    first_lane: usize,
    /// Releases that found the lists full.
    owed: Owed,
    current: Option<Lent<Rack>>,
    leaving: [Option<Leaving>; MAX_LEAVING],
    /// Whether any rack is leaving.
    anything_leaves: bool,
    taking_out: bool,
    /// Racks taken so far.
    swaps: u64,
    /// Gain of the device's input into the current rack.
    feed: Glide,
    /// The controllers shall be told to a new rack.
    chase: bool,
    sequence: Option<Lent<Sequence>>,
    /// What the piece has started and not ended, and whether it shall end now.
    sounding: Sounding,
    hush: bool,
    next: Consumer<Handover>,
    retired: Producer<Retired>,
    home: Home,
    clock: BlockClock,
    limiter: Limiter,
    transport: Transport,
    /// `incoming` holds changes of the transport.
    tempo_changes: bool,
    controllers: Controllers,
    panic: Panic,
    fade: process::Fade,
    meters: Meters,
    /// Peaks of both sides since the last report.
    peaks: [Peak; 2],
    until_report: u32,
}

impl Engine {
    /// Puts an engine together. It plays silence until it is handed a rack.
    #[must_use]
    pub fn new(parts: EngineParts) -> Self {
        let EngineParts {
            rate,
            max_block,
            scratch,
            aside,
            incoming,
            device_midi,
            midi_out,
            targeted,
            next,
            retired,
            home,
        } = parts;
        Self {
            rate,
            max_block: max_block
                .min(scratch.chain.capacity())
                .min(aside.capacity())
                .max(1),
            scratch,
            aside,
            incoming,
            device_midi,
            midi_out,
            targeted,
            targets: 0,
            lanes: [const { None }; MAX_LANES],
            lanes_used: 0,
            first_lane: 0,
            owed: Owed::default(),
            current: None,
            leaving: [const { None }; MAX_LEAVING],
            anything_leaves: false,
            taking_out: false,
            swaps: 0,
            feed: Glide::new(1.0),
            chase: false,
            sequence: None,
            sounding: Sounding::default(),
            hush: false,
            next,
            retired,
            home,
            clock: BlockClock::new(rate),
            limiter: Limiter::new(rate),
            transport: Transport::STOPPED,
            tempo_changes: false,
            controllers: Controllers::default(),
            panic: Panic::default(),
            fade: process::Fade::default(),
            meters: Meters::default(),
            peaks: [Peak::NONE; 2],
            until_report: 0,
        }
    }

    /// Frames per second that the plugins were activated with.
    #[must_use]
    pub const fn rate(&self) -> f64 {
        self.rate
    }

    /// Takes a MIDI message that comes with the device's next block, at a frame of that block.
    pub fn midi_in(&mut self, time: u32, message: &[u8]) {
        let data = match *message {
            [0xf0, ..] => {
                self.device_midi.push_sysex(time, 0, message);
                return;
            }
            [status] => [status, 0, 0],
            [status, first] => [status, first, 0],
            [status, first, second] => [status, first, second],
            _ => return,
        };
        let body = Body::Midi { port: 0, data };
        if !self.device_midi.push(Event { time, body }) && is_release(data) {
            self.owed.record(&Command::Midi(data));
        }
    }

    /// What the plugins said to MIDI outputs in the last block, with times in that block.
    #[must_use]
    pub const fn midi_out(&self) -> &EventList {
        &self.midi_out
    }

    /// Plays one block of the device.
    pub fn process(&mut self, block: &mut Block<'_>) {
        self.take_over();
        self.play(block);
        self.let_go();
        self.emit(block);
    }

    /// Stops every plugin and hands out all that the engine holds or was about to take. For main, while no device
    /// has the engine; the engine stays usable and is empty afterwards.
    pub fn dismantle(&mut self, mut each: impl FnMut(Retired)) {
        while let Ok(handed) = self.next.pop() {
            each(match handed {
                Handover::Rack(rack) => Retired::Rack(rack),
                Handover::Unit { rack, plugin, unit } => Retired::Unit { rack, plugin, unit },
                Handover::Lane(lane) => Retired::Lane(lane),
                Handover::Sequence(sequence) => Retired::Sequence(sequence),
            });
        }
        self.anything_leaves = false;
        let leaving = self
            .leaving
            .iter_mut()
            .filter_map(Option::take)
            .map(|leaving| leaving.rack);
        for mut rack in self.current.take().into_iter().chain(leaving) {
            rack.stop();
            each(Retired::Rack(rack));
        }
        self.lanes
            .iter_mut()
            .filter_map(Option::take)
            .for_each(|lane| each(Retired::Lane(lane)));
        self.lanes_used = 0;
        if let Some(sequence) = self.sequence.take() {
            each(Retired::Sequence(sequence));
        }
        self.sounding = Sounding::default();
        self.taking_out = false;
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("rate", &self.rate)
            .field("meters", &self.meters)
            .finish_non_exhaustive()
    }
}
