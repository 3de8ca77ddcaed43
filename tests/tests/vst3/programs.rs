//! Units and the programs that a plugin brings along.

use crate::stage::{alone, instance, load, open, stage, vst3};
use host::plugin::{PluginUnit, ProgramError, ProgramList};
use host::session::{PluginSpec, RackError};
use tests::{Fixture, Stage};

/// Parameters that choose the program of each unit.
const UPPER: u32 = 10;
const LOWER: u32 = 11;

/// What `units` plays with these programs, counted from 0.
fn level(upper: u8, lower: u8) -> f32 {
    let level = 0.1 * (f64::from(upper) + 1.0) + 0.01 * (f64::from(lower) + 1.0);
    #[expect(clippy::cast_possible_truncation, reason = "as the fixture rounds it")]
    let level = level as f32;
    level
}

fn choosing(program: &str) -> PluginSpec {
    PluginSpec {
        program: Some(program.to_owned()),
        program_is_a_must: true,
        ..vst3("units")
    }
}

/// What a held note plays.
fn heard(stage: &mut Stage) -> f32 {
    stage.step(&[(0, &[0x90, 60, 100])]);
    stage.step(&[(0, &[0x80, 60, 0])]);
    stage.played[0][stage.position() - 2 * crate::stage::BLOCK]
}

#[test]
fn units_and_programs_are_told() {
    let fixture = open();
    let mut units = load("units");
    let facts = units.facts();
    let unit = |id, parent, name: &str, program_list| PluginUnit {
        id,
        parent,
        name: name.to_owned(),
        program_list,
    };
    assert_eq!(
        facts.units,
        [
            unit(0, None, "Root", None),
            unit(1, Some(0), "Upper", Some(1001)),
            unit(2, Some(0), "Lower", Some(1002)),
        ]
    );
    let list = |id, name: &str, programs: &[&str]| ProgramList {
        id,
        name: name.to_owned(),
        programs: programs.iter().map(|name| (*name).to_owned()).collect(),
    };
    assert_eq!(
        facts.program_lists,
        [
            list(1001, "Upper Programs", &["Soft", "Medium", "Hard", "Loud"]),
            list(1002, "Lower Programs", &["Dark", "Bright", "Open"]),
        ]
    );
    assert_eq!(units.program_lists(), facts.program_lists);
    assert!(facts.extensions.contains(&"IUnitInfo"));
    // Units are the groups of parameters.
    assert_eq!(units.find_param("Upper/Upper Program").unwrap().id, UPPER);
    assert_eq!(units.find_param("Lower/Lower Program").unwrap().id, LOWER);
    drop(units);
    fixture.assert_gone();
}

#[test]
fn a_program_is_chosen_by_name_by_list_and_by_number() {
    let fixture = open();
    for (wanted, upper, lower) in [
        ("Soft", 0, 0),
        ("Hard", 2, 0),
        ("loud", 3, 0),
        ("Open", 0, 2),
        ("Lower Programs/Bright", 0, 1),
        ("upper programs/medium", 1, 0),
        ("2", 1, 0),
        ("4", 3, 0),
    ] {
        let mut stage = stage(choosing(wanted));
        assert_eq!(heard(&mut stage), level(upper, lower), "{wanted}");
        let values = [UPPER, LOWER].map(|id| instance(&mut stage).value(id));
        assert_eq!(values, [Some(upper.into()), Some(lower.into())], "{wanted}");
    }
    fixture.assert_gone();
}

#[test]
fn a_program_that_is_not_there_is_an_error_for_who_typed_it_and_a_warning_in_a_preset() {
    let fixture = open();
    let mut stage = stage(vst3("watch"));
    let error = stage.session.load(&alone(choosing("Harsh"))).unwrap_err();
    assert!(matches!(
        &error,
        RackError::Program {
            source: ProgramError::Unknown { .. },
            ..
        }
    ));
    assert_eq!(
        error.to_string(),
        "Layer/1: The plugin units has no program \"Harsh\"; it has Upper Programs/Soft, Upper Programs/Medium, \
         Upper Programs/Hard, Upper Programs/Loud, Lower Programs/Dark, Lower Programs/Bright, Lower Programs/Open."
    );
    let preset = PluginSpec {
        program_is_a_must: false,
        ..choosing("Harsh")
    };
    stage.session.load(&alone(preset)).unwrap();
    let warnings = &stage.session.rack().unwrap().warnings;
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0]
            .text
            .ends_with("Until then it plays as its state has it."),
        "{warnings:?}"
    );
    stage.play(640);
    assert_eq!(heard(&mut stage), level(0, 0));
    let none = PluginSpec {
        program: Some("Soft".to_owned()),
        program_is_a_must: true,
        ..vst3("watch")
    };
    let error = stage.session.load(&alone(none)).unwrap_err().to_string();
    assert!(error.contains("watch offers no programs"), "{error}");
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn a_state_saved_before_the_first_block_has_the_program() {
    let fixture = open();
    let mut first = load("units");
    first.select_program("Hard").unwrap();
    first.select_program("Open").unwrap();
    let state = first.save_state().unwrap();
    assert!(!first.is_active());
    drop(first);
    let spec = PluginSpec {
        state: Some(state),
        ..vst3("units")
    };
    let mut again = stage(spec.clone());
    assert_eq!(heard(&mut again), level(2, 2));
    assert_eq!(instance(&mut again).value(LOWER), Some(2.0));
    drop(again);
    // A program beside a state comes after it, and changes its own unit alone.
    let mut both = stage(PluginSpec {
        program: Some("Medium".to_owned()),
        ..spec
    });
    assert_eq!(heard(&mut both), level(1, 2));
    drop(both);
    fixture.assert_gone();
}

fn program_change(fixture: &Fixture, message: [u8; 2], programs: (u8, u8)) {
    let mut stage = stage(vst3("units"));
    stage.step(&[(0, &[0x90, 60, 100]), (32, &message)]);
    let block = &stage.played[0];
    assert!(block[..32].iter().all(|&sample| sample == level(0, 0)));
    assert!(
        block[32..]
            .iter()
            .all(|&sample| sample == level(programs.0, programs.1)),
        "{message:?}: {}",
        block[32]
    );
    stage.serve();
    let values = [UPPER, LOWER].map(|id| instance(&mut stage).value(id));
    assert_eq!(values, [Some(programs.0.into()), Some(programs.1.into())]);
    drop(stage);
    fixture.assert_gone();
}

/// Each channel belongs to a unit, whose program it changes.
#[test]
fn a_program_change_chooses_the_program_of_its_channels_unit() {
    let fixture = open();
    for program in 0..4 {
        program_change(&fixture, [0xc0, program], (program, 0));
    }
    for program in 0..3 {
        program_change(&fixture, [0xc1, program], (0, program));
    }
    program_change(&fixture, [0xc0, 127], (3, 0));
    // A channel that belongs to no unit changes nothing.
    program_change(&fixture, [0xc2, 1], (0, 0));
}
