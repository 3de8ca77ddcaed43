//! Events as the plugin hears them.

use super::super::names::*;
use super::super::{CHANNEL_PRESSURE, KEY_PRESSURE, PITCH_BEND, PROGRAM_CHANGE};
use super::plugin::{Rig, Setup, at, list};
use super::std::string::{String, ToString};
use super::std::vec::Vec;
use super::std::{format, vec};
use crate::events::{Body, Event, Expression, NoteAddress};
use vst3::Steinberg::Vst;

/// An event in words: kind, offset, and what it says.
fn told(event: &Vst::Event) -> String {
    let offset = event.sampleOffset;
    // SAFETY: the type says which field is meant.
    unsafe {
        match event.r#type {
            NOTE_ON => {
                let on = event.__field0.noteOn;
                assert_eq!((on.length, on.tuning), (0, 0.0));
                format!(
                    "{offset} on {}/{} {:.2} #{}",
                    on.channel, on.pitch, on.velocity, on.noteId
                )
            }
            NOTE_OFF => {
                let off = event.__field0.noteOff;
                format!(
                    "{offset} off {}/{} {:.2} #{}",
                    off.channel, off.pitch, off.velocity, off.noteId
                )
            }
            POLY_PRESSURE => {
                let poly = event.__field0.polyPressure;
                format!(
                    "{offset} poly {}/{} {:.2} #{}",
                    poly.channel, poly.pitch, poly.pressure, poly.noteId
                )
            }
            NOTE_EXPRESSION => {
                let value = event.__field0.noteExpressionValue;
                format!(
                    "{offset} expression {} {:.3} #{}",
                    value.typeId, value.value, value.noteId
                )
            }
            DATA => {
                let data = event.__field0.data;
                assert_eq!(data.r#type, SYSEX);
                let bytes = core::slice::from_raw_parts(data.bytes, data.size as usize);
                format!("{offset} data {bytes:?}")
            }
            other => other.to_string(),
        }
    }
}

fn hear(rig: &mut Rig, bodies: &[Body]) -> Vec<String> {
    rig.play_one(&at(3, bodies)).events.iter().map(told).collect()
}

fn on(channel: u8, key: u8) -> Body {
    let note = NoteAddress::new(channel, key);
    Body::NoteOn { note, velocity: 0.5 }
}

fn off(note: NoteAddress) -> Body {
    Body::NoteOff { note, velocity: 0.25 }
}

fn midi(data: [u8; 3]) -> Body {
    Body::Midi { port: 0, data }
}

#[test]
fn notes_have_ids_of_their_own() {
    let mut rig = Rig::new(Setup::default());
    let seen = rig.play_one(&at(3, &[on(1, 60), on(1, 64)]));
    assert!(
        seen.events
            .iter()
            .all(|event| event.flags == LIVE && event.busIndex == 0)
    );
    let words: Vec<_> = seen.events.iter().map(told).collect();
    assert_eq!(words, ["3 on 1/60 0.50 #1", "3 on 1/64 0.50 #2"]);
    // The id is told to the note-off; a key that is not held has none.
    let words = hear(
        &mut rig,
        &[off(NoteAddress::new(1, 64)), off(NoteAddress::new(1, 64))],
    );
    assert_eq!(words, ["3 off 1/64 0.25 #2", "3 off 1/64 0.25 #-1"]);
    // A key struck again while it sounds has two notes, which are let go together.
    assert_eq!(hear(&mut rig, &[on(1, 60)]), ["3 on 1/60 0.50 #3"]);
    let words = hear(&mut rig, &[off(NoteAddress::new(1, 60))]);
    assert_eq!(words, ["3 off 1/60 0.25 #1", "3 off 1/60 0.25 #3"]);
    let soft = Body::NoteOn {
        note: NoteAddress::new(0, 1),
        velocity: 0.0,
    };
    assert_eq!(hear(&mut rig, &[soft]), ["3 on 0/1 0.01 #4"]);
    let nothing = Body::NoteOn {
        note: NoteAddress::channel(0),
        velocity: 1.0,
    };
    assert_eq!(hear(&mut rig, &[nothing]), Vec::<String>::new());
}

