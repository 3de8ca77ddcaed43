//! Lanes into the engine: stamps, order, floods, the end of a lane.

use super::super::MAX_LANES;
use super::plugin::Sound;
use super::std::vec::Vec;
use super::*;

const FRAME: f64 = 1e9 / RATE;

#[expect(clippy::cast_possible_truncation, reason = "a test's time")]
fn nanos(frame: f64) -> i64 {
    (frame * FRAME) as i64 + 1_000
}

fn heard_times(plugin: &Plugin) -> Vec<u64> {
    plugin.heard().iter().map(|(time, _)| *time).collect()
}

#[test]
fn a_time_stamp_becomes_a_sample_one_block_later_at_any_block_size() {
    for block in [32_u32, 64, 200] {
        let synth = Plugin::synth();
        let mut rig = Rig::playing(rack(1, &[&synth]));
        let mut start = 0;
        let stamps = [0_u32, 5, 31, 64, 65, 300];
        for stamp in stamps {
            assert!(rig.lane.send(
                Stamp::Nanos(nanos(f64::from(stamp))),
                Command::Midi([0x90, 60, 100])
            ));
        }
        while start < 1_000 {
            rig.called = Some(nanos(f64::from(start)) - 1_000);
            rig.block(block as usize);
            start += block;
        }
        let expected: Vec<u64> = stamps.iter().map(|stamp| u64::from(stamp + block)).collect();
        assert_eq!(heard_times(&synth), expected, "block {block}");
    }
}

#[test]
fn a_lane_keeps_its_order_whatever_its_stamps_say() {
    let synth = Plugin::synth();
    let mut rig = Rig::playing(rack(1, &[&synth]));
    rig.lane.send(Stamp::Frame(40), Command::Midi([0x90, 60, 100]));
    rig.lane.send(Stamp::Now, Command::Midi([0x80, 60, 0]));
    assert_eq!(rig.left(64, 64)[63], 0.0);
    assert_eq!(heard_times(&synth), [40, 40]);
}

#[test]
fn what_is_due_later_waits_and_what_is_late_comes_at_once() {
    let synth = Plugin::synth();
    let mut rig = Rig::playing(rack(1, &[&synth]));
    rig.block(64);
    rig.lane.send(Stamp::Frame(10), Command::Midi([0x90, 60, 100]));
    rig.lane.send(Stamp::Frame(200), Command::Midi([0x90, 61, 100]));
    rig.lane.send(Stamp::Now, Command::Midi([0x90, 62, 100]));
    rig.block(64);
    assert_eq!(heard_times(&synth), [64]);
    rig.left(128, 50);
    assert_eq!(heard_times(&synth), [200, 200]);
}

#[test]
fn a_release_that_found_the_ring_full_comes_behind_its_note() {
    let synth = Plugin::synth();
    let mut rig = Rig::sized(Sizes {
        lane: 4,
        ..Sizes::default()
    });
    rig.swap(rack(1, &[&synth]));
    for key in 60..64 {
        assert!(rig.lane.send(Stamp::Frame(30), Command::Midi([0x90, key, 100])));
    }
    for key in 60..64 {
        assert!(rig.lane.send(Stamp::Frame(31), Command::Midi([0x80, key, 0])));
    }
    // Until the engine has been there nothing overtakes what is owed.
    assert!(!rig.lane.send(Stamp::Now, Command::Midi([0x90, 70, 100])));
    assert_eq!(rig.left(64, 64)[63], 0.0);
    assert_eq!(synth.heard().len(), 8);
    rig.midi([0x90, 70, 100]);
    assert!((rig.left(64, 64)[63] - 0.1).abs() < 1e-6);
    assert_eq!(rig.lane.dropped(), 1);
}

