//! What several commands take.

use host::device::{BufferWish, Driver};
use std::path::PathBuf;

/// Frames per second that a device or a rendering may have.
const RATES: std::ops::RangeInclusive<u32> = presets::limits::SAMPLE_RATE;
/// Frames that a block may have.
const BLOCKS: std::ops::RangeInclusive<u32> = presets::limits::BUFFER;

/// The rack to play or render, as typed.
#[derive(Debug, clap::Args)]
pub struct RackArguments {
    /// A preset file, or the name of a factory preset: stage-synth, split-keyboard, wide-pad, bright-lead.
    #[arg(value_name = "PRESET")]
    pub preset: Option<PathBuf>,

    /// A plugin file (loaded straight, without a scan), or a plugin's id (searched for).
    ///
    /// A file that holds several plugins is named FILE#ID or FILE#NAME. Given more than once, the plugins make one
    /// chain in the order given: an instrument first, then effects.
    #[arg(long = "plugin", value_name = "FILE|ID")]
    pub plugins: Vec<String>,
}

/// The rack to play or render.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RackChoice {
    /// A preset file, or a factory preset's name.
    Preset(PathBuf),
    /// A chain of plugins.
    Plugins(Vec<String>),
}

impl RackArguments {
    pub fn resolve(self) -> Result<RackChoice, String> {
        match (self.preset, self.plugins) {
            (Some(preset), plugins) if plugins.is_empty() => Ok(RackChoice::Preset(preset)),
            (None, plugins) if !plugins.is_empty() => Ok(RackChoice::Plugins(plugins)),
            (None, _) => Err(
                "give a preset (a .backline file, or a factory preset such as stage-synth), or plugins with --plugin"
                    .to_owned(),
            ),
            (Some(_), _) => Err("give either a preset or --plugin, not both".to_owned()),
        }
    }
}

pub fn driver(text: &str) -> Result<Driver, String> {
    text.parse::<Driver>().map_err(|error| error.to_string())
}

pub fn rate(text: &str) -> Result<u32, String> {
    let rate = text.parse().ok().filter(|rate| RATES.contains(rate));
    rate.ok_or_else(|| {
        format!(
            "--rate takes {} to {} Hz, not \"{text}\"",
            RATES.start(),
            RATES.end()
        )
    })
}

pub fn block(text: &str, option: &str) -> Result<u32, String> {
    let block = text.parse().ok().filter(|block| BLOCKS.contains(block));
    block.ok_or_else(|| {
        format!(
            "{option} takes {} to {} frames, not \"{text}\"",
            BLOCKS.start(),
            BLOCKS.end()
        )
    })
}

pub fn buffer(text: &str) -> Result<BufferWish, String> {
    if text == "lowest" {
        return Ok(BufferWish::Lowest);
    }
    block(text, "--buffer")
        .map(BufferWish::Frames)
        .map_err(|error| format!("{error}; or write lowest"))
}

/// Seconds above `least`, at most a year.
pub fn seconds(text: &str, option: &str, least: f64) -> Result<f64, String> {
    const YEAR: f64 = 366.0 * 86_400.0;
    let seconds = text
        .parse()
        .ok()
        .filter(|seconds: &f64| (least..=YEAR).contains(seconds));
    seconds.ok_or_else(|| format!("{option} takes seconds from {least} on, as in 2.5, not \"{text}\""))
}
