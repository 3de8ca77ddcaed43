use super::super::com::references;
use super::record::{BusWish, ProgramChange};
use super::*;
use crate::role;
use vst3::Steinberg::FUnknown;
use vst3::Steinberg::Vst::BusDirections_::{kInput, kOutput};
use vst3::Steinberg::Vst::MediaTypes_::{kAudio, kEvent};
use vst3::Steinberg::Vst::RestartFlags_::{kIoChanged, kLatencyChanged, kParamValuesChanged};
use vst3::Steinberg::Vst::{
    IAttributeListTrait, IComponentHandler2Trait, IComponentHandler3Trait,
    IComponentHandlerBusActivationTrait, IComponentHandlerSystemTimeTrait, IComponentHandlerTrait,
    IContextMenuTrait, IMessageTrait, IParameterFinder_iid, IUnitHandler2Trait, IUnitHandlerTrait,
};
use vst3::Steinberg::{IBStream, IBStream_iid, kOutOfMemory};

/// A host on this thread, which becomes main, by one of its interfaces. The reference is its only one.
pub(in crate::plugin::vst3) fn host<I: Interface>() -> (Arc<Record>, ComPtr<I>) {
    role::claim_main();
    let record = Record::new();
    let host = HostObject::new(record.clone()).to_com_ptr().unwrap();
    (record, host)
}

/// Takes the notices.
pub(in crate::plugin::vst3) fn notices(record: &Record) -> Vec<(u8, String)> {
    let mut all = Vec::new();
    assert_eq!(
        record.take_notices(|tag, text| all.push((tag, text.to_owned()))),
        0
    );
    all
}

fn edits(record: &Record) -> Vec<(u32, EditStep)> {
    std::iter::from_fn(|| record.take_edit())
        .map(|edit| (edit.id, edit.what))
        .collect()
}

#[test]
fn one_object_answers_every_interface() {
    let (record, host) = host::<FUnknown>();
    let unknown = host.as_ptr();
    assert!(host.cast::<IHostApplication>().is_some());
    assert!(host.cast::<IPlugInterfaceSupport>().is_some());
    assert!(host.cast::<IComponentHandler>().is_some());
    assert!(host.cast::<IComponentHandler2>().is_some());
    assert!(host.cast::<IComponentHandler3>().is_some());
    assert!(host.cast::<IComponentHandlerBusActivation>().is_some());
    assert!(host.cast::<IComponentHandlerSystemTime>().is_some());
    assert!(host.cast::<IUnitHandler>().is_some());
    assert!(host.cast::<IUnitHandler2>().is_some());
    assert!(host.cast::<IProgress>().is_some());
    assert!(host.cast::<IDataExchangeHandler>().is_some());
    #[cfg(target_os = "linux")]
    assert!(host.cast::<vst3::Steinberg::Linux::IRunLoop>().is_some());
    assert!(host.cast::<IBStream>().is_none());
    let handler = host.cast::<IComponentHandler>().unwrap();
    assert_eq!(
        handler.cast::<FUnknown>().unwrap().as_ptr(),
        unknown,
        "one identity"
    );
    drop(handler);
    assert_eq!((references(&host), record.objects.count()), (1, 1));
    drop(host);
    assert_eq!((Arc::strong_count(&record), record.objects.count()), (1, 0));
}

#[test]
fn it_says_its_name_and_what_it_uses() {
    let (_record, host) = host::<IHostApplication>();
    let support = host.cast::<IPlugInterfaceSupport>().unwrap();
    let mut name = [9; 128];
    // SAFETY: null, or places of this test.
    unsafe {
        assert_eq!(host.getName(&raw mut name), kResultOk);
        assert_eq!(text::from_wide(&name), "Backline");
        assert_eq!(host.getName(std::ptr::null_mut()), kInvalidArgument);
        for iid in &USED {
            assert_eq!(support.isPlugInterfaceSupported(iid), kResultTrue);
        }
        for iid in [IParameterFinder_iid, IBStream_iid, [0; 16]] {
            assert_eq!(support.isPlugInterfaceSupported(&raw const iid), kResultFalse);
        }
        assert_eq!(
            support.isPlugInterfaceSupported(std::ptr::null()),
            kInvalidArgument
        );
    }
}