#[test]
fn a_flood_never_leaves_a_note_or_a_pedal_hanging() {
    // More than lists and ring hold, from the device, a lane and another lane at once.
    for seed in 0..if cfg!(miri) { 1 } else { 20 } {
        let synth = Plugin::synth();
        let mut rig = Rig::sized(Sizes {
            events: 32,
            lane: 16,
            ..Sizes::default()
        });
        rig.swap(rack(1, &[&synth]));
        let (mut other, end) = new_lane(16);
        rig.hand(Handover::Lane(end));
        let mut dice = Dice(seed);
        for _ in 0..6 {
            #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
            for _ in 0..100 {
                let (key, channel) = (dice.roll(128) as u8, dice.roll(3) as u8);
                let message = match dice.roll(6) {
                    0..3 => [0x90 | channel, key, 100],
                    3 | 4 => [0x80 | channel, key, 0],
                    _ => [0xb0 | channel, 64, dice.roll(128) as u8],
                };
                match channel {
                    0 => rig.engine.midi_in(dice.roll(64), &message),
                    1 => drop(rig.lane.send_midi(Stamp::Now, &message)),
                    _ => drop(other.send_midi(Stamp::Frame(u64::from(dice.roll(400))), &message)),
                }
            }
            rig.block(64);
        }
        for key in 0..128 {
            rig.engine.midi_in(0, &[0x80, key, 0]);
            assert!(rig.lane.send_midi(Stamp::Now, &[0x81, key, 0]));
            assert!(other.send_midi(Stamp::Now, &[0x82, key, 0]));
        }
        rig.engine.midi_in(0, &[0xb0, 64, 0]);
        assert!(rig.lane.send_midi(Stamp::Now, &[0xb1, 64, 0]));
        assert!(other.send_midi(Stamp::Now, &[0xb2, 64, 0]));
        rig.left(64 * 60, 64);
        assert!(!rig.engine.current.as_ref().unwrap().holds(), "seed {seed}");
        assert_eq!(rig.left(1, 1)[0], 0.0, "seed {seed}");
    }
}

#[test]
fn no_lane_starves_behind_a_flood() {
    let synth = Plugin::synth();
    let mut rig = Rig::sized(Sizes {
        events: 16,
        lane: 64,
        ..Sizes::default()
    });
    rig.swap(rack(1, &[&synth]));
    let (mut quiet, end) = new_lane(4);
    rig.hand(Handover::Lane(end));
    rig.block(64);
    quiet.send_midi(Stamp::Now, &[0x90, 1, 100]);
    let mut waited = 0;
    while !synth.heard().iter().any(|(_, body)| *body == note_on(1)) {
        while rig.lane.send_midi(Stamp::Now, &[0xe0, 0, 0]) {}
        rig.block(64);
        waited += 1;
        assert!(waited < 4);
    }
}

#[test]
fn system_exclusive_arrives_whole_and_one_too_long_is_skipped() {
    let synth = Plugin::new(Sound::Octave);
    let mut rig = Rig::playing(rack(1, &[&synth]));
    let (ring, ring_end) = RingBuffer::new(8);
    let (bytes, bytes_end) = RingBuffer::new(1_000);
    let owed = Arc::new(Owed::default());
    let mut lane = LaneSender::new(ring, bytes, share(&owed));
    rig.hand(Handover::Lane(lend(Box::new(Lane::new(
        ring_end,
        bytes_end,
        share(&owed),
    )))));
    let mut long = [1; 300];
    long[0] = 0xf0;
    assert!(lane.send_midi(Stamp::Now, &[0xf0, 1, 2, 0xf7]));
    assert!(lane.send_midi(Stamp::Now, &[0xf0; 200]));
    // The pool holds 256: this one waits a block.
    assert!(lane.send_midi(Stamp::Now, &[0xf0; 100]));
    assert!(lane.send_midi(Stamp::Now, &long));
    assert!(lane.send_midi(Stamp::Now, &[0xf0, 9, 0xf7]));
    rig.left(3 * 64, 64);
    let lengths: Vec<(u64, u32)> = synth
        .heard()
        .iter()
        .map(|(time, body)| match body {
            Body::SysEx { len, .. } => (*time, *len),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(lengths, [(0, 4), (0, 200), (64, 100), (128, 3)]);
}

#[test]
fn a_lane_without_a_sender_plays_what_it_holds_and_goes_home() {
    let synth = Plugin::synth();
    let mut rig = Rig::playing(rack(1, &[&synth]));
    let (mut sender, end) = new_lane(4);
    rig.hand(Handover::Lane(end));
    sender.send(Stamp::Frame(100), Command::Midi([0x90, 60, 100]));
    drop(sender);
    rig.block(64);
    assert!(rig.retired().is_empty());
    rig.block(64);
    assert_eq!(heard_times(&synth), [100]);
    assert!(matches!(rig.retired()[..], [Retired::Lane(_)]));
    assert_eq!(rig.engine.lanes_used, 1);
}

#[test]
fn more_lanes_than_there_are_places_come_home() {
    let mut rig = Rig::new();
    let mut senders = Vec::new();
    for _ in 0..MAX_LANES {
        let (sender, end) = new_lane(1);
        senders.push(sender);
        rig.hand(Handover::Lane(end));
        rig.block(0);
    }
    assert!(matches!(rig.retired()[..], [Retired::Lane(_)]));
    assert!(senders.pop().unwrap().is_abandoned());
    drop(senders.pop());
    rig.block(1);
    assert_eq!(rig.retired().len(), 1);
    let (_sender, end) = new_lane(1);
    rig.hand(Handover::Lane(end));
    rig.block(0);
    assert!(rig.retired().is_empty());
}
