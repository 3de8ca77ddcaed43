//! What the audio thread must never do: allocate, free, wait, or ask the system for anything but its next wake-up.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in a test a panic is how it fails"
)]

mod allocations;
mod allocator;
mod exercise;
#[cfg(target_os = "linux")]
mod system_calls;
