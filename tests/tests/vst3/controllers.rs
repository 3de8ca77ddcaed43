//! MIDI controllers, which a plugin hears as the parameters that it assigns them.

use crate::stage::{BLOCK, LEVEL, beside, instance, open, set, stage, vst3};
use tests::Stage;

/// First of the hidden parameters that `watch` assigns controllers.
const CONTROLLERS: u32 = 0x9000_0000;

fn last_level(stage: &Stage) -> f32 {
    *stage.played[0].last().unwrap()
}

/// Level, -1 to 1, at a controller's value.
fn level(value: u8) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "as the fixture rounds it")]
    let level = (-1.0 + f64::from(value) / 127.0 * 2.0) as f32;
    level
}

#[test]
fn controllers_pressure_and_bend_move_their_parameters_at_their_sample() {
    let fixture = open();
    let mut stage = stage(vst3("watch"));
    stage.step(&[
        (3, &[0xb0, 1, 64]),
        (4, &[0xb5, 2, 127]),
        (9, &[0xd0, 127, 0]),
        (10, &[0xe0, 0x7f, 0x7f]),
    ]);
    let right = &stage.played[1];
    assert_eq!((right[3], right[4]), (64.0 / 127.0, 1.0));
    stage.serve();
    let values = [1, 2, 128, 129].map(|number| instance(&mut stage).value(CONTROLLERS + number));
    assert_eq!(
        values,
        [Some(f64::from(64_u8) / 127.0), Some(1.0), Some(1.0), Some(1.0)]
    );
    // A wheel at rest.
    stage.step(&[(0, &[0xe0, 0, 0x40])]);
    stage.serve();
    let bend = instance(&mut stage).value(CONTROLLERS + 129).unwrap();
    assert!((bend - 0.5).abs() < 1e-4, "{bend}");
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn a_plugin_that_learns_is_told_and_its_map_read_anew() {
    let fixture = open();
    for name in ["midi-learn", "midi-mapping2"] {
        beside(vst3(name), |stage| {
            let gets = fixture.counter("midi_mapping.gets");
            stage.step(&[(0, &[0xb0, 74, 64])]);
            stage.play(2 * BLOCK);
            assert_eq!(last_level(stage), 0.0, "{name}: not before it has learnt it");
            assert!(
                fixture.counter("midi_mapping.gets") > gets,
                "{name}: the map is read anew"
            );
            stage.step(&[(0, &[0xb0, 74, 127])]);
            assert_eq!(last_level(stage), 1.0, "{name}");
            // Another one takes its place.
            stage.step(&[(0, &[0xb0, 75, 1])]);
            stage.play(2 * BLOCK);
            stage.step(&[(0, &[0xb0, 75, 96])]);
            assert_eq!(last_level(stage), level(96), "{name}");
            stage.serve();
            assert!(instance(stage).value(LEVEL).is_some_and(|level| level > 0.5));
            // Reading the map takes no new activation.
            assert_eq!(crate::stage::reactivated(&stage.events), 0);
        });
    }
    assert!(fixture.counter("midi_learn.calls") >= 4);
    fixture.assert_gone();
}

#[test]
fn a_list_of_assignments_is_read_at_once() {
    let fixture = open();
    let mut stage = stage(vst3("midi-mapping2"));
    // Once for the list of parameters, and once for the activation: never one controller at a time.
    assert_eq!(fixture.counter("midi_mapping.gets"), 2);
    for channel in 0..16 {
        let value = 8 * channel;
        stage.step(&[(0, &[0xb0 | channel, 21, value])]);
        assert_eq!(last_level(&stage), level(value), "channel {channel}");
    }
    drop(stage);
    fixture.assert_gone();
}

/// Program change and what follows it stand in the specification's list for a plugin's own output alone, and some plugins
/// learn or look up every number that they are given.
#[test]
fn what_is_no_controller_is_not_learnt() {
    let fixture = open();
    for name in ["midi-learn", "midi-mapping2"] {
        let mut stage = stage(vst3(name));
        stage.step(&[(0, &[0xc0, 5, 0]), (1, &[0x90, 60, 1]), (2, &[0xa0, 60, 5])]);
        stage.play(2 * BLOCK);
        drop(stage);
    }
    assert_eq!(fixture.counter("midi_learn.calls"), 0);
    fixture.assert_gone();
}

#[test]
fn a_note_off_of_all_notes_is_a_controller_and_lets_go() {
    let fixture = open();
    let mut stage = stage(vst3("watch"));
    stage.step(&[(1, &[0x90, 60, 100]), (9, &[0xb0, 123, 127])]);
    assert_eq!(stage.played[0][9], -0.5, "the note ends");
    stage.serve();
    assert_eq!(instance(&mut stage).value(CONTROLLERS + 123), Some(1.0));
    set(&mut stage, "Level", 0.5);
    stage.play(BLOCK);
    assert_eq!(last_level(&stage), 0.5);
    drop(stage);
    fixture.assert_gone();
}
