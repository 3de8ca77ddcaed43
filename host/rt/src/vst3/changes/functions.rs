//! The functions that a plugin calls.

use super::{Changes, Queue};
use crate::vst3::com::UNKNOWN;
use vst3::Steinberg::Vst::{
    IParamValueQueue, IParamValueQueueVtbl, IParameterChanges, IParameterChangesVtbl,
};
use vst3::Steinberg::{kInvalidArgument, kResultFalse, kResultOk, tresult};

pub(super) static CHANGES: IParameterChangesVtbl = IParameterChangesVtbl {
    base: UNKNOWN,
    getParameterCount: get_parameter_count,
    getParameterData: get_parameter_data,
    addParameterData: add_parameter_data,
};

pub(super) static QUEUE: IParamValueQueueVtbl = IParamValueQueueVtbl {
    base: UNKNOWN,
    getParameterId: get_parameter_id,
    getPointCount: get_point_count,
    getPoint: get_point,
    addPoint: add_point,
};

/// The changes behind a plugin's pointer.
///
/// # Safety
///
/// `this` must be what [`Changes::as_ptr`] gave, while it may be used.
unsafe fn changes<'a>(this: *mut IParameterChanges) -> &'a Changes {
    // SAFETY: as the caller promises; everything that changes lies in cells.
    unsafe { &*this.cast() }
}

/// The queue behind a plugin's pointer.
///
/// # Safety
///
/// `this` must be what [`Queue::as_ptr`] gave; queues lie in memory that is lent for as long as there is an engine.
unsafe fn queue<'a>(this: *mut IParamValueQueue) -> &'a Queue {
    // SAFETY: as the caller promises; everything that changes lies in cells.
    unsafe { &*this.cast() }
}

unsafe extern "system" fn get_parameter_count(this: *mut IParameterChanges) -> i32 {
    // SAFETY: only our objects have this function, and a plugin has them for the length of a process call.
    let changes = unsafe { changes(this) };
    i32::try_from(changes.count.get()).unwrap_or(i32::MAX)
}

unsafe extern "system" fn get_parameter_data(
    this: *mut IParameterChanges,
    index: i32,
) -> *mut IParamValueQueue {
    // SAFETY: as in `get_parameter_count`.
    let changes = unsafe { changes(this) };
    let found = usize::try_from(index)
        .ok()
        .and_then(|index| changes.all().get(index));
    found.map_or(core::ptr::null_mut(), Queue::as_ptr)
}

unsafe extern "system" fn add_parameter_data(
    this: *mut IParameterChanges,
    id: *const u32,
    index: *mut i32,
) -> *mut IParamValueQueue {
    // SAFETY: as in `get_parameter_count`.
    let changes = unsafe { changes(this) };
    if id.is_null() || changes.placed.is_some() {
        return core::ptr::null_mut();
    }
    // SAFETY: it is not null, so it points to the caller's id.
    let id = unsafe { id.read() };
    let Some(number) = changes.queue(id, || true) else {
        changes.miss();
        return core::ptr::null_mut();
    };
    if !index.is_null() {
        // SAFETY: it is not null, so it is the caller's place for a number.
        unsafe { index.write(i32::try_from(number).unwrap_or(i32::MAX)) };
    }
    changes
        .queues
        .get(number as usize)
        .map_or(core::ptr::null_mut(), Queue::as_ptr)
}

unsafe extern "system" fn get_parameter_id(this: *mut IParamValueQueue) -> u32 {
    // SAFETY: only our queues have this function.
    unsafe { queue(this) }.id.get()
}

unsafe extern "system" fn get_point_count(this: *mut IParamValueQueue) -> i32 {
    // SAFETY: only our queues have this function.
    let queue = unsafe { queue(this) };
    i32::try_from(queue.count.get()).unwrap_or(i32::MAX)
}

unsafe extern "system" fn get_point(
    this: *mut IParamValueQueue,
    index: i32,
    offset: *mut i32,
    value: *mut f64,
) -> tresult {
    if offset.is_null() || value.is_null() {
        return kInvalidArgument;
    }
    // SAFETY: only our queues have this function.
    let queue = unsafe { queue(this) };
    // SAFETY: a plugin got this queue in a process call, which set the owner, and uses it during that call.
    let Some(owner) = (unsafe { queue.owner.get().as_ref() }) else {
        return kResultFalse;
    };
    let Some(point) = owner.point(queue, index) else {
        return kResultFalse;
    };
    // SAFETY: they are not null, so they are the caller's places for both numbers.
    unsafe {
        offset.write(point.offset);
        value.write(point.value);
    }
    kResultOk
}

unsafe extern "system" fn add_point(
    this: *mut IParamValueQueue,
    offset: i32,
    value: f64,
    index: *mut i32,
) -> tresult {
    // SAFETY: only our queues have this function.
    let queue = unsafe { queue(this) };
    // SAFETY: as in `get_point`.
    let Some(owner) = (unsafe { queue.owner.get().as_ref() }) else {
        return kResultFalse;
    };
    if owner.placed.is_some() {
        return kResultFalse;
    }
    if value.is_nan() {
        return kInvalidArgument;
    }
    let Some(number) = owner.take(queue, offset.max(0), value) else {
        return kResultFalse;
    };
    if !index.is_null() {
        // SAFETY: it is not null, so it is the caller's place for a number.
        unsafe { index.write(i32::try_from(number).unwrap_or(i32::MAX)) };
    }
    kResultOk
}
