//! What can be counted.

use crate::bare;
use crate::playing::{self, Road};
use crate::score::{BAR, Score};
use anyhow::Result;
use host::plugin::Format;
use std::fmt;
use tests::FORMATS;

/// Left and right of the last block that was played.
pub type Sound = [Vec<f32>; 2];

/// Frames per second, everywhere.
pub const RATE: u32 = 48_000;
/// Frames of a block, except in the rendering.
pub const BLOCK: usize = 32;
/// Frames of a block of the rendering.
pub const RENDER_BLOCK: usize = 64;
/// Layers of the wide rack.
pub const LAYERS: usize = 16;

/// Something that is done over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// A command through a lane: pushed, looked at, popped. No plugin hears of it.
    Ring,
    /// A demonstration plugin of this format plays.
    Plays(Format, Play),
}

/// What a demonstration plugin plays, and who calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Play {
    /// demo-gain with stereo input: alone; by the engine; by the engine behind a device; in each of 16 layers.
    GainBare,
    GainEngine,
    GainDevice,
    GainLayers,
    /// demo-synth, which holds a chord.
    SynthBare,
    SynthDevice,
    /// demo-synth with notes in every block: alone; as the device's MIDI; over a lane.
    NotesBare,
    NotesDevice,
    NotesLane,
    /// demo-gain with parameter values in every block: alone; over a lane.
    ParamsBare,
    ParamsLane,
    /// A piece on demo-synth: alone; rendered to a file.
    RenderBare,
    Render,
}

impl Play {
    const ALL: [(Self, &'static str); 13] = [
        (Self::GainBare, "gain-bare"),
        (Self::GainEngine, "gain-engine"),
        (Self::GainDevice, "gain-device"),
        (Self::GainLayers, "gain-layers"),
        (Self::SynthBare, "synth-bare"),
        (Self::SynthDevice, "synth-device"),
        (Self::NotesBare, "notes-bare"),
        (Self::NotesDevice, "notes-device"),
        (Self::NotesLane, "notes-lane"),
        (Self::ParamsBare, "params-bare"),
        (Self::ParamsLane, "params-lane"),
        (Self::RenderBare, "render-bare"),
        (Self::Render, "render"),
    ];

    const fn is_rendering(self) -> bool {
        matches!(self, Self::RenderBare | Self::Render)
    }

    fn run(self, format: Format, rounds: u64) -> Result<Sound> {
        match self {
            Self::GainBare => bare::gain(format, rounds, &Score::silent()),
            Self::GainEngine => playing::engine(format, rounds),
            Self::GainDevice => playing::gain(format, 1, rounds, &Score::silent()),
            Self::GainLayers => playing::gain(format, LAYERS, rounds, &Score::silent()),
            Self::SynthBare => bare::synth(format, BLOCK, rounds, &Score::chord()),
            Self::SynthDevice => playing::synth(format, Road::Device, rounds, &Score::chord()),
            Self::NotesBare => bare::synth(format, BLOCK, rounds, &Score::notes()),
            Self::NotesDevice => playing::synth(format, Road::Device, rounds, &Score::notes()),
            Self::NotesLane => playing::synth(format, Road::Lane, rounds, &Score::notes()),
            Self::ParamsBare => bare::gain(format, rounds, &Score::params(format)?),
            Self::ParamsLane => playing::gain(format, 1, rounds, &Score::params(format)?),
            Self::RenderBare => bare::synth(format, RENDER_BLOCK, rounds, &Score::piece()),
            Self::Render => playing::render(format, rounds),
        }
    }
}

impl Case {
    const RING: &'static str = "ring";

    /// The case of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        if name == Self::RING {
            return Some(Self::Ring);
        }
        let (format, play) = name.split_once('-')?;
        let format = FORMATS.into_iter().find(|known| known.key() == format)?;
        let (play, _) = Play::ALL.into_iter().find(|&(_, known)| known == play)?;
        Some(Self::Plays(format, play))
    }

    /// Few rounds, after which everything has settled, and many.
    pub const fn rounds(self) -> (u64, u64) {
        match self {
            Self::Ring => (10_000, 110_000),
            // Whole bars of the piece.
            Self::Plays(_, play) if play.is_rendering() => (8 * BAR, 40 * BAR),
            // Whole numbers of reports to main, of which one goes every 50 blocks.
            Self::Plays(..) => (500, 4_500),
        }
    }

    /// Does it `rounds` times and gives what was heard last; nothing where nothing plays.
    pub fn run(self, rounds: u64) -> Result<Sound> {
        match self {
            Self::Ring => playing::ring(rounds),
            Self::Plays(format, play) => play.run(format, rounds),
        }
    }

    /// Does it a few times and gives what was heard last.
    pub fn hear(self) -> Result<Sound> {
        let (rounds, _) = self.rounds();
        match self {
            // A bar of the piece ends with a pause, in which there may be nothing to compare.
            Self::Plays(_, play) if play.is_rendering() => self.run(rounds - BAR / 2),
            _ => self.run(rounds),
        }
    }
}

/// The name by which [`Case::of_name`] knows it.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ring => f.write_str(Self::RING),
            Self::Plays(format, play) => {
                let named = Play::ALL.iter().find(|(known, _)| known == play);
                let (_, name) = named.ok_or(fmt::Error)?;
                write!(f, "{}-{name}", format.key())
            }
        }
    }
}
