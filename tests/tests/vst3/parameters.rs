//! Parameters of every kind: stepped, with ids above 2^31, ten thousand of them.

use crate::stage::{BLOCK, LEVEL, alone, instance, load, open, set, stage, vst3, with};
use host::plugin::ParamError;
use host::session::{MapSpec, Stamp};
use tests::{Stage, at};

#[test]
fn steps_are_plain_values_with_the_plugins_own_words() {
    let fixture = open();
    let mut stage = stage(with("watch", &[("Steps", 3.0)]));
    stage.play(64);
    let steps = instance(&mut stage).find_param("Steps").unwrap().clone();
    assert_eq!(
        (steps.id, steps.min, steps.max, steps.default, steps.steps),
        (2, 0.0, 4.0, 1.0, Some(4))
    );
    for (value, word) in [
        (0.0, "Zero"),
        (1.0, "One"),
        (2.0, "Two"),
        (3.0, "Three"),
        (4.0, "Four"),
    ] {
        set(&mut stage, "Steps", value);
        stage.play(128);
        let instance = instance(&mut stage);
        assert_eq!(instance.value(2), Some(value));
        assert_eq!(instance.text(2, value).as_deref(), Some(word));
    }
    // What the processor has is what it saves.
    let state = stage.session.save_states().unwrap().remove(0).1;
    drop(stage);
    let mut again = load("watch");
    again.load_state(&state).unwrap();
    assert_eq!(again.value(2), Some(4.0));
    drop(again);
    fixture.assert_gone();
}

#[test]
fn read_only_and_hidden_parameters_say_so_and_are_not_sent() {
    let fixture = open();
    let watch = load("watch");
    let find = |name: &str| watch.find_param(name).unwrap();
    assert!(find("Read Only").read_only && !find("Level").read_only);
    assert!(find("Hidden").hidden && !find("Level").hidden);
    assert_eq!(find("0x80000001").name, "Level");
    drop(watch);
    let mut spec = alone(with("watch", &[("Read Only", 0.75), ("Hidden", 0.25)]));
    spec.maps = vec![MapSpec {
        cc: 30,
        channel: None,
        plugin: at(0, 0),
        param: "Read Only".to_owned(),
        range: None,
    }];
    let mut stage = Stage::new(&spec, BLOCK);
    let warnings = &stage.session.rack().unwrap().warnings;
    let warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    let sentence =
        "Layer/1: The parameter \"Read Only\" of watch is read-only: it shows something and cannot be set.";
    assert_eq!(
        warnings,
        [
            format!("{sentence} The value is left out."),
            format!("{sentence} Controller 30 is not mapped.")
        ]
    );
    let refused = stage.session.set_param(at(0, 0), "Read Only", 0.5, Stamp::Now);
    assert!(matches!(refused, Err(ParamError::ReadOnly { .. })));
    stage.step(&[(3, &[0xb0, 30, 127])]);
    stage.play(640);
    let instance = instance(&mut stage);
    assert_eq!((instance.value(3), instance.value(4)), (Some(0.25), Some(0.25)));
    drop(stage);
    // A point of a read-only parameter is a broken rule to the fixture.
    fixture.assert_gone();
}

