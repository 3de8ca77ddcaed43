//! Which role a thread plays, as plugins ask for it.
//!
//! CLAP's threads are roles: "the audio thread" is whichever thread runs the block, and main may take that role while
//! no device runs, to stop plugins or to render. A thread is never in both roles at once.

use std::cell::Cell;
use std::marker::PhantomData;

// Kept by each thread for itself, so that asking neither waits nor allocates on any thread.
thread_local! {
    static AUDIO: Cell<u32> = const { Cell::new(0) };
    static MAIN: Cell<bool> = const { Cell::new(false) };
}

/// Makes the calling thread a main one: that of the plugins it loads. The first plugin or session made does this by
/// itself. The program has one such thread; only tests, which share a process, have more.
pub fn claim_main() {
    if !MAIN.replace(true) {
        #[cfg(windows)]
        crate::messages::prepare_thread();
    }
}

/// Whether the calling thread is in the audio role.
#[must_use]
pub fn is_audio() -> bool {
    AUDIO.get() > 0
}

/// Whether the calling thread is the main one and not in the audio role.
#[must_use]
pub fn is_main() -> bool {
    !is_audio() && MAIN.get()
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
