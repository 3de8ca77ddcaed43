//! Events in CLAP's layout, for a plugin to read.

use crate::events::{Body, Event, EventList, Expression, NoteAddress};
use crate::lend::Lent;
use crate::processor::NoteInput;
use crate::transport::Transport;
use clack_host::events::UnknownEvent;
use clack_host::events::io::InputEventBuffer;
use clap_sys::events::*;
use clap_sys::fixedpoint::{CLAP_BEATTIME_FACTOR, CLAP_SECTIME_FACTOR};
use core::fmt;

/// One event in CLAP's layout. Which field is meant says the header, which all of them begin with.
#[derive(Clone, Copy)]
#[repr(C)]
#[expect(missing_docs, reason = "the fields are CLAP's own structures")]
pub union ClapEvent {
    pub header: clap_event_header,
    pub note: clap_event_note,
    pub expression: clap_event_note_expression,
    pub param: clap_event_param_value,
    pub modulation: clap_event_param_mod,
    pub gesture: clap_event_param_gesture,
    pub midi: clap_event_midi,
    pub midi2: clap_event_midi2,
    pub sysex: clap_event_midi_sysex,
    pub transport: clap_event_transport,
}

// SAFETY: the pointers in it (cookies, system exclusive bytes) are only carried from the engine to a plugin.
unsafe impl Send for ClapEvent {}

impl Default for ClapEvent {
    fn default() -> Self {
        Self {
            header: header::<clap_event_header>(0, 0),
        }
    }
}

/// Memory for one block's events in CLAP's layout, shared by all plugins in turn.
pub struct ClapScratch {
    events: Lent<[ClapEvent]>,
    missed: u32,
    /// The transport that was told last, as it is and in CLAP's layout.
    told: (Transport, clap_event_transport),
}

impl fmt::Debug for ClapScratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClapScratch")
            .field("capacity", &self.events.len())
            .finish_non_exhaustive()
    }
}

/// The events of one block as a plugin reads them.
pub(super) struct Input<'a> {
    events: &'a [ClapEvent],
}

impl InputEventBuffer for Input<'_> {
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the scratch memory holds a few thousand events"
    )]
    fn len(&self) -> u32 {
        self.events.len() as u32
    }

    #[inline]
    fn get(&self, index: u32) -> Option<&UnknownEvent> {
        let event = self.events.get(index as usize)?;
        // SAFETY: `ClapScratch::convert` has written a whole event whose header tells its size, and the union is
        // large enough for each; it stays untouched while `self` is borrowed.
        Some(unsafe { UnknownEvent::from_raw((&raw const *event).cast()) })
    }
}

impl ClapScratch {
    /// Scratch memory; one event of a list becomes at most one here.
    #[must_use]
    pub fn new(events: Lent<[ClapEvent]>) -> Self {
        let told = (Transport::STOPPED, transport(0, &Transport::STOPPED));
        Self {
            events,
            missed: 0,
            told,
        }
    }

    /// The transport for a process call: made once for all plugins, and for as long as it stands.
    #[inline]
    pub(super) fn transport(&mut self, at: &Transport) -> clap_event_transport {
        if self.told.0 != *at {
            self.told = (*at, transport(0, at));
        }
        self.told.1
    }

    /// Takes the number of events that found no room since the last call.
    pub fn take_dropped(&mut self) -> u32 {
        core::mem::take(&mut self.missed)
    }

