//! The channels of a plugin's ports or buses, side by side in one piece of memory.

use super::ActivateError;
use crate::lend::{lend, lend_slice};
use rt::block::{PortBuffers, PortShape};

/// Channels that a plugin may have in one direction: more than any known, less than would exhaust a machine.
const MOST_CHANNELS: u64 = 1024;

/// Longest latency of a plugin that is believed, in frames: more than ten seconds at any usual rate.
pub(super) const MOST_LATENCY: u32 = 1 << 21;

/// The channels of every port of one direction.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) shapes: Vec<PortShape>,
    /// Index of the main port.
    pub(super) main: usize,
    pub(super) channels: usize,
    /// Channels that were declared, those included that there was no room for.
    declared: u64,
}

impl Layout {
    /// Adds a port behind the others; `heard` as in [`PortShape::heard`].
    ///
    /// # Errors
    ///
    /// The ports together have more channels than any plugin should, or there are too many of them.
    pub(super) fn push(
        &mut self,
        channels: u32,
        (main, heard): (bool, bool),
        plugin: &str,
    ) -> Result<(), ActivateError> {
        if main {
            self.main = self.shapes.len();
        }
        self.declared += u64::from(channels);
        if self.declared > MOST_CHANNELS || self.shapes.len() as u64 > MOST_CHANNELS {
            return Err(ActivateError::TooManyChannels {
                name: plugin.to_owned(),
                channels: self.declared,
                most: MOST_CHANNELS,
            });
        }
        self.shapes.push(PortShape {
            first: self.channels,
            channels: channels as usize,
            heard,
        });
        self.channels += channels as usize;
        Ok(())
    }

    /// Memory for blocks of up to `max_block` frames.
    pub(super) fn buffers(self, max_block: usize) -> PortBuffers {
        let samples = lend_slice(self.channels * max_block, 0.0);
        PortBuffers::new(
            samples,
            max_block,
            lend(self.shapes.into_boxed_slice()),
            self.main,
        )
    }
}
