//! Demo Synth: a polyphonic synthesizer as CLAP and VST3, to play at once and to read.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`synth`] | the sound: knows nothing of plugins, renders the same bits at every block size |
//! | [`params`] | the parameters as hosts see them |
//! | [`editor`] | the window |
//! | `demo_window` | its window, which the demonstration plugins share |
//! | this file | the plugin: it carries events and parameters to the sound, and the ends of notes back |

pub mod editor;
pub mod params;
pub mod synth;

use std::num::NonZeroU32;
use std::sync::Arc;

use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::*;

use editor::SynthEditor;
use params::SynthParams;
use synth::{Event, Note, Synth, Which};

/// The plugin.
pub struct DemoSynth {
    params: Arc<SynthParams>,
    synth: Synth,
}

impl Default for DemoSynth {
    fn default() -> Self {
        // The true sample rate comes with `activate`, before the first block.
        Self {
            params: Arc::default(),
            synth: Synth::new(48_000.0),
        }
    }
}

impl Plugin for DemoSynth {
    const NAME: &'static str = "Demo Synth";
    const VENDOR: &'static str = "Backline";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[AudioIOLayout {
        main_input_channels: None,
        main_output_channels: NonZeroU32::new(2),
        ..AudioIOLayout::const_default()
    }];

    /// Notes alone would do without; pitch bend, wheel and pedal come as MIDI.
    const MIDI_INPUT: MidiConfig = MidiConfig::MidiCCs;
    /// `process` is called anew at the very sample at which a parameter changes.
    const SAMPLE_ACCURATE_AUTOMATION: bool = true;

    type Editor = SynthEditor;
    type SysExMessage = ();
    type BackgroundTask = ();

    fn params(&self) -> Arc<dyn Params> {
        self.params.clone()
    }

    fn editor(&mut self, _async_executor: AsyncExecutor<Self>) -> Option<SynthEditor> {
        Some(editor::editor(self.params.clone()))
    }

    fn activate(
        &mut self,
        _audio_io_layout: &AudioIOLayout,
        buffer_config: &BufferConfig,
        _context: &mut impl ActivateContext<Self>,
    ) -> bool {
        self.synth = Synth::new(buffer_config.sample_rate);
        true
    }

    fn reset(&mut self) {
        self.synth.reset();
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        _aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        let [left, right] = buffer.as_slice() else {
            return ProcessStatus::Error("Demo Synth was given something else than a stereo output");
        };
        self.synth.set_patch(&self.params.patch());

        // Render up to each event, then take it. An event may lie at the very end: where the framework cuts a block
        // for a parameter change, notes of the same sample that stand before it belong to this part of the block.
        // They take effect with the next sample, which is the first of the next part.
        let frames = left.len();
        let mut done = 0;
        while let Some(event) = context.next_event() {
            let at = (event.timing() as usize).clamp(done, frames);
            self.render(left, right, done, at, context);
            done = at;
            if let Some(event) = translate(&event) {
                self.synth.handle(event, |note| send_end(context, at, note));
            }
        }
        self.render(left, right, done, frames, context);

        // While a key is down or a release rings the host must go on calling. Afterwards it may stop: there is
        // nothing but zeros until the next note.
        if self.synth.is_silent() {
            ProcessStatus::Normal
        } else {
            ProcessStatus::KeepAlive
        }
    }
}

impl DemoSynth {
    fn render(
        &mut self,
        left: &mut [f32],
        right: &mut [f32],
        from: usize,
        to: usize,
        context: &mut impl ProcessContext<Self>,
    ) {
        let ended = |frame, note| send_end(context, from + frame, note);
        self.synth
            .render(&mut left[from..to], &mut right[from..to], ended);
    }
}

/// Tells the host that a note has ended, so that it can free what it keeps for it.
fn send_end(context: &mut impl ProcessContext<DemoSynth>, frame: usize, note: Note) {
    #[expect(clippy::cast_possible_truncation, reason = "a frame within a block")]
    let timing = frame as u32;
    let event = NoteEvent::VoiceTerminated {
        timing,
        voice_id: note.id.map_or(VoiceID::Wildcard, VoiceID::ID),
        channel: Channel::Number(note.channel),
        key: Key::Number(note.key),
    };
    // It is a courtesy: a host whose queue is full, or that has none, goes without.
    let _ = context.try_send_event(event);
}

/// An event of the framework as one of ours, if it is one that the synthesizer knows.
fn translate(event: &NoteEvent<()>) -> Option<Event> {
    let which = |voice_id: VoiceID, channel: Channel, key: Key| Which {
        id: voice_id.id(),
        channel: channel.number(),
        key: key.number(),
    };
    Some(match *event {
        NoteEvent::NoteOn {
            voice_id,
            channel,
            key,
            velocity,
            ..
        } => {
            let note = Note {
                id: voice_id.id(),
                channel: channel.number().unwrap_or(0),
                key: key.number()?,
            };
            Event::NoteOn(note, velocity)
        }
        NoteEvent::NoteOff {
            voice_id,
            channel,
            key,
            ..
        } => Event::NoteOff(which(voice_id, channel, key)),
        NoteEvent::Choke {
            voice_id,
            channel,
            key,
            ..
        } => Event::Choke(which(voice_id, channel, key)),
        NoteEvent::PolyTuning {
            voice_id,
            channel,
            key,
            tuning,
            ..
        } => Event::Tuning(which(voice_id, channel, key), tuning),
        NoteEvent::MidiPitchBend { value, .. } => Event::Bend(bend(value)),
        NoteEvent::MidiCC { cc, value, .. } => Event::Controller(cc, value),
        _ => return None,
    })
}

/// The position of the pitch wheel, -1 to 1, from the framework's 0 to 1.
///
/// MIDI has 8192 steps below the middle and 8191 above. Taken as they are, the wheel at rest would be out of tune by
/// a little, or the wheel at its top would not reach the bend range.
fn bend(value: f32) -> f32 {
    let steps = (value * 16_383.0).round() - 8_192.0;
    if steps < 0.0 {
        steps / 8_192.0
    } else {
        steps / 8_191.0
    }
}

impl ClapPlugin for DemoSynth {
    const CLAP_ID: &'static str = "org.backline.demo-synth";
    const CLAP_DESCRIPTION: Option<&'static str> =
        Some("A polyphonic synthesizer to play at once and to read");
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] = &[
        ClapFeature::Instrument,
        ClapFeature::Synthesizer,
        ClapFeature::Stereo,
    ];
    /// No parameter is modulated per note; this tells hosts how many voices there are, and that notes may overlap.
    const CLAP_POLY_MODULATION_CONFIG: Option<PolyModulationConfig> = Some(PolyModulationConfig {
        max_voice_capacity: synth::VOICES,
        supports_overlapping_voices: true,
    });
}

impl Vst3Plugin for DemoSynth {
    const VST3_CLASS_ID: [u8; 16] = *b"BacklineDemoSyn1";
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] =
        &[Vst3SubCategory::Instrument, Vst3SubCategory::Synth];
}

nice_export_clap!(DemoSynth);
nice_export_vst3!(DemoSynth);

#[cfg(test)]
mod tests;
