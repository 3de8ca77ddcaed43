//! From a plugin's id to its file.

use super::cache::{Cache, CacheError};
use super::{FoundFiles, OnProgress, Progress, Scanned, Scanner, files, find_files};
use crate::plugin::{Descriptor, Format, Source};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// A plugin to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Its id, or that of an older plugin which it replaces. Those of VST3 are the same in capitals and small letters.
    pub id: &'a str,
    /// Its format, if only that one will do.
    pub format: Option<Format>,
    /// Where it was once: a file name or a path, of this system or another.
    pub hint: Option<&'a Path>,
    /// The folder that a relative hint starts from: that of the preset.
    pub preset_folder: Option<&'a Path>,
}

/// Finds the files of plugins that are known by their ids. It remembers what it learnt, so one finder serves a whole
/// rack.
#[derive(Debug)]
pub struct Finder {
    folders: Vec<PathBuf>,
    scanner: Scanner,
    cache: Cache,
    listed: Option<FoundFiles>,
    /// Files that failed in a way which the cache does not keep. Once is enough for one finder.
    failed: BTreeMap<PathBuf, String>,
}

/// Why a plugin was not found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// No file holds it.
    #[error("{}", not_found(.id, *.format, .folders, .near, *.unopened, .reason.as_deref()))]
    NotFound {
        /// The id asked for.
        id: String,
        /// The format asked for.
        format: Option<Format>,
        /// The folders that were searched.
        folders: Vec<PathBuf>,
        /// Ids and names of plugins that may have been meant, the likeliest first.
        near: Vec<(String, String)>,
        /// How many files could not be opened; it may be in one of them.
        unopened: usize,
        /// What is wrong with a file that has the name hinted at, as a sentence.
        reason: Option<String>,
    },
    /// The search was ended by who asked for it.
    #[error("The search for the plugin {id} was ended before it was found. Start it again to go on.")]
    Ended {
        /// The id asked for.
        id: String,
    },
}

fn not_found(
    id: &str,
    format: Option<Format>,
    folders: &[PathBuf],
    near: &[(String, String)],
    unopened: usize,
    reason: Option<&str>,
) -> String {
    let kind = format.map_or_else(String::new, |format| format!("{format} "));
    let folders: Vec<_> = folders
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    let mut text = match folders.as_slice() {
        [] => format!("No {kind}plugin with the id \"{id}\" was found, for there is no folder to search."),
        folders => format!(
            "No {kind}plugin with the id \"{id}\" was found in {}.",
            folders.join(", ")
        ),
    };
    // Writing to a string does not fail.
    if let Some(reason) = reason {
        let _ = write!(text, " {reason}");
    }
    match unopened {
        0 => {}
        1 => text.push_str(" One file there could not be opened; `backline scan` says why."),
        _ => {
            let _ = write!(
                text,
                " {unopened} files there could not be opened; `backline scan` says why."
            );
        }
    }
    if !near.is_empty() {
        let near: Vec<_> = near.iter().map(|(id, name)| format!("{id} ({name})")).collect();
        let _ = write!(text, " Perhaps it is one of these: {}.", near.join(", "));
    }
    text.push_str(match format {
        // VST3 has no such variable of its own.
        Some(Format::Vst3) => " Install the plugin, name its file instead, or add its folder to CLAP_PATH, which serves both formats.",
        _ => " Install the plugin, name its file instead, or add its folder to CLAP_PATH.",
    });
    text
}

/// What one look through files came to.
enum Look {
    Found(PathBuf),
    Nothing,
    Ended,
}

impl Finder {
    /// A finder that searches `folders`, in that order, and opens what it does not know with `scanner`.
    #[must_use]
    pub const fn new(folders: Vec<PathBuf>, scanner: Scanner, cache: Cache) -> Self {
        Self {
            folders,
            scanner,
            cache,
            listed: None,
            failed: BTreeMap::new(),
        }
    }

