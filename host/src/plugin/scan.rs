//! Finding plugins: where they lie, what each file holds, and which file holds a given one.
//!
//! A file that nobody picked is opened only in a child process with a time limit, so that a plugin that crashes or
//! hangs costs one line of the list and nothing else. The caller gives the command that starts the child (the shell
//! runs itself); the child calls [`child_main`]. What the child found comes back through a temporary file, not
//! through a pipe: plugins print, and leave processes behind that keep pipes open.
//!
//! Everything here runs on the main thread and waits there.

mod argument;
mod cache;
mod child;
mod files;
mod find;
mod running;

pub use argument::{PluginArgument, parse_plugin_argument};
pub use cache::{Cache, CacheError};
pub use child::{child_main, describe_to, end_with_the_parent};
pub use files::{FoundFiles, find_files, standard_folders};
pub use find::{FindError, Finder, Wanted};

use super::Descriptor;
use running::Running;
use std::collections::VecDeque;
use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

/// What became of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// The file, as it was named to the scan.
    pub file: PathBuf,
    /// What it holds, or a sentence that says why it could not be opened.
    pub result: Result<Vec<Descriptor>, String>,
    /// Whether the result is a property of the file, so that scanning it again would tell nothing new. A missing
    /// library of the system, for one, is not.
    pub lasting: bool,
}

/// A step of a scan.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// A child process opens this file.
    Opening(&'a Path),
    /// This file is done, by a child process or from the cache.
    Done(&'a Scanned),
}

/// What hears of a scan's steps; [`ControlFlow::Break`] ends the scan, and the children still running are killed.
pub type OnProgress<'a> = &'a mut dyn FnMut(Progress<'_>) -> ControlFlow<()>;

/// Opens plugin files in child processes.
pub struct Scanner {
    child: Box<dyn Fn() -> Command>,
    limit: Duration,
    jobs: usize,
}

impl fmt::Debug for Scanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scanner")
            .field("child", &(self.child)())
            .field("limit", &self.limit)
            .field("jobs", &self.jobs)
            .finish()
    }
}

impl Scanner {
    /// A scanner that starts children with the command that `child` makes. Two arguments are appended to it: the
    /// plugin file and the answer file, both for [`child_main`]. Its standard streams are replaced.
    ///
    /// A child may take 10 seconds; two run at a time if the machine has two processors.
    pub fn new(child: impl Fn() -> Command + 'static) -> Self {
        Self {
            child: Box::new(child),
            limit: Duration::from_secs(10),
            jobs: thread::available_parallelism().map_or(1, |cpus| cpus.get().min(2)),
        }
    }

    /// Sets how long a child may take.
    #[must_use]
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sets how many children run at a time; 0 means 1.
    #[must_use]
    pub fn with_jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs.max(1);
        self
    }

    /// Opens each file in a child of its own. Gives one entry a file, in the order of `files`; fewer if
    /// `on_progress` ended it.
    pub fn scan(&self, files: &[PathBuf], on_progress: OnProgress<'_>) -> Vec<Scanned> {
        let mut waiting: VecDeque<_> = files.iter().enumerate().collect();
        let mut running: Vec<(usize, Running)> = Vec::new();
        let mut done: Vec<(usize, Scanned)> = Vec::new();
        'scan: loop {
            while running.len() < self.jobs {
                let Some((index, file)) = waiting.pop_front() else {
                    break;
                };
                if on_progress(Progress::Opening(file)).is_break() {
                    break 'scan;
                }
                match Running::start((self.child)(), file, self.limit) {
                    Ok(child) => running.push((index, child)),
                    Err(failed) => {
                        let stop = on_progress(Progress::Done(&failed)).is_break();
                        done.push((index, failed));
                        if stop {
                            break 'scan;
                        }
                    }
                }
            }
            if running.is_empty() && waiting.is_empty() {
                break;
            }
            let mut at = 0;
            let mut youngest = Duration::MAX;
            let before = done.len();
            while let Some((index, child)) = running.get_mut(at) {
                let Some(scanned) = child.poll() else {
                    youngest = youngest.min(child.age());
                    at += 1;
                    continue;
                };
                let index = *index;
                drop(running.swap_remove(at));
                let stop = on_progress(Progress::Done(&scanned)).is_break();
                done.push((index, scanned));
                if stop {
                    break 'scan;
                }
            }
            // Asking beats waiting for a signal: it is the same on every system and needs no thread. A file is
            // opened within tens of milliseconds; one that takes longer is not worth asking so often.
            if done.len() == before {
                let often = youngest < Duration::from_millis(200);
                thread::sleep(Duration::from_millis(if often { 2 } else { 20 }));
            }
        }
        done.sort_by_key(|(index, _)| *index);
        done.into_iter().map(|(_, scanned)| scanned).collect()
    }

    /// Like [`Self::scan`], but opens only files that `cache` does not know as they are now, or all if `fresh`, and
    /// writes what it learnt to the cache (not to disk: see [`Cache::save`]).
    pub fn scan_cached(
        &self,
        files: &[PathBuf],
        cache: &mut Cache,
        fresh: bool,
        on_progress: OnProgress<'_>,
    ) -> Vec<Scanned> {
        let mut known = Vec::new();
        let mut unknown = Vec::new();
        for (index, file) in files.iter().enumerate() {
            match (!fresh).then(|| cache.get(file)).flatten() {
                Some(scanned) => {
                    if on_progress(Progress::Done(&scanned)).is_break() {
                        return known.into_iter().map(|(_, scanned)| scanned).collect();
                    }
                    known.push((index, scanned));
                }
                None => unknown.push((index, file.clone())),
            }
        }
        let (places, unknown): (Vec<_>, Vec<_>) = unknown.into_iter().unzip();
        // Taken before a file is opened: one that changes meanwhile is then scanned again the next time.
        let stamps: Vec<_> = unknown.iter().map(|file| cache::Stamp::of(file)).collect();
        let mut scanned = self.scan(&unknown, on_progress).into_iter().peekable();
        for ((place, file), stamp) in places.into_iter().zip(&unknown).zip(stamps) {
            // A scan that was ended leaves gaps.
            if let Some(scanned) = scanned.next_if(|scanned| scanned.file == *file) {
                cache.put(&scanned, stamp);
                known.push((place, scanned));
            }
        }
        known.sort_by_key(|(index, _)| *index);
        known.into_iter().map(|(_, scanned)| scanned).collect()
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
