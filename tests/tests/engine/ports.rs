//! Ports and dialects of every kind, each with the very samples that must come out.

use host::session::{Command, LayerSettings, PluginSpec, Stamp};
use tests::{Fixture, Format, Stage, layer, plugin, plugin_as, rack, rows, with_params_as};

fn stage(plugins: Vec<PluginSpec>) -> Stage {
    Stage::new(&rack(vec![layer(plugins)]), 64)
}

fn level(format: Format, level: f64) -> PluginSpec {
    with_params_as(format, "watch", &[("Level", level)])
}

/// The last frame.
fn heard(stage: &Stage) -> [f32; 2] {
    stage.played.each_ref().map(|side| *side.last().unwrap())
}

rows!(every_output_of_an_instrument_is_heard);

fn every_output_of_an_instrument_is_heard(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut multi = stage(vec![plugin_as(format, "multi")]);
    multi.step(&[(32, &[0x90, 60, 100])]);
    let [left, right] = &multi.played;
    assert!(left[..32].iter().chain(&right[..32]).all(|&sample| sample == 0.0));
    assert!(left[32..].iter().all(|&sample| sample == 0.1 + 0.3 + 0.4));
    assert!(right[32..].iter().all(|&sample| sample == 0.2 + 0.3 + 0.5));
    drop(multi);
    fixture.assert_gone();
}

rows!(a_mono_effect_hears_both_sides_and_sounds_on_both);

fn a_mono_effect_hears_both_sides_and_sounds_on_both(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut mono = stage(vec![level(format, 0.5), plugin_as(format, "mono")]);
    // A controller of full value is 1 on the right alone.
    mono.step(&[(7, &[0xb0, 1, 127])]);
    for side in &mono.played {
        for (frame, &sample) in side.iter().enumerate() {
            let [left, right] = [0.5, if frame == 7 { 1.5 } else { 0.5 }];
            assert_eq!(sample, (left + right) / 2.0 / 2.0, "frame {frame}");
        }
    }
    drop(mono);
    fixture.assert_gone();
}

rows!(a_side_chain_that_nothing_feeds_is_silent);

fn a_side_chain_that_nothing_feeds_is_silent(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut sidechain = stage(vec![level(format, 0.5), plugin_as(format, "sidechain")]);
    sidechain.play(640);
    assert!(sidechain.played.iter().flatten().all(|&sample| sample == 0.5));
    drop(sidechain);
    fixture.assert_gone();
}

rows!(an_effect_plays_what_the_device_records);

fn an_effect_plays_what_the_device_records(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut effect = stage(vec![with_params_as(
        format,
        "effect",
        &[("Gain", 2.0), ("Latency", 10.0)],
    )]);
    let ramp: Vec<f32> = (0..640_u16).map(|frame| f32::from(frame) / 1024.0).collect();
    for block in ramp.chunks(64) {
        let inverse: Vec<f32> = block.iter().map(|sample| -sample).collect();
        effect.step_with_input(&[], Some([block, &inverse]));
    }
    let [left, right] = &effect.played;
    // The device's sound fades in with a rack, within 256 frames.
    for frame in 266..640 {
        assert_eq!(
            (left[frame], right[frame]),
            (2.0 * ramp[frame - 10], -2.0 * ramp[frame - 10]),
            "frame {frame}"
        );
    }
    drop(effect);
    fixture.assert_gone();
}

/// The formats of a chain of two, each behind each.
const CHAINS: [[Format; 2]; 4] = [
    [Format::Clap, Format::Clap],
    [Format::Vst3, Format::Vst3],
    [Format::Clap, Format::Vst3],
    [Format::Vst3, Format::Clap],
];

