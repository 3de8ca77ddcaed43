//! The roads home: meters, reports that must arrive, dismantling, the slot.

use super::plugin::Sound;
use super::std::vec::Vec;
use super::*;
use crate::slot::Slot;
use crate::wire::Meters;

fn meters(rig: &mut Rig) -> Vec<Meters> {
    core::iter::from_fn(|| rig.home.pop().ok())
        .filter_map(|report| match report {
            FromEngine::Meters(meters) => Some(meters),
            _ => None,
        })
        .collect()
}

#[test]
fn meters_come_thirty_times_a_second_and_count() {
    let synth = Plugin::new(Sound::Level(-0.5));
    let mut rig = Rig::playing(rack(1, &[&synth]));
    rig.engine.rate = RATE;
    meters(&mut rig);
    let blocks = rig.engine.meters.blocks;
    rig.engine.midi_in(0, &[0xb0, 7, 9]);
    rig.left(4_800, 64);
    let seen = meters(&mut rig);
    assert_eq!(seen.len(), 3);
    let last = seen[2];
    assert_eq!(
        (last.peak, last.last_midi, last.midi_events),
        ([0.5; 2], [0xb0, 7, 9], 1)
    );
    assert_eq!(
        (last.blocks - blocks, last.frames),
        (last.frames / 64, last.frames)
    );
    assert!(last.frames >= 3_200 && last.frames <= 4_800 && last.frames.is_multiple_of(64));
    // A new rack that is told of the controllers has received no message.
    rig.midi([0xb0, 1, 9]);
    rig.block(64);
    rig.swap(rack_of(2, Vec::new()));
    rig.left(3_200, 64);
    let last = *meters(&mut rig).last().unwrap();
    assert_eq!((last.midi_events, last.leaving), (2, 1));
}

#[test]
fn what_plugins_say_never_crowds_out_what_the_engine_says() {
    let synth = Plugin::synth();
    let mut rig = Rig::sized(Sizes {
        home: 16,
        ..Sizes::default()
    });
    rig.swap(rack(1, &[&synth]));
    rig.engine.rate = RATE;
    let says = Event {
        time: 0,
        body: Body::GestureBegin { id: 1 },
    };
    synth.state().says = std::vec![says; 100];
    rig.send(Command::Fade { to: 0.5, frames: 8 });
    rig.block(64);
    assert!(rig.reports().contains(&FromEngine::Faded));
    rig.left(4_800, 64);
    assert!(meters(&mut rig).last().unwrap().dropped > 80);
}

#[test]
fn dismantling_hands_out_everything_and_leaves_an_engine_that_plays() {
    let (old, new, waiting, unit) = (Plugin::synth(), Plugin::synth(), Plugin::synth(), Plugin::synth());
    let mut rig = Rig::playing(rack(1, &[&old]));
    rig.swap(rack(2, &[&new]));
    rig.hand(Handover::Sequence(lend(Box::new(
        crate::sequence::Sequence::new(lend(Box::new([])), lend(Box::new([])), 0, true),
    ))));
    rig.block(0);
    rig.hand(Handover::Rack(rack(3, &[&waiting])));
    rig.hand(Handover::Unit {
        rack: RackId(2),
        plugin: at(0, 0),
        unit: unit.unit(),
    });
    let mut kinds = [0; 5];
    rig.engine.dismantle(|retired| {
        kinds[match retired {
            Retired::Rack(_) => 0,
            Retired::Unit { .. } => 1,
            Retired::Lane(_) => 2,
            Retired::Sequence(_) => 3,
            Retired::Refused(..) => 4,
        }] += 1;
    });
    assert_eq!(kinds, [3, 1, 1, 1, 0]);
    for plugin in [&old, &new, &waiting, &unit] {
        assert_eq!(plugin.state().alive, 0);
        assert!(!plugin.state().started);
    }
    assert!(rig.lane.is_abandoned());
    assert_eq!(rig.block(64)[0], [0.0; 64]);
    rig.swap(rack(4, &[&Plugin::new(Sound::Level(0.5))]));
    assert_eq!(rig.block(64)[0], [0.5; 64]);
}

#[test]
fn a_slot_sends_the_engine_home_whoever_drops_it() {
    let synth = Plugin::synth();
    let mut rig = Rig::playing(rack(1, &[&synth]));
    let (home, mut end) = RingBuffer::new(1);
    let engine = core::mem::replace(&mut rig.engine, build(Sizes::default()).0);
    let rate = engine.rate();
    let mut slot = Slot::new(lend(Box::new(engine)), home);
    assert_eq!(slot.engine().unwrap().rate(), rate);
    std::thread::spawn(move || drop(slot)).join().unwrap();
    let mut engine = end.pop().unwrap();
    engine.dismantle(drop);
    assert_eq!(synth.state().alive, 0);
}
