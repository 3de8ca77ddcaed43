//! Plugins in a row, the master chain, sleep.

use super::plugin::Sound;
use super::std::vec::Vec;
use super::*;
use crate::processor::Status;

#[test]
fn layers_are_added_and_the_master_chain_hears_their_sum() {
    let (one, two) = (Plugin::new(Sound::Level(0.25)), Plugin::new(Sound::Level(0.5)));
    let (half, master) = (Plugin::new(Sound::Through(0.5)), Plugin::new(Sound::Through(2.0)));
    let layers = std::vec![
        layer(LayerSettings::default(), &[&one, &half]),
        layer(LayerSettings::default(), &[&two]),
        layer(LayerSettings::default(), &[]),
    ];
    let mut rig = Rig::playing(rack_with(1, layers, &[&master], &[]));
    assert_eq!(rig.block(64)[0], [1.25; 64]);
    rig.send(Command::Layer {
        rack: RackId(1),
        layer: PluginAddress::MASTER,
        settings: LayerSettings {
            gain: 0.5,
            ..LayerSettings::default()
        },
    });
    assert_eq!(rig.left(300, 64)[299], 0.625);
}

#[test]
fn an_instrument_behind_another_adds_to_it() {
    let (one, two) = (Plugin::new(Sound::Level(0.25)), Plugin::new(Sound::Level(0.5)));
    let mut rig = Rig::playing(rack(1, &[&one, &two]));
    assert_eq!(rig.block(64)[0], [0.75; 64]);
}

#[test]
fn a_note_effect_speaks_for_the_keys_that_it_hears() {
    let (octave, synth) = (Plugin::new(Sound::Octave), Plugin::synth());
    let mut rig = Rig::playing(rack(1, &[&octave, &synth]));
    rig.engine.midi_in(3, &[0x90, 60, 100]);
    rig.block(16);
    assert_eq!(synth.heard(), [(3, note_on(72))]);
    assert_eq!(octave.heard(), [(3, note_on(60))]);
}

#[test]
fn a_note_effect_that_comes_or_goes_leaves_no_note_behind() {
    let (octave, synth) = (Plugin::new(Sound::Octave), Plugin::synth());
    let mut rig = Rig::playing(rack(1, &[&octave, &synth]));
    rig.midi([0x90, 60, 100]);
    rig.block(64);
    rig.send(Command::TakeOut {
        rack: RackId(1),
        plugin: at(0, 0),
    });
    assert_eq!(rig.left(512, 64)[511], 0.0);
    let Some(Retired::Unit { unit, .. }) = rig.retired().pop() else {
        panic!("not sent home")
    };
    rig.midi([0x90, 60, 100]);
    assert!((rig.left(64, 64)[63] - 0.1).abs() < 1e-6);
    rig.hand(Handover::Unit {
        rack: RackId(1),
        plugin: at(0, 0),
        unit,
    });
    assert_eq!(rig.left(64, 64)[63], 0.0);
}

#[test]
fn the_devices_input_stops_at_the_first_plugin_that_makes_audio() {
    let (synth, effect) = (Plugin::new(Sound::Level(0.25)), Plugin::new(Sound::Through(1.0)));
    let mut rig = Rig::playing(rack(1, &[&synth, &effect]));
    rig.send(Command::TakeOut {
        rack: RackId(1),
        plugin: at(0, 0),
    });
    // With its instrument gone the effect shall not open the microphone.
    for _ in 0..8 {
        rig.block_with(64, Some(&[0.9; 64]));
    }
    assert_eq!(rig.block_with(64, Some(&[0.9; 64]))[0], [0.0; 64]);
}

#[test]
fn a_sleeping_plugin_is_called_again_for_an_event_an_input_and_a_wake() {
    let effect = Plugin::new(Sound::Through(1.0));
    effect.state().status = Status::Sleep;
    let mut rig = Rig::playing(rack(1, &[&effect]));
    let calls = || effect.state().calls;
    rig.left(512, 64);
    let asleep = calls();
    assert_eq!(rig.left(512, 64), [0.0; 512]);
    assert_eq!(calls(), asleep);
    rig.block_with(64, Some(&[1e-8; 64]));
    assert_eq!(calls(), asleep);
    assert_eq!(rig.block_with(64, Some(&[0.5; 64]))[0], [0.5; 64]);
    assert_eq!(calls(), asleep + 1);
    rig.block(64);
    assert_eq!(calls(), asleep + 1);
    rig.send(Command::Wake {
        rack: RackId(1),
        plugin: at(0, 0),
    });
    rig.block(64);
    assert_eq!(calls(), asleep + 2);
    rig.send(Command::Plugin {
        rack: RackId(1),
        plugin: at(0, 0),
        body: Body::GestureBegin { id: 1 },
    });
    rig.block(64);
    assert_eq!(calls(), asleep + 3);
}

#[test]
fn an_event_for_one_plugin_reaches_no_other() {
    let (one, two) = (Plugin::synth(), Plugin::synth());
    let layers = [&one, &two].map(|plugin| layer(LayerSettings::default(), &[plugin]));
    let mut rig = Rig::playing(rack_of(1, layers.into_iter().collect()));
    let body = Body::GestureBegin { id: 4 };
    for (rack, layer, place) in [(1, 1, 0), (1, 7, 0), (1, 0, 9), (5, 0, 0)] {
        rig.send(Command::Plugin {
            rack: RackId(rack),
            plugin: at(layer, place),
            body,
        });
    }
    rig.block(64);
    assert_eq!((one.heard(), two.heard()), (Vec::new(), std::vec![(0, body)]));
}

#[test]
fn parameters_that_a_plugin_sets_go_home() {
    let synth = Plugin::synth();
    let mut rig = Rig::playing(rack(1, &[&synth]));
    let bodies = [Body::GestureBegin { id: 3 }, Body::GestureEnd { id: 3 }];
    synth.state().says = bodies.map(|body| Event { time: 0, body }).into_iter().collect();
    rig.block(64);
    let home = bodies.map(|body| FromEngine::Plugin {
        rack: RackId(1),
        plugin: at(0, 0),
        body,
    });
    assert_eq!(rig.reports(), home);
}
