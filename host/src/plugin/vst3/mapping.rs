//! Which parameters MIDI controllers move: VST3 plugins get no controllers, but values of the parameters assigned to them.

use super::com::{self, MainPtr};
use super::params::Params;
use rt::vst3::{CONTROLLERS, Controls, PROGRAM_CHANGE};
use std::collections::HashMap;
use vst3::Steinberg::Vst::{
    BusDirections_, ControllerNumbers_, CtrlNumber, IEditController, IMidiLearn, IMidiLearnTrait,
    IMidiMapping, IMidiMapping2, IMidiMapping2Trait, IMidiMappingTrait, Midi1ControllerParamIDAssignment,
    Midi1ControllerParamIDAssignmentList,
};
use vst3::Steinberg::{kResultOk, kResultTrue};

/// Assignments that a plugin may list: each controller of each channel of a few buses.
const MOST: u32 = 1 << 16;

/// The event bus that notes come in by.
const BUS: i32 = 0;

/// Reads the assignments and puts them where the audio thread looks them up, while it plays on.
pub(super) fn read(controller: Option<&MainPtr<IEditController>>, params: &Params, controls: &Controls) {
    let Some(controller) = controller else { return };
    controls.set_learns(controller.cast::<IMidiLearn>().is_some());
    let assigned = assignments(controller);
    let program = params.main_program();
    controls.set_program_steps(program.and_then(|program| program.steps).unwrap_or(0));
    for channel in 0..16 {
        for number in (0..=u8::MAX).take(CONTROLLERS) {
            let mut id = assigned.get(&(channel, number)).copied();
            if number == PROGRAM_CHANGE {
                // Program changes belong to the parameter that says it is for them, also without an assignment.
                id = id.or(program.map(|program| program.id));
            }
            controls.set_map(channel, number, id);
        }
    }
}

/// The parameter of each controller of each channel, of those that have one.
pub(super) fn assignments(controller: &MainPtr<IEditController>) -> HashMap<(u8, u8), u32> {
    // The newer interface tells all at once and takes the older one's place, unless it has nothing to tell.
    if let Some(mapping) = controller.cast::<IMidiMapping2>() {
        let here = |one: &Midi1ControllerParamIDAssignment| {
            one.busIndex == BUS && one.channel < 16 && one.pId != u32::MAX
        };
        let list = list(&mapping).into_iter().filter(here);
        let of_list = |one: Midi1ControllerParamIDAssignment| {
            Some(((one.channel, u8::try_from(one.controller).ok()?), one.pId))
        };
        let all: HashMap<_, _> = list.filter_map(of_list).collect();
        if !all.is_empty() {
            return all;
        }
    }
    let Some(mapping) = controller.cast::<IMidiMapping>() else {
        return HashMap::new();
    };
    let numbers = || (0..=u8::MAX).take(CONTROLLERS);
    let all = (0..16).flat_map(|channel| numbers().map(move |number| (channel, number)));
    all.filter_map(|(channel, number)| Some(((channel, number), ask(&mapping, channel, number)?)))
        .collect()
}

fn ask(mapping: &MainPtr<IMidiMapping>, channel: u8, number: u8) -> Option<u32> {
    let mut id = u32::MAX;
    let number = CtrlNumber::from(number);
    // Program change and key pressure have numbers for events that a plugin sends, and DPF complains of being asked.
    if i32::from(number) >= com::number(ControllerNumbers_::kCountCtrlNumber) {
        return None;
    }
    // SAFETY: the pointer is to a number of ours; main thread, initialised.
    let result = unsafe { mapping.getMidiControllerAssignment(BUS, i16::from(channel), number, &raw mut id) };
    (result == kResultTrue && id != u32::MAX).then_some(id)
}

fn list(mapping: &MainPtr<IMidiMapping2>) -> Vec<Midi1ControllerParamIDAssignment> {
    let input = BusDirections_::kInput;
    // SAFETY: main thread, initialised.
    let count = unsafe { mapping.getNumMidi1ControllerAssignments(input) }.min(MOST);
    let empty = Midi1ControllerParamIDAssignment {
        pId: u32::MAX,
        busIndex: -1,
        channel: 0,
        controller: 0,
    };
    let mut assignments = vec![empty; usize::try_from(count).unwrap_or(0)];
    let list = Midi1ControllerParamIDAssignmentList {
        count,
        map: assignments.as_mut_ptr(),
    };
    // SAFETY: the list points to as many entries of ours as it says; main thread, initialised.
    let result = unsafe { mapping.getMidi1ControllerAssignments(input, &raw const list) };
    if result == kResultOk {
        assignments
    } else {
        Vec::new()
    }
}

/// Tells a plugin that learns which controllers have moved since the last time.
pub(super) fn tell_learned(controller: Option<&MainPtr<IEditController>>, controls: &Controls) {
    let mut moved = Vec::new();
    controls.take_learned(|channel, number| moved.push((channel, number)));
    if moved.is_empty() {
        return;
    }
    let Some(learn) = controller.and_then(|controller| controller.cast::<IMidiLearn>()) else {
        return;
    };
    for (channel, number) in moved {
        // SAFETY: main thread, initialised. Whether it learnt shows when it asks for the assignments to be read again.
        unsafe { learn.onLiveMIDIControllerInput(BUS, i16::from(channel), CtrlNumber::from(number)) };
    }
}
