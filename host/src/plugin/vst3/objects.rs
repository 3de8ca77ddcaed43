//! The objects of one VST3 plugin: how they come up, are joined, and go down.
//!
//! The order is that of the specification's workflow diagrams, and where these leave a choice, of Steinberg's own
//! `plugprovider.cpp`, which plugins are tested with: component, its `initialize`, the edit controller (the component
//! itself, or a class of its own) and its `initialize`, the component handler, both connection points, and the
//! component's state told to the controller. (`setIoMode`, which may come before `initialize`, is left out: without it a
//! component is in its usual mode, and the others are for hosts that have them.) Down: disconnect both ways, terminate the component, then the controller.

use super::class_id::ClassId;
use super::com::{MainPtr, lend};
use super::factory::{Class, Factory};
use super::host::{HostObject, Record};
use super::stream::Stream;
use crate::plugin::LoadError;
use std::path::Path;
use std::sync::Arc;
use vst3::Steinberg::Vst::{
    IAudioProcessor, IComponent, IComponentHandler, IComponentTrait, IConnectionPoint, IConnectionPointTrait,
    IDataExchangeReceiver, IEditController, IEditControllerTrait,
};
use vst3::Steinberg::{
    FUnknown, IBStream, IPluginBaseTrait, TUID, kInternalError, kInvalidArgument, kNoInterface,
    kNotImplemented, kNotInitialized, kOutOfMemory, kResultFalse, kResultOk, tresult,
};
use vst3::{ComPtr, ComWrapper};

/// The objects of one plugin, up and joined. Dropping it takes them down; the plugin must not be active.
pub(super) struct Objects {
    // The component goes last of the plugin's own pointers: DPF keeps one whose processor is still held for ever.
    pub(super) processor: MainPtr<IAudioProcessor>,
    pub(super) component: MainPtr<IComponent>,
    /// Without one a plugin plays, and has no parameters.
    pub(super) controller: Option<MainPtr<IEditController>>,
    /// Whether the controller is an object of its own.
    separate: bool,
    /// The component's and the controller's, once they are connected.
    points: Option<[MainPtr<IConnectionPoint>; 2]>,
    /// What their host holds of them.
    record: Arc<Record>,
}

impl Objects {
    /// Makes and joins the objects of a class. `warn` gets sentences about what is missing and can be done without.
    pub(super) fn create(
        factory: &Factory,
        class: &Class,
        (host, record): (&ComWrapper<HostObject>, &Arc<Record>),
        file: &Path,
        warn: &mut dyn FnMut(String),
    ) -> Result<Self, LoadError> {
        let failed = |reason: String| LoadError::Init {
            file: file.to_owned(),
            id: class.id.to_string(),
            reason,
        };
        let context = lend::<FUnknown, _>(host);
        let component: ComPtr<IComponent> = factory
            .create(&class.id)
            .map_err(|result| failed(format!("its factory made no component of it ({})", word(result))))?;
        let component = MainPtr::new(component);
        let Some(processor) = component.cast::<IAudioProcessor>() else {
            return Err(failed("it has no audio processor".to_owned()));
        };
        // SAFETY: the context is an object of ours that outlives the plugin; main thread, before any other call.
        let result = unsafe { component.initialize(context) };
        if result != kResultOk {
            record.close_queues();
            record.let_go();
            return Err(failed(format!("its initialize reported {}", word(result))));
        }
        // From here on dropping `objects` terminates what was initialised.
        let mut objects = Self {
            component,
            processor,
            controller: None,
            separate: false,
            points: None,
            record: Arc::clone(record),
        };
        objects.find_controller(factory, context, warn);
        let receiver = objects
            .controller
            .as_ref()
            .and_then(MainPtr::cast::<IDataExchangeReceiver>);
        record.exchange.set_receiver(receiver);
        objects.join(host);
        objects.tell_controller();
        Ok(objects)
    }

