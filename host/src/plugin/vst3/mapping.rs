//! Which parameters MIDI controllers move: VST3 plugins get no controllers, but values of the parameters assigned to them.

use super::com::{MainPtr, number};
use super::facts;
use super::params::Params;
use crate::plugin::Param;
use rt::vst3::{CONTROLLERS, Controls, PROGRAM_CHANGE};
use std::collections::HashMap;
use vst3::Steinberg::Vst::{
    BusDirections_, CtrlNumber, IEditController, IMidiLearn, IMidiLearn2, IMidiLearn2Trait, IMidiLearnTrait,
    IMidiMapping, IMidiMapping2, IMidiMapping2Trait, IMidiMappingTrait, IUnitInfo, IUnitInfoTrait,
    MediaTypes_, Midi1ControllerParamIDAssignment, Midi1ControllerParamIDAssignmentList,
};
use vst3::Steinberg::{kResultOk, kResultTrue};

/// Assignments that a plugin may list: each controller of each channel of a few buses.
const MOST: u32 = 1 << 16;

/// The event bus that notes come in by.
const BUS: i32 = 0;

/// Reads the assignments and puts them where the audio thread looks them up, while it plays on.
pub(super) fn read(controller: Option<&MainPtr<IEditController>>, params: &Params, controls: &Controls) {
    let Some(controller) = controller else { return };
    controls.set_learns(Learner::of(controller).is_some());
    let assigned = assignments(controller);
    let units = controller.cast::<IUnitInfo>();
    for channel in 0..16 {
        for number in (0..=u8::MAX).take(CONTROLLERS) {
            controls.set_map(channel, number, assigned.get(&(channel, number)).copied());
        }
        let program = program(units.as_ref(), params, channel);
        controls.set_program_steps(channel, program.and_then(|program| program.steps).unwrap_or(0));
        controls.set_map(channel, PROGRAM_CHANGE, program.map(|program| program.id));
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
    // The numbers from program change on stand for nothing but a plugin's own MIDI output. Some plugins look them up in a
    // table that ends before them, and DPF complains of being asked.
    let all = (0..16).flat_map(|channel| (0..PROGRAM_CHANGE).map(move |number| (channel, number)));
    all.filter_map(|(channel, number)| Some(((channel, number), ask(&mapping, channel, number)?)))
        .collect()
}

/// Reads which note expressions the plugin takes, for the audio thread to send no others.
pub(super) fn read_expressions(controller: Option<&MainPtr<IEditController>>, controls: &Controls) {
    let declared = controller.map(facts::note_expressions).unwrap_or_default();
    // Those of a plugin's own come behind the specification's, and nobody here sends them.
    let types = declared
        .into_iter()
        .filter_map(|(kind, _)| 1_u32.checked_shl(kind));
    controls.set_expressions(types.fold(0, |all, kind| all | kind));
}

/// The parameter that a channel's program changes move: that of the unit which the channel belongs to, or else the
/// plugin's main one.
fn program<'a>(units: Option<&MainPtr<IUnitInfo>>, params: &'a Params, channel: u8) -> Option<&'a Param> {
    let unit = units.and_then(|units| {
        let mut unit = -1;
        let (kind, input) = (number(MediaTypes_::kEvent), number(BusDirections_::kInput));
        // SAFETY: the pointer is to a number of ours; main thread, initialised.
        let result = unsafe { units.getUnitByBus(kind, input, BUS, channel.into(), &raw mut unit) };
        (result == kResultOk).then_some(unit)
    });
    unit.and_then(|unit| params.program_of(unit))
        .or_else(|| params.main_program())
}

fn ask(mapping: &MainPtr<IMidiMapping>, channel: u8, number: u8) -> Option<u32> {
    let mut id = u32::MAX;
    let number = CtrlNumber::from(number);
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

/// Who is told which controllers move.
enum Learner {
    First(MainPtr<IMidiLearn>),
    Second(MainPtr<IMidiLearn2>),
}

impl Learner {
    /// The newer interface takes the older one's place, as with assignments.
    fn of(controller: &MainPtr<IEditController>) -> Option<Self> {
        let newer = controller.cast::<IMidiLearn2>().map(Self::Second);
        newer.or_else(|| controller.cast::<IMidiLearn>().map(Self::First))
    }
}

/// Tells a plugin that learns which controllers have moved since the last time.
pub(super) fn tell_learned(controller: Option<&MainPtr<IEditController>>, controls: &Controls) {
    let mut moved = Vec::new();
    controls.take_learned(|channel, number| moved.push((channel, number)));
    if moved.is_empty() {
        return;
    }
    let Some(learner) = controller.and_then(Learner::of) else {
        return;
    };
    // As when assignments are read: those from program change on are no controllers to learn.
    for (channel, number) in moved.into_iter().filter(|&(_, number)| number < PROGRAM_CHANGE) {
        let number = CtrlNumber::from(number);
        // SAFETY: main thread, initialised. Whether it learnt shows when it asks for the assignments to be read again.
        unsafe {
            match &learner {
                Learner::First(learn) => learn.onLiveMIDIControllerInput(BUS, channel.into(), number),
                Learner::Second(learn) => learn.onLiveMidi1ControllerInput(BUS, channel, number),
            }
        };
    }
}