#[test]
fn ids_above_the_sign_are_set_by_name_and_by_number() {
    let fixture = open();
    let mut stage = stage(with("watch", &[("2147483649", 0.5)]));
    assert!(stage.play(64).iter().all(|&sample| sample == 0.5));
    for (name, value) in [("Level", -0.25_f32), ("0x80000001", 0.75), ("2147483649", 1.0)] {
        set(&mut stage, name, value.into());
        assert!(stage.play(64).iter().all(|&sample| sample == value), "{name}");
        assert_eq!(instance(&mut stage).value(LEVEL), Some(f64::from(value)));
    }
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn ten_thousand_parameters_are_set_by_name_and_id() {
    let fixture = open();
    let mut many = load("many-params");
    assert_eq!(many.params().len(), 10_000);
    for (number, id) in [
        (0_u32, 1_000_u32),
        (4_999, 5_999),
        (5_000, 0x8000_0000),
        (9_999, 0x8000_0000 + 4_999 * 7),
    ] {
        let name = format!("P{number:05}");
        assert_eq!(many.find_param(&name).unwrap().id, id);
        assert_eq!(many.find_param(&id.to_string()).unwrap().name, name);
        assert!(many.set_values(&[(id, 0.25)]));
        assert_eq!(many.value(id), Some(0.25));
    }
    drop(many);
    // All of them at once, which takes more than one block to tell, and the last word counts.
    let mut spec = vst3("many-params");
    spec.params = (0..10_000_u32)
        .map(|number| (format!("P{number:05}"), f64::from(number % 2)))
        .collect();
    spec.params.push(("P00000".to_owned(), 0.5));
    let mut stage = stage(spec);
    stage.play(64);
    assert!(stage.played[0].iter().all(|&sample| sample == 0.5));
    stage.play(6_400);
    let state = stage.session.save_states().unwrap().remove(0).1;
    drop(stage);
    let mut again = load("many-params");
    again.load_state(&state).unwrap();
    let values: Vec<_> = again.params().iter().map(|param| param.id).collect();
    for (number, id) in (0_u32..).zip(values) {
        let expected = if number == 0 { 0.5 } else { f64::from(number % 2) };
        assert_eq!(again.value(id), Some(expected), "P{number:05}");
    }
    drop(again);
    fixture.assert_gone();
}

#[test]
fn ten_thousand_parameters_are_swept_while_they_play() {
    let fixture = open();
    let mut stage = stage(vst3("many-params"));
    stage.play(64);
    // More in one block than a plugin can be told in one: none is lost, and the last value of each counts.
    for round in 1..=4_u32 {
        for number in (0..10_000_u32).step_by(16) {
            let value = f64::from(round) / 4.0;
            set(&mut stage, &format!("P{number:05}"), value);
        }
        stage.play(640);
        let heard = stage.played[0].last().copied().unwrap();
        assert_eq!(f64::from(heard), f64::from(round) / 4.0);
    }
    let state = stage.session.save_states().unwrap().remove(0).1;
    drop(stage);
    let mut again = load("many-params");
    again.load_state(&state).unwrap();
    for number in 0..10_000_u32 {
        let id = again.params()[number as usize].id;
        let expected = f64::from(u8::from(number % 16 == 0));
        assert_eq!(again.value(id), Some(expected), "P{number:05}");
    }
    drop(again);
    fixture.assert_gone();
}

#[test]
fn a_controller_is_mapped_to_one_of_ten_thousand() {
    let fixture = open();
    let mut spec = alone(vst3("many-params"));
    spec.maps = vec![MapSpec {
        cc: 30,
        channel: None,
        plugin: at(0, 0),
        param: "P00000".to_owned(),
        range: Some((0.25, 0.75)),
    }];
    let mut stage = Stage::new(&spec, BLOCK);
    assert!(stage.session.rack().unwrap().warnings.is_empty());
    for (value, level) in [(0_u8, 0.25_f32), (127, 0.75)] {
        stage.step(&[(10, &[0xb0, 30, value])]);
        assert_eq!(
            stage.played[0][stage.position() - BLOCK + 10..].first(),
            Some(&level)
        );
    }
    // The controller knows where the wheel is.
    stage.serve();
    assert_eq!(instance(&mut stage).value(1_000), Some(0.75));
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn several_values_in_one_block_are_taken_each_at_its_sample() {
    let fixture = open();
    let mut spec = alone(vst3("watch"));
    spec.maps = vec![MapSpec {
        cc: 30,
        channel: None,
        plugin: at(0, 0),
        param: "Level".to_owned(),
        range: Some((-1.0, 1.0)),
    }];
    let mut stage = Stage::new(&spec, BLOCK);
    stage.play(64);
    stage.step(&[
        (5, &[0xb0, 30, 127]),
        (9, &[0xb0, 30, 0]),
        (9, &[0xb0, 30, 127]),
        (40, &[0xb0, 30, 0]),
    ]);
    let block = &stage.played[0][64..];
    assert!(block[..5].iter().all(|&sample| sample == 0.0));
    // The controller itself is heard on the right alone.
    assert!(block[5..40].iter().all(|&sample| sample == 1.0), "{block:?}");
    assert!(block[40..].iter().all(|&sample| sample == -1.0));
    assert_eq!(
        fixture.counter("params.points"),
        3,
        "of two values at one sample the last one counts"
    );
    drop(stage);
    fixture.assert_gone();
}
