//! From a [`Preset`] to a file, so that at every moment the path holds either the old preset or the new one,
//! whole.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::lock::Lock;
use crate::preset::Preset;
use crate::write::EncodeError;

/// Why a preset could not be saved. Unless it is [`Flush`](SaveError::Flush), the file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The preset has no text.
    #[error("could not save the preset {}: {source}", path.display())]
    Encode {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: EncodeError,
    },
    /// The file is write-protected.
    #[error(
        "could not save the preset {}: it is write-protected; allow writing to it, or save under another name",
        path.display()
    )]
    Protected {
        /// The file.
        path: PathBuf,
    },
    /// The new version could not be written or put in place.
    #[error("could not save the preset {}: {source}; the file is as it was, {}", path.display(), write_hint(source))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The previous version could not be kept.
    #[error(
        "could not save the preset {}: its previous version could not be kept as {} ({source}); the file is as it \
         was, {}",
        path.display(), backup.display(), write_hint(source)
    )]
    Backup {
        /// The file.
        path: PathBuf,
        /// Where the previous version belongs.
        backup: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is new, but may be old again after a power failure.
    #[error(
        "the preset {} is saved, but its folder could not be flushed to the disk ({source}); check the disk before \
         you unplug it", path.display()
    )]
    Flush {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn write_hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "check that the folder exists",
        io::ErrorKind::PermissionDenied => "allow writing to the folder, or save elsewhere",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space on the disk",
        io::ErrorKind::WouldBlock => "for another program is changing a preset in this folder; try again",
        _ => "check the folder and the disk, or save elsewhere",
    }
}

/// Where [`save`] keeps the previous version: the same name with `~` after it.
pub fn backup_path(path: &Path) -> PathBuf {
    let mut name: OsString = path.into();
    name.push("~");
    name.into()
}

/// Writes a preset to a file. A symbolic link stays one; the file that it leads to is written. The new file
/// has the old one's permissions.
///
/// # Errors
/// One sentence that names the file. But for [`SaveError::Flush`], the old file is then as it was.
pub fn save(path: &Path, preset: &Preset) -> Result<(), SaveError> {
    let text = preset.to_toml().map_err(|source| SaveError::Encode {
        path: path.to_owned(),
        source,
    })?;
    let _lock = lock(path)?;
    replace(path, &text)
}

/// Keeps others from changing the file until the lock is dropped.
pub(crate) fn lock(path: &Path) -> Result<Lock, SaveError> {
    let lock = || Lock::of(&follow(path)?);
    lock().map_err(|source| SaveError::Write {
        path: path.to_owned(),
        source,
    })
}

/// Puts `text` in the place of the file, which is [locked](lock) meanwhile.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), SaveError> {
    let failed = |source| SaveError::Write {
        path: path.to_owned(),
        source,
    };
    let target = follow(path).map_err(failed)?;
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let old = match fs::metadata(&target) {
        Ok(old) if old.is_dir() => return Err(failed(io::ErrorKind::IsADirectory.into())),
        Ok(old) if old.permissions().readonly() => {
            return Err(SaveError::Protected {
                path: path.to_owned(),
            });
        }
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(error)),
    };

    let fresh = write_beside(folder, text, old.as_ref()).map_err(failed)?;
    if old.is_some() {
        let backup = backup_path(&target);
        keep(&target, folder, &backup, |from, to| fs::hard_link(from, to)).map_err(|source| {
            SaveError::Backup {
                path: path.to_owned(),
                backup,
                source,
            }
        })?;
    }
    fresh.persist(&target).map_err(|error| failed(error.error))?;
    flush(folder).map_err(|source| SaveError::Flush {
        path: path.to_owned(),
        source,
    })
}

/// The file at the end of a chain of symbolic links, which need not exist.
fn follow(path: &Path) -> io::Result<PathBuf> {
    // As many as Linux follows.
    const LINKS: usize = 40;
    let mut target = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&target) {
            // A relative link is relative to the folder that it is in; `join` leaves an absolute one alone.
            Ok(next) => target = target.parent().unwrap_or(Path::new("")).join(next),
            Err(_) => return Ok(target),
        }
    }
    Err(io::Error::other("its symbolic links go round in a circle"))
}