#[test]
fn a_key_struck_over_and_over_leaves_no_note_behind() {
    let mut rig = Rig::new(Setup::default());
    let strikes = [on(1, 60); 20];
    let mut words = hear(&mut rig, &strikes);
    words.extend(hear(
        &mut rig,
        &[on(2, 60), on(2, 60), off(NoteAddress::channel(1))],
    ));
    words.extend(hear(&mut rig, &[off(NoteAddress::new(2, 60))]));
    let ids = |what: &str| {
        let mut ids: Vec<_> = words
            .iter()
            .filter(|word| word.contains(what))
            .filter_map(|word| word.split('#').nth(1)?.parse::<i32>().ok())
            .collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(ids(" on "), (1..=22).collect::<Vec<_>>());
    assert_eq!(ids(" off "), ids(" on "));
}

#[test]
fn all_notes_are_let_go_one_by_one() {
    let mut rig = Rig::new(Setup::default());
    hear(&mut rig, &[on(1, 60), on(1, 61), on(2, 60), on(3, 0), on(3, 127)]);
    let words = hear(&mut rig, &[off(NoteAddress::channel(1))]);
    assert_eq!(words, ["3 off 1/60 0.25 #1", "3 off 1/61 0.25 #2"]);
    // Sound off, and the notes of a key on all channels.
    let every_60 = NoteAddress {
        key: 60,
        ..NoteAddress::ALL
    };
    assert_eq!(hear(&mut rig, &[off(every_60)]), ["3 off 2/60 0.25 #3"]);
    assert_eq!(
        hear(
            &mut rig,
            &[Body::NoteChoke {
                note: NoteAddress::ALL
            }]
        ),
        ["3 off 3/0 1.00 #4", "3 off 3/127 1.00 #5"]
    );
    hear(&mut rig, &[on(1, 60), on(2, 60)]);
    assert_eq!(hear(&mut rig, &[midi([0xb1, 123, 0])]), ["3 off 1/60 0.00 #6"]);
    assert_eq!(hear(&mut rig, &[midi([0xb2, 120, 0])]), ["3 off 2/60 0.00 #7"]);
    assert_eq!(hear(&mut rig, &[midi([0xb2, 120, 0])]), Vec::<String>::new());
}

#[test]
fn expressions_reach_held_notes() {
    let mut rig = Rig::new(Setup::default());
    hear(&mut rig, &[on(1, 60), on(1, 61)]);
    let expression = |note, kind, value| Body::Expression { note, kind, value };
    let one = NoteAddress::new(1, 61);
    let all = [
        (Expression::Volume, 4.0, "0 1.000"),
        (Expression::Pan, 0.25, "1 0.250"),
        (Expression::Tuning, -120.0, "2 0.000"),
        (Expression::Tuning, 0.0, "2 0.500"),
        (Expression::Vibrato, 0.5, "3 0.500"),
        (Expression::Expression, 7.0, "4 1.000"),
        (Expression::Brightness, f64::NAN, "5 0.000"),
    ];
    for (kind, value, heard) in all {
        let words = hear(&mut rig, &[expression(one, kind, value)]);
        assert_eq!(words, [format!("3 expression {heard} #2")]);
    }
    let channel = NoteAddress::channel(1);
    assert_eq!(
        hear(&mut rig, &[expression(channel, Expression::Pan, 1.0)]),
        ["3 expression 1 1.000 #1", "3 expression 1 1.000 #2"]
    );
    assert_eq!(
        hear(&mut rig, &[expression(channel, Expression::Pressure, 0.5)]),
        ["3 poly 1/60 0.50 #1", "3 poly 1/61 0.50 #2"]
    );
    let other = NoteAddress::new(4, 5);
    assert_eq!(
        hear(
            &mut rig,
            &[
                expression(other, Expression::Pressure, 0.5),
                expression(other, Expression::Pan, 0.5)
            ]
        ),
        ["3 poly 4/5 0.50 #-1"]
    );
    // An id that is not ours means none of our notes.
    let foreign = NoteAddress {
        id: 1,
        ..NoteAddress::ALL
    };
    assert_eq!(
        hear(&mut rig, &[expression(foreign, Expression::Pan, 0.5)]),
        Vec::<String>::new()
    );
}

#[test]
fn midi_becomes_notes_and_mapped_parameters() {
    let mut rig = Rig::new(Setup::default());
    for (controller, id) in [
        (1, 0x8000_0001),
        (CHANNEL_PRESSURE, 2),
        (PITCH_BEND, 3),
        (PROGRAM_CHANGE, 4),
        (KEY_PRESSURE, 5),
    ] {
        rig.controls.set_map(2, controller, Some(id));
    }
    let mut events = at(
        3,
        &[midi([0xb2, 1, 127]), midi([0xb2, 2, 127]), midi([0xb1, 1, 127])],
    );
    for (time, data) in [
        (4, [0xd2, 127, 0]),
        (5, [0xe2, 0, 64]),
        (6, [0xe2, 127, 127]),
        (6, [0xc2, 127, 0]),
        (7, [0xa2, 60, 127]),
        (8, [0x92, 60, 127]),
        (9, [0x92, 60, 0]),
        (9, [0x82, 61, 127]),
        (9, [0xf8, 0, 0]),
    ] {
        assert!(events.push(Event {
            time,
            body: midi(data)
        }));
    }
    let seen = rig.play_one(&events);
    assert_eq!(
        seen.changes,
        [
            (0x8000_0001, vec![(3, 1.0)]),
            (2, vec![(4, 1.0)]),
            (3, vec![(5, 8192.0 / 16383.0), (6, 1.0)]),
            (4, vec![(6, 1.0)]),
            (5, vec![(7, 1.0)]),
        ]
    );
    let words: Vec<_> = seen.events.iter().map(told).collect();
    assert_eq!(
        words,
        [
            "7 poly 2/60 1.00 #-1",
            "8 on 2/60 1.00 #1",
            "9 off 2/60 0.00 #1",
            "9 off 2/61 1.00 #-1"
        ]
    );
    // Three programs; the third and all behind it are the last.
    rig.controls.set_program_steps(2, 2);
    for (program, value) in [(1, 0.5), (2, 1.0), (9, 1.0)] {
        assert_eq!(
            rig.play_one(&at(0, &[midi([0xc2, program, 0])])).changes,
            [(4, vec![(0, value)])]
        );
    }
    // The map may change at any time.
    rig.controls.set_map(2, 1, None);
    assert!(rig.play_one(&at(0, &[midi([0xb2, 1, 1])])).changes.is_empty());
}

#[test]
fn midi_2_keeps_its_finer_values() {
    let mut rig = Rig::new(Setup::default());
    for (controller, id) in [
        (74, 1),
        (CHANNEL_PRESSURE, 2),
        (PITCH_BEND, 3),
        (PROGRAM_CHANGE, 4),
    ] {
        rig.controls.set_map(1, controller, Some(id));
    }
    let packet = |first: u32, second: u32| Body::Midi2 {
        port: 0,
        data: [first, second, 0, 0],
    };
    let seen = rig.play_one(&at(
        0,
        &[
            packet(0x4091_3c00, 0x8000_0000),
            packet(0x40a1_3c00, u32::MAX),
            packet(0x4081_3c00, 0),
            packet(0x40b1_4a00, 0x4000_0000),
            packet(0x40d1_0000, u32::MAX),
            packet(0x40e1_0000, 0x8000_0000),
            packet(0x40c1_0000, 127 << 24),
            packet(0x2091_3d40, 0),
            // A per-note controller has no counterpart.
            packet(0x4001_3c4a, 9),
        ],
    ));
    let words: Vec<_> = seen.events.iter().map(told).collect();
    assert_eq!(
        words,
        [
            "0 on 1/60 0.50 #1",
            "0 poly 1/60 1.00 #1",
            "0 off 1/60 0.00 #1",
            "0 on 1/61 0.50 #2"
        ]
    );
    let ids: Vec<_> = seen
        .changes
        .iter()
        .map(|(id, points)| (*id, points[0].1))
        .collect();
    assert_eq!(ids.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1, 2, 3, 4]);
    for ((_, value), expected) in ids.iter().zip([0.25, 1.0, 0.5, 1.0]) {
        assert!((value - expected).abs() < 1e-9, "{value}");
    }
}