    /// Finds a plugin's file: where the hint says; by the hint's file name in the folders, of which the preset's own is
    /// the last; by what earlier scans found; and by opening files that no scan has seen, those first whose names are
    /// like the id. Where several files hold it, the folders' order decides between files of the same name. At last, a
    /// plugin that says that it replaces this one will do.
    ///
    /// A file that the hint names is taken unopened, because the preset picked it, unless it is known to hold
    /// something else.
    ///
    /// # Errors
    ///
    /// No file holds it, or `on_progress` ended the search.
    pub fn find(&mut self, wanted: &Wanted<'_>, on_progress: OnProgress<'_>) -> Result<Source, FindError> {
        let source = |file| Source {
            file,
            which: Some(wanted.id.to_owned()),
        };
        if let Some(file) = self.hinted(wanted) {
            return Ok(source(file));
        }
        let mut all = self.files(wanted.format);
        all.extend(beside(wanted).filter(|file| !self.is_listed(file)));
        let hint_name = wanted.hint.and_then(hint_name);
        let named = hint_name.map_or_else(Vec::new, |name| same_name(&all, &name));
        let mut steps = vec![named.clone()];
        if let Some(at) = all.iter().position(|file| self.known_to_hold(file, wanted)) {
            // A newer build of the same plugin may lie in a folder that comes first.
            let name = all[at].file_name().unwrap_or_default().to_string_lossy();
            steps.push(same_name(&all[..=at], &name));
        }
        let mut likely = all.clone();
        likely.sort_by_key(|file| !is_like(file, wanted.id));
        steps.push(likely);
        for files in steps {
            match self.look(files, wanted, on_progress) {
                Look::Found(file) => return Ok(source(file)),
                Look::Nothing => {}
                Look::Ended => {
                    return Err(FindError::Ended {
                        id: wanted.id.to_owned(),
                    });
                }
            }
        }
        // Every file is known by now. The plugin itself would have been better than the one that replaces it.
        let replacing = all.iter().find(|file| {
            let known = self.cache.get(file).map(|scanned| scanned.result);
            matches!(known, Some(Ok(plugins)) if replaces(&plugins, wanted))
        });
        match replacing {
            Some(file) => Ok(source(file.clone())),
            None => Err(self.not_found(wanted, &all, &named)),
        }
    }

    /// What had to be left out of the search so far, one sentence each.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        self.listed.as_ref().map_or(&[], |listed| &listed.notes)
    }

    /// Keeps on disk what was learnt.
    ///
    /// # Errors
    ///
    /// The cache file cannot be written.
    pub fn save(&mut self) -> Result<(), CacheError> {
        self.cache.save()
    }

    fn hinted(&self, wanted: &Wanted<'_>) -> Option<PathBuf> {
        let hint = wanted.hint?;
        // A preset made on Windows may be played elsewhere.
        let turned = hint
            .to_str()
            .filter(|text| text.contains('\\'))
            .map(|text| PathBuf::from(text.replace('\\', "/")));
        let ways = [Some(hint), turned.as_deref()];
        ways.into_iter()
            .flatten()
            .filter_map(|hint| match wanted.preset_folder {
                Some(folder) => Some(folder.join(hint)),
                None => hint.is_absolute().then(|| hint.to_owned()),
            })
            .find(|file| {
                let format = Format::of_file(file);
                let fits = wanted.format.is_none() || wanted.format == format;
                let is_there = || fs::metadata(file).is_ok_and(|data| files::is_plugin(file, &data));
                let holds_others = || {
                    let known = self.cache.get(file).map(|scanned| scanned.result);
                    matches!(known, Some(Ok(plugins)) if !holds(&plugins, wanted) && !replaces(&plugins, wanted))
                };
                fits && is_there() && !holds_others()
            })
    }

    fn files(&mut self, format: Option<Format>) -> Vec<PathBuf> {
        let listed = self.listed.get_or_insert_with(|| find_files(&self.folders));
        let fits = |file: &&PathBuf| format.is_none() || Format::of_file(file) == format;
        listed.files.iter().filter(fits).cloned().collect()
    }

    fn is_listed(&self, file: &Path) -> bool {
        let listed = self.listed.as_ref();
        listed.is_some_and(|listed| listed.files.iter().any(|known| known == file))
    }

    fn known_to_hold(&self, file: &Path, wanted: &Wanted<'_>) -> bool {
        let scanned = self.cache.get(file);
        scanned.is_some_and(|scanned| scanned_holds(&scanned, wanted))
    }

    /// Looks into files, opening those not known, until the first in order that holds it is certain.
    fn look(&mut self, mut files: Vec<PathBuf>, wanted: &Wanted<'_>, on_progress: OnProgress<'_>) -> Look {
        files.retain(|file| !self.failed.contains_key(file));
        let mut open: Vec<bool> = vec![true; files.len()];
        let mut hit = None;
        let mut ended = false;
        let mut watch = |progress: Progress<'_>| {
            if let Progress::Done(scanned) = progress
                && let Some(at) = files.iter().position(|file| *file == scanned.file)
            {
                open[at] = false;
                if scanned_holds(scanned, wanted) && hit.is_none_or(|hit| at < hit) {
                    hit = Some(at);
                }
            }
            ended = on_progress(progress).is_break();
            if ended || hit.is_some_and(|hit| !open[..hit].contains(&true)) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let scanned = self
            .scanner
            .scan_cached(&files, &mut self.cache, false, &mut watch);
        for scanned in scanned {
            if let (Err(sentence), false) = (scanned.result, scanned.lasting) {
                self.failed.insert(scanned.file, sentence);
            }
        }
        match hit {
            Some(at) if !ended => Look::Found(files.swap_remove(at)),
            _ if ended => Look::Ended,
            _ => Look::Nothing,
        }
    }

    /// Gathers what helps, after every file has been looked into.
    fn not_found(&self, wanted: &Wanted<'_>, all: &[PathBuf], named: &[PathBuf]) -> FindError {
        let failure = |file: &PathBuf| {
            let cached = || self.cache.get(file)?.result.err();
            self.failed.get(file).cloned().or_else(cached)
        };
        let mut near: Vec<_> = all
            .iter()
            .filter_map(|file| self.cache.get(file)?.result.ok())
            .flatten()
            .filter_map(|plugin| Some((distance(&plugin, wanted.id)?, plugin.id, plugin.name)))
            .collect();
        near.sort();
        near.dedup();
        FindError::NotFound {
            id: wanted.id.to_owned(),
            format: wanted.format,
            folders: wanted
                .preset_folder
                .filter(|folder| !folder.as_os_str().is_empty())
                .map(Path::to_owned)
                .into_iter()
                .chain(self.folders.iter().cloned())
                .collect(),
            near: near.into_iter().take(5).map(|(_, id, name)| (id, name)).collect(),
            unopened: all.iter().filter_map(failure).count(),
            reason: named.iter().find_map(failure),
        }
    }
}

