//! `.vstpreset` files on disk.

use super::{VstPreset, VstPresetError};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Most bytes of a file: as many as a plugin's state may have in a preset.
const MOST: u64 = 256 * 1024 * 1024;

impl VstPreset {
    /// Reads a file of at most 256 MB.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or is too large, and what [`read`](Self::read) refuses; all name the file.
    pub fn read_file(file: &Path) -> Result<Self, VstPresetError> {
        let unreadable = |reason: String| VstPresetError::Unreadable {
            file: file.to_owned(),
            reason,
        };
        let told = |error: std::io::Error| unreadable(error.to_string());
        let metadata = fs::metadata(file).map_err(told)?;
        if !metadata.is_file() {
            return Err(unreadable("it is a folder or a device".to_owned()));
        }
        let mut bytes = Vec::new();
        // What the metadata says may be outdated by now.
        let opened = File::open(file).map_err(told)?;
        opened.take(MOST + 1).read_to_end(&mut bytes).map_err(told)?;
        if bytes.len() as u64 > MOST {
            return Err(unreadable(format!(
                "it is larger than {} MB, the limit",
                MOST / (1024 * 1024)
            )));
        }
        Self::read(&bytes).map_err(|error| match error {
            VstPresetError::Broken { reason, advice, .. } => VstPresetError::Broken {
                file: Some(file.to_owned()),
                reason,
                advice,
            },
            other => other,
        })
    }

    /// Writes a file. At every moment its place holds either what was there or all of the new one. A symbolic link stays
    /// one; what it leads to is written.
    ///
    /// # Errors
    ///
    /// There is a file already and `replace` is not wanted; or it cannot be written, and then nothing has changed.
    pub fn save(&self, file: &Path, replace: bool) -> Result<(), VstPresetError> {
        let exists = || VstPresetError::Exists {
            file: file.to_owned(),
        };
        let unwritable = |reason: String| VstPresetError::Unwritable {
            file: file.to_owned(),
            reason,
        };
        let failed = |error: std::io::Error| unwritable(error.to_string());
        let target = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        match fs::metadata(&target) {
            Ok(_) if !replace => return Err(exists()),
            Ok(there) if !there.is_file() => {
                return Err(unwritable("it is there and is no file".to_owned()));
            }
            Ok(there) if there.permissions().readonly() => {
                return Err(unwritable("it is write-protected".to_owned()));
            }
            _ => {}
        }
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".backline-").suffix(".part");
        // A temporary file is for its owner only by default; this one becomes an ordinary file.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut temporary = builder.tempfile_in(folder).map_err(failed)?;
        temporary.write_all(&self.write()).map_err(failed)?;
        temporary.as_file().sync_all().map_err(failed)?;
        if replace {
            temporary.persist(&target).map_err(|error| failed(error.error))?;
        } else {
            // Somebody may have made the file in the meantime.
            temporary
                .persist_noclobber(&target)
                .map_err(|error| match error.error.kind() {
                    std::io::ErrorKind::AlreadyExists => exists(),
                    _ => failed(error.error),
                })?;
        }
        Ok(())
    }
}
