//! Calls, their order, their time.

use super::super::names::*;
use super::plugin::{RATE, Rig, Setup, buses, list};
use super::std::vec;
use super::std::vec::Vec;
use crate::events::{Body, Event, EventList, NoteAddress};
use crate::processor::{Processor, Status};
use crate::transport::Transport;
use vst3::Steinberg::{kInternalError, kInvalidArgument, kNotImplemented, kResultFalse, kResultOk};

fn param(id: u32, value: f64) -> Body {
    Body::Param {
        id,
        cookie: 0,
        note: NoteAddress::ALL,
        value,
    }
}

fn push(list: &mut EventList, time: u32, body: Body) {
    assert!(list.push(Event { time, body }));
}

#[test]
fn a_refusal_to_begin_is_no_reason_not_to_play() {
    let mut rig = Rig::new(Setup::default());
    assert!(rig.processor.start());
    rig.processor.reset();
    rig.processor.stop();
    assert_eq!(rig.plugin.processing.take(), [true, false, true, false]);
}

#[test]
fn a_reset_forgets_the_notes() {
    let mut rig = Rig::new(Setup::default());
    let on = Body::NoteOn {
        note: NoteAddress::new(0, 60),
        velocity: 1.0,
    };
    let off = Body::NoteOff {
        note: NoteAddress::ALL,
        velocity: 1.0,
    };
    rig.play_one(&super::plugin::at(0, &[on]));
    rig.processor.reset();
    assert!(rig.play_one(&super::plugin::at(0, &[off])).events.is_empty());
}

#[test]
fn results_say_whether_a_block_failed() {
    let mut rig = Rig::new(Setup::default());
    for (result, status) in [
        (kResultOk, Status::Continue),
        (kResultFalse, Status::Continue),
        (kNotImplemented, Status::Failed),
        (kInternalError, Status::Failed),
        (kInvalidArgument, Status::Failed),
    ] {
        rig.plugin.result.set(result);
        let (got, seen) = rig.play(16, &list());
        assert_eq!((got, seen.len()), (status, 1), "{result}");
        // It has written nothing, and nothing of old is heard.
        assert_eq!(rig.outputs.channel(0, 16), [0.0; 16]);
    }
}

#[test]
fn the_context_says_what_is_known() {
    let playing = Transport {
        playing: true,
        tempo: 90.0,
        beats: 9.5,
        seconds: 2.0,
        bar_start: 9.0,
        bar: 3,
        numerator: 3,
        denominator: 8,
    };
    for (needs, system) in [(u32::MAX, Some(5_000)), (u32::MAX, None), (0, Some(5_000))] {
        let mut rig = Rig::new(Setup {
            needs,
            offline: system.is_none(),
            ..Setup::default()
        });
        rig.transport = playing;
        rig.system = system;
        let on = Body::NoteOn {
            note: NoteAddress::new(0, 60),
            velocity: 1.0,
        };
        let seen = rig.play_one(&super::plugin::at(8, &[on]));
        let known = system.filter(|_| needs != 0);
        let mut state = ALWAYS_VALID | PLAYING;
        state |= if known.is_some() { SYSTEM_TIME_VALID } else { 0 };
        state |= if needs != 0 { CLOCK_VALID } else { 0 };
        let context = seen.context;
        assert_eq!(context.state, state);
        assert_eq!(context.systemTime, known.unwrap_or(0));
        assert_eq!(
            (context.projectTimeSamples, context.continousTimeSamples),
            (96_000, 1000)
        );
        assert_eq!((context.projectTimeMusic, context.barPositionMusic), (9.5, 9.0));
        assert_eq!((context.tempo, context.sampleRate), (90.0, RATE));
        assert_eq!((context.timeSigNumerator, context.timeSigDenominator), (3, 8));
        // 9.5 quarters are 228 clocks: one falls on this sample.
        assert_eq!(context.samplesToNextClock, 0);
        assert_eq!(seen.mode, if system.is_none() { OFFLINE } else { REALTIME });
        assert_eq!(seen.events[0].flags, if system.is_none() { 0 } else { LIVE });
        let beats = 9.5 + 8.0 / RATE * 1.5;
        assert!((seen.events[0].ppqPosition - beats).abs() < 1e-9);
    }
}

#[test]
fn the_next_clock_is_ahead() {
    let mut rig = Rig::new(Setup::default());
    // 1000 samples a clock.
    for (beats, samples) in [(0.25 / 24.0, 750), (-0.25 / 24.0, 250), (-1.0, 0)] {
        rig.transport = Transport {
            beats,
            tempo: 120.0,
            ..Transport::STOPPED
        };
        assert_eq!(rig.play_one(&list()).context.samplesToNextClock, samples);
    }
    rig.transport.tempo = 0.0;
    assert_eq!(rig.play_one(&list()).context.state & CLOCK_VALID, 0);
}

