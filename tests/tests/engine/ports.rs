//! Ports and dialects of every kind, each with the very samples that must come out.

use host::session::{Command, LayerSettings, PluginSpec, Stamp};
use tests::{Fixture, Stage, layer, plugin, rack, with_params};

fn stage(plugins: Vec<PluginSpec>) -> Stage {
    Stage::new(&rack(vec![layer(plugins)]), 64)
}

fn level(level: f64) -> PluginSpec {
    with_params("watch", &[("Level", level)])
}

/// The last frame.
fn heard(stage: &Stage) -> [f32; 2] {
    stage.played.each_ref().map(|side| *side.last().unwrap())
}

#[test]
fn every_output_of_an_instrument_is_heard() {
    let fixture = Fixture::open();
    let mut multi = stage(vec![plugin("multi")]);
    multi.step(&[(32, &[0x90, 60, 100])]);
    let [left, right] = &multi.played;
    assert!(left[..32].iter().chain(&right[..32]).all(|&sample| sample == 0.0));
    assert!(left[32..].iter().all(|&sample| sample == 0.1 + 0.3 + 0.4));
    assert!(right[32..].iter().all(|&sample| sample == 0.2 + 0.3 + 0.5));
    drop(multi);
    fixture.assert_gone();
}

#[test]
fn a_mono_effect_hears_both_sides_and_sounds_on_both() {
    let fixture = Fixture::open();
    let mut mono = stage(vec![level(0.5), plugin("mono")]);
    // A controller of full value is 1 on the right alone.
    mono.step(&[(7, &[0xb0, 1, 127])]);
    for side in &mono.played {
        for (frame, &sample) in side.iter().enumerate() {
            let mean = if frame == 7 { (0.5 + 1.5) / 2.0 } else { 0.5 };
            assert_eq!(sample, mean / 2.0, "frame {frame}");
        }
    }
    drop(mono);
    fixture.assert_gone();
}

#[test]
fn a_side_chain_that_nothing_feeds_is_silent() {
    let fixture = Fixture::open();
    let mut sidechain = stage(vec![level(0.5), plugin("sidechain")]);
    sidechain.play(640);
    assert!(sidechain.played.iter().flatten().all(|&sample| sample == 0.5));
    drop(sidechain);
    fixture.assert_gone();
}

#[test]
fn an_effect_plays_what_the_device_records() {
    let fixture = Fixture::open();
    let mut effect = stage(vec![with_params("effect", &[("Gain", 2.0), ("Latency", 10.0)])]);
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

#[test]
fn a_note_effect_feeds_the_next_plugin() {
    let fixture = Fixture::open();
    let mut chain = stage(vec![plugin("noports"), plugin("watch")]);
    chain.step(&[(5, &[0x90, 60, 127]), (9, &[0xb2, 7, 64]), (20, &[0x80, 60, 64])]);
    let [left, right] = &chain.played;
    let impulses: Vec<_> = (0..64)
        .filter(|&frame| left[frame] != 0.0 || right[frame] != 0.0)
        .collect();
    assert_eq!(impulses, [5, 9, 20]);
    assert_eq!(
        (left[5], left[9], right[9], left[20]),
        (1.0, 0.0, 64.0 / 127.0, -0.5)
    );
    // Both speak: the note effect all that it sends on, `watch` what it heard.
    let note = |frame| (frame, vec![0x90, 72, 127]);
    let mut said = chain.said.clone();
    said.sort();
    let controller = (9, vec![0xb2, 7, 64]);
    assert_eq!(
        said,
        [
            note(5),
            note(5),
            controller.clone(),
            controller,
            (20, vec![0x80, 72, 64])
        ]
    );
    drop(chain);
    fixture.assert_gone();
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
    assert_eq!(
        tail.played[0].iter().position(|&sample| sample != 0.0),
        Some(640 + 6_400 + 33)
    );
    tail.step(&[(0, &[0x80, 60, 100])]);
    tail.play(48_000 * 2 + 64);
    let awake = fixture.counter("process.calls");
    assert_eq!(heard(&tail), [0.0; 2], "two seconds of tail");
    tail.play(640);
    assert_eq!(fixture.counter("process.calls"), awake);
    drop(tail);
    fixture.assert_gone();
}

#[test]
fn a_layer_hears_its_keys_velocities_and_channel_alone_and_sounds_at_its_gain() {
    let fixture = Fixture::open();
    let mut spec = rack(vec![layer(vec![plugin("watch")])]);
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

/// Settings changed while playing: gains glide, and a note that is held ends as it began.
#[test]
fn layer_settings_change_without_a_click_and_without_a_hanging_note() {
    let fixture = Fixture::open();
    let mut stage = Stage::new(&rack(vec![layer(vec![plugin("state")])]), 64);
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
