//! Events into CLAP's layout and back.

extern crate std;

use super::input::{ClapEvent, ClapScratch};
use super::output::Output;
use super::{PortPointers, no_ports};
use crate::block::{PortBuffers, PortShape};
use crate::events::{Body, Event, EventList, Expression, NoteAddress};
use crate::lend::testing::{lend, slice};
use crate::processor::NoteInput;
use clack_host::events::io::{InputEventBuffer, OutputEventBuffer};
use std::boxed::Box;
use std::vec::Vec;

const NOTE: NoteAddress = NoteAddress {
    id: 7,
    port: 0,
    channel: 3,
    key: 64,
};

fn list(events: usize) -> EventList {
    let nothing = Event {
        time: 0,
        body: Body::GestureEnd { id: 0 },
    };
    EventList::new(slice(events, nothing), slice(64, 0))
}

/// What comes back of `bodies`, as a plugin with that note input would echo them.
fn echo(bodies: &[Body], notes: NoteInput) -> Vec<Body> {
    let mut sent = list(64);
    sent.push_sysex(0, 0, &[0xf0, 1, 2, 0xf7]);
    for &body in bodies {
        sent.push(Event { time: 5, body });
    }
    let mut scratch = ClapScratch::new(slice(64, ClapEvent::default()));
    let input = scratch.convert(&sent, notes);
    let mut back = list(64);
    let mut output = Output {
        list: &mut back,
        frames: 4,
    };
    for index in 0..input.len() {
        assert!(output.try_push(input.get(index).unwrap()).is_ok());
    }
    assert!(input.get(input.len()).is_none());
    for event in back.as_slice() {
        if let Body::SysEx { start, len, .. } = event.body {
            assert_eq!(back.bytes(start, len), [0xf0, 1, 2, 0xf7]);
        } else {
            assert_eq!(event.time, 3, "behind the end means the last frame");
        }
    }
    back.as_slice()
        .iter()
        .map(|event| event.body)
        .filter(|body| !matches!(body, Body::SysEx { .. }))
        .collect()
}

#[test]
fn every_event_goes_out_and_comes_back_the_same() {
    let mut bodies = std::vec![
        Body::NoteOn {
            note: NOTE,
            velocity: 0.25
        },
        Body::NoteOff {
            note: NoteAddress::ALL,
            velocity: 0.5
        },
        Body::NoteChoke { note: NOTE },
        Body::Midi {
            port: 2,
            data: [0xe3, 1, 2]
        },
        Body::Midi2 {
            port: 1,
            data: [1, 2, 3, 4]
        },
        Body::Param {
            id: 9,
            cookie: 0,
            note: NOTE,
            value: -3.5
        },
        Body::GestureBegin { id: 1 },
        Body::GestureEnd { id: 2 },
    ];
    for kind in [
        Expression::Volume,
        Expression::Pan,
        Expression::Tuning,
        Expression::Vibrato,
        Expression::Expression,
        Expression::Brightness,
        Expression::Pressure,
    ] {
        bodies.push(Body::Expression {
            note: NOTE,
            kind,
            value: 0.75,
        });
    }
    assert_eq!(echo(&bodies, NoteInput::ClapAndMidi), bodies);
    // What a plugin has no business to say is taken and left out.
    let silent = [
        Body::Transport(0),
        Body::ParamMod {
            id: 1,
            cookie: 0,
            note: NOTE,
            amount: 1.0,
        },
    ];
    assert_eq!(echo(&silent, NoteInput::ClapAndMidi), []);
}

