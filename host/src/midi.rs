//! MIDI: ports that come and go, messages out, standard MIDI files.

mod bytes;
pub mod file;
mod held;
mod names;
pub mod out;
pub mod outputs;
pub mod ports;
mod system;

pub use system::MidiError;
