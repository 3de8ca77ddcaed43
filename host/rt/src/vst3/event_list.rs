//! A bounded `IEventList`.

use super::com::{Head, UNKNOWN};
use super::names::{DATA, NOTE_OFF, NOTE_TEXT};
use crate::lend::Lent;
use core::cell::Cell;
use vst3::Interface;
use vst3::Steinberg::Vst::{Event, Event__type0, IEventList, IEventListVtbl, NoteOffEvent};
use vst3::Steinberg::{kInvalidArgument, kResultFalse, kResultOk, tresult};

/// One event in VST3's layout.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Vst3Event(pub(super) Event);

impl Default for Vst3Event {
    fn default() -> Self {
        let off = NoteOffEvent {
            channel: 0,
            pitch: 0,
            velocity: 0.0,
            noteId: -1,
            tuning: 0.0,
        };
        Self(Event {
            busIndex: 0,
            sampleOffset: 0,
            ppqPosition: 0.0,
            flags: 0,
            r#type: NOTE_OFF,
            __field0: Event__type0 { noteOff: off },
        })
    }
}

/// Events of one process call, for the plugin to read or to write.
///
/// Everything that changes lies in cells, so that we and the plugin only ever share it; both are on the audio thread.
#[repr(C)]
pub(super) struct Events {
    head: Head<IEventListVtbl>,
    events: Lent<[Cell<Vst3Event>]>,
    count: Cell<u32>,
    /// Copies of the bytes of the plugin's data events. Without it the plugin may add nothing.
    bytes: Option<Lent<[Cell<u8>]>>,
    used: Cell<usize>,
    missed: Cell<u32>,
}

static FUNCTIONS: IEventListVtbl = IEventListVtbl {
    base: UNKNOWN,
    getEventCount: get_event_count,
    getEvent: get_event,
    addEvent: add_event,
};

impl Events {
    /// A list that a plugin may add to, with memory for what its events point to; or without, one that it may only read.
    pub(super) const fn new(events: Lent<[Cell<Vst3Event>]>, bytes: Option<Lent<[Cell<u8>]>>) -> Self {
        Self {
            head: Head::new(&FUNCTIONS, &IEventList::IID),
            events,
            count: Cell::new(0),
            bytes,
            used: Cell::new(0),
            missed: Cell::new(0),
        }
    }

    /// The list as a plugin gets it. It may be used for as long as no unique borrow of the list is made.
    pub(super) const fn as_ptr(&self) -> *mut IEventList {
        core::ptr::from_ref(self).cast_mut().cast()
    }

    #[inline]
    pub(super) fn clear(&self) {
        self.count.set(0);
        self.used.set(0);
    }

    /// The events added so far, in the order in which they were added.
    #[inline]
    pub(super) fn all(&self) -> &[Cell<Vst3Event>] {
        self.events.get(..self.count.get() as usize).unwrap_or(&[])
    }

    /// Adds an event; a full list counts it. A quarter of the places is for releases. Returns whether it was added.
    #[inline]
    pub(super) fn push(&self, event: Event, release: bool) -> bool {
        let kept = if release { 0 } else { self.events.len() / 4 };
        let count = self.count.get();
        if count as usize >= self.events.len() - kept {
            self.missed.set(self.missed.get().saturating_add(1));
            return false;
        }
        self.events[count as usize].set(Vst3Event(event));
        self.count.set(count + 1);
        true
    }

    /// Takes the number of events that found no room.
    pub(super) fn take_missed(&self) -> u32 {
        self.missed.take()
    }

    #[cfg(test)]
    pub(super) fn refs(&self) -> u32 {
        self.head.refs()
    }