    fn find_controller(&mut self, factory: &Factory, context: *mut FUnknown, warn: &mut dyn FnMut(String)) {
        if let Some(controller) = self.component.cast::<IEditController>() {
            self.controller = Some(controller);
            return;
        }
        let mut class: TUID = [0; 16];
        // SAFETY: the pointer is to a class id of ours; main thread, initialised.
        let result = unsafe { self.component.getControllerClassId(&raw mut class) };
        if result != kResultOk || class == [0; 16] {
            warn("It has no edit controller, so that it plays without parameters.".to_owned());
            return;
        }
        let controller = match factory.create::<IEditController>(&ClassId::from_tuid(&class)) {
            Ok(controller) => MainPtr::new(controller),
            Err(result) => {
                warn(format!(
                    "Its edit controller could not be created ({}), so that it plays without parameters. Install it anew.",
                    word(result)
                ));
                return;
            }
        };
        // SAFETY: as for the component.
        let result = unsafe { controller.initialize(context) };
        if result != kResultOk {
            warn(format!(
                "Its edit controller failed to start ({}), so that it plays without parameters. Install it anew.",
                word(result)
            ));
            return;
        }
        self.controller = Some(controller);
        self.separate = true;
    }

    /// Gives the controller its handler and connects both halves, each straight to the other.
    fn join(&mut self, host: &ComWrapper<HostObject>) {
        let Some(controller) = &self.controller else {
            return;
        };
        // SAFETY: the handler is an object of ours that outlives the controller; main thread, initialised.
        unsafe { controller.setComponentHandler(lend::<IComponentHandler, _>(host)) };
        if !self.separate {
            return;
        }
        let points = self
            .component
            .cast::<IConnectionPoint>()
            .zip(controller.cast::<IConnectionPoint>());
        if let Some((component, controller)) = points {
            // SAFETY: both are initialised, and disconnected before either is terminated. What they answer changes
            // nothing: a plugin that does not care for the other's messages may say so.
            unsafe {
                component.connect(controller.as_ptr());
                controller.connect(component.as_ptr());
            }
            self.points = Some([component, controller]);
        }
    }

    /// Tells a separate controller what state the component is in, so that both begin alike.
    fn tell_controller(&self) {
        let Some(controller) = self.controller.as_ref().filter(|_| self.separate) else {
            return;
        };
        let Ok(state) = self.component_state() else { return };
        let stream = Stream::reader(state);
        // SAFETY: the stream is an object of ours that lives through the call; main thread, initialised.
        unsafe { controller.setComponentState(lend::<IBStream, _>(&stream)) };
    }

    /// The component's state.
    ///
    /// # Errors
    ///
    /// What the component answered in its place.
    pub(super) fn component_state(&self) -> Result<Vec<u8>, tresult> {
        let stream = Stream::writer();
        // SAFETY: as above.
        match unsafe { self.component.getState(lend::<IBStream, _>(&stream)) } {
            kResultOk => Ok(stream.bytes()),
            other => Err(other),
        }
    }

    /// The controller's own state; none if it does not give one.
    pub(super) fn controller_state(&self) -> Option<Vec<u8>> {
        let controller = self.controller.as_ref()?;
        let stream = Stream::writer();
        // SAFETY: as above.
        let result = unsafe { controller.getState(lend::<IBStream, _>(&stream)) };
        let state = stream.bytes();
        (result == kResultOk && !state.is_empty()).then_some(state)
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        self.record.close_queues();
        // SAFETY: main thread, because the pointers cannot leave it. Each was initialised once and is terminated once, with
        // nothing of it in use: the processor has been dropped, or the instance would not be.
        unsafe {
            if let Some([component, controller]) = self.points.take() {
                component.disconnect(controller.as_ptr());
                controller.disconnect(component.as_ptr());
            }
            if let Some(controller) = &self.controller {
                controller.setComponentHandler(std::ptr::null_mut());
            }
            self.component.terminate();
            if let Some(controller) = self.controller.take().filter(|_| self.separate) {
                controller.terminate();
            }
        }
        self.record.let_go();
    }
}

/// A result code in words.
pub(super) fn word(result: tresult) -> String {
    // Their values differ from system to system, and on none is one twice.
    let name = match result {
        kResultOk => "kResultOk",
        kResultFalse => "kResultFalse",
        kInvalidArgument => "kInvalidArgument",
        kNotImplemented => "kNotImplemented",
        kInternalError => "kInternalError",
        kNotInitialized => "kNotInitialized",
        kOutOfMemory => "kOutOfMemory",
        kNoInterface => "kNoInterface",
        other => return format!("result {other}"),
    };
    name.to_owned()
}
