//! The parameters as hosts see them, and the way from there to a [`Patch`].

mod text;

use nice_plug::prelude::*;

use crate::synth::{Adsr, Patch, Waveform};
use demo_window::WindowMemory;

/// All parameters of the plugin, and what else it saves.
///
/// The ids in the attributes are written into every project and preset: they must never change. Names may.
#[derive(Params)]
pub struct SynthParams {
    /// The size of the editor, kept with the sound.
    #[persist = "window"]
    pub window: WindowMemory,
    /// The oscillators.
    #[nested(group = "Oscillators")]
    pub oscillators: OscillatorParams,
    /// The filter.
    #[nested(group = "Filter")]
    pub filter: FilterParams,
    /// The envelope of the filter. The prefix keeps its ids apart from those of the other envelope.
    #[nested(group = "Filter", id_prefix = "filter")]
    pub filter_envelope: EnvelopeParams,
    /// The envelope of the loudness.
    #[nested(group = "Amplifier", id_prefix = "amp")]
    pub amp_envelope: EnvelopeParams,
    /// What concerns the player.
    #[nested(group = "Player")]
    pub player: PlayerParams,
}

/// Parameters of the oscillators.
#[derive(Params)]
pub struct OscillatorParams {
    /// The waveform of both.
    #[id = "waveform"]
    pub waveform: EnumParam<WaveformChoice>,
    /// The share of its cycle for which a pulse is up.
    #[id = "pulse_width"]
    pub pulse_width: FloatParam,
    /// Their distance in cents.
    #[id = "detune"]
    pub detune: FloatParam,
    /// How far they are panned apart.
    #[id = "spread"]
    pub spread: FloatParam,
}

/// Parameters of the filter.
#[derive(Params)]
pub struct FilterParams {
    /// The cutoff in Hz.
    #[id = "cutoff"]
    pub cutoff: FloatParam,
    /// The resonance.
    #[id = "resonance"]
    pub resonance: FloatParam,
    /// The octaves by which the envelope opens it.
    #[id = "filter_envelope"]
    pub envelope: FloatParam,
    /// How far it follows the keys.
    #[id = "key_tracking"]
    pub key_tracking: FloatParam,
}

/// Parameters of an envelope.
#[derive(Params)]
pub struct EnvelopeParams {
    /// Seconds from silence to the top.
    #[id = "attack"]
    pub attack: FloatParam,
    /// Seconds from the top to the sustain level.
    #[id = "decay"]
    pub decay: FloatParam,
    /// The level of a held note.
    #[id = "sustain"]
    pub sustain: FloatParam,
    /// Seconds from the top to silence.
    #[id = "release"]
    pub release: FloatParam,
}

/// Parameters that concern the player.
#[derive(Params)]
pub struct PlayerParams {
    /// How much velocity matters.
    #[id = "velocity"]
    pub velocity: FloatParam,
    /// The semitones of the pitch wheel.
    #[id = "bend_range"]
    pub bend_range: IntParam,
    /// The gain in dB.
    #[id = "gain"]
    pub gain: FloatParam,
}

/// The waveforms by the ids under which they are saved.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaveformChoice {
    /// A saw.
    #[id = "saw"]
    Saw,
    /// A pulse.
    #[id = "pulse"]
    Pulse,
    /// A triangle.
    #[id = "triangle"]
    Triangle,
    /// A sine.
    #[id = "sine"]
    Sine,
}

impl From<WaveformChoice> for Waveform {
    fn from(choice: WaveformChoice) -> Self {
        match choice {
            WaveformChoice::Saw => Self::Saw,
            WaveformChoice::Pulse => Self::Pulse,
            WaveformChoice::Triangle => Self::Triangle,
            WaveformChoice::Sine => Self::Sine,
        }
    }
}

impl From<Waveform> for WaveformChoice {
    fn from(waveform: Waveform) -> Self {
        match waveform {
            Waveform::Saw => Self::Saw,
            Waveform::Pulse => Self::Pulse,
            Waveform::Triangle => Self::Triangle,
            Waveform::Sine => Self::Sine,
        }
    }
}

