//! A CLAP file: loading it, and finding a plugin in it.

use crate::plugin::{Descriptor, Format, LoadError, binary};
use crate::role;
use clack_host::entry::{PluginEntry, PluginEntryError};
use clack_host::plugin::PluginDescriptor;
use std::ffi::{CStr, CString};
use std::path::Path;

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
    // A bare name would be searched for by the system's loader, in other folders.
    let path = std::path::absolute(file).map_err(|source| LoadError::Unreadable {
        file: file.to_owned(),
        source,
    })?;
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
                reason: one_line(&other.to_string()),
            },
        }
    })?;
    #[cfg(unix)]
    keep(&path);
    Ok(entry)
}

/// Keeps a library's code in memory for good; its entry is deinitialised with its last plugin all the same.
///
/// A thread that runs down calls what a plugin left with it, and a library that another thread lets go at that moment
/// is gone from under it. (Windows has its own order for this, and locks the files of loaded libraries.)
#[cfg(unix)]
fn keep(path: &Path) {
    use std::os::unix::ffi::OsStrExt;
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else {
        return;
    };
    // SAFETY: the path is a string that ends with a zero byte. The library is loaded already, so none of its code runs;
    // the handle is closed once, and the flag outlasts it.
    unsafe {
        let handle = libc::dlopen(
            path.as_ptr(),
            libc::RTLD_NOW | libc::RTLD_NOLOAD | libc::RTLD_NODELETE,
        );
        if !handle.is_null() {
            libc::dlclose(handle);
        }
    }
}

fn loader_error(file: std::path::PathBuf, error: &dyn std::error::Error) -> LoadError {
    let mut text = error.to_string();
    if let Some(source) = error.source() {
        text = format!("{text}: {source}");
    }
    let text = one_line(&text);
    if text.contains("clap_entry") {
        return LoadError::NotAPlugin {
            file,
            reason: "it is a library without `clap_entry`".to_owned(),
        };
    }
    // The loader's sentence begins with the path, which ours names already.
    let reason = text.replacen(&format!("{}: ", file.display()), "", 1);
    LoadError::Loader { file, reason }
}

fn one_line(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .trim_end_matches('.')
        .to_owned()
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
    };
    Some((id, described))
}

/// Finds the plugin that is meant: by id, by name, or the only one.
pub(super) fn find(
    entry: &PluginEntry,
    file: &Path,
    which: Option<&str>,
) -> Result<(CString, Descriptor), LoadError> {
    let mut all = descriptors(entry, file)?;
    let Some(which) = which else {
        if all.len() == 1 {
            return Ok(all.remove(0));
        }
        let known = all.into_iter().map(|(_, descriptor)| descriptor.id).collect();
        return Err(LoadError::Which {
            file: file.to_owned(),
            known,
        });
    };
    let by_id = all.iter().position(|(_, descriptor)| descriptor.id == which);
    let by_name = || {
        all.iter()
            .position(|(_, descriptor)| descriptor.name.eq_ignore_ascii_case(which))
    };
    match by_id.or_else(by_name) {
        Some(index) => Ok(all.swap_remove(index)),
        None => Err(LoadError::NoSuchPlugin {
            file: file.to_owned(),
            which: which.to_owned(),
            known: all.into_iter().map(|(_, descriptor)| descriptor.id).collect(),
        }),
    }
}
