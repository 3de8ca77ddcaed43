//! The command line: arguments as typed, and what they resolve to. One file a command.

mod common;
mod devices;
mod play;
mod plugin;
mod preset;
mod render;
mod scan;

pub use common::{Chain, RackChoice, is_vst_preset};
pub use devices::{Devices, ProbeDevice};
pub use play::Play;
pub use plugin::Plugin;
pub use preset::{CheckPlugin, Export, New, Preset};
pub use render::Render;
pub use scan::{Scan, ScanFile};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;

/// What was asked for, resolved.
#[derive(Debug)]
pub enum Command {
    /// Play.
    Play(Play),
    /// Render.
    Render(Render),
    /// List devices, or probe one.
    Devices(Devices),
    /// Look for plugins.
    Scan(Scan),
    /// Describe a plugin.
    Plugin(Plugin),
    /// Make, show, check or change a preset.
    Preset(Preset),
    /// In a child process: open a plugin file.
    ScanFile(ScanFile),
    /// In a child process: probe a device.
    ProbeDevice(ProbeDevice),
    /// In a child process: load one plugin of a preset.
    CheckPlugin(CheckPlugin),
}

/// Plays CLAP and VST3 instruments straight on an audio device.
///
/// `backline PRESET` is short for `backline play PRESET`.
#[derive(Debug, Parser)]
#[command(
    name = "backline",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:
  backline play stage-synth                      a factory preset on the best device there is
  backline Piano.backline                        the same as `backline play Piano.backline`
  backline play --plugin Piano.vst3 --buffer 32  a plugin file, straight
  backline Grand.vstpreset                       a VST3 plugin's preset, in that plugin
  backline render Piano.backline --midi-file song.mid --output song.wav

`backline help COMMAND` tells more. BACKLINE_LOG=debug shows what the program does."
)]
struct Typed {
    #[command(subcommand)]
    command: TypedCommand,
}

#[derive(Debug, Subcommand)]
enum TypedCommand {
    Play(play::Arguments),
    Render(render::Arguments),
    Devices(devices::Arguments),
    Scan(scan::Arguments),
    Plugin(plugin::Arguments),
    Preset(preset::Arguments),
    #[command(hide = true)]
    ScanFile(scan::FileArguments),
    #[command(hide = true)]
    ProbeDevice(devices::ProbeArguments),
    #[command(hide = true)]
    CheckPlugin(preset::CheckPluginArguments),
}

/// Reads the command line.
///
/// # Errors
///
/// It is wrong, or asks for help.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Command, clap::Error> {
    let mut matches = Typed::command().try_get_matches_from(with_play(words))?;
    let name = matches.subcommand_name().unwrap_or_default().to_owned();
    let typed = Typed::from_arg_matches_mut(&mut matches)?;
    // In the parser's own form, so that there is one kind of usage error.
    resolve(typed.command).map_err(|usage| {
        let mut program = Typed::command();
        program.build();
        let kind = clap::error::ErrorKind::ValueValidation;
        match program.find_subcommand_mut(&name) {
            Some(command) => command.error(kind, usage),
            None => program.error(kind, usage),
        }
    })
}

fn resolve(typed: TypedCommand) -> Result<Command, String> {
    Ok(match typed {
        TypedCommand::Play(arguments) => Command::Play(arguments.resolve()?),
        TypedCommand::Render(arguments) => Command::Render(arguments.resolve()?),
        TypedCommand::Devices(arguments) => Command::Devices(arguments.resolve()?),
        TypedCommand::Scan(arguments) => Command::Scan(arguments.resolve()),
        TypedCommand::Plugin(arguments) => Command::Plugin(arguments.resolve()),
        TypedCommand::Preset(arguments) => Command::Preset(arguments.resolve()?),
        TypedCommand::ScanFile(arguments) => Command::ScanFile(arguments.resolve()),
        TypedCommand::ProbeDevice(arguments) => Command::ProbeDevice(arguments.resolve()?),
        TypedCommand::CheckPlugin(arguments) => Command::CheckPlugin(arguments.resolve()),
    })
}

