//! Tests of what this crate adds to the sound: how a host's calls become those of the synthesizer.

use std::collections::VecDeque;

use nice_plug::context::PluginApi;
use nice_plug::context::process::{SendEventError, Transport};

use super::*;

/// A host's side of one call of `process`.
struct Call {
    transport: Transport,
    events: VecDeque<NoteEvent<()>>,
    sent: Vec<NoteEvent<()>>,
    /// What the host makes of an event that is sent to it.
    refuses: bool,
}

impl ProcessContext<DemoSynth> for Call {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Clap
    }

    fn execute_background(&self, (): ()) {}

    fn execute_gui(&self, (): ()) {}

    fn transport(&self) -> &Transport {
        &self.transport
    }

    fn next_event(&mut self) -> Option<NoteEvent<()>> {
        self.events.pop_front()
    }

    fn try_send_event(&mut self, event: NoteEvent<()>) -> Result<(), (NoteEvent<()>, SendEventError)> {
        if self.refuses {
            return Err((event, SendEventError::HostBufferFull));
        }
        self.sent.push(event);
        Ok(())
    }

    fn set_latency_samples(&self, _samples: u32) {}

    fn request_restart(&self) {}

    fn set_current_voice_capacity(&self, _capacity: u32) {}
}

/// Calls `process` for `frames` frames. Gives the left channel, what was sent, and the status.
fn process(
    plugin: &mut DemoSynth,
    frames: usize,
    events: &[NoteEvent<()>],
    refuses: bool,
) -> (Vec<f32>, Vec<NoteEvent<()>>, ProcessStatus) {
    let (mut left, mut right) = (vec![1.0; frames], vec![1.0; frames]);
    let mut buffer = Buffer::default();
    // SAFETY: both slices have the length given and live until `buffer` is last used.
    unsafe { buffer.set_slices(frames, |slices| *slices = vec![&mut left, &mut right]) };
    let mut call = Call {
        transport: Transport::new(48_000.0),
        events: events.iter().copied().collect(),
        sent: Vec::new(),
        refuses,
    };
    let status = plugin.process(
        &mut buffer,
        &mut AuxiliaryBuffers {
            inputs: &mut [],
            outputs: &mut [],
        },
        &mut call,
    );
    (left, call.sent, status)
}

fn on(timing: u32) -> NoteEvent<()> {
    NoteEvent::NoteOn {
        timing,
        voice_id: VoiceID::ID(5),
        channel: Channel::Number(2),
        key: Key::Number(60),
        velocity: 1.0,
    }
}

fn choke(timing: u32) -> NoteEvent<()> {
    NoteEvent::Choke {
        timing,
        voice_id: VoiceID::ID(5),
        channel: Channel::Wildcard,
        key: Key::Wildcard,
    }
}

#[test]
fn a_note_sounds_from_its_frame_on() {
    let mut plugin = DemoSynth::default();
    let (left, ..) = process(&mut plugin, 100, &[on(37)], false);
    assert!(left[..37].iter().all(|x| *x == 0.0));
    assert!(left[37..40].iter().all(|x| *x != 0.0));
}

#[test]
fn an_event_at_the_end_of_a_block_belongs_to_the_next_one() {
    let mut plugin = DemoSynth::default();
    let (left, ..) = process(&mut plugin, 100, &[on(100)], false);
    assert!(left.iter().all(|x| *x == 0.0));
    let (left, ..) = process(&mut plugin, 100, &[], false);
    assert!(left[0] != 0.0);
}

#[test]
fn the_end_of_a_note_is_told_at_its_frame_and_the_host_may_sleep_then() {
    let mut plugin = DemoSynth::default();
    let (_, sent, status) = process(&mut plugin, 64, &[on(0)], false);
    assert!(sent.is_empty());
    assert_eq!(status, ProcessStatus::KeepAlive);
    let (left, sent, status) = process(&mut plugin, 480, &[choke(10)], false);
    let [
        NoteEvent::VoiceTerminated {
            timing,
            voice_id,
            channel,
            key,
        },
    ] = sent[..]
    else {
        panic!("one note has ended, but {sent:?} was sent");
    };
    assert_eq!(
        (voice_id, channel, key),
        (VoiceID::ID(5), Channel::Number(2), Key::Number(60))
    );
    // 4 ms after the choke.
    assert!(timing.abs_diff(10 + 192) <= 1, "{timing}");
    assert!(left[timing as usize + 1..].iter().all(|x| x.to_bits() == 0));
    assert_eq!(status, ProcessStatus::Normal);
}

#[test]
fn a_host_that_takes_no_events_is_played_for_all_the_same() {
    let mut plugin = DemoSynth::default();
    process(&mut plugin, 64, &[on(0)], true);
    let (_, sent, status) = process(&mut plugin, 480, &[choke(0)], true);
    assert!(sent.is_empty());
    assert_eq!(status, ProcessStatus::Normal);
}

#[test]
fn the_wheel_at_rest_is_in_tune_and_reaches_both_ends() {
    assert_eq!(bend(8_192.0 / 16_383.0), 0.0);
    // VST3 hosts send one half for the middle.
    assert_eq!(bend(0.5), 0.0);
    assert_eq!(bend(0.0), -1.0);
    assert_eq!(bend(1.0), 1.0);
}

#[test]
fn wildcards_are_carried_over() {
    let off = NoteEvent::NoteOff {
        timing: 3,
        voice_id: VoiceID::Wildcard,
        channel: Channel::Wildcard,
        key: Key::Number(60),
        velocity: 0.5,
    };
    let which = Which {
        id: None,
        channel: None,
        key: Some(60),
    };
    assert_eq!(translate(&off), Some(Event::NoteOff(which)));
    assert_eq!(
        translate(&NoteEvent::MidiProgramChange {
            timing: 0,
            channel: 0,
            program: 1
        }),
        None
    );
}
