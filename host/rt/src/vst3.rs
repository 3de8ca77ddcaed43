//! The audio half of a VST3 plugin.
//!
//! The audio thread calls three functions of `IAudioProcessor` and adds or releases no reference. What the plugin reads
//! and writes during a call are lists of our own in lent memory; see [`Vst3Scratch`].

mod buses;
mod changes;
mod com;
mod context;
mod controls;
mod event_list;
mod input;
mod names;
mod notes;
mod output;
mod process;
mod scratch;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use crate::lend::{Lent, Shared};
use crate::processor::{Call, Processor, Status};
use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use names::{LIVE, OFFLINE, REALTIME};
use notes::{Notes, Said};
use static_assertions::{assert_impl_all, assert_not_impl_any};
#[expect(clippy::disallowed_types, reason = "the one place that owns a reference")]
use vst3::ComPtr;
use vst3::Steinberg::Vst::{IAudioProcessor, IAudioProcessorTrait};

pub use buses::{BusPointers, Wide, no_buses};
pub use changes::{Bucket, Point, Queue};
pub use controls::{
    CHANNEL_PRESSURE, CONTROLLERS, Controls, KEY_PRESSURE, Mirrored, PITCH_BEND, PROGRAM_CHANGE,
};
pub use event_list::Vst3Event;
pub use notes::NOTES;
pub use scratch::{ScratchMemory, Vst3Scratch};

/// A plugin's audio half, with one reference to it. It is made and dropped on main, and used by one thread at a time.
#[expect(clippy::disallowed_types, reason = "the one place that owns a reference")]
pub struct AudioPtr(ComPtr<IAudioProcessor>, PhantomData<Cell<()>>);

assert_impl_all!(AudioPtr: Send);
assert_not_impl_any!(AudioPtr: Sync);
assert_impl_all!(Vst3Processor: Send);
assert_not_impl_any!(Vst3Processor: Sync);
assert_impl_all!(Vst3Scratch: Send);
assert_not_impl_any!(Vst3Scratch: Sync);

impl AudioPtr {
    /// Takes over a reference.
    ///
    /// # Safety
    ///
    /// Whenever a function of the [`Vst3Processor`] that it goes into is called, the component must be initialized, set up as
    /// [`Parts`] says, and active, and nobody else may be calling the processor's `setProcessing` or `process`. It must be
    /// dropped on main.
    #[must_use]
    #[expect(clippy::disallowed_types, reason = "the one place that owns a reference")]
    pub const unsafe fn new(processor: ComPtr<IAudioProcessor>) -> Self {
        Self(processor, PhantomData)
    }
}

impl fmt::Debug for AudioPtr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AudioPtr").finish_non_exhaustive()
    }
}

/// What a [`Vst3Processor`] is made of.
pub struct Parts {
    /// The plugin.
    pub processor: AudioPtr,
    /// Whether it was set up with `kOffline`.
    pub offline: bool,
    /// Frames a second that it was set up for.
    pub rate: f64,
    /// What its `IProcessContextRequirements` ask for; all ones if it does not say.
    pub needs: u32,
    /// Descriptions of its input buses; sizes are those of its port buffers.
    pub inputs: BusPointers,
    /// Descriptions of its output buses; sizes are those of its port buffers.
    pub outputs: BusPointers,
    /// 64-bit samples, if it takes no others.
    pub wide: Option<Wide>,
    /// What main and the audio thread share.
    pub shared: Shared<Controls>,
    /// [`NOTES`] places for note ids; what is in them does not matter.
    pub notes: Lent<[i32]>,
    /// Whether it has an event input.
    pub event_inputs: bool,
    /// Normalized values by parameter id that it is told with its first block.
    pub initial: Lent<[(u32, f64)]>,
}

/// The audio half of one VST3 plugin.
pub struct Vst3Processor {
    processor: AudioPtr,
    mode: i32,
    rate: f64,
    needs: u32,
    inputs: BusPointers,
    outputs: BusPointers,
    wide: Option<Wide>,
    controls: Shared<Controls>,
    notes: Notes,
    said: Said,
    event_inputs: bool,
    event_flags: u16,
    initial: Lent<[(u32, f64)]>,
    /// Initial values that the plugin has been told.
    told: usize,
}

impl Vst3Processor {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            processor: parts.processor,
            mode: if parts.offline { OFFLINE } else { REALTIME },
            rate: parts.rate,
            needs: parts.needs,
            inputs: parts.inputs,
            outputs: parts.outputs,
            wide: parts.wide,
            controls: parts.shared,
            notes: Notes::new(parts.notes),
            said: Said::NONE,
            event_inputs: parts.event_inputs,
            // Nothing that is rendered is played at that moment.
            event_flags: if parts.offline { 0 } else { LIVE },
            initial: parts.initial,
            told: 0,
        }
    }

    fn set_processing(&mut self, state: bool) {
        // SAFETY: `AudioPtr::new` demands an active component, and this is the only thread that calls it. Its answer says
        // nothing: many plugins, those among them that are built on the SDK's own base class, answer that they do not
        // implement this, and other hosts play them all the same.
        let _ = unsafe { self.processor.0.setProcessing(state.into()) };
    }
}

impl fmt::Debug for Vst3Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vst3Processor")
            .field("rate", &self.rate)
            .field("wide", &self.wide.is_some())
            .finish_non_exhaustive()
    }
}

impl Processor for Vst3Processor {
    fn start(&mut self) -> bool {
        self.set_processing(true);
        true
    }

    fn stop(&mut self) {
        self.set_processing(false);
    }

    fn reset(&mut self) {
        // The specification's way to clear delay lines and voices: processing ends and begins again.
        self.set_processing(false);
        self.set_processing(true);
        self.notes.clear();
    }

    fn process(&mut self, call: Call<'_>) -> Status {
        self.process_block(call)
    }
}