#[test]
fn it_makes_messages_and_lists_and_nothing_else() {
    let (record, host) = host::<IHostApplication>();
    let make = |mut cid: TUID, mut iid: TUID| {
        let mut object = std::ptr::dangling_mut();
        // SAFETY: places of this closure.
        let result = unsafe { host.createInstance(&raw mut cid, &raw mut iid, &raw mut object) };
        assert_eq!(object.is_null(), result != kResultOk);
        (result == kResultOk).then_some(object)
    };
    let (message, list, unknown) = (IMessage_iid, IAttributeList_iid, FUnknown_iid);
    for (cid, iid) in [
        (message, list),
        (list, message),
        (unknown, unknown),
        (IBStream_iid, IBStream_iid),
    ] {
        assert!(make(cid, iid).is_none());
    }
    // SAFETY: each pointer is a new reference to the interface asked for.
    unsafe {
        let made = ComPtr::<IMessage>::from_raw(make(message, message).unwrap().cast()).unwrap();
        assert_eq!((references(&made), record.objects.count()), (1, 3));
        made.setMessageID(c"x".as_ptr());
        let by_unknown = ComPtr::<FUnknown>::from_raw(make(message, unknown).unwrap().cast()).unwrap();
        assert!(by_unknown.cast::<IMessage>().is_some());
        let attributes = ComPtr::<IAttributeList>::from_raw(make(list, list).unwrap().cast()).unwrap();
        assert_eq!(attributes.setInt(c"n".as_ptr(), 1), kResultOk);
        assert_eq!((references(&attributes), record.objects.count()), (1, 6));
    }
    assert_eq!(record.objects.count(), 1);
    let (mut cid, null) = (message, std::ptr::null_mut());
    let mut object = std::ptr::dangling_mut();
    // SAFETY: null, or places of this test.
    unsafe {
        assert_eq!(
            host.createInstance(&raw mut cid, &raw mut cid, std::ptr::null_mut()),
            kInvalidArgument
        );
        assert_eq!(
            host.createInstance(null, &raw mut cid, &raw mut object),
            kInvalidArgument
        );
        assert!(object.is_null());
        assert_eq!(
            host.createInstance(&raw mut cid, null, &raw mut object),
            kInvalidArgument
        );
    }
    assert!(notices(&record).is_empty());
    let audio = role::Audio::enter();
    assert!(make(list, unknown).is_some_and(|made| {
        // SAFETY: a new reference to the interface asked for.
        unsafe { ComPtr::<FUnknown>::from_raw(made.cast()) }.is_some()
    }));
    drop(audio);
    let wrong = (WRONG_THREAD, "IHostApplication::createInstance".to_owned());
    assert_eq!(notices(&record), [wrong], "served, but it allocates");
}

#[test]
fn a_module_has_a_run_loop_and_makes_objects_too() {
    let record = Record::new();
    let context = ModuleContext::new(record.clone());
    let context = context.to_com_ptr::<FUnknown>().unwrap();
    let host = context.cast::<IHostApplication>().unwrap();
    assert!(context.cast::<IPlugInterfaceSupport>().is_some());
    assert!(context.cast::<IComponentHandler>().is_none());
    #[cfg(target_os = "linux")]
    assert!(context.cast::<vst3::Steinberg::Linux::IRunLoop>().is_some());
    let (mut cid, mut iid, mut object) = (IMessage_iid, IMessage_iid, std::ptr::null_mut());
    // SAFETY: places of this test; the reference made is taken over.
    unsafe {
        assert_eq!(
            host.createInstance(&raw mut cid, &raw mut iid, &raw mut object),
            kResultOk
        );
        assert!(ComPtr::<IMessage>::from_raw(object.cast()).is_some());
    }
    assert_eq!(record.objects.count(), 0);
}

#[test]
fn edits_keep_their_order_and_values() {
    let (record, host) = host::<IComponentHandler>();
    let high = 0x8000_0001;
    // SAFETY: live objects of this test.
    unsafe {
        assert_eq!(host.beginEdit(high), kResultOk);
        assert_eq!(host.performEdit(high, 0.25), kResultOk);
        assert_eq!(host.performEdit(high, 1.5), kResultOk);
        assert_eq!(host.performEdit(7, f64::NEG_INFINITY), kResultOk);
        assert_eq!(host.performEdit(high, f64::NAN), kInvalidArgument);
        assert_eq!(host.endEdit(high), kResultOk);
    }
    let value = EditStep::Value;
    let expected = [
        (high, EditStep::Begin),
        (high, value(0.25)),
        (high, value(1.0)),
        (7, value(0.0)),
        (high, EditStep::End),
    ];
    assert_eq!(edits(&record), expected);
    assert_eq!(record.take_asked(0), 0);
    assert!(notices(&record).is_empty());
}

