//! `cargo xtask play`: from a fresh checkout to sound.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::build::build;
use crate::bundle::{self, PLUGINS};
use crate::packages::{self, Need};
use crate::platform::Platform;
use crate::run::say;
use crate::workspace::Workspace;

/// Sets everything up and plays the factory preset, with the user's arguments added.
pub fn play(workspace: &Workspace, arguments: &[String]) -> Result<ExitCode> {
    packages::ensure(Need::Build)?;
    say("Building backline and the demo plugins.");
    let mut wanted = vec!["--package", "standalone-shell", "--bins", "--lib"];
    wanted.extend(PLUGINS.iter().flat_map(|name| ["--package", name]));
    let artifacts = build(workspace, &wanted, true)?;
    bundle::lay_out(workspace, &artifacts, Platform::host()?)?;

    let factory = workspace.root.join("presets").join("factory");
    let phrase = factory.join("stage-synth.mid");
    let mut command = Command::new(artifacts.program(workspace, "standalone-shell", "backline")?);
    command.arg("play").arg(factory.join("stage-synth.backline"));
    command.args(with_phrase(arguments, phrase));
    command.env(
        "CLAP_PATH",
        plugin_path(workspace.bundled(), env::var_os("CLAP_PATH"))?,
    );
    say("Playing the factory preset. Ctrl-C ends it.");
    become_it(command)
}

/// The user's arguments, with the factory phrase looped unless they bring MIDI of their own.
fn with_phrase(arguments: &[String], phrase: PathBuf) -> Vec<OsString> {
    let own = arguments.iter().any(|word| {
        ["--midi-file", "--midi"].iter().any(|option| {
            word.strip_prefix(option)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
        })
    });
    let mut all: Vec<OsString> = Vec::new();
    if !own {
        all.extend(["--midi-file".into(), phrase.into_os_string()]);
        if !arguments.iter().any(|word| word == "--loop") {
            all.push("--loop".into());
        }
    }
    all.extend(arguments.iter().map(OsString::from));
    all
}

/// The folders where CLAP plugins are looked for: ours, then the user's own.
fn plugin_path(bundled: PathBuf, own: Option<OsString>) -> Result<OsString> {
    let own = own.unwrap_or_default();
    let own = env::split_paths(&own).filter(|folder| !folder.as_os_str().is_empty());
    env::join_paths(std::iter::once(bundled.clone()).chain(own)).with_context(|| {
        format!(
            "{} cannot be part of CLAP_PATH; set CARGO_TARGET_DIR to another folder",
            bundled.display()
        )
    })
}

/// Replaces xtask by the program, so that Ctrl-C and every other signal reach it alone.
#[cfg(unix)]
fn become_it(mut command: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.exec()).context("Could not start backline")
}

/// Runs the program and ends as it ends. The console gives Ctrl-C to both; this half has nothing to tidy.
#[cfg(not(unix))]
fn become_it(mut command: Command) -> Result<ExitCode> {
    let status = command.status().context("Could not start backline")?;
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn the_phrase_is_looped_unless_the_user_brings_midi() {
        let phrase = || PathBuf::from("f.mid");
        assert_eq!(
            with_phrase(&words("--for 5"), phrase()),
            ["--midi-file", "f.mid", "--loop", "--for", "5"]
        );
        assert_eq!(
            with_phrase(&words("--loop"), phrase()),
            ["--midi-file", "f.mid", "--loop"]
        );
        assert_eq!(
            with_phrase(&words("--midi-file own.mid"), phrase()),
            ["--midi-file", "own.mid"]
        );
        assert_eq!(with_phrase(&words("--midi=Keys"), phrase()), ["--midi=Keys"]);
    }

    #[cfg(unix)]
    #[test]
    fn the_users_folders_come_after_ours() {
        let path = |own: Option<&str>| plugin_path("/out/bundled".into(), own.map(OsString::from));
        assert_eq!(path(None).unwrap(), "/out/bundled");
        assert_eq!(path(Some("")).unwrap(), "/out/bundled");
        assert_eq!(path(Some("/a:/b")).unwrap(), "/out/bundled:/a:/b");
        assert!(plugin_path("/out:bundled".into(), None).is_err());
    }
}
