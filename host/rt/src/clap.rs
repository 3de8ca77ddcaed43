//! The audio half of a CLAP plugin, over clack.

mod input;
mod output;
#[cfg(test)]
mod tests;

use crate::block::PortBuffers;
use crate::lend::Lent;
use crate::processor::{Call, NoteInput, Processor, Status};
use clack_host::events::event_types::TransportEvent;
use clack_host::events::io::{InputEvents, OutputEvents};
use clack_host::host::HostHandlers;
use clack_host::process::audio_buffers::{InputAudioBuffers, OutputAudioBuffers};
use clack_host::process::{PluginAudioProcessor, ProcessStatus};
use clap_sys::audio_buffer::clap_audio_buffer;
use core::fmt;

pub use input::{ClapEvent, ClapScratch};

/// The port descriptions and channel pointers that one process call hands over.
///
/// They point into memory that belongs to one plugin's [`PortBuffers`], which never moves and lives as long as the
/// processor; a processor that gets other buffers points anew.
pub struct PortPointers {
    ports: Lent<[clap_audio_buffer]>,
    channels: Lent<[*mut f32]>,
    /// The channels' pointers themselves, and what they point to.
    channels_base: *mut *mut f32,
    pointed: *const f32,
}

// SAFETY: the pointers are only read in process calls, which compare them with the buffers that they get; what they point
// to goes where the processor goes.
unsafe impl Send for PortPointers {}

/// Descriptions of `count` ports without channels, to make [`PortPointers`] of.
pub fn no_ports(count: usize) -> impl Iterator<Item = clap_audio_buffer> {
    core::iter::repeat_n(
        clap_audio_buffer {
            data32: core::ptr::null_mut(),
            data64: core::ptr::null_mut(),
            channel_count: 0,
            latency: 0,
            constant_mask: 0,
        },
        count,
    )
}

impl PortPointers {
    /// Takes memory for one description a port and one pointer a channel.
    #[must_use]
    pub const fn new(ports: Lent<[clap_audio_buffer]>, channels: Lent<[*mut f32]>) -> Self {
        Self {
            ports,
            channels,
            channels_base: core::ptr::null_mut(),
            pointed: core::ptr::null(),
        }
    }

    /// Points the descriptions to `buffers`.
    #[inline]
    fn point_to(&mut self, buffers: &mut PortBuffers) -> &mut [clap_audio_buffer] {
        let base = buffers.base();
        if self.pointed != base {
            self.point_channels(base, buffers.stride());
        }
        // A plugin may write to the descriptions of its outputs, so they are made anew for every block.
        for (port, shape) in self.ports.iter_mut().zip(buffers.ports()) {
            *port = clap_audio_buffer {
                data32: self.channels_base.wrapping_add(shape.first),
                data64: core::ptr::null_mut(),
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a plugin's channel count came as a u32"
                )]
                channel_count: shape.channels as u32,
                latency: 0,
                // No channel is promised to be constant: that is always true.
                constant_mask: 0,
            };
        }
        &mut self.ports
    }

    #[cold]
    fn point_channels(&mut self, base: *mut f32, stride: usize) {
        for (channel, pointer) in self.channels.iter_mut().enumerate() {
            // Channels lie `stride` frames apart in one allocation, which `PortBuffers::new` has checked; an
            // address is only computed here, and `wrapping_add` demands nothing.
            *pointer = base.wrapping_add(channel * stride);
        }
        self.channels_base = self.channels.as_mut_ptr();
        self.pointed = base;
    }
}

/// The audio half of one CLAP plugin whose host side is `H`.
pub struct ClapProcessor<H: HostHandlers> {
    plugin: PluginAudioProcessor<H>,
    inputs: PortPointers,
    outputs: PortPointers,
    notes: NoteInput,
}

impl<H: HostHandlers> ClapProcessor<H> {
    /// Wraps an activated plugin's processor. The pointers' sizes must be those of the plugin's port buffers.
    #[must_use]
    pub const fn new(
        plugin: PluginAudioProcessor<H>,
        inputs: PortPointers,
        outputs: PortPointers,
        notes: NoteInput,
    ) -> Self {
        Self {
            plugin,
            inputs,
            outputs,
            notes,
        }
    }
}

impl<H: HostHandlers> fmt::Debug for ClapProcessor<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClapProcessor")
            .field("started", &self.plugin.is_started())
            .finish_non_exhaustive()
    }
}

impl<H: HostHandlers> Processor for ClapProcessor<H> {
    fn start(&mut self) -> bool {
        self.plugin.ensure_processing_started().is_ok()
    }

    fn stop(&mut self) {
        self.plugin.ensure_processing_stopped();
    }

    fn reset(&mut self) {
        self.plugin.reset();
    }

    fn process(&mut self, call: Call<'_>) -> Status {
        let Call {
            frames,
            steady,
            transport,
            inputs,
            outputs,
            events,
            out,
            clap,
            ..
        } = call;
        let Ok(plugin) = self.plugin.as_started_mut() else {
            return Status::Failed;
        };
        #[expect(clippy::cast_possible_truncation, reason = "a block is at most 8192 frames")]
        let length = frames.min(inputs.stride()).min(outputs.stride()) as u32;

        let transport = clap.transport(transport);
        let converted = clap.convert(events, self.notes);
        let input_events = InputEvents::from_buffer(&converted);
        let mut output = output::Output {
            list: out,
            frames: length,
        };
        let mut output_events = OutputEvents::from_buffer(&mut output);
        let inputs = self.inputs.point_to(inputs);
        let outputs = self.outputs.point_to(outputs);
        // SAFETY: every description was just pointed at the plugin's own channels, which are borrowed for the
        // length of this call and hold at least `length` frames each.
        let inputs = unsafe { InputAudioBuffers::from_raw_buffers(inputs, length) };
        // SAFETY: as above; input and output channels are separate allocations.
        let mut outputs = unsafe { OutputAudioBuffers::from_raw_buffers(outputs, length) };
        // SAFETY: the header was made by `ClapScratch::transport` with the size, space and type of a transport event.
        let transport: &TransportEvent = unsafe {
            clack_host::events::UnknownEvent::from_raw((&raw const transport).cast()).as_event_unchecked()
        };
        let status = plugin.process(
            &inputs,
            &mut outputs,
            &input_events,
            &mut output_events,
            Some(steady),
            Some(transport),
        );
        match status {
            Ok(ProcessStatus::Continue) => Status::Continue,
            Ok(ProcessStatus::ContinueIfNotQuiet) => Status::ContinueIfNotQuiet,
            Ok(ProcessStatus::Tail) => Status::Tail,
            Ok(ProcessStatus::Sleep) => Status::Sleep,
            Err(_) => Status::Failed,
        }
    }
}