#[test]
fn system_exclusive_lies_in_the_list() {
    let mut rig = Rig::new(Setup::default());
    let mut events = list();
    assert!(events.push_sysex(2, 0, &[0xf0, 1, 0xf7]));
    assert!(events.push_sysex(2, 0, &[]));
    rig.act(|_| {});
    let seen = rig.play_one(&events);
    assert_eq!(
        seen.events.iter().map(told).collect::<Vec<_>>(),
        ["2 data [240, 1, 247]"]
    );
}

#[test]
fn a_plugin_without_event_input_hears_parameters_only() {
    let mut rig = Rig::new(Setup {
        event_inputs: false,
        ..Setup::default()
    });
    let param = Body::Param {
        id: 9,
        cookie: 0,
        note: NoteAddress::ALL,
        value: 2.0,
    };
    let seen = rig.play_one(&at(1, &[on(0, 60), param, midi([0x90, 1, 1])]));
    assert!(seen.events.is_empty());
    assert_eq!(seen.changes, [(9, vec![(1, 1.0)])]);
}

#[test]
fn points_are_grouped_and_the_last_of_a_sample_stays() {
    let mut rig = Rig::new(Setup::default());
    let mut events = list();
    for (time, id, value) in [
        (0, 7, 0.1),
        (0, 8, 0.2),
        (4, 7, 0.3),
        (4, 7, 0.4),
        (9, 8, f64::NAN),
        (9, 8, 0.5),
        (99, 7, 0.6),
    ] {
        let note = NoteAddress::ALL;
        let body = Body::Param {
            id,
            cookie: 0,
            note,
            value,
        };
        assert!(events.push(Event { time, body }));
    }
    let seen = rig.play_one(&events);
    assert_eq!(
        seen.changes,
        [
            (7, vec![(0, 0.1), (4, 0.4), (15, 0.6)]),
            (8, vec![(0, 0.2), (9, 0.5)])
        ]
    );
    assert_eq!(rig.news(), [(7, 0.6, false), (8, 0.5, false)]);
    // Nothing of it is left for the next block.
    assert!(rig.play_one(&list()).changes.is_empty());
}

#[test]
fn a_flood_is_counted_and_leaves_room_for_releases() {
    let mut rig = Rig::new(Setup {
        places: 8,
        ..Setup::default()
    });
    rig.controls.set_map(0, 64, Some(99));
    let mut flood: Vec<_> = (0..12).map(|key| on(0, key)).collect();
    flood.extend((0..10).map(|id| Body::Param {
        id,
        cookie: 0,
        note: NoteAddress::ALL,
        value: 0.5,
    }));
    flood.push(midi([0xb0, 64, 0]));
    flood.push(off(NoteAddress::new(0, 3)));
    let seen = rig.play_one(&at(0, &flood));
    assert_eq!(seen.events.len(), 7);
    assert_eq!(told(&seen.events[6]), "0 off 0/3 0.25 #4");
    assert_eq!(seen.changes.len(), 7);
    assert_eq!(seen.changes[6], (99, vec![(0, 0.0)]));
    assert_eq!(
        (rig.scratch.take_dropped(), rig.scratch.take_dropped()),
        (6 + 4, 0)
    );
    // Only what was told is held.
    let words = hear(&mut rig, &[off(NoteAddress::ALL)]);
    assert_eq!(words.len(), 5);
}
