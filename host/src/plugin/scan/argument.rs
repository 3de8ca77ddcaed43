//! What somebody means who names a plugin in one word.

use super::files;
use crate::plugin::{Format, Source};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// A plugin as named on a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginArgument {
    /// A file, and perhaps which of its plugins. The file need not exist: then loading it says so.
    File(Source),
    /// An id to be searched for.
    Id(String),
}

/// Reads `FILE`, `FILE#ID`, `FILE#NAME` or `ID`. A path may contain `#`: what exists decides, the longest path
/// first. Where nothing exists, what looks like a path to a plugin is taken for one.
pub fn parse_plugin_argument(text: impl AsRef<OsStr>) -> PluginArgument {
    let text = text.as_ref();
    let file = |file: &Path, which: Option<&str>| {
        PluginArgument::File(Source {
            file: PathBuf::from(file),
            which: which.filter(|which| !which.is_empty()).map(str::to_owned),
        })
    };
    let whole = Path::new(text);
    if exists(whole) {
        return file(whole, None);
    }
    // An id is text; what is not can only be a path.
    let Some(text) = text.to_str() else {
        return file(whole, None);
    };
    let splits = || {
        text.rmatch_indices('#')
            .map(|(at, _)| (Path::new(&text[..at]), &text[at + 1..]))
    };
    if let Some((path, which)) = splits().find(|(path, _)| exists(path)) {
        return file(path, Some(which));
    }
    if let Some((path, which)) = splits().find(|(path, _)| Format::of_file(path).is_some()) {
        return file(path, Some(which));
    }
    // Some ids are addresses.
    let has_separator = text.contains(std::path::is_separator) && !text.contains("://");
    if Format::of_file(whole).is_some() || has_separator {
        return file(whole, None);
    }
    PluginArgument::Id(text.to_owned())
}

/// Whether it can be meant: a file of any name, or a bundle. Not any folder, which may be called like an id.
fn exists(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() || files::is_plugin(path, &metadata))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<String>, Option<String>) {
        match parse_plugin_argument(text) {
            PluginArgument::File(source) => (Some(source.file.display().to_string()), source.which),
            PluginArgument::Id(id) => (None, Some(id)),
        }
    }

    #[test]
    fn what_does_not_exist_goes_by_its_looks() {
        for (text, file, which) in [
            ("org.example.piano", None, Some("org.example.piano")),
            ("Missing.clap", Some("Missing.clap"), None),
            ("Missing.clap#Grand #2", Some("Missing.clap"), Some("Grand #2")),
            ("absent/Missing", Some("absent/Missing"), None),
            ("urn:x#y", None, Some("urn:x#y")),
            ("http://example.org/a#b", None, Some("http://example.org/a#b")),
            ("", None, Some("")),
        ] {
            let expected = (file.map(str::to_owned), which.map(str::to_owned));
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_exists_decides_where_the_path_ends() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name).display().to_string();
        for name in ["a.clap", "a.clap#b", "#c #d.clap", "odd name"] {
            fs::write(at(name), "").expect("written");
        }
        fs::create_dir(at("org.example.folder")).expect("made");
        for (text, file, which) in [
            (at("a.clap"), at("a.clap"), None),
            (at("a.clap#b"), at("a.clap#b"), None),
            (at("a.clap#b#c"), at("a.clap#b"), Some("c")),
            (at("a.clap#x#y"), at("a.clap"), Some("x#y")),
            (at("a.clap#"), at("a.clap"), None),
            (at("#c #d.clap#Name #1"), at("#c #d.clap"), Some("Name #1")),
            (at("odd name#id"), at("odd name"), Some("id")),
        ] {
            assert_eq!(read(&text), (Some(file), which.map(str::to_owned)), "{text}");
        }
        assert!(!exists(Path::new(&at("org.example.folder"))));
    }
}
