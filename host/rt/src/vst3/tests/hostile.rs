//! A plugin that calls the lists in every wrong way, and counts that stay right.

use super::super::names::*;
use super::plugin::{Rig, Setup, at, list};
use crate::events::{Body, NoteAddress};
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use vst3::Steinberg::Vst::*;
use vst3::Steinberg::{FUnknown, TUID, kInvalidArgument, kNoInterface, kResultFalse, kResultOk};
use vst3::com_scrape_types::{Guid, Unknown};
use vst3::{ComPtr, ComRef, Interface};

fn param(id: u32) -> Body {
    Body::Param {
        id,
        cookie: 0,
        note: NoteAddress::ALL,
        value: 0.5,
    }
}

#[test]
fn wrong_calls_are_refused() {
    let mut rig = Rig::new(Setup {
        places: 8,
        ..Setup::default()
    });
    // SAFETY: the lists are valid during the call; everything else that is passed is wrong on purpose, in ways that a list
    // has to see, or lives for the length of its call.
    rig.act(|data| unsafe {
        let mut event: Event = core::mem::zeroed();
        let (mut offset, mut value, mut number) = (0, 0.0, 0);
        for list in [data.inputEvents, data.outputEvents] {
            let list = ComRef::from_raw(list).unwrap();
            assert_eq!(list.getEvent(0, null_mut()), kInvalidArgument);
            for index in [-1, i32::MIN, 9, i32::MAX] {
                assert_eq!(list.getEvent(index, &raw mut event), kResultFalse);
            }
            assert_eq!(list.addEvent(null_mut()), kInvalidArgument);
        }
        let inputs = ComRef::from_raw(data.inputEvents).unwrap();
        assert_eq!(inputs.addEvent(&raw mut event), kResultFalse);

        let outputs = ComRef::from_raw(data.outputEvents).unwrap();
        event.r#type = DATA;
        let mut bad = |size, bytes| {
            event.__field0 = Event__type0 {
                data: DataEvent {
                    size,
                    r#type: SYSEX,
                    bytes,
                },
            };
            outputs.addEvent(&raw mut event)
        };
        assert_eq!(bad(4, null()), kInvalidArgument);
        assert_eq!(bad(u32::MAX, [0].as_ptr()), kResultFalse);
        event.r#type = NOTE_TEXT;
        let mut bad = |len, text| {
            event.__field0 = Event__type0 {
                noteExpressionText: NoteExpressionTextEvent {
                    typeId: 6,
                    noteId: 1,
                    textLen: len,
                    text,
                },
            };
            outputs.addEvent(&raw mut event)
        };
        assert_eq!(bad(1, null()), kInvalidArgument);
        assert_eq!(bad(u32::MAX, [0].as_ptr()), kResultFalse);
        event.r#type = 4711;
        for _ in 0..20 {
            outputs.addEvent(&raw mut event);
        }

        let changes = ComRef::from_raw(data.inputParameterChanges).unwrap();
        assert!(changes.addParameterData(&1, &raw mut number).is_null());
        for index in [-1, 1, i32::MAX] {
            assert!(changes.getParameterData(index).is_null());
        }
        let queue = ComRef::from_raw(changes.getParameterData(0)).unwrap();
        assert_eq!(queue.addPoint(0, 0.0, &raw mut number), kResultFalse);
        for index in [-1, 1, i32::MIN, i32::MAX] {
            assert_eq!(
                queue.getPoint(index, &raw mut offset, &raw mut value),
                kResultFalse
            );
        }
        assert_eq!(queue.getPoint(0, null_mut(), &raw mut value), kInvalidArgument);
        assert_eq!(queue.getPoint(0, &raw mut offset, null_mut()), kInvalidArgument);

        let changes = ComRef::from_raw(data.outputParameterChanges).unwrap();
        assert!(changes.addParameterData(null(), &raw mut number).is_null());
        let queue = ComRef::from_raw(changes.addParameterData(&1, null_mut())).unwrap();
        assert_eq!(queue.addPoint(0, f64::NAN, &raw mut number), kInvalidArgument);
        assert_eq!(queue.addPoint(-7, 0.25, null_mut()), kResultOk);
        let taken = (1..20).filter(|&offset| queue.addPoint(offset, 0.5, null_mut()) == kResultOk);
        assert_eq!(taken.count(), 7);
        let queues = (2..20).filter(|id| !changes.addParameterData(id, null_mut()).is_null());
        assert_eq!(queues.count(), 7);
    });
    rig.play_one(&at(0, &[param(3)]));
    // 2 of too many bytes, 14 of 20 events, 12 points, 11 parameters.
    assert_eq!(rig.scratch.take_dropped(), 2 + 14 + 12 + 11);
    assert!(rig.said().is_empty());
    assert_eq!(rig.news(), [(1, 0.5, true), (3, 0.5, false)]);
    // The next block begins with empty lists.
    rig.act(|data| {
        assert!(super::plugin::events(data.outputEvents).is_empty());
        assert!(super::plugin::changes(data.outputParameterChanges).is_empty());
    });
    assert!(rig.play_one(&list()).changes.is_empty());
}

