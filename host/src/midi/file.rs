//! Standard MIDI files: read whole, checked, and turned into a piece that plays at the sample.

mod order;
mod read;
#[cfg(test)]
mod tests;
mod timeline;

use crate::lend::lend;
use rt::Lent;
use rt::sequence::{Note, Sequence, What};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use timeline::{Rate, Timeline};

/// Longest file that is read. A piece takes up to about 50 times as much memory.
pub const LONGEST_FILE: u64 = 16 << 20;
/// Longest piece that is played, in seconds: one day.
pub const LONGEST_PIECE: f64 = 86_400.0;

/// Why a MIDI file cannot be played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MidiFileError {
    /// The file cannot be read.
    #[error("the MIDI file {} could not be read: {source}; see that it exists and that you may read it", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is longer than [`LONGEST_FILE`].
    #[error(
        "the MIDI file {} is longer than {} MiB, the most that is played; split it into parts",
        path.display(),
        LONGEST_FILE >> 20
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file has no bytes.
    #[error("the MIDI file {} is empty; export or copy it again", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is of another kind.
    #[error(
        "{} is not a standard MIDI file: it does not begin with a MIDI header; choose a file made by \"export as MIDI\"",
        path.display()
    )]
    NotMidi {
        /// The file.
        path: PathBuf,
    },
    /// The file ends too early.
    #[error("the MIDI file {} is cut off {place}; export or copy it again", path.display())]
    CutOff {
        /// The file.
        path: PathBuf,
        /// Where, as in "in the middle of track 2 of 3".
        place: String,
    },
    /// A track holds what is no MIDI.
    #[error(
        "track {track} of the MIDI file {} is damaged at byte {offset} of the file; export or copy it again",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The track, from 1.
        track: usize,
        /// Bytes from the start of the file.
        offset: usize,
    },
    /// The header names an unknown format.
    #[error(
        "the MIDI file {} has the unknown format {format}; export it as format 0 or 1",
        path.display()
    )]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// The number in the header.
        format: u16,
    },
    /// The header's division gives ticks no length.
    #[error(
        "the MIDI file {} does not say how long its ticks are (division {division:#06x}); export it again",
        path.display()
    )]
    Division {
        /// The file.
        path: PathBuf,
        /// The number in the header.
        division: u16,
    },
    /// The file has no tracks, and says so.
    #[error("the MIDI file {} has no tracks; export it again with at least one", path.display())]
    NoTracks {
        /// The file.
        path: PathBuf,
    },
    /// The piece lasts longer than [`LONGEST_PIECE`].
    #[error(
        "the MIDI file {} lasts {:.0} hours, longer than the {:.0} that are played; look for an event far behind the others",
        path.display(),
        seconds / 3600.0,
        LONGEST_PIECE / 3600.0
    )]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its length in seconds.
        seconds: f64,
    },
}

/// A message at a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Event {
    tick: u64,
    message: Message,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    /// Up to three bytes; unused ones are 0.
    Short([u8; 3]),
    /// System exclusive in the file's pool.
    SysEx { start: u32, len: u32 },
    /// What the notes of a channel are sung to; see [`What::Lyric`].
    Lyric { channel: u8, start: u32, len: u32 },
}

/// A standard MIDI file, checked from end to end.
///
/// - Tracks of formats 0 and 1 sound together, in the order of tracks where they meet; tracks of format 2 are patterns
///   and sound one after the other, each beginning at 120 beats per minute in four-four time.
/// - Tempo and metre changes count in whichever track they stand; the last at a tick wins. In files timed by SMPTE
///   frames, tempo moves the beats that plugins are told, but no event.
/// - A note-off that meets the next note-on of its key at one tick comes first. Notes and pedals that nothing lets go
///   are let go at the end.
/// - System exclusive in parts is sent whole with its last part.
/// - Lyrics go to the notes that their track begins at their tick, or begins next, for plugins that sing.
/// - A track ends at its end-of-track event, or with its chunk if there is none. RIFF-wrapped files are read too.
#[derive(Clone, Debug)]
pub struct MidiFile {
    timeline: Timeline,
    /// In order of time.
    events: Vec<Event>,
    bytes: Vec<u8>,
    /// Tick of the end of the longest track.
    end: u64,
    notes: usize,
}

