//! Running other programs, and saying so.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

/// Tells the user what happens next, on standard error.
pub fn say(sentence: &str) {
    eprintln!("xtask: {sentence}");
}

/// Runs a command on the user's terminal; an exit code other than 0 is an error.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("Could not start `{}`", line(command)))?;
    if !status.success() {
        bail!("`{}` failed: {status}.", line(command));
    }
    Ok(())
}

/// Runs a command and returns what it printed; if it fails, the error holds what it said.
pub fn output(command: &mut Command) -> Result<String> {
    let output = finish(command)?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        bail!(
            "`{}` failed: {}.\n{}",
            line(command),
            output.status,
            tail(&String::from_utf8_lossy(&said), 20)
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a command can be started and ends with exit code 0. What it prints is not shown.
pub fn succeeds(command: &mut Command) -> bool {
    finish(command).is_ok_and(|output| output.status.success())
}

/// Whether a program of this name is in one of the folders of `PATH`.
pub fn on_path(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders)
        // Servers such as jackd are sometimes put where only root looks.
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|folder| folder.join(program).is_file() || folder.join(format!("{program}.exe")).is_file())
}

fn finish(command: &mut Command) -> Result<Output> {
    command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("Could not start `{}`", line(command)))
}

/// The command as a person would type it, the program without its folder.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    std::iter::once(program)
        .chain(command.get_args())
        .map(word)
        .collect::<Vec<_>>()
        .join(" ")
}

fn word(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    if word.is_empty() || word.contains(|c: char| c.is_whitespace() || "'\"$|&;()<>*".contains(c)) {
        format!("'{}'", word.replace('\'', r"'\''"))
    } else {
        word.into_owned()
    }
}

/// The last `count` lines.
fn tail(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        let mut command = Command::new("/usr/bin/apt-get");
        command.args(["install", "a b", "it's", ""]);
        assert_eq!(line(&command), r"apt-get install 'a b' 'it'\''s' ''");
    }

    #[test]
    fn the_tail_of_a_short_text_is_the_text() {
        assert_eq!(tail("one\ntwo\n", 20), "one\ntwo");
        assert_eq!(tail("one\ntwo\nthree\n\n", 2), "two\nthree");
        assert_eq!(tail("", 2), "");
    }

    #[cfg(unix)]
    #[test]
    fn a_failure_carries_what_the_program_said() {
        let error = output(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"])).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("out\nerr"), "{text}");
        assert!(text.contains('3'), "{text}");
        assert!(output(&mut Command::new("no-such-program-anywhere")).is_err());
    }
}
