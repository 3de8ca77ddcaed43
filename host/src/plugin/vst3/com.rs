//! What ties COM pointers and objects to their threads.
//!
//! The bindings call every interface `Send` and `Sync`, which says nothing about the plugin behind it. So a pointer of
//! the main half lives in a [`MainPtr`], and what an object of ours keeps for main alone in a [`MainCell`].

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use vst3::Steinberg::Vst::IComponent;
use vst3::{Class, ComPtr, ComWrapper, Interface};

/// A reference that stays on the main thread: releasing it may delete an object of the plugin.
pub(super) struct MainPtr<I: Interface> {
    ptr: ComPtr<I>,
    _not_send: PhantomData<*const ()>,
}

static_assertions::assert_not_impl_any!(MainPtr<IComponent>: Send, Sync);

impl<I: Interface> MainPtr<I> {
    /// Takes over the reference.
    pub(super) const fn new(ptr: ComPtr<I>) -> Self {
        Self {
            ptr,
            _not_send: PhantomData,
        }
    }

    /// Asks the object for another of its interfaces.
    pub(super) fn cast<J: Interface>(&self) -> Option<MainPtr<J>> {
        self.ptr.cast().map(MainPtr::new)
    }
}

impl<I: Interface> Deref for MainPtr<I> {
    type Target = ComPtr<I>;

    fn deref(&self) -> &ComPtr<I> {
        &self.ptr
    }
}

impl<I: Interface> Clone for MainPtr<I> {
    fn clone(&self) -> Self {
        Self::new(self.ptr.clone())
    }
}

impl<I: Interface> std::fmt::Debug for MainPtr<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MainPtr({:p})", self.ptr.as_ptr())
    }
}

/// A number for the calling thread that no other thread ever gets. Neither allocates nor waits.
fn this_thread() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    // `std::thread::current` would allocate on a thread that a driver made.
    thread_local! {
        static NUMBER: Cell<u64> = const { Cell::new(0) };
    }
    if NUMBER.get() == 0 {
        NUMBER.set(NEXT.fetch_add(1, Ordering::Relaxed));
    }
    NUMBER.get()
}

/// A value inside a COM object that only the thread which made it may touch, whoever calls the object.
pub(super) struct MainCell<T> {
    owner: u64,
    value: ManuallyDrop<RefCell<T>>,
}

// SAFETY: the value is reached only by `with` and `drop`, which both compare the calling thread with the one that made
// it first, so no other thread ever reads, writes or drops it.
unsafe impl<T> Send for MainCell<T> {}
// SAFETY: as above; on the one thread the RefCell keeps two borrows apart.
unsafe impl<T> Sync for MainCell<T> {}

impl<T> MainCell<T> {
    /// A cell that belongs to the calling thread.
    pub(super) fn new(value: T) -> Self {
        Self {
            owner: this_thread(),
            value: ManuallyDrop::new(RefCell::new(value)),
        }
    }

    /// Works with the value. `None` on any other thread than the one that made it, and within another call of this.
    ///
    /// Nothing of the plugin's may be called or released inside, because it may come back to here. A reference may be added,
    /// which does nothing but count.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        if self.owner != this_thread() {
            return None;
        }
        self.value.try_borrow_mut().ok().map(|mut value| work(&mut value))
    }
}

impl<T> Drop for MainCell<T> {
    fn drop(&mut self) {
        // Anywhere else it leaks: that costs memory, while releasing a plugin's object on a foreign thread may crash.
        if self.owner == this_thread() {
            // SAFETY: dropped once, here, and not used after.
            unsafe { ManuallyDrop::drop(&mut self.value) };
        }
    }
}

/// Counts objects that live, so that a test can tell whether a plugin released all it was given.
#[derive(Clone, Default)]
pub(super) struct Tally(Arc<AtomicUsize>);

impl Tally {
    /// Counts one more until the result is dropped.
    pub(super) fn one(&self) -> Counted {
        self.0.fetch_add(1, Ordering::Relaxed);
        Counted(self.0.clone())
    }