/// A temporary file with the text in it, safe on the disk; it goes away where it is dropped.
fn write_beside(folder: &Path, text: &str, old: Option<&fs::Metadata>) -> io::Result<NamedTempFile> {
    let mut fresh = match old {
        // Nobody else may look in before it has the permissions of the old one.
        Some(_) => temporary().tempfile_in(folder)?,
        None => like_any_new(&mut temporary()).tempfile_in(folder)?,
    };
    fresh.write_all(text.as_bytes())?;
    if let Some(old) = old {
        like(fresh.as_file(), old)?;
    }
    fresh.as_file().sync_all()?;
    Ok(fresh)
}

fn temporary() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(".backline-").suffix(".tmp");
    builder
}

/// Lets the system give a file the permissions that the user's umask leaves to any new file.
#[cfg(unix)]
fn like_any_new<'b>(builder: &'b mut Builder<'static, 'static>) -> &'b Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn like_any_new<'b>(builder: &'b mut Builder<'static, 'static>) -> &'b Builder<'static, 'static> {
    builder
}

/// Gives a new file the owner and the permissions of the old one.
#[cfg(unix)]
fn like(fresh: &File, old: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let new = fresh.metadata()?;
    let mut mode = old.permissions().mode();
    // Only the system's administrator may give a file away. For anyone else the owner is who saves, and a
    // group that cannot be kept must not lend its rights to another.
    if (new.uid(), new.gid()) != (old.uid(), old.gid())
        && fchown(fresh, Some(old.uid()), Some(old.gid())).is_err()
        && fchown(fresh, None, Some(old.gid())).is_err()
    {
        mode &= !0o070;
    }
    fresh.set_permissions(Permissions::from_mode(mode & 0o777))
}

#[cfg(not(unix))]
fn like(fresh: &File, old: &fs::Metadata) -> io::Result<()> {
    let permissions: Permissions = old.permissions();
    fresh.set_permissions(permissions)
}

/// Keeps the file under a second name while it stays under its first: a hard link, or a copy where the file
/// system has no links (a USB stick). Either comes under a temporary name first, so that an older previous
/// version is replaced whole.
fn keep(
    target: &Path,
    folder: &Path,
    backup: &Path,
    link: impl Fn(&Path, &Path) -> io::Result<()>,
) -> io::Result<()> {
    match temporary().make_in(folder, |name| link(target, name)) {
        Ok(linked) => {
            let temporary = linked.into_temp_path();
            let name = temporary.to_path_buf();
            temporary.persist(backup).map_err(|error| error.error)?;
            // POSIX leaves both names where both are the same file already.
            match fs::remove_file(name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            }
        }
        Err(_) => {
            let mut copy = temporary().tempfile_in(folder)?;
            let mut old = File::open(target)?;
            io::copy(&mut old, copy.as_file_mut())?;
            like(copy.as_file(), &old.metadata()?)?;
            copy.as_file().sync_all()?;
            copy.persist(backup).map(drop).map_err(|error| error.error)
        }
    }
}

/// A rename is on the disk when its folder is.
#[cfg(unix)]
fn flush(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some network and user-space file systems cannot; they keep their own promises.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        done => done,
    }
}

/// Windows has no call for it; NTFS keeps the rename in its journal.
#[cfg(not(unix))]
fn flush(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_are_no_hard_links_the_previous_version_is_a_copy() {
        let folder = tempfile::tempdir().unwrap();
        let (path, backup) = (
            folder.path().join("p.backline"),
            folder.path().join("p.backline~"),
        );
        fs::write(&path, "new").unwrap();
        fs::write(&backup, "older").unwrap();
        keep(&path, folder.path(), &backup, |_, _| {
            Err(io::ErrorKind::Unsupported.into())
        })
        .unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_to_string(&backup).unwrap(), "new");
        fs::write(&path, "changed").unwrap();
        assert_eq!(
            fs::read_to_string(&backup).unwrap(),
            "new",
            "it is a file of its own"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
