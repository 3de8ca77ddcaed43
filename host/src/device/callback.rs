//! The one wrapper around every block, whichever device calls for it.

use super::load::LoadStats;
use crate::clock::monotonic_nanos;
use crate::midi::out::OutputLane;
use crate::role;
use rt::block::Block;
use rt::denormals::FlushToZero;
use rt::{Engine, Slot};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Something that runs each block, for tests: it calls its argument once, with allocation forbidden for example.
pub type BlockGuard = fn(&mut dyn FnMut());

/// What a callback is made of.
#[derive(Debug)]
pub struct CallbackParts {
    /// Holds the engine.
    pub slot: Slot,
    /// Frames per second of the device.
    pub rate: u32,
    /// Where loads are noted.
    pub load: Arc<LoadStats>,
    /// The way to MIDI outputs that are not the device's own.
    pub midi_out: Option<OutputLane>,
    /// For tests.
    pub guard: Option<BlockGuard>,
}

/// What a device calls for every block. It belongs to the device's thread from start to end.
///
/// Calling it allocates nothing, locks nothing, logs nothing and makes no system call. (The monotonic clock is read
/// in user space on every system that we support.)
pub struct Callback {
    slot: Slot,
    nanos_per_frame: f64,
    load: Arc<LoadStats>,
    midi_out: Option<OutputLane>,
    guard: Option<BlockGuard>,
    /// Our own code panicked: from then on there is silence, because the engine may be in any state.
    broken: bool,
}

impl Callback {
    /// Puts a callback together.
    #[must_use]
    pub fn new(parts: CallbackParts) -> Self {
        let CallbackParts {
            slot,
            rate,
            load,
            midi_out,
            guard,
        } = parts;
        Self {
            slot,
            nanos_per_frame: 1e9 / f64::from(rate.max(1)),
            load,
            midi_out,
            guard,
            broken: false,
        }
    }

    /// Takes a MIDI message that comes with the next block, at a frame of that block.
    pub fn midi_in(&mut self, time: u32, message: &[u8]) {
        if let Some(engine) = self.slot.engine().filter(|_| !self.broken) {
            engine.midi_in(time, message);
        }
    }

    /// Fills one block. `inputs` and `outputs` are of one length, which may be any; `called` is the monotonic time
    /// in nanoseconds for which the device called, or `None` where time is not real.
    pub fn run(&mut self, inputs: Option<[&[f32]; 2]>, outputs: [&mut [f32]; 2], called: Option<i64>) {
        let started = monotonic_nanos();
        let _role = role::Audio::enter();
        let _flush = FlushToZero::new();
        let mut block = Block {
            inputs,
            outputs,
            called,
        };
        let frames = block.frames();
        if let Some(engine) = self.slot.engine().filter(|_| !self.broken) {
            let midi_out = &mut self.midi_out;
            let mut work = || {
                engine.process(&mut block);
                if let Some(lane) = midi_out {
                    lane.send(engine.midi_out());
                }
            };
            // The engine is not used again after a panic, so that it may be left in any state.
            let result = catch_unwind(AssertUnwindSafe(|| match self.guard {
                Some(guard) => guard(&mut work),
                None => work(),
            }));
            if result.is_err() {
                self.broken = true;
                self.load.record_panic();
            }
        }
        if self.broken {
            block.outputs.into_iter().for_each(|side| side.fill(0.0));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "the length of a block in nanoseconds"
        )]
        let period = (frames as f64 * self.nanos_per_frame) as u64;
        let nanos = u64::try_from(monotonic_nanos() - started).unwrap_or(0);
        // A call for no frames takes over what waits and is no block.
        if frames > 0 {
            self.load.record(nanos, period);
        }
    }

    /// Hands each MIDI message that plugins said in the last block to `each`, with its frame in that block.
    pub fn midi_out(&mut self, each: impl FnMut(u32, &[u8])) {
        if let Some(engine) = self.slot.engine().filter(|_| !self.broken) {
            crate::midi::out::each_message(Engine::midi_out(engine), each);
        }
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}
