//! How a command fails: one sentence on standard error and an exit code.

use crate::output;
use std::fmt;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::process::ExitCode;

/// Exit code of a command that failed.
const FAILED: u8 = 1;
/// Exit code of a command that was written wrongly.
const USAGE: u8 = 2;

/// A failure that has been told already; only the exit code is left to give.
#[derive(Debug)]
pub struct Told;

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it was told already")
    }
}

impl std::error::Error for Told {}

/// Runs a command. Its error becomes one sentence, and so does a panic, which is always a fault of this program.
pub fn guarded(command: impl FnOnce() -> anyhow::Result<()>) -> ExitCode {
    match catch_unwind(AssertUnwindSafe(command)) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => failed(&error),
        // The hook has told it.
        Err(_) => ExitCode::from(FAILED),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    if error.is::<Told>() {
        return ExitCode::from(FAILED);
    }
    // The errors of `host` and `presets` say in their own sentence what their sources said, so the chain is not shown.
    output::say(&format!("error: {}", one_line(&error.to_string())));
    ExitCode::from(FAILED)
}

/// Tells of a command line that cannot be read, or gives the help that it asks for.
pub fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // Nobody may be reading any more; that is no failure.
        drop(error.print());
        return ExitCode::SUCCESS;
    }
    drop(error.print());
    ExitCode::from(USAGE)
}

/// A text without line breaks and other control characters, which file names and plugins may bring along.
pub fn one_line(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|sign| if sign.is_control() { ' ' } else { sign })
        .collect();
    plain.trim().to_owned()
}

/// Tells of a panic in a sentence, without a backtrace.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| output::say(&fault(info))));
}

fn fault(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let said = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason given");
    let place = info
        .location()
        .map(|place| format!(" at {}:{}", place.file(), place.line()))
        .unwrap_or_default();
    format!(
        "error: Backline met a fault of its own{place} ({}); please report it.",
        one_line(said)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_stays_on_one_line() {
        assert_eq!(one_line("a\nb\tc\u{1b}[0m "), "a b c [0m");
    }

    #[test]
    fn failures_have_their_code() {
        assert_eq!(guarded(|| Ok(())), ExitCode::SUCCESS);
        assert_eq!(guarded(|| Err(Told.into())), ExitCode::from(1));
        assert_eq!(guarded(|| Err(anyhow::anyhow!("It failed."))), ExitCode::from(1));
    }
}
