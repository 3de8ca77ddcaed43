use super::*;

const ALL: [Waveform; 4] = [Waveform::Saw, Waveform::Pulse, Waveform::Triangle, Waveform::Sine];
/// The length of a measurement. Frequencies are whole numbers of cycles in it, so that a bin of the transform holds
/// one partial and nothing of its neighbours.
const LENGTH: usize = 4096;

fn cycles(waveform: Waveform, cycles: u16, width: f32) -> Vec<f32> {
    let increment = f32::from(cycles) / 4096.0;
    let mut oscillator = Oscillator::at(0.013);
    (0..LENGTH)
        .map(|_| {
            let value = oscillator.value(waveform, increment, width);
            oscillator.advance(increment);
            value
        })
        .collect()
}

/// The amplitude of `bin` cycles in `signal`.
fn amplitude(signal: &[f32], bin: usize) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (i, &x) in signal.iter().enumerate() {
        // The product is reduced first: a large argument would cost the sine its precision.
        let turns = ((i * bin) % LENGTH) as f64 / LENGTH as f64;
        let (sin, cos) = (turns * std::f64::consts::TAU).sin_cos();
        re += f64::from(x) * cos;
        im += f64::from(x) * sin;
    }
    2.0 * re.hypot(im) / LENGTH as f64
}

/// The loudest partial below `end` that is no harmonic, in dB relative to the fundamental.
fn loudest_alias(signal: &[f32], fundamental: u16, end: usize) -> f64 {
    let fundamental = usize::from(fundamental);
    let loudest = (1..end)
        .filter(|bin| bin % fundamental != 0)
        .map(|bin| amplitude(signal, bin))
        .fold(0.0, f64::max);
    20.0 * (loudest / amplitude(signal, fundamental)).log10()
}

#[test]
fn aliases_are_far_below_the_fundamental() {
    // 107 and 211 cycles are 1254 and 2473 Hz at 48 kHz, primes so that aliases cannot hide on harmonics. What is left
    // lies at the very top, where the ear is dull: it falls by 20 dB to a quarter of the sample rate.
    for (fundamental, width) in [(107, 0.5), (211, 0.3)] {
        for waveform in ALL {
            let signal = cycles(waveform, fundamental, width);
            let audible = loudest_alias(&signal, fundamental, LENGTH / 4);
            let all = loudest_alias(&signal, fundamental, LENGTH * 2 / 5);
            assert!(
                audible < -62.0,
                "{waveform:?} at {fundamental} cycles: {audible:.1} dB"
            );
            assert!(
                all < -42.0,
                "{waveform:?} at {fundamental} cycles: {all:.1} dB to the top"
            );
        }
    }
}

#[test]
fn a_naive_saw_would_have_failed_that_test() {
    let naive: Vec<f32> = (0..LENGTH)
        .map(|i| ((i * 107 % LENGTH) as f32 / LENGTH as f32) * 2.0 - 1.0)
        .collect();
    assert!(loudest_alias(&naive, 107, LENGTH / 4) > -32.0);
}

#[test]
fn harmonics_are_those_of_the_waveform() {
    // 13 cycles: low enough that the rounding of corners takes next to nothing from the first harmonics.
    let relative = |signal: &[f32], n: usize| amplitude(signal, 13 * n) / amplitude(signal, 13);
    let saw = cycles(Waveform::Saw, 13, 0.5);
    let square = cycles(Waveform::Pulse, 13, 0.5);
    let triangle = cycles(Waveform::Triangle, 13, 0.5);
    let sine = cycles(Waveform::Sine, 13, 0.5);
    for n in [2, 3, 4, 5] {
        let odd = f64::from(u8::from(n % 2 == 1));
        let expected = 1.0 / n as f64;
        assert!((relative(&saw, n) - expected).abs() < 2e-3);
        assert!((relative(&square, n) - expected * odd).abs() < 2e-3);
        assert!((relative(&triangle, n) - expected * expected * odd).abs() < 2e-3);
        assert!(relative(&sine, n) < 1e-5);
    }
}

#[test]
fn no_waveform_has_an_offset_or_exceeds_its_range() {
    for waveform in ALL {
        for width in [0.1, 0.5, 0.8] {
            let signal = cycles(waveform, 31, width);
            let mean = signal.iter().copied().map(f64::from).sum::<f64>() / LENGTH as f64;
            assert!(mean.abs() < 1e-3, "{waveform:?} at width {width}: mean {mean}");
            let peak = signal.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
            let range = if waveform == Waveform::Pulse {
                0.7 * 1.81
            } else {
                1.01
            };
            assert!(peak < range, "{waveform:?} at width {width}: peak {peak}");
        }
    }
}

#[test]
fn the_highest_notes_stay_finite_and_bounded() {
    for waveform in ALL {
        let mut oscillator = Oscillator::default();
        for _ in 0..10_000 {
            let value = oscillator.value(waveform, MAX_INCREMENT, 0.05);
            assert!(value.abs() < 3.0, "{waveform:?}: {value}");
            oscillator.advance(MAX_INCREMENT);
        }
    }
}
