//! A plugin's own events, read out of VST3's layout.

use super::controls::normalized;
use super::event_list::Events;
use super::names::{DATA, MIDI_OUT, NOTE_EXPRESSION, NOTE_OFF, NOTE_ON, NOTE_TEXT, POLY_PRESSURE, SYSEX};
use super::notes::Said;
use crate::events::{Body, Event, EventList, Expression, NoteAddress};
use vst3::Steinberg::Vst::NoteExpressionTypeIDs_::{
    kBrightnessTypeID, kExpressionTypeID, kPanTypeID, kPhonemeTypeID, kTextTypeID, kTuningTypeID,
    kVibratoTypeID, kVolumeTypeID,
};
use vst3::Steinberg::Vst::{
    DataEvent, Event__type0, LegacyMIDICCOutEvent, NoteExpressionTextEvent, NoteExpressionValueEvent,
};

/// Frames of the span that the events belong to: its first in the block, and how many.
#[derive(Clone, Copy)]
pub(super) struct Frames {
    pub(super) start: u32,
    pub(super) count: u32,
}

/// Adds a plugin's events to `out`, whose times count from the block's beginning.
#[inline]
pub(super) fn read(events: &Events, out: &mut EventList, said: &mut Said, frames: Frames) {
    for event in events.all() {
        let event = event.get().0;
        // A plugin that stamps an event behind the span's end means its last frame.
        let offset = u32::try_from(event.sampleOffset.max(0)).unwrap_or(0);
        let time = frames.start + offset.min(frames.count.saturating_sub(1));
        if event.r#type == DATA {
            // SAFETY: the type says which field is meant.
            sysex(out, time, unsafe { event.__field0.data });
        } else if event.r#type == NOTE_TEXT {
            // SAFETY: the type says which field is meant.
            text(out, said, time, unsafe { event.__field0.noteExpressionText });
        } else if let Some(body) = body(event.r#type, event.__field0, said) {
            out.push(Event { time, body });
        }
    }
}

fn sysex(out: &mut EventList, time: u32, data: DataEvent) {
    if data.r#type != SYSEX || data.size == 0 {
        return;
    }
    out.push_sysex_with(time, 0, data.size, |pool| {
        // SAFETY: `Events` has copied the bytes to its own memory and points there; the pool has as many.
        unsafe { core::ptr::copy_nonoverlapping(data.bytes, pool.as_mut_ptr(), pool.len()) };
        true
    });
}

fn text(out: &mut EventList, said: &Said, time: u32, text: NoteExpressionTextEvent) {
    let phonemes = text.typeId == kPhonemeTypeID;
    let known = phonemes || text.typeId == kTextTypeID;
    let Some(note) = said.find(text.noteId).filter(|_| known) else {
        return;
    };
    let len = text.textLen.saturating_add(1).saturating_mul(2);
    out.push_text_with(time, (note, phonemes), len, |pool| {
        // SAFETY: `Events` has copied the text to its own memory, with a zero behind it, and points there; the pool has as
        // many bytes.
        unsafe { core::ptr::copy_nonoverlapping(text.text.cast(), pool.as_mut_ptr(), pool.len()) };
    });
}

fn body(kind: u16, event: Event__type0, said: &mut Said) -> Option<Body> {
    // SAFETY: the type says which field is meant; each is made of numbers, for which any bytes will do.
    unsafe {
        if kind == NOTE_ON {
            let on = event.noteOn;
            let note = note(on.noteId, on.channel, on.pitch)?;
            said.remember(note);
            let velocity = finite(on.velocity.into())?;
            Some(Body::NoteOn { note, velocity })
        } else if kind == NOTE_OFF {
            let off = event.noteOff;
            let note = note(off.noteId, off.channel, off.pitch)?;
            let velocity = finite(off.velocity.into()).unwrap_or(0.0);
            Some(Body::NoteOff { note, velocity })
        } else if kind == POLY_PRESSURE {
            let pressure = event.polyPressure;
            Some(Body::Expression {
                note: note(pressure.noteId, pressure.channel, pressure.pitch)?,
                kind: Expression::Pressure,
                value: finite(pressure.pressure.into())?,
            })
        } else if kind == NOTE_EXPRESSION {
            expression(event.noteExpressionValue, said)
        } else if kind == MIDI_OUT {
            controller(event.midiCCOut)
        } else {
            // Chords and scales have no reader here.
            None
        }
    }
}

fn note(id: i32, channel: i16, key: i16) -> Option<NoteAddress> {
    let in_range = (0..16).contains(&channel) && (0..128).contains(&key);
    in_range.then_some(NoteAddress {
        id: id.max(-1),
        port: 0,
        channel,
        key,
    })
}

fn expression(event: NoteExpressionValueEvent, said: &Said) -> Option<Body> {
    let value = finite(event.value)?;
    #[expect(non_upper_case_globals, reason = "names of the specification")]
    let (kind, value) = match event.typeId {
        kVolumeTypeID => (Expression::Volume, value * 4.0),
        kPanTypeID => (Expression::Pan, value),
        kTuningTypeID => (Expression::Tuning, (value - 0.5) * 240.0),
        kVibratoTypeID => (Expression::Vibrato, value),
        kExpressionTypeID => (Expression::Expression, value),
        kBrightnessTypeID => (Expression::Brightness, value),
        _ => return None,
    };
    let note = said.find(event.noteId)?;
    Some(Body::Expression { note, kind, value })
}

/// A controller as MIDI says it. The numbers beyond 127 are `ControllerNumbers` of `ivstmidicontrollers.h`.
fn controller(event: LegacyMIDICCOutEvent) -> Option<Body> {
    let seven = |value: core::ffi::c_char| value.to_ne_bytes()[0] & 127;
    let channel = event.channel.to_ne_bytes()[0];
    if channel > 15 {
        return None;
    }
    let (first, second) = (seven(event.value), seven(event.value2));
    let data = match event.controlNumber {
        controller @ 0..=127 => [0xb0 | channel, controller, first],
        128 => [0xd0 | channel, first, 0],
        129 => [0xe0 | channel, first, second],
        130 => [0xc0 | channel, first, 0],
        131 => [0xa0 | channel, first, second],
        _ => return None,
    };
    Some(Body::Midi { port: 0, data })
}

fn finite(value: f64) -> Option<f64> {
    (!value.is_nan()).then(|| normalized(value))
}
