//! The patch and the wheels, as the voices see them at each sample.

use super::filter::Filter;
use super::math;
use super::oscillator::Waveform;
use super::patch::Patch;
use super::smoother::Smoother;

/// The time constant of every glide, in seconds. A wheel or a parameter that jumps must not click.
const GLIDE: f32 = 0.005;
/// The time in which one waveform gives way to another, in seconds.
const WAVEFORM_FADE: f32 = 0.01;
/// The speed of the vibrato in Hz, about that of a singer.
const VIBRATO_RATE: f32 = 5.5;
/// The depth of the vibrato with the wheel fully up, in semitones to either side.
const VIBRATO_DEPTH: f32 = 0.5;

/// What all voices share at one sample.
#[derive(Debug, Clone, Copy, Default)]
pub struct Control {
    /// The factors by which bend, vibrato and detuning change the frequency of either oscillator.
    pub ratios: [f32; 2],
    /// The waveform.
    pub waveform: Waveform,
    /// The waveform that is giving way.
    pub previous: Waveform,
    /// How much of it is left, 1 to 0.
    pub previous_share: f32,
    /// The share of its cycle for which a pulse is up.
    pub width: f32,
    /// The first oscillator's share of the left and of the right channel; the second has them the other way round.
    pub pan: [f32; 2],
    /// The filter's cutoff in octaves relative to the sample rate.
    pub cutoff: f32,
    /// The filter's damping.
    pub damping: f32,
    /// The octaves by which the filter's envelope opens it.
    pub filter_envelope: f32,
    /// The octaves by which a key an octave higher opens it.
    pub key_tracking: f32,
    /// How much velocity matters, 0 to 1.
    pub velocity: f32,
    /// The gain of the whole.
    pub gain: f32,
}

/// The glides and the vibrato behind the [`Control`]s.
#[derive(Debug, Clone, Default)]
pub struct Controls {
    sample_rate: f32,
    glide: f32,
    detune: Smoother,
    spread: Smoother,
    width: Smoother,
    cutoff: Smoother,
    resonance: Smoother,
    filter_envelope: Smoother,
    key_tracking: Smoother,
    velocity: Smoother,
    bend_range: Smoother,
    gain: Smoother,
    bend: Smoother,
    modulation: Smoother,
    vibrato: f32,
    waveform: Waveform,
    /// Where the fade from `previous` leads. The waveform asked for waits until a fade that is under way is over.
    current: Waveform,
    previous: Waveform,
    previous_share: f32,
}

impl Controls {
    /// Controls for a sample rate. They stand at zero until [`set_patch`](Self::set_patch) and [`jump`](Self::jump).
    pub fn new(sample_rate: f32) -> Self {
        Self {
            sample_rate,
            glide: Smoother::coefficient(GLIDE, sample_rate),
            ..Self::default()
        }
    }

    /// Sets where the glides lead.
    pub fn set_patch(&mut self, patch: &Patch) {
        // Each field is named, so that a new one cannot be forgotten.
        let Patch {
            waveform,
            pulse_width,
            detune,
            spread,
            cutoff,
            resonance,
            filter_envelope,
            key_tracking,
            amp: _,
            filter: _,
            velocity,
            bend_range,
            gain,
        } = *patch;
        self.waveform = waveform;
        self.width.set_target(pulse_width.clamp(0.02, 0.98));
        self.detune.set_target(detune / 100.0);
        self.spread.set_target(spread);
        self.cutoff
            .set_target((cutoff.max(1.0) / self.sample_rate).log2());
        self.resonance.set_target(resonance);
        self.filter_envelope.set_target(filter_envelope);
        self.key_tracking.set_target(key_tracking);
        self.velocity.set_target(velocity);
        self.bend_range.set_target(bend_range);
        self.gain.set_target(gain);
    }

    /// The pitch wheel, -1 to 1.
    pub fn bend(&mut self, position: f32) {
        self.bend.set_target(position);
    }

    /// The modulation wheel, 0 to 1.
    pub fn modulation(&mut self, position: f32) {
        self.modulation.set_target(position);
    }

    /// Ends every glide where it leads and starts the vibrato anew.
    pub fn jump(&mut self) {
        for smoother in [
            &mut self.detune,
            &mut self.spread,
            &mut self.width,
            &mut self.cutoff,
            &mut self.resonance,
            &mut self.filter_envelope,
            &mut self.key_tracking,
            &mut self.velocity,
            &mut self.bend_range,
            &mut self.gain,
            &mut self.bend,
            &mut self.modulation,
        ] {
            smoother.jump();
        }
        self.vibrato = 0.0;
        self.current = self.waveform;
        self.previous_share = 0.0;
    }

    /// Advances by one sample.
    pub fn next(&mut self) -> Control {
        let glide = self.glide;

        let modulation = self.modulation.next(glide);
        let vibrato = VIBRATO_DEPTH * modulation * math::sine(self.vibrato);
        self.vibrato += VIBRATO_RATE / self.sample_rate;
        if self.vibrato >= 1.0 {
            self.vibrato -= 1.0;
        }
        let semitones = self.bend.next(glide) * self.bend_range.next(glide) + vibrato;
        let detune = 0.5 * self.detune.next(glide);

        self.previous_share = (self.previous_share - 1.0 / (WAVEFORM_FADE * self.sample_rate)).max(0.0);
        if self.previous_share == 0.0 && self.waveform != self.current {
            self.previous = self.current;
            self.current = self.waveform;
            self.previous_share = 1.0;
        }

        let spread = 0.5 * self.spread.next(glide);
        Control {
            ratios: [
                math::exp2((semitones - detune) / 12.0),
                math::exp2((semitones + detune) / 12.0),
            ],
            waveform: self.current,
            previous: self.previous,
            previous_share: self.previous_share,
            width: self.width.next(glide),
            pan: [0.5 + spread, 0.5 - spread],
            cutoff: self.cutoff.next(glide),
            damping: Filter::damping(self.resonance.next(glide)),
            filter_envelope: self.filter_envelope.next(glide),
            key_tracking: self.key_tracking.next(glide),
            velocity: self.velocity.next(glide),
            gain: self.gain.next(glide),
        }
    }
}
