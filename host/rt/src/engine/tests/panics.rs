//! Panic always wins, and mutes nobody who is innocent.

use super::plugin::Sound;
use super::std::vec::Vec;
use super::*;

fn rig(plugins: &[&Plugin]) -> Rig {
    let mut rig = Rig::playing(rack(1, plugins));
    rig.midi([0x90, 60, 100]);
    rig.midi([0xb0, 64, 127]);
    rig.block(64);
    rig
}

#[test]
fn events_first_then_a_reset_then_the_word_that_all_is_quiet() {
    let synth = Plugin::synth();
    let mut rig = rig(&[&synth]);
    synth.heard();
    rig.send(Command::Panic);
    assert_eq!(rig.block(64)[0], [0.0; 64]);
    let bodies: Vec<Body> = synth.heard().iter().map(|(_, body)| *body).collect();
    assert!(matches!(bodies[0], Body::NoteOff { note, .. } if note == NoteAddress::new(0, 60)));
    for controller in [64, 66, 67, 69, 123, 120] {
        for channel in 0..16 {
            let data = [0xb0 | channel, controller, 0];
            assert!(bodies.contains(&Body::Midi { port: 0, data }), "{data:?}");
        }
    }
    assert_eq!(
        bodies.last(),
        Some(&Body::NoteChoke {
            note: NoteAddress::ALL
        })
    );
    assert_eq!(synth.state().resets, 0);
    rig.block(64);
    assert_eq!(synth.state().resets, 1);
    assert!(rig.reports().is_empty());
    rig.wait(0.105, 64);
    assert_eq!(rig.reports(), [FromEngine::PanicDone]);
    assert_eq!(synth.state().resets, 1);
}

#[test]
fn a_plugin_that_sounds_on_is_muted_and_named_and_its_chain_plays_on() {
    for block in [16, 64, 4096] {
        let (stuck, effect) = (Plugin::new(Sound::Level(0.5)), Plugin::new(Sound::Through(1.0)));
        stuck.state().deaf = true;
        let (innocent, master) = (Plugin::new(Sound::Level(0.0)), Plugin::new(Sound::Through(1.0)));
        let layers = [&[&stuck, &effect][..], &[&innocent]];
        let layers = layers.map(|plugins| layer(LayerSettings::default(), plugins));
        let mut rig = Rig::playing(rack_with(1, layers.into_iter().collect(), &[&master], &[]));
        rig.send(Command::Panic);
        let out = rig.wait(0.4, block);
        let plugin = at(0, 0);
        assert_eq!(
            rig.reports(),
            [FromEngine::PanicStuck {
                rack: RackId(1),
                plugin
            }],
            "block {block}"
        );
        assert!(greatest_step(0.5, &out) < 0.005);
        assert_eq!(out.last(), Some(&0.0));
    }
}

#[test]
fn who_plays_on_after_a_panic_is_not_muted() {
    let synth = Plugin::synth();
    let mut rig = rig(&[&synth]);
    rig.send(Command::Panic);
    rig.left(128, 64);
    rig.midi([0x90, 64, 100]);
    rig.wait(0.125, 64);
    assert_eq!(rig.reports(), [FromEngine::PanicDone]);
    assert!((rig.left(1, 1)[0] - 0.1).abs() < 1e-6);
}

#[test]
fn an_effect_on_the_devices_input_is_not_muted() {
    let effect = Plugin::new(Sound::Through(1.0));
    let mut rig = Rig::playing(rack(1, &[&effect]));
    rig.send(Command::Panic);
    let mut out = Vec::new();
    for _ in 0..120 {
        out = rig.block_with(64, Some(&[0.5; 64]))[0].clone();
    }
    assert_eq!(rig.reports(), [FromEngine::PanicDone]);
    assert_eq!(out, [0.5; 64]);
}

#[test]
fn notes_of_the_same_block_do_not_survive_it() {
    let synth = Plugin::synth();
    let mut rig = Rig::playing(rack(1, &[&synth]));
    rig.engine.midi_in(10, &[0x90, 60, 100]);
    rig.engine.midi_in(20, &[0xff]);
    assert_eq!(rig.block(64)[0], [0.0; 64]);
    assert!(!rig.engine.current.as_ref().unwrap().holds());
}

#[test]
fn it_overtakes_a_full_lane_that_waits_for_its_time() {
    let synth = Plugin::synth();
    let mut rig = rig(&[&synth]);
    while rig.lane.send(Stamp::Frame(u64::MAX), Command::Midi([0x90, 1, 1])) {}
    rig.send(Command::Panic);
    assert_eq!(rig.block(64)[0], [0.0; 64]);
}

#[test]
fn hammering_on_it_still_ends() {
    let synth = Plugin::new(Sound::Level(0.5));
    let mut rig = Rig::playing(rack(1, &[&synth]));
    let blocks = if cfg!(miri) { 120 } else { 1_000 };
    for _ in 0..blocks {
        rig.send(Command::Panic);
        rig.block(64);
    }
    assert!(matches!(rig.reports()[0], FromEngine::PanicStuck { .. }));
}

#[test]
fn racks_that_leave_are_faded() {
    let old = Plugin::new(Sound::Level(0.5));
    old.state().deaf = true;
    let mut rig = Rig::playing(rack(1, &[&old]));
    rig.swap(rack_of(2, Vec::new()));
    rig.send(Command::Panic);
    let out = rig.wait(0.105, 64);
    assert!(greatest_step(0.5, &out) < 0.0015);
    // At a low rate the judgement ends within a block.
    rig.wait(0.05, 64);
    assert_eq!(rig.retired().len(), 1);
    assert_eq!(rig.reports(), [FromEngine::PanicDone]);
}
