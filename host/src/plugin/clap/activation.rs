//! Activating a CLAP plugin: its ports become buffers, its processor a unit of a chain.

use super::host::{AudioThread, ask};
use super::instance::Instance;
use crate::lend::{lend, lend_slice};
use crate::plugin::ActivateError;
use crate::plugin::layout::{Layout, MOST_LATENCY};
use crate::role;
use clack_extensions::audio_ports::{AudioPortFlags, AudioPortInfoBuffer};
use clack_extensions::note_ports::{NoteDialect, NotePortInfoBuffer};
use clack_extensions::tail::TailLength;
use clack_host::process::{PluginAudioConfiguration, PluginAudioProcessor};
use rt::clap::{ClapProcessor, PortPointers, no_ports};
use rt::processor::{NoteInput, NotePorts, Processor};
use rt::rack::Unit;

pub(super) fn activate(
    instance: &mut Instance,
    rate: f64,
    max_block: usize,
) -> Result<Box<Unit>, ActivateError> {
    let inputs = layout(instance, true)?;
    let outputs = layout(instance, false)?;
    let notes = note_ports(instance);
    let refused = |reason: &str, name: &str| ActivateError::Refused {
        name: name.to_owned(),
        rate,
        max_block,
        reason: reason.to_owned(),
    };
    let Ok(max_frames_count) = u32::try_from(max_block) else {
        return Err(refused("the blocks are too long", &instance.descriptor.name));
    };
    let configuration = PluginAudioConfiguration {
        sample_rate: rate,
        min_frames_count: 1,
        max_frames_count: max_frames_count.max(1),
    };
    let processor = instance
        .plugin
        .activate(|shared, _| AudioThread(shared), configuration);
    let processor = processor.map_err(|error| refused(&error.to_string(), &instance.descriptor.name))?;
    let mut processor = PluginAudioProcessor::from(processor);
    // What it asked for while it was being activated is what it now is.
    instance.plugin.access_shared_handler(|shared| {
        shared.take_asked(!(ask::RESTART | ask::LATENCY | ask::AUDIO_PORTS | ask::NOTE_PORTS));
    });
    instance.rate = rate;
    let handle = instance.plugin.plugin_handle();
    instance.latency = instance
        .extensions
        .latency
        .map_or(0, |latency| latency.get(&handle))
        .min(MOST_LATENCY);
    instance.tail = instance.extensions.tail.map_or(Some(0), |tail| {
        // The tail may be asked for on main or on the audio thread; no device has the processor yet.
        let _role = role::Audio::enter();
        match tail.get(&processor.plugin_handle()) {
            TailLength::Finite(frames) => Some(frames),
            TailLength::Infinite => None,
        }
    });

    let pointers = |layout: &Layout| {
        PortPointers::new(
            lend(no_ports(layout.shapes.len()).collect()),
            lend_slice(layout.channels, std::ptr::null_mut()),
        )
    };
    let processor: Box<dyn Processor> = Box::new(ClapProcessor::new(
        processor,
        pointers(&inputs),
        pointers(&outputs),
        notes.input,
    ));
    Ok(Box::new(Unit::new(
        lend(processor),
        inputs.buffers(max_block),
        outputs.buffers(max_block),
        notes,
        instance.latency,
    )))
}

fn layout(instance: &mut Instance, input: bool) -> Result<Layout, ActivateError> {
    let mut layout = Layout::default();
    let Some(ports) = instance.extensions.audio_ports else {
        return Ok(layout);
    };
    let handle = instance.plugin.plugin_handle();
    let mut buffer = AudioPortInfoBuffer::new();
    for index in 0..ports.count(&handle, input) {
        // A port that the plugin counts and does not describe still has its place in the process call.
        let port = ports.get(&handle, index, input, &mut buffer);
        let channels = port.as_ref().map_or(0, |port| port.channel_count);
        let main = port.is_some_and(|port| port.flags.contains(AudioPortFlags::IS_MAIN));
        layout.push(channels, (main, true), &instance.descriptor.name)?;
    }
    Ok(layout)
}

/// What the plugin listens to and says. It hears its first note input.
fn note_ports(instance: &mut Instance) -> NotePorts {
    let none = NotePorts {
        input: NoteInput::None,
        output: false,
    };
    let Some(ports) = instance.extensions.note_ports else {
        return none;
    };
    let handle = instance.plugin.plugin_handle();
    let output = ports.count(&handle, false) > 0;
    let mut buffer = NotePortInfoBuffer::new();
    if ports.count(&handle, true) == 0 {
        return NotePorts { output, ..none };
    }
    let Some(port) = ports.get(&handle, 0, true, &mut buffer) else {
        return NotePorts { output, ..none };
    };
    let speaks = |dialect| port.supported_dialects.supports(dialect);
    let midi = speaks(NoteDialect::Midi) || speaks(NoteDialect::MidiMpe);
    let prefers_midi = matches!(
        port.preferred_dialect,
        Some(NoteDialect::Midi | NoteDialect::MidiMpe)
    );
    let input = match (speaks(NoteDialect::Clap), midi) {
        (true, true) if !prefers_midi => NoteInput::ClapAndMidi,
        (_, true) => NoteInput::Midi,
        (true, false) => NoteInput::Clap,
        (false, false) => NoteInput::None,
    };
    NotePorts { input, output }
}