/// Puts in the command `play` where the first word is none: a preset, or an option of `play`.
fn with_play(words: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = words.into_iter().collect();
    let Some(first) = words.get(1).map(|word| word.to_string_lossy()) else {
        return words;
    };
    let is_command = Typed::command()
        .get_subcommands()
        .any(|command| command.get_name() == first);
    let is_general = ["help", "-h", "--help", "-V", "--version"].contains(&first.as_ref());
    if !is_command && !is_general {
        words.insert(1, "play".into());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, clap::Error> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn the_definition_is_sound() {
        Typed::command().debug_assert();
    }

    #[test]
    fn a_preset_alone_is_played() {
        for line in ["backline a.backline", "backline play a.backline"] {
            let Ok(Command::Play(play)) = parsed(line) else {
                panic!("{line}");
            };
            assert!(
                matches!(play.rack, RackChoice::Preset { preset, program: None } if preset.as_os_str() == "a.backline")
            );
        }
        assert!(matches!(parsed("backline --plugin a.clap"), Ok(Command::Play(_))));
    }

    #[test]
    fn a_preset_that_is_called_like_a_command_is_none() {
        assert!(matches!(parsed("backline devices"), Ok(Command::Devices(_))));
        assert!(matches!(parsed("backline ./devices"), Ok(Command::Play(_))));
        assert!(matches!(parsed("backline play devices"), Ok(Command::Play(_))));
    }

    #[test]
    fn a_vstpreset_is_a_plugin_with_its_state() {
        let chain = |plugins: &[&str], state: Option<&str>, program: Option<&str>| {
            RackChoice::Plugins(Chain {
                plugins: plugins.iter().map(|name| (*name).to_owned()).collect(),
                state: state.map(Into::into),
                program: program.map(str::to_owned),
            })
        };
        for (line, expected) in [
            ("backline s.vstpreset", chain(&["s.vstpreset"], None, None)),
            (
                "backline play s.VSTPRESET --program 3",
                chain(&["s.VSTPRESET"], None, Some("3")),
            ),
            (
                "backline play --plugin s.vstpreset --plugin b.clap",
                chain(&["s.vstpreset", "b.clap"], None, None),
            ),
            (
                "backline play --plugin a.vst3 --state s.vstpreset --program Grand",
                chain(&["a.vst3"], Some("s.vstpreset"), Some("Grand")),
            ),
        ] {
            let Ok(Command::Play(play)) = parsed(line) else {
                panic!("{line}");
            };
            assert_eq!(play.rack, expected, "{line}");
        }
        let Ok(Command::Render(render)) = parsed("backline render a --program 2 --tail 1 --output o.wav")
        else {
            panic!("a rendering");
        };
        assert!(matches!(render.rack, RackChoice::Preset { program: Some(program), .. } if program == "2"));
    }

    #[test]
    fn an_export_may_leave_out_what_is_clear() {
        for (line, key, force) in [
            ("backline preset set P --export F.vstpreset", None, false),
            (
                "backline preset set P layer.1.plugin.2 --export F.vstpreset --force",
                Some("layer.1.plugin.2"),
                true,
            ),
        ] {
            let Ok(Command::Preset(Preset::Export(export))) = parsed(line) else {
                panic!("{line}");
            };
            assert_eq!((export.key.as_deref(), export.force), (key, force), "{line}");
        }
    }

    #[test]
    fn help_is_for_the_program() {
        for line in [
            "backline --help",
            "backline help",
            "backline -V",
            "backline help play",
        ] {
            let error = parsed(line).expect_err("help, not a command");
            assert!(!error.use_stderr(), "{line}");
        }
        assert!(parsed("backline").expect_err("no command").use_stderr());
    }

    #[test]
    fn wrong_usage_says_what_to_give() {
        for (line, words) in [
            ("backline play", "give a preset"),
            ("backline play a.backline --plugin b.clap", "not both"),
            ("backline play a --loop", "--midi-file"),
            (
                "backline play a --driver xyz",
                "asio, wasapi, jack, alsa and null",
            ),
            ("backline play a --rate 7999", "8000 to 768000"),
            ("backline play a --rate 768001", "8000 to 768000"),
            ("backline play a --buffer 0", "1 to 8192"),
            ("backline play a --buffer 8193", "1 to 8192"),
            ("backline play a --buffer low", "lowest"),
            ("backline play a --for 0", "seconds"),
            ("backline play a --for -1", "seconds"),
            ("backline play a --for nan", "seconds"),
            ("backline render a --output o.wav", "--midi-file"),
            ("backline render a --midi-file f.mid", "--output"),
            (
                "backline render --midi-file f.mid --output o.wav",
                "give a preset",
            ),
            (
                "backline render a --midi-file f.mid --output o.wav --block 0",
                "1 to 8192",
            ),
            (
                "backline render a --midi-file f.mid --output o.wav --bits 8",
                "16, 24 or 32f",
            ),
            (
                "backline render a --midi-file f.mid --output o.wav --tail -1",
                "seconds",
            ),
            ("backline preset new", "--plugin"),
            (
                "backline play a.backline --state s.vstpreset",
                "--state goes with --plugin",
            ),
            ("backline play --state s.vstpreset", "give a preset"),
            ("backline play s.vstpreset --plugin a.vst3", "--state"),
            (
                "backline play --plugin s.vstpreset --state t.vstpreset",
                "brings its own state",
            ),
            (
                "backline play s.vstpreset --state t.vstpreset",
                "brings its own state",
            ),
            (
                "backline preset new --plugin s.vstpreset --state t.vstpreset",
                "leave out",
            ),
            ("backline play --plugin a.vst3 --program=", "number from 1"),
            ("backline preset set a.backline", "<KEY>"),
            ("backline preset set a.backline name", "<VALUE>"),
            (
                "backline preset set a.backline name A --export s.vstpreset",
                "--export",
            ),
            ("backline preset set a.backline name A --force", "--export"),
            (
                "backline preset set a.backline --export a.backline",
                "a .vstpreset file",
            ),
            (
                "backline render a --midi-file f.mid --output o.vstpreset",
                "a WAV file",
            ),
        ] {
            let error = parsed(line).expect_err(line);
            assert!(error.use_stderr(), "{line}");
            assert_eq!(error.exit_code(), 2, "{line}");
            assert!(error.to_string().contains(words), "{line}: {error}");
        }
    }
}