/// The plugins in the preset's own folder, but not below it, which may be the user's home. They come after the
/// installed ones, and serve who carries a preset and its plugins on a stick.
fn beside<'a>(wanted: &Wanted<'a>) -> impl Iterator<Item = PathBuf> + use<'a> {
    let format = wanted.format;
    let folder = wanted.preset_folder.map(|folder| Path::new(".").join(folder));
    let folder = folder.and_then(|folder| std::path::absolute(folder).ok());
    let entries = folder.and_then(|folder| fs::read_dir(folder).ok());
    let files = entries.into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> = files
        .filter(|file| format.is_none() || Format::of_file(file) == format)
        .filter(|file| fs::metadata(file).is_ok_and(|data| files::is_plugin(file, &data)))
        .collect();
    files.sort();
    files.into_iter()
}

/// The file name in a hint, whichever system wrote it.
fn hint_name(hint: &Path) -> Option<String> {
    let text = hint.to_str()?;
    let name = text.rsplit(['/', '\\']).find(|part| !part.is_empty())?;
    Some(name.to_owned())
}

fn same_name(files: &[PathBuf], name: &str) -> Vec<PathBuf> {
    let name = name.to_lowercase();
    let has_name = |file: &&PathBuf| {
        file.file_name()
            .is_some_and(|found| found.to_string_lossy().to_lowercase() == name)
    };
    files.iter().filter(has_name).cloned().collect()
}

fn scanned_holds(scanned: &Scanned, wanted: &Wanted<'_>) -> bool {
    scanned
        .result
        .as_ref()
        .is_ok_and(|plugins| holds(plugins, wanted))
}

fn holds(plugins: &[Descriptor], wanted: &Wanted<'_>) -> bool {
    plugins.iter().any(|plugin| {
        let same_id = plugin.id == wanted.id
            || (plugin.format == Format::Vst3.key() && plugin.id.eq_ignore_ascii_case(wanted.id));
        has_format(plugin, wanted) && same_id
    })
}

/// Whether one of these takes the place of the plugin wanted.
fn replaces(plugins: &[Descriptor], wanted: &Wanted<'_>) -> bool {
    plugins.iter().any(|plugin| {
        let replaces = || {
            plugin
                .replaces
                .iter()
                .any(|old| old.eq_ignore_ascii_case(wanted.id))
        };
        has_format(plugin, wanted) && replaces()
    })
}

