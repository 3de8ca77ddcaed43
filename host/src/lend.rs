//! Lends memory to the audio thread, and takes it back on main.

use crate::role;
use rt::lend::{Lent, Shared};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Values that came to be dropped on the audio thread and were leaked instead.
static LEAKED: AtomicU64 = AtomicU64::new(0);

/// Lends a box. The [`Lent`] frees it when it is dropped, which must happen on the main thread.
#[must_use]
pub fn lend<T: ?Sized>(value: Box<T>) -> Lent<T> {
    let value = NonNull::from(Box::leak(value));
    // SAFETY: the pointer comes from a leaked box, so it is valid and owned by nobody; `free_box` gives it back to
    // `Box::from_raw`.
    unsafe { Lent::from_raw(value, free_box::<T>) }
}

/// Lends `len` copies of a value.
#[must_use]
pub fn lend_slice<T: Clone>(len: usize, value: T) -> Lent<[T]> {
    lend(vec![value; len].into_boxed_slice())
}

/// Shares a counted value with the audio thread.
#[must_use]
pub fn share<T>(value: &Arc<T>) -> Shared<T> {
    let raw = Arc::into_raw(Arc::clone(value)).cast_mut();
    // SAFETY: the pointer comes from `Arc::into_raw`, so it is not null and stays valid while the count that it
    // stands for is not given back, which `free_arc` does once.
    unsafe { Shared::from_raw(NonNull::new_unchecked(raw), free_arc::<T>) }
}

/// Values leaked so far because they were dropped on the audio thread. Anything but 0 is a defect.
#[must_use]
pub fn leaked() -> u64 {
    LEAKED.load(Ordering::Relaxed)
}

unsafe fn free_box<T: ?Sized>(value: NonNull<T>) {
    if role::is_audio() {
        LEAKED.fetch_add(1, Ordering::Relaxed);
        return;
    }
    // SAFETY: `Lent` calls this once, with the pointer that `lend` took out of a box.
    drop(unsafe { Box::from_raw(value.as_ptr()) });
}

unsafe fn free_arc<T>(value: NonNull<T>) {
    if role::is_audio() {
        LEAKED.fetch_add(1, Ordering::Relaxed);
        return;
    }
    // SAFETY: `Shared` calls this once, with the pointer that `share` got from `Arc::into_raw`.
    drop(unsafe { Arc::from_raw(value.as_ptr()) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lent_value_is_freed_on_main_and_leaked_on_the_audio_thread() {
        let counted = Arc::new(());
        drop(lend(Box::new(Arc::clone(&counted))));
        drop(share(&counted));
        assert_eq!(Arc::strong_count(&counted), 1);

        let before = leaked();
        {
            let lent = lend(Box::new(Arc::clone(&counted)));
            let _audio = role::Audio::enter();
            drop(lent);
        }
        assert_eq!(leaked(), before + 1);
        assert_eq!(Arc::strong_count(&counted), 2);
    }
}
