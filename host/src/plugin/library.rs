//! What the libraries of every format have in common: how they are loaded and kept, and how one of their plugins is
//! named.

use super::{Descriptor, Format, LoadError};
use std::error::Error;
use std::path::{Path, PathBuf};

/// The path to hand to the system's loader, which would search other folders for a bare name.
pub(super) fn absolute(file: &Path) -> Result<PathBuf, LoadError> {
    std::path::absolute(file).map_err(|source| LoadError::Unreadable {
        file: file.to_owned(),
        source,
    })
}

/// Keeps a library's code in memory for good; what it holds is taken down with its last plugin all the same.
///
/// A thread that runs down calls what a plugin left with it, and a library that another thread lets go at that moment
/// is gone from under it. (Windows has its own order for this, and locks the files of loaded libraries.)
#[cfg(unix)]
pub(super) fn keep(path: &Path) {
    use std::ffi::CString;
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

/// Why the system's loader refused a file, in its own words.
pub(super) fn refusal(file: &Path, error: &dyn Error) -> String {
    let mut text = error.to_string();
    if let Some(source) = error.source() {
        text = format!("{text}: {source}");
    }
    // The loader's sentence begins with the path, which ours names already.
    one_line(&text).replacen(&format!("{}: ", file.display()), "", 1)
}

/// Somebody else's sentence as a part of ours.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .trim_end_matches('.')
        .to_owned()
}

/// A plugin as it is listed to people: by an id that they can read, else by name and id.
fn called(Descriptor { format, id, name, .. }: Descriptor) -> String {
    let is_readable = format != Format::Vst3.key();
    if is_readable { id } else { format!("{name} ({id})") }
}

/// Takes the plugin that is meant out of all that a file holds: by id, as `is_id` compares it, by name, or the only
/// one.
pub(super) fn choose<T>(
    mut all: Vec<(T, Descriptor)>,
    file: &Path,
    which: Option<&str>,
    is_id: impl Fn(&Descriptor, &str) -> bool,
) -> Result<(T, Descriptor), LoadError> {
    let found = match which {
        Some(which) => all
            .iter()
            .position(|(_, descriptor)| is_id(descriptor, which))
            .or_else(|| {
                all.iter()
                    .position(|(_, descriptor)| descriptor.name.eq_ignore_ascii_case(which))
            }),
        None => (all.len() == 1).then_some(0),
    };
    if let Some(index) = found {
        return Ok(all.swap_remove(index));
    }
    let file = file.to_owned();
    let known = all
        .into_iter()
        .map(|(_, descriptor)| called(descriptor))
        .collect();
    Err(match which {
        Some(which) => LoadError::NoSuchPlugin {
            file,
            which: which.to_owned(),
            known,
        },
        None => LoadError::Which { file, known },
    })
}
