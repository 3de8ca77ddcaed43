//! The host as a module's factory knows it, before any plugin is made and after the last has gone.

use super::{Record, create, get_name, supported};
use std::ffi::c_void;
use std::sync::Arc;
use vst3::Steinberg::Vst::{
    IHostApplication, IHostApplicationTrait, IPlugInterfaceSupport, IPlugInterfaceSupportTrait, String128,
};
use vst3::Steinberg::{TUID, tresult};
use vst3::{Class, ComWrapper};

/// The object for `IPluginFactory3::setHostContext`.
///
/// On Linux it has a run loop of the module's own: the specification promises one here even to plugins without an editor,
/// and the plugins of the most used framework look for it nowhere else.
pub(in crate::plugin::vst3) struct ModuleContext(Arc<Record>);

static_assertions::assert_impl_all!(ModuleContext: Send, Sync);

impl ModuleContext {
    /// The object for the module whose calls go into `record`.
    ///
    /// It is never freed: a library may use it for as long as it is mapped, which is to the end of the process.
    pub(in crate::plugin::vst3) fn new(record: Arc<Record>) -> ComWrapper<Self> {
        let context = ComWrapper::new(Self(record));
        std::mem::forget(context.clone());
        context
    }

    #[cfg(target_os = "linux")]
    pub(in crate::plugin::vst3) const fn record(&self) -> &Arc<Record> {
        &self.0
    }
}

#[cfg(not(target_os = "linux"))]
impl Class for ModuleContext {
    type Interfaces = (IHostApplication, IPlugInterfaceSupport);
}

#[cfg(target_os = "linux")]
impl Class for ModuleContext {
    type Interfaces = (
        IHostApplication,
        IPlugInterfaceSupport,
        vst3::Steinberg::Linux::IRunLoop,
    );
}

impl IHostApplicationTrait for ModuleContext {
    unsafe fn getName(&self, name: *mut String128) -> tresult {
        // SAFETY: the plugin's array.
        unsafe { get_name(name) }
    }

    unsafe fn createInstance(&self, cid: *mut TUID, iid: *mut TUID, obj: *mut *mut c_void) -> tresult {
        // SAFETY: the plugin's ids, and its place for a pointer.
        unsafe { create(&self.0.objects, cid, iid, obj) }
    }
}

impl IPlugInterfaceSupportTrait for ModuleContext {
    unsafe fn isPlugInterfaceSupported(&self, iid: *const TUID) -> tresult {
        // SAFETY: the plugin's id.
        unsafe { supported(iid) }
    }
}
