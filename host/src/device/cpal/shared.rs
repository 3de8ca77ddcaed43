//! Between the driver's threads and main.

use ::cpal::{Error, ErrorKind};
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

/// Errors without a block in between after which a card counts as gone: its driver only fails any more.
const TOO_MANY: u32 = 50;

const FINE: u8 = 0;
const GONE: u8 = 1;
const CHANGED: u8 = 2;
const FAILING: u8 = 3;

/// Written by the driver's threads, which only store and count.
#[derive(Debug, Default)]
pub(super) struct Shared {
    state: AtomicU8,
    errors: AtomicU32,
    /// Blocks that the card did not get in time, or whose recording was lost.
    pub xruns: AtomicU64,
    /// Blocks that the driver has called for; wraps.
    pub blocks: AtomicU32,
    /// Most frames that the driver has called for at once.
    pub largest: AtomicU32,
    /// Latency of the outputs in frames.
    pub latency: AtomicU32,
}

impl Shared {
    /// Notes a block that came.
    pub(super) fn note_block(&self, frames: u32) {
        self.errors.store(0, Ordering::Relaxed);
        self.blocks.fetch_add(1, Ordering::Relaxed);
        self.largest.fetch_max(frames, Ordering::Relaxed);
    }

    /// Notes an error of the driver, on its thread.
    pub(super) fn note(&self, error: &Error) {
        match error.kind() {
            ErrorKind::Xrun => {
                self.xruns.fetch_add(1, Ordering::Relaxed);
            }
            // The driver goes on, at common priority or on another output.
            ErrorKind::RealtimeDenied | ErrorKind::DeviceChanged => {}
            ErrorKind::DeviceNotAvailable => self.end(GONE),
            ErrorKind::StreamInvalidated => self.end(CHANGED),
            _ => {
                if self.errors.fetch_add(1, Ordering::Relaxed) >= TOO_MANY {
                    self.end(FAILING);
                }
            }
        }
    }

    fn end(&self, state: u8) {
        // The first reason is the one to tell.
        let _ = self
            .state
            .compare_exchange(FINE, state, Ordering::Release, Ordering::Relaxed);
    }

    /// Why the card is gone, as the end of a sentence.
    pub(super) fn lost(&self) -> Option<&'static str> {
        match self.state.load(Ordering::Acquire) {
            FINE => None,
            GONE => Some("is not there any more"),
            CHANGED => Some("was reconfigured by the system"),
            _ => Some("only fails any more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_end_a_card_only_if_it_cannot_go_on() {
        let shared = Shared::default();
        shared.note(&ErrorKind::Xrun.into());
        shared.note(&ErrorKind::RealtimeDenied.into());
        assert_eq!((shared.xruns.load(Ordering::Relaxed), shared.lost()), (1, None));
        for _ in 0..TOO_MANY {
            shared.note(&ErrorKind::BackendError.into());
        }
        shared.note_block(64);
        shared.note(&ErrorKind::BackendError.into());
        assert_eq!(shared.lost(), None);
        for _ in 0..TOO_MANY {
            shared.note(&ErrorKind::BackendError.into());
        }
        assert_eq!(shared.lost(), Some("only fails any more"));
        shared.note(&ErrorKind::DeviceNotAvailable.into());
        assert_eq!(shared.lost(), Some("only fails any more"));
    }

    #[test]
    fn an_unplugged_card_is_gone_at_once() {
        let shared = Shared::default();
        shared.note(&ErrorKind::DeviceNotAvailable.into());
        assert_eq!(shared.lost(), Some("is not there any more"));
    }
}
