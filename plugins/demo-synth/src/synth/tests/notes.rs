//! Voices: starting, stealing, holding, ending.

use super::*;

#[test]
fn sixteen_notes_sound_and_a_seventeenth_takes_the_oldest() {
    let mut bench = Bench::new(plain());
    for key in 40..56 {
        bench.on(key);
        bench.render(10);
    }
    assert_eq!(bench.sounding(), 16);
    assert!(bench.ended.is_empty());
    bench.on(80);
    assert_eq!(bench.sounding(), 16);
    bench.render(400);
    assert_eq!(bench.ended_keys(), [40]);
    bench.on(81);
    bench.render(400);
    assert_eq!(bench.ended_keys(), [40, 41]);
}

#[test]
fn released_notes_are_taken_before_held_ones_and_the_oldest_of_them_first() {
    let mut bench = Bench::new(Patch {
        amp: Adsr {
            release: 5.0,
            ..plain().amp
        },
        ..plain()
    });
    for key in 40..56 {
        bench.on(key);
    }
    for key in [50, 45] {
        bench.off(key);
    }
    for key in 80..83 {
        bench.on(key);
        bench.render(400);
    }
    assert_eq!(bench.ended_keys(), [45, 50, 40]);
}

#[test]
fn notes_on_the_pedal_are_taken_before_those_under_fingers() {
    let mut bench = Bench::new(plain());
    for key in 40..56 {
        bench.on(key);
    }
    bench.controller(64, 1.0);
    bench.off(48);
    bench.on(80);
    bench.render(400);
    assert_eq!(bench.ended_keys(), [48]);
}

#[test]
fn stealing_does_not_click() {
    // Sixteen sines, then a new one, which comes in so slowly that a click could only come from the one that goes.
    let mut bench = Bench::new(Patch {
        amp: Adsr {
            attack: 0.5,
            ..plain().amp
        },
        ..plain()
    });
    for key in 40..56 {
        bench.on(key);
    }
    let [before, _] = bench.render(40_000);
    bench.on(57);
    let [after, _] = bench.render(2_000);
    let steady = roughness(&before[30_000..]);
    assert!(
        roughness(&after) < 1.5 * steady,
        "{} after {steady}",
        roughness(&after)
    );
}

#[test]
fn cutting_a_note_hard_would_have_failed_that_test() {
    let mut bench = Bench::new(plain());
    bench.on(57);
    let [mut signal, _] = bench.render(20_000);
    let steady = roughness(&signal[10_000..]);
    let loudest = (15_000..16_000)
        .max_by(|&a, &b| signal[a].abs().total_cmp(&signal[b].abs()))
        .unwrap();
    signal[loudest..].fill(0.0);
    assert!(roughness(&signal[10_000..]) > 20.0 * steady);
}

#[test]
fn a_flood_of_notes_ends_every_one_of_them_once() {
    let mut bench = Bench::new(plain());
    for key in 0..100 {
        bench.on(key);
    }
    assert_eq!(bench.sounding(), 16);
    bench.controller(120, 0.0);
    bench.render(4_800);
    let mut keys = bench.ended_keys();
    keys.sort_unstable();
    assert_eq!(keys, (0..100).collect::<Vec<_>>());
}

#[test]
fn a_note_ends_in_exact_silence_and_says_so() {
    let mut bench = Bench::new(Patch::default());
    let note = Note {
        id: Some(7),
        channel: 3,
        key: 60,
    };
    bench.event(Event::NoteOn(note, 1.0));
    bench.render(4_800);
    bench.event(Event::NoteOff(Which {
        id: Some(7),
        ..Which::default()
    }));
    let [left, right] = bench.render(30_000);
    let &(frame, ended) = bench.ended.first().unwrap();
    assert_eq!(ended, note);
    let end = frame - 4_800;
    assert!(
        end.abs_diff(19_200) < 1_000,
        "a release of 0.4 s ended after {end} samples"
    );
    assert!(left[end..].iter().chain(&right[end..]).all(|x| x.to_bits() == 0));
    assert!(bench.synth.is_silent());
    assert_eq!(bench.ended.len(), 1);
}

