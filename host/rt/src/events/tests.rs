//! Order, room, and what MIDI says of notes.

extern crate std;

use super::*;
use crate::lend::testing::slice;
use std::vec::Vec;

const NOTHING: Event = Event {
    time: 0,
    body: Body::GestureEnd { id: 0 },
};

fn list(events: usize, bytes: usize) -> EventList {
    EventList::new(slice(events, NOTHING), slice(bytes, 0))
}

fn gesture(time: u32, id: u32) -> Event {
    Event {
        time,
        body: Body::GestureBegin { id },
    }
}

#[test]
fn events_are_in_order_and_equal_times_keep_theirs() {
    let mut list = list(16, 0);
    for (id, time) in (0..).zip([5, 3, 5, 0, 3]) {
        assert!(list.push(gesture(time, id)));
    }
    let order: Vec<_> = list
        .as_slice()
        .iter()
        .map(|event| (event.time, event.body))
        .collect();
    let expected = [(0, 3), (3, 1), (3, 4), (5, 0), (5, 2)];
    assert_eq!(
        order,
        expected.map(|(time, id)| (time, Body::GestureBegin { id }))
    );
    assert_eq!(list.before(5), 3);
}

#[test]
fn a_flood_leaves_room_for_releases() {
    let mut list = list(8, 0);
    let pushed = (0..20).filter(|&id| list.push(gesture(0, id))).count();
    assert_eq!(pushed, 6);
    let off = Event {
        time: 1,
        body: Body::Midi {
            port: 0,
            data: [0x80, 60, 0],
        },
    };
    assert!(list.push(off));
    assert!(list.push(Event {
        time: 1,
        body: Body::Midi {
            port: 0,
            data: [0xb0, 64, 0]
        }
    }));
    assert!(!list.push(off));
    assert_eq!(list.take_dropped(), 15);
    assert_eq!(list.take_dropped(), 0);
}

#[test]
fn system_exclusive_bytes_move_between_lists() {
    let mut first = list(8, 8);
    assert!(first.push_sysex(2, 0, &[0xf0, 1, 2, 0xf7]));
    assert!(!first.push_sysex(2, 0, &[0; 5]));
    let mut second = list(8, 8);
    assert!(second.push_sysex(1, 0, &[9, 9]));
    assert!(second.push_from(&first, &first.as_slice()[0]));
    let Body::SysEx { start, len, .. } = second.as_slice()[1].body else {
        panic!("not system exclusive")
    };
    assert_eq!(second.bytes(start, len), [0xf0, 1, 2, 0xf7]);
}

#[test]
fn texts_move_between_lists_and_stay_even() {
    let text: Vec<u8> = [u16::from(b'a'), 0]
        .into_iter()
        .flat_map(u16::to_ne_bytes)
        .collect();
    let mut first = list(8, 8);
    assert!(first.push_sysex(0, 0, &[1]));
    let note = NoteAddress::new(0, 60);
    assert!(first.push_text_with(1, (note, true), 4, |pool| pool.copy_from_slice(&text)));
    assert!(!first.push_text_with(1, (note, true), 4, |_| unreachable!("there is no room")));
    assert_eq!(first.take_dropped(), 1);
    let mut second = list(8, 8);
    assert!(second.push_from(&first, &first.as_slice()[1]));
    for list in [&first, &second] {
        let event = list.as_slice().last().unwrap();
        let Body::Text {
            note: to,
            phonemes: true,
            start,
            len,
        } = event.body
        else {
            panic!("not a text: {event:?}")
        };
        let bytes = list.bytes(start, len);
        assert_eq!((event.time, to, bytes), (1, note, &*text));
        assert_eq!(bytes.as_ptr().addr() % 2, 0);
    }
}

#[test]
fn midi_says_what_it_can_of_notes_and_no_more() {
    let note = NoteAddress::new(3, 60);
    let channel = NoteAddress::channel(3);
    let velocity = 1.0;
    assert_eq!(Body::NoteOn { note, velocity }.to_midi(), Some([0x93, 60, 127]));
    assert_eq!(
        Body::NoteOn {
            note: channel,
            velocity
        }
        .to_midi(),
        None
    );
    assert_eq!(
        Body::NoteOff {
            note: channel,
            velocity
        }
        .to_midi(),
        Some([0xb3, 123, 0])
    );
    // One note cut is one note let go; all sound off would take the channel's other notes along.
    assert_eq!(Body::NoteChoke { note }.to_midi(), Some([0x83, 60, 127]));
    assert_eq!(Body::NoteChoke { note: channel }.to_midi(), Some([0xb3, 120, 0]));
    assert_eq!(Body::GestureBegin { id: 1 }.to_midi(), None);
}

#[test]
fn releases_are_known() {
    for release in [
        [0x80, 1, 1],
        [0x9f, 1, 0],
        [0xb3, 64, 63],
        [0xb0, 123, 0],
        [0xff, 0, 0],
    ] {
        assert!(is_release(release), "{release:?}");
    }
    for other in [
        [0x90, 1, 1],
        [0xb3, 64, 64],
        [0xb0, 1, 0],
        [0xf8, 0, 0],
        [0xe0, 0, 0],
    ] {
        assert!(!is_release(other), "{other:?}");
    }
}
