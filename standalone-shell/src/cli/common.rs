//! What several commands take.

use host::device::{BufferWish, Driver};
use std::path::{Path, PathBuf};

/// Frames per second that a device or a rendering may have.
const RATES: std::ops::RangeInclusive<u32> = presets::limits::SAMPLE_RATE;
/// Frames that a block may have.
const BLOCKS: std::ops::RangeInclusive<u32> = presets::limits::BUFFER;

/// What the file of a VST3 plugin's preset ends with.
pub const VST_PRESET: &str = "vstpreset";

/// Whether a file is called like a VST3 plugin's preset.
pub fn is_vst_preset(file: &Path) -> bool {
    file.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| extension.eq_ignore_ascii_case(VST_PRESET))
}

/// The rack to play or render, as typed.
#[derive(Debug, clap::Args)]
pub struct RackArguments {
    /// A preset file, or the name of a factory preset: stage-synth, split-keyboard, wide-pad, bright-lead.
    ///
    /// A .vstpreset file is one too: the VST3 plugin that it is for is searched for, and plays it.
    #[arg(value_name = "PRESET")]
    pub preset: Option<PathBuf>,

    #[command(flatten)]
    pub chain: ChainArguments,
}

/// A chain of plugins, as typed.
#[derive(Debug, clap::Args)]
pub struct ChainArguments {
    /// A plugin file (loaded straight, without a scan), a plugin's id (searched for), or a .vstpreset file (its plugin
    /// is searched for).
    ///
    /// A file that holds several plugins is named FILE#ID or FILE#NAME. Given more than once, the plugins make one
    /// chain in the order given: an instrument first, then effects.
    #[arg(long = "plugin", value_name = "FILE|ID")]
    pub plugins: Vec<String>,

    /// A .vstpreset file to give to the first plugin, which has to be the VST3 plugin that it is for
    #[arg(long, value_name = "F.vstpreset")]
    pub state: Option<PathBuf>,

    /// One of the programs that the first plugin brings along: its name, LIST/NAME, or its number from 1
    ///
    /// `backline plugin` lists them. Only VST3 plugins let a host choose.
    #[arg(long, value_name = "NAME|N")]
    pub program: Option<String>,
}

/// The rack to play or render.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RackChoice {
    /// A preset.
    Preset {
        /// Its file, or a factory preset's name.
        preset: PathBuf,
        /// The program that its first plugin plays instead of its own.
        program: Option<String>,
    },
    /// A chain of plugins.
    Plugins(Chain),
}

/// A chain of plugins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Files, ids or `.vstpreset` files, at least one.
    pub plugins: Vec<String>,
    /// The `.vstpreset` file for the first. Not with one that is a `.vstpreset` file itself.
    pub state: Option<PathBuf>,
    /// The program of the first.
    pub program: Option<String>,
}

impl RackArguments {
    pub fn resolve(self) -> Result<RackChoice, String> {
        let Self { preset, mut chain } = self;
        match preset {
            Some(_) if !chain.plugins.is_empty() => Err(
                "give either a preset or --plugin, not both; a .vstpreset goes to a plugin's file with --state".to_owned(),
            ),
            Some(preset) if is_vst_preset(&preset) => {
                let preset = preset
                    .into_os_string()
                    .into_string()
                    .map_err(|name| format!("the name of {} is not Unicode: rename the file", name.display()))?;
                chain.plugins.push(preset);
                chain.resolve().map(RackChoice::Plugins)
            }
            Some(_) if chain.state.is_some() => Err(
                "--state goes with --plugin: a preset has its plugins' states in it (`backline preset set --help` \
                 tells how to change one)"
                    .to_owned(),
            ),
            Some(preset) => Ok(RackChoice::Preset {
                preset,
                program: chain.program()?,
            }),
            None if chain.plugins.is_empty() => Err(
                "give a preset (a .backline file, or a factory preset such as stage-synth), or plugins with --plugin"
                    .to_owned(),
            ),
            None => chain.resolve().map(RackChoice::Plugins),
        }
    }
}

impl ChainArguments {
    pub fn resolve(self) -> Result<Chain, String> {
        let program = self.program()?;
        let Self { plugins, state, .. } = self;
        let Some(first) = plugins.first() else {
            return Err("name the plugins with --plugin".to_owned());
        };
        if state.is_some() && is_vst_preset(Path::new(first)) {
            return Err(format!(
                "{first} brings its own state: leave out --state, or name the plugin's own file"
            ));
        }
        Ok(Chain {
            plugins,
            state,
            program,
        })
    }

    fn program(&self) -> Result<Option<String>, String> {
        match &self.program {
            Some(program) if program.trim().is_empty() => {
                Err("--program takes a program's name, or its number from 1".to_owned())
            }
            program => Ok(program.clone()),
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
