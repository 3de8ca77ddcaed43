//! The same at every block size, to the last bit.

use super::*;

const LENGTH: usize = 40_000;

/// Something that happens at a frame.
#[derive(Clone, Copy)]
enum Step {
    Event(Event),
    Patch(Patch),
}

/// A piece that moves everything there is: chords beyond the number of voices, wheels, the pedal, tunings, chokes, all
/// parameters, a gap in which the synthesizer falls silent, and several things at one frame.
fn piece() -> Vec<(usize, Step)> {
    let mut steps = Vec::new();
    let mut patch = Patch::default();
    for i in 0..60u8 {
        let frame = usize::from(i) * 311;
        let key = 36 + (i % 48) * 5 % 48;
        let note = Note {
            id: (i % 3 == 0).then_some(i32::from(i)),
            channel: i % 4,
            key,
        };
        steps.push((frame, Step::Event(Event::NoteOn(note, f32::from(i % 8) / 7.0))));
        let which = Which {
            id: note.id,
            channel: Some(note.channel),
            key: Some(key),
        };
        steps.push((frame + 2_900, Step::Event(Event::NoteOff(which))));
        match i % 10 {
            0 => steps.push((frame + 5, Step::Event(Event::Bend(f32::from(i) / 30.0 - 1.0)))),
            1 => steps.push((frame + 64, Step::Event(Event::Controller(1, f32::from(i) / 60.0)))),
            2 => steps.push((frame + 99, Step::Event(Event::Controller(64, 1.0)))),
            4 => steps.push((frame, Step::Event(Event::Controller(64, 0.0)))),
            6 => steps.push((frame + 1, Step::Event(Event::Tuning(which, 0.37)))),
            7 => steps.push((frame + 77, Step::Event(Event::Choke(which)))),
            _ => {}
        }
        patch.cutoff = 200.0 + 150.0 * f32::from(i);
        patch.resonance = f32::from(i % 5) / 5.0;
        patch.waveform =
            [Waveform::Saw, Waveform::Pulse, Waveform::Triangle, Waveform::Sine][usize::from(i / 6 % 4)];
        patch.pulse_width = 0.2 + f32::from(i % 7) / 12.0;
        patch.detune = f32::from(i % 30);
        patch.gain = 0.5 + f32::from(i % 3) / 4.0;
        patch.amp.release = 0.02 + f32::from(i % 4) / 50.0;
        patch.filter.decay = 0.05 + f32::from(i % 6) / 10.0;
        patch.spread = f32::from(i % 9) / 8.0;
        // At the very frame of the note, to show that the order of the two does not matter.
        steps.push((frame, Step::Patch(patch)));
    }
    let long_after = 36_000;
    steps.push((long_after, Step::Event(Event::Controller(64, 0.0))));
    steps.push((long_after, Step::Event(Event::NoteOn(midi(60), 0.8))));
    steps.sort_by_key(|(frame, _)| *frame);
    steps
}

/// Renders the piece in blocks of the sizes given, over and over. Within a block it is cut at every step.
fn rendered(sizes: &[usize], patches_first: bool) -> (Vec<[u32; 2]>, Vec<(usize, Note)>) {
    let mut bench = Bench::new(Patch::default());
    let mut steps = piece();
    if patches_first {
        steps.sort_by_key(|(frame, step)| (*frame, matches!(step, Step::Event(_))));
    }
    let mut steps = steps.into_iter().peekable();
    let mut out = Vec::with_capacity(LENGTH);
    let mut sizes = sizes.iter().cycle();
    while bench.frames < LENGTH {
        let end = (bench.frames + sizes.next().unwrap()).min(LENGTH);
        while bench.frames < end {
            while let Some((_, step)) = steps.next_if(|(frame, _)| *frame <= bench.frames) {
                match step {
                    Step::Event(event) => bench.event(event),
                    Step::Patch(patch) => bench.synth.set_patch(&patch),
                }
            }
            let next = steps.peek().map_or(end, |(frame, _)| end.min(*frame));
            let frames = next - bench.frames;
            let [left, right] = bench.render(frames);
            out.extend(left.iter().zip(&right).map(|(l, r)| [l.to_bits(), r.to_bits()]));
        }
    }
    (out, bench.ended)
}

#[test]
fn every_block_size_renders_the_same_bits() {
    let (whole, ended) = rendered(&[LENGTH], false);
    assert!(
        whole.iter().any(|frame| frame[0] != frame[1]),
        "the piece is in stereo"
    );
    assert!(whole[30_000..36_000].contains(&[0, 0]), "the piece has a gap");
    assert!(ended.len() > 50 && ended.is_sorted_by_key(|(frame, _)| *frame));
    for size in [1, 16, 32, 37, 64, 512, 4096] {
        let (cut, cut_ended) = rendered(&[size], false);
        let first = whole.iter().zip(&cut).position(|(a, b)| a != b);
        assert_eq!(first, None, "blocks of {size} differ at that frame");
        assert_eq!(ended, cut_ended, "ends of notes in blocks of {size}");
    }
}

#[test]
fn mixed_block_sizes_render_the_same_bits() {
    let (whole, _) = rendered(&[LENGTH], false);
    // A fixed generator, so that a failure can be repeated.
    let mut state = 12_345u32;
    let sizes: Vec<usize> = (0..500)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            1 + usize::try_from(state >> 20).unwrap() % 200
        })
        .collect();
    let (cut, _) = rendered(&sizes, false);
    assert_eq!(whole.iter().zip(&cut).position(|(a, b)| a != b), None);
}

#[test]
fn the_order_of_notes_and_parameters_at_one_frame_does_not_matter() {
    let (notes_first, _) = rendered(&[64], false);
    let (patches_first, _) = rendered(&[64], true);
    assert_eq!(
        notes_first.iter().zip(&patches_first).position(|(a, b)| a != b),
        None
    );
}

#[test]
fn a_host_may_let_it_sleep_while_it_is_silent() {
    let play = |sleep: bool| {
        let mut bench = Bench::new(Patch::default());
        bench.controller(1, 1.0);
        bench.on(60);
        bench.render(3_000);
        bench.off(60);
        bench.render(48_000);
        assert!(bench.synth.is_silent());
        bench.event(Event::Bend(0.5));
        bench.synth.set_patch(&Patch {
            cutoff: 5_000.0,
            ..Patch::default()
        });
        if !sleep {
            bench.render(12_345);
        }
        bench.on(72);
        bench.render(5_000)
    };
    assert_eq!(play(true), play(false));
}
