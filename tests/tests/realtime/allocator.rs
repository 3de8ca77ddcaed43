//! An allocator that notes who allocates or frees on a thread that must not.

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

struct Watchful;

#[global_allocator]
static ALLOCATOR: Watchful = Watchful;

thread_local! {
    static FORBIDDEN: Cell<bool> = const { Cell::new(false) };
}

static BLOCKS: AtomicU64 = AtomicU64::new(0);
static OFFENCES: AtomicU64 = AtomicU64::new(0);
static EXCUSES: AtomicU64 = AtomicU64::new(0);
static FIRST: Mutex<Option<String>> = Mutex::new(None);

/// The function of `vst3-fixture` that asks its host for an object on the audio thread, and lets go of it there. A plugin
/// must not, and some do; other hosts give them one, and so does this one, which says whose fault it was.
const EXCUSED: &str = "waste_message";

fn note(what: &str, layout: Layout) {
    if !FORBIDDEN.get() {
        return;
    }
    // Telling allocates and frees, which is no further offence.
    FORBIDDEN.set(false);
    tell(what, layout);
    FORBIDDEN.set(true);
}

fn tell(what: &str, layout: Layout) {
    let trace = Backtrace::force_capture().to_string();
    if trace.contains(EXCUSED) {
        EXCUSES.fetch_add(1, Ordering::Relaxed);
    } else if OFFENCES.fetch_add(1, Ordering::Relaxed) == 0 {
        let first = format!("{what} of {} bytes:\n{trace}", layout.size());
        *FIRST.lock().unwrap_or_else(PoisonError::into_inner) = Some(first);
    }
}

// SAFETY: every call goes on to the system's allocator as it came.
unsafe impl GlobalAlloc for Watchful {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note("an allocation", layout);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note("a release", layout);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note("a reallocation", layout);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Runs a block's work with allocation forbidden on this thread: a [`host::device::BlockGuard`].
pub fn guard(work: &mut dyn FnMut()) {
    FORBIDDEN.set(true);
    work();
    FORBIDDEN.set(false);
    BLOCKS.fetch_add(1, Ordering::Relaxed);
}

/// Blocks run inside [`guard`] so far.
pub fn blocks() -> u64 {
    BLOCKS.load(Ordering::Relaxed)
}

/// Takes the number of allocations and releases that a plugin asked for, against the rules.
pub fn take_excuses() -> u64 {
    EXCUSES.swap(0, Ordering::Relaxed)
}

/// Takes the number of offences, and where the first was.
pub fn take_offences() -> (u64, String) {
    let first = FIRST.lock().unwrap_or_else(PoisonError::into_inner).take();
    (OFFENCES.swap(0, Ordering::Relaxed), first.unwrap_or_default())
}
