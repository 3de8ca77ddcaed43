//! Replacing files that may be in use.

use std::path::{Path, PathBuf};
use std::{fs, process};

use anyhow::{Context, Result};

/// Copies `from` to `to` in one step, making the folders on the way.
///
/// A running host may have the old file mapped, and writing into it would crash that host: the copy is made beside
/// it and renamed over it, and the old file lives on for those who have it open.
pub fn replace(from: &Path, to: &Path) -> Result<()> {
    replace_with(from, to, |_| Ok(()))
}

/// As [`replace`], with a change made to the copy before it takes its name.
pub fn replace_with(from: &Path, to: &Path, change: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let folder = to.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(|| format!("Could not make the folder {}", folder.display()))?;
    let copy = beside(to);
    let result = fs::copy(from, &copy)
        .with_context(|| format!("Could not copy {} to {}", from.display(), copy.display()))
        .and_then(|_| change(&copy))
        .and_then(|()| {
            fs::rename(&copy, to).with_context(|| {
                format!(
                    "Could not replace {}; close the programs that use it and try again",
                    to.display()
                )
            })
        });
    if result.is_err() {
        // The error to report is the one above; a left-over copy harms nobody.
        let _ = fs::remove_file(&copy);
    }
    result
}

/// A hidden name in the same folder, so that a rename stays on one file system and no host takes it for a plugin.
fn beside(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.{}", process::id()))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use anyhow::bail;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[cfg(unix)]
    #[test]
    fn whoever_has_the_old_file_open_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("deep/er/to.clap"));
        fs::write(&from, "old").unwrap();
        replace(&from, &to).unwrap();
        let mut open = fs::File::open(&to).unwrap();
        fs::write(&from, "newer").unwrap();
        replace(&from, &to).unwrap();
        let mut kept = String::new();
        open.read_to_string(&mut kept).unwrap();
        assert_eq!(kept, "old");
        assert_eq!(fs::read_to_string(&to).unwrap(), "newer");
        assert_eq!(names(to.parent().unwrap()), ["to.clap"]);
    }

    #[test]
    fn a_failed_change_leaves_the_old_file_and_no_copy() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::write(&from, "new").unwrap();
        fs::write(&to, "old").unwrap();
        assert!(replace_with(&from, &to, |_| bail!("no")).is_err());
        assert_eq!(fs::read_to_string(&to).unwrap(), "old");
        assert_eq!(names(folder.path()), ["from", "to"]);
    }
}