/// Asks an object for an interface.
unsafe fn query(object: *mut FUnknown, iid: *const TUID, answer: *mut *mut c_void) -> i32 {
    // SAFETY: the caller passes a valid object.
    unsafe { ((*(*object).vtbl).queryInterface)(object, iid, answer) }
}

#[test]
fn references_are_counted() {
    let mut rig = Rig::new(Setup::default());
    // SAFETY: the lists are valid during the call.
    rig.act(|data| unsafe {
        let queue = ComRef::from_raw(data.inputParameterChanges)
            .unwrap()
            .getParameterData(0);
        let objects: [(*mut FUnknown, Guid); 5] = [
            (data.inputEvents.cast(), IEventList::IID),
            (data.outputEvents.cast(), IEventList::IID),
            (data.inputParameterChanges.cast(), IParameterChanges::IID),
            (data.outputParameterChanges.cast(), IParameterChanges::IID),
            (queue.cast(), IParamValueQueue::IID),
        ];
        for (object, iid) in objects {
            for known in [iid, FUnknown::IID] {
                let mut answer = null_mut();
                assert_eq!(query(object, known.as_ptr().cast(), &raw mut answer), kResultOk);
                assert_eq!(answer, object.cast());
                let held = ComPtr::from_raw(object).unwrap();
                let twice = held.clone();
                drop((held, twice));
            }
            let mut answer = object.cast();
            let other = IAudioProcessor::IID;
            assert_eq!(
                query(object, other.as_ptr().cast(), &raw mut answer),
                kNoInterface
            );
            assert!(answer.is_null());
            assert_eq!(query(object, null(), &raw mut answer), kNoInterface);
            assert_eq!(query(object, null(), null_mut()), kInvalidArgument);
            assert_eq!((FUnknown::add_ref(object), FUnknown::release(object)), (2, 1));
        }
    });
    rig.play_one(&at(0, &[param(3)]));
    let scratch = &rig.scratch;
    let queue = scratch.changes.all()[0].refs();
    let lists = [scratch.events.refs(), scratch.out_events.refs()];
    let changes = [scratch.changes.refs(), scratch.out_changes.refs()];
    assert_eq!((lists, changes, queue), ([1; 2], [1; 2], 1));
}

#[test]
fn a_count_that_is_released_too_often_stays_at_nothing() {
    let mut rig = Rig::new(Setup::default());
    // SAFETY: the list is valid during the call, and frees nothing.
    rig.act(|data| unsafe {
        let list: *mut FUnknown = data.inputEvents.cast();
        assert_eq!([(); 3].map(|()| FUnknown::release(list)), [0; 3]);
    });
    rig.play_one(&list());
    rig.act(|_| {});
    rig.play_one(&at(0, &[param(1)]));
}
