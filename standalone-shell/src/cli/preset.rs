//! `backline preset`.

use super::common::{Chain, ChainArguments, is_vst_preset};
use clap::Subcommand;
use presets::EXTENSION;
use std::path::{Path, PathBuf};

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

/// Write a preset with the plugins' default state, or that of a .vstpreset file.
///
/// The plugins make one layer: a chain in the order given.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  backline preset new --plugin Piano.clap
  backline preset new --plugin Synth.vst3 --plugin Reverb.clap --output Pad.backline
  backline preset new --plugin Grand.vstpreset")]
struct NewArguments {
    #[command(flatten)]
    chain: ChainArguments,

    /// File to write [default: the name of the first plugin or .vstpreset with .backline, in the current folder]
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
/// that may take 20 seconds. The exit code is 1 if anything is wrong; warnings alone are not: a parameter, program or map
/// that a plugin does not have is left out, and the rest plays.
#[derive(Debug, clap::Args)]
struct CheckArguments {
    /// A preset file, or the name of a factory preset
    preset: PathBuf,
}

/// Change one key of a preset file; the rest stays as it is written. Or export the state of a plugin of it.
///
/// Lists count from 1, and a layer goes by its name too. A VST3 plugin's `state` may be given as a .vstpreset file, which
/// is then copied into the preset.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  backline preset set Piano.backline device.buffer 32
  backline preset set Piano.backline layer.1.gain-db -3
  backline preset set Piano.backline layer.Piano.plugin.1.params.Decay 0.7
  backline preset set Piano.backline layer.1.plugin.1.program \"Grand Piano\"
  backline preset set Piano.backline layer.1.plugin.1.state Grand.vstpreset
  backline preset set Piano.backline layer.1.plugin.1 --export Grand.vstpreset")]
struct SetArguments {
    /// The preset file
    preset: PathBuf,

    /// The key, with dots between its parts
    ///
    /// With --export, the plugin, as layer.1.plugin.2 or master.plugin.1; not needed if the preset has one VST3 plugin.
    #[arg(required_unless_present = "export")]
    key: Option<String>,

    /// The value
    #[arg(
        allow_hyphen_values = true,
        required_unless_present = "export",
        conflicts_with = "export"
    )]
    value: Option<String>,

    /// Change nothing: write the state of a VST3 plugin to this file, for other hosts
    ///
    /// The plugin is loaded, with its state, program and parameters as `play` gives them to it.
    #[arg(long, value_name = "F.vstpreset")]
    export: Option<PathBuf>,

    /// Replace the file that --export names if it is there
    #[arg(long)]
    force: bool,
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
    /// Write a plugin's state to a file of its own.
    Export(Export),
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

/// A plugin's state to write to a `.vstpreset` file.
#[derive(Clone, Debug)]
pub struct Export {
    /// File or factory preset.
    pub preset: PathBuf,
    /// The plugin's key, if it is not the only VST3 plugin.
    pub key: Option<String>,
    /// The file to write.
    pub file: PathBuf,
    /// Whether to replace a file that is there.
    pub force: bool,
}

/// A preset to write.
#[derive(Clone, Debug)]
pub struct New {
    /// Its plugins.
    pub chain: Chain,
    /// The file, if not named by the first plugin.
    pub output: Option<PathBuf>,
    /// Whether to replace a file that is there.
    pub force: bool,
}

/// A preset under another ending would be taken for something else by whoever opens it.
fn check_output(output: &Path) -> Result<(), String> {
    let extension = output.extension();
    if extension.is_some_and(|extension| extension.eq_ignore_ascii_case(EXTENSION)) {
        return Ok(());
    }
    let vst_preset = is_vst_preset(output).then_some(
        "; to write a .vstpreset file, make the preset first and then run `backline preset set P.backline --export F.vstpreset`",
    );
    Err(format!(
        "--output takes the name of a preset file, which ends with .{EXTENSION}, and {} does not{}",
        output.display(),
        vst_preset.unwrap_or_default()
    ))
}

impl Arguments {
    pub fn resolve(self) -> Result<Preset, String> {
        Ok(match self.command {
            TypedCommand::New(NewArguments { chain, output, force }) => {
                if let Some(output) = &output {
                    check_output(output)?;
                }
                Preset::New(New {
                    chain: chain.resolve()?,
                    output,
                    force,
                })
            }
            TypedCommand::Show(ShowArguments { preset, json }) => Preset::Show { preset, json },
            TypedCommand::Check(CheckArguments { preset }) => Preset::Check { preset },
            TypedCommand::Set(arguments) => arguments.resolve()?,
            TypedCommand::Unset(UnsetArguments { preset, key }) => Preset::Edit {
                preset,
                key,
                value: None,
            },
        })
    }
}

impl SetArguments {
    fn resolve(self) -> Result<Preset, String> {
        let Self {
            preset,
            key,
            value,
            export,
            force,
        } = self;
        match (export, key, value) {
            (Some(file), _, _) if !is_vst_preset(&file) => Err(format!(
                "--export takes the name of a .vstpreset file to write, and {} is none",
                file.display()
            )),
            (Some(file), key, _) => Ok(Preset::Export(Export {
                preset,
                key,
                file,
                force,
            })),
            (None, ..) if force => Err("--force goes with --export: a key is always set".to_owned()),
            (None, Some(key), Some(value)) => Ok(Preset::Edit {
                preset,
                key,
                value: Some(value),
            }),
            // The parser has asked for them already.
            (None, _, _) => Err("give a key and its value".to_owned()),
        }
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
