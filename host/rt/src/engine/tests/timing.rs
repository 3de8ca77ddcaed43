//! Every event at its sample, whatever the blocks are.

use super::std::vec::Vec;
use super::*;

#[test]
fn device_midi_is_heard_at_its_sample_at_every_block_size() {
    for block in [1, 16, 32, 37, 64, 65, 200, 512] {
        let synth = Plugin::synth();
        let mut rig = Rig::playing(rack(1, &[&synth]));
        let mut heard = Vec::new();
        for start in (0..600_usize).step_by(block) {
            let frames = block.min(600 - start);
            for due in [0_usize, 63, 64, 130, 599] {
                if (start..start + frames).contains(&due) {
                    rig.engine
                        .midi_in(u32::try_from(due - start).unwrap(), &[0x90, 60, 100]);
                }
            }
            rig.block(frames);
            heard.extend(synth.heard());
        }
        let times: Vec<u64> = heard.iter().map(|(time, _)| *time).collect();
        assert_eq!(times, [0, 63, 64, 130, 599], "block {block}");
        assert!(heard.iter().all(|(_, body)| *body == note_on(60)));
    }
}

#[test]
fn the_output_is_the_same_for_every_block_size() {
    // Notes, pedals and parameters by frame stamps, with ramps of gain, in random order and at random times.
    let render = |max_block: usize, block: usize| {
        let (synth, effect) = (Plugin::synth(), Plugin::new(plugin::Sound::Through(0.5)));
        let mut rig = Rig::sized(Sizes {
            max_block,
            ..Sizes::default()
        });
        rig.swap(rack_with(
            1,
            std::vec![layer(LayerSettings::default(), &[&synth])],
            &[&effect],
            &[],
        ));
        let mut dice = Dice(7);
        let mut frame = 0;
        for _ in 0..if cfg!(miri) { 20 } else { 150 } {
            frame += u64::from(dice.roll(40));
            #[expect(clippy::cast_possible_truncation, reason = "below 128")]
            let key = 60 + dice.roll(4) as u8;
            let command = match dice.roll(5) {
                0 => Command::Midi([0x90, key, 100]),
                1 => Command::Midi([0x80, key, 0]),
                2 => Command::Midi([0xb0, 64, 127]),
                3 => Command::Midi([0xb0, 64, 0]),
                _ => Command::Plugin {
                    rack: RackId(1),
                    plugin: at(0, 0),
                    body: Body::Param {
                        id: 1,
                        cookie: 0,
                        note: NoteAddress::ALL,
                        value: f64::from(dice.roll(100)) / 100.0,
                    },
                },
            };
            assert!(rig.lane.send(Stamp::Frame(frame), command));
        }
        rig.left(if cfg!(miri) { 500 } else { 3_000 }, block)
    };
    let whole = render(64, 64);
    assert!(whole.iter().any(|sample| *sample > 0.1));
    for (max_block, block) in [(64, 1), (64, 37), (1, 50), (17, 200), (64, 4096)] {
        assert!(
            render(max_block, block) == whole,
            "at most {max_block}, blocks of {block}"
        );
    }
}

#[test]
fn a_message_behind_the_blocks_end_is_heard_at_its_last_frame() {
    let synth = Plugin::synth();
    let mut rig = Rig::playing(rack(1, &[&synth]));
    rig.engine.midi_in(500, &[0x80, 60, 0]);
    rig.engine.midi_in(0, &[0x90, 60, 100]);
    rig.block(100);
    let times: Vec<u64> = synth.heard().iter().map(|(time, _)| *time).collect();
    assert_eq!(times, [0, 99]);
}

#[test]
fn what_comes_with_a_block_of_no_frames_waits() {
    let synth = Plugin::synth();
    let mut rig = Rig::playing(rack(1, &[&synth]));
    rig.engine.midi_in(0, &[0x90, 60, 100]);
    rig.midi([0x90, 61, 100]);
    assert_eq!(rig.block(0), [Vec::new(), Vec::new()]);
    assert!(synth.heard().is_empty());
    rig.block(1);
    assert_eq!(synth.heard(), [(0, note_on(60)), (0, note_on(61))]);
}

#[test]
fn inputs_may_come_and_go_and_be_short() {
    let effect = Plugin::new(plugin::Sound::Through(1.0));
    let mut rig = Rig::playing(rack(1, &[&effect]));
    rig.left(512, 64);
    let [left, _] = rig.block_with(64, Some(&[0.25; 64]));
    assert_eq!(left, [0.25; 64]);
    assert_eq!(rig.block(64)[0], [0.0; 64]);
    // A device that gives less than it asks for is not believed.
    assert_eq!(rig.block_with(64, Some(&[0.25; 10]))[0], [0.0; 64]);
}

#[test]
fn a_rack_without_anything_is_silent_and_writes_its_block() {
    let mut rig = Rig::new();
    assert_eq!(rig.block(100), [std::vec![0.0; 100], std::vec![0.0; 100]]);
    rig.swap(rack_of(1, Vec::new()));
    assert_eq!(rig.block(100), [std::vec![0.0; 100], std::vec![0.0; 100]]);
}

#[test]
fn plugin_output_is_heard_by_midi_outputs_at_its_sample_in_the_devices_block() {
    let octave = Plugin::new(plugin::Sound::Octave);
    let mut rig = Rig::playing(rack(1, &[&octave]));
    rig.engine.midi_in(100, &[0x90, 60, 100]);
    rig.block(150);
    let said: Vec<_> = rig.engine.midi_out().as_slice().to_vec();
    assert_eq!(
        said,
        [Event {
            time: 100,
            body: note_on(72)
        }]
    );
    rig.block(150);
    assert!(rig.engine.midi_out().is_empty());
}
