//! One change of a preset at a time.
//!
//! Reading, changing and writing a file are three steps; a second program between them would undo the change of the
//! first. Whoever changes or saves a preset holds its folder meanwhile: the file itself is replaced, and a lock on it would
//! be replaced with it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How long another program's change is waited for. It takes milliseconds, unless that program hangs.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(5);

/// The folder of a preset, ours until this is dropped. It ends with the process too.
#[derive(Debug)]
pub struct Lock {
    _held: Option<File>,
}

impl Lock {
    /// Waits until nobody else changes presets in the folder that this file is in. `target` is the file itself and no
    /// link. A folder that is not there, or on a system that has no locks, is nobody's.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if it took too long.
    pub fn of(target: &Path) -> io::Result<Self> {
        Self::within(target, PATIENCE)
    }

    fn within(target: &Path, patience: Duration) -> io::Result<Self> {
        let until = Instant::now() + patience;
        loop {
            match held(target) {
                Ok(held) => return Ok(Self { _held: held }),
                Err(error) if Instant::now() >= until => return Err(error),
                Err(_) => thread::sleep(PAUSE),
            }
        }
    }
}

/// What stands for the folder; an error if it is somebody else's.
#[cfg(unix)]
fn held(target: &Path) -> io::Result<Option<File>> {
    use std::fs::TryLockError;
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let Ok(folder) = File::open(folder) else {
        return Ok(None);
    };
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder)),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Windows locks no folders: here it is a file that only one can open, and that goes away with its handle.
#[cfg(windows)]
fn held(target: &Path) -> io::Result<Option<File>> {
    use std::fs::OpenOptions;
    use std::os::windows::fs::OpenOptionsExt;
    const DELETE_ON_CLOSE: u32 = 0x0400_0000;
    const SHARING_VIOLATION: i32 = 32;
    let file = target.with_file_name(".backline.lock");
    let opened = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .share_mode(0)
        .custom_flags(DELETE_ON_CLOSE)
        .open(file);
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.raw_os_error() == Some(SHARING_VIOLATION) => {
            Err(io::ErrorKind::WouldBlock.into())
        }
        // What follows tells better why nothing can be written here.
        Err(_) => Ok(None),
    }
}

#[cfg(not(any(unix, windows)))]
fn held(_target: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_by_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.backline");
        let held = Lock::of(&file).unwrap();
        let refused = Lock::within(&file, Duration::from_millis(20)).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::WouldBlock);
        drop(held);
        Lock::within(&file, Duration::ZERO).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_is_not_there_is_nobodys() {
        let folder = tempfile::tempdir().unwrap();
        Lock::within(&folder.path().join("absent/a.backline"), Duration::ZERO).unwrap();
    }
}
