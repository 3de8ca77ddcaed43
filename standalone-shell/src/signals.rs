//! Ctrl-C, and whatever else asks the program to end.

use anyhow::anyhow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Exit code of a program that was ended by Ctrl-C before it was done, as shells expect it.
const INTERRUPTED: i32 = 130;

/// Counts requests to end: Ctrl-C, SIGTERM and SIGHUP on Unix, closing the console on Windows.
#[derive(Clone, Debug, Default)]
pub struct Signals(Arc<AtomicU32>);

impl Signals {
    /// Takes over the signals. The second one ends the program at once, should the clean way hang.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub fn install() -> anyhow::Result<Self> {
        let signals = Self::default();
        let count = Arc::clone(&signals.0);
        ctrlc::set_handler(move || {
            if count.fetch_add(1, Ordering::Relaxed) > 0 {
                std::process::exit(INTERRUPTED);
            }
        })
        .map_err(|error| {
            anyhow!("Backline cannot watch for Ctrl-C: {error}. Start it from another terminal.")
        })?;
        Ok(signals)
    }

    /// Whether the program shall end.
    pub fn asked_to_end(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}
