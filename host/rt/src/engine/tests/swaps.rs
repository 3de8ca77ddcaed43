//! Changing racks: nothing is cut, nothing hangs, nothing is lost.

use super::plugin::Sound;
use super::std::vec::Vec;
use super::*;
use crate::events::Body;
use crate::wire::Fault;

fn releases(plugin: &Plugin) -> usize {
    plugin
        .heard()
        .iter()
        .filter(|(_, body)| body.is_release())
        .count()
}

#[test]
fn a_held_note_goes_on_and_its_release_reaches_only_its_rack() {
    let (old, new) = (Plugin::synth(), Plugin::synth());
    let mut rig = Rig::playing(rack(1, &[&old]));
    rig.midi([0x90, 60, 100]);
    rig.midi([0xb0, 64, 127]);
    assert_eq!(rig.left(64, 64)[63], 0.1);
    old.heard();
    rig.swap(rack(2, &[&new]));
    rig.midi([0x90, 62, 100]);
    let out = rig.left(64, 64);
    assert!(out.iter().all(|sample| (sample - 0.2).abs() < 1e-6));
    assert!(old.heard().is_empty(), "the old rack got something new");
    // The new rack knows of the pedal before its first note.
    assert!(matches!(
        new.heard()[..],
        [
            (
                _,
                Body::Midi {
                    data: [0xb0, 64, 127],
                    ..
                }
            ),
            (_, Body::NoteOn { .. })
        ]
    ));
    rig.midi([0x80, 60, 0]);
    rig.block(64);
    assert_eq!((releases(&old), releases(&new)), (1, 0));
    rig.midi([0xb0, 64, 0]);
    rig.midi([0x80, 60, 0]);
    rig.block(64);
    assert_eq!(releases(&old), 1, "the pedal, and not a second note-off");
    assert!((rig.left(1, 1)[0] - 0.1).abs() < 1e-6);
    rig.wait(2.1, 1024);
    let retired = rig.retired();
    assert!(matches!(&retired[..], [Retired::Rack(rack)] if rack.id == RackId(1)));
    assert!(!old.state().started && new.state().started);
    drop(retired);
    assert_eq!(old.state().alive, 0);
}

#[test]
fn a_rack_that_never_falls_silent_is_faded_when_its_time_is_up() {
    let old = Plugin::new(Sound::Level(0.5));
    let mut rig = Rig::playing(rack(1, &[&old]));
    rig.swap(rack_of(2, Vec::new()));
    // Half a minute in small blocks is a long time under Miri; large ones go the same way.
    rig.engine.max_block = 64;
    let blocks = if cfg!(miri) { 0 } else { 30 };
    for _ in 0..blocks {
        assert_eq!(rig.left(48_000, 4096)[0], 0.5);
    }
    if blocks > 0 {
        let out = rig.wait(0.2, 1024);
        assert!(greatest_step(0.5, &out) < 0.0015);
        assert_eq!(out.last(), Some(&0.0));
        assert_eq!(rig.retired().len(), 1);
    }
}

#[test]
fn a_note_that_is_never_released_does_not_keep_a_silent_rack_for_ever() {
    if cfg!(miri) {
        return;
    }
    let old = Plugin::new(Sound::Level(0.0));
    let mut rig = Rig::playing(rack(1, &[&old]));
    rig.midi([0x90, 60, 100]);
    rig.block(64);
    rig.swap(rack_of(2, Vec::new()));
    rig.wait(9.5, 1024);
    assert!(rig.retired().is_empty());
    rig.wait(1.0, 1024);
    assert_eq!(rig.retired().len(), 1);
}

#[test]
fn the_sixth_rack_waits_and_the_oldest_hurries() {
    let plugins: Vec<Plugin> = (0..6).map(|_| Plugin::new(Sound::Level(0.1))).collect();
    let mut rig = Rig::new();
    for (id, plugin) in (1..).zip(&plugins[..5]) {
        rig.swap(rack(id, &[plugin]));
    }
    assert!((rig.left(64, 64)[63] - 0.5).abs() < 1e-6);
    rig.hand(Handover::Rack(rack(6, &[&plugins[5]])));
    let out = rig.wait(0.102, 64);
    assert!(
        greatest_step(0.5, &out[..out.len() * 4 / 5]) < 1.5e-3,
        "the oldest is faded"
    );
    // At a low rate the fade ends within a block; the next one takes the rack.
    rig.wait(0.05, 64);
    assert!(rig.reports().contains(&FromEngine::Taken(RackId(6))));
    let retired = rig.retired();
    assert!(matches!(&retired[..], [Retired::Rack(rack)] if rack.id == RackId(1)));
}

#[test]
fn when_the_way_home_is_full_nothing_is_taken_and_nothing_lost() {
    let plugins: Vec<Plugin> = (0..4).map(|_| Plugin::synth()).collect();
    let mut rig = Rig::sized(Sizes {
        handed: 2,
        ..Sizes::default()
    });
    for (id, plugin) in (1..).zip(&plugins[..3]) {
        rig.swap(rack(id, &[plugin]));
    }
    rig.wait(2.1, 64);
    // Two racks fill the way home.
    rig.hand(Handover::Rack(rack(4, &[&plugins[3]])));
    rig.wait(2.1, 64);
    assert!(!plugins[3].state().started, "taken without a way home");
    let retired = rig.retired();
    assert_eq!(retired.len(), 2);
    drop(retired);
    rig.block(64);
    assert!(plugins[3].state().started);
    drop(rig);
    for plugin in &plugins {
        assert_eq!(plugin.state().alive, 0);
        assert!(!plugin.state().started);
    }
}