    /// Writes a list's events as the note input takes them.
    #[inline]
    pub(super) fn convert(&mut self, list: &EventList, notes: NoteInput) -> Input<'_> {
        if list.is_empty() {
            return Input { events: &[] };
        }
        self.convert_all(list, notes)
    }

    fn convert_all(&mut self, list: &EventList, notes: NoteInput) -> Input<'_> {
        let mut count = 0;
        for event in list.as_slice() {
            match self.events.get_mut(count) {
                Some(place) => count += usize::from(write(place, list, event, notes)),
                None => self.missed = self.missed.saturating_add(1),
            }
        }
        Input {
            events: &self.events[..count],
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the largest event has 112 bytes")]
const fn header<T>(time: u32, type_: clap_event_type) -> clap_event_header {
    clap_event_header {
        size: size_of::<T>() as u32,
        time,
        space_id: CLAP_CORE_EVENT_SPACE_ID,
        type_,
        flags: CLAP_EVENT_IS_LIVE,
    }
}

/// Writes an event as the note input takes it. Returns whether there is anything to write.
///
/// Each kind is written to its own field: most are a third of the union's size, which would else be copied whole.
#[inline]
fn write(place: &mut ClapEvent, list: &EventList, event: &Event, notes: NoteInput) -> bool {
    let time = event.time;
    match event.body {
        body if notes == NoteInput::Midi && body.is_note() => match body.to_midi() {
            Some(data) => place.midi = midi(time, 0, data),
            None => return false,
        },
        Body::NoteOn { note, velocity } => place.note = self::note(time, CLAP_EVENT_NOTE_ON, note, velocity),
        Body::NoteOff { note, velocity } => {
            place.note = self::note(time, CLAP_EVENT_NOTE_OFF, note, velocity)
        }
        Body::NoteChoke { note } => place.note = self::note(time, CLAP_EVENT_NOTE_CHOKE, note, 0.0),
        // CLAP has no text for notes.
        Body::Text { .. } => return false,
        Body::Expression { note, kind, value } => place.expression = expression(time, note, kind, value),
        Body::Midi { data, .. } if notes == NoteInput::Clap => return write_controller(place, time, data),
        Body::Midi { port, data } => place.midi = midi(time, port, data),
        Body::Midi2 { .. } | Body::SysEx { .. } if notes == NoteInput::Clap => return false,
        Body::Midi2 { port, data } => {
            place.midi2 = clap_event_midi2 {
                header: header::<clap_event_midi2>(time, CLAP_EVENT_MIDI2),
                port_index: port,
                data,
            };
        }
        Body::SysEx { port, start, len } => {
            place.sysex = clap_event_midi_sysex {
                header: header::<clap_event_midi_sysex>(time, CLAP_EVENT_MIDI_SYSEX),
                port_index: port,
                buffer: list.bytes(start, len).as_ptr(),
                size: len,
            };
        }
        Body::Param {
            id,
            cookie,
            note,
            value,
        } => {
            place.param = clap_event_param_value {
                header: header::<clap_event_param_value>(time, CLAP_EVENT_PARAM_VALUE),
                param_id: id,
                cookie: core::ptr::with_exposed_provenance_mut(cookie),
                note_id: note.id,
                port_index: note.port,
                channel: note.channel,
                key: note.key,
                value,
            };
        }
        Body::ParamMod {
            id,
            cookie,
            note,
            amount,
        } => {
            place.modulation = clap_event_param_mod {
                header: header::<clap_event_param_mod>(time, CLAP_EVENT_PARAM_MOD),
                param_id: id,
                cookie: core::ptr::with_exposed_provenance_mut(cookie),
                note_id: note.id,
                port_index: note.port,
                channel: note.channel,
                key: note.key,
                amount,
            };
        }
        Body::GestureBegin { id } => place.gesture = gesture(time, CLAP_EVENT_PARAM_GESTURE_BEGIN, id),
        Body::GestureEnd { id } => place.gesture = gesture(time, CLAP_EVENT_PARAM_GESTURE_END, id),
        Body::Transport(number) => place.transport = transport(time, &list.transport(number)),
    }
    true
}

fn note(time: u32, type_: clap_event_type, note: NoteAddress, velocity: f64) -> clap_event_note {
    clap_event_note {
        header: header::<clap_event_note>(time, type_),
        note_id: note.id,
        port_index: note.port,
        channel: note.channel,
        key: note.key,
        velocity,
    }
}

fn expression(time: u32, note: NoteAddress, kind: Expression, value: f64) -> clap_event_note_expression {
    clap_event_note_expression {
        header: header::<clap_event_note_expression>(time, CLAP_EVENT_NOTE_EXPRESSION),
        expression_id: match kind {
            Expression::Volume => CLAP_NOTE_EXPRESSION_VOLUME,
            Expression::Pan => CLAP_NOTE_EXPRESSION_PAN,
            Expression::Tuning => CLAP_NOTE_EXPRESSION_TUNING,
            Expression::Vibrato => CLAP_NOTE_EXPRESSION_VIBRATO,
            Expression::Expression => CLAP_NOTE_EXPRESSION_EXPRESSION,
            Expression::Brightness => CLAP_NOTE_EXPRESSION_BRIGHTNESS,
            Expression::Pressure => CLAP_NOTE_EXPRESSION_PRESSURE,
        },
        note_id: note.id,
        port_index: note.port,
        channel: note.channel,
        key: note.key,
        value,
    }
}

fn midi(time: u32, port: u16, data: [u8; 3]) -> clap_event_midi {
    clap_event_midi {
        header: header::<clap_event_midi>(time, CLAP_EVENT_MIDI),
        port_index: port,
        data,
    }
}

fn gesture(time: u32, type_: clap_event_type, id: u32) -> clap_event_param_gesture {
    clap_event_param_gesture {
        header: header::<clap_event_param_gesture>(time, type_),
        param_id: id,
    }
}

/// A MIDI message as a note expression or choke, for a plugin that takes nothing but CLAP notes.
///
/// Pitch bend is two semitones each way, the General MIDI default. All notes off is a note-off for every note of
/// the channel, all sound off a choke. What has no counterpart is left out.
fn write_controller(place: &mut ClapEvent, time: u32, data: [u8; 3]) -> bool {
    let [status, first, second] = data;
    let note = NoteAddress::channel(status & 0x0f);
    let unit = f64::from(second) / 127.0;
    let (kind, value) = match (status & 0xf0, first) {
        (0xb0, 7) => (Expression::Volume, unit),
        (0xb0, 1) => (Expression::Vibrato, unit),
        (0xb0, 10) => (Expression::Pan, f64::from(second.min(126)) / 126.0),
        (0xb0, 11) => (Expression::Expression, unit),
        (0xb0, 74) => (Expression::Brightness, unit),
        (0xb0, 120) => {
            place.note = self::note(time, CLAP_EVENT_NOTE_CHOKE, note, 0.0);
            return true;
        }
        // The mode messages let go of all notes as well.
        (0xb0, 123..=127) => {
            place.note = self::note(time, CLAP_EVENT_NOTE_OFF, note, 0.0);
            return true;
        }
        (0xd0, _) => (Expression::Pressure, f64::from(first) / 127.0),
        (0xe0, _) => {
            let bend = i32::from(second) << 7 | i32::from(first);
            (Expression::Tuning, f64::from(bend - 8192) / 8192.0 * 2.0)
        }
        _ => return false,
    };
    place.expression = expression(time, note, kind, value);
    true
}

/// The transport as CLAP's event. `time` is 0 for the one that goes with the process call.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "fixed point times: a float cast saturates, and no song lasts 2^31 beats"
)]
pub(super) fn transport(time: u32, at: &Transport) -> clap_event_transport {
    let beats = |beats: f64| (beats * CLAP_BEATTIME_FACTOR as f64) as i64;
    clap_event_transport {
        header: header::<clap_event_transport>(time, CLAP_EVENT_TRANSPORT),
        flags: CLAP_TRANSPORT_HAS_TEMPO
            | CLAP_TRANSPORT_HAS_BEATS_TIMELINE
            | CLAP_TRANSPORT_HAS_SECONDS_TIMELINE
            | CLAP_TRANSPORT_HAS_TIME_SIGNATURE
            | if at.playing { CLAP_TRANSPORT_IS_PLAYING } else { 0 },
        song_pos_beats: beats(at.beats),
        song_pos_seconds: (at.seconds * CLAP_SECTIME_FACTOR as f64) as i64,
        tempo: at.tempo,
        tempo_inc: 0.0,
        loop_start_beats: 0,
        loop_end_beats: 0,
        loop_start_seconds: 0,
        loop_end_seconds: 0,
        bar_start: beats(at.bar_start),
        bar_number: at.bar,
        tsig_num: at.numerator,
        tsig_denom: at.denominator,
    }
}