#[test]
fn a_midi_plugin_hears_notes_as_midi() {
    let note = |key| NoteAddress::new(3, key);
    let any = NoteAddress::channel(3);
    let midi = |data| Body::Midi { port: 0, data };
    let pressure = |note| Body::Expression {
        note,
        kind: Expression::Pressure,
        value: 1.0,
    };
    let bodies = [
        Body::NoteOn {
            note: note(60),
            velocity: 0.001,
        },
        Body::NoteOff {
            note: note(60),
            velocity: 1.0,
        },
        Body::NoteOff {
            note: any,
            velocity: 1.0,
        },
        Body::NoteChoke { note: note(60) },
        Body::NoteChoke { note: any },
        pressure(note(60)),
        pressure(any),
    ];
    let heard = [
        midi([0x93, 60, 1]),
        midi([0x83, 60, 127]),
        midi([0xb3, 123, 0]),
        midi([0x83, 60, 127]),
        midi([0xb3, 120, 0]),
        midi([0xa3, 60, 127]),
        midi([0xd3, 127, 0]),
    ];
    assert_eq!(echo(&bodies, NoteInput::Midi), heard);
}

#[test]
fn a_plugin_without_midi_hears_controllers_as_expressions_and_every_kind_of_notes_off() {
    let one = |data| echo(&[Body::Midi { port: 0, data }], NoteInput::Clap);
    let note = NoteAddress::channel(2);
    for mode in 123..=127 {
        assert_eq!(one([0xb2, mode, 0]), [Body::NoteOff { note, velocity: 0.0 }]);
    }
    assert_eq!(one([0xb2, 120, 0]), [Body::NoteChoke { note }]);
    let expression = |kind, value| [Body::Expression { note, kind, value }];
    assert_eq!(one([0xe2, 0, 64]), expression(Expression::Tuning, 0.0));
    assert_eq!(one([0xe2, 0, 0]), expression(Expression::Tuning, -2.0));
    assert_eq!(one([0xb2, 10, 63]), expression(Expression::Pan, 0.5));
    assert_eq!(one([0xd2, 127, 0]), expression(Expression::Pressure, 1.0));
    assert_eq!(one([0xb2, 64, 127]), []);
}

#[test]
fn a_full_list_refuses_and_a_full_scratch_counts() {
    let mut sent = list(16);
    for id in 0..8 {
        sent.push(Event {
            time: 0,
            body: Body::GestureBegin { id },
        });
    }
    let mut scratch = ClapScratch::new(slice(6, ClapEvent::default()));
    let input = scratch.convert(&sent, NoteInput::ClapAndMidi);
    assert_eq!(input.len(), 6);
    let mut back = list(4);
    let mut output = Output {
        list: &mut back,
        frames: 8,
    };
    let taken = (0..6)
        .filter(|&index| output.try_push(input.get(index).unwrap()).is_ok())
        .count();
    assert_eq!((taken, back.len()), (3, 3));
    assert_eq!((scratch.take_dropped(), scratch.take_dropped()), (2, 0));
}

#[test]
fn port_pointers_reach_every_sample_and_no_other() {
    let shapes = [(0, 2), (2, 0), (2, 1)].map(|(first, channels)| PortShape {
        first,
        channels,
        heard: true,
    });
    let mut buffers = PortBuffers::new(slice(3 * 8, 0.0), 8, lend(Box::new(shapes)), 0);
    let mut pointers = PortPointers::new(
        lend(no_ports(3).collect()),
        lend(std::vec![core::ptr::null_mut(); 3].into_boxed_slice()),
    );
    // Twice, as in two blocks.
    for round in 0..2 {
        let mut value = 0.0;
        for port in pointers.point_to(&mut buffers).iter() {
            for channel in 0..port.channel_count as usize {
                for frame in 0..8 {
                    value += 1.0;
                    // SAFETY: what a plugin may do: write to each frame of each channel it was given.
                    unsafe { *(*port.data32.add(channel)).add(frame) = value };
                }
            }
        }
        let all: Vec<f32> = (0..3)
            .flat_map(|channel| buffers.channel(channel, 8).to_vec())
            .collect();
        assert_eq!(all.last(), Some(&24.0), "round {round}");
        assert!(all.windows(2).all(|pair| pair[1] - pair[0] == 1.0));
    }
}
