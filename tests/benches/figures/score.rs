//! What is played, the same for the bare loop and for Backline.

use crate::case::{RATE, RENDER_BLOCK};
use anyhow::{Context, Result};
use host::midi::file::{self, MidiFile};
use host::plugin::{Format, Instance, Source};
use std::path::Path;

/// Blocks of a bar of the piece.
pub const BAR: u64 = 100;
/// Blocks after which the bar's chord is let go.
const HELD: u64 = 75;
/// Keys that are held.
const CHORD: [u8; 4] = [48, 55, 60, 64];
/// Keys that are played within a block, each once down and once up.
const KEYS: [u8; 4] = [60, 64, 67, 71];
/// Events of a block with events.
pub const EVENTS: usize = 2 * KEYS.len();

/// Events that demo-synth says in a block with notes: every key that goes down takes a voice from a note before it,
/// whose end is reported. VST3 has no word for that.
pub const fn ends(format: Format) -> usize {
    match format {
        Format::Clap => KEYS.len(),
        Format::Vst3 => 0,
    }
}

/// Velocities of a key that goes down and of one that goes up.
pub const DOWN: u8 = 100;
pub const UP: u8 = 64;

/// Something that happens within a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// A key goes down.
    Down(u8),
    /// A key goes up.
    Up(u8),
    /// A parameter takes a value, which is meant as the plugin's processor takes it.
    Param { id: u32, value: f64 },
}

/// A frame of a block, and what happens there.
pub type Happening = (u32, What);

/// Music made of a few different blocks.
#[derive(Debug)]
pub struct Score {
    /// What happens in each kind of block, in order of time.
    pub kinds: Vec<Vec<Happening>>,
    /// The kind of a block, by its number.
    pub kind_of: fn(u64) -> usize,
}

impl Score {
    /// Nothing happens.
    pub fn silent() -> Self {
        Self {
            kinds: vec![Vec::new()],
            kind_of: |_| 0,
        }
    }

    /// A chord that is held from the first frame on.
    pub fn chord() -> Self {
        Self {
            kinds: vec![Vec::new(), chord(What::Down)],
            kind_of: |block| usize::from(block == 0),
        }
    }

    /// Notes in every block, each event at a frame of its own.
    pub fn notes() -> Self {
        let down = (0..).zip(KEYS).map(|(at, key)| (at, What::Down(key)));
        let up = (16..).zip(KEYS).map(|(at, key)| (at, What::Up(key)));
        Self {
            kinds: vec![down.chain(up).collect()],
            kind_of: |_| 0,
        }
    }

    /// A parameter of demo-gain is set again and again to what it is, each time at a frame of its own.
    pub fn params(format: Format) -> Result<Self> {
        let gain = Instance::load(&Source {
            file: tests::demo_as(format, "demo-gain"),
            which: None,
        })?;
        let param = gain.params().first().context("demo-gain has no parameter")?;
        let set = What::Param {
            id: param.id,
            value: gain.processor_value(param.id, param.default),
        };
        Ok(Self {
            kinds: vec![(0..).zip([set; EVENTS]).map(|(at, set)| (at * 3, set)).collect()],
            kind_of: |_| 0,
        })
    }

    /// Bars of a chord and a pause, in blocks of the rendering.
    pub fn piece() -> Self {
        Self {
            kinds: vec![Vec::new(), chord(What::Down), chord(What::Up)],
            kind_of: |block| match block % BAR {
                0 => 1,
                HELD => 2,
                _ => 0,
            },
        }
    }

    /// What happens in a block.
    pub fn block(&self, number: u64) -> &[Happening] {
        &self.kinds[(self.kind_of)(number)]
    }
}

fn chord(what: fn(u8) -> What) -> Vec<Happening> {
    CHORD.map(|key| (0, what(key))).to_vec()
}

/// The MIDI message of a happening.
pub const fn message(what: What) -> Option<[u8; 3]> {
    match what {
        What::Down(key) => Some([0x90, key, DOWN]),
        What::Up(key) => Some([0x80, key, UP]),
        What::Param { .. } => None,
    }
}

/// [`Score::piece`] as a standard MIDI file of this many blocks.
pub fn piece_file(blocks: u64) -> Result<MidiFile> {
    /// Ticks of a quarter note, which lasts half a second.
    const TICKS: u16 = 480;
    let ticks = |block: u64| block * RENDER_BLOCK as u64 * 2 * u64::from(TICKS) / u64::from(RATE);
    let piece = Score::piece();
    let mut track = vec![0, 0xff, 0x51, 3, 0x07, 0xa1, 0x20];
    let mut last = 0;
    for block in 0..blocks {
        for &(_, what) in piece.block(block) {
            write_delta(&mut track, ticks(block) - last);
            last = ticks(block);
            track.extend(message(what).into_iter().flatten());
        }
    }
    write_delta(&mut track, ticks(blocks) - last);
    track.extend([0xff, 0x2f, 0]);

    let mut bytes = b"MThd\0\0\0\x06\0\0\0\x01".to_vec();
    bytes.extend(TICKS.to_be_bytes());
    bytes.extend(b"MTrk");
    bytes.extend(u32::try_from(track.len())?.to_be_bytes());
    bytes.extend(track);
    Ok(file::parse(&bytes, Path::new("piece.mid"))?)
}

/// Writes a number of ticks as MIDI files do: seven bits a byte, all but the last marked.
fn write_delta(track: &mut Vec<u8>, ticks: u64) {
    for place in (1..10).rev().filter(|place| ticks >> (7 * place) != 0) {
        track.push(0x80 | low_bits(ticks >> (7 * place)));
    }
    track.push(low_bits(ticks));
}

/// The last seven bits.
const fn low_bits(ticks: u64) -> u8 {
    (ticks & 0x7f) as u8
}
