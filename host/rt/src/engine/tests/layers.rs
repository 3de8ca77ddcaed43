//! What a layer plays, and how loud.

use super::plugin::Sound;
use super::std::vec::Vec;
use super::*;

fn keys(plugin: &Plugin) -> Vec<(i16, bool)> {
    let key = |(_, body): &(u64, Body)| match body {
        Body::NoteOn { note, .. } => Some((note.key, true)),
        Body::NoteOff { note, .. } => Some((note.key, false)),
        _ => None,
    };
    plugin.heard().iter().filter_map(key).collect()
}

fn set(rig: &mut Rig, settings: LayerSettings) {
    rig.send(Command::Layer {
        rack: RackId(1),
        layer: 0,
        settings,
    });
}

#[test]
fn a_layer_plays_its_keys_velocities_and_channel() {
    let synth = Plugin::synth();
    let settings = LayerSettings {
        keys: (48, 72),
        velocities: (20, 90),
        channel: Some(3),
        transpose: -12,
        ..LayerSettings::default()
    };
    let mut rig = Rig::playing(rack_of(1, std::vec![layer(settings, &[&synth])]));
    for message in [
        [0x93, 48, 20],
        [0x93, 72, 90],
        [0x93, 47, 50],
        [0x93, 73, 50],
        [0x93, 60, 19],
        [0x93, 60, 91],
        [0x92, 60, 50],
        [0x83, 48, 0],
        [0x93, 72, 0],
        [0x83, 60, 0],
        [0xb2, 1, 5],
        [0xb3, 1, 6],
    ] {
        rig.midi(message);
    }
    rig.block(64);
    let heard = synth.heard();
    assert_eq!(heard.len(), 5, "{heard:?}");
    assert_eq!(
        heard[4].1,
        Body::Midi {
            port: 0,
            data: [0xb3, 1, 6]
        }
    );
    synth.state().heard = heard;
    assert_eq!(keys(&synth), [(36, true), (60, true), (36, false), (60, false)]);
}

#[test]
fn notes_and_pedals_end_as_they_began_when_the_settings_change() {
    let synth = Plugin::synth();
    let mut rig = Rig::playing(rack(1, &[&synth]));
    rig.midi([0x90, 60, 100]);
    rig.midi([0xb0, 64, 127]);
    rig.block(64);
    let settings = LayerSettings {
        transpose: 7,
        keys: (0, 10),
        channel: Some(5),
        ..LayerSettings::default()
    };
    set(&mut rig, settings);
    rig.midi([0x80, 60, 0]);
    rig.midi([0xb0, 64, 0]);
    assert_eq!(rig.left(64, 64)[63], 0.0);
    assert_eq!(keys(&synth), [(60, true), (60, false)]);
}

#[test]
fn a_key_struck_again_after_a_transposition_leaves_no_note_behind() {
    let synth = Plugin::synth();
    let mut rig = Rig::playing(rack(1, &[&synth]));
    rig.midi([0x90, 60, 100]);
    rig.block(64);
    let transpose = 5;
    set(
        &mut rig,
        LayerSettings {
            transpose,
            ..LayerSettings::default()
        },
    );
    rig.midi([0x90, 60, 100]);
    rig.midi([0x80, 60, 0]);
    rig.block(64);
    assert_eq!(keys(&synth), [(60, true), (60, false), (65, true), (65, false)]);
}

#[test]
fn a_note_transposed_out_of_range_is_not_played() {
    let synth = Plugin::synth();
    for (transpose, key) in [(120, 60), (-120, 60)] {
        let settings = LayerSettings {
            transpose,
            ..LayerSettings::default()
        };
        let mut rig = Rig::playing(rack_of(1, std::vec![layer(settings, &[&synth])]));
        rig.midi([0x90, key, 100]);
        rig.midi([0x80, key, 100]);
        rig.block(64);
        assert!(keys(&synth).is_empty());
    }
}

#[test]
fn all_notes_off_and_the_modes_release_what_is_held() {
    for controller in [120, 123, 124, 125, 126, 127] {
        let synth = Plugin::synth();
        let mut rig = Rig::playing(rack(1, &[&synth]));
        rig.midi([0x90, 60, 100]);
        rig.midi([0x91, 61, 100]);
        rig.midi([0xb0, controller, 0]);
        rig.block(64);
        assert_eq!(
            keys(&synth),
            [(60, true), (61, true), (60, false)],
            "{controller}"
        );
    }
}

