//! A piece: its start, its end, and the transport.

use super::plugin::Sound;
use super::std::vec::Vec;
use super::*;
use crate::sequence::{Note, Sequence, What};
use crate::transport::Transport;

fn piece(notes: &[(u64, What)], length: u64, looped: bool) -> Handover {
    let notes: Vec<Note> = notes.iter().map(|&(at, what)| Note { at, what }).collect();
    let bytes = lend(std::vec![0xf0, 1, 0xf7].into_boxed_slice());
    Handover::Sequence(lend(Box::new(Sequence::new(
        lend(notes.into_boxed_slice()),
        bytes,
        length,
        looped,
    ))))
}

const ON: What = What::Midi([0x90, 60, 100]);
const OFF: What = What::Midi([0x80, 60, 0]);

#[test]
fn it_starts_at_its_sample_at_every_block_size() {
    for block in [1, 16, 50, 64, 300] {
        let synth = Plugin::synth();
        let mut rig = Rig::playing(rack(1, &[&synth]));
        rig.engine.rate = RATE;
        rig.hand(piece(&[(0, ON), (10, OFF), (100, ON), (150, OFF)], 200, false));
        rig.lane.send(Stamp::Frame(25), Command::Play(true));
        let out = rig.left(400, block);
        let times: Vec<u64> = synth
            .heard()
            .iter()
            .filter(|(_, body)| !matches!(body, Body::Transport(_)))
            .map(|(time, _)| *time)
            .collect();
        assert_eq!(times, [25, 35, 125, 175], "block {block}");
        assert!(out[125..175].iter().all(|sample| (sample - 0.1).abs() < 1e-6));
        assert_eq!(rig.reports(), [FromEngine::SequenceEnd]);
    }
}

#[test]
fn whatever_ends_it_ends_its_notes() {
    for end in 0..3 {
        let synth = Plugin::synth();
        let mut rig = Rig::playing(rack(1, &[&synth]));
        rig.engine.rate = RATE;
        let pedal = What::Midi([0xb0, 64, 127]);
        let length = if end == 0 { 100 } else { 10_000 };
        rig.hand(piece(&[(0, pedal), (1, ON)], length, false));
        rig.send(Command::Play(true));
        rig.block(64);
        match end {
            0 => {}
            1 => rig.send(Command::Play(false)),
            _ => rig.hand(piece(&[], 10, false)),
        }
        assert_eq!(rig.left(128, 64)[127], 0.0, "end {end}");
        assert!(!rig.engine.current.as_ref().unwrap().holds());
    }
}

#[test]
fn the_transport_moves_with_the_tempo_changes_inside_a_block() {
    let effect = Plugin::new(Sound::Through(1.0));
    let tempo = |tempo, beats| {
        What::Transport(Transport {
            playing: true,
            tempo,
            beats,
            ..Transport::STOPPED
        })
    };
    let mut rig = Rig::playing(rack(1, &[&effect]));
    rig.engine.rate = RATE;
    // 60 frames at 120 beats a minute are 60 / 24,000 beats.
    rig.hand(piece(
        &[(0, tempo(120.0, 0.0)), (60, tempo(240.0, 0.0025))],
        1_000,
        false,
    ));
    rig.send(Command::Play(true));
    rig.left(128, 64);
    let transports = core::mem::take(&mut effect.state().transports);
    assert!(transports[0].playing && transports[0].beats == 0.0);
    assert!((transports[1].beats - (0.0025 + 4.0 / 12_000.0)).abs() < 1e-12);
    assert_eq!(transports[1].tempo, 240.0);
    // An effect without note ports is told of the change at its sample, too.
    let heard = effect.heard();
    assert!(matches!(heard[..], [(60, Body::Transport(_))]));
}

#[test]
fn stopping_the_transport_stops_it_at_its_sample() {
    let synth = Plugin::synth();
    let mut rig = Rig::playing(rack(1, &[&synth]));
    rig.engine.rate = RATE;
    rig.send(Command::Play(true));
    rig.block(64);
    rig.lane.send(Stamp::Frame(64 + 16), Command::Play(false));
    rig.left(128, 64);
    let transports = &synth.state().transports;
    assert!(transports[0].playing && transports[1].playing && !transports[2].playing);
    assert!((transports[2].seconds - 80.0 / RATE).abs() < 1e-12);
}

#[test]
fn a_loop_and_its_system_exclusive_go_round() {
    let synth = Plugin::new(Sound::Octave);
    let mut rig = Rig::playing(rack(1, &[&synth]));
    rig.engine.rate = RATE;
    rig.hand(piece(&[(5, What::SysEx { start: 0, len: 3 })], 40, true));
    rig.send(Command::Play(true));
    rig.left(120, 33);
    let times: Vec<u64> = synth.heard().iter().map(|(time, _)| *time).collect();
    assert_eq!(times, [5, 45, 85]);
}
