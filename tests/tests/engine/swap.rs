//! A preset change never cuts sound: the old rack ends what it holds, the new one plays at once.

use host::session::{RackSpec, SessionEvent};
use tests::{Fixture, Format, Live, Stage, demo_plugin, layer, plugin_as, rack, rows};

const BLOCK: usize = 64;
/// Frame of the swap.
const SWAP: usize = 150 * BLOCK;
const FRAMES: usize = 1_500 * BLOCK;

type Message<'a> = (usize, &'a [u8]);

fn synth(format: Format) -> RackSpec {
    rack(vec![layer(vec![demo_plugin(format, "demo-synth")])])
}

fn fixture_rack(format: Format, name: &str) -> RackSpec {
    rack(vec![layer(vec![plugin_as(format, name)])])
}

/// Plays messages, with a swap to `next` at `SWAP` if there is one.
fn play(first: &RackSpec, next: Option<&RackSpec>, midi: &[Message<'_>]) -> Stage {
    let mut stage = Stage::new(first, BLOCK);
    stage.play_to(SWAP, midi);
    if let Some(next) = next {
        stage.session.load(next).unwrap();
    }
    stage.play_to(FRAMES, midi);
    stage
}

/// Swaps while the first rack holds what `before` plays. What is heard must be, bit for bit, the sum of the first rack
/// playing `before` and the next rack playing `after` from the swap on: no gap, no ramp, no step.
fn assert_swap_is_a_sum(
    first: &RackSpec,
    next: &RackSpec,
    all: &[Message<'_>],
    old: &[Message<'_>],
    new: &[Message<'_>],
) {
    let swapped = play(first, Some(next), all);
    let alone = play(first, None, old);
    let mut fresh = Stage::new(next, BLOCK);
    let moved: Vec<Message<'_>> = new.iter().map(|&(at, message)| (at - SWAP, message)).collect();
    fresh.play_to(FRAMES - SWAP, &moved);
    for side in 0..2 {
        let new = std::iter::repeat_n(&0.0, SWAP).chain(&fresh.played[side]);
        let sums = alone.played[side].iter().zip(new).map(|(old, new)| old + new);
        let differs = swapped.played[side]
            .iter()
            .zip(sums)
            .position(|(played, sum)| *played != sum);
        assert_eq!(differs, None, "the first frame that differs");
    }
    let heard = |stage: &Stage, from: usize| stage.played[0][from..].iter().any(|sample| sample.abs() > 0.01);
    assert!(heard(&alone, SWAP) && heard(&fresh, 0), "both racks sounded");
}

rows!(a_held_note_sounds_on_and_the_new_rack_plays_in_the_very_block);

fn a_held_note_sounds_on_and_the_new_rack_plays_in_the_very_block(format: Format) {
    let fixture = Fixture::open_as(format);
    let on: Message<'_> = (1_000, &[0x90, 60, 100]);
    let off: Message<'_> = (SWAP + 20_001, &[0x80, 60, 64]);
    let new_on: Message<'_> = (SWAP + 5, &[0x90, 64, 100]);
    let new_off: Message<'_> = (SWAP + 30_007, &[0x80, 64, 64]);
    let all = [on, new_on, off, new_off];
    assert_swap_is_a_sum(
        &fixture_rack(format, "tail"),
        &fixture_rack(format, "state"),
        &all,
        &[on, off],
        &[new_on, new_off],
    );
    fixture.assert_gone();
}

rows!(a_pedal_holds_what_it_held_and_counts_for_the_new_rack);

fn a_pedal_holds_what_it_held_and_counts_for_the_new_rack(format: Format) {
    let down: Message<'_> = (900, &[0xb0, 64, 127]);
    let down_again: Message<'_> = (SWAP, &[0xb0, 64, 127]);
    let on: Message<'_> = (1_000, &[0x90, 48, 100]);
    let off: Message<'_> = (2_000, &[0x80, 48, 64]);
    let new_on: Message<'_> = (SWAP + 100, &[0x90, 67, 100]);
    let new_off: Message<'_> = (SWAP + 3_000, &[0x80, 67, 64]);
    let up: Message<'_> = (SWAP + 40_000, &[0xb0, 64, 0]);
    let all = [down, on, off, new_on, new_off, up];
    assert_swap_is_a_sum(
        &synth(format),
        &synth(format),
        &all,
        &[down, on, off, up],
        &[down_again, new_on, new_off, up],
    );
}

rows!(a_swap_between_notes_changes_no_bit_of_the_tail);

fn a_swap_between_notes_changes_no_bit_of_the_tail(format: Format) {
    let midi: [Message<'_>; 4] = [
        (0, &[0x90, 50, 110]),
        (10, &[0x90, 57, 110]),
        (SWAP - 100, &[0x80, 50, 0]),
        (SWAP + 9_000, &[0x80, 57, 0]),
    ];
    let swapped = play(&synth(format), Some(&synth(format)), &midi);
    let alone = play(&synth(format), None, &midi);
    assert_eq!(swapped.greatest_step(0), alone.greatest_step(0));
    assert!(swapped.played == alone.played);
}

rows!(a_storm_of_swaps_clicks_no_more_than_its_notes_and_leaves_nothing_behind);

/// 20 swaps, one a block, with a note held across each: more than may leave at once, so the oldest are faded.
fn a_storm_of_swaps_clicks_no_more_than_its_notes_and_leaves_nothing_behind(format: Format) {
    let fixture = Fixture::open_as(format);
    let midi = |key: u8| -> [u8; 3] { [0x90, key, 100] };
    let mut calm = Stage::new(&synth(format), BLOCK);
    calm.step(&[(0, &midi(40))]);
    calm.play(24_000);
    let mut stage = Stage::new(&synth(format), BLOCK);
    for key in 40..60 {
        let mut next = synth(format);
        next.layers[0].plugins.push(plugin_as(format, "effect"));
        stage.session.load(&next).unwrap();
        stage.step(&[(0, &midi(key))]);
    }
    assert_eq!(fixture.counter("instances.alive"), 20);
    for _ in 0..20 {
        stage.play(4_800);
    }
    // Five racks may sound at once, each with a note as loud as the one of the calm stage or more of them.
    assert!(
        stage.greatest_step(0) < 20.0 * calm.greatest_step(0),
        "{} {}",
        stage.greatest_step(0),
        calm.greatest_step(0)
    );
    for key in 40..60 {
        stage
            .session
            .send_midi(host::session::Stamp::Now, &[0x80, key, 0]);
    }
    stage.play(48_000 * 6);
    assert_eq!(stage.session.rack_count(), 1);
    assert_eq!(fixture.counter("instances.alive"), 1);
    let gone = stage
        .events
        .iter()
        .filter(|event| matches!(event, SessionEvent::RackGone(_)))
        .count();
    assert_eq!(gone, 20);
    assert!(
        stage.played[0][stage.position() - 4_800..]
            .iter()
            .all(|&sample| sample.abs() < 1e-4)
    );
    drop(stage);
    drop(calm);
    fixture.assert_gone();
}

rows!(a_storm_of_swaps_on_a_real_time_thread_leaves_nothing_behind);

fn a_storm_of_swaps_on_a_real_time_thread_leaves_nothing_behind(format: Format) {
    use std::time::Duration;
    let fixture = Fixture::open_as(format);
    let mut live = Live::new(&fixture_rack(format, "tail"), 48_000, 64);
    for key in 0..20 {
        live.session
            .send_midi(host::session::Stamp::Now, &[0x90, key, 100]);
        live.run(Duration::from_millis(5));
        live.session.load(&fixture_rack(format, "tail")).unwrap();
    }
    assert!(live.run(Duration::from_millis(40)) >= 0.5, "held notes sound on");
    live.session
        .send(host::session::Stamp::Now, host::session::Command::Panic);
    assert!(live.run_until(Duration::from_secs(5), |meters| meters.leaving == 0));
    live.run(Duration::from_millis(20));
    assert_eq!(live.session.rack_count(), 1);
    assert_eq!(fixture.counter("instances.alive"), 1);
    live.session.close(Duration::from_secs(1));
    fixture.assert_gone();
}
