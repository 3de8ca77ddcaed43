//! Pitch, level, timbre, movement.

use super::*;

#[test]
fn a_note_starts_at_its_frame() {
    let mut bench = Bench::new(plain());
    assert_eq!(bench.render(137)[0], vec![0.0; 137]);
    bench.on(60);
    let [left, _] = bench.render(100);
    assert!(left[0] != 0.0, "the attack begins with the first frame");
}

#[test]
fn keys_have_their_pitches() {
    let mut bench = Bench::new(plain());
    for (key, expected) in [(33, 55.0), (60, 261.626), (69, 440.0), (96, 2093.0)] {
        bench.on(key);
        let [signal, _] = bench.render(24_000);
        assert!((frequency(&signal) / expected - 1.0).abs() < 2e-4, "key {key}");
        bench.controller(120, 0.0);
        bench.render(480);
    }
}

#[test]
fn the_bend_reaches_its_pitch_and_obeys_its_range() {
    for (position, range, expected) in [(1.0, 2.0, 493.883), (-1.0, 2.0, 391.995), (0.5, 12.0, 622.254)] {
        let mut bench = Bench::new(Patch {
            bend_range: range,
            ..plain()
        });
        bench.on(69);
        bench.render(1_000);
        bench.event(Event::Bend(position));
        // The glide takes its time.
        bench.render(9_600);
        let [signal, _] = bench.render(24_000);
        let measured = frequency(&signal);
        assert!(
            (measured / expected - 1.0).abs() < 2e-4,
            "{measured} Hz instead of {expected}"
        );
    }
}

#[test]
fn a_bend_does_not_click() {
    let mut bench = Bench::new(plain());
    bench.on(69);
    let [before, _] = bench.render(9_600);
    bench.event(Event::Bend(1.0));
    let [after, _] = bench.render(9_600);
    assert!(roughness(&after) < 1.3 * roughness(&before[4_800..]));
}

#[test]
fn a_tuning_moves_its_note_alone() {
    let mut bench = Bench::new(plain());
    bench.event(Event::NoteOn(
        Note {
            id: Some(1),
            ..midi(69)
        },
        1.0,
    ));
    bench.event(Event::Tuning(
        Which {
            id: Some(1),
            ..Which::default()
        },
        1.0,
    ));
    bench.event(Event::Tuning(
        Which {
            id: Some(2),
            ..Which::default()
        },
        5.0,
    ));
    let [signal, _] = bench.render(24_000);
    assert!((frequency(&signal) - 466.164).abs() < 0.1);
}

#[test]
fn the_modulation_wheel_makes_a_vibrato() {
    let mut bench = Bench::new(plain());
    bench.on(69);
    bench.controller(1, 1.0);
    bench.render(9_600);
    let [signal, _] = bench.render(19_200);
    let pitches: Vec<f32> = signal.chunks(960).map(frequency).collect();
    let high = pitches.iter().fold(0.0f32, |a, b| a.max(*b));
    let low = pitches.iter().fold(f32::MAX, |a, b| a.min(*b));
    // Half a semitone to either side, less what averaging over 20 ms takes.
    assert!((449.0..453.0).contains(&high), "{high}");
    assert!((427.5..431.0).contains(&low), "{low}");
}

#[test]
fn one_note_is_at_a_sensible_level_and_six_do_not_clip() {
    let mut bench = Bench::new(Patch::default());
    bench.on(60);
    let one = bench.render(48_000).map(|channel| decibels(peak(&channel)));
    assert!(
        one.iter().all(|level| (-15.0..-9.0).contains(level)),
        "one note: {one:?} dBFS"
    );
    bench.controller(120, 0.0);
    bench.render(480);
    for chord in [
        [48, 52, 55, 60, 64, 67],
        [36, 48, 60, 72, 84, 96],
        [60, 61, 62, 63, 64, 65],
    ] {
        for key in chord {
            bench.on(key);
        }
        let six = bench.render(96_000).map(|channel| decibels(peak(&channel)));
        assert!(six.iter().all(|level| *level < 0.0), "{chord:?}: {six:?} dBFS");
        bench.controller(120, 0.0);
        bench.render(480);
    }
}

#[test]
fn velocity_makes_louder_and_can_be_turned_off() {
    let level = |sensitivity, velocity| {
        let mut bench = Bench::new(Patch {
            velocity: sensitivity,
            ..plain()
        });
        bench.event(Event::NoteOn(midi(60), velocity));
        decibels(peak(&bench.render(4_800)[0]))
    };
    assert!((level(1.0, 1.0) - level(1.0, 0.5) - 12.04).abs() < 0.1);
    assert!((level(0.0, 1.0) - level(0.0, 0.5)).abs() < 0.01);
    assert!((level(0.0, 1.0) - level(1.0, 1.0)).abs() < 0.01);
}

