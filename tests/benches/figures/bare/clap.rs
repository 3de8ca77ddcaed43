//! A CLAP plugin in a bare loop, through clack.

use super::Feed;
use crate::case::{RATE, Sound};
use crate::score::{DOWN, Score, UP, What};
use anyhow::{Context, Result};
use clack_host::events::event_types::{
    NoteOffEvent, NoteOnEvent, ParamValueEvent, TransportEvent, TransportFlags,
};
use clack_host::events::{EventFlags, EventHeader, Match, Pckn};
use clack_host::prelude::*;
use clack_host::utils::{BeatTime, ClapId, SecondsTime};
use std::path::Path;

/// A host that hears nothing.
struct Deaf;

impl HostHandlers for Deaf {
    type Shared<'a> = ();
    type MainThread<'a> = ();
    type AudioProcessor<'a> = ();
}

/// Plays a score on the first plugin of a file and gives the last block.
pub fn play(file: &Path, (mut input, frames): Feed, blocks: u64, score: &Score) -> Result<Sound> {
    let mut instance = load(file)?;
    let frames_count = u32::try_from(frames)?;
    let processor = instance.activate(
        |(), ()| (),
        PluginAudioConfiguration {
            sample_rate: f64::from(RATE),
            min_frames_count: 1,
            max_frames_count: frames_count,
        },
    )?;
    // On error the processor comes back inside it, and cannot leave this thread.
    let mut processor = processor
        .start_processing()
        .ok()
        .context("The plugin did not start")?;

    let mut output = [vec![0.0; frames], vec![0.0; frames]];
    let mut input_ports = AudioPorts::with_capacity(2, 1);
    let mut output_ports = AudioPorts::with_capacity(2, 1);
    let inputs = input_ports.with_input_buffers(input.as_mut().map(|sides| AudioPortBuffer {
        latency: 0,
        channels: AudioPortBufferType::f32_input_only(sides.iter_mut().map(InputChannel::variable)),
    }));
    let mut outputs = output_ports.with_output_buffers([AudioPortBuffer {
        latency: 0,
        channels: AudioPortBufferType::f32_output_only(output.iter_mut().map(Vec::as_mut_slice)),
    }]);
    let events = score
        .kinds
        .iter()
        .map(|kind| events(kind))
        .collect::<Result<Vec<_>>>()?;
    let transport = transport();

    for block in 0..blocks {
        processor.process(
            &inputs,
            &mut outputs,
            &InputEvents::from_buffer(&events[(score.kind_of)(block)]),
            &mut OutputEvents::void(),
            Some(block * frames as u64),
            Some(&transport),
        )?;
    }
    instance.deactivate(processor.stop_processing());
    Ok(output)
}

fn load(file: &Path) -> Result<PluginInstance<Deaf>> {
    // SAFETY: loading a library runs its code; this one is our own demonstration plugin.
    let entry = unsafe { PluginEntry::load(file) }?;
    let factory = entry
        .get_plugin_factory()
        .context("The demonstration plugin has no factory")?;
    let descriptor = factory
        .plugin_descriptor(0)
        .context("The demonstration plugin's factory is empty")?;
    let id = descriptor.id().context("The demonstration plugin has no id")?;
    let info = HostInfo::new("Bare loop", "Backline", "", "1")?;
    Ok(PluginInstance::new(|()| (), |&()| (), &entry, id, &info)?)
}

/// A block's events as the plugin reads them.
fn events(happenings: &[(u32, What)]) -> Result<EventBuffer> {
    let mut events = EventBuffer::with_capacity(happenings.len());
    for &(time, what) in happenings {
        let note = |key: u8| Pckn::new(0_u16, 0_u16, u16::from(key), Match::All);
        match what {
            What::Down(key) => events.push(&NoteOnEvent::new(time, note(key), f64::from(DOWN) / 127.0)),
            What::Up(key) => events.push(&NoteOffEvent::new(time, note(key), f64::from(UP) / 127.0)),
            What::Param { id, value } => {
                let id = ClapId::from_raw(id).context("a parameter without an id")?;
                events.push(&ParamValueEvent::new(time, id, Pckn::match_all(), value));
            }
        }
    }
    Ok(events)
}

/// What Backline tells of musical time while nothing plays: plugins do more when they are told.
fn transport() -> TransportEvent {
    TransportEvent {
        header: EventHeader::new_core(0, EventFlags::IS_LIVE),
        flags: TransportFlags::HAS_TEMPO
            | TransportFlags::HAS_BEATS_TIMELINE
            | TransportFlags::HAS_SECONDS_TIMELINE
            | TransportFlags::HAS_TIME_SIGNATURE,
        song_pos_beats: BeatTime::from_int(0),
        song_pos_seconds: SecondsTime::from_int(0),
        tempo: 120.0,
        tempo_inc: 0.0,
        loop_start_beats: BeatTime::from_int(0),
        loop_end_beats: BeatTime::from_int(0),
        loop_start_seconds: SecondsTime::from_int(0),
        loop_end_seconds: SecondsTime::from_int(0),
        bar_start: BeatTime::from_int(0),
        bar_number: 0,
        time_signature_numerator: 4,
        time_signature_denominator: 4,
    }
}
