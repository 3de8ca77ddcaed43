//! What earlier scans found.

use super::Scanned;
use crate::plugin::Descriptor;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use tempfile::NamedTempFile;

/// Raised when the file's layout or the meaning of its results changes.
const FORMAT: u32 = 1;
const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// Most things looked at in a bundle. Sample libraries lie elsewhere.
const MOST_IN_BUNDLE: usize = 10_000;

/// The results of earlier scans, failures included, by file. A result counts as long as the file keeps its size and
/// time of change, and the program its version.
#[derive(Debug)]
pub struct Cache {
    path: PathBuf,
    entries: BTreeMap<String, Entry>,
    changed: bool,
}

/// Why the results of a scan were not kept.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The file was not written.
    #[error(
        "The results of the plugin scan could not be kept in {}: {source}. The next scan will open every plugin again; make sure that the folder can be written.",
        file.display()
    )]
    Write {
        /// The cache file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// What tells one version of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    /// Bytes; of a bundle, those of all files in it.
    size: u64,
    /// Nanoseconds since 1970; of a bundle, of the newest thing in it.
    modified: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    stamp: Stamp,
    result: Result<Vec<Descriptor>, String>,
}

/// Enough of the file to know whether the rest can be read.
#[derive(Deserialize)]
struct Head {
    format: u32,
    program: String,
}

#[derive(Deserialize)]
struct Body {
    files: BTreeMap<String, Entry>,
}

#[derive(Serialize)]
struct Written<'a> {
    format: u32,
    program: &'a str,
    files: &'a BTreeMap<String, Entry>,
}

impl Cache {
    /// Reads a cache file. One that is absent, or of another version of the program, gives an empty cache; one that
    /// cannot be read does too, with a sentence that says so.
    #[must_use]
    pub fn load(path: PathBuf) -> (Self, Option<String>) {
        let (entries, note) = match read(&path) {
            Ok(entries) => (entries, None),
            Err(reason) => {
                let note = format!(
                    "The results of earlier plugin scans in {} cannot be read: {reason}. Every plugin is opened again.",
                    path.display()
                );
                (BTreeMap::new(), Some(note))
            }
        };
        let cache = Self {
            path,
            entries,
            changed: false,
        };
        (cache, note)
    }

    /// What is known of a file as it is now.
    #[must_use]
    pub fn get(&self, file: &Path) -> Option<Scanned> {
        let entry = self.entries.get(&key(file)?)?;
        if Stamp::of(file) != Some(entry.stamp) {
            return None;
        }
        let mut result = entry.result.clone();
        for descriptor in result.iter_mut().flatten() {
            file.clone_into(&mut descriptor.file);
        }
        Some(Scanned {
            file: file.to_owned(),
            result,
            lasting: true,
        })
    }

    /// Remembers what became of a file that had this stamp, if that is worth remembering.
    pub(super) fn put(&mut self, scanned: &Scanned, stamp: Option<Stamp>) {
        // A path that is not UTF-8 is not a JSON key. Such a file is scanned each time.
        let Some(key) = key(&scanned.file) else {
            return;
        };
        self.changed = true;
        match stamp {
            Some(stamp) if scanned.lasting => {
                let mut result = scanned.result.clone();
                for descriptor in result.iter_mut().flatten() {
                    descriptor.file = PathBuf::from(&key);
                }
                self.entries.insert(key, Entry { stamp, result });
            }
            _ => drop(self.entries.remove(&key)),
        }
    }

    /// Forgets the files that no longer exist and writes the rest to disk, if anything changed. The file is replaced
    /// as a whole or not at all.
    ///
    /// # Errors
    ///
    /// The file cannot be written. What is known stays known to this object.
    pub fn save(&mut self) -> Result<(), CacheError> {
        let before = self.entries.len();
        self.entries.retain(|file, _| Path::new(file).exists());
        if !self.changed && self.entries.len() == before {
            return Ok(());
        }
        self.write().map_err(|source| CacheError::Write {
            file: self.path.clone(),
            source,
        })?;
        self.changed = false;
        Ok(())
    }

    fn write(&self) -> io::Result<()> {
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        fs::create_dir_all(folder)?;
        let mut text = serde_json::to_vec_pretty(&Written {
            format: FORMAT,
            program: PROGRAM,
            files: &self.entries,
        })?;
        text.push(b'\n');
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(&text)?;
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }
}

fn read(path: &Path) -> Result<BTreeMap<String, Entry>, String> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error.to_string()),
    };
    let head: Head = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    if head.format != FORMAT || head.program != PROGRAM {
        return Ok(BTreeMap::new());
    }
    let body: Body = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    Ok(body.files)
}

