//! Where the library of a VST3 plugin lies.
//!
//! A plugin is a folder, the bundle, with a library for each kind of machine in `Contents`; or, as it was on Windows
//! before VST 3.6.10, the library itself under the name `.vst3`.

use crate::plugin::LoadError;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The folders in `Contents` that hold libraries for this machine, the best first, as the specification names them.
const HERE: &[&str] = if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
    &["x86_64-linux"]
} else if cfg!(all(target_os = "linux", target_arch = "aarch64")) {
    &["aarch64-linux"]
} else if cfg!(all(windows, target_arch = "x86_64")) {
    &["x86_64-win"]
} else if cfg!(all(windows, target_arch = "aarch64")) {
    &["arm64-win", "arm64x-win"]
} else if cfg!(all(windows, target_arch = "arm64ec")) {
    // A process of this kind can run all three.
    &["arm64ec-win", "arm64x-win", "x86_64-win"]
} else {
    &[]
};

/// What a library in a bundle is called.
const EXTENSION: &str = if cfg!(windows) { "vst3" } else { "so" };

/// A plugin as it lies on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::plugin) struct Bundle {
    /// The bundle's folder, or the bare file: what people call the plugin's file.
    pub(in crate::plugin) root: PathBuf,
    /// The library to load.
    pub(in crate::plugin) binary: PathBuf,
    /// What the maker wrote down about the library's classes.
    pub(in crate::plugin) module_info: Option<PathBuf>,
}

impl Bundle {
    /// Finds the library of a bundle or bare file. A library in a bundle means its bundle.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is a folder that holds no library for this machine.
    pub(in crate::plugin) fn resolve(file: &Path) -> Result<Self, LoadError> {
        let unreadable = |file: &Path| {
            let file = file.to_owned();
            move |source| LoadError::Unreadable { file, source }
        };
        if !fs::metadata(file).map_err(unreadable(file))?.is_dir() {
            // Of a relative path, the folders above may not be part of it.
            let whole = std::path::absolute(file).map_err(unreadable(file))?;
            return match around(&whole) {
                Some(root) => Self::resolve(root),
                None => Ok(Self {
                    root: file.to_owned(),
                    binary: file.to_owned(),
                    module_info: None,
                }),
            };
        }
        let contents = file.join("Contents");
        if !contents.is_dir() {
            return Err(not_a_plugin(file, "it is a folder without `Contents`"));
        }
        let Some(here) = HERE.iter().find(|here| contents.join(here).is_dir()) else {
            return Err(LoadError::OtherArchitecture {
                file: file.to_owned(),
                here: HERE.first().copied().unwrap_or("this system"),
                has: architectures(&contents).map_err(unreadable(&contents))?,
            });
        };
        Ok(Self {
            root: file.to_owned(),
            binary: library(file, &contents, here)?,
            // VST 3.7.8 moved it.
            module_info: ["Resources/moduleinfo.json", "moduleinfo.json"]
                .into_iter()
                .map(|name| contents.join(name))
                .find(|info| info.is_file()),
        })
    }
}

/// Whether this names a library in a bundle, going by the names alone.
pub(in crate::plugin) fn is_in_bundle(file: &Path) -> bool {
    let has_extension = |path: &Path, wanted: &str| {
        path.extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
    };
    let is_library = ["so", "vst3"].iter().any(|wanted| has_extension(file, wanted));
    is_library && around(file).is_some_and(|root| has_extension(root, "vst3"))
}

/// The bundle that a library lies in: `ROOT/Contents/ARCHITECTURE/LIBRARY`.
fn around(library: &Path) -> Option<&Path> {
    let folder = library.parent()?;
    let contents = folder.parent()?;
    let fits = is_architecture(folder.file_name()?.to_str()?) && contents.file_name()? == "Contents";
    contents.parent().filter(|_| fits)
}

/// Whether a folder in `Contents` is one for libraries.
fn is_architecture(name: &str) -> bool {
    name == "MacOS" || name.ends_with("-linux") || name.ends_with("-win")
}

fn architectures(contents: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(contents)? {
        if let Ok(name) = entry?.file_name().into_string()
            && is_architecture(&name)
        {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}

/// The library in the folder for this machine: the one with the bundle's name, as the specification wants it. A
/// bundle that was renamed by its user has none; then the only library that is there is meant.
fn library(root: &Path, contents: &Path, here: &str) -> Result<PathBuf, LoadError> {
    let folder = contents.join(here);
    let mut own = root.file_stem().unwrap_or_default().to_owned();
    own.push(".");
    own.push(EXTENSION);
    let named = folder.join(&own);
    if named.is_file() {
        return Ok(named);
    }
    let entries = fs::read_dir(&folder).map_err(|source| LoadError::Unreadable {
        file: folder.clone(),
        source,
    })?;
    let mut others: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.is_file()
                && path
                    .extension()
                    .is_some_and(|extension| extension.eq_ignore_ascii_case(EXTENSION))
        })
        .collect();
    match others.len() {
        1 => Ok(others.remove(0)),
        0 => Err(not_a_plugin(
            root,
            &format!("its folder `Contents/{here}` holds no library"),
        )),
        count => Err(not_a_plugin(
            root,
            &format!(
                "its folder `Contents/{here}` holds {count} libraries, none of them called `{}`",
                own.display()
            ),
        )),
    }
}

fn not_a_plugin(file: &Path, reason: &str) -> LoadError {
    LoadError::NotAPlugin {
        file: file.to_owned(),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests;
