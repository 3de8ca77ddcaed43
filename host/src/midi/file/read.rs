//! From a file's bytes to a list of events.
//!
//! The chunks are walked here, since midly plays what is left of a file that is cut off; midly reads the events.

use super::order::arrange;
use super::timeline::{Division, USUAL_TEMPO};
use super::{Event, Message, MidiFileError};
use crate::midi::bytes::{Parser, is_ticking};
use midly::{EventIter, MetaMessage, MidiMessage, TrackEventKind};
use std::path::Path;

/// A file's content, in order of time.
#[derive(Debug)]
pub(super) struct Score {
    pub(super) division: Division,
    /// Tick and microseconds per quarter note, in the order of the file.
    pub(super) tempi: Vec<(u64, u32)>,
    /// Tick, numerator and denominator, in the order of the file.
    pub(super) metres: Vec<(u64, [u16; 2])>,
    pub(super) events: Vec<Event>,
    pub(super) bytes: Vec<u8>,
    /// Tick of the end of the longest track.
    pub(super) end: u64,
}

/// A track's bytes, and where they begin in the file.
struct Track<'a> {
    offset: usize,
    bytes: &'a [u8],
}

/// Tracks that sound one after the other.
const PATTERNS: u16 = 2;

/// Reads a whole file; `path` is what errors call it.
pub(super) fn score(file: &[u8], path: &Path) -> Result<Score, MidiFileError> {
    let path_buf = || path.to_owned();
    let cut_off = |place: String| MidiFileError::CutOff {
        path: path_buf(),
        place,
    };
    if file.is_empty() {
        return Err(MidiFileError::Empty { path: path_buf() });
    }
    let start = unwrapped(file);
    let body = &file[start..];
    if !body.starts_with(b"MThd") {
        return Err(match b"MThd".starts_with(body) {
            true => cut_off("in its header".to_owned()),
            false => MidiFileError::NotMidi { path: path_buf() },
        });
    }
    let in_header = || cut_off("in its header".to_owned());
    let (_, header, mut rest) = chunk(body).ok_or_else(in_header)?;
    let [format, declared, division] = match *header {
        [a, b, c, d, e, f, ..] => [[a, b], [c, d], [e, f]].map(u16::from_be_bytes),
        _ => return Err(in_header()),
    };
    if format > PATTERNS {
        return Err(MidiFileError::UnknownFormat {
            path: path_buf(),
            format,
        });
    }
    let declared = usize::from(declared);
    let mut tracks = Vec::new();
    while !rest.is_empty() {
        let Some((kind, bytes, after)) = chunk(rest) else {
            // What is cut off behind the last track is of no concern.
            if tracks.len() >= declared && !rest.starts_with(b"MTrk") {
                break;
            }
            return Err(cut_off(format!(
                "in the middle of track {} of {}",
                tracks.len() + 1,
                declared.max(tracks.len() + 1)
            )));
        };
        if kind == b"MTrk" {
            let offset = file.len() - after.len() - bytes.len();
            tracks.push(Track { offset, bytes });
        }
        rest = after;
    }
    if tracks.len() < declared {
        return Err(cut_off(format!("behind track {} of {declared}", tracks.len())));
    }
    if tracks.is_empty() {
        return Err(MidiFileError::NoTracks { path: path_buf() });
    }
    let division = Division::new(division).ok_or_else(|| MidiFileError::Division {
        path: path_buf(),
        division,
    })?;
    joined(&tracks, division, format).map_err(|(track, offset)| MidiFileError::Damaged {
        path: path_buf(),
        track,
        offset,
    })
}

/// The first chunk's kind and bytes, and what lies behind it; `None` if the chunk is not whole.
fn chunk(bytes: &[u8]) -> Option<(&[u8; 4], &[u8], &[u8])> {
    let (kind, rest) = bytes.split_first_chunk::<4>()?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
    let (chunk, rest) = rest.split_at_checked(len)?;
    Some((kind, chunk, rest))
}

/// Where the MIDI file begins: at once, or inside a RIFF file of the kind RMID.
fn unwrapped(file: &[u8]) -> usize {
    if !(file.starts_with(b"RIFF") && file.get(8..12) == Some(b"RMID")) {
        return 0;
    }
    let mut start = 12_usize;
    while let Some([a, b, c, d]) = file.get(start + 4..).and_then(<[u8]>::first_chunk) {
        if file[start..].starts_with(b"data") {
            return start + 8;
        }
        // Chunks of RIFF are padded to even lengths.
        let len = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
        start = start
            .saturating_add(8)
            .saturating_add(len)
            .saturating_add(len & 1);
        if start >= file.len() {
            break;
        }
    }
    0
}