#[test]
fn a_release_does_not_click_at_its_end() {
    let mut bench = Bench::new(plain());
    bench.on(60);
    bench.render(4_800);
    bench.off(60);
    let [signal, _] = bench.render(4_800);
    assert!(roughness(&signal) < 0.002, "{}", roughness(&signal));
}

#[test]
fn the_pedal_holds_what_the_fingers_let_go() {
    let mut bench = Bench::new(plain());
    bench.controller(64, 1.0);
    bench.on(60);
    bench.on(64);
    bench.render(1_000);
    bench.off(60);
    let [held, _] = bench.render(9_600);
    assert!(peak(&held[9_000..]) > 0.05);
    bench.controller(64, 0.0);
    bench.render(9_600);
    assert_eq!(bench.ended_keys(), [60], "64 is under its finger still");
    bench.off(64);
    bench.render(9_600);
    assert!(bench.synth.is_silent());
}

#[test]
fn a_key_struck_again_on_the_pedal_does_not_pile_up() {
    let mut bench = Bench::new(plain());
    bench.controller(64, 1.0);
    for _ in 0..10 {
        bench.on(60);
        bench.render(4_800);
        bench.off(60);
    }
    assert!(bench.sounding() <= 2, "{}", bench.sounding());
}

#[test]
fn all_notes_off_heeds_the_pedal_and_all_sound_off_does_not() {
    let mut bench = Bench::new(plain());
    bench.controller(64, 1.0);
    bench.on(60);
    bench.render(1_000);
    bench.controller(123, 0.0);
    bench.render(9_600);
    assert_eq!(bench.sounding(), 1);
    bench.controller(120, 0.0);
    let [signal, _] = bench.render(480);
    assert!(roughness(&signal) < 0.002, "{}", roughness(&signal));
    assert!(bench.synth.is_silent());
}

#[test]
fn a_choke_cuts_the_note_it_names() {
    let mut bench = Bench::new(plain());
    bench.on(60);
    bench.on(67);
    bench.render(1_000);
    bench.event(Event::Choke(Which {
        key: Some(60),
        ..Which::default()
    }));
    bench.render(480);
    assert_eq!(bench.ended_keys(), [60]);
    assert_eq!(bench.sounding(), 1);
}

#[test]
fn resetting_controllers_lets_go_of_the_pedal_and_the_wheels() {
    let mut bench = Bench::new(plain());
    bench.event(Event::Bend(1.0));
    bench.controller(64, 1.0);
    bench.controller(121, 0.0);
    bench.on(69);
    let [signal, _] = bench.render(9_600);
    assert!((frequency(&signal) - 440.0).abs() < 0.1);
    bench.off(69);
    bench.render(9_600);
    assert!(bench.synth.is_silent());
}

#[test]
fn a_reset_silences_at_once_and_keeps_the_patch() {
    let mut bench = Bench::new(plain());
    bench.on(60);
    bench.render(1_000);
    bench.synth.reset();
    assert!(bench.synth.is_silent());
    assert_eq!(bench.synth.patch, plain());
    assert_eq!(peak(&bench.render(100)[0]), 0.0);
}

#[test]
fn ends_are_told_in_the_order_of_their_frames() {
    // The later a note was struck the earlier it ends, within one chunk.
    let mut bench = Bench::new(plain());
    for key in 40..50 {
        bench.on(key);
    }
    bench.render(1_000);
    for key in (40..50).rev() {
        bench.event(Event::Choke(Which {
            key: Some(key),
            ..Which::default()
        }));
        bench.render(2);
    }
    bench.render(480);
    assert_eq!(bench.ended_keys(), (40..50).rev().collect::<Vec<_>>());
    assert!(bench.ended.is_sorted_by_key(|(frame, _)| *frame));
}
