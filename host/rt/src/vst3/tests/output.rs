//! What the plugin says.

use super::super::names::*;
use super::plugin::{Rig, Setup, list};
use super::std::vec::Vec;
use crate::events::{Body, Expression, NoteAddress};
use vst3::ComRef;
use vst3::Steinberg::Vst::NoteExpressionTypeIDs_::{kPhonemeTypeID, kTextTypeID, kVolumeTypeID};
use vst3::Steinberg::Vst::*;
use vst3::Steinberg::kResultOk;

fn event(offset: i32, kind: u16, body: Event__type0) -> Event {
    Event {
        busIndex: 0,
        sampleOffset: offset,
        ppqPosition: 0.0,
        flags: 0,
        r#type: kind,
        __field0: body,
    }
}

fn add(data: &ProcessData, mut event: Event) {
    // SAFETY: the host gives a valid list.
    let list = unsafe { ComRef::from_raw(data.outputEvents).unwrap() };
    // SAFETY: the event lives for the length of the call.
    assert_eq!(unsafe { list.addEvent(&raw mut event) }, kResultOk);
}

fn note_on(id: i32) -> Event__type0 {
    Event__type0 {
        noteOn: NoteOnEvent {
            channel: 3,
            pitch: 64,
            tuning: 0.0,
            velocity: 0.5,
            length: 0,
            noteId: id,
        },
    }
}

const NOTE: NoteAddress = NoteAddress {
    id: 7,
    port: 0,
    channel: 3,
    key: 64,
};

#[test]
fn notes_and_expressions_come_back() {
    let mut rig = Rig::new(Setup::default());
    rig.act(|data| {
        add(data, event(-5, NOTE_ON, note_on(7)));
        let off = NoteOffEvent {
            channel: 3,
            pitch: 64,
            velocity: 0.25,
            noteId: 7,
            tuning: 0.0,
        };
        add(data, event(99, NOTE_OFF, Event__type0 { noteOff: off }));
        let pressure = PolyPressureEvent {
            channel: 3,
            pitch: 64,
            pressure: 0.75,
            noteId: 7,
        };
        add(
            data,
            event(
                2,
                POLY_PRESSURE,
                Event__type0 {
                    polyPressure: pressure,
                },
            ),
        );
        for (type_id, note_id) in [(0, 7), (1, 7), (2, 7), (3, 7), (4, 7), (5, 7), (6, 7), (0, 8)] {
            let value = NoteExpressionValueEvent {
                typeId: type_id,
                noteId: note_id,
                value: 0.5,
            };
            let body = Event__type0 {
                noteExpressionValue: value,
            };
            add(data, event(3, NOTE_EXPRESSION, body));
        }
    });
    rig.play_one(&list());
    let expression = |kind, value| Body::Expression {
        note: NOTE,
        kind,
        value,
    };
    assert_eq!(
        rig.said(),
        [
            (
                0,
                Body::NoteOn {
                    note: NOTE,
                    velocity: 0.5
                }
            ),
            (2, expression(Expression::Pressure, 0.75)),
            (3, expression(Expression::Volume, 2.0)),
            (3, expression(Expression::Pan, 0.5)),
            (3, expression(Expression::Tuning, 0.0)),
            (3, expression(Expression::Vibrato, 0.5)),
            (3, expression(Expression::Expression, 0.5)),
            (3, expression(Expression::Brightness, 0.5)),
            (
                15,
                Body::NoteOff {
                    note: NOTE,
                    velocity: 0.25
                }
            ),
        ]
    );
}

#[test]
fn controllers_come_back_as_midi() {
    let mut rig = Rig::new(Setup::default());
    rig.act(|data| {
        for control in [0, 127, 128, 129, 130, 131, 132] {
            let controller = LegacyMIDICCOutEvent {
                controlNumber: control,
                channel: 2,
                value: 5,
                value2: 6,
            };
            add(
                data,
                event(
                    1,
                    MIDI_OUT,
                    Event__type0 {
                        midiCCOut: controller,
                    },
                ),
            );
        }
        let nowhere = LegacyMIDICCOutEvent {
            controlNumber: 1,
            channel: 16,
            value: 5,
            value2: 6,
        };
        add(data, event(1, MIDI_OUT, Event__type0 { midiCCOut: nowhere }));
    });
    rig.play_one(&list());
    let heard: Vec<_> = rig.said().into_iter().map(|(_, body)| body).collect();
    let expected = [
        [0xb2, 0, 5],
        [0xb2, 127, 5],
        [0xd2, 5, 0],
        [0xe2, 5, 6],
        [0xc2, 5, 0],
        [0xa2, 5, 6],
    ];
    assert_eq!(heard, expected.map(|data| Body::Midi { port: 0, data }));
}

