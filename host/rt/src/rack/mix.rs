//! Adding, scaling and ramping of channels.

/// Adds `from` times a gain that goes from `start` to `end` in a straight line over the slice.
///
/// A steady gain costs one multiplication a sample, a steady gain of 1 none and of 0 nothing at all.
pub(super) fn add_ramped(into: &mut [f32], from: &[f32], start: f32, end: f32) {
    #[expect(
        clippy::float_cmp,
        reason = "gains are equal when they were set to the same value"
    )]
    if start != end {
        let mut gain = start;
        let step = step(start, end, into.len());
        for (into, from) in into.iter_mut().zip(from) {
            gain += step;
            *into += from * gain;
        }
    } else if start == 1.0 {
        into.iter_mut().zip(from).for_each(|(into, from)| *into += from);
    } else if start != 0.0 {
        into.iter_mut()
            .zip(from)
            .for_each(|(into, from)| *into += from * start);
    }
}

/// Scales in place with a gain that goes from `start` to `end` over the slice.
pub(super) fn scale_ramped(samples: &mut [f32], start: f32, end: f32) {
    #[expect(
        clippy::float_cmp,
        reason = "gains are equal when they were set to the same value"
    )]
    if start != end {
        let mut gain = start;
        let step = step(start, end, samples.len());
        for sample in samples {
            gain += step;
            *sample *= gain;
        }
    } else if start != 1.0 {
        samples.iter_mut().for_each(|sample| *sample *= start);
    }
}

fn step(start: f32, end: f32, frames: usize) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "a block is at most 8192 frames")]
    let frames = frames.max(1) as f32;
    (end - start) / frames
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_arrives() {
        let mut out = [0.0; 4];
        add_ramped(&mut out, &[1.0; 4], 0.0, 1.0);
        assert_eq!(out, [0.25, 0.5, 0.75, 1.0]);
        let mut samples = [1.0; 4];
        scale_ramped(&mut samples, 1.0, 0.0);
        assert_eq!(samples, [0.75, 0.5, 0.25, 0.0]);
    }

    #[test]
    fn unity_is_exact_and_zero_adds_nothing() {
        let mut out = [0.1; 2];
        add_ramped(&mut out, &[0.3, -0.7], 1.0, 1.0);
        assert_eq!(out, [0.1 + 0.3, 0.1 - 0.7]);
        add_ramped(&mut out, &[f32::NAN; 2], 0.0, 0.0);
        assert_eq!(out, [0.1 + 0.3, 0.1 - 0.7]);
    }
}