fn has_format(plugin: &Descriptor, wanted: &Wanted<'_>) -> bool {
    wanted.format.is_none_or(|format| plugin.format == format.key())
}

/// Letters and digits alone, in small letters: "Stage Piano" and "stage-piano" are the same to whoever looks for it.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|char| char.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The part of an id that is most likely the plugin's own.
fn last_part(id: &str) -> &str {
    id.rsplit(['.', ':', '/', '#']).next().unwrap_or(id)
}

/// Whether a file's name speaks of the plugin that the id means.
fn is_like(file: &Path, id: &str) -> bool {
    let stem = plain(&file.file_stem().unwrap_or_default().to_string_lossy());
    let part = plain(last_part(id));
    !stem.is_empty() && (plain(id).contains(&stem) || (part.len() >= 3 && stem.contains(&part)))
}

/// How far a plugin is from what was asked for: less is nearer, `None` is too far.
fn distance(plugin: &Descriptor, id: &str) -> Option<usize> {
    let wanted = plain(id);
    let part = plain(last_part(id));
    let (its_id, its_name) = (plain(&plugin.id), plain(&plugin.name));
    if its_id == wanted || its_name == wanted {
        return Some(0);
    }
    let speaks_of = |text: &str, of: &str| of.len() >= 3 && text.contains(of);
    if plain(last_part(&plugin.id)) == part || its_name == part {
        return Some(1);
    }
    let edits = edits(&its_id, &wanted).min(edits(&its_name, &wanted));
    if edits <= wanted.chars().count() / 5 {
        return Some(1 + edits);
    }
    (speaks_of(&its_id, &wanted) || speaks_of(&its_name, &part)).then_some(100)
}

/// The number of characters to insert, remove or replace to make one text of the other.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().take(256).collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, from) in from.chars().take(256).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (column, to) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (from, to, count) in [
            ("", "", 0),
            ("abc", "", 3),
            ("", "ab", 2),
            ("kars", "cars", 1),
            ("piano", "pian", 1),
            ("flaw", "lawn", 2),
        ] {
            assert_eq!(edits(from, to), count, "{from} {to}");
        }
    }

    #[test]
    fn near_matches_are_ranked_and_far_ones_left_out() {
        let plugin = |id: &str, name: &str| Descriptor {
            format: "clap".to_owned(),
            id: id.to_owned(),
            name: name.to_owned(),
            vendor: String::new(),
            version: String::new(),
            file: PathBuf::new(),
            features: Vec::new(),
            replaces: Vec::new(),
        };
        let far = |id, name, wanted| distance(&plugin(id, name), wanted);
        assert_eq!(far("org.example.piano", "Piano", "org.example.Piano"), Some(0));
        assert_eq!(far("org.example.piano", "Stage Piano", "stage piano"), Some(0));
        assert_eq!(far("com.other.piano", "P", "org.example.piano"), Some(1));
        assert_eq!(far("org.example.piano", "P", "org.exampel.pianos"), Some(4));
        assert_eq!(far("org.example.piano", "Grand Piano 2", "piano"), Some(1));
        assert_eq!(far("org.example.pno", "Grand Piano 2", "my.piano"), Some(100));
        assert_eq!(far("org.example.gain", "Gain", "org.example.piano.big"), None);
    }

    #[test]
    fn the_file_name_is_taken_from_a_hint_of_any_system() {
        for (hint, name) in [
            ("Piano.clap", Some("Piano.clap")),
            (r"C:\Program Files\CLAP\Piano.clap", Some("Piano.clap")),
            ("/usr/lib/clap/Piano.clap", Some("Piano.clap")),
            ("Piano.vst3/", Some("Piano.vst3")),
            ("", None),
        ] {
            assert_eq!(hint_name(Path::new(hint)).as_deref(), name, "{hint}");
        }
    }

    #[test]
    fn likely_files_are_told_by_their_names() {
        for (file, id, like) in [
            ("Kars.clap", "studio.kx.distrho.Kars", true),
            ("Stage Piano.clap", "org.example.stage-piano", true),
            ("Surge XT.clap", "org.surge-synth-team.surge-xt", true),
            ("Other.clap", "org.example.piano", false),
            ("Grand Piano.clap", "org.example.piano", true),
        ] {
            assert_eq!(is_like(Path::new(file), id), like, "{file}");
        }
    }
}
