//! Attack, decay, sustain, release, with the curves of a capacitor that charges and discharges.

/// The settings of an envelope: times in seconds, the sustain level from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adsr {
    /// From silence to the full level.
    pub attack: f32,
    /// From the full level until a thousandth of the way to the sustain level is left.
    pub decay: f32,
    /// The level that a held note keeps.
    pub sustain: f32,
    /// From the full level to silence.
    pub release: f32,
}

/// An [`Adsr`] worked out for a sample rate.
#[derive(Debug, Clone, Copy, Default)]
pub struct Slopes {
    attack: f32,
    decay: f32,
    sustain: f32,
    release: f32,
}

/// An attack aims above the top, so that it arrives with some speed left: a capacitor alone never arrives.
const ATTACK_TARGET: f32 = 1.2;
/// A release aims this far below zero (60 dB below the top) for the same reason, and so ends in exact silence.
const RELEASE_MARGIN: f32 = 0.001;
/// Closer to the sustain level than this, a decay is over.
const ARRIVED: f32 = 1e-5;

impl Slopes {
    /// Works out the slopes of `adsr`.
    pub fn new(adsr: &Adsr, sample_rate: f32) -> Self {
        // The share of the way to the target that one sample covers, if `rest` of it is left after `seconds`.
        let slope = |seconds: f32, rest: f32| 1.0 - rest.powf(1.0 / (seconds * sample_rate).max(1.0));
        Self {
            attack: slope(adsr.attack, (ATTACK_TARGET - 1.0) / ATTACK_TARGET),
            decay: slope(adsr.decay, RELEASE_MARGIN),
            sustain: adsr.sustain,
            release: slope(adsr.release, RELEASE_MARGIN / (1.0 + RELEASE_MARGIN)),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    Attack,
    /// Decay and sustain are one: the level moves to the sustain level and stays, or follows it when it is turned.
    Decay,
    Release,
    #[default]
    Over,
}

/// One run of an envelope. The default is one that is over.
#[derive(Debug, Clone, Copy, Default)]
pub struct Envelope {
    stage: Stage,
    level: f32,
}

impl Envelope {
    /// An envelope at the start of its attack.
    pub fn start() -> Self {
        Self {
            stage: Stage::Attack,
            level: 0.0,
        }
    }

    /// Lets go: the level falls from wherever it is.
    pub fn release(&mut self) {
        if self.stage != Stage::Over {
            self.stage = Stage::Release;
        }
    }

    /// Whether the release has reached zero.
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// Advances by one sample and returns the level, 0 to 1.
    #[inline]
    pub fn next(&mut self, slopes: &Slopes) -> f32 {
        match self.stage {
            Stage::Attack => {
                self.level += (ATTACK_TARGET - self.level) * slopes.attack;
                if self.level >= 1.0 {
                    self.level = 1.0;
                    self.stage = Stage::Decay;
                }
            }
            Stage::Decay => {
                let distance = slopes.sustain - self.level;
                let next = self.level + distance * slopes.decay;
                // The second condition is met when the step has become too small for the level's precision.
                let arrived = distance.abs() < ARRIVED || next == self.level;
                self.level = if arrived { slopes.sustain } else { next };
            }
            Stage::Release => {
                self.level -= (self.level + RELEASE_MARGIN) * slopes.release;
                if self.level <= 0.0 {
                    self.level = 0.0;
                    self.stage = Stage::Over;
                }
            }
            Stage::Over => {}
        }
        self.level
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f32 = 48_000.0;
    const ADSR: Adsr = Adsr {
        attack: 0.01,
        decay: 0.1,
        sustain: 0.5,
        release: 0.2,
    };

    fn run(envelope: &mut Envelope, slopes: &Slopes, samples: usize) -> Vec<f32> {
        (0..samples).map(|_| envelope.next(slopes)).collect()
    }

    #[test]
    fn each_part_takes_its_time() {
        let slopes = Slopes::new(&ADSR, RATE);
        let mut envelope = Envelope::start();
        let attack = run(&mut envelope, &slopes, 490);
        let top = attack.iter().position(|&x| x == 1.0).unwrap();
        assert!(top.abs_diff(479) <= 2, "the top after {top} samples, not 480");
        assert!(attack[..top].is_sorted(), "an attack only rises");

        let decay = run(&mut envelope, &slopes, 4_800);
        assert!((decay[4_799] - 0.5).abs() < 0.001);
        assert!(decay.is_sorted_by(|a, b| a >= b), "a decay only falls");
        assert_eq!(run(&mut envelope, &slopes, 48_000).last(), Some(&0.5));
    }

    #[test]
    fn a_full_release_takes_its_time_and_ends_in_exact_zero() {
        let slopes = Slopes::new(&Adsr { sustain: 1.0, ..ADSR }, RATE);
        let mut envelope = Envelope::start();
        run(&mut envelope, &slopes, 1_000);
        envelope.release();
        let release = run(&mut envelope, &slopes, 9_700);
        let end = release.iter().position(|&x| x == 0.0).unwrap();
        assert!(end.abs_diff(9_599) <= 20, "silence after {end} samples, not 9600");
        assert!(envelope.is_over());
        assert!(release[end..].iter().all(|&x| x == 0.0));
    }

    #[test]
    fn a_release_starts_where_the_attack_was() {
        let slopes = Slopes::new(&ADSR, RATE);
        let mut envelope = Envelope::start();
        let last = *run(&mut envelope, &slopes, 100).last().unwrap();
        envelope.release();
        let next = envelope.next(&slopes);
        assert!(next < last && last - next < 0.01, "{last} then {next}");
    }

    #[test]
    fn a_held_note_follows_the_sustain_level() {
        let mut envelope = Envelope::start();
        run(&mut envelope, &Slopes::new(&ADSR, RATE), 48_000);
        let up = run(
            &mut envelope,
            &Slopes::new(&Adsr { sustain: 0.8, ..ADSR }, RATE),
            48_000,
        );
        assert!(up.is_sorted());
        assert_eq!(up.last(), Some(&0.8));
    }

    #[test]
    fn times_of_zero_work() {
        let slopes = Slopes::new(
            &Adsr {
                attack: 0.0,
                decay: 0.0,
                sustain: 0.25,
                release: 0.0,
            },
            RATE,
        );
        let mut envelope = Envelope::start();
        assert_eq!(envelope.next(&slopes), 1.0);
        assert!((envelope.next(&slopes) - 0.25).abs() < 0.001);
        envelope.release();
        assert_eq!(run(&mut envelope, &slopes, 2).last(), Some(&0.0));
        assert!(envelope.is_over());
    }

    #[test]
    fn a_release_after_the_end_changes_nothing() {
        let mut envelope = Envelope::default();
        envelope.release();
        assert!(envelope.is_over());
    }
}
