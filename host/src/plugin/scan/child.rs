//! The child's half of the scan, and the language it answers in.

use crate::plugin::{Descriptor, LoadError, describe};
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;

/// One line of an answer, as JSON. An answer without its last line is that of a child that died half way.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    /// A plugin that the file holds. Its `file` is empty: a path need not be UTF-8, and the parent knows it.
    Plugin(Descriptor),
    /// The file could not be opened.
    Failed {
        /// Why, as a sentence.
        sentence: String,
        /// Whether it would be so again for the same file.
        lasting: bool,
    },
    /// The last line: how many came before it.
    Done(usize),
}

/// What a complete answer says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub result: Result<Vec<Descriptor>, String>,
    pub lasting: bool,
}

/// What a child process does: opens a plugin file, writes what it holds to the answer file, which must exist, and
/// gives the exit code to end with. `file` and `answer` are the two arguments that [`Scanner`](super::Scanner)
/// appended to the command.
///
/// The process ends by itself when its standard input closes, which is when the parent dies. So it must be called
/// only in a process that a scanner started, and there first thing, on the main thread.
#[must_use]
pub fn child_main(file: &Path, answer: &Path) -> u8 {
    end_with_the_parent();
    keep_crashes_quiet();
    let written = OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(answer)
        .and_then(|out| describe_to(file, out));
    u8::from(written.is_err())
}

/// Opens a plugin file in this process and writes what it holds, in the language that the scanner reads.
///
/// # Errors
///
/// `out` could not be written. A file that cannot be opened is part of the answer.
pub fn describe_to(file: &Path, out: impl Write) -> io::Result<()> {
    let mut lines = Vec::new();
    match describe(file) {
        Ok(plugins) => lines.extend(plugins.into_iter().map(|plugin| {
            Line::Plugin(Descriptor {
                file: PathBuf::new(),
                ..plugin
            })
        })),
        Err(error) => lines.push(Line::Failed {
            lasting: is_lasting(&error),
            sentence: error.to_string(),
        }),
    }
    lines.push(Line::Done(lines.len()));
    let mut out = BufWriter::new(out);
    for line in lines {
        serde_json::to_writer(&mut out, &line)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Whether an error lies in the file itself. The others may be mended without touching it: by rights, by a library
/// that the loader misses, by a licence that the plugin looks for, by another build of this program.
const fn is_lasting(error: &LoadError) -> bool {
    match error {
        LoadError::NotAPlugin { .. }
        | LoadError::OtherMachine { .. }
        | LoadError::OtherArchitecture { .. }
        | LoadError::NoFactory { .. }
        | LoadError::Empty { .. }
        | LoadError::NoAudio { .. }
        | LoadError::NoSuchPlugin { .. }
        | LoadError::Which { .. } => true,
        LoadError::Unreadable { .. }
        | LoadError::Loader { .. }
        | LoadError::EntryInit { .. }
        | LoadError::Init { .. } => false,
    }
}

/// Reads an answer; `None` if it is not complete.
pub(super) fn parse(text: &[u8], file: &Path) -> Option<Answer> {
    let mut plugins = Vec::new();
    let mut failed = None;
    for (before, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        match serde_json::from_slice(line.strip_suffix(b"\n")?).ok()? {
            Line::Plugin(plugin) => plugins.push(Descriptor {
                file: file.to_owned(),
                ..plugin
            }),
            Line::Failed { sentence, lasting } => failed = Some((sentence, lasting)),
            Line::Done(count) => {
                let (result, lasting) = match failed {
                    Some((sentence, lasting)) => (Err(sentence), lasting),
                    None => (Ok(plugins), true),
                };
                return (count == before).then_some(Answer { result, lasting });
            }
        }
    }
    None
}

/// Ends the process when its standard input ends, which is when the parent dies that holds the other end: a plugin that
/// hangs must not outlive whoever opened it.
pub fn end_with_the_parent() {
    let watch = || {
        let mut byte = [0];
        loop {
            match io::stdin().read(&mut byte) {
                Ok(0) => break,
                Err(error) if error.kind() != io::ErrorKind::Interrupted => break,
                _ => {}
            }
        }
        end_now();
    };
    // Without the thread the scan works as well; only a scan killed half way would leave a process behind.
    drop(
        thread::Builder::new()
            .name("parent watch".to_owned())
            .spawn(watch),
    );
}

/// Ends the process without asking the plugin, which may hold any lock.
#[cfg(unix)]
fn end_now() -> ! {
    // SAFETY: `_exit` takes any number and runs nothing of this process.
    unsafe { libc::_exit(1) }
}

/// Ends the process without asking the plugin, which may hold any lock.
#[cfg(not(unix))]
fn end_now() -> ! {
    std::process::abort()
}

/// A plugin that crashes leaves no core file in the user's folder.
#[cfg(unix)]
fn keep_crashes_quiet() {
    let none = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `none` is a whole `rlimit` that lives through the call. A refusal leaves the limit as it was.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const none) };
}

/// A plugin that crashes, or misses a library, opens no dialog of the system that would wait for a click.
#[cfg(windows)]
fn keep_crashes_quiet() {
    const SEM_FAILCRITICALERRORS: u32 = 0x0001;
    const SEM_NOGPFAULTERRORBOX: u32 = 0x0002;
    const SEM_NOOPENFILEERRORBOX: u32 = 0x8000;
    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn SetErrorMode(mode: u32) -> u32;
    }
    // SAFETY: the signature is that of the Windows API, and every combination of its flags is allowed.
    unsafe { SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX) };
}

#[cfg(not(any(unix, windows)))]
fn keep_crashes_quiet() {}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> Option<Answer> {
        parse(text.as_bytes(), Path::new("/x/y.clap"))
    }

    const PLUGIN: &str = concat!(
        r#"{"plugin":{"format":"clap","id":"a.b","name":"B","vendor":"","version":"1","file":"","features":["x"]}}"#,
        "\n"
    );

    #[test]
    fn a_complete_answer_gives_its_plugins_with_the_file() {
        let plugins = answer(&format!("{PLUGIN}{PLUGIN}{{\"done\":2}}\n"))
            .expect("complete")
            .result
            .expect("plugins");
        assert_eq!(plugins.len(), 2);
        assert_eq!(plugins[0].file, Path::new("/x/y.clap"));
        assert_eq!(plugins[0].id, "a.b");
    }

    #[test]
    fn an_answer_cut_off_anywhere_is_not_complete() {
        let whole = format!("{PLUGIN}{{\"done\":1}}\n");
        for end in 0..whole.len() {
            assert_eq!(answer(&whole[..end]), None, "{end}");
        }
        assert!(answer(&whole).is_some());
    }

    #[test]
    fn an_answer_that_lost_a_line_or_is_garbage_is_not_complete() {
        for text in [
            "{\"done\":1}\n",
            "hello\n{\"done\":1}\n",
            "\0\0\0\n",
            "{\"plugin\":{}}\n",
        ] {
            assert_eq!(answer(text), None, "{text}");
        }
    }

    #[test]
    fn a_file_that_is_no_plugin_answers_with_its_sentence() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, lasting) in [("text.clap", true), ("absent.clap", false)] {
            let file = folder.path().join(name);
            if lasting {
                std::fs::write(&file, "hello").expect("written");
            }
            let mut text = Vec::new();
            describe_to(&file, &mut text).expect("written");
            let answer = parse(&text, &file).expect("complete");
            assert_eq!(answer.lasting, lasting, "{name}");
            let sentence = answer.result.expect_err("no plugin");
            assert!(sentence.contains(name), "{sentence}");
        }
    }
}
