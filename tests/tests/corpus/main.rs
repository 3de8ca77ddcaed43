//! Plugins that nobody of this house wrote: each is listed, described, rendered, kept in a preset and found again, in
//! both formats and alike in both, and all of them play together on a JACK server.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;
mod chains;
mod dragonfly;
mod jack;
mod live;
mod plugins;
mod single;
mod twins;
mod vst_presets;
