//! Where a foreign driver's thread finds the callback, and main takes it away again.
//!
//! Drivers own the closure that they call. If the closure owned the callback, the engine could come home only after
//! the driver had let go of it, and a driver that hangs would keep it for ever. So the closure holds a gate: main
//! takes the callback out of the gate, which needs at most the time of the block that is running, and closes the
//! driver afterwards.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

const EMPTY: u8 = 0;
const FULL: u8 = 1;
const BUSY: u8 = 2;

/// Holds one value that two threads share without ever waiting on the audio thread's side.
pub(super) struct Gate<T> {
    state: AtomicU8,
    value: UnsafeCell<Option<T>>,
}

// SAFETY: the value is touched only by the thread that moved `state` away from EMPTY or FULL by a compare-exchange,
// so by one thread at a time; values move between threads, which `T: Send` allows.
unsafe impl<T: Send> Sync for Gate<T> {}

impl<T> Gate<T> {
    /// A gate with nothing in it.
    pub(super) const fn new() -> Self {
        Self {
            state: AtomicU8::new(EMPTY),
            value: UnsafeCell::new(None),
        }
    }

    /// Puts a value in. Gives it back if there is one already. Main.
    pub(super) fn put(&self, value: T) -> Result<(), T> {
        let taken = self
            .state
            .compare_exchange(EMPTY, BUSY, Ordering::Acquire, Ordering::Relaxed);
        if taken.is_err() {
            return Err(value);
        }
        // SAFETY: the exchange above gave this thread the value until the store below.
        unsafe { *self.value.get() = Some(value) };
        self.state.store(FULL, Ordering::Release);
        Ok(())
    }

    /// Uses the value. `None` if there is none, or if another thread has it. Audio thread; waits for nothing.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.state
            .compare_exchange(FULL, BUSY, Ordering::Acquire, Ordering::Relaxed)
            .ok()?;
        let _reopen = Reopen(&self.state);
        // SAFETY: the exchange above gave this thread the value until `_reopen` is dropped, also if `work` panics.
        let value = unsafe { &mut *self.value.get() };
        value.as_mut().map(work)
    }

    /// Takes the value out, waiting at most `limit` while the audio thread uses it. Main.
    pub(super) fn take(&self, limit: Duration) -> Option<T> {
        let until = Instant::now() + limit;
        loop {
            match self
                .state
                .compare_exchange(FULL, BUSY, Ordering::Acquire, Ordering::Relaxed)
            {
                Ok(_) => break,
                Err(EMPTY) => return None,
                Err(_) if Instant::now() >= until => return None,
                Err(_) => std::thread::sleep(Duration::from_micros(50)),
            }
        }
        // SAFETY: the exchange above gave this thread the value until the store below.
        let value = unsafe { (*self.value.get()).take() };
        self.state.store(EMPTY, Ordering::Release);
        value
    }
}

struct Reopen<'a>(&'a AtomicU8);

impl Drop for Reopen<'_> {
    fn drop(&mut self) {
        self.0.store(FULL, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_value_goes_in_is_used_and_comes_out() {
        let gate = Gate::new();
        assert_eq!(gate.with(|_: &mut u32| ()), None);
        assert_eq!(gate.put(1), Ok(()));
        assert_eq!(gate.put(2), Err(2));
        assert_eq!(gate.with(|value| *value += 10), Some(()));
        assert_eq!(gate.take(Duration::ZERO), Some(11));
        assert_eq!(gate.take(Duration::ZERO), None);
    }

    #[test]
    fn taking_waits_for_the_block_that_runs_but_not_for_ever() {
        let gate = Arc::new(Gate::new());
        assert!(gate.put(5).is_ok());
        let (begun, has_begun) = std::sync::mpsc::channel();
        let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
        let other = {
            let gate = Arc::clone(&gate);
            std::thread::spawn(move || {
                gate.with(|_| {
                    begun.send(()).unwrap();
                    may_go_on.recv().unwrap();
                })
            })
        };
        has_begun.recv().unwrap();
        assert_eq!(gate.take(Duration::from_millis(10)), None);
        go_on.send(()).unwrap();
        assert_eq!(gate.take(Duration::from_secs(5)), Some(5));
        other.join().unwrap();
    }

    #[test]
    fn two_threads_never_have_it_at_once() {
        let gate = Arc::new(Gate::new());
        assert!(gate.put((0_u64, 0_u64)).is_ok());
        let other = {
            let gate = Arc::clone(&gate);
            std::thread::spawn(move || {
                let mut used = 0;
                while used < 2_000 {
                    let seen = gate.with(|(left, right)| {
                        *left += 1;
                        *right += 1;
                        *left == *right
                    });
                    match seen {
                        Some(equal) => {
                            assert!(equal);
                            used += 1;
                        }
                        None => std::thread::yield_now(),
                    }
                }
            })
        };
        while !other.is_finished() {
            if let Some((left, right)) = gate.take(Duration::from_millis(1)) {
                assert_eq!(left, right);
                assert!(gate.put((left, right)).is_ok());
            }
        }
        other.join().unwrap();
        assert_eq!(gate.take(Duration::ZERO).map(|(left, _)| left), Some(2_000));
    }
}
