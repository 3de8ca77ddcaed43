//! `backline preset`.

use clap::Subcommand;
use std::path::PathBuf;

/// Make, show, check or change a preset.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: TypedCommand,
}

#[derive(Debug, Subcommand)]
enum TypedCommand {
    New(NewArguments),
    Show(ShowArguments),
    Check(CheckArguments),
    Set(SetArguments),
    Unset(UnsetArguments),
}

/// Write a preset with the plugins' default state.
///
/// The plugins make one layer: a chain in the order given.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  backline preset new --plugin Piano.clap
  backline preset new --plugin Synth.clap --plugin Reverb.clap --output Pad.backline")]
struct NewArguments {
    /// A plugin file (FILE#ID or FILE#NAME where it holds several), or a plugin's id; may be given more than once
    #[arg(long = "plugin", value_name = "FILE|ID", required = true)]
    plugins: Vec<String>,

    /// File to write [default: the first plugin's name with .backline, in the current folder]
    #[arg(long, value_name = "P.backline")]
    output: Option<PathBuf>,

    /// Replace a file that is there; its previous version is kept as NAME.backline~
    #[arg(long)]
    force: bool,
}

/// Tell what is in a preset.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "With --json, standard output has the whole preset as one line, keys as in the file; instead of a \
plugin's state it has state_bytes, the size of the state."
)]
struct ShowArguments {
    /// A preset file, or the name of a factory preset
    preset: PathBuf,

    /// Print one JSON line on standard output
    #[arg(long)]
    json: bool,
}

/// Find and load everything that is in a preset, and tell what is wrong.
///
/// Each plugin is loaded with its state and parameters and played for a moment without sound, in a process of its own
/// that may take 20 seconds. The exit code is 1 if anything is wrong; warnings alone are not.
#[derive(Debug, clap::Args)]
struct CheckArguments {
    /// A preset file, or the name of a factory preset
    preset: PathBuf,
}

/// Change one key of a preset file; the rest stays as it is written.
///
/// Lists count from 1, and a layer goes by its name too.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  backline preset set Piano.backline device.buffer 32
  backline preset set Piano.backline layer.1.gain-db -3
  backline preset set Piano.backline layer.Piano.plugin.1.params.Decay 0.7")]
struct SetArguments {
    /// The preset file
    preset: PathBuf,

    /// The key, with dots between its parts
    key: String,

    /// The value
    #[arg(allow_hyphen_values = true)]
    value: String,
}

/// Remove one key of a preset file, so that its default holds, or one entry of a list.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  backline preset unset Piano.backline device.name
  backline preset unset Piano.backline layer.2")]
struct UnsetArguments {
    /// The preset file
    preset: PathBuf,

    /// The key, with dots between its parts
    key: String,
}

/// What to do with a preset.
#[derive(Clone, Debug)]
pub enum Preset {
    /// Write a new one.
    New(New),
    /// Tell what is in it.
    Show {
        /// File or factory preset.
        preset: PathBuf,
        /// Whether to print a JSON line.
        json: bool,
    },
    /// Tell what is wrong with it.
    Check {
        /// File or factory preset.
        preset: PathBuf,
    },
    /// Change a key, or remove it where there is no value.
    Edit {
        /// The file.
        preset: PathBuf,
        /// The key.
        key: String,
        /// The value.
        value: Option<String>,
    },
}

/// A preset to write.
#[derive(Clone, Debug)]
pub struct New {
    /// Files, ids or names, at least one.
    pub plugins: Vec<String>,
    /// The file, if not named by the first plugin.
    pub output: Option<PathBuf>,
    /// Whether to replace a file that is there.
    pub force: bool,
}

impl Arguments {
    pub fn resolve(self) -> Result<Preset, String> {
        Ok(match self.command {
            TypedCommand::New(NewArguments {
                plugins,
                output,
                force,
            }) => Preset::New(New {
                plugins,
                output,
                force,
            }),
            TypedCommand::Show(ShowArguments { preset, json }) => Preset::Show { preset, json },
            TypedCommand::Check(CheckArguments { preset }) => Preset::Check { preset },
            TypedCommand::Set(SetArguments { preset, key, value }) => Preset::Edit {
                preset,
                key,
                value: Some(value),
            },
            TypedCommand::Unset(UnsetArguments { preset, key }) => Preset::Edit {
                preset,
                key,
                value: None,
            },
        })
    }
}

/// Load one plugin of a preset.
#[derive(Debug, clap::Args)]
pub struct CheckPluginArguments {
    /// The preset
    preset: PathBuf,
    /// The plugin's number, layer by layer, the master chain last, from 0
    number: usize,
    /// The file that holds it
    file: PathBuf,
}

/// A plugin of a preset to load, in a child process.
#[derive(Clone, Debug)]
pub struct CheckPlugin {
    /// The preset.
    pub preset: PathBuf,
    /// The plugin's number, layer by layer, the master chain last, from 0.
    pub number: usize,
    /// The file that holds it.
    pub file: PathBuf,
}

impl CheckPluginArguments {
    pub fn resolve(self) -> CheckPlugin {
        let Self { preset, number, file } = self;
        CheckPlugin { preset, number, file }
    }
}
