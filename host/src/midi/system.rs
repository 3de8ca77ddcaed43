//! The system's MIDI behind one trait, so that ports which come and go can be tested without any.

#[cfg(test)]
pub(crate) mod fake;
mod midir;

pub(crate) use midir::Midir;
use std::io;

/// A MIDI port of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Port {
    /// What names the port as long as it is plugged in; a port that was unplugged in between has another one where
    /// the system lets us know.
    pub(crate) id: String,
    /// What users see.
    pub(crate) name: String,
}

/// Receives an input's messages on its own thread: the port's time stamp in microseconds, and bytes.
pub(crate) type Receive = Box<dyn FnMut(u64, &[u8]) + Send>;

/// Sends one message to an output; an error is a sentence's end.
pub(crate) type Deliver = Box<dyn FnMut(&[u8]) -> Result<(), String> + Send>;

/// An open input. It closes when dropped; after that, nothing is received any more.
pub(crate) trait Connection: Send {}

/// The system's MIDI.
pub(crate) trait System: Send {
    /// Inputs that can be opened now.
    fn inputs(&mut self) -> Result<Vec<Port>, MidiError>;

    /// Outputs that can be opened now.
    fn outputs(&mut self) -> Result<Vec<Port>, MidiError>;

    /// Opens an input.
    fn open_input(&mut self, port: &Port, receive: Receive) -> Result<Box<dyn Connection>, MidiError>;

    /// Opens an output.
    fn open_output(&mut self, port: &Port) -> Result<Deliver, MidiError>;
}

/// Why MIDI, or one port of it, cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MidiError {
    /// The ALSA sequencer's device cannot be opened.
    #[error(
        "the ALSA sequencer {device} could not be opened: {source}; MIDI ports need the kernel module snd-seq \
         (`modprobe snd-seq`) and a user who may open that file (on most systems: a member of the group `audio`)"
    )]
    Sequencer {
        /// The device file.
        device: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The system's MIDI cannot be used at all.
    #[error("the system's MIDI could not be opened ({reason}); see that its MIDI service runs")]
    Unavailable {
        /// What the system says.
        reason: String,
    },
    /// One port cannot be opened.
    #[error(
        "the MIDI port \"{port}\" could not be opened ({reason}); another program may hold it: close that one, or plug \
         the device in again"
    )]
    Open {
        /// The port's name.
        port: String,
        /// What the system says.
        reason: String,
    },
    /// The thread that sends to outputs cannot be started.
    #[error("the thread for MIDI outputs could not be started: {source}; end other programs and try again")]
    Thread {
        /// What the system says.
        source: io::Error,
    },
}
