//! Units and programs: the parts that a plugin is made of, and the sounds that it brings along.

use super::com::MainPtr;
use super::params;
use super::text;
use crate::plugin::{Param, PluginUnit, ProgramError, ProgramList};
use vst3::Steinberg::Vst::{
    IEditController, IUnitInfo, IUnitInfoTrait, ProgramListInfo, String128, UnitInfo,
};
use vst3::Steinberg::kResultOk;

/// The unit that all others are parts of.
pub(super) const ROOT: i32 = 0;
/// A unit that is a part of no other, a unit without programs, and the list of one whose programs a parameter alone tells.
pub(super) const NONE: i32 = -1;
/// Units, lists and programs that a plugin may have: far more than any known.
const MOST: i32 = 1 << 16;

/// The units and program lists of one plugin.
#[derive(Debug, Default)]
pub(super) struct Units {
    pub(super) units: Vec<PluginUnit>,
    pub(super) lists: Vec<ProgramList>,
}

/// A program that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Program {
    /// Its list.
    pub(super) list: i32,
    /// Its place in the list, from 0.
    pub(super) index: usize,
    /// Number of programs in the list.
    pub(super) count: usize,
}

impl Units {
    /// Reads what the controller says now.
    pub(super) fn read(controller: Option<&MainPtr<IEditController>>) -> Self {
        let Some(info) = controller.and_then(|controller| controller.cast::<IUnitInfo>()) else {
            return Self::default();
        };
        // SAFETY: main thread, initialised.
        let (units, lists) = unsafe { (info.getUnitCount(), info.getProgramListCount()) };
        Self {
            units: (0..units.clamp(0, MOST))
                .filter_map(|index| read_unit(&info, index))
                .collect(),
            lists: (0..lists.clamp(0, MOST))
                .filter_map(|index| read_list(&info, index))
                .collect(),
        }
    }

    /// The programs that a parameter chooses, named as it names its values.
    pub(super) fn list_of(param: &Param, controller: &MainPtr<IEditController>) -> Option<ProgramList> {
        let steps = param.steps.filter(|&steps| steps < MOST.unsigned_abs())?;
        let name = |step: u32| params::words(controller, param.id, f64::from(step) / f64::from(steps));
        Some(ProgramList {
            id: NONE,
            name: param.name.clone(),
            programs: (0..=steps).map(|step| name(step).unwrap_or_default()).collect(),
        })
    }

    /// The names of a unit and those that it is a part of, with `/` between them; the root's is left out.
    pub(super) fn path(&self, unit: i32) -> String {
        let mut names = Vec::new();
        let mut next = unit;
        // A plugin may have its units go round in a circle.
        while next != ROOT && names.len() < self.units.len() {
            let Some(unit) = self.units.iter().find(|known| known.id == next) else {
                break;
            };
            names.push(unit.name.as_str());
            next = unit.parent.unwrap_or(ROOT);
        }
        names.reverse();
        names.join("/")
    }

    /// The units whose programs come from a list.
    pub(super) fn users(&self, list: i32) -> impl Iterator<Item = i32> {
        self.units
            .iter()
            .filter(move |unit| unit.program_list == Some(list))
            .map(|unit| unit.id)
    }

    /// Every program with its list.
    fn programs(&self) -> impl Iterator<Item = (&ProgramList, &str, Program)> {
        self.lists.iter().flat_map(|list| {
            let count = list.programs.len();
            list.programs.iter().enumerate().map(move |(index, program)| {
                let found = Program {
                    list: list.id,
                    index,
                    count,
                };
                (list, program.trim(), found)
            })
        })
    }

    /// Finds a program: by name, without regard to case, by `LIST/NAME`, or by number from 1 in the first list.
    pub(super) fn find(&self, wanted: &str, plugin: &str) -> Result<Program, ProgramError> {
        let wanted = wanted.trim();
        let name = plugin.to_owned();
        let program = wanted.to_owned();
        if self.programs().next().is_none() {
            return Err(ProgramError::None { name, program });
        }
        // Spelled as it is before spelled alike, and its own name before that with its list's.
        for (exact, whole) in [(true, false), (true, true), (false, false), (false, true)] {
            let means = |list: &ProgramList, program: &str| {
                let name = if whole {
                    full(list, program)
                } else {
                    program.to_owned()
                };
                name == wanted || !exact && name.eq_ignore_ascii_case(wanted)
            };
            let found: Vec<_> = self
                .programs()
                .filter(|(list, program, _)| means(list, program))
                .collect();
            match found.as_slice() {
                [] => {}
                // Twins within one list sound as their numbers say; the first is as good as any.
                [(first, _, program), rest @ ..] if rest.iter().all(|(list, ..)| list.id == first.id) => {
                    return Ok(*program);
                }
                several => {
                    let choices = several
                        .iter()
                        .map(|(list, program, _)| full(list, program))
                        .collect();
                    return Err(ProgramError::Ambiguous {
                        name,
                        program,
                        choices,
                    });
                }
            }
        }
        // A number is for those whose programs have no name that could be typed; names come first.
        let number = wanted
            .parse::<usize>()
            .ok()
            .and_then(|number| number.checked_sub(1));
        let first = self.lists.first().map(|list| list.id);
        let mut programs = self.programs().map(|(_, _, program)| program);
        let numbered = number.and_then(|number| {
            programs.find(|program| Some(program.list) == first && program.index == number)
        });
        numbered.ok_or_else(|| ProgramError::Unknown {
            name,
            program,
            known: self
                .programs()
                // Numbers and twins mean nothing without the list where there are several.
                .map(|(list, program, _)| match self.lists.len() {
                    1 => program.to_owned(),
                    _ => full(list, program),
                })
                .collect(),
        })
    }
}

