//! A block's events as VST3 says them: notes as events, controllers and parameters as parameter changes.

use super::changes::Changes;
use super::controls::{CHANNEL_PRESSURE, Controls, KEY_PRESSURE, PITCH_BEND, PROGRAM_CHANGE, normalized};
use super::event_list::Events;
use super::names::{DATA, NOTE_EXPRESSION, NOTE_OFF, NOTE_ON, NOTE_TEXT, POLY_PRESSURE, SYSEX};
use super::notes::Notes;
use crate::events::{Body, Event, EventList, Expression, NoteAddress, is_release};
use crate::transport::Transport;
use vst3::Steinberg::Vst::NoteExpressionTypeIDs_::{
    kBrightnessTypeID, kExpressionTypeID, kPanTypeID, kPhonemeTypeID, kTextTypeID, kTuningTypeID,
    kVibratoTypeID, kVolumeTypeID,
};
use vst3::Steinberg::Vst::{
    DataEvent, Event as Vst3Event, Event__type0, NoteExpressionTextEvent, NoteExpressionValueEvent,
    NoteOffEvent, NoteOnEvent, PolyPressureEvent,
};

/// Tells a plugin the events of one span of a block. `at` counts frames from the span's beginning.
pub(super) struct Teller<'a> {
    pub(super) events: &'a Events,
    pub(super) changes: &'a Changes,
    pub(super) controls: &'a Controls,
    pub(super) notes: &'a mut Notes,
    /// Where the events come from.
    pub(super) list: &'a EventList,
    /// Whether the plugin takes events at all.
    pub(super) event_inputs: bool,
    /// What every event is marked with.
    pub(super) flags: u16,
    /// The span's first frame in the block.
    pub(super) start: u32,
    pub(super) beats: Beats,
}

/// Song position in quarter notes.
#[derive(Clone, Copy)]
pub(super) struct Beats {
    /// At the span's first frame.
    start: f64,
    /// In each frame; 0 while the song stands.
    each: f64,
}

impl Beats {
    pub(super) fn new(at: &Transport, rate: f64) -> Self {
        let each = if at.playing { at.tempo / (60.0 * rate) } else { 0.0 };
        Self {
            start: at.beats,
            each,
        }
    }
}

