//! Memory that the audio thread may use and hand on, but never free.

use core::fmt;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

/// A heap value on loan from the main thread.
///
/// This crate cannot name an allocator, so it cannot make one: `host` lends a `Box` and supplies the function
/// that frees it. Dropping a `Lent` calls that function, which is why one must never be dropped on the audio
/// thread; everything that leaves the engine goes through its ring home instead. The function that `host`
/// supplies refuses to free on a thread that is in the audio role: it counts and leaks, and a test fails.
pub struct Lent<T: ?Sized> {
    value: NonNull<T>,
    free: unsafe fn(NonNull<T>),
}

// SAFETY: a `Lent` owns its value like a `Box` does, so it may move between threads when the value may.
unsafe impl<T: ?Sized + Send> Send for Lent<T> {}
// SAFETY: shared access to a `Lent` gives only shared access to its value.
unsafe impl<T: ?Sized + Sync> Sync for Lent<T> {}

impl<T: ?Sized> Lent<T> {
    /// Takes ownership of `value`, to be given back by calling `free` exactly once.
    ///
    /// # Safety
    ///
    /// `value` must be valid for reads and writes, aligned, initialised and owned by nobody else, and must stay
    /// so until `free` is called with it. `free` must accept that pointer.
    #[must_use]
    pub const unsafe fn from_raw(value: NonNull<T>, free: unsafe fn(NonNull<T>)) -> Self {
        Self { value, free }
    }
}

impl<T: ?Sized> Deref for Lent<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: `from_raw` demands a valid value that only this `Lent` owns; the borrow is tied to `self`.
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized> DerefMut for Lent<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and `&mut self` makes this the only borrow.
        unsafe { self.value.as_mut() }
    }
}

impl<T: ?Sized> Drop for Lent<T> {
    fn drop(&mut self) {
        // SAFETY: `from_raw` demands that `free` accepts this pointer; drop runs once, so it is called once.
        unsafe { (self.free)(self.value) }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Lent<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// A value shared with other threads: like [`Lent`], but never to be written through a unique borrow.
///
/// `host` makes one from an `Arc`; dropping it gives the count back through the function supplied.
pub struct Shared<T: ?Sized> {
    value: NonNull<T>,
    free: unsafe fn(NonNull<T>),
}

// SAFETY: a `Shared` is a counted reference, which may move between threads when its value may be shared and,
// because the last one frees it, also sent.
unsafe impl<T: ?Sized + Send + Sync> Send for Shared<T> {}
// SAFETY: as above; a `&Shared` gives no more than a `&T`.
unsafe impl<T: ?Sized + Send + Sync> Sync for Shared<T> {}

impl<T: ?Sized> Shared<T> {
    /// Takes over one counted reference, to be given back by calling `free` exactly once.
    ///
    /// # Safety
    ///
    /// `value` must stay valid for shared reads until `free` is called with it, and `free` must accept it.
    #[must_use]
    pub const unsafe fn from_raw(value: NonNull<T>, free: unsafe fn(NonNull<T>)) -> Self {
        Self { value, free }
    }
}

impl<T: ?Sized> Deref for Shared<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: `from_raw` demands a value valid for shared reads while this reference is counted.
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: `from_raw` demands that `free` accepts this pointer; drop runs once, so it is called once.
        unsafe { (self.free)(self.value) }
    }
}

/// Leaks what must not be freed on this thread and has nowhere to go. Only a fault elsewhere makes that happen.
#[cold]
pub(crate) fn abandon<T>(value: T) {
    #[expect(clippy::disallowed_methods, reason = "the one place where leaking is right")]
    core::mem::forget(value);
}

/// What the tests of this crate use in place of `host`'s lending.
#[cfg(test)]
pub(crate) mod testing {
    extern crate std;

    use super::{Lent, NonNull, Shared};
    use std::boxed::Box;
    use std::sync::Arc;

    /// Lends a box; the value is dropped like any box.
    pub(crate) fn lend<T: ?Sized>(value: Box<T>) -> Lent<T> {
        let value = NonNull::from(Box::leak(value));
        // SAFETY: the pointer comes from a leaked box and is given back to `Box::from_raw`.
        unsafe { Lent::from_raw(value, |value| drop(Box::from_raw(value.as_ptr()))) }
    }

    /// Shares a counted value.
    pub(crate) fn share<T>(value: &Arc<T>) -> Shared<T> {
        let raw = Arc::into_raw(Arc::clone(value)).cast_mut();
        // SAFETY: the pointer comes from `Arc::into_raw`, so it is not null, and goes back to `Arc::from_raw`.
        unsafe {
            Shared::from_raw(NonNull::new_unchecked(raw), |value| {
                drop(Arc::from_raw(value.as_ptr()))
            })
        }
    }

    /// A lent slice of `len` copies.
    pub(crate) fn slice<T: Clone>(len: usize, value: T) -> Lent<[T]> {
        lend(std::vec![value; len].into_boxed_slice())
    }
}