#[test]
fn a_group_of_edits_has_one_time() {
    let (record, host) = host::<IComponentHandler2>();
    let handler = host.cast::<IComponentHandler>().unwrap();
    // SAFETY: live objects of this test.
    unsafe {
        assert_eq!(host.finishGroupEdit(), kResultFalse);
        assert_eq!(host.startGroupEdit(), kResultOk);
        assert_eq!(host.startGroupEdit(), kResultFalse);
        handler.beginEdit(1);
        std::thread::sleep(std::time::Duration::from_millis(2));
        handler.performEdit(2, 0.5);
        assert_eq!(host.finishGroupEdit(), kResultOk);
        assert_eq!(host.finishGroupEdit(), kResultFalse);
        std::thread::sleep(std::time::Duration::from_millis(2));
        handler.endEdit(1);
    }
    let times: Vec<i64> = std::iter::from_fn(|| record.take_edit())
        .map(|edit| edit.at)
        .collect();
    assert_eq!(times[0], times[1]);
    assert!(times[2] >= times[0] + 4_000_000);
}

#[test]
fn more_edits_than_fit_are_told_of() {
    let (record, host) = host::<IComponentHandler>();
    let storm = 5000;
    for id in 0..storm {
        // SAFETY: a live object of this test.
        assert_eq!(unsafe { host.performEdit(id, 0.5) }, kResultOk);
    }
    let kept = edits(&record);
    assert!(kept.len() < storm as usize);
    assert!(
        kept.iter().zip(0..).all(|((id, _), expected)| *id == expected),
        "the first ones are kept"
    );
    assert_eq!(record.take_asked(0), ask::VALUES);
}

#[test]
fn a_storm_of_restarts_is_one_set_of_flags() {
    let (record, host) = host::<IComponentHandler>();
    std::thread::scope(|scope| {
        for flag in [kIoChanged, kLatencyChanged] {
            let host = &host;
            scope.spawn(move || {
                for _ in 0..if cfg!(miri) { 50 } else { 10_000 } {
                    // SAFETY: a live object of this test.
                    assert_eq!(unsafe { host.restartComponent(flag) }, kResultOk);
                }
            });
        }
        // SAFETY: a live object of this test.
        let result = unsafe { host.restartComponent(kParamValuesChanged | i32::MIN) };
        assert_eq!(result, kResultOk);
    });
    let kept = record.take_restart(kIoChanged);
    assert_eq!(kept, kLatencyChanged | kParamValuesChanged | i32::MIN);
    assert_eq!((record.take_restart(0), record.take_restart(0)), (kIoChanged, 0));
    let wrong = [(WRONG_THREAD, "IComponentHandler::restartComponent".to_owned())];
    assert_eq!(notices(&record), wrong, "one line however many calls");
}

#[test]
fn calls_from_the_wrong_thread_are_served_and_named() {
    let (record, host) = host::<IComponentHandler>();
    std::thread::scope(|scope| {
        // SAFETY: live objects of this test.
        scope.spawn(|| unsafe {
            let _audio = role::Audio::enter();
            host.beginEdit(1);
            host.performEdit(1, 0.5);
            host.endEdit(1);
            let two = host.cast::<IComponentHandler2>().unwrap();
            two.setDirty(1);
            two.requestOpenEditor(std::ptr::null());
            two.startGroupEdit();
            two.finishGroupEdit();
            let buses = host.cast::<IComponentHandlerBusActivation>().unwrap();
            buses.requestBusActivation(0, 1, 2, 1);
            let units = host.cast::<IUnitHandler2>().unwrap();
            units.notifyUnitByBusChange();
            let units = host.cast::<IUnitHandler>().unwrap();
            units.notifyUnitSelection(3);
            units.notifyProgramListChange(4, 5);
        });
    });
    let calls = notices(&record);
    assert_eq!(calls.len(), 11);
    assert!(calls.iter().all(|(tag, _)| *tag == WRONG_THREAD));
    assert_eq!(calls[1].1, "IComponentHandler::performEdit");
    assert_eq!(
        edits(&record),
        [
            (1, EditStep::Begin),
            (1, EditStep::Value(0.5)),
            (1, EditStep::End)
        ]
    );
    assert_eq!(
        record.take_asked(0),
        ask::DIRTY | ask::OPEN_EDITOR | ask::UNIT_BY_BUS
    );
    let wish = BusWish {
        media: 0,
        direction: 1,
        index: 2,
        active: true,
    };
    assert_eq!(record.take_bus(), Some(wish));
    assert_eq!(record.take_unit(), Some(3));
    assert_eq!(
        record.take_programs(),
        Some(ProgramChange {
            list: 4,
            program: Some(5)
        })
    );
    assert_eq!(references(&host), 1);
    // Main in the audio role, as when it renders, is not main.
    let audio = role::Audio::enter();
    // SAFETY: a live object of this test.
    unsafe { host.endEdit(1) };
    drop(audio);
    assert_eq!(notices(&record).len(), 1);
}

