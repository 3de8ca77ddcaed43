//! Plugins, devices, MIDI and the session that joins them.
//!
//! Everything here runs on the main thread or on a thread of a device or MIDI port; what runs on the audio thread is
//! the crate [`rt`], which this one builds, feeds and takes apart. `device` and `plugin` do not see each other;
//! [`session`] sees both.

pub mod clock;
pub mod device;
pub mod lend;
pub mod link;
#[cfg(windows)]
mod messages;
pub mod midi;
pub mod plugin;
pub mod render;
pub mod role;
pub mod session;
