//! Ports that come, go and refuse, on a system made up for the purpose.

use super::*;
use crate::lend::share;
use crate::midi::system::fake::Fake;
use rt::lane::{Lane, Owed};
use rt::wire::{Command, Stamp, ToEngine};
use rtrb::RingBuffer;

/// An engine's worth of lanes, a clock of our own and the inputs under test.
struct Bench {
    fake: Fake,
    inputs: Inputs,
    now: Instant,
    sysex: Vec<Vec<u8>>,
    lanes: Vec<Lane>,
    takes_lanes: bool,
}

impl Bench {
    fn new(wanted: Wanted) -> Self {
        let fake = Fake::default();
        Self {
            inputs: Inputs::with(Box::new(fake.clone()), wanted),
            fake,
            now: Instant::now(),
            lanes: Vec::new(),
            sysex: Vec::new(),
            takes_lanes: true,
        }
    }

    fn named(names: &[&str]) -> Self {
        Self::new(Wanted::Named(
            names.iter().map(|name| (*name).to_owned()).collect(),
        ))
    }

    /// Polls a second later.
    fn poll(&mut self) -> Vec<PortEvent> {
        self.now += Duration::from_secs(1);
        self.poll_at_once()
    }

    fn poll_at_once(&mut self) -> Vec<PortEvent> {
        let (lanes, takes) = (&mut self.lanes, self.takes_lanes);
        self.inputs.poll_at(self.now, &mut || {
            takes.then(|| {
                let (ring, ring_end) = RingBuffer::new(64);
                let (bytes, bytes_end) = RingBuffer::new(64);
                let owed = Arc::new(Owed::default());
                lanes.push(Lane::new(ring_end, bytes_end, share(&owed)));
                LaneSender::new(ring, bytes, share(&owed))
            })
        })
    }

    fn received(&mut self, lane: usize) -> Vec<ToEngine> {
        let mut received = Vec::new();
        self.lanes[lane].drain(|sent, bytes| {
            if let Command::SysEx { len } = sent.command {
                let mut message = vec![0; len as usize];
                assert!(bytes.read(&mut message));
                self.sysex.push(message);
            }
            received.push(*sent);
            true
        });
        received
    }

    fn messages(&mut self, lane: usize) -> Vec<[u8; 3]> {
        let midi = |sent: ToEngine| match sent.command {
            Command::Midi(data) => data,
            other => panic!("not MIDI: {other:?}"),
        };
        self.received(lane).into_iter().map(midi).collect()
    }
}

fn opened(name: &str) -> PortEvent {
    PortEvent::Opened(name.to_owned())
}

fn lost(name: &str) -> PortEvent {
    PortEvent::Lost(name.to_owned())
}

const KEYS: &str = "Keystation 61:Keystation 61 MIDI 1 20:0";
const KEYS_MOVED: &str = "Keystation 61:Keystation 61 MIDI 1 28:0";

#[test]
fn all_takes_what_comes_but_no_loops() {
    let mut bench = Bench::new(Wanted::All);
    bench.fake.plug("14:0", "Midi Through:Midi Through Port-0 14:0");
    bench.fake.plug("129:0", "Backline:output 129:0");
    assert_eq!(bench.poll(), []);
    bench.fake.plug("20:0", KEYS);
    assert_eq!(bench.poll(), [opened(KEYS)]);
    assert_eq!(bench.poll(), []);
    assert_eq!(bench.inputs.names().collect::<Vec<_>>(), [KEYS]);
}

