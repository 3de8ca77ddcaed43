//! Notes and what belongs to them: ids, pressure, expressions; and what a plugin says as MIDI.

use crate::stage::{BLOCK, beside, instance, open, stage, vst3};
use host::session::{Body, Command, Stamp};
use rt::events::{Expression, NoteAddress};
use tests::{Stage, at};

/// Sends an event to the first plugin at the next block.
fn send(stage: &mut Stage, body: Body) {
    let rack = stage.session.rack().unwrap().id;
    assert!(stage.session.send(
        Stamp::Now,
        Command::Plugin {
            rack,
            plugin: at(0, 0),
            body,
        },
    ));
}

fn expression(kind: Expression, value: f64) -> Body {
    Body::Expression {
        note: NoteAddress::new(0, 60),
        kind,
        value,
    }
}

#[test]
fn note_expressions_are_told_by_the_id_of_their_note() {
    let fixture = open();
    let mut stage = stage(vst3("note-expression"));
    stage.step(&[(5, &[0x90, 60, 100]), (6, &[0x90, 64, 100])]);
    // Volume is 0 to 4 there and 0 to 1 here, tuning 120 semitones up and down.
    for (kind, value, told) in [
        (Expression::Volume, 2.0, 0.5),
        (Expression::Volume, 1.0, 0.25),
        (Expression::Tuning, 60.0, 0.75),
        (Expression::Tuning, -120.0, 0.0),
    ] {
        let before = fixture.counter("events.note_expression");
        send(&mut stage, expression(kind, value));
        stage.step(&[]);
        let block = &stage.played[0][stage.position() - BLOCK..];
        assert_eq!(block[0], told, "{kind:?} {value}");
        assert!(block[1..].iter().all(|&sample| sample == 0.0));
        assert_eq!(
            fixture.counter("events.note_expression"),
            before + 1,
            "for one of the two notes"
        );
    }
    // A note that is not held has no id to be told by.
    stage.step(&[(0, &[0x80, 60, 0])]);
    let before = fixture.counter("events.note_expression");
    send(&mut stage, expression(Expression::Volume, 4.0));
    stage.step(&[]);
    assert_eq!(fixture.counter("events.note_expression"), before);
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn expressions_that_a_plugin_does_not_declare_are_not_sent() {
    let fixture = open();
    for (name, kinds) in [
        (
            "note-expression",
            &[Expression::Pan, Expression::Vibrato, Expression::Brightness][..],
        ),
        (
            "watch",
            &[Expression::Volume, Expression::Tuning, Expression::Expression],
        ),
        ("keyswitch", &[Expression::Volume]),
    ] {
        beside(vst3(name), |stage| {
            stage.step(&[(5, &[0x90, 60, 100])]);
            for kind in kinds {
                send(stage, expression(*kind, 0.5));
                stage.step(&[]);
            }
        });
    }
    assert_eq!(fixture.counter("events.note_expression"), 0);
    fixture.assert_gone();
}

#[test]
fn pressure_of_one_key_is_an_event_with_its_notes_id() {
    let fixture = open();
    let mut stage = stage(vst3("note-expression"));
    stage.step(&[(5, &[0x90, 60, 100]), (9, &[0xa0, 60, 64]), (10, &[0xa0, 61, 64])]);
    assert_eq!(
        fixture.counter("events.poly_pressure"),
        1,
        "of a key that is held"
    );
    send(&mut stage, expression(Expression::Pressure, 0.5));
    stage.step(&[]);
    assert_eq!(fixture.counter("events.poly_pressure"), 2);
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn notes_keep_their_ids_through_repeated_keys_and_all_notes_off() {
    let fixture = open();
    beside(vst3("watch"), |stage| {
        // That each note-off has the id of its note-on is the fixture's own rule.
        stage.step(&[
            (1, &[0x90, 60, 100]),
            (2, &[0x90, 60, 90]),
            (3, &[0x90, 64, 80]),
            (4, &[0x80, 60, 0]),
            (5, &[0x80, 64, 0]),
            (6, &[0x80, 64, 0]),
            (7, &[0x90, 67, 100]),
            (8, &[0x90, 72, 0]),
            (9, &[0xb0, 123, 0]),
        ]);
        stage.play(640);
        assert_eq!(fixture.counter("events.note_on"), 4);
        // Both notes of the key that was struck twice; of those that are not held, none.
        assert_eq!(fixture.counter("events.note_off"), 2 + 1 + 1);
    });
    fixture.assert_gone();
}

#[test]
fn what_a_plugin_says_is_midi_again() {
    let fixture = open();
    let mut stage = stage(vst3("watch"));
    stage.step(&[
        (3, &[0x90, 60, 100]),
        (9, &[0xb0, 20, 64]),
        (10, &[0xb0, 7, 127]),
        (20, &[0xf0, 0x7d, 1, 2, 3, 0xf7]),
    ]);
    let mut said = stage.said.clone();
    said.sort();
    assert_eq!(
        said,
        [
            (3, vec![0x90, 60, 100]),
            (9, vec![0xb0, 20, 64]),
            (10, vec![0xb0, 7, 127]),
            (20, vec![0xf0, 0x7d, 1, 2, 3, 0xf7]),
        ]
    );
    assert_eq!(
        ["events.sysex", "events.sysex_bytes"].map(|name| fixture.counter(name)),
        [1, 6]
    );
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn notes_and_controllers_go_from_one_plugin_to_the_next() {
    let fixture = open();
    let mut stage = Stage::new(
        &tests::rack(vec![tests::layer(vec![vst3("noports"), vst3("watch")])]),
        BLOCK,
    );
    stage.step(&[
        (5, &[0x90, 60, 127]),
        (20, &[0x80, 60, 64]),
        (30, &[0xf0, 0x7d, 9, 0xf7]),
    ]);
    let left = &stage.played[0];
    let heard: Vec<_> = (0..BLOCK).filter(|&frame| left[frame] != 0.0).collect();
    assert_eq!(heard, [5, 20]);
    assert_eq!((left[5], left[20]), (1.0, -0.5));
    assert!(
        stage.said.contains(&(5, vec![0x90, 72, 127])),
        "an octave higher: {:?}",
        stage.said
    );
    assert!(stage.said.contains(&(30, vec![0xf0, 0x7d, 9, 0xf7])));
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn text_goes_to_those_that_take_it() {
    let fixture = open();
    for (name, texts) in [("note-expression", 2), ("watch", 0), ("keyswitch", 0)] {
        let mut stage = Stage::new(
            &tests::rack(vec![tests::layer(vec![vst3("noports"), vst3(name)])]),
            BLOCK,
        );
        let before = fixture.counter("events.note_text");
        // For a note that sounds, and for none.
        stage.step(&[
            (5, &[0x90, 60, 127]),
            (9, &[0xf0, 0x7d, b'T', b'a', 0xf7]),
            (10, &[0xf0, 0x7d, b'P', b'e', 0xf7]),
            (20, &[0x80, 60, 64]),
            (30, &[0xf0, 0x7d, b'T', b'b', 0xf7]),
        ]);
        assert_eq!(fixture.counter("events.note_text") - before, texts, "{name}");
    }
    fixture.assert_gone();
}

#[test]
fn more_than_a_host_takes_is_refused_and_the_music_plays() {
    let fixture = open();
    beside(vst3("flood"), |stage| {
        stage.step(&[(0, &[0x90, 60, 100])]);
        stage.play(6_400);
        let [pushed, refused] = ["out.pushed", "out.refused"].map(|name| fixture.counter(name));
        assert_eq!(pushed + refused, 100_000);
        assert!(pushed >= 1_000 && refused > 0, "{pushed} {refused}");
        // Of a value said many times the last one counts that there was room for; it is a value all the same.
        let level = instance(stage).value(crate::stage::LEVEL).unwrap();
        assert!((-1.0..=1.0).contains(&level));
    });
    fixture.assert_gone();
}
