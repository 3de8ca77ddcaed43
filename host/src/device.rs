//! Audio devices: one trait for opening, one for running, one file a driver.
//!
//! A device is opened first and started later: opening tells the rate and the buffer size that plugins are activated
//! with. A running device calls a [`Callback`], which brings the engine home when it is dropped, so that the
//! engine outlives the device.

#[cfg(unix)]
mod bounded;
mod callback;
mod choose;
mod cpal;
mod gate;
#[cfg(unix)]
mod jack;
mod list;
mod load;
mod null;
mod offline;
mod pick;
mod priority;
#[cfg(test)]
mod testing;
mod wish;

pub use callback::{BlockGuard, Callback, CallbackParts};
pub use choose::{Chosen, open};
pub use list::{Described, Listed, describe, list};
pub use load::{LoadSnapshot, LoadStats};
pub use null::Null;
pub use offline::Offline;
pub use wish::{BufferWish, Driver, Wish};

use std::fmt;

/// What an open device really does.
#[derive(Clone, Debug, PartialEq)]
pub struct Info {
    /// Its driver.
    pub driver: Driver,
    /// Its name, as [`list`] gives it.
    pub name: String,
    /// Frames per second.
    pub rate: u32,
    /// Frames in one block. Drivers that vary it (shared modes) tell the most that they call for.
    pub buffer: u32,
    /// Latency of the inputs in frames, as the device reports it; 0 where it reports none or has none.
    pub latency_in: u32,
    /// Latency of the outputs in frames, as the device reports it.
    pub latency_out: u32,
    /// Number of input channels handed to the engine: 0, 1 or 2.
    pub inputs: u16,
    /// Number of output channels of the device.
    pub outputs: u16,
}

impl Info {
    /// Latency of the outputs in milliseconds.
    #[must_use]
    pub fn latency_ms(&self) -> f64 {
        f64::from(self.latency_out) * 1000.0 / f64::from(self.rate.max(1))
    }
}

/// What happened to a running device. The session acts on it.
#[derive(Clone, Debug, PartialEq)]
pub enum DeviceEvent {
    /// It is gone: the server ended, the card was unplugged. The sentence says what is known.
    Lost(String),
    /// It now calls for blocks of this many frames. Nothing else changes; longer blocks are split.
    Buffer(u32),
    /// It now runs at this many frames per second. What it calls for until it is opened anew is silence.
    Rate(u32),
    /// Its latencies changed; [`Running::info`] tells them.
    Latency,
}

/// An open device that does not yet call.
pub trait Opened {
    /// What it will do.
    fn info(&self) -> &Info;

    /// Starts it. It calls `callback` from a thread of its own until it is dropped.
    ///
    /// # Errors
    ///
    /// A device that refuses to start. The callback has then been dropped, and the engine is on its way home.
    fn start(self: Box<Self>, callback: Callback) -> Result<Box<dyn Running>, DeviceError>;
}

/// A running device. Dropping it stops it, within a bounded time, and drops the callback.
pub trait Running {
    /// What it does.
    fn info(&self) -> &Info;

    /// Takes the next thing that happened to it. Never waits.
    fn poll(&mut self) -> Option<DeviceEvent>;

    /// Blocks lost since it was started, as the device itself reports them.
    fn lost_blocks(&self) -> u64;

    /// The MIDI inputs wished that are not there, where the device brings its own. They are taken when they come.
    fn missing_midi(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Why a device could not be listed, opened or started.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// This build or system has no such driver.
    #[error("{driver} cannot be used on this system: {reason}. `backline devices` lists what can.")]
    NoDriver {
        /// The driver asked for.
        driver: Driver,
        /// Why.
        reason: String,
    },
    /// No device has that name.
    #[error("{driver} has no device named \"{name}\"; {}", known_names(.known))]
    NoDevice {
        /// The driver asked for.
        driver: Driver,
        /// The name asked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// No driver at all has a device of that name.
    #[error("No driver has a device named \"{name}\"; they have {}.", quoted(.known))]
    Nowhere {
        /// The name asked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// The device does not do what is wished.
    #[error("{driver} device \"{name}\" cannot run {what}; {possible}.")]
    Unsupported {
        /// Its driver.
        driver: Driver,
        /// Its name.
        name: String,
        /// What was asked for, as "at 12345 Hz" or "with blocks of 3 frames".
        what: String,
        /// What it can do, as "it offers 44100 and 48000 Hz".
        possible: String,
    },
    /// The driver refused.
    #[error("{driver} device \"{name}\" failed while {doing}: {reason}. {advice}")]
    Failed {
        /// Its driver.
        driver: Driver,
        /// Its name.
        name: String,
        /// What was being done, as "opening".
        doing: &'static str,
        /// What the driver said, without a full stop.
        reason: String,
        /// What to do, a whole sentence.
        advice: &'static str,
    },
}

fn known_names(known: &[String]) -> String {
    if known.is_empty() {
        return "it has none at all. Start its server or plug the device in, or choose another driver."
            .to_owned();
    }
    format!("it has {}.", quoted(known))
}

fn quoted(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    quoted.join(", ")
}

impl fmt::Display for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            driver,
            name,
            rate,
            buffer,
            ..
        } = self;
        write!(
            f,
            "{driver} \"{name}\" at {rate} Hz, {buffer} frames, {:.1} ms",
            self.latency_ms()
        )
    }
}