#[test]
fn messages_arrive_whole_in_order_and_stamped_on_the_monotonic_clock() {
    let mut bench = Bench::new(Wanted::All);
    bench.fake.plug("20:0", KEYS);
    bench.poll();
    let before = crate::clock::monotonic_nanos();
    bench.fake.play("20:0", 1_000, &[0x90, 60, 100]);
    bench.fake.play("20:0", 2_000, &[0xfe]);
    bench.fake.play("20:0", 2_000, &[0xf8]);
    bench.fake.play("20:0", 3_000, &[0xf0, 1, 2]);
    bench.fake.play("20:0", 3_000, &[3, 0xf7]);
    bench.fake.play("20:0", 4_000, &[0xc0, 7]);
    let after = crate::clock::monotonic_nanos();
    let received = bench.received(0);
    let commands: Vec<Command> = received.iter().map(|sent| sent.command).collect();
    assert_eq!(
        commands,
        [
            Command::Midi([0x90, 60, 100]),
            Command::SysEx { len: 5 },
            Command::Midi([0xc0, 7, 0])
        ]
    );
    assert_eq!(bench.sysex, [[0xf0, 1, 2, 3, 0xf7]]);
    let times: Vec<i64> = received
        .iter()
        .map(|sent| match sent.at {
            Stamp::Nanos(time) => time,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(times.is_sorted());
    assert!(
        times.iter().all(|time| (before..=after).contains(time)),
        "{times:?}"
    );
}

#[test]
fn a_port_that_goes_lets_go_and_is_taken_again_under_another_number() {
    let mut bench = Bench::named(&[KEYS]);
    bench.fake.plug("20:0", KEYS);
    assert_eq!(bench.poll(), [opened(KEYS)]);
    for message in [
        [0x90, 60, 100],
        [0x90, 64, 100],
        [0x80, 64, 0],
        [0xb0, 64, 127],
        [0xe0, 0, 70],
    ] {
        assert!(bench.fake.play("20:0", 5, &message));
    }
    bench.messages(0);
    bench.fake.unplug("20:0");
    assert_eq!(bench.poll(), [lost(KEYS)]);
    assert_eq!(bench.messages(0), [[0x80, 60, 64], [0xb0, 64, 0], [0xe0, 0, 64]]);
    assert!(bench.lanes[0].is_finished());
    assert!(!bench.fake.play("20:0", 5, &[0x90, 1, 1]));

    assert_eq!(bench.poll(), []);
    bench.fake.plug("28:0", KEYS_MOVED);
    assert_eq!(bench.poll(), [opened(KEYS_MOVED)]);
    bench.fake.play("28:0", 1, &[0x90, 61, 1]);
    assert_eq!(bench.messages(1), [[0x90, 61, 1]]);
}

#[test]
fn dropping_the_inputs_lets_go() {
    let mut bench = Bench::new(Wanted::All);
    bench.fake.plug("20:0", KEYS);
    bench.poll();
    bench.fake.play("20:0", 1, &[0x95, 60, 100]);
    bench.messages(0);
    bench.inputs = Inputs::with(Box::new(Fake::default()), Wanted::All);
    assert_eq!(bench.messages(0), [[0x85, 60, 64]]);
}

#[test]
fn a_port_that_refuses_is_told_once_and_tried_again() {
    let mut bench = Bench::new(Wanted::All);
    bench.fake.plug("20:0", KEYS);
    bench.fake.state().refusing.insert("20:0".to_owned());
    let events = bench.poll();
    let [PortEvent::Failed(name, reason)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(name, KEYS);
    assert!(reason.contains(KEYS) && reason.contains("busy"), "{reason}");
    assert_eq!(bench.poll(), []);
    bench.fake.state().refusing.clear();
    assert_eq!(bench.poll(), [opened(KEYS)]);
}

#[test]
fn no_midi_at_all_is_a_warning_told_once() {
    let mut bench = Bench::new(Wanted::All);
    bench.fake.state().unavailable = true;
    assert!(matches!(&bench.poll()[..], [PortEvent::Unavailable(_)]));
    assert_eq!(bench.poll(), []);
    bench.fake.state().unavailable = false;
    bench.fake.plug("20:0", KEYS);
    assert_eq!(bench.poll(), [opened(KEYS)]);
    bench.fake.state().unavailable = true;
    assert!(matches!(&bench.poll()[..], [PortEvent::Unavailable(_)]));
    assert_eq!(bench.inputs.names().count(), 1);
}

#[test]
fn a_wish_that_nothing_fits_is_told_once() {
    let mut bench = Bench::named(&["Organ"]);
    bench.fake.plug("20:0", KEYS);
    let events = bench.poll();
    let [PortEvent::Failed(name, reason)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(name, "Organ");
    assert!(reason.contains("\"Organ\"") && reason.contains(KEYS), "{reason}");
    assert_eq!(bench.poll(), []);
    bench.fake.plug("24:0", "Big ORGAN 24:0");
    assert_eq!(bench.poll(), [opened("Big ORGAN 24:0")]);
    bench.fake.unplug("24:0");
    assert_eq!(bench.poll(), [lost("Big ORGAN 24:0")]);
    assert_eq!(bench.poll(), []);
}

#[test]
fn looks_are_rationed() {
    let mut bench = Bench::new(Wanted::All);
    bench.poll();
    bench.fake.plug("20:0", KEYS);
    bench.now += Duration::from_millis(100);
    assert_eq!(bench.poll_at_once(), []);
    assert_eq!(bench.poll(), [opened(KEYS)]);
}

#[test]
fn an_engine_that_takes_no_lane_is_asked_again_at_once() {
    let mut bench = Bench::new(Wanted::All);
    bench.fake.plug("20:0", KEYS);
    bench.takes_lanes = false;
    assert_eq!(bench.poll(), []);
    assert_eq!(bench.fake.state().opened, 0);
    bench.takes_lanes = true;
    assert_eq!(bench.poll_at_once(), [opened(KEYS)]);
}

#[test]
fn a_new_engine_is_played_on_without_opening_the_port_again() {
    let mut bench = Bench::new(Wanted::All);
    bench.fake.plug("20:0", KEYS);
    bench.poll();
    bench.lanes.clear();
    assert_eq!(bench.poll_at_once(), []);
    bench.fake.play("20:0", 1, &[0x90, 60, 1]);
    assert_eq!(bench.messages(0), [[0x90, 60, 1]]);
    assert_eq!(bench.fake.state().opened, 1);
}

#[test]
fn a_flood_is_counted() {
    let mut bench = Bench::new(Wanted::All);
    bench.fake.plug("20:0", KEYS);
    bench.poll();
    for _ in 0..70 {
        bench.fake.play("20:0", 1, &[0x90, 60, 1]);
    }
    assert_eq!(bench.inputs.dropped(), 6);
}

#[test]
fn the_real_system_answers_with_ports_or_a_sentence() {
    let mut inputs = Inputs::new(Wanted::Named(vec!["no port has this name".to_owned()]));
    let events = inputs.poll(&mut || panic!("nothing is opened"));
    match &events[..] {
        [PortEvent::Unavailable(reason)] => assert!(list_inputs().is_err_and(|e| e.to_string() == *reason)),
        [PortEvent::Failed(name, _)] => assert_eq!(name, "no port has this name"),
        other => panic!("{other:?}"),
    }
}