#[test]
fn the_filter_takes_the_top_away_and_its_envelope_gives_it_back() {
    let brightness = |patch: Patch| {
        let mut bench = Bench::new(Patch {
            waveform: Waveform::Saw,
            ..patch
        });
        bench.on(45);
        roughness(&bench.render(9_600)[0][4_800..])
    };
    let closed = Patch {
        cutoff: 200.0,
        ..plain()
    };
    let envelope = Adsr {
        attack: 0.001,
        decay: 0.1,
        sustain: 1.0,
        release: 0.1,
    };
    let opened = Patch {
        filter_envelope: 5.0,
        filter: envelope,
        ..closed
    };
    assert!(brightness(plain()) > 20.0 * brightness(closed));
    assert!(brightness(opened) > 10.0 * brightness(closed));
}

#[test]
fn key_tracking_opens_the_filter_for_high_keys() {
    let level = |key_tracking| {
        let mut bench = Bench::new(Patch {
            cutoff: 300.0,
            key_tracking,
            ..plain()
        });
        bench.on(96);
        peak(&bench.render(9_600)[0][4_800..])
    };
    // Three octaves above middle C: with full tracking the cutoff is as far above the key as it is there.
    assert!(level(1.0) > 15.0 * level(0.0));
}

#[test]
fn the_spread_pans_the_oscillators_apart() {
    let differ = |spread| {
        let mut bench = Bench::new(Patch {
            detune: 20.0,
            spread,
            ..plain()
        });
        bench.on(60);
        let [left, right] = bench.render(4_800);
        left.iter().zip(&right).any(|(l, r)| (l - r).abs() > 0.01)
    };
    assert!(!differ(0.0));
    assert!(differ(1.0));
}

#[test]
fn turning_any_parameter_does_not_click() {
    let calm = Patch {
        cutoff: 2_000.0,
        ..plain()
    };
    let turned = [
        (
            "waveform",
            Patch {
                waveform: Waveform::Triangle,
                ..calm
            },
        ),
        (
            "cutoff",
            Patch {
                cutoff: 500.0,
                ..calm
            },
        ),
        (
            "resonance",
            Patch {
                resonance: 0.9,
                ..calm
            },
        ),
        ("detune", Patch { detune: 50.0, ..calm }),
        ("spread", Patch { spread: 1.0, ..calm }),
        ("gain", Patch { gain: 0.1, ..calm }),
        (
            "sustain",
            Patch {
                amp: Adsr {
                    sustain: 0.1,
                    ..calm.amp
                },
                ..calm
            },
        ),
        (
            "velocity",
            Patch {
                velocity: 0.0,
                ..calm
            },
        ),
    ];
    for (name, patch) in turned {
        let mut bench = Bench::new(calm);
        bench.event(Event::NoteOn(midi(57), 0.5));
        let [before, _] = bench.render(9_600);
        bench.synth.set_patch(&patch);
        let [after, _] = bench.render(9_600);
        let allowed = 0.0015 + 4.0 * roughness(&before[4_800..]);
        assert!(
            roughness(&after) < allowed,
            "{name}: {} > {allowed}",
            roughness(&after)
        );
    }
}

#[test]
fn it_stays_finite_at_the_edges_of_every_parameter() {
    for (cutoff, resonance, octaves, waveform) in [
        (20.0, 1.0, -5.0, Waveform::Pulse),
        (20_000.0, 1.0, 5.0, Waveform::Saw),
        (0.0, 0.0, 0.0, Waveform::Triangle),
    ] {
        for rate in [8_000.0, 44_100.0, 384_000.0] {
            let mut synth = Synth::new(rate);
            synth.set_patch(&Patch {
                cutoff,
                resonance,
                waveform,
                filter_envelope: octaves,
                key_tracking: 1.0,
                pulse_width: 0.0,
                bend_range: 24.0,
                ..Patch::default()
            });
            synth.handle(Event::Bend(1.0), |_| {});
            for key in [0, 60, 127] {
                synth.handle(Event::NoteOn(midi(key), 1.0), |_| {});
            }
            let (mut left, mut right) = (vec![0.0; 20_000], vec![0.0; 20_000]);
            synth.render(&mut left, &mut right, |_, _| {});
            assert!(
                left.iter().chain(&right).all(|x| x.is_finite() && x.abs() < 30.0),
                "at {rate} Hz"
            );
        }
    }
}
