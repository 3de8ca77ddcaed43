//! Tells a processor that does not run what its parameters have been set to, so that its state has them.
//!
//! The format has a way for that, a block of no frames, which not every plugin minds. A block of silence is one that all
//! know, and nobody hears it.

use super::activation::{self, Audio};
use super::instance::Instance;
use crate::lend::lend_slice;
use crate::{link, role};
use rt::clap::{ClapEvent, ClapScratch};
use rt::processor::Call;
use rt::transport::Transport;

/// Frames of the block.
const FRAMES: usize = 64;
/// Frames a second: a rate that every plugin runs at.
const RATE: f64 = 48_000.0;

/// Values that surely go with one block.
const AT_ONCE: usize = 4096;

/// Activates the plugin for as many blocks as its values take. Returns whether it took them; one that refuses to be
/// activated keeps them for later.
pub(super) fn flush(instance: &mut Instance) -> bool {
    let blocks = instance.pending.len().div_ceil(AT_ONCE);
    let Ok(audio) = activation::prepare(instance, RATE, FRAMES) else {
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
        for block in 0..blocks as u64 {
            inputs.fill(None, FRAMES);
            processor.process(Call {
                frames: FRAMES,
                steady: block * FRAMES as u64,
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
