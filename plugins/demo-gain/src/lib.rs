//! Demo Gain: a gain with a pan, a bypass and a meter, as CLAP and VST3. The least that a plugin has to have, done
//! properly.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`gain`] | what happens to sound |
//! | [`params`] | the parameters as hosts see them |
//! | [`meter`] | how the level gets to the editor |
//! | [`editor`] | the window |
//! | `demo_window` | its window, which the demonstration plugins share |
//! | this file | the plugin, which ties them together |
//!
//! In debug builds nice-plug aborts the process when the audio thread allocates, so that a mistake is found where it
//! is made. Release builds are without that guard.

pub mod editor;
pub mod gain;
pub mod meter;
pub mod params;

use std::num::NonZeroU32;
use std::sync::Arc;

use nice_plug::prelude::*;

use editor::GainEditor;
use gain::{Controls, GLIDE};
use meter::Meter;
use params::GainParams;

/// The plugin.
pub struct DemoGain {
    params: Arc<GainParams>,
    meter: Arc<Meter>,
    /// How much of the effect is heard. The switch is a step, what is heard of it a short fade.
    wet: Smoother<f32>,
    /// The end of that fade, to know when the switch was thrown.
    wet_target: f32,
    sample_rate: f32,
}

impl Default for DemoGain {
    fn default() -> Self {
        Self {
            params: Arc::default(),
            meter: Arc::default(),
            wet: Smoother::new(GLIDE),
            wet_target: 1.0,
            // The true one comes with `activate`, before the first block.
            sample_rate: 48_000.0,
        }
    }
}

impl Plugin for DemoGain {
    const NAME: &'static str = "Demo Gain";
    const VENDOR: &'static str = "Backline";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    /// Hosts take the first one if they do not choose.
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[
        AudioIOLayout {
            main_input_channels: NonZeroU32::new(2),
            main_output_channels: NonZeroU32::new(2),
            ..AudioIOLayout::const_default()
        },
        AudioIOLayout {
            main_input_channels: NonZeroU32::new(1),
            main_output_channels: NonZeroU32::new(1),
            ..AudioIOLayout::const_default()
        },
    ];

    /// `process` is called anew at the very sample at which a parameter changes.
    const SAMPLE_ACCURATE_AUTOMATION: bool = true;

    type Editor = GainEditor;
    type SysExMessage = ();
    type BackgroundTask = ();

    fn params(&self) -> Arc<dyn Params> {
        self.params.clone()
    }

    fn editor(&mut self, _async_executor: AsyncExecutor<Self>) -> Option<GainEditor> {
        Some(editor::editor(self.params.clone(), self.meter.clone()))
    }

    fn activate(
        &mut self,
        audio_io_layout: &AudioIOLayout,
        buffer_config: &BufferConfig,
        _context: &mut impl ActivateContext<Self>,
    ) -> bool {
        self.sample_rate = buffer_config.sample_rate;
        let channels = audio_io_layout.main_output_channels.map_or(0, NonZeroU32::get);
        self.meter.set_channels(channels as usize);
        true
    }

    fn reset(&mut self) {
        // nice-plug puts the smoothers of parameters where they belong; this one is ours.
        self.wet_target = self.wanted_wet();
        self.wet.reset(self.wet_target);
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        _aux: &mut AuxiliaryBuffers,
        _context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        let wanted = self.wanted_wet();
        if wanted != self.wet_target {
            self.wet_target = wanted;
            self.wet.set_target(self.sample_rate, wanted);
        }
        let controls = Controls {
            gain: &self.params.gain.smoothed,
            pan: &self.params.pan.smoothed,
            wet: &self.wet,
        };
        let peaks = controls.process(buffer.as_slice());
        for (channel, peak) in peaks.into_iter().enumerate() {
            self.meter.record(channel, peak);
        }
        ProcessStatus::Normal
    }
}

impl DemoGain {
    fn wanted_wet(&self) -> f32 {
        if self.params.bypass.value() { 0.0 } else { 1.0 }
    }
}

impl ClapPlugin for DemoGain {
    const CLAP_ID: &'static str = "org.backline.demo-gain";
    const CLAP_DESCRIPTION: Option<&'static str> = Some("A gain with a pan, a bypass and a meter");
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] = &[
        ClapFeature::AudioEffect,
        ClapFeature::Utility,
        ClapFeature::Stereo,
    ];
}

impl Vst3Plugin for DemoGain {
    const VST3_CLASS_ID: [u8; 16] = *b"BacklineDemoGai1";
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] = &[Vst3SubCategory::Fx, Vst3SubCategory::Tools];
}

nice_export_clap!(DemoGain);
nice_export_vst3!(DemoGain);
