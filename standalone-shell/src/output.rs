//! Standard output and standard error, whoever may have closed them.
//!
//! `println!` panics when nobody reads any more, and music must not stop because a pipe was closed.

use serde::Serialize;
use std::io::{self, ErrorKind, Write};

/// Writes a line for people to standard error. Should nobody read, nothing happens.
pub fn say(line: &str) {
    let mut text = line.to_owned();
    text.push('\n');
    // Where should one complain that standard error is gone?
    drop(io::stderr().lock().write_all(text.as_bytes()));
}

/// Tells of something that does not keep the command from going on.
pub fn warn(sentence: &str) {
    say(&format!("warning: {}", crate::failure::one_line(sentence)));
}

/// Writes a result to standard output, with one write and one flush.
///
/// # Errors
///
/// The output cannot be written, as on a full disk. A reader that has had enough is no error.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(anyhow::anyhow!(
            "The result could not be written to standard output: {error}. Check where it leads to."
        )),
        _ => Ok(()),
    }
}

/// Writes one JSON object as a line to standard output.
///
/// # Errors
///
/// As [`print()`].
pub fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut line = serde_json::to_string(value)?;
    line.push('\n');
    print(&line)
}