#[test]
fn data_is_copied_from_the_plugins_stack() {
    let mut rig = Rig::new(Setup::default());
    rig.act(|data| {
        let mut bytes = [0xf0, 1, 2, 0xf7];
        let body = |kind| Event__type0 {
            data: DataEvent {
                size: 4,
                r#type: kind,
                bytes: bytes.as_ptr(),
            },
        };
        add(data, event(4, DATA, body(SYSEX)));
        add(data, event(5, DATA, body(9)));
        bytes.fill(0);
    });
    rig.play_one(&list());
    let said = rig.said();
    assert_eq!(said.len(), 1);
    let (4, Body::SysEx { start, len, .. }) = said[0] else {
        panic!("{said:?}")
    };
    assert_eq!(rig.out.bytes(start, len), [0xf0, 1, 2, 0xf7]);
}

/// Text of a note, as the plugin says it.
fn text(type_id: u32, note_id: i32, text: &[u16]) -> Event {
    let text = NoteExpressionTextEvent {
        typeId: type_id,
        noteId: note_id,
        textLen: u32::try_from(text.len()).unwrap(),
        text: text.as_ptr(),
    };
    let body = Event__type0 {
        noteExpressionText: text,
    };
    event(6, NOTE_TEXT, body)
}

#[test]
fn text_goes_through_one_plugin_to_the_next() {
    let mut rig = Rig::new(Setup::default());
    rig.act(|data| {
        add(data, event(0, NOTE_ON, note_on(7)));
        // An odd number of bytes in front.
        let bytes = DataEvent {
            size: 1,
            r#type: SYSEX,
            bytes: [9].as_ptr(),
        };
        add(data, event(1, DATA, Event__type0 { data: bytes }));
        let mut word = [0x68, 0xe9];
        add(data, text(kTextTypeID, 7, &word));
        add(data, text(kPhonemeTypeID, 7, &word[..1]));
        add(data, text(kTextTypeID, 8, &word));
        add(data, text(kVolumeTypeID, 7, &word));
        word.fill(0);
    });
    rig.play_one(&list());
    let said = core::mem::replace(&mut rig.out, list());
    assert_eq!(said.len(), 4);

    for takes in [true, false] {
        let mut next = Rig::new(Setup {
            expressions: if takes { u32::MAX } else { 0 },
            ..Setup::default()
        });
        let events = next.play_one(&said).events;
        let heard = events
            .iter()
            .filter(|event| event.r#type == NOTE_TEXT)
            .map(|event| {
                // SAFETY: the type says which field is meant; the text lies in `said`, with its zero.
                unsafe {
                    let text = event.__field0.noteExpressionText;
                    let units = core::slice::from_raw_parts(text.text, text.textLen as usize + 1);
                    (event.sampleOffset, text.typeId, text.noteId, units.to_vec())
                }
            });
        let heard: Vec<_> = heard.collect();
        let expected = [
            (6, kTextTypeID, 1, [0x68, 0xe9, 0].to_vec()),
            (6, kPhonemeTypeID, 1, [0x68, 0].to_vec()),
        ];
        assert_eq!(heard, if takes { &expected[..] } else { &[] });
    }
}

#[test]
fn the_last_value_of_a_parameter_is_mirrored() {
    let mut rig = Rig::new(Setup::default());
    rig.act(|data| {
        // SAFETY: the host gives valid changes; ids and numbers live for the length of each call.
        unsafe {
            let changes = ComRef::from_raw(data.outputParameterChanges).unwrap();
            let mut number = -1;
            for (id, offset, value, expected) in [
                (5, 3, 0.25, (0, 0)),
                (6, 0, 7.0, (1, 0)),
                (5, 9, 0.5, (0, 1)),
                (5, 1, 0.125, (0, 0)),
                (5, 4, 0.3, (0, 2)),
                (5, 4, 0.4, (0, 2)),
                (5, 9, 0.75, (0, 3)),
                (1000, 0, 0.5, (2, 0)),
            ] {
                let queue = ComRef::from_raw(changes.addParameterData(&id, &raw mut number)).unwrap();
                assert_eq!(number, expected.0);
                assert_eq!(queue.addPoint(offset, value, &raw mut number), kResultOk);
                assert_eq!(number, expected.1, "{id} at {offset}");
            }
        }
        let read = super::plugin::changes(data.outputParameterChanges);
        assert_eq!(
            read[0],
            (5, [(1, 0.125), (3, 0.25), (4, 0.4), (9, 0.75)].to_vec())
        );
        assert_eq!(read[1], (6, [(0, 7.0)].to_vec()));
    });
    rig.play_one(&list());
    // The id 1000 is none of the plugin's.
    assert_eq!(rig.news(), [(5, 0.75, true), (6, 1.0, true)]);
    assert!(rig.said().is_empty());
    assert!(rig.news().is_empty());
}