/// All tracks as one list; the error names the track, from 1, and the byte in the file.
fn joined(tracks: &[Track<'_>], division: Division, format: u16) -> Result<Score, (usize, usize)> {
    let mut score = Score {
        division,
        tempi: Vec::new(),
        metres: Vec::new(),
        events: Vec::new(),
        bytes: Vec::new(),
        end: 0,
    };
    let mut together = Vec::new();
    for (number, track) in (1..).zip(tracks) {
        let mut reader = Reader {
            score: &mut score,
            events: Vec::new(),
            parser: Parser::new(usize::MAX),
        };
        if format == PATTERNS {
            let start = reader.score.end;
            reader.score.tempi.push((start, USUAL_TEMPO));
            reader.score.metres.push((start, [4, 4]));
            let end = reader.track(track, start).map_err(|offset| (number, offset))?;
            let events = reader.events;
            score.events.extend(arrange(events, end));
            score.end = end;
        } else {
            let end = reader.track(track, 0).map_err(|offset| (number, offset))?;
            together.append(&mut reader.events);
            score.end = score.end.max(end);
        }
    }
    if format != PATTERNS {
        score.events = arrange(together, score.end);
    }
    Ok(score)
}

/// Reads one track.
struct Reader<'a> {
    score: &'a mut Score,
    events: Vec<Event>,
    /// Joins the parts of system exclusive messages, and cuts escapes into messages.
    parser: Parser,
}

impl Reader<'_> {
    /// Reads a track that begins at the tick `start`; returns the tick of its end. The error is a byte in the file.
    fn track(&mut self, track: &Track<'_>, start: u64) -> Result<u64, usize> {
        let mut tick = start;
        // Tick of the last part of a system exclusive message.
        let mut part = start;
        let mut events = EventIter::new(track.bytes).bytemapped();
        loop {
            let left = events.unread().len();
            let damaged = track.offset + track.bytes.len() - left;
            if left == 0 {
                break;
            }
            // midly ends silently at what it cannot read, and at the end of the track cuts lengths down to what is
            // there.
            let Some(Ok((raw, event))) = events.next() else {
                return Err(damaged);
            };
            if !is_whole(raw, &event.kind) {
                return Err(damaged);
            }
            tick += u64::from(event.delta.as_int());
            match event.kind {
                TrackEventKind::Midi { channel, message } => {
                    // A writer that forgets the end byte means the message to be sent where it stands.
                    self.end_sysex(part);
                    self.events.push(Event {
                        tick,
                        message: Message::Short(short(channel.as_int(), message)),
                    });
                }
                TrackEventKind::SysEx(data) => {
                    self.end_sysex(part);
                    self.stream(tick, &[0xf0]);
                    self.stream(tick, data);
                    part = tick;
                }
                TrackEventKind::Escape(data) => {
                    self.stream(tick, data);
                    part = tick;
                }
                TrackEventKind::Meta(MetaMessage::EndOfTrack) => break,
                TrackEventKind::Meta(MetaMessage::Lyric(text)) => self.lyric(tick, text),
                TrackEventKind::Meta(meta) => self.meta(tick, &meta),
            }
        }
        self.end_sysex(part);
        give_to_notes(&mut self.events);
        Ok(tick)
    }

    /// Keeps words as plugins read them. Files have them in UTF-8 or, as the standard says, in ASCII and what else a
    /// Western machine had.
    fn lyric(&mut self, tick: u64, text: &[u8]) {
        let latin = || text.iter().map(|&byte| char::from(byte)).collect();
        let text = std::str::from_utf8(text).map_or_else(|_| latin(), str::to_owned);
        let pool = &mut self.score.bytes;
        let start = pool.len();
        let units = text.encode_utf16().chain(std::iter::once(0));
        pool.extend(units.flat_map(u16::to_ne_bytes));
        // The pool is not longer than three times the file: far less than 4 GiB.
        if let (Ok(start), Ok(len)) = (u32::try_from(start), u32::try_from(pool.len() - start)) {
            self.events.push(Event {
                tick,
                message: Message::Lyric {
                    channel: 0,
                    start,
                    len,
                },
            });
        }
    }

    fn meta(&mut self, tick: u64, meta: &MetaMessage<'_>) {
        match *meta {
            MetaMessage::Tempo(micros) if micros.as_int() > 0 => {
                self.score.tempi.push((tick, micros.as_int()));
            }
            // Lower numbers from 1 to 128; others are no note values.
            MetaMessage::TimeSignature(numerator @ 1.., power @ 0..=7, _, _) => {
                self.score.metres.push((tick, [u16::from(numerator), 1 << power]));
            }
            _ => {}
        }
    }

    /// Takes bytes as they would go through a cable.
    fn stream(&mut self, tick: u64, bytes: &[u8]) {
        let (events, pool) = (&mut self.events, &mut self.score.bytes);
        self.parser
            .feed(bytes, &mut |message| push(events, pool, tick, message));
    }

    /// Ends a system exclusive message that is still open.
    fn end_sysex(&mut self, tick: u64) {
        let (events, pool) = (&mut self.events, &mut self.score.bytes);
        self.parser
            .finish(&mut |message| push(events, pool, tick, message));
    }
}