fn key(file: &Path) -> Option<String> {
    let file = std::path::absolute(file).ok()?;
    file.into_os_string().into_string().ok()
}

impl Stamp {
    /// The stamp of a file or bundle; `None` if it cannot be had, or only by reading for a long time.
    pub(super) fn of(file: &Path) -> Option<Self> {
        let metadata = fs::metadata(file).ok()?;
        let mut stamp = Self {
            size: 0,
            modified: i64::MIN,
        };
        if !metadata.is_dir() {
            stamp.add(&metadata)?;
            return Some(stamp);
        }
        let mut folders = vec![file.to_owned()];
        let mut seen = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).ok()? {
                let entry = entry.ok()?;
                seen += 1;
                if seen > MOST_IN_BUNDLE {
                    return None;
                }
                // Not followed if it is a link, so that there are no loops.
                let metadata = entry.metadata().ok()?;
                stamp.add(&metadata)?;
                if metadata.is_dir() {
                    folders.push(entry.path());
                } else if metadata.is_symlink()
                    && let Ok(target) = fs::metadata(entry.path())
                    && target.is_file()
                {
                    // Who builds a plugin links its library into the bundle.
                    stamp.add(&target)?;
                }
            }
        }
        Some(stamp)
    }

    fn add(&mut self, metadata: &fs::Metadata) -> Option<()> {
        let modified = metadata.modified().ok()?;
        let modified = match modified.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_nanos()).ok()?,
            Err(before) => -i64::try_from(before.duration().as_nanos()).ok()?,
        };
        self.modified = self.modified.max(modified);
        if metadata.is_file() {
            self.size = self.size.saturating_add(metadata.len());
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    struct Bench {
        folder: tempfile::TempDir,
        plugin: PathBuf,
    }

    impl Bench {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let plugin = folder.path().join("x.clap");
            fs::write(&plugin, "one").expect("written");
            Self { folder, plugin }
        }

        fn cache(&self) -> (Cache, Option<String>) {
            Cache::load(self.folder.path().join("sub/cache.json"))
        }

        fn put(&self, cache: &mut Cache, result: Result<Vec<Descriptor>, String>, lasting: bool) {
            let scanned = Scanned {
                file: self.plugin.clone(),
                result,
                lasting,
            };
            cache.put(&scanned, Stamp::of(&self.plugin));
        }
    }

    fn descriptor() -> Descriptor {
        Descriptor {
            format: "clap".to_owned(),
            id: "a.b".to_owned(),
            name: "B".to_owned(),
            vendor: String::new(),
            version: String::new(),
            file: PathBuf::new(),
            features: Vec::new(),
            replaces: Vec::new(),
        }
    }

    #[test]
    fn results_and_failures_come_back_from_disk() {
        let bench = Bench::new();
        for result in [Ok(vec![descriptor()]), Err("It crashed.".to_owned())] {
            let (mut cache, note) = bench.cache();
            assert_eq!(note, None);
            bench.put(&mut cache, result.clone(), true);
            cache.save().expect("saved");
            let (cache, note) = bench.cache();
            assert_eq!(note, None);
            let expected = result.map(|_| {
                vec![Descriptor {
                    file: bench.plugin.clone(),
                    ..descriptor()
                }]
            });
            assert_eq!(cache.get(&bench.plugin).expect("known").result, expected);
        }
    }

    #[test]
    fn a_file_that_changed_is_not_known() {
        let bench = Bench::new();
        let (mut cache, _) = bench.cache();
        bench.put(&mut cache, Ok(Vec::new()), true);
        assert!(cache.get(&bench.plugin).is_some());
        let file = fs::File::options().write(true).open(&bench.plugin).expect("open");
        file.set_modified(SystemTime::now() + Duration::from_secs(5))
            .expect("touched");
        assert_eq!(cache.get(&bench.plugin), None);
        bench.put(&mut cache, Ok(Vec::new()), true);
        assert!(cache.get(&bench.plugin).is_some());
        fs::write(&bench.plugin, "other size").expect("written");
        assert_eq!(cache.get(&bench.plugin), None);
    }

    #[test]
    fn a_passing_failure_is_not_kept_and_drops_what_was() {
        let bench = Bench::new();
        let (mut cache, _) = bench.cache();
        bench.put(&mut cache, Ok(Vec::new()), true);
        bench.put(&mut cache, Err("A library is missing.".to_owned()), false);
        assert_eq!(cache.get(&bench.plugin), None);
    }

    #[test]
    fn a_change_deep_in_a_bundle_is_seen() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bundle = folder.path().join("x.vst3");
        let binary = bundle.join("Contents/x86_64-linux/x.so");
        fs::create_dir_all(binary.parent().expect("a parent")).expect("made");
        fs::write(&binary, "one").expect("written");
        let before = Stamp::of(&bundle);
        assert!(before.is_some());
        assert_eq!(before, Stamp::of(&bundle));
        fs::write(&binary, "other size").expect("written");
        assert_ne!(before, Stamp::of(&bundle));
    }

    #[cfg(unix)]
    #[test]
    fn a_change_of_what_a_bundle_links_to_is_seen_and_a_loop_is_survived() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let built = folder.path().join("libx.so");
        let binaries = folder.path().join("x.vst3/Contents/x86_64-linux");
        fs::create_dir_all(&binaries).expect("made");
        fs::write(&built, "one").expect("written");
        for (to, from) in [
            (built.as_path(), "x.so"),
            (folder.path(), "loop"),
            (Path::new("gone"), "broken"),
        ] {
            std::os::unix::fs::symlink(to, binaries.join(from)).expect("linked");
        }
        let bundle = folder.path().join("x.vst3");
        let before = Stamp::of(&bundle);
        assert!(before.is_some());
        assert_eq!(before, Stamp::of(&bundle));
        fs::write(&built, "other size").expect("written");
        assert_ne!(before, Stamp::of(&bundle));
    }

    #[test]
    fn a_change_of_what_is_written_about_a_bundle_is_seen() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bundle = folder.path().join("x.vst3");
        let info = bundle.join("Contents/Resources/moduleinfo.json");
        fs::create_dir_all(info.parent().expect("a parent")).expect("made");
        fs::write(&info, "{}").expect("written");
        let before = Stamp::of(&bundle);
        let file = fs::File::options().write(true).open(&info).expect("open");
        file.set_modified(SystemTime::now() + Duration::from_secs(5))
            .expect("touched");
        assert_ne!(before, Stamp::of(&bundle));
    }

    #[test]
    fn a_broken_file_gives_a_note_and_the_next_save_mends_it() {
        let bench = Bench::new();
        let (mut cache, _) = bench.cache();
        bench.put(&mut cache, Ok(Vec::new()), true);
        cache.save().expect("saved");
        let whole = fs::read(&cache.path).expect("read");
        let wrong_type = format!("{{\"format\":{FORMAT},\"program\":\"{PROGRAM}\",\"files\":7}}");
        for broken in [
            b"".as_slice(),
            b"{}",
            &whole[..whole.len() / 2],
            wrong_type.as_bytes(),
        ] {
            fs::write(&cache.path, broken).expect("written");
            let (mut again, note) = bench.cache();
            assert!(note.expect("a note").contains("cache.json"));
            assert_eq!(again.get(&bench.plugin), None);
            bench.put(&mut again, Ok(Vec::new()), true);
            again.save().expect("saved");
            assert!(bench.cache().0.get(&bench.plugin).is_some());
        }
    }

    #[test]
    fn a_cache_of_another_version_is_empty_without_a_note() {
        let bench = Bench::new();
        let path = bench.folder.path().join("cache.json");
        for head in [
            format!(
                "{{\"format\":{},\"program\":\"{PROGRAM}\",\"files\":7}}",
                FORMAT + 1
            ),
            format!("{{\"format\":{FORMAT},\"program\":\"0.0.0\",\"files\":{{}}}}"),
        ] {
            fs::write(&path, head).expect("written");
            let (cache, note) = Cache::load(path.clone());
            assert!(cache.entries.is_empty());
            assert_eq!(note, None);
        }
    }

    #[test]
    fn vanished_files_are_forgotten_and_nothing_is_written_for_nothing() {
        let bench = Bench::new();
        let (mut cache, _) = bench.cache();
        cache.save().expect("nothing to save");
        assert!(!cache.path.exists());
        bench.put(&mut cache, Ok(Vec::new()), true);
        cache.save().expect("saved");
        fs::remove_file(&bench.plugin).expect("removed");
        let (mut cache, _) = bench.cache();
        cache.save().expect("saved");
        assert!(bench.cache().0.entries.is_empty());
    }

    #[test]
    fn a_cache_that_cannot_be_written_says_where() {
        let bench = Bench::new();
        let (mut cache, _) = Cache::load(bench.plugin.join("cache.json"));
        bench.put(&mut cache, Ok(Vec::new()), true);
        let sentence = cache.save().expect_err("a file is no folder").to_string();
        assert!(sentence.contains("x.clap"), "{sentence}");
    }
}
