//! What every COM object of ours begins with.

use core::ffi::c_void;
use core::sync::atomic::{AtomicU32, Ordering};
use vst3::Interface;
use vst3::Steinberg::{FUnknown, FUnknownVtbl, TUID, kInvalidArgument, kNoInterface, kResultOk, tresult};
use vst3::com_scrape_types::Guid;

/// The first field of every COM object that a plugin sees: its functions, its count, its name.
///
/// The objects live in memory that is lent to the engine, so the count frees nothing. It is kept all the same: a plugin
/// may look at what `release` returns, and a test sees whether a plugin gives back what it took.
#[repr(C)]
pub(super) struct Head<V: 'static> {
    vtbl: &'static V,
    refs: AtomicU32,
    iid: &'static Guid,
}

impl<V> Head<V> {
    pub(super) const fn new(vtbl: &'static V, iid: &'static Guid) -> Self {
        Self {
            vtbl,
            refs: AtomicU32::new(1),
            iid,
        }
    }

    /// References that are held, ours included.
    #[cfg(test)]
    pub(super) fn refs(&self) -> u32 {
        self.refs.load(Ordering::Relaxed)
    }
}

impl<V> Clone for Head<V> {
    /// Another object of the same kind: its count begins anew.
    fn clone(&self) -> Self {
        Self::new(self.vtbl, self.iid)
    }
}

/// The functions of `FUnknown`, for every object that begins with a [`Head`].
pub(super) const UNKNOWN: FUnknownVtbl = FUnknownVtbl {
    queryInterface: query_interface,
    addRef: add_ref,
    release,
};

/// The head of one of our objects.
///
/// # Safety
///
/// `this` must point to a live object of ours, as a plugin got it: whatever its kind, a head of this layout comes first
/// and is only ever reached by shared references.
unsafe fn head<'a>(this: *mut FUnknown) -> &'a Head<c_void> {
    // SAFETY: as the caller promises; `&'static V` has one layout for every `V` that has a size.
    unsafe { &*this.cast() }
}

unsafe extern "system" fn query_interface(
    this: *mut FUnknown,
    iid: *const TUID,
    object: *mut *mut c_void,
) -> tresult {
    if object.is_null() {
        return kInvalidArgument;
    }
    // SAFETY: `this` is an object of ours: only these have this function.
    let head = unsafe { head(this) };
    let known = !iid.is_null() && {
        // SAFETY: it is not null, so it points to the 16 bytes of an interface id; bytes need no alignment.
        let asked = unsafe { iid.cast::<Guid>().read() };
        asked == *head.iid || asked == FUnknown::IID
    };
    if known {
        head.refs.fetch_add(1, Ordering::Relaxed);
    }
    let answer = if known { this.cast() } else { core::ptr::null_mut() };
    // SAFETY: it is not null, so it is the caller's place for one pointer; unaligned, because nothing promises more.
    unsafe { object.write_unaligned(answer) };
    if known { kResultOk } else { kNoInterface }
}

unsafe extern "system" fn add_ref(this: *mut FUnknown) -> u32 {
    // SAFETY: `this` is an object of ours: only these have this function.
    let refs = unsafe { &head(this).refs };
    refs.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
}

unsafe extern "system" fn release(this: *mut FUnknown) -> u32 {
    // SAFETY: `this` is an object of ours: only these have this function.
    let refs = unsafe { &head(this).refs };
    let before = refs.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |refs| refs.checked_sub(1));
    before.map_or(0, |before| before - 1)
}