#[test]
fn wishes_are_kept_until_taken() {
    let (record, host) = host::<IComponentHandler2>();
    // SAFETY: live objects and C strings of this test.
    unsafe {
        host.setDirty(1);
        host.requestOpenEditor(c"editor".as_ptr());
        assert_eq!(record.take_asked(ask::OPEN_EDITOR), ask::DIRTY);
        host.setDirty(1);
        host.setDirty(0);
        assert_eq!(record.take_asked(0), ask::OPEN_EDITOR);
        assert_eq!(host.requestOpenEditor(c"inspector".as_ptr()), kResultFalse);
        assert_eq!(record.take_asked(0), 0);

        let units = host.cast::<IUnitHandler>().unwrap();
        assert_eq!(record.take_unit(), None);
        units.notifyUnitSelection(0);
        units.notifyUnitSelection(-1);
        assert_eq!((record.take_unit(), record.take_unit()), (Some(-1), None));
        units.notifyProgramListChange(9, -1);
        assert_eq!(
            record.take_programs(),
            Some(ProgramChange {
                list: 9,
                program: None
            })
        );
        assert_eq!(record.take_programs(), None);
        for _ in 0..100 {
            assert_eq!(units.notifyProgramListChange(1, 1), kResultOk);
        }
        assert_eq!(record.take_asked(0), ask::PROGRAM_LISTS);
    }
}

#[test]
fn only_buses_that_can_be_are_wished_for() {
    let (record, host) = host::<IComponentHandlerBusActivation>();
    let (audio, event) = (
        super::super::com::number(kAudio),
        super::super::com::number(kEvent),
    );
    let (input, output) = (
        super::super::com::number(kInput),
        super::super::com::number(kOutput),
    );
    // SAFETY: a live object of this test.
    unsafe {
        assert_eq!(host.requestBusActivation(event, input, 0, 0), kResultOk);
        for (media, direction, index) in [(2, input, 0), (audio, 2, 0), (audio, -1, 0), (audio, output, -1)] {
            assert_eq!(
                host.requestBusActivation(media, direction, index, 1),
                kInvalidArgument
            );
        }
        let wish = BusWish {
            media: event,
            direction: input,
            index: 0,
            active: false,
        };
        assert_eq!((record.take_bus(), record.take_bus()), (Some(wish), None));
        let results: Vec<_> = (0..100)
            .map(|index| host.requestBusActivation(audio, output, index, 1))
            .collect();
        assert_eq!((results[0], results[99]), (kResultOk, kOutOfMemory));
    }
}

#[test]
fn the_system_time_is_the_clock_of_midi_and_audio() {
    let (_record, host) = host::<IComponentHandlerSystemTime>();
    let mut time = 0;
    let before = crate::clock::monotonic_nanos();
    // SAFETY: null, or a place of this test.
    unsafe {
        assert_eq!(host.getSystemTime(&raw mut time), kResultOk);
        assert_eq!(host.getSystemTime(std::ptr::null_mut()), kInvalidArgument);
    }
    assert!((before..=crate::clock::monotonic_nanos()).contains(&time));
}

#[test]
fn a_host_that_is_shut_down_answers_but_holds_nothing() {
    let (record, host) = host::<IComponentHandler3>();
    record.close_queues();
    record.let_go();
    // SAFETY: a live object of this test; the menu's reference is taken over.
    let menu = unsafe { ComPtr::from_raw(host.createContextMenu(std::ptr::null_mut(), std::ptr::null())) };
    // SAFETY: a live object of this test.
    assert_eq!(unsafe { menu.unwrap().popup(0, 0) }, kResultFalse);
    assert!(record.take_menus().is_empty());
    drop(record);
    assert_eq!(references(&host), 1);
}