impl Teller<'_> {
    /// Tells one event that is no parameter's. `time` counts from the block's beginning and lies in the span.
    #[inline]
    pub(super) fn tell(&mut self, event: &Event, time: u32) {
        let at = time.saturating_sub(self.start).cast_signed();
        match event.body {
            Body::NoteOn { note, velocity } => self.note_on(at, note, velocity),
            Body::NoteOff { note, velocity } => self.note_off(at, note, velocity),
            // VST3 has no choke; letting go is the nearest.
            Body::NoteChoke { note } => self.note(at, note, 1.0, false),
            Body::Expression { note, kind, value } => self.expression(at, note, kind, value),
            // By far the most frequent.
            Body::Midi {
                data: data @ [0xb0..0xc0, 0..120, 0..128],
                ..
            } => {
                let [status, controller, value] = data;
                let release = || is_release(data);
                self.control(at, status & 0x0f, controller, f64::from(value) / 127.0, release);
            }
            Body::Midi { data, .. } => self.midi(at, data),
            Body::Midi2 { data, .. } => self.midi2(at, data),
            Body::SysEx { start, len, .. } => self.sysex(at, start, len),
            Body::Text {
                note,
                phonemes,
                start,
                len,
            } => self.note_text(at, note, phonemes, self.list.bytes(start, len)),
            // VST3 knows no modulation and tells the processor of no gestures.
            Body::Param { .. }
            | Body::ParamMod { .. }
            | Body::GestureBegin { .. }
            | Body::GestureEnd { .. }
            | Body::Transport(_) => {}
        }
    }

    fn event(&self, at: i32, kind: u16, body: Event__type0) -> Vst3Event {
        Vst3Event {
            busIndex: 0,
            sampleOffset: at,
            ppqPosition: self.beats.start + f64::from(at) * self.beats.each,
            flags: self.flags,
            r#type: kind,
            __field0: body,
        }
    }

    fn push(&self, at: i32, kind: u16, body: Event__type0) -> bool {
        self.event_inputs && self.events.push(self.event(at, kind, body), kind == NOTE_OFF)
    }

    /// A note that comes in other words than most do.
    #[inline(never)]
    fn note(&mut self, at: i32, note: NoteAddress, velocity: f64, on: bool) {
        if on {
            self.note_on(at, note, velocity);
        } else {
            self.note_off(at, note, velocity);
        }
    }

    #[inline(always)]
    fn note_on(&mut self, at: i32, note: NoteAddress, velocity: f64) {
        // No key is no note.
        let Some(key) = key(note.key) else { return };
        let channel = channel(note.channel);
        let before = self.notes.id(channel, key);
        if before.is_some() {
            self.make_room(at);
        }
        let id = self.notes.fresh();
        let on = NoteOnEvent {
            channel: i16::from(channel),
            pitch: i16::from(key),
            tuning: 0.0,
            // A velocity that rounds to 0 of MIDI's 127 would be a note-off to plugins that think in MIDI.
            velocity: narrow(velocity.max(1.0 / 127.0)),
            length: 0,
            noteId: id,
        };
        if self.push(at, NOTE_ON, Event__type0 { noteOn: on }) {
            // A key that is struck while it sounds: its first note sounds on, as with MIDI, and is let go with the second.
            if let Some(before) = before {
                self.notes.double(channel, key, before);
            }
            self.notes.hold(channel, key, id);
        }
    }

    /// Lets go of the note that was doubled first, if there is no room for another. Before the new note begins, for plugins
    /// that know notes by nothing but their keys.
    #[cold]
    fn make_room(&mut self, at: i32) {
        if let Some(oldest) = self.notes.take_double_too_many() {
            self.off(at, oldest.channel, oldest.key, oldest.id, 0.0);
        }
    }

    /// Lets go of the notes that were doubled, of those that an address names. What finds no room is asked for again.
    #[inline]
    fn off_doubled(&mut self, at: i32, channel: Option<u8>, key: Option<u8>, velocity: f64) {
        if self.notes.has_doubled() {
            self.off_all_doubled(at, channel, key, velocity);
        }
    }

    #[cold]
    fn off_all_doubled(&mut self, at: i32, channel: Option<u8>, key: Option<u8>, velocity: f64) {
        while let Some(note) = self.notes.take_double(channel, key) {
            if !self.off(at, note.channel, note.key, note.id, velocity) {
                self.notes.double(note.channel, note.key, note.id);
                break;
            }
        }
    }

    #[inline]
    fn off(&self, at: i32, channel: u8, key: u8, id: i32, velocity: f64) -> bool {
        let off = NoteOffEvent {
            channel: i16::from(channel),
            pitch: i16::from(key),
            velocity: narrow(velocity),
            noteId: id,
            tuning: 0.0,
        };
        self.push(at, NOTE_OFF, Event__type0 { noteOff: off })
    }

    /// Lets go of one note, held or not, or of every held note that the address names. What finds no room stays held, so
    /// that the next all-notes-off lets go of it.
    #[inline(always)]
    fn note_off(&mut self, at: i32, note: NoteAddress, velocity: f64) {
        if let (Some(key), 0..) = (key(note.key), note.channel) {
            let channel = channel(note.channel);
            self.off_doubled(at, Some(channel), Some(key), velocity);
            let id = self.notes.id(channel, key).unwrap_or(-1);
            if self.off(at, channel, key, id, velocity) {
                self.notes.release(channel, key);
            }
        } else {
            self.notes_off(at, note, velocity);
        }
    }

    /// Lets go of every held note that an address names.
    #[inline(never)]
    fn notes_off(&mut self, at: i32, note: NoteAddress, velocity: f64) {
        let named = |number: i16| u8::try_from(number).ok();
        self.off_doubled(at, named(note.channel), named(note.key), velocity);
        let mut gone = [0_u128; 16];
        self.notes.each(note, |channel, key, id| {
            let told = self.off(at, channel, key, id, velocity);
            gone[usize::from(channel)] |= u128::from(told) << key;
        });
        self.notes.forget(gone);
    }

    fn expression(&self, at: i32, note: NoteAddress, kind: Expression, value: f64) {
        // A foreign id without a key names a note that we cannot know; all notes is not what was meant.
        if note.id >= 0 && note.key < 0 {
            return;
        }
        let value = match kind {
            Expression::Volume => value / 4.0,
            Expression::Tuning => value / 240.0 + 0.5,
            _ => value,
        };
        let type_id = match kind {
            Expression::Pressure => return self.pressure(at, note, value),
            Expression::Volume => kVolumeTypeID,
            Expression::Pan => kPanTypeID,
            Expression::Tuning => kTuningTypeID,
            Expression::Vibrato => kVibratoTypeID,
            Expression::Expression => kExpressionTypeID,
            Expression::Brightness => kBrightnessTypeID,
        };
        if !self.controls.takes_expression(type_id) {
            return;
        }
        // The event names a note by its id alone, so there is none for a key that is not held.
        self.notes.each(note, |_, _, id| {
            let value = NoteExpressionValueEvent {
                typeId: type_id,
                noteId: id,
                value: normalized(value),
            };
            let body = Event__type0 {
                noteExpressionValue: value,
            };
            self.push(at, NOTE_EXPRESSION, body);
        });
    }

    fn pressure(&self, at: i32, note: NoteAddress, value: f64) {
        let push = |channel: u8, key: u8, id: i32| {
            let pressure = PolyPressureEvent {
                channel: i16::from(channel),
                pitch: i16::from(key),
                pressure: narrow(value),
                noteId: id,
            };
            let body = Event__type0 {
                polyPressure: pressure,
            };
            self.push(at, POLY_PRESSURE, body);
        };
        if let (Some(key), 0..) = (key(note.key), note.channel) {
            let channel = channel(note.channel);
            let id = self.notes.id(channel, key).unwrap_or(-1);
            push(channel, key, id);
        } else {
            self.notes.each(note, push);
        }
    }

    /// Tells the text of notes: UTF-16 with a zero at its end, from an even address on.
    fn note_text(&self, at: i32, note: NoteAddress, phonemes: bool, text: &[u8]) {
        let type_id = if phonemes { kPhonemeTypeID } else { kTextTypeID };
        let taken = self.controls.takes_expression(type_id);
        if !taken || text.len() < 2 || (note.id >= 0 && note.key < 0) {
            return;
        }
        self.notes.each(note, |_, _, id| {
            let text = NoteExpressionTextEvent {
                typeId: type_id,
                noteId: id,
                // The zero is not counted.
                textLen: u32::try_from(text.len() / 2 - 1).unwrap_or(0),
                text: text.as_ptr().cast(),
            };
            let body = Event__type0 {
                noteExpressionText: text,
            };
            self.push(at, NOTE_TEXT, body);
        });
    }

    fn sysex(&self, at: i32, start: u32, len: u32) {
        let bytes = self.list.bytes(start, len);
        if !bytes.is_empty() {
            let data = DataEvent {
                size: len,
                r#type: SYSEX,
                bytes: bytes.as_ptr(),
            };
            self.push(at, DATA, Event__type0 { data });
        }
    }

    fn midi(&mut self, at: i32, data: [u8; 3]) {
        let [status, first, second] = [data[0], data[1] & 127, data[2] & 127];
        let channel = status & 0x0f;
        let note = NoteAddress::new(channel, first);
        let part = |value: u8| f64::from(value) / 127.0;
        let release = || is_release(data);
        let other = || false;
        match status & 0xf0 {
            0x80 => self.note(at, note, part(second), false),
            0x90 => self.note(at, note, part(second), second > 0),
            0xa0 => {
                self.pressure(at, note, part(second));
                self.control(at, channel, KEY_PRESSURE, part(second), other);
            }
            0xb0 => {
                // All sound off, all notes off and the modes let go of every note, mapped or not.
                if matches!(first, 120 | 123..=127) {
                    self.notes_off(at, NoteAddress::channel(channel), 0.0);
                }
                self.control(at, channel, first, part(second), release);
            }
            0xc0 => self.control(
                at,
                channel,
                PROGRAM_CHANGE,
                self.controls.program(channel, first),
                release,
            ),
            0xd0 => self.control(at, channel, CHANNEL_PRESSURE, part(first), other),
            0xe0 => {
                // Over 16383, as the SDK's example host and JUCE do it: a plugin that multiplies by that gets back the
                // number that came over the wire, 8192 for a wheel at rest; half of the range, 8191.5, is none of them.
                let bend = f64::from(u16::from(second) << 7 | u16::from(first)) / 16383.0;
                self.control(at, channel, PITCH_BEND, bend, other);
            }
            // System messages mean nothing to a VST3 plugin; the transport is told in its context.
            _ => {}
        }
    }

    /// A MIDI 2.0 packet, with its finer values where there is a place for them.
    fn midi2(&mut self, at: i32, data: [u32; 4]) {
        let [_, status, first, second] = data[0].to_be_bytes();
        let channel = status & 0x0f;
        let index = first & 127;
        let note = NoteAddress::new(channel, index);
        let value = f64::from(data[1]) / f64::from(u32::MAX);
        let velocity = f64::from(data[1] >> 16) / f64::from(u16::MAX);
        let other = || false;
        match (data[0] >> 28, status & 0xf0) {
            // MIDI 1.0 in a packet.
            (2, _) => self.midi(at, [status, first, second]),
            (4, 0x80) => self.note(at, note, velocity, false),
            // Velocity 0 is a note here, the softest.
            (4, 0x90) => self.note(at, note, velocity, true),
            (4, 0xa0) => self.pressure(at, note, value),
            (4, 0xb0) => {
                if matches!(index, 120 | 123..=127) {
                    self.notes_off(at, NoteAddress::channel(channel), 0.0);
                }
                let release = || is_release([status, index, (data[1] >> 25) as u8]);
                self.control(at, channel, index, value, release);
            }
            (4, 0xc0) => {
                let program = (data[1] >> 24) as u8 & 127;
                self.control(
                    at,
                    channel,
                    PROGRAM_CHANGE,
                    self.controls.program(channel, program),
                    other,
                );
            }
            (4, 0xd0) => self.control(at, channel, CHANNEL_PRESSURE, value, other),
            (4, 0xe0) => self.control(at, channel, PITCH_BEND, value, other),
            // Registered and per-note controllers have no counterpart.
            _ => {}
        }
    }

    /// Moves the parameter that a controller is mapped to, if there is one. `value` is 0 to 1; `release` tells whether that lets something go.
    #[inline]
    fn control(&self, at: i32, channel: u8, controller: u8, value: f64, release: impl Fn() -> bool) {
        self.controls.see(channel, controller);
        if let Some(id) = self.controls.mapped(channel, controller) {
            self.changes.push(id, at, value, release);
        }
    }

    /// Sets a parameter.
    #[inline]
    pub(super) fn value(&self, at: i32, id: u32, value: f64) {
        if !value.is_nan() {
            self.changes.push(id, at, normalized(value), || false);
        }
    }
}

fn key(key: i16) -> Option<u8> {
    u8::try_from(key).ok().filter(|&key| key < 128)
}

fn channel(channel: i16) -> u8 {
    u8::try_from(channel.clamp(0, 15)).unwrap_or(0)
}

/// A number from 0 to 1 in VST3's 32 bits; 0 for what is none.
#[expect(clippy::cast_possible_truncation, reason = "what narrowing is")]
fn narrow(value: f64) -> f32 {
    normalized(value) as f32
}
