//! Plugins that nobody of this house wrote: each is listed, described, rendered, kept in a preset and found again, and
//! all of them play together on a JACK server.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod bench;
mod dragonfly;
mod jack;
mod plugins;
