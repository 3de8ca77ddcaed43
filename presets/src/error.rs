//! Why a preset could not be read.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::key::Key;
use crate::limits;
use crate::migrate::FORMAT;

/// Something at one key of a preset that is not allowed there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The key, with list entries counted from 1.
    pub key: Key,
    /// Line of the file, from 1; `None` for a preset that was never a file.
    pub line: Option<usize>,
    /// What is wrong, as the first half of a sentence.
    pub what: String,
    /// What to do, as the second half.
    pub fix: String,
}

impl Fault {
    /// The same without a line, for a text that the user never sees.
    pub(crate) fn without_line(self) -> Self {
        Self { line: None, ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}, ")?;
        }
        if !self.key.is_root() {
            write!(f, "`{}`: ", self.key)?;
        }
        write!(f, "{}; {}", self.what, self.fix)
    }
}

impl std::error::Error for Fault {}

/// Why a preset could not be read. Each message is one sentence on one line, with the file in it.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file could not be opened or read.
    #[error("could not read the preset {}: {source}; {}", path.display(), read_hint(source))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is larger than [`limits::FILE_BYTES`]; it was not read.
    #[error(
        "could not read the preset {}: it is larger than {} MB, the limit; check that it is a preset at all",
        path.display(), limits::FILE_BYTES / (1024 * 1024)
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file has more [`limits::LINES`] or [`limits::SIGNS`] than any preset; it was not taken apart.
    #[error(
        "could not read the preset {}: it has more than {most} {what}, the limit; check that it is a preset at all",
        path.display()
    )]
    TooMuch {
        /// The file.
        path: PathBuf,
        /// What it has too much of.
        what: &'static str,
        /// The limit.
        most: usize,
    },
    /// The file has 0 bytes, or white space alone.
    #[error(
        "preset {0} is empty: even the key `format` is missing; take its previous version {0}~ if there is one, or \
         write a new one with `backline preset new`",
        path.display()
    )]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is not text.
    #[error(
        "preset {}, line {line}: the file is not UTF-8 text; save it as UTF-8 in your editor, or check that it is \
         a preset at all",
        path.display()
    )]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Line of the first wrong byte, from 1.
        line: usize,
    },
    /// The text is not TOML.
    #[error("preset {}, line {line}, column {column}: this is not TOML: {reason}; mend it there", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// What the TOML parser expected.
        reason: String,
    },
    /// There is no `format`.
    #[error(
        "preset {}: the key `format` is missing; {}",
        path.display(),
        match meant {
            Some(meant) => format!("rename `{meant}` if that is it"),
            None => format!("write `format = {FORMAT}` on its first line"),
        }
    )]
    NoFormat {
        /// The file.
        path: PathBuf,
        /// A key that looks like a slip for it.
        meant: Option<String>,
    },
    /// The format is from the future.
    #[error(
        "preset {}, line {line}: it has format {format}, so a newer Backline wrote it, and this one reads formats \
         up to {newest}; update Backline",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Line of `format`, from 1.
        line: usize,
        /// What the file says.
        format: String,
        /// What this program reads.
        newest: u32,
    },
    /// A key or a value is not allowed.
    #[error("preset {}, {fault}", path.display())]
    Fault {
        /// The file.
        path: PathBuf,
        /// Where and what.
        fault: Box<Fault>,
    },
}

fn read_hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "check the spelling and the folder",
        io::ErrorKind::PermissionDenied => "let your user read it, or copy it to a folder of your own",
        io::ErrorKind::IsADirectory => "name a file in it",
        _ => "check the path and the disk",
    }
}
