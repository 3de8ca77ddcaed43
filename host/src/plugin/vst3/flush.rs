//! Tells a processor that does not run what its parameters have been set to: so that its state has them, and so that they
//! are there from the first sample on when it is activated. Told with that sample only, a gain would glide to its value, and
//! a latency would change as soon as the music begins.
//!
//! The format's way is a block of no frames, which hosts use that plugins are tested with. Some plugins do not listen to it:
//! DPF's, for one. A block of silence is one that all hear, but it moves on what swings by itself in a plugin.

use super::activation::{self, Audio};
use super::instance::Instance;
use crate::lend::lend_slice;
use crate::{link, role};
use rt::clap::{ClapEvent, ClapScratch};
use rt::processor::Call;
use rt::transport::Transport;

/// Frames of a block of silence.
const FRAMES: usize = 64;
/// Frames a second: a rate that every plugin runs at.
const RATE: f64 = 48_000.0;

/// Values that surely go with one block.
const AT_ONCE: usize = 4096;

/// Tells a plugin that is about to be activated at `rate` what it listens to without a block of its own. As far as it does
/// not, it hears it with its first block, so everything stays put by for that.
pub(super) fn before_activation(instance: &mut Instance, rate: f64) {
    let values = instance.pending.clone();
    run(instance, rate, 0);
    instance.pending = values;
}

/// Tells a plugin whose state is about to be saved. Returns whether it has heard everything; one that refuses to be activated
/// keeps its values for later.
pub(super) fn before_saving(instance: &mut Instance) -> bool {
    let state = |instance: &Instance| instance.objects.as_ref()?.component_state().ok();
    let before = state(instance);
    let values = instance.pending.clone();
    if !run(instance, RATE, 0) {
        return false;
    }
    if state(instance) == before {
        instance.pending = values;
        return run(instance, RATE, FRAMES);
    }
    true
}

/// Activates the plugin for as many blocks as its values take. Returns whether it ran.
fn run(instance: &mut Instance, rate: f64, frames: usize) -> bool {
    let blocks = instance.pending.len().div_ceil(AT_ONCE);
    let Ok(audio) = activation::prepare(instance, rate, FRAMES) else {
        return false;
    };
    let Audio {
        mut processor,
        inputs,
        outputs,
        notes: _,
    } = audio;
    let (mut inputs, mut outputs) = (inputs.buffers(FRAMES), outputs.buffers(FRAMES));
    let events = link::events(1, 0);
    let mut out = link::events(FRAMES, 1 << 12);
    let mut clap = ClapScratch::new(lend_slice(1, ClapEvent::default()));
    let mut vst3 = link::vst3_scratch();
    {
        // No device has the processor, so main is the audio thread for this block.
        let _role = role::Audio::enter();
        processor.start();
        for _ in 0..blocks {
            inputs.fill(None, frames);
            processor.process(Call {
                frames,
                steady: 0,
                transport: &Transport::STOPPED,
                inputs: &mut inputs,
                outputs: &mut outputs,
                events: &events,
                out: &mut out,
                clap: &mut clap,
                vst3: &mut vst3,
                system: None,
            });
        }
        processor.stop();
    }
    drop(processor);
    instance.deactivate()
}
