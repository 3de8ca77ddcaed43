//! The engine with plugins in it, on the offline and the null device.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in a test a panic is how it fails"
)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "tests count small things"
)]

mod changes;
mod faults;
#[cfg(unix)]
mod full_disk;
mod learning;
mod life_cycle;
mod null_device;
mod overflow;
mod ports;
mod rendering;
mod rendering_errors;
mod same_at_every_block_size;
mod smf;
mod state;
mod swap;
mod threads;
mod timing;

/// The block sizes at which music must be the same.
const BLOCKS: [usize; 7] = [1, 16, 32, 37, 64, 512, 4096];