/// A program's name with that of its list.
fn full(list: &ProgramList, program: &str) -> String {
    format!("{}/{program}", list.name)
}

fn read_unit(info: &MainPtr<IUnitInfo>, index: i32) -> Option<PluginUnit> {
    // SAFETY: the structure holds numbers and text only, for which zeros are good values.
    let mut unit: UnitInfo = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a structure of ours; main thread, initialised.
    if unsafe { info.getUnitInfo(index, &raw mut unit) } != kResultOk {
        return None;
    }
    let some = |id: i32| (id != NONE).then_some(id);
    Some(PluginUnit {
        id: unit.id,
        parent: some(unit.parentUnitId).filter(|_| unit.id != ROOT),
        name: text::from_wide(&unit.name),
        program_list: some(unit.programListId),
    })
}

fn read_list(info: &MainPtr<IUnitInfo>, index: i32) -> Option<ProgramList> {
    // SAFETY: the structure holds numbers and text only, for which zeros are good values.
    let mut list: ProgramListInfo = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a structure of ours; main thread, initialised.
    if unsafe { info.getProgramListInfo(index, &raw mut list) } != kResultOk {
        return None;
    }
    let programs = (0..list.programCount.clamp(0, MOST)).map(|program| {
        let mut name: String128 = [0; 128];
        // SAFETY: the pointer is to a string of ours of the size that the type says; main thread, initialised.
        let result = unsafe { info.getProgramName(list.id, program, &raw mut name) };
        if result == kResultOk {
            text::from_wide(&name)
        } else {
            String::new()
        }
    });
    Some(ProgramList {
        id: list.id,
        name: text::from_wide(&list.name),
        programs: programs.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units() -> Units {
        let list = |id, name: &str, programs: &[&str]| ProgramList {
            id,
            name: name.to_owned(),
            programs: programs.iter().map(|name| (*name).to_owned()).collect(),
        };
        let unit = |id, parent, name: &str, list| PluginUnit {
            id,
            parent,
            name: name.to_owned(),
            program_list: list,
        };
        Units {
            units: vec![
                unit(0, None, "Root", None),
                unit(1, Some(0), "Upper", Some(10)),
                unit(2, Some(1), "Filter", None),
                unit(3, Some(4), "Circle", None),
                unit(4, Some(3), "Round", None),
            ],
            lists: vec![
                list(10, "Bank A", &["Piano", "Pad", "2"]),
                list(11, "Bank B", &["pad ", "Organ"]),
            ],
        }
    }

    #[test]
    fn programs_go_by_name_then_by_list_then_by_number() {
        let units = units();
        let found = |wanted: &str| {
            let program = units.find(wanted, "P").ok()?;
            Some((program.list, program.index))
        };
        assert_eq!(found("Piano"), Some((10, 0)));
        assert_eq!(found("organ"), Some((11, 1)));
        assert_eq!(found("Bank B/pad"), Some((11, 0)));
        assert_eq!(found("bank a/PAD"), Some((10, 1)));
        // A program that is called as a number is meant before the number.
        assert_eq!(found("2"), Some((10, 2)));
        assert_eq!(found("1"), Some((10, 0)));
        assert_eq!(found("0"), None);
        assert_eq!(found("9"), None);
        for (units, wanted, sentence) in [
            (&units, "PAD", "Bank A/Pad, Bank B/pad"),
            (&units, "Harp", "it has Bank A/Piano, Bank A/Pad"),
            (&Units::default(), "Harp", "offers no programs"),
        ] {
            let error = units.find(wanted, "P").expect_err("not found").to_string();
            assert!(error.contains(sentence), "{error}");
        }
    }

    #[test]
    fn paths_end_even_where_units_go_round_in_a_circle() {
        let units = units();
        assert_eq!(units.path(2), "Upper/Filter");
        assert_eq!(units.path(0), "");
        assert_eq!(units.path(99), "");
        assert!(units.path(3).ends_with("/Circle"));
        assert_eq!(units.users(10).collect::<Vec<_>>(), [1]);
    }
}