    /// Takes a plugin's event. What it points to is copied, for the plugin may point to its stack.
    fn take(&self, mut event: Event) -> tresult {
        let before = self.used.get();
        let copied = match event.r#type {
            DATA => {
                // SAFETY: the type says which field is meant, and this one is made of numbers and a pointer, for which any
                // bytes will do.
                let mut data = unsafe { event.__field0.data };
                let copied = self.copy(data.bytes, data.size as usize, 0);
                data.bytes = copied.unwrap_or(core::ptr::null());
                event.__field0 = Event__type0 { data };
                copied.map(|_| ())
            }
            NOTE_TEXT => {
                // SAFETY: as above.
                let mut text = unsafe { event.__field0.noteExpressionText };
                let copied = self.copy(text.text.cast(), (text.textLen as usize).saturating_mul(2), 2);
                text.text = copied.unwrap_or(core::ptr::null()).cast();
                event.__field0 = Event__type0 {
                    noteExpressionText: text,
                };
                copied.map(|_| ())
            }
            // An input list has no memory for bytes: the plugin may not add to it.
            _ => self.bytes.as_ref().map(|_| ()).ok_or(kResultFalse),
        };
        if let Err(refused) = copied {
            return refused;
        }
        if !self.push(event, event.r#type == NOTE_OFF) {
            self.used.set(before);
            return kResultFalse;
        }
        kResultOk
    }

    /// Copies what a plugin points to, from an even address on and with `zeros` behind it. Returns where, or what to answer.
    fn copy(&self, from: *const u8, len: usize, zeros: usize) -> Result<*const u8, tresult> {
        let bytes = self.bytes.as_ref().ok_or(kResultFalse)?;
        if from.is_null() {
            return Err(kInvalidArgument);
        }
        let used = self.used.get();
        let start = used + (bytes.as_ptr().wrapping_add(used).addr() & 1);
        let end = start.saturating_add(len).saturating_add(zeros);
        let Some(copy) = bytes.get(start..end) else {
            self.missed.set(self.missed.get().saturating_add(1));
            return Err(kResultFalse);
        };
        // To all of it: the zeros are read with the rest.
        let place = copy.as_ptr().cast_mut().cast::<u8>();
        let (copy, behind) = copy.split_at(len);
        // SAFETY: the plugin promises `len` readable bytes; `copy` has as many, in cells. `copy` may overlap, as they would
        // if a plugin handed back what it read here.
        unsafe { core::ptr::copy(from, place, copy.len()) };
        behind.iter().for_each(|byte| byte.set(0));
        self.used.set(end);
        Ok(place)
    }
}

/// The list behind a plugin's pointer.
///
/// # Safety
///
/// `this` must be what [`Events::as_ptr`] gave, while it may be used.
unsafe fn list<'a>(this: *mut IEventList) -> &'a Events {
    // SAFETY: as the caller promises; everything that changes lies in cells.
    unsafe { &*this.cast() }
}

unsafe extern "system" fn get_event_count(this: *mut IEventList) -> i32 {
    // SAFETY: only our lists have this function, and a plugin has them for the length of a process call.
    let list = unsafe { list(this) };
    i32::try_from(list.count.get()).unwrap_or(i32::MAX)
}

unsafe extern "system" fn get_event(this: *mut IEventList, index: i32, event: *mut Event) -> tresult {
    if event.is_null() {
        return kInvalidArgument;
    }
    // SAFETY: as in `get_event_count`.
    let list = unsafe { list(this) };
    let found = usize::try_from(index)
        .ok()
        .and_then(|index| list.all().get(index));
    let Some(found) = found else {
        return kResultFalse;
    };
    // SAFETY: it is not null, so it is the caller's place for one event.
    unsafe { event.write(found.get().0) };
    kResultOk
}

unsafe extern "system" fn add_event(this: *mut IEventList, event: *mut Event) -> tresult {
    if event.is_null() {
        return kInvalidArgument;
    }
    // SAFETY: as in `get_event_count`.
    let list = unsafe { list(this) };
    // SAFETY: it is not null, so it points to the caller's event.
    list.take(unsafe { event.read() })
}