    /// How many live now.
    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// One object of a [`Tally`].
pub(super) struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An interface of an object of ours, to be lent to a plugin without a reference; null if it has none such.
pub(super) fn lend<I: Interface, C: Class>(object: &ComWrapper<C>) -> *mut I {
    object
        .as_com_ref::<I>()
        .map_or(std::ptr::null_mut(), |object| object.as_ptr())
}

/// A constant of the specification as the number that calls carry: enumerations are signed on one system and unsigned
/// on the other.
pub(super) fn number(constant: impl TryInto<i32>) -> i32 {
    constant.try_into().unwrap_or(i32::MAX)
}

/// Writes through a pointer that a plugin gave for a result and that may be null. Returns whether it was not.
///
/// # Safety
///
/// The pointer is null or may be written to.
pub(super) unsafe fn give<T>(out: *mut T, value: T) -> bool {
    if out.is_null() {
        return false;
    }
    // SAFETY: not null, so by this function's contract it may be written to; a plugin may have it unaligned in a packed
    // structure.
    unsafe { out.write_unaligned(value) };
    true
}

/// The number of references to an object, for tests.
#[cfg(test)]
pub(super) fn references<I: Interface>(object: &ComPtr<I>) -> usize {
    // SAFETY: the pointer is a live reference; what is added is released at once.
    unsafe {
        I::add_ref(object.as_ptr());
        I::release(object.as_ptr())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;
    use vst3::Steinberg::{
        FUnknown, IBStream, IPluginBase, IPluginBaseTrait, ISizeableStream, kResultOk, tresult,
    };

    struct Thing(#[expect(dead_code, reason = "counts by living")] Counted);

    impl Class for Thing {
        type Interfaces = (IPluginBase,);
    }

    impl IPluginBaseTrait for Thing {
        unsafe fn initialize(&self, _context: *mut FUnknown) -> tresult {
            kResultOk
        }

        unsafe fn terminate(&self) -> tresult {
            kResultOk
        }
    }

    #[test]
    fn a_main_pointer_counts_as_com_does() {
        let tally = Tally::default();
        let thing = ComWrapper::new(Thing(tally.one()));
        let main = MainPtr::new(thing.to_com_ptr::<IPluginBase>().unwrap());
        drop(thing);
        assert_eq!(references(&main), 1);
        let unknown = main.cast::<FUnknown>().unwrap();
        assert_eq!(references(&main), 2);
        assert!(main.cast::<IBStream>().is_none());
        let copy = main.clone();
        assert_eq!(references(&main), 3);
        drop((copy, unknown));
        assert_eq!(references(&main), 1);
        // SAFETY: a live object of this test.
        assert_eq!(unsafe { main.terminate() }, kResultOk);
        assert_eq!(tally.count(), 1);
        drop(main);
        assert_eq!(tally.count(), 0);
    }

    #[test]
    fn a_cell_opens_on_its_own_thread_only_and_once_at_a_time() {
        let cell = MainCell::new(1);
        assert_eq!(cell.with(|value| std::mem::replace(value, 2)), Some(1));
        assert_eq!(cell.with(|_| cell.with(|_| ())), Some(None));
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(cell.with(|value| *value), None));
        });
        assert_eq!(cell.with(|value| *value), Some(2));
    }

    #[test]
    fn a_cell_drops_at_home_and_leaks_elsewhere() {
        let value = Rc::new(());
        drop(MainCell::new(value.clone()));
        assert_eq!(Rc::strong_count(&value), 1);
        let cell = MainCell::new(value.clone());
        std::thread::spawn(move || drop(cell)).join().unwrap();
        assert_eq!(Rc::strong_count(&value), 2);
        // Taken back, so that the leak is this test's alone.
        // SAFETY: the clone that leaked on the other thread still owns this count.
        unsafe { Rc::decrement_strong_count(Rc::as_ptr(&value)) };
    }

    #[test]
    fn what_an_object_has_not_is_lent_as_null() {
        let thing = ComWrapper::new(Thing(Tally::default().one()));
        assert!(!lend::<IPluginBase, _>(&thing).is_null());
        assert!(lend::<ISizeableStream, _>(&thing).is_null());
    }

    #[test]
    fn results_go_where_there_is_room() {
        let mut out = 0_u32;
        // SAFETY: null, or a variable of this test.
        unsafe {
            assert!(!give(std::ptr::null_mut(), 5_u32));
            assert!(give(&raw mut out, 5));
        }
        assert_eq!((out, number(7_u32), number(-7_i32)), (5, 7, -7));
    }
}
