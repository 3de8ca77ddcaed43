//! Calls into a driver that may never come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

const RUNNING: u8 = 0;
const DONE: u8 = 1;
const LEFT: u8 = 2;

/// Calls into one driver, and how many of them hang.
#[derive(Debug)]
pub(super) struct Calls {
    hung: AtomicUsize,
}

impl Calls {
    pub(super) const fn new() -> Self {
        Self {
            hung: AtomicUsize::new(0),
        }
    }

    /// Whether a call that nobody waits for any more still runs. A driver's library may hold locks meanwhile, so
    /// that the next call would hang as well.
    pub(super) fn hang(&self) -> bool {
        self.hung.load(Ordering::Acquire) > 0
    }

    /// Runs `work` on a thread of its own and waits at most `limit` for it. `None` means that it still runs; what
    /// it returns in the end is then dropped on that thread.
    pub(super) fn run<T: Send + 'static>(
        &'static self,
        name: &'static str,
        limit: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (done, result) = mpsc::sync_channel(1);
        let state = Arc::new(AtomicU8::new(RUNNING));
        let its_state = Arc::clone(&state);
        let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            // If nobody listens any more, the value is dropped here, still within the call.
            drop(done.send(work()));
            if its_state.swap(DONE, Ordering::AcqRel) == LEFT {
                self.hung.fetch_sub(1, Ordering::AcqRel);
            }
        });
        if let Err(error) = spawned {
            tracing::error!("no thread for {name}: {error}");
            return None;
        }
        if let Ok(value) = result.recv_timeout(limit) {
            return Some(value);
        }
        // Counted first, so that the thread finds its count when it finishes now.
        self.hung.fetch_add(1, Ordering::AcqRel);
        let left = state.compare_exchange(RUNNING, LEFT, Ordering::AcqRel, Ordering::Acquire);
        if left.is_err() {
            self.hung.fetch_sub(1, Ordering::AcqRel);
        }
        result.try_recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    static CALLS: Calls = Calls::new();

    #[test]
    fn a_call_that_hangs_is_left_behind_and_counted() {
        assert_eq!(CALLS.run("quick", Duration::from_secs(5), || 7), Some(7));
        assert!(!CALLS.hang());
        let before = Instant::now();
        let (go_on, may_go_on) = mpsc::channel();
        let slow = CALLS.run("slow", Duration::from_millis(20), move || {
            may_go_on.recv().is_ok()
        });
        assert_eq!(slow, None);
        assert!(CALLS.hang());
        assert!(before.elapsed() < Duration::from_secs(2));
        go_on.send(()).unwrap();
        let until = Instant::now() + Duration::from_secs(5);
        while CALLS.hang() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(!CALLS.hang());
    }
}
