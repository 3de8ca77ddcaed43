//! Adding, scaling and ramping of channels.

/// Frames of a ramp: 5 ms at 48 kHz.
pub(crate) const RAMP: u16 = 256;

/// A gain that moves in a straight line, frame by frame, so that its course is the same at every block size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glide {
    from: f32,
    to: f32,
    /// Frames since the line began; `RAMP` when it has arrived.
    at: u16,
}

impl Glide {
    /// A gain that rests.
    pub(crate) const fn new(gain: f32) -> Self {
        Self {
            from: gain,
            to: gain,
            at: RAMP,
        }
    }

    /// Goes to `to` from where it is, unless it is on its way there.
    pub(crate) fn aim(&mut self, to: f32) {
        #[expect(
            clippy::float_cmp,
            reason = "an aim is equal when it was set to the same value"
        )]
        if to != self.to {
            self.from = self.after(0);
            self.to = to;
            self.at = 0;
        }
    }

    /// The gain, if it rests.
    #[inline]
    pub(crate) const fn rest(&self) -> Option<f32> {
        if self.at >= RAMP { Some(self.to) } else { None }
    }

    /// Arrives at once.
    pub(crate) const fn finish(&mut self) {
        self.at = RAMP;
    }

    /// The gain that comes with the frame of this index.
    #[inline]
    pub(crate) fn frame(&self, index: usize) -> f32 {
        self.after(index.saturating_add(1))
    }

    #[inline]
    fn after(&self, frames: usize) -> f32 {
        match u16::try_from(frames) {
            Ok(frames) if frames < RAMP - self.at.min(RAMP) => {
                self.from + (self.to - self.from) * (f32::from(self.at + frames) / f32::from(RAMP))
            }
            _ => self.to,
        }
    }

    /// Moves on.
    #[inline]
    pub(crate) fn advance(&mut self, frames: usize) {
        let left = RAMP - self.at.min(RAMP);
        self.at = RAMP - left.saturating_sub(u16::try_from(frames).unwrap_or(RAMP));
    }
}

/// Puts `from` times a gain into `into`.
pub(super) fn set(into: &mut [f32], from: &[f32], gain: &Glide) {
    match gain.rest() {
        Some(1.0) => into.copy_from_slice(from),
        Some(gain) => into
            .iter_mut()
            .zip(from)
            .for_each(|(into, from)| *into = from * gain),
        None => each(into, gain, |index, into, gain| *into = from[index] * gain),
    }
}

/// Adds `from` times a gain to `into`. A gain at rest costs one multiplication a sample, 1 none, 0 nothing at all.
pub(super) fn add(into: &mut [f32], from: &[f32], gain: &Glide) {
    match gain.rest() {
        Some(1.0) => into.iter_mut().zip(from).for_each(|(into, from)| *into += from),
        Some(0.0) => {}
        Some(gain) => into
            .iter_mut()
            .zip(from)
            .for_each(|(into, from)| *into += from * gain),
        None => each(into, gain, |index, into, gain| *into += from[index] * gain),
    }
}

/// Scales in place.
pub(super) fn scale(samples: &mut [f32], gain: &Glide) {
    match gain.rest() {
        Some(1.0) => {}
        Some(gain) => samples.iter_mut().for_each(|sample| *sample *= gain),
        None => each(samples, gain, |_, sample, gain| *sample *= gain),
    }
}

/// Scales in place by what is missing to a gain of 1.
pub(super) fn scale_by_rest(samples: &mut [f32], gain: &Glide) {
    each(samples, gain, |_, sample, gain| *sample *= 1.0 - gain);
}

#[inline]
fn each(samples: &mut [f32], gain: &Glide, mut change: impl FnMut(usize, &mut f32, f32)) {
    for (index, sample) in samples.iter_mut().enumerate() {
        change(index, sample, gain.frame(index));
    }
}

/// Adds `from` times a gain that goes from `start` to `end` in a straight line over the slice.
pub(crate) fn add_ramped(into: &mut [f32], from: &[f32], start: f32, end: f32) {
    #[expect(clippy::cast_precision_loss, reason = "a block is at most 8192 frames")]
    let step = (end - start) / into.len().max(1) as f32;
    let mut gain = start;
    for (into, from) in into.iter_mut().zip(from) {
        gain += step;
        *into += from * gain;
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::vec::Vec;

    #[test]
    fn a_ramp_arrives() {
        let mut out = [0.0; 4];
        add_ramped(&mut out, &[1.0; 4], 0.0, 1.0);
        assert_eq!(out, [0.25, 0.5, 0.75, 1.0]);
    }

    #[test]
    fn unity_is_exact_and_zero_adds_nothing() {
        let mut out = [0.1; 2];
        add(&mut out, &[0.3, -0.7], &Glide::new(1.0));
        assert_eq!(out, [0.1 + 0.3, 0.1 - 0.7]);
        add(&mut out, &[f32::NAN; 2], &Glide::new(0.0));
        assert_eq!(out, [0.1 + 0.3, 0.1 - 0.7]);
    }

    #[test]
    fn a_glide_goes_the_same_way_in_blocks_of_any_size() {
        let course = |block: usize| -> Vec<f32> {
            let mut glide = Glide::new(0.0);
            glide.aim(1.0);
            let mut out = Vec::new();
            while out.len() < 512 {
                let mut samples = std::vec![1.0; block.min(512 - out.len())];
                scale(&mut samples, &glide);
                glide.advance(samples.len());
                out.extend(samples);
            }
            out
        };
        let whole = course(512);
        assert_eq!(whole[usize::from(RAMP) - 1], 1.0);
        assert!(
            whole
                .windows(2)
                .all(|pair| pair[1] - pair[0] <= 1.0 / 255.0 && pair[1] >= pair[0])
        );
        for block in [1, 7, 64, 255, 256, 257] {
            assert_eq!(course(block), whole, "block {block}");
        }
    }

    #[test]
    fn a_glide_that_turns_round_does_not_jump() {
        let mut glide = Glide::new(0.0);
        glide.aim(1.0);
        glide.advance(128);
        glide.aim(0.0);
        assert!((glide.frame(0) - 0.5).abs() < 0.01);
        glide.advance(1000);
        assert_eq!(glide.rest(), Some(0.0));
    }
}
