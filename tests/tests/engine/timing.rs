//! Every event at its own sample, whatever the block size and whichever road it came by.

use crate::BLOCKS;
use crate::smf::{Smf, TICK};
use host::midi::file;
use host::session::Stamp;
use std::path::Path;
use tests::{Fixture, Format, Stage, at, layer, plugin_as, rack, rows};

const FRAMES: usize = 12_000;

#[derive(Clone, Debug)]
enum What {
    Message(Vec<u8>),
    Level(f64),
}

/// Events at frames, what `watch` plays for them, and what it says.
struct Score {
    events: Vec<(usize, What)>,
    sides: [Vec<f32>; 2],
    said: Vec<(usize, Vec<u8>)>,
}

/// A walk over the frames in steps that are multiples of `grid`.
fn score(grid: usize, with_levels: bool) -> Score {
    let mut score = Score {
        events: Vec::new(),
        sides: [vec![0.0; FRAMES], vec![0.0; FRAMES]],
        said: Vec::new(),
    };
    let longest = (96 / grid).max(2);
    let mut levels = Vec::new();
    let mut random: u32 = 2_463_534_242;
    let (mut frame, mut number) = (0_usize, 0_u8);
    // The last note is let go before the end.
    while number % 6 != 0 || frame + 6 * longest * grid < FRAMES {
        let key = number / 6 % 128;
        let [left, right] = &mut score.sides;
        let mut both = |by: f32| {
            left[frame] += by;
            right[frame] += by;
        };
        let what = match number % 6 {
            0 => {
                both((f64::from(key.max(1)) / 127.0) as f32);
                score.said.push((frame, vec![0x90, key, key.max(1)]));
                What::Message(vec![0x90, key, key.max(1)])
            }
            1 => {
                right[frame] += f32::from(key) / 127.0;
                score.said.push((frame, vec![0xb0, 1, key]));
                What::Message(vec![0xb0, 1, key])
            }
            2 if with_levels => {
                let level = f64::from(number) / 1000.0;
                levels.push((frame, level as f32));
                What::Level(level)
            }
            3 => {
                both(-0.5);
                What::Message(vec![0x80, key, 64])
            }
            4 => {
                let message = vec![0xf0, 0x7d, key, number & 0x7f, 0xf7];
                score.said.push((frame, message.clone()));
                What::Message(message)
            }
            _ => {
                let message = vec![0xe0, key, 0x40];
                score.said.push((frame, message.clone()));
                What::Message(message)
            }
        };
        score.events.push((frame, what));
        number = (number + 1) % 192;
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        let step = random as usize % (longest + 1) * usize::from(!random.is_multiple_of(11));
        // Within a note time passes; elsewhere two events may meet at one frame.
        frame += grid
            * if matches!(number % 6, 1..=3) {
                step.max(1)
            } else {
                step
            };
    }
    // The plugin adds its level to each sample after the impulses.
    levels.push((FRAMES, 0.0));
    for pair in levels.windows(2) {
        let [(from, level), (to, _)] = [pair[0], pair[1]];
        score
            .sides
            .iter_mut()
            .flat_map(|side| &mut side[from..to])
            .for_each(|sample| *sample += level);
    }
    score
}

fn check(format: Format, stage: &Stage, score: &Score, block: usize) {
    for (side, expected) in stage.played.iter().zip(&score.sides) {
        let wrong = side
            .iter()
            .zip(expected)
            .position(|(played, expected)| played != expected);
        assert_eq!(wrong, None, "block {block}: the first frame that differs");
    }
    let (mut said, mut expected) = (stage.said.clone(), score.said.clone());
    // VST3 tells controllers and events in two lists, so that their order at one sample is lost.
    if format == Format::Vst3 {
        said.sort();
        expected.sort();
    }
    assert_eq!(said, expected, "block {block}");
}

