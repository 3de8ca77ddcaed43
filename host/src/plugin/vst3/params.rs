//! Parameters: the controller's normalized values as the plain ones that presets and people use.
//!
//! The processor takes normalized values, 0 to 1, and only the controller knows what they mean. So values are translated on
//! main, and what crosses to the audio thread is normalized already.

use super::class_id::ClassId;
use super::com::MainPtr;
use super::mapping;
use super::text;
use super::units::{ROOT, Units};
use crate::plugin::Param;
use std::collections::{HashMap, HashSet};
use vst3::Steinberg::Vst::{
    IEditController, IEditControllerTrait, IRemapParamID, IRemapParamIDTrait, ParameterInfo,
    ParameterInfo_::ParameterFlags_, String128,
};
use vst3::Steinberg::{kResultOk, kResultTrue};

/// Parameters that a plugin may have: far more than any known.
const MOST: i32 = 1 << 20;

/// The parameters of one controller.
#[derive(Debug, Default)]
pub(super) struct Params {
    pub(super) all: Vec<Param>,
    /// What each of them is measured in, as `dB`; empty where there is no such thing.
    units: Vec<String>,
    places: HashMap<u32, usize>,
    /// Parameters that choose a program: unit, parameter.
    programs: Vec<(i32, u32)>,
}

impl Params {
    /// Reads what the controller says now.
    pub(super) fn read(controller: Option<&MainPtr<IEditController>>, units: &Units) -> Self {
        let mut params = Self::default();
        let Some(controller) = controller else {
            return params;
        };
        let moved: HashSet<u32> = mapping::assignments(controller).into_values().collect();
        // SAFETY: main thread, initialised.
        let count = unsafe { controller.getParameterCount() };
        for index in 0..count.clamp(0, MOST) {
            // SAFETY: the structure holds numbers and text only, for which zeros are good values.
            let mut info: ParameterInfo = unsafe { std::mem::zeroed() };
            // SAFETY: the pointer is to a structure of ours; main thread, initialised.
            if unsafe { controller.getParameterInfo(index, &raw mut info) } == kResultOk {
                params.add(controller, &info, units, &moved);
            }
        }
        params
    }

    /// `moved` are the parameters that MIDI controllers move.
    fn add(
        &mut self,
        controller: &MainPtr<IEditController>,
        info: &ParameterInfo,
        units: &Units,
        moved: &HashSet<u32>,
    ) {
        let flag = |flag| info.flags & flag != 0;
        let plain = |normalized| plain(controller, info.id, normalized);
        let (low, high) = (plain(0.0), plain(1.0));
        if flag(ParameterFlags_::kIsProgramChange) {
            self.programs.push((info.unitId, info.id));
        }
        // Where two go by one id, hosts and the plugin itself mean the first.
        self.places.entry(info.id).or_insert(self.all.len());
        self.units.push(text::from_wide(&info.units).trim().to_owned());
        self.all.push(Param {
            id: info.id,
            name: text::from_wide(&info.title),
            module: units.path(info.unitId),
            min: low.min(high),
            max: low.max(high),
            default: plain(info.defaultNormalizedValue),
            steps: u32::try_from(info.stepCount).ok().filter(|&steps| steps > 0),
            read_only: flag(ParameterFlags_::kIsReadOnly),
            // Some frameworks make a parameter of every controller of every channel, for hosts alone.
            hidden: flag(ParameterFlags_::kIsHidden)
                || moved.contains(&info.id) && !flag(ParameterFlags_::kCanAutomate),
            bypass: flag(ParameterFlags_::kIsBypass),
            // The format knows no modulation beside the value.
            modulatable: false,
        });
    }

    /// The parameter of an id.
    pub(super) fn get(&self, id: u32) -> Option<&Param> {
        self.all.get(*self.places.get(&id)?)
    }

    /// Whether there is a parameter of an id.
    pub(super) fn has(&self, id: u32) -> bool {
        self.places.contains_key(&id)
    }

    /// The controller's text for a normalized value, with the unit, which the format keeps apart from it. Some controllers
    /// write it into both.
    pub(super) fn words(
        &self,
        controller: &MainPtr<IEditController>,
        id: u32,
        normalized: f64,
    ) -> Option<String> {
        let words = words(controller, id, normalized)?;
        let unit = self.places.get(&id).and_then(|&place| self.units.get(place));
        Some(match unit {
            Some(unit) if !words.is_empty() && !words.trim_end().ends_with(unit.as_str()) => {
                format!("{} {unit}", words.trim_end())
            }
            _ => words,
        })
    }

    /// The parameter that chooses the program of a unit.
    pub(super) fn program_of(&self, unit: i32) -> Option<&Param> {
        let (_, id) = self.programs.iter().find(|(of, _)| *of == unit)?;
        self.get(*id)
    }

    /// The parameter that a MIDI program change moves: the root unit's, or the only one.
    pub(super) fn main_program(&self) -> Option<&Param> {
        let only = || match self.programs.as_slice() {
            [(_, id)] => self.get(*id),
            _ => None,
        };
        self.program_of(ROOT).or_else(only)
    }
}

/// The plain value of a normalized one. One that is no number is taken for the normalized value itself.
pub(super) fn plain(controller: &MainPtr<IEditController>, id: u32, normalized: f64) -> f64 {
    // SAFETY: main thread, initialised.
    let plain = unsafe { controller.normalizedParamToPlain(id, normalized) };
    if plain.is_finite() { plain } else { normalized }
}

/// The normalized value of a plain one, 0 to 1.
pub(super) fn normalized(controller: &MainPtr<IEditController>, id: u32, plain: f64) -> f64 {
    // SAFETY: as above.
    let normalized = unsafe { controller.plainParamToNormalized(id, plain) };
    if normalized.is_finite() {
        normalized.clamp(0.0, 1.0)
    } else {
        0.0
    }
}

/// The controller's own text for a normalized value.
pub(super) fn words(controller: &MainPtr<IEditController>, id: u32, normalized: f64) -> Option<String> {
    let mut words: String128 = [0; 128];
    // SAFETY: the pointer is to a string of ours of the size that the type says; main thread, initialised.
    let result = unsafe { controller.getParamStringByValue(id, normalized, &raw mut words) };
    (result == kResultOk).then(|| text::from_wide(&words))
}

/// The present id of a parameter that had another one in a plugin of this class.
pub(super) fn renumbered(controller: &MainPtr<IEditController>, class: &ClassId, old: u32) -> Option<u32> {
    let remap = controller.cast::<IRemapParamID>()?;
    let mut id = u32::MAX;
    // SAFETY: the pointers are to a class id and a number of ours; main thread, initialised.
    let result = unsafe { remap.getCompatibleParamID(class.as_tuid(), old, &raw mut id) };
    (result == kResultTrue && id != u32::MAX).then_some(id)
}