/// Reads the MIDI file at `path`.
///
/// # Errors
///
/// When it cannot be read, or what it holds cannot be played whole.
pub fn load(path: &Path) -> Result<MidiFile, MidiFileError> {
    let unreadable = |source| MidiFileError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST_FILE + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    parse(&bytes, path)
}

/// Reads a MIDI file from memory; `path` is what errors call it.
///
/// # Errors
///
/// When what the bytes hold cannot be played whole.
pub fn parse(bytes: &[u8], path: &Path) -> Result<MidiFile, MidiFileError> {
    if bytes.len() as u64 > LONGEST_FILE {
        return Err(MidiFileError::TooLarge {
            path: path.to_owned(),
        });
    }
    let score = read::score(bytes, path)?;
    let timeline = Timeline::new(score.division, score.tempi, score.metres);
    let seconds = timeline.seconds(score.end);
    if seconds > LONGEST_PIECE {
        return Err(MidiFileError::TooLong {
            path: path.to_owned(),
            seconds,
        });
    }
    let is_note = |event: &&Event| matches!(event.message, Message::Short([0x90..=0x9f, _, 1..=127]));
    Ok(MidiFile {
        notes: score.events.iter().filter(is_note).count(),
        timeline,
        events: score.events,
        bytes: score.bytes,
        end: score.end,
    })
}

impl MidiFile {
    /// Number of notes.
    #[must_use]
    pub const fn notes(&self) -> usize {
        self.notes
    }

    /// Length in seconds, from the start to the end of the longest track.
    #[must_use]
    pub fn length_seconds(&self) -> f64 {
        self.timeline.seconds(self.end)
    }

    /// Tempo at the start, in quarter notes per minute.
    #[must_use]
    pub fn tempo(&self) -> f64 {
        self.timeline.tempo()
    }

    /// The piece at `rate` frames per second, stopped at its start.
    ///
    /// Every event lies at the frame nearest to its time, which is computed from the tempo map without rounding in
    /// between. The piece begins with a transport point; one more follows at each change of tempo or metre, before the
    /// messages of that tick.
    ///
    /// It is as long as the longest track. If it is looped, it is whole bars long: a track that ends within two ticks
    /// of a bar line ends on that line, any other at the next one. Files timed by SMPTE frames have no bars to speak
    /// of; they are looped at the end of the longest track.
    #[must_use]
    pub fn to_sequence(&self, rate: f64, looped: bool) -> Lent<Sequence> {
        let rate = Rate::new(rate);
        let points = self.timeline.points();
        let mut notes = Vec::with_capacity(self.events.len() + points.len());
        let mut points = points.into_iter().peekable();
        let at = |tick| self.timeline.frame(tick, rate);
        for event in &self.events {
            while let Some((tick, transport)) = points.next_if(|&(tick, _)| tick <= event.tick) {
                notes.push(Note {
                    at: at(tick),
                    what: What::Transport(transport),
                });
            }
            notes.push(Note {
                at: at(event.tick),
                what: match event.message {
                    Message::Short(data) => What::Midi(data),
                    Message::SysEx { start, len } => What::SysEx { start, len },
                    Message::Lyric { channel, start, len } => What::Lyric { channel, start, len },
                },
            });
        }
        notes.extend(points.map(|(tick, transport)| Note {
            at: at(tick),
            what: What::Transport(transport),
        }));
        let length = if looped {
            self.timeline.loop_frames(self.end, rate)
        } else {
            at(self.end)
        };
        lend(Box::new(Sequence::new(
            lend(notes.into_boxed_slice()),
            lend(self.bytes.clone().into_boxed_slice()),
            length,
            looped,
        )))
    }
}