#[test]
fn every_random_performance_ends_in_silence() {
    // Notes, pedals and settings in any order; when all keys and pedals are up nothing sounds.
    let rounds = if cfg!(miri) { 2 } else { 60 };
    for seed in 0..rounds {
        let synth = Plugin::synth();
        let mut rig = Rig::playing(rack(1, &[&synth]));
        let mut dice = Dice(seed);
        #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
        for _ in 0..40 {
            let (channel, key) = (dice.roll(2) as u8, 50 + dice.roll(6) as u8);
            match dice.roll(6) {
                0 | 1 => rig.midi([0x90 | channel, key, 1 + dice.roll(127) as u8]),
                2 => rig.midi([0x80 | channel, key, 0]),
                3 => rig.midi([0xb0, 64, dice.roll(128) as u8]),
                4 => {
                    let settings = LayerSettings {
                        keys: (0, 50 + dice.roll(6) as u8),
                        channel: [None, Some(0), Some(1)][dice.roll(3) as usize],
                        transpose: dice.roll(20) as i8 - 10,
                        ..LayerSettings::default()
                    };
                    set(&mut rig, settings);
                }
                _ => drop(rig.block(1 + dice.roll(64) as usize)),
            }
        }
        for channel in 0..2 {
            (50..56).for_each(|key| rig.midi([0x80 | channel, key, 0]));
        }
        rig.midi([0xb0, 64, 0]);
        rig.block(64);
        assert_eq!(rig.left(1, 1)[0], 0.0, "seed {seed}");
        assert!(!rig.engine.current.as_ref().unwrap().holds(), "seed {seed}");
    }
}

#[test]
fn gain_pan_and_mute_are_ramped_and_arrive() {
    let synth = Plugin::new(Sound::Level(0.8));
    let mut rig = Rig::playing(rack(1, &[&synth]));
    let mut last = [0.8; 2];
    for (gain, pan, mute, expected) in [
        (0.5, 0.0, false, [0.4, 0.4]),
        (0.5, -1.0, false, [0.4, 0.0]),
        (1.0, 0.5, false, [0.4, 0.8]),
        (1.0, 0.0, true, [0.0, 0.0]),
        (1.0, 9.0, false, [0.0, 0.8]),
        (f32::NAN, 0.0, false, [0.0, 0.0]),
        (1.0, f32::NAN, false, [0.8, 0.8]),
    ] {
        set(
            &mut rig,
            LayerSettings {
                gain,
                pan,
                mute,
                ..LayerSettings::default()
            },
        );
        let mut sides = [Vec::new(), Vec::new()];
        for _ in 0..32 {
            for (all, side) in sides.iter_mut().zip(rig.block(16)) {
                all.extend(side);
            }
        }
        for ((side, last), expected) in sides.iter().zip(&mut last).zip(expected) {
            assert!(greatest_step(*last, side) < 0.005, "{gain} {pan} {mute}");
            *last = side[511];
            assert!((*last - expected).abs() < 1e-6, "{gain} {pan} {mute}: {last}");
        }
    }
}

#[test]
fn a_mapped_controller_sets_its_parameter_at_its_sample_and_is_consumed() {
    let synth = Plugin::synth();
    let map = Map {
        cc: 74,
        channel: Some(0),
        plugin: at(0, 0),
        id: 7,
        cookie: 0,
        low: 1.0,
        high: -1.0,
        steps: (0.0, 0.0),
    };
    let layers = std::vec![layer(LayerSettings::default(), &[&synth])];
    let mut rig = Rig::playing(rack_with(1, layers, &[], &[map]));
    rig.engine.midi_in(5, &[0xb0, 74, 127]);
    rig.engine.midi_in(6, &[0xb1, 74, 127]);
    rig.engine.midi_in(9, &[0xb0, 74, 0]);
    rig.block(16);
    let param = |value| Body::Param {
        id: 7,
        cookie: 0,
        note: NoteAddress::ALL,
        value,
    };
    let other = Body::Midi {
        port: 0,
        data: [0xb1, 74, 127],
    };
    assert_eq!(synth.heard(), [(5, param(-1.0)), (6, other), (9, param(1.0))]);
}

#[test]
fn a_mapped_controller_moves_a_stepped_parameter_from_step_to_step() {
    let synth = Plugin::synth();
    let map = Map {
        cc: 74,
        channel: None,
        plugin: at(0, 0),
        id: 7,
        cookie: 0,
        low: 3.0,
        high: -1.0,
        steps: (-1.0, 1.0),
    };
    let layers = std::vec![layer(LayerSettings::default(), &[&synth])];
    let mut rig = Rig::playing(rack_with(1, layers, &[], &[map]));
    for (time, value) in (0..).zip([0, 15, 16, 60, 127]) {
        rig.engine.midi_in(time, &[0xb0, 74, value]);
    }
    rig.block(16);
    let values: Vec<f64> = synth
        .heard()
        .into_iter()
        .filter_map(|(_, body)| match body {
            Body::Param { value, .. } => Some(value),
            _ => None,
        })
        .collect();
    assert_eq!(values, [3.0, 3.0, 2.0, 1.0, -1.0]);
}

#[test]
fn poly_pressure_goes_to_the_key_as_it_sounds() {
    let synth = Plugin::synth();
    let settings = LayerSettings {
        transpose: 2,
        ..LayerSettings::default()
    };
    let mut rig = Rig::playing(rack_of(1, std::vec![layer(settings, &[&synth])]));
    rig.midi([0xa0, 60, 127]);
    rig.midi([0x90, 60, 100]);
    rig.midi([0xa0, 60, 127]);
    rig.block(16);
    let heard = synth.heard();
    assert_eq!(heard.len(), 2);
    let Body::Expression { note, value, .. } = heard[1].1 else {
        panic!("{heard:?}")
    };
    assert_eq!((note, value), (NoteAddress::new(0, 62), 1.0));
}
