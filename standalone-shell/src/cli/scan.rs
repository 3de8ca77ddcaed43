//! `backline scan`.

use std::path::PathBuf;

/// Look for plugins in the standard folders, or in those given.
///
/// Each file is opened in a process of its own that may take 10 seconds, so that a plugin that crashes or hangs costs
/// one line of the list. A VST3 bundle with a moduleinfo.json is listed as that says, without being loaded. Results are kept by path, size and time of the file.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  backline scan
  backline scan --path ~/plugins --path build --json

With --json, each line is one plugin: format, id, name, vendor, version, file, features; or file and error for a \
file that could not be opened. CLAP_PATH adds folders to the standard ones, for plugins of either format.")]
pub struct Arguments {
    /// Look here instead of in the standard folders; may be given more than once
    #[arg(long = "path", value_name = "DIR")]
    paths: Vec<PathBuf>,

    /// Open every file again, whatever is known from before
    #[arg(long)]
    fresh: bool,

    /// Print JSON lines on standard output
    #[arg(long)]
    json: bool,
}

/// Where to look for plugins.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Folders, or none for the standard ones.
    pub paths: Vec<PathBuf>,
    /// Whether to open every file again.
    pub fresh: bool,
    /// Whether to print JSON lines.
    pub json: bool,
}

impl Arguments {
    pub fn resolve(self) -> Scan {
        let Self { paths, fresh, json } = self;
        Scan { paths, fresh, json }
    }
}

/// Open one plugin file and write what it holds to a file.
#[derive(Debug, clap::Args)]
pub struct FileArguments {
    /// The plugin file
    file: PathBuf,
    /// Where to write to
    answer: PathBuf,
}

/// A plugin file to open, in a child process.
#[derive(Clone, Debug)]
pub struct ScanFile {
    /// The plugin file.
    pub file: PathBuf,
    /// Where the answer goes.
    pub answer: PathBuf,
}

impl FileArguments {
    pub fn resolve(self) -> ScanFile {
        let Self { file, answer } = self;
        ScanFile { file, answer }
    }
}
