//! Which role a thread plays, as plugins ask for it.
//!
//! CLAP's threads are roles: "the audio thread" is whichever thread runs the block, and main may take that role while
//! no device runs, to stop plugins or to render. A thread is never in both roles at once.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};

thread_local! {
    static AUDIO: Cell<u32> = const { Cell::new(0) };
    /// Its address tells threads apart. Unlike a `ThreadId` it can be had on any thread without allocating.
    static MARK: u8 = const { 0 };
}

/// The mark of the main thread; 0 while there is none.
static MAIN: AtomicUsize = AtomicUsize::new(0);

fn mark() -> usize {
    MARK.with(|mark| std::ptr::from_ref(mark).addr())
}

/// Makes the calling thread the main one, if none is yet. The first plugin loaded does this by itself.
pub fn claim_main() {
    // If it fails there is a main thread already.
    let _ = MAIN.compare_exchange(0, mark(), Ordering::Relaxed, Ordering::Relaxed);
}

/// Makes the calling thread the main one in place of any other. A new session does this by itself; no plugin of
/// another thread may live then.
pub fn become_main() {
    MAIN.store(mark(), Ordering::Relaxed);
}

/// Whether the calling thread is in the audio role.
#[must_use]
pub fn is_audio() -> bool {
    AUDIO.get() > 0
}

/// Whether the calling thread is the main one and not in the audio role.
#[must_use]
pub fn is_main() -> bool {
    !is_audio() && MAIN.load(Ordering::Relaxed) == mark()
}

/// The calling thread is in the audio role while this lives.
#[derive(Debug)]
pub struct Audio {
    // Tied to the thread whose role it is.
    _not_send: PhantomData<*const ()>,
}

impl Audio {
    /// Enters the audio role. Allocates nothing.
    #[must_use]
    pub fn enter() -> Self {
        AUDIO.set(AUDIO.get() + 1);
        Self {
            _not_send: PhantomData,
        }
    }
}

impl Drop for Audio {
    fn drop(&mut self) {
        AUDIO.set(AUDIO.get() - 1);
    }
}
