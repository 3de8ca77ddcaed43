//! A CLAP file: loading it, and finding a plugin in it.

use crate::plugin::{Descriptor, Format, LoadError, binary, library};
use crate::role;
use clack_host::entry::{PluginEntry, PluginEntryError};
use clack_host::plugin::PluginDescriptor;
use std::ffi::{CStr, CString};
use std::path::{Path, PathBuf};

/// Lists what a CLAP file holds.
pub fn describe(file: &Path) -> Result<Vec<Descriptor>, LoadError> {
    let entry = open(file)?;
    let all = descriptors(&entry, file)?;
    Ok(all.into_iter().map(|(_, descriptor)| descriptor).collect())
}

/// Loads a CLAP file.
pub(super) fn open(file: &Path) -> Result<PluginEntry, LoadError> {
    role::claim_main();
    binary::check(file)?;
    let path = library::absolute(file)?;
    // SAFETY: loading a library runs its code, which nothing can make safe. The user picked this file, or it is
    // being scanned in a child process.
    let entry = unsafe { PluginEntry::load(&path) }.map_err(|error| {
        let file = file.to_owned();
        match error {
            PluginEntryError::LibraryLoadingError(error) => loader_error(file, &error),
            PluginEntryError::NullEntryPointer => LoadError::NotAPlugin {
                file,
                reason: "its `clap_entry` is null".to_owned(),
            },
            PluginEntryError::EntryInitFailed => LoadError::EntryInit { file },
            other => LoadError::Loader {
                file,
                reason: library::one_line(&other.to_string()),
            },
        }
    })?;
    #[cfg(unix)]
    library::keep(&path);
    Ok(entry)
}

fn loader_error(file: PathBuf, error: &dyn std::error::Error) -> LoadError {
    let reason = library::refusal(&file, error);
    if reason.contains("clap_entry") {
        return LoadError::NotAPlugin {
            file,
            reason: "it is a library without `clap_entry`".to_owned(),
        };
    }
    LoadError::Loader { file, reason }
}

/// Everything in the file that has an id, with the id as the file spells it.
fn descriptors(entry: &PluginEntry, file: &Path) -> Result<Vec<(CString, Descriptor)>, LoadError> {
    let factory = entry.get_plugin_factory().ok_or_else(|| LoadError::NoFactory {
        file: file.to_owned(),
    })?;
    // An announced number is not trusted further than a file could reasonably mean it.
    let all: Vec<_> = (0..factory.plugin_count().min(4096))
        .filter_map(|index| describe_one(factory.plugin_descriptor(index)?, file))
        .collect();
    if all.is_empty() {
        Err(LoadError::Empty {
            file: file.to_owned(),
        })
    } else {
        Ok(all)
    }
}

fn describe_one(descriptor: &PluginDescriptor, file: &Path) -> Option<(CString, Descriptor)> {
    let id = descriptor.id().filter(|id| !id.is_empty())?.to_owned();
    let text = |text: Option<&CStr>| {
        text.map(|text| text.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    let shown = id.to_string_lossy().into_owned();
    let name = text(descriptor.name());
    let described = Descriptor {
        format: Format::Clap.key().to_owned(),
        name: if name.is_empty() { shown.clone() } else { name },
        id: shown,
        vendor: text(descriptor.vendor()),
        version: text(descriptor.version()),
        file: file.to_owned(),
        features: descriptor
            .features()
            .map(|feature| feature.to_string_lossy().into_owned())
            .collect(),
        replaces: Vec::new(),
    };
    Some((id, described))
}

/// Finds the plugin that is meant: by id, by name, or the only one.
pub(super) fn find(
    entry: &PluginEntry,
    file: &Path,
    which: Option<&str>,
) -> Result<(CString, Descriptor), LoadError> {
    let all = descriptors(entry, file)?;
    library::choose(all, file, which, |descriptor, which| descriptor.id == which)
}
