//! Values that glide, sample by sample, to where a parameter or a controller wants them.

/// A value on its way to a target.
///
/// nice-plug parameters bring smoothers of their own. This one exists because the synthesizer must not depend on the
/// plugin framework, and because it has to jump to its target while nothing sounds: see [`Smoother::jump`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Smoother {
    value: f32,
    target: f32,
}

impl Smoother {
    /// Closer than this the value is taken to have arrived, whether it counts octaves, semitones or a gain.
    const ARRIVED: f32 = 1e-5;

    /// The coefficient that covers 63 % of the way in `seconds`.
    pub fn coefficient(seconds: f32, sample_rate: f32) -> f32 {
        1.0 - (-1.0 / (seconds * sample_rate)).exp()
    }

    /// Sets where the value goes from the next sample on.
    pub fn set_target(&mut self, target: f32) {
        self.target = target;
    }

    /// Goes to the target at once. A note that starts out of silence starts with the patch as it is set, not with
    /// what is left of a glide that nobody heard.
    pub fn jump(&mut self) {
        self.value = self.target;
    }

    /// Advances by one sample and returns the value.
    #[inline]
    pub fn next(&mut self, coefficient: f32) -> f32 {
        let distance = self.target - self.value;
        let next = self.value + distance * coefficient;
        // The second condition is met when the step has become too small for the value's precision.
        self.value = if distance.abs() < Self::ARRIVED || next == self.value {
            self.target
        } else {
            next
        };
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrives_at_the_very_target() {
        for target in [0.0, 1.0, -9.3, 14.287] {
            let mut smoother = Smoother::default();
            smoother.set_target(target);
            let coefficient = Smoother::coefficient(0.005, 48_000.0);
            let last = (0..9_600).map(|_| smoother.next(coefficient)).last();
            assert_eq!(last, Some(target));
        }
    }

    #[test]
    fn covers_most_of_the_way_in_its_time() {
        let mut smoother = Smoother::default();
        smoother.set_target(1.0);
        let coefficient = Smoother::coefficient(0.01, 48_000.0);
        let after = (0..480).map(|_| smoother.next(coefficient)).last().unwrap();
        assert!((after - 0.632).abs() < 0.001, "{after}");
    }
}
