//! The platform's folders for what the program keeps.

use directories::ProjectDirs;
use std::path::PathBuf;

/// The file in which scans keep what they learnt. `None` for a user without a home.
pub fn scan_cache() -> Option<PathBuf> {
    let folders = ProjectDirs::from("org", "Backline", "backline")?;
    Some(folders.cache_dir().join("plugins.json"))
}
