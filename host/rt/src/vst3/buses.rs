//! The channels of a plugin's buses, in VST3's layout.

use crate::block::{PortBuffers, PortShape};
use crate::lend::Lent;
use core::cell::Cell;
use vst3::Steinberg::Vst::{AudioBusBuffers, AudioBusBuffers__type0};

/// The bus descriptions and channel pointers that one process call hands over.
pub struct BusPointers {
    buses: Lent<[AudioBusBuffers]>,
    channels: Lent<[*mut f32]>,
}

// SAFETY: the pointers are written anew for every process call, from the buffers that it gets, and mean nothing between
// calls.
unsafe impl Send for BusPointers {}

/// Descriptions of `count` buses without channels, to make [`BusPointers`] of.
pub fn no_buses(count: usize) -> impl Iterator<Item = AudioBusBuffers> {
    core::iter::repeat_n(
        AudioBusBuffers {
            numChannels: 0,
            silenceFlags: 0,
            __field0: AudioBusBuffers__type0 {
                channelBuffers32: core::ptr::null_mut(),
            },
        },
        count,
    )
}

/// Frames of a block that one process call is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What a plugin gets of its buses on one side: a pointer to the descriptions, null without any, and their number.
pub(super) type Handed = (*mut AudioBusBuffers, i32);

impl BusPointers {
    /// Takes memory for one description a bus and one pointer a channel.
    #[must_use]
    pub const fn new(buses: Lent<[AudioBusBuffers]>, channels: Lent<[*mut f32]>) -> Self {
        Self { buses, channels }
    }

    /// Points to a span of `buffers`, or of the samples of `wide` that stand for them. `silence` tells of a channel
    /// whether it is silent. `None` if `wide` is too small.
    ///
    /// Everything is written anew each time: plugins have been seen to change both descriptions and pointers.
    #[inline]
    pub(super) fn point_to(
        &mut self,
        buffers: &mut PortBuffers,
        wide: Option<&[Cell<f64>]>,
        span: Span,
        silence: impl Fn(&[f32]) -> bool,
    ) -> Option<Handed> {
        let (base, stride) = (buffers.base(), buffers.stride());
        // Shared from here on: the plugin gets pointers to them.
        let cells = Cell::from_mut(&mut *self.channels).as_slice_of_cells();
        let mut count = 0;
        for (bus, &PortShape { first, channels, .. }) in self.buses.iter_mut().zip(buffers.ports()) {
            let pointers = cells.get(first..first.checked_add(channels)?)?;
            let mut flags = 0;
            for (index, pointer) in pointers.iter().enumerate() {
                let channel = first + index;
                pointer.set(match wide {
                    // An address within the channel, which `PortBuffers::new` has checked; it is only computed here, and
                    // `wrapping_add` demands nothing.
                    None => base.wrapping_add(channel * stride + span.start),
                    Some(wide) => {
                        let samples = wide.get(channel * stride..)?.get(span.start..span.end)?;
                        samples.as_ptr().cast_mut().cast()
                    }
                });
                let samples = &buffers.channel(channel, span.end)[span.start..];
                flags |= u64::from(index < 64 && silence(samples)) << (index % 64);
            }
            *bus = AudioBusBuffers {
                numChannels: i32::try_from(channels).ok()?,
                silenceFlags: flags,
                __field0: AudioBusBuffers__type0 {
                    channelBuffers32: pointers.as_ptr().cast_mut().cast(),
                },
            };
            count += 1;
        }
        Some(match count {
            0 => (core::ptr::null_mut(), 0),
            _ => (self.buses.as_mut_ptr(), count),
        })
    }

    /// Clears the channels that the plugin has marked as silent: it need not have written to them.
    #[inline]
    pub(super) fn clear_silent(&self, buffers: &mut PortBuffers, span: Span) {
        for index in 0..self.buses.len() {
            let flags = self.buses[index].silenceFlags;
            if flags == 0 {
                continue;
            }
            let Some(&PortShape { first, channels, .. }) = buffers.ports().get(index) else {
                continue;
            };
            for channel in (0..channels.min(64)).filter(|channel| flags >> channel & 1 != 0) {
                buffers.channel_mut(first + channel, span.end)[span.start..].fill(0.0);
            }
        }
    }
}

/// Whether all samples are exactly zero.
#[inline]
pub(super) fn is_silent(samples: &[f32]) -> bool {
    // Sixteen at a time, which the compiler does four with each instruction; sound is seen at once, silence at the end.
    let (chunks, rest) = samples.as_chunks::<16>();
    // The sign goes: -0 is silence too.
    let sound = |bits: u32, sample: &f32| bits | sample.to_bits() << 1;
    chunks.iter().all(|chunk| chunk.iter().fold(0, sound) == 0) && rest.iter().fold(0, sound) == 0
}

/// 64-bit samples, for a plugin that takes no others. As many as the port buffers of each side have.
pub struct Wide {
    inputs: Lent<[Cell<f64>]>,
    outputs: Lent<[Cell<f64>]>,
}

impl Wide {
    /// Takes memory for as many samples as the plugin's port buffers have of inputs and of outputs.
    #[must_use]
    pub const fn new(inputs: Lent<[Cell<f64>]>, outputs: Lent<[Cell<f64>]>) -> Self {
        Self { inputs, outputs }
    }

    pub(super) fn inputs(&self) -> &[Cell<f64>] {
        &self.inputs
    }

    pub(super) fn outputs(&self) -> &[Cell<f64>] {
        &self.outputs
    }

    /// Widens the inputs and clears the outputs.
    pub(super) fn prepare(&self, inputs: &PortBuffers, outputs: &PortBuffers, frames: usize) {
        for channel in channels(inputs) {
            let to = self.inputs.iter().skip(channel * inputs.stride());
            for (to, from) in to.zip(inputs.channel(channel, frames)) {
                to.set(f64::from(*from));
            }
        }
        for channel in channels(outputs) {
            let to = self.outputs.iter().skip(channel * outputs.stride());
            to.take(frames).for_each(|to| to.set(0.0));
        }
    }

    /// Narrows a span of the outputs. What is too large for 32 bits becomes infinite, which the unit's guard replaces.
    pub(super) fn finish(&self, outputs: &mut PortBuffers, span: Span) {
        for index in 0..outputs.ports().len() {
            let PortShape { first, channels, .. } = outputs.ports()[index];
            for channel in first..first + channels {
                let from = self.outputs.iter().skip(channel * outputs.stride() + span.start);
                let to = &mut outputs.channel_mut(channel, span.end)[span.start..];
                for (from, to) in from.zip(to) {
                    #[expect(clippy::cast_possible_truncation, reason = "what narrowing is")]
                    let narrow = from.get() as f32;
                    *to = narrow;
                }
            }
        }
    }
}

/// Every channel of every port.
fn channels(buffers: &PortBuffers) -> impl Iterator<Item = usize> {
    buffers
        .ports()
        .iter()
        .flat_map(|port| port.first..port.first + port.channels)
}