/// Controllers pass from CLAP to CLAP alone: to a VST3 plugin a controller is the parameter that it names for it, and
/// this note effect names none.
#[test]
fn a_note_effect_feeds_the_next_plugin_whatever_their_formats() {
    for chain in CHAINS {
        let fixtures = Fixture::open_both();
        let mut stage = stage(vec![plugin_as(chain[0], "noports"), plugin_as(chain[1], "watch")]);
        let sysex: &[u8] = &[0xf0, 0x7d, 1, 2, 0xf7];
        stage.step(&[
            (5, &[0x90, 60, 127]),
            (9, &[0xb2, 7, 64]),
            (12, sysex),
            (20, &[0x80, 60, 64]),
        ]);
        let passes = chain[0] == Format::Clap;
        let controller = if passes { 64.0 / 127.0 } else { 0.0 };
        let [left, right] = &stage.played;
        for frame in 0..64 {
            let expected = match frame {
                5 => (1.0, 1.0),
                9 => (0.0, controller),
                20 => (-0.5, -0.5),
                _ => (0.0, 0.0),
            };
            assert_eq!((left[frame], right[frame]), expected, "{chain:?}, frame {frame}");
        }
        // Both speak: the note effect all that it sends on, `watch` what it heard.
        let note = (5, vec![0x90, 72, 127]);
        let mut expected = vec![note.clone(), note, (20, vec![0x80, 72, 64])];
        expected.extend([(12, sysex.to_vec()), (12, sysex.to_vec())]);
        // The legacy events by which a VST3 plugin says controllers are told by `watch` on the first channel.
        let heard = if chain[1] == Format::Clap { 0xb2 } else { 0xb0 };
        expected.extend(
            [0xb2, heard]
                .into_iter()
                .filter(|_| passes)
                .map(|status| (9, vec![status, 7, 64])),
        );
        expected.sort();
        let mut said = stage.said.clone();
        said.sort();
        assert_eq!(said, expected, "{chain:?}");
        drop(stage);
        fixtures.iter().for_each(Fixture::assert_gone);
    }
}

#[test]
fn each_plugin_is_spoken_to_in_its_own_dialect() {
    let fixture = Fixture::open();
    let messages: [(u32, &[u8]); 4] = [
        (1, &[0x90, 60, 127]),
        (2, &[0xb0, 7, 127]),
        (3, &[0xe0, 0, 80]),
        (4, &[0x80, 60, 0]),
    ];
    let mut midi = stage(vec![plugin("midi-only")]);
    midi.step(&messages);
    assert_eq!(midi.played[0][..6], [0.0, 1.0, 0.0, 0.0, -0.5, 0.0]);
    assert_eq!(midi.played[1][..6], [0.0, 1.0, 1.0, 0.0, -0.5, 0.0]);
    assert_eq!(
        (fixture.counter("events.midi"), fixture.counter("events.note_on")),
        (4, 0)
    );
    drop(midi);
    fixture.assert_gone();
    drop(fixture);

    let fixture = Fixture::open();
    let mut clap = stage(vec![plugin("clap-only")]);
    clap.step(&messages);
    assert_eq!(clap.played[0][..6], [0.0, 1.0, 0.0, 0.0, -0.5, 0.0]);
    assert_eq!(clap.played[1][..6], [0.0, 1.0, 0.0, 0.0, -0.5, 0.0]);
    assert_eq!(
        (fixture.counter("events.midi"), fixture.counter("events.note_on")),
        (0, 1)
    );
    drop(clap);
    fixture.assert_gone();
}

#[test]
fn a_plugin_that_sleeps_costs_nothing_until_a_note_comes() {
    let fixture = Fixture::open();
    let mut tail = stage(vec![plugin("tail")]);
    tail.play(640);
    let asleep = fixture.counter("process.calls");
    tail.play(6_400);
    assert_eq!(
        fixture.counter("process.calls"),
        asleep,
        "it said that it may sleep"
    );
    tail.step(&[(33, &[0x90, 60, 100])]);
    tail.step(&[(0, &[0x80, 60, 100])]);
    tail.play(48_000 * 2 + 64);
    let awake = fixture.counter("process.calls");
    tail.play(640);
    assert_eq!(fixture.counter("process.calls"), awake);
    drop(tail);
    fixture.assert_gone();
}

rows!(a_tail_rings_after_its_note);

