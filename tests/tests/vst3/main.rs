//! What VST3 alone has: its classes, calls and faults, on the offline and the null device.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in a test a panic is how it fails"
)]

mod every_class;
mod lyrics;
