//! The host as one plugin instance sees it: one object that answers every interface a plugin may ask for.
//!
//! Whatever thread a plugin calls from, a call only records, in a [`Record`] of atomics and bounded queues, and never
//! calls the plugin back. Main acts on it after the plugin's call has returned.

mod handlers;
mod module;
mod record;
#[cfg(test)]
pub(super) mod tests;

pub(super) use module::ModuleContext;
pub(super) use record::{Call, Edit, EditStep, Record, WARNING, WRONG_THREAD, ask};

use super::attributes::AttributeList;
use super::com::{Counted, Tally, give};
use super::message::Message;
use super::text;
use std::ffi::c_void;
use std::sync::Arc;
use vst3::Steinberg::Vst::{
    ChannelContext::IInfoListener_iid, IAttributeList, IAttributeList_iid, IAudioPresentationLatency_iid,
    IAudioProcessor_iid, IComponent_iid, IComponentHandler, IComponentHandler2, IComponentHandler3,
    IComponentHandlerBusActivation, IComponentHandlerSystemTime, IConnectionPoint_iid, IDataExchangeHandler,
    IDataExchangeReceiver_iid, IEditController_iid, IHostApplication, IHostApplicationTrait,
    IKeyswitchController_iid, IMessage, IMessage_iid, IMidiLearn_iid, IMidiLearn2_iid, IMidiMapping_iid,
    IMidiMapping2_iid, INoteExpressionController_iid, IParameterFunctionName_iid, IPlugInterfaceSupport,
    IPlugInterfaceSupportTrait, IPrefetchableSupport_iid, IProcessContextRequirements_iid,
    IProgramListData_iid, IProgress, IRemapParamID_iid, IUnitHandler, IUnitHandler2, IUnitInfo_iid,
    String128,
};
use vst3::Steinberg::{FUnknown_iid, TUID, kInvalidArgument, kResultFalse, kResultOk, kResultTrue, tresult};
use vst3::{Class, ComPtr, ComWrapper, Interface};

/// What plugins are told that they run in.
const NAME: &str = "Backline";

/// Interfaces of a plugin that Backline uses, and no others: a plugin may leave out the work for the rest.
const USED: [TUID; 19] = [
    IAudioPresentationLatency_iid,
    IAudioProcessor_iid,
    IComponent_iid,
    IConnectionPoint_iid,
    IDataExchangeReceiver_iid,
    IEditController_iid,
    IInfoListener_iid,
    IKeyswitchController_iid,
    IMidiLearn2_iid,
    IMidiLearn_iid,
    IMidiMapping2_iid,
    IMidiMapping_iid,
    INoteExpressionController_iid,
    IParameterFunctionName_iid,
    IPrefetchableSupport_iid,
    IProcessContextRequirements_iid,
    IProgramListData_iid,
    IRemapParamID_iid,
    IUnitInfo_iid,
];

/// The host of one plugin instance: its context at `initialize` and its component handler.
pub(super) struct HostObject {
    record: Arc<Record>,
    _counted: Counted,
}

static_assertions::assert_impl_all!(HostObject: Send, Sync);

impl HostObject {
    /// The object for the plugin whose calls go into `record`.
    pub(super) fn new(record: Arc<Record>) -> ComWrapper<Self> {
        let counted = record.objects.one();
        ComWrapper::new(Self {
            record,
            _counted: counted,
        })
    }

    pub(super) const fn record(&self) -> &Arc<Record> {
        &self.record
    }
}

/// What a plugin may ask the host object for: the same everywhere, and what a system has of its own.
macro_rules! interfaces {
    ($($own:ty),*) => {
        impl Class for HostObject {
            type Interfaces = (
                IHostApplication,
                IPlugInterfaceSupport,
                IComponentHandler,
                IComponentHandler2,
                IComponentHandler3,
                IComponentHandlerBusActivation,
                IComponentHandlerSystemTime,
                IUnitHandler,
                IUnitHandler2,
                IProgress,
                IDataExchangeHandler,
                $($own,)*
            );
        }
    };
}
#[cfg(not(target_os = "linux"))]
interfaces!();
#[cfg(target_os = "linux")]
interfaces!(vst3::Steinberg::Linux::IRunLoop);

impl IHostApplicationTrait for HostObject {
    unsafe fn getName(&self, name: *mut String128) -> tresult {
        // SAFETY: the plugin's array.
        unsafe { get_name(name) }
    }

    unsafe fn createInstance(&self, cid: *mut TUID, iid: *mut TUID, obj: *mut *mut c_void) -> tresult {
        self.record.not_audio(Call::CreateInstance);
        // SAFETY: the plugin's ids, and its place for a pointer.
        unsafe { create(&self.record.objects, cid, iid, obj) }
    }
}

impl IPlugInterfaceSupportTrait for HostObject {
    unsafe fn isPlugInterfaceSupported(&self, iid: *const TUID) -> tresult {
        // SAFETY: the plugin's id.
        unsafe { supported(iid) }
    }
}

/// # Safety
///
/// `name` is null or may be written to.
unsafe fn get_name(name: *mut String128) -> tresult {
    // SAFETY: this function's contract.
    match unsafe { give(name, text::wide(NAME)) } {
        true => kResultOk,
        false => kInvalidArgument,
    }
}

/// Makes what a plugin may have made: a message or an attribute list. Any thread; it allocates.
///
/// # Safety
///
/// The ids are null or may be read, `obj` is null or may be written to.
unsafe fn create(tally: &Tally, cid: *const TUID, iid: *const TUID, obj: *mut *mut c_void) -> tresult {
    // SAFETY: this function's contract.
    let room = unsafe { give(obj, std::ptr::null_mut()) };
    if !room || cid.is_null() || iid.is_null() {
        return kInvalidArgument;
    }
    // SAFETY: neither is null; this function's contract.
    let (class, wanted) = unsafe { (cid.read(), iid.read()) };
    let made = if class == IMessage_iid && [IMessage_iid, FUnknown_iid].contains(&wanted) {
        raw::<IMessage, _>(&Message::new(tally))
    } else if class == IAttributeList_iid && [IAttributeList_iid, FUnknown_iid].contains(&wanted) {
        raw::<IAttributeList, _>(&AttributeList::new(tally))
    } else {
        return kResultFalse;
    };
    // SAFETY: not null, as `room` says.
    unsafe { give(obj, made) };
    kResultOk
}

/// An interface of a new object with a reference for who asked.
fn raw<I: Interface, C: Class>(object: &ComWrapper<C>) -> *mut c_void {
    object
        .to_com_ptr::<I>()
        .map_or(std::ptr::null_mut(), ComPtr::into_raw)
        .cast()
}

/// # Safety
///
/// `iid` is null or may be read.
unsafe fn supported(iid: *const TUID) -> tresult {
    if iid.is_null() {
        return kInvalidArgument;
    }
    // SAFETY: not null; this function's contract.
    match USED.contains(&unsafe { iid.read() }) {
        true => kResultTrue,
        false => kResultFalse,
    }
}