#[test]
fn a_change_of_the_transport_splits_the_call() {
    let mut rig = Rig::new(Setup::default());
    rig.system = Some(0);
    let tempo = |tempo| Transport {
        tempo,
        beats: tempo,
        ..Transport::STOPPED
    };
    let mut events = list();
    push(&mut events, 0, param(1, 0.0));
    assert!(events.push_transport(0, tempo(60.0)));
    push(&mut events, 5, param(1, 0.1));
    assert!(events.push_transport(6, tempo(70.0)));
    push(&mut events, 6, param(1, 0.2));
    push(&mut events, 9, param(1, 0.3));
    assert!(events.push_transport(200, tempo(80.0)));
    push(&mut events, 200, param(1, 0.4));
    for frame in 0..16_u8 {
        rig.inputs.channel_mut(0, 16)[usize::from(frame)] = f32::from(frame);
    }
    // Copies its first input, and says its parameter at its first sample.
    rig.act(|data| {
        let frames = usize::try_from(data.numSamples).unwrap();
        let (input, output) = (buses(data.inputs, 1), buses(data.outputs, 1));
        // SAFETY: the host gives valid channels of so many frames, and a valid list.
        unsafe {
            let from = *input[0].__field0.channelBuffers32;
            core::ptr::copy(from, *output[0].__field0.channelBuffers32, frames);
            let list = vst3::ComRef::from_raw(data.outputEvents).unwrap();
            let mut event: vst3::Steinberg::Vst::Event = core::mem::zeroed();
            event.r#type = NOTE_ON;
            event.sampleOffset = 1;
            event.__field0.noteOn.velocity = 1.0;
            vst3::Steinberg::Vst::IEventListTrait::addEvent(&list, &raw mut event);
        }
    });
    let (status, seen) = rig.play(16, &events);
    assert_eq!(status, Status::Continue);
    let spans: Vec<_> = seen
        .iter()
        .map(|seen| (seen.frames, seen.context.tempo))
        .collect();
    assert_eq!(spans, [(6, 60.0), (9, 70.0), (1, 80.0)]);
    let steady: Vec<_> = seen
        .iter()
        .map(|seen| seen.context.continousTimeSamples)
        .collect();
    assert_eq!(steady, [1000, 1006, 1015]);
    assert_eq!(seen[1].context.systemTime, 125_000);
    assert_eq!(seen[0].changes, [(1, vec![(0, 0.0), (5, 0.1)])]);
    assert_eq!(seen[1].changes, [(1, vec![(0, 0.2), (3, 0.3)])]);
    assert_eq!(seen[2].changes, [(1, vec![(0, 0.4)])]);
    assert_eq!(rig.outputs.channel(0, 16), rig.inputs.channel(0, 16));
    let times: Vec<_> = rig.said().iter().map(|(time, _)| *time).collect();
    assert_eq!(times, [1, 7, 15]);
    assert_eq!(rig.news(), [(1, 0.4, false)]);
}

#[test]
fn initial_values_come_once_and_first() {
    let mut rig = Rig::new(Setup {
        initial: vec![(4, 0.5), (5, 2.0), (6, f64::NAN)],
        ..Setup::default()
    });
    let seen = rig.play_one(&super::plugin::at(0, &[param(5, 0.25), param(9, 1.0)]));
    assert_eq!(
        seen.changes,
        [(4, vec![(0, 0.5)]), (5, vec![(0, 0.25)]), (9, vec![(0, 1.0)])]
    );
    assert_eq!(rig.news(), [(4, 0.5, false), (5, 0.25, false), (9, 1.0, false)]);
    assert!(rig.play_one(&list()).changes.is_empty());
}

#[test]
fn more_initial_values_than_places_wait_and_do_not_undo_what_came_later() {
    let mut rig = Rig::new(Setup {
        places: 8,
        initial: (0..10).map(|id| (id, 0.5)).collect(),
        ..Setup::default()
    });
    let ids = |seen: &super::plugin::Seen| -> Vec<u32> { seen.changes.iter().map(|(id, _)| *id).collect() };
    let seen = rig.play_one(&super::plugin::at(1, &[param(9, 0.75), param(8, f64::NAN)]));
    assert_eq!(ids(&seen), [0, 1, 2, 3, 4, 5]);
    let seen = rig.play_one(&list());
    assert_eq!(ids(&seen), [6, 7, 8, 9]);
    assert_eq!(seen.changes[3], (9, vec![(0, 0.75)]));
    assert!(rig.play_one(&list()).changes.is_empty());
}

#[test]
fn the_audio_half_holds_one_reference() {
    let rig = Rig::new(Setup::default());
    let Rig {
        plugin, processor, ..
    } = rig;
    let count = |plugin: &vst3::ComWrapper<super::plugin::Plugin>| {
        let held = plugin.to_com_ptr::<vst3::Steinberg::FUnknown>().unwrap();
        // SAFETY: the object is held; both calls leave the count as it is.
        unsafe {
            vst3::com_scrape_types::Unknown::add_ref(held.as_ptr());
            <vst3::Steinberg::FUnknown as vst3::com_scrape_types::Unknown>::release(held.as_ptr())
        }
    };
    let before = count(&plugin);
    drop(processor);
    assert_eq!(count(&plugin), before - 1);
}
