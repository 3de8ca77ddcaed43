//! The sending thread, on a system made up for the purpose.

use super::*;
use crate::lend::lend_slice;
use crate::midi::system::fake::{Fake, port};
use rt::events::{Body, Event, EventList};

/// A list with these messages, all at once.
fn block(messages: &[[u8; 3]]) -> EventList {
    let nothing = Event {
        time: 0,
        body: Body::GestureEnd { id: 0 },
    };
    let mut list = EventList::new(lend_slice(64, nothing), lend_slice(64, 0));
    for &data in messages {
        assert!(list.push(Event {
            time: 0,
            body: Body::Midi { port: 0, data },
        }));
    }
    list
}

/// Waits until `done` or for five seconds.
fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(5);
    while !done() {
        assert!(Instant::now() < until, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn next_event(outputs: &Outputs) -> PortEvent {
    outputs.events.recv_timeout(Duration::from_secs(5)).unwrap()
}

const SYNTH: &str = "Synth:Synth MIDI 1 20:0";

fn plugged() -> Fake {
    let fake = Fake::default();
    fake.state().outputs.push(port("20:0", SYNTH));
    fake
}

#[test]
fn messages_go_out_and_notes_are_let_go_at_the_end() {
    let fake = plugged();
    let (mut lane, outputs) = Outputs::with(Box::new(fake.clone()), vec!["synth".to_owned()]).unwrap();
    assert_eq!(next_event(&outputs), PortEvent::Opened(SYNTH.to_owned()));
    lane.send(&block(&[[0x90, 60, 100], [0xc0, 5, 0]]));
    let expected = [
        ("20:0".to_owned(), vec![0x90, 60, 100]),
        ("20:0".to_owned(), vec![0xc0, 5]),
    ];
    wait_for("two messages", || fake.state().sent == expected);
    drop(outputs);
    assert_eq!(fake.state().sent[2].1, [0x80, 60, 64]);
}

#[test]
fn the_thread_ends_with_the_lane_after_sending_what_waits() {
    let fake = plugged();
    let (mut lane, mut outputs) = Outputs::with(Box::new(fake.clone()), vec![SYNTH.to_owned()]).unwrap();
    next_event(&outputs);
    lane.send(&block(&[[0x90, 60, 100], [0x80, 60, 0]]));
    drop(lane);
    let thread = outputs.thread.take().unwrap();
    wait_for("the thread's end", || thread.is_finished());
    thread.join().unwrap();
    assert_eq!(fake.state().sent.len(), 2);
}

#[test]
fn an_output_that_fails_or_goes_is_opened_again() {
    let fake = plugged();
    let (mut lane, outputs) = Outputs::with(Box::new(fake.clone()), vec![SYNTH.to_owned()]).unwrap();
    next_event(&outputs);
    fake.state().dead.insert("20:0".to_owned());
    lane.send(&block(&[[0x90, 60, 100]]));
    assert!(matches!(next_event(&outputs), PortEvent::Failed(name, reason)
        if name == SYNTH && reason.contains("gone")));
    fake.state().dead.clear();
    assert_eq!(next_event(&outputs), PortEvent::Opened(SYNTH.to_owned()));
    fake.unplug("20:0");
    assert_eq!(next_event(&outputs), PortEvent::Lost(SYNTH.to_owned()));
    let moved = "Synth:Synth MIDI 1 24:0";
    fake.state().outputs.push(port("24:0", moved));
    assert_eq!(next_event(&outputs), PortEvent::Opened(moved.to_owned()));
    lane.send(&block(&[[0xb0, 1, 2]]));
    wait_for("a message", || {
        fake.state().sent == [("24:0".to_owned(), vec![0xb0, 1, 2])]
    });
}

#[test]
fn a_missing_output_is_told_once_and_the_ring_is_still_emptied() {
    let fake = Fake::default();
    let (mut lane, outputs) = Outputs::with(Box::new(fake), vec!["Organ".to_owned()]).unwrap();
    assert!(matches!(next_event(&outputs), PortEvent::Failed(name, _) if name == "Organ"));
    for _ in 0..2 * WAITING / 32 {
        lane.send(&block(&[[0x90, 60, 100]; 32]));
        std::thread::sleep(Duration::from_millis(3));
    }
    assert_eq!(lane.dropped(), 0);
    assert!(outputs.poll().is_empty());
}