fn watch(format: Format, block: usize) -> Stage {
    Stage::new(&rack(vec![layer(vec![plugin_as(format, "watch")])]), block)
}

rows!(commands_take_effect_at_their_frame_at_every_block_size);

fn commands_take_effect_at_their_frame_at_every_block_size(format: Format) {
    let fixture = Fixture::open_as(format);
    let score = score(1, true);
    assert!(score.events.len() > 200);
    for block in BLOCKS {
        let mut stage = watch(format, block);
        for (frame, what) in &score.events {
            let stamp = Stamp::Frame(*frame as u64);
            assert!(match what {
                What::Message(message) => stage.session.send_midi(stamp, message),
                What::Level(value) => stage.session.set_param(at(0, 0), "Level", *value, stamp).unwrap(),
            });
        }
        stage.play(FRAMES);
        check(format, &stage, &score, block);
        drop(stage);
        fixture.assert_gone();
    }
}

rows!(messages_that_come_with_the_devices_block_sound_at_their_frame_at_every_block_size);

fn messages_that_come_with_the_devices_block_sound_at_their_frame_at_every_block_size(format: Format) {
    let fixture = Fixture::open_as(format);
    let score = score(1, false);
    let messages = score.events.iter().map(|(frame, what)| match what {
        What::Message(message) => (*frame, message.as_slice()),
        What::Level(_) => unreachable!("this score has none"),
    });
    let messages: Vec<_> = messages.collect();
    for block in BLOCKS {
        let mut stage = watch(format, block);
        stage.play_to(FRAMES, &messages);
        check(format, &stage, &score, block);
        drop(stage);
        fixture.assert_gone();
    }
}

rows!(a_midi_files_events_sound_at_their_frame_at_every_block_size);

fn a_midi_files_events_sound_at_their_frame_at_every_block_size(format: Format) {
    let fixture = Fixture::open_as(format);
    let score = score(TICK, false);
    let mut smf = Smf::new();
    for (frame, what) in &score.events {
        if let What::Message(message) = what {
            smf.at(frame / TICK, message);
        }
    }
    let file = file::parse(&smf.bytes(), Path::new("score.mid")).unwrap();
    for block in BLOCKS {
        let mut stage = watch(format, block);
        assert!(stage.session.play_file(&file, false));
        stage.play(FRAMES);
        // A file's order at one tick is its own: releases come first.
        stage.said.sort();
        let mut sorted = Score {
            events: Vec::new(),
            sides: score.sides.clone(),
            said: score.said.clone(),
        };
        sorted.said.sort();
        check(format, &stage, &sorted, block);
        drop(stage);
        fixture.assert_gone();
    }
}

rows!(a_mapped_controller_moves_its_parameter_at_its_sample);

/// Values that one plugin gets from a mapped controller are at the controller's sample too.
fn a_mapped_controller_moves_its_parameter_at_its_sample(format: Format) {
    use host::session::MapSpec;
    let fixture = Fixture::open_as(format);
    for block in BLOCKS {
        let mut spec = rack(vec![layer(vec![plugin_as(format, "watch")])]);
        let map = MapSpec {
            cc: 74,
            channel: None,
            plugin: at(0, 0),
            param: "Level".to_owned(),
            range: Some((-1.0, 1.0)),
        };
        spec.maps = vec![map];
        let mut stage = Stage::new(&spec, block);
        stage.play_to(9_000, &[(4_321, &[0xb0, 74, 127]), (6_789, &[0xb3, 74, 0])]);
        let [left, right] = &stage.played;
        assert_eq!(left, right, "the plugin itself does not see the controller");
        let steps: Vec<_> = (1..9_000)
            .filter(|&frame| left[frame] != left[frame - 1])
            .collect();
        assert_eq!(steps, [4_321, 6_789], "block {block}");
        assert_eq!((left[0], left[5_000], left[8_999]), (0.0, 1.0, -1.0));
        drop(stage);
        fixture.assert_gone();
    }
}