#[test]
fn a_rack_that_refuses_to_start_leaves_the_old_one_playing() {
    let (old, good, bad) = (Plugin::new(Sound::Level(0.5)), Plugin::synth(), Plugin::synth());
    bad.state().refuses = true;
    let mut rig = Rig::playing(rack(1, &[&old]));
    rig.hand(Handover::Rack(rack(2, &[&good, &bad])));
    assert_eq!(rig.block(64)[0], [0.5; 64]);
    let retired = rig.retired();
    assert!(
        matches!(&retired[..], [Retired::Refused(rack, place)] if rack.id == RackId(2) && *place == at(0, 1))
    );
    assert!(!good.state().started && old.state().started);
    assert!(rig.reports().is_empty());
}

#[test]
fn the_devices_input_moves_from_rack_to_rack_without_a_step() {
    let (old, new) = (
        Plugin::new(Sound::Through(0.25)),
        Plugin::new(Sound::Through(1.0)),
    );
    let mut rig = Rig::playing(rack(1, &[&old]));
    let input = [0.5; 64];
    for _ in 0..8 {
        rig.block_with(64, Some(&input));
    }
    rig.hand(Handover::Rack(rack(2, &[&new])));
    let mut out = Vec::new();
    for _ in 0..8 {
        out.extend(rig.block_with(64, Some(&input))[0].clone());
    }
    assert!(greatest_step(0.125, &out) < 0.005);
    assert_eq!(out.last(), Some(&0.5));
}

#[test]
fn a_plugins_own_release_reaches_a_rack_that_leaves() {
    let old = Plugin::synth();
    let mut rig = Rig::playing(rack(1, &[&old]));
    let to_old = |body| Command::Plugin {
        rack: RackId(1),
        plugin: at(0, 0),
        body,
    };
    rig.send(to_old(note_on(60)));
    rig.block(64);
    rig.swap(rack_of(2, Vec::new()));
    old.heard();
    rig.send(to_old(note_on(61)));
    let off = Body::NoteOff {
        note: NoteAddress::new(0, 60),
        velocity: 0.5,
    };
    rig.send(to_old(off));
    assert_eq!(rig.left(64, 64)[63], 0.0);
    assert_eq!(
        old.heard().iter().map(|(_, body)| *body).collect::<Vec<_>>(),
        [off]
    );
}

#[test]
fn taking_a_plugin_out_and_putting_it_in_makes_no_step() {
    let (synth, effect) = (Plugin::new(Sound::Level(0.5)), Plugin::new(Sound::Through(0.2)));
    let mut rig = Rig::playing(rack(1, &[&synth, &effect]));
    assert!((rig.left(64, 64)[63] - 0.1).abs() < 1e-6);
    let take_out = |place| Command::TakeOut {
        rack: RackId(1),
        plugin: at(0, place),
    };
    for (place, plugin, level) in [(1, &effect, 0.5), (0, &synth, 0.0)] {
        let before = rig.left(1, 1)[0];
        rig.send(take_out(place));
        let out = rig.left(512, 16);
        assert!(greatest_step(before, &out) < 0.005, "place {place}");
        assert_eq!(out.last(), Some(&level));
        let mut retired = rig.retired();
        let Some(Retired::Unit { unit, .. }) = retired.pop() else {
            panic!("not sent home")
        };
        assert!(!plugin.state().started);
        rig.hand(Handover::Unit {
            rack: RackId(1),
            plugin: at(0, place),
            unit,
        });
        let out = rig.left(512, 16);
        assert!(greatest_step(level, &out) < 0.005, "place {place}");
        assert!((out[511] - 0.1).abs() < 1e-6);
    }
}

#[test]
fn a_plugin_for_no_place_comes_home_and_one_that_refuses_is_named() {
    let (synth, other) = (Plugin::synth(), Plugin::synth());
    let mut rig = Rig::playing(rack(1, &[&synth]));
    for (id, place) in [(1, 0), (1, 3), (9, 0)] {
        rig.hand(Handover::Unit {
            rack: RackId(id),
            plugin: at(0, place),
            unit: other.unit(),
        });
        rig.block(16);
        assert!(matches!(rig.retired()[..], [Retired::Unit { .. }]));
        assert!(rig.reports().is_empty());
    }
    rig.send(Command::TakeOut {
        rack: RackId(1),
        plugin: at(0, 0),
    });
    rig.left(512, 64);
    rig.retired();
    other.state().refuses = true;
    rig.hand(Handover::Unit {
        rack: RackId(1),
        plugin: at(0, 0),
        unit: other.unit(),
    });
    rig.block(16);
    assert!(matches!(rig.retired()[..], [Retired::Unit { .. }]));
    let fault = FromEngine::Fault {
        rack: RackId(1),
        plugin: at(0, 0),
        fault: Fault::Start,
    };
    assert_eq!(rig.reports(), [fault]);
}
