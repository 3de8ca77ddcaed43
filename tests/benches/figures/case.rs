//! What can be counted.

use crate::bare::Bare;
use crate::playing::{self, Road};
use crate::score::{BAR, Score};
use anyhow::Result;

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
    /// A command through a lane: pushed, looked at, popped.
    Ring,
    /// A piece on demo-synth: alone; rendered to a file.
    RenderBare,
    Render,
}

impl Case {
    const ALL: [(Self, &'static str); 14] = [
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
        (Self::Ring, "ring"),
        (Self::RenderBare, "render-bare"),
        (Self::Render, "render"),
    ];

    /// The case of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|&&(_, known)| known == name)
            .map(|&(case, _)| case)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|&&(case, _)| case == self)
            .map_or("", |&(_, name)| name)
    }

    /// Few rounds, after which everything has settled, and many.
    pub const fn rounds(self) -> (u64, u64) {
        match self {
            Self::Ring => (10_000, 110_000),
            // Whole bars of the piece.
            Self::RenderBare | Self::Render => (8 * BAR, 40 * BAR),
            // Whole numbers of reports to main, of which one goes every 50 blocks.
            _ => (500, 4_500),
        }
    }

    /// Does it `rounds` times and gives what was heard last; nothing where nothing plays.
    pub fn run(self, rounds: u64) -> Result<Sound> {
        match self {
            Self::GainBare => Bare::gain()?.play(rounds, &Score::silent()),
            Self::GainEngine => playing::engine(rounds),
            Self::GainDevice => playing::gain(1, rounds, &Score::silent()),
            Self::GainLayers => playing::gain(LAYERS, rounds, &Score::silent()),
            Self::SynthBare => Bare::synth(BLOCK)?.play(rounds, &Score::chord()),
            Self::SynthDevice => playing::synth(Road::Device, rounds, &Score::chord()),
            Self::NotesBare => Bare::synth(BLOCK)?.play(rounds, &Score::notes()),
            Self::NotesDevice => playing::synth(Road::Device, rounds, &Score::notes()),
            Self::NotesLane => playing::synth(Road::Lane, rounds, &Score::notes()),
            Self::ParamsBare => Bare::gain()?.play(rounds, &Score::params()?),
            Self::ParamsLane => playing::gain(1, rounds, &Score::params()?),
            Self::Ring => playing::ring(rounds),
            Self::RenderBare => Bare::synth(RENDER_BLOCK)?.play(rounds, &Score::piece()),
            Self::Render => playing::render(rounds),
        }
    }
}