fn a_tail_rings_after_its_note(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut tail = stage(vec![plugin_as(format, "tail")]);
    tail.play(6_400);
    tail.step(&[(33, &[0x90, 60, 100])]);
    assert_eq!(
        tail.played[0].iter().position(|&sample| sample != 0.0),
        Some(6_400 + 33)
    );
    tail.step(&[(0, &[0x80, 60, 100])]);
    let released = tail.position() - 64;
    tail.play(48_000 * 2 + 64);
    let sounding = tail.played[0].iter().rposition(|&sample| sample != 0.0);
    assert_eq!(sounding, Some(released + 96_000 - 1), "two seconds of tail");
    drop(tail);
    fixture.assert_gone();
}

rows!(a_layer_hears_its_keys_velocities_and_channel_alone_and_sounds_at_its_gain);

fn a_layer_hears_its_keys_velocities_and_channel_alone_and_sounds_at_its_gain(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut spec = rack(vec![layer(vec![plugin_as(format, "watch")])]);
    spec.layers[0].settings = LayerSettings {
        keys: (40, 60),
        velocities: (20, 100),
        channel: Some(2),
        transpose: -12,
        gain: 0.5,
        pan: -0.5,
        mute: false,
    };
    spec.master_gain = 0.5;
    let mut stage = Stage::new(&spec, 64);
    stage.step(&[
        (1, &[0x92, 39, 64]),
        (2, &[0x92, 40, 64]),
        (3, &[0x92, 60, 100]),
        (4, &[0x92, 61, 64]),
        (5, &[0x92, 50, 19]),
        (6, &[0x92, 50, 101]),
        (7, &[0x91, 50, 64]),
        (8, &[0xb1, 1, 127]),
        (9, &[0xb2, 1, 127]),
        (10, &[0x82, 61, 0]),
        (11, &[0x82, 40, 0]),
    ]);
    let [left, right] = &stage.played;
    let impulses: Vec<_> = (0..64).filter(|&frame| right[frame] != 0.0).collect();
    assert_eq!(impulses, [2, 3, 9, 11]);
    assert_eq!((left[11], right[11]), (-0.5 * 0.25, -0.5 * 0.25 * 0.5));
    assert_eq!(
        stage.said[..2],
        [(2, vec![0x92, 28, 64]), (3, vec![0x92, 48, 100])]
    );
    assert_eq!(
        stage.meters.midi_events, 0,
        "the meters come with the next report"
    );
    stage.play(3_200);
    assert_eq!(
        (stage.meters.midi_events, stage.meters.last_midi),
        (11, [0x82, 40, 0])
    );
    drop(stage);
    fixture.assert_gone();
}

rows!(layer_settings_change_without_a_click_and_without_a_hanging_note);

/// Settings changed while playing: gains glide, and a note that is held ends as it began.
fn layer_settings_change_without_a_click_and_without_a_hanging_note(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut stage = Stage::new(&rack(vec![layer(vec![plugin_as(format, "state")])]), 64);
    stage.step(&[(0, &[0x90, 60, 100])]);
    stage.play(640);
    let rack = stage.session.rack().unwrap().id;
    let change = |stage: &mut Stage, settings| {
        assert!(stage.session.send(
            Stamp::Now,
            Command::Layer {
                rack,
                layer: 0,
                settings
            }
        ));
        stage.play(640);
    };
    let moved = LayerSettings {
        transpose: 24,
        keys: (0, 10),
        channel: Some(9),
        gain: 0.5,
        ..LayerSettings::default()
    };
    change(&mut stage, moved);
    assert_eq!(heard(&stage), [0.05; 2]);
    stage.step(&[(0, &[0x80, 60, 0])]);
    assert_eq!(heard(&stage), [0.0; 2], "the note-off finds its note");
    change(&mut stage, LayerSettings::default());
    stage.step(&[(0, &[0x90, 60, 100])]);
    change(
        &mut stage,
        LayerSettings {
            mute: true,
            ..LayerSettings::default()
        },
    );
    assert_eq!(heard(&stage), [0.0; 2]);
    change(&mut stage, LayerSettings::default());
    assert_eq!(heard(&stage), [0.1; 2]);
    drop(stage);
    fixture.assert_gone();
}
