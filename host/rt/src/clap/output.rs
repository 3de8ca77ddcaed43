//! A plugin's events, read out of CLAP's layout.

use crate::events::{Body, Event, EventList, Expression, NoteAddress};
use clack_host::events::UnknownEvent;
use clack_host::events::io::{OutputEventBuffer, TryPushError};
use clap_sys::events::*;

/// Takes a plugin's output events into a bounded list; a full list refuses.
pub(super) struct Output<'a> {
    pub(super) list: &'a mut EventList,
    pub(super) frames: u32,
}

impl OutputEventBuffer for Output<'_> {
    fn try_push(&mut self, event: &UnknownEvent) -> Result<(), TryPushError> {
        let raw = event.as_raw();
        // SAFETY: an `UnknownEvent` points to a valid header.
        let header = unsafe { *raw };
        // A plugin that stamps an event behind the block's end means its last frame.
        let time = header.time.min(self.frames.saturating_sub(1));
        if header.space_id != CLAP_CORE_EVENT_SPACE_ID {
            // Events of other spaces have no reader here; taking them is what the specification allows.
            return Ok(());
        }
        let pushed = match self.read(raw, &header, time) {
            Some(Read::Event(body)) => self.list.push(Event { time, body }),
            Some(Read::Done(pushed)) => pushed,
            None => true,
        };
        if pushed { Ok(()) } else { Err(TryPushError::new()) }
    }
}

enum Read {
    Event(Body),
    Done(bool),
}

impl Output<'_> {
    fn read(&mut self, raw: *const clap_event_header, header: &clap_event_header, time: u32) -> Option<Read> {
        /// Reads an event of type `T` if the header says that it is at least that large.
        fn cast<T: Copy>(raw: *const clap_event_header, header: &clap_event_header) -> Option<T> {
            if (header.size as usize) < size_of::<T>() {
                return None;
            }
            // SAFETY: the caller picks `T` by the header's type, and the header says that at least the size of
            // `T` is there. Unaligned, because nothing makes a plugin align it.
            Some(unsafe { raw.cast::<T>().read_unaligned() })
        }
        let note = |n: &clap_event_note| NoteAddress {
            id: n.note_id,
            port: n.port_index,
            channel: n.channel,
            key: n.key,
        };
        let body = match header.type_ {
            CLAP_EVENT_NOTE_ON => {
                let n: clap_event_note = cast(raw, header)?;
                Body::NoteOn {
                    note: note(&n),
                    velocity: n.velocity,
                }
            }
            CLAP_EVENT_NOTE_OFF => {
                let n: clap_event_note = cast(raw, header)?;
                Body::NoteOff {
                    note: note(&n),
                    velocity: n.velocity,
                }
            }
            CLAP_EVENT_NOTE_CHOKE => Body::NoteChoke {
                note: note(&cast(raw, header)?),
            },
            CLAP_EVENT_NOTE_EXPRESSION => {
                let e: clap_event_note_expression = cast(raw, header)?;
                Body::Expression {
                    note: NoteAddress {
                        id: e.note_id,
                        port: e.port_index,
                        channel: e.channel,
                        key: e.key,
                    },
                    kind: expression(e.expression_id)?,
                    value: e.value,
                }
            }
            CLAP_EVENT_PARAM_VALUE => {
                let p: clap_event_param_value = cast(raw, header)?;
                Body::Param {
                    id: p.param_id,
                    cookie: p.cookie.expose_provenance(),
                    note: NoteAddress {
                        id: p.note_id,
                        port: p.port_index,
                        channel: p.channel,
                        key: p.key,
                    },
                    value: p.value,
                }
            }
            CLAP_EVENT_PARAM_GESTURE_BEGIN => Body::GestureBegin {
                id: cast::<clap_event_param_gesture>(raw, header)?.param_id,
            },
            CLAP_EVENT_PARAM_GESTURE_END => Body::GestureEnd {
                id: cast::<clap_event_param_gesture>(raw, header)?.param_id,
            },
            CLAP_EVENT_MIDI => {
                let m: clap_event_midi = cast(raw, header)?;
                Body::Midi {
                    port: m.port_index,
                    data: m.data,
                }
            }
            CLAP_EVENT_MIDI2 => {
                let m: clap_event_midi2 = cast(raw, header)?;
                Body::Midi2 {
                    port: m.port_index,
                    data: m.data,
                }
            }
            CLAP_EVENT_MIDI_SYSEX => {
                let m: clap_event_midi_sysex = cast(raw, header)?;
                if m.buffer.is_null() || m.size > i32::MAX as u32 {
                    return None;
                }
                // SAFETY: CLAP promises `size` readable bytes at a `buffer` that is not null, for the length of
                // this call; they are copied before it returns.
                let bytes = unsafe { core::slice::from_raw_parts(m.buffer, m.size as usize) };
                return Some(Read::Done(self.list.push_sysex(time, m.port_index, bytes)));
            }
            // A plugin has no business sending modulation or transport, and that a voice has ended interests nobody here.
            _ => return None,
        };
        Some(Read::Event(body))
    }
}

const fn expression(id: clap_note_expression) -> Option<Expression> {
    Some(match id {
        CLAP_NOTE_EXPRESSION_VOLUME => Expression::Volume,
        CLAP_NOTE_EXPRESSION_PAN => Expression::Pan,
        CLAP_NOTE_EXPRESSION_TUNING => Expression::Tuning,
        CLAP_NOTE_EXPRESSION_VIBRATO => Expression::Vibrato,
        CLAP_NOTE_EXPRESSION_EXPRESSION => Expression::Expression,
        CLAP_NOTE_EXPRESSION_BRIGHTNESS => Expression::Brightness,
        CLAP_NOTE_EXPRESSION_PRESSURE => Expression::Pressure,
        _ => return None,
    })
}
