//! State: what a preset keeps of a VST3 plugin, in the form of a `.vstpreset` file.
//!
//! That form holds both halves' states beside the class that they are for, and every other host reads it.

use super::com::{MainPtr, lend};
use super::instance::Instance;
use super::objects::Objects;
use super::stream::{StateKind, Stream};
use crate::plugin::{StateError, VstPreset};
use std::path::Path;
use vst3::Steinberg::Vst::{
    IComponentTrait, IEditControllerTrait, IProgramListData, IProgramListDataTrait, IUnitInfo, IUnitInfoTrait,
};
use vst3::Steinberg::{IBStream, kNotImplemented, kResultOk};

/// The state of both halves; empty if the component keeps none.
pub(super) fn save(instance: &Instance) -> Result<Vec<u8>, StateError> {
    let failed = || StateError::Save {
        name: instance.descriptor.name.clone(),
    };
    let objects = instance.objects.as_ref().ok_or_else(failed)?;
    let component = match objects.component_state() {
        Ok(state) => state,
        Err(kNotImplemented) => return Ok(Vec::new()),
        Err(_) => return Err(failed()),
    };
    let preset = VstPreset {
        class: instance.descriptor.id.clone(),
        component,
        controller: objects.controller_state(),
        ..VstPreset::default()
    };
    Ok(preset.write())
}

/// Loads what [`save`] gave, or a `.vstpreset` file's content; `file` is the file if it comes from one.
pub(super) fn load(instance: &mut Instance, bytes: &[u8], file: Option<&Path>) -> Result<(), StateError> {
    let name = || instance.descriptor.name.clone();
    let preset = VstPreset::read(bytes).map_err(|source| StateError::Unreadable { name: name(), source })?;
    let here = &instance.descriptor.id;
    if !preset.class.eq_ignore_ascii_case(here) && !instance.replaces(&preset.class) {
        return Err(StateError::OtherPlugin {
            name: name(),
            class: preset.class,
            here: here.clone(),
        });
    }
    let refused = || StateError::Refused {
        name: name(),
        bytes: bytes.len(),
    };
    let objects = instance.objects.as_ref().ok_or_else(refused)?;
    set(objects, &preset, file).map_err(|answer| match answer {
        Answer::None => StateError::None { name: name() },
        Answer::Refused => refused(),
    })?;
    // What was set before belongs to the state that has gone.
    instance.pending.clear();
    Ok(())
}

enum Answer {
    None,
    Refused,
}

/// Tells component and controller, in the order of the specification's workflow: the component, the controller the
/// component's, the controller its own.
fn set(objects: &Objects, preset: &VstPreset, file: Option<&Path>) -> Result<(), Answer> {
    let reader = |bytes: &Vec<u8>| {
        let stream = Stream::reader(bytes.clone());
        if file.is_some() {
            stream.describe(StateKind::Preset, file);
        }
        stream
    };
    let stream = reader(&preset.component);
    // SAFETY: the stream is an object of ours that lives through the call; main thread, initialised.
    match unsafe { objects.component.setState(lend::<IBStream, _>(&stream)) } {
        kResultOk => {}
        // Other hosts pay no heed to the answer. Of a state that the plugin has in any case nothing is lost: DPF's plugins
        // without parameters save one byte and refuse it.
        _ if objects.component_state().is_ok_and(|now| now == preset.component) => {}
        kNotImplemented => return Err(Answer::None),
        _ => return Err(Answer::Refused),
    }
    if let Some(controller) = &objects.controller {
        let stream = reader(&preset.component);
        // SAFETY: as above. A controller that follows its component by messages may refuse.
        unsafe { controller.setComponentState(lend::<IBStream, _>(&stream)) };
        if let Some(own) = &preset.controller {
            let stream = reader(own);
            // SAFETY: as above. What it keeps is looks, not sound.
            unsafe { controller.setState(lend::<IBStream, _>(&stream)) };
        }
    }
    if let Some(program) = &preset.program {
        set_program(objects, program);
    }
    Ok(())
}

/// Program data: the number of its list, then what the list's owner saved.
fn set_program(objects: &Objects, data: &[u8]) {
    let Some((list, data)) = data.split_first_chunk::<4>() else {
        return;
    };
    let list = i32::from_le_bytes(*list);
    let stream = Stream::reader(data.to_vec());
    let stream = lend::<IBStream, _>(&stream);
    // Hosts that save program data save that of the program they show, which is the first until another is chosen.
    if let Some(component) = objects.component.cast::<IProgramListData>() {
        // SAFETY: as above.
        unsafe { component.setProgramData(list, 0, stream) };
    } else if let Some(info) = objects.controller.as_ref().and_then(MainPtr::cast::<IUnitInfo>) {
        // SAFETY: as above.
        unsafe { info.setUnitProgramData(list, 0, stream) };
    }
}