/// Puts each lyric of a track behind the first notes that begin with it or after it, and names their channel. Words that
/// no note follows are nobody's. Writers put words before their notes as often as behind them.
fn give_to_notes(events: &mut Vec<Event>) {
    let begins = |event: &Event| match event.message {
        Message::Short([status @ 0x90..=0x9f, _, 1..=127]) => Some((event.tick, status & 0x0f)),
        _ => None,
    };
    let notes: Vec<(u64, u8)> = events.iter().filter_map(begins).collect();
    events.retain_mut(|event| {
        let Message::Lyric { channel, .. } = &mut event.message else {
            return true;
        };
        let next = notes.get(notes.partition_point(|&(tick, _)| tick < event.tick));
        if let Some(&(tick, of)) = next {
            event.tick = tick;
            *channel = of;
        }
        next.is_some()
    });
    events.sort_by_key(|event| (event.tick, matches!(event.message, Message::Lyric { .. })));
}

fn push(events: &mut Vec<Event>, pool: &mut Vec<u8>, tick: u64, message: &[u8]) {
    let message = match *message {
        _ if is_ticking(message) => return,
        [0xf0, ..] => {
            // The pool is not longer than the file and two bytes for each of its events: far less than 4 GiB.
            let (Ok(start), Ok(len)) = (u32::try_from(pool.len()), u32::try_from(message.len())) else {
                return;
            };
            pool.extend_from_slice(message);
            Message::SysEx { start, len }
        }
        [status] => Message::Short([status, 0, 0]),
        [status, first] => Message::Short([status, first, 0]),
        [status, first, second] => Message::Short([status, first, second]),
        _ => return,
    };
    events.push(Event { tick, message });
}

/// Whether an event has as many bytes as it announces. `raw` is the event without its delta time.
fn is_whole(raw: &[u8], kind: &TrackEventKind<'_>) -> bool {
    // Status, then for meta events the type, then a length of at most four bytes of seven bits each.
    let header = match kind {
        TrackEventKind::Midi { .. } => return true,
        TrackEventKind::SysEx(_) | TrackEventKind::Escape(_) => 1,
        TrackEventKind::Meta(_) => 2,
    };
    let mut announced = 0;
    for (read, &byte) in (header + 1..).zip(raw.get(header..).unwrap_or(&[]).iter().take(4)) {
        announced = announced << 7 | usize::from(byte & 0x7f);
        if byte < 0x80 {
            return raw.len() - read == announced;
        }
    }
    false
}

fn short(channel: u8, message: MidiMessage) -> [u8; 3] {
    match message {
        MidiMessage::NoteOff { key, vel } => [0x80 | channel, key.as_int(), vel.as_int()],
        MidiMessage::NoteOn { key, vel } => [0x90 | channel, key.as_int(), vel.as_int()],
        MidiMessage::Aftertouch { key, vel } => [0xa0 | channel, key.as_int(), vel.as_int()],
        MidiMessage::Controller { controller, value } => {
            [0xb0 | channel, controller.as_int(), value.as_int()]
        }
        MidiMessage::ProgramChange { program } => [0xc0 | channel, program.as_int(), 0],
        MidiMessage::ChannelAftertouch { vel } => [0xd0 | channel, vel.as_int(), 0],
        MidiMessage::PitchBend { bend } => {
            let [coarse, fine] = (bend.0.as_int() << 1).to_be_bytes();
            [0xe0 | channel, fine >> 1, coarse]
        }
    }
}
