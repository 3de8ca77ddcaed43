//! `backline render`.

use super::common::{self, RackArguments, RackChoice, VST_PRESET};
use host::render::{Bits, Tail};
use std::path::PathBuf;

/// Frames in a block where none are asked for. Renderings are the same at every block size if the plugins keep to the
/// rules, and larger blocks are quicker.
const BLOCK: u32 = 256;

/// Endings of files that a slip of the hand should not turn into sound.
const NO_SOUND: [&str; 6] = ["backline", "clap", "vst3", VST_PRESET, "mid", "midi"];

/// Render a preset, or plugins, to a WAV file, as fast as it goes.
///
/// Notes come from a MIDI file, sound for effects from a WAV file, or both. The latency that the plugins report is cut
/// off the start. A file that was there is replaced only when the new one is whole.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  backline render Piano.backline --midi-file song.mid --output song.wav
  backline render Grand.vstpreset --midi-file song.mid --output song.wav
  backline render --plugin Reverb.clap --input dry.wav --output wet.wav --tail 4 --bits 32f

With --json, standard output has one line: output, rate in Hz, frames, seconds (of sound), peak_db in dBFS (silence \
is -200), clipped, latency in frames (cut off), took in seconds, realtime (seconds of sound in one second).")]
pub struct Arguments {
    #[command(flatten)]
    rack: RackArguments,

    /// Standard MIDI file to play; `stage-synth` is the phrase built in
    #[arg(long, value_name = "F.mid")]
    midi_file: Option<PathBuf>,

    /// WAV file to feed to the plugins' audio inputs
    #[arg(long, value_name = "F.wav")]
    input: Option<PathBuf>,

    /// WAV file to write
    #[arg(long, value_name = "F.wav")]
    output: PathBuf,

    /// Sample rate in Hz, 8000 to 768000 [default: the input's, else the preset's, else 48000]
    #[arg(long, value_name = "HZ")]
    rate: Option<String>,

    /// Frames in a block, 1 to 8192 [default: 256]
    #[arg(long, value_name = "FRAMES")]
    block: Option<String>,

    /// Seconds to go on after the end of the input [default: until it is silent, 30 at most]
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    tail: Option<String>,

    /// Sample format: 16 or 24 bits, or 32f for 32-bit float, which never clips [default: 24]
    #[arg(long, value_name = "16|24|32f")]
    bits: Option<String>,

    /// Print a summary as one JSON line on standard output
    #[arg(long)]
    json: bool,
}

/// What to render, and how.
#[derive(Clone, Debug)]
pub struct Render {
    /// The rack.
    pub rack: RackChoice,
    /// The piece to play.
    pub midi_file: Option<PathBuf>,
    /// The sound to feed in.
    pub input: Option<PathBuf>,
    /// The file to write.
    pub output: PathBuf,
    /// Frames per second, if not the input's or the preset's.
    pub rate: Option<u32>,
    /// Frames in a block.
    pub block: usize,
    /// How long to go on.
    pub tail: Tail,
    /// Sample format.
    pub bits: Bits,
    /// Whether to print a JSON line.
    pub json: bool,
}

impl Arguments {
    pub fn resolve(self) -> Result<Render, String> {
        let Self {
            rack,
            midi_file,
            input,
            output,
            rate,
            block,
            tail,
            bits,
            json,
        } = self;
        let rack = rack.resolve()?;
        let extension = output.extension().and_then(|extension| extension.to_str());
        if let Some(other) =
            extension.filter(|extension| NO_SOUND.iter().any(|no| extension.eq_ignore_ascii_case(no)))
        {
            return Err(format!(
                "--output takes the name of a WAV file to write, and .{other} is none"
            ));
        }
        let tail = match tail {
            None => Tail::Auto,
            Some(text) => Tail::Seconds(common::seconds(&text, "--tail", 0.0)?),
        };
        if midi_file.is_none() && input.is_none() && !matches!(tail, Tail::Seconds(seconds) if seconds > 0.0)
        {
            return Err(
                "there is nothing to render: give notes with --midi-file, sound with --input, or a length with --tail"
                    .to_owned(),
            );
        }
        let bits = match bits.as_deref() {
            None | Some("24") => Bits::Int24,
            Some("16") => Bits::Int16,
            Some("32f") => Bits::Float32,
            Some(other) => return Err(format!("--bits takes 16, 24 or 32f, not \"{other}\"")),
        };
        let block = block.map_or(Ok(BLOCK), |text| common::block(&text, "--block"))?;
        Ok(Render {
            rack,
            midi_file,
            input,
            output,
            rate: rate.as_deref().map(common::rate).transpose()?,
            block: block as usize,
            tail,
            bits,
            json,
        })
    }
}