impl Default for SynthParams {
    fn default() -> Self {
        // The core says how the plugin sounds when it is new; the parameters follow.
        let patch = Patch::default();
        Self {
            window: WindowMemory::new(crate::editor::DEFAULT_SIZE),
            oscillators: OscillatorParams {
                waveform: EnumParam::new("Waveform", patch.waveform.into()),
                pulse_width: percent("Pulse Width", patch.pulse_width, 0.05, 0.95),
                detune: FloatParam::new("Detune", patch.detune, FloatRange::Linear { min: 0.0, max: 50.0 })
                    .with_unit(" ct")
                    .with_value_to_string(formatters::v2s_f32_rounded(1)),
                spread: percent("Spread", patch.spread, 0.0, 1.0),
            },
            filter: FilterParams {
                cutoff: FloatParam::new("Cutoff", patch.cutoff, skewed(20.0, 20_000.0))
                    .with_value_to_string(formatters::v2s_f32_hz_then_khz(0))
                    .with_string_to_value(formatters::s2v_f32_hz_then_khz()),
                resonance: percent("Resonance", patch.resonance, 0.0, 1.0),
                envelope: FloatParam::new(
                    "Filter Envelope",
                    patch.filter_envelope,
                    FloatRange::Linear { min: -5.0, max: 5.0 },
                )
                .with_unit(" oct")
                .with_value_to_string(formatters::v2s_f32_rounded(2)),
                key_tracking: percent("Key Tracking", patch.key_tracking, 0.0, 1.0),
            },
            filter_envelope: EnvelopeParams::new("Filter ", &patch.filter),
            amp_envelope: EnvelopeParams::new("", &patch.amp),
            player: PlayerParams {
                velocity: percent("Velocity", patch.velocity, 0.0, 1.0),
                bend_range: IntParam::new("Bend Range", 2, IntRange::Linear { min: 0, max: 24 })
                    .with_unit(" st"),
                gain: FloatParam::new(
                    "Gain",
                    0.0,
                    FloatRange::Linear {
                        min: text::SILENCE_DB,
                        max: 12.0,
                    },
                )
                .with_unit(" dB")
                .with_value_to_string(text::from_decibels())
                .with_string_to_value(text::to_decibels()),
            },
        }
    }
}

impl EnvelopeParams {
    fn new(prefix: &str, adsr: &Adsr) -> Self {
        let time = |name: &str, default| {
            FloatParam::new(format!("{prefix}{name}"), default, skewed(0.001, 10.0))
                .with_value_to_string(text::from_seconds())
                .with_string_to_value(text::to_seconds())
        };
        Self {
            attack: time("Attack", adsr.attack),
            decay: time("Decay", adsr.decay),
            sustain: percent(format!("{prefix}Sustain"), adsr.sustain, 0.0, 1.0),
            release: time("Release", adsr.release),
        }
    }

    fn adsr(&self) -> Adsr {
        Adsr {
            attack: self.attack.value(),
            decay: self.decay.value(),
            sustain: self.sustain.value(),
            release: self.release.value(),
        }
    }
}

impl SynthParams {
    /// The patch as the parameters stand. Real-time safe.
    ///
    /// The values are those of this sample and unsmoothed: the synthesizer lets them glide itself.
    pub fn patch(&self) -> Patch {
        let Self {
            window: _,
            oscillators,
            filter,
            filter_envelope,
            amp_envelope,
            player,
        } = self;
        Patch {
            waveform: oscillators.waveform.value().into(),
            pulse_width: oscillators.pulse_width.value(),
            detune: oscillators.detune.value(),
            spread: oscillators.spread.value(),
            cutoff: filter.cutoff.value(),
            resonance: filter.resonance.value(),
            filter_envelope: filter.envelope.value(),
            key_tracking: filter.key_tracking.value(),
            amp: amp_envelope.adsr(),
            filter: filter_envelope.adsr(),
            velocity: player.velocity.value(),
            bend_range: player.bend_range.value() as f32,
            gain: text::gain(player.gain.value()),
        }
    }
}

/// A parameter that is shown in percent.
fn percent(name: impl Into<String>, default: f32, min: f32, max: f32) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Linear { min, max })
        .with_unit(" %")
        .with_value_to_string(formatters::v2s_f32_percentage(0))
        .with_string_to_value(formatters::s2v_f32_percentage())
}

/// A range that gives small values, where the ear hears differences best, most of the travel.
fn skewed(min: f32, max: f32) -> FloatRange {
    FloatRange::Skewed {
        min,
        max,
        factor: FloatRange::skew_factor(-2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_start_as_the_default_patch() {
        assert_eq!(SynthParams::default().patch(), Patch::default());
    }

    #[test]
    fn names_and_ids_are_unique() {
        let params = SynthParams::default();
        let map = params.param_map();
        assert_eq!(map.len(), 19);
        // SAFETY: the pointers are into `params`, which outlives them.
        let mut names: Vec<_> = map
            .iter()
            .map(|(_, param, _)| unsafe { param.name() }.to_owned())
            .collect();
        let mut ids: Vec<_> = map.iter().map(|(id, ..)| id.clone()).collect();
        for list in [&mut names, &mut ids] {
            list.sort();
            list.dedup();
            assert_eq!(list.len(), 19);
        }
        for name in [
            "Waveform",
            "Cutoff",
            "Filter Envelope",
            "Attack",
            "Filter Attack",
            "Bend Range",
            "Gain",
        ] {
            assert!(names.iter().any(|n| n == name), "{name}");
        }
    }

    #[test]
    fn every_text_can_be_typed_in_again() {
        let params = SynthParams::default();
        for (id, param, _) in params.param_map() {
            for step in 0..=20u8 {
                let normalized = f32::from(step) / 20.0;
                // SAFETY: the pointers are into `params`, which outlives them.
                let (shown, shown_again) = unsafe {
                    let shown = param.normalized_value_to_string(normalized, true);
                    let typed = param.string_to_normalized_value(&shown);
                    let typed = typed.unwrap_or_else(|| panic!("{id}: {shown:?} cannot be typed in"));
                    (shown, param.normalized_value_to_string(typed, true))
                };
                assert_eq!(shown, shown_again, "{id}");
            }
        }
    }
}
