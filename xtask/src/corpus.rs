//! `cargo xtask corpus`: real plugins to test with.
//!
//! Debian 13 packages CLAP and VST3 plugins, instruments and effects, that nobody wrote with this host in mind. They
//! are fetched with every library that they need, the C library included, because the system may be older. Below
//! `target/corpus`:
//!
//! | path | holds |
//! | --- | --- |
//! | `trixie/usr/lib/clap`, `trixie/usr/lib/vst3` | the plugins |
//! | `trixie/usr/lib/x86_64-linux-gnu` | the libraries |
//! | `bin/NAME` | a copy of a program that runs on these libraries, see [`adopt`] |
//! | `trixie.stamp` | what `trixie` was made from; written last |

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::{on_path, output, say};

mod apt;
mod program;

pub use program::adopt;

/// The Debian release, by the name of its suite.
const SUITE: &str = "trixie";

/// What is fetched, next to all that it depends on.
const PACKAGES: [&str; 7] = [
    "dpf-plugins-clap",
    "dpf-plugins-vst3",
    "dragonfly-reverb-clap",
    "dragonfly-reverb-vst3",
    "libc6",
    "libgcc-s1",
    "libstdc++6",
];

/// Raised when what is done with the packages changes, so that old folders are made anew.
const LAYOUT: u32 = 1;

/// Files that tell whether the folder was tampered with after the stamp was written.
const LANDMARKS: [&str; 5] = [
    "usr/lib/clap/Kars.clap",
    "usr/lib/clap/DragonflyHallReverb.clap",
    "usr/lib/vst3/Kars.vst3",
    "usr/lib/vst3/DragonflyHallReverb.vst3",
    "usr/lib64/ld-linux-x86-64.so.2",
];

/// Fetches and unpacks the plugins, unless they are there.
pub fn fetch(corpus: &Path) -> Result<()> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!("The real plugins are Debian's for x86_64 Linux; this system cannot run them.");
    }
    fs::create_dir_all(corpus).with_context(|| format!("Could not make the folder {}", corpus.display()))?;
    let _lock = lock(corpus)?;
    if is_complete(corpus) {
        return Ok(());
    }
    for program in ["apt-get", "apt-config", "dpkg-deb"] {
        if !on_path(program) {
            bail!(
                "The real plugins are fetched with `{program}`, which this system does not have. \
                 `cargo xtask test --without-corpus` runs the other tests."
            );
        }
    }
    let apt = apt::Apt::new(&corpus.join("apt"), SUITE)?;
    say("Fetching real plugins and their libraries from Debian 13: about 70 MB.");
    let packages = apt.download(&PACKAGES)?;
    say(&format!("Unpacking {} packages.", packages.len()));
    unpack(corpus, &packages)?;
    // Nothing more is wanted of it, and a half-finished one is only of use to the next attempt.
    remove(&corpus.join("apt"))?;
    say(&format!(
        "The real plugins are in {}.",
        corpus.join(SUITE).join("usr/lib").display()
    ));
    Ok(())
}

/// Keeps a second xtask from working in the same folder; ends with the file's end.
fn lock(corpus: &Path) -> Result<File> {
    let path = corpus.join("lock");
    let file = File::create(&path).with_context(|| format!("Could not create {}", path.display()))?;
    if file.try_lock().is_err() {
        say("Waiting for another xtask that fetches the real plugins.");
        file.lock()
            .with_context(|| format!("Could not lock {}", path.display()))?;
    }
    Ok(file)
}

fn unpack(corpus: &Path, packages: &[impl AsRef<Path>]) -> Result<()> {
    let (stamp, root, part) = (
        stamp(corpus),
        corpus.join(SUITE),
        corpus.join(format!("{SUITE}.part")),
    );
    remove(&part)?;
    for package in packages {
        output(
            Command::new("dpkg-deb")
                .arg("--extract")
                .arg(package.as_ref())
                .arg(&part),
        )?;
    }
    remove_jack(&part)?;
    if let Some(file) = LANDMARKS.iter().find(|file| !part.join(file).exists()) {
        bail!("Debian's packages no longer hold {file}, which the tests need.");
    }
    remove(&stamp)?;
    remove(&root)?;
    fs::rename(&part, &root).with_context(|| format!("Could not rename {}", part.display()))?;
    fs::write(&stamp, recipe()).with_context(|| format!("Could not write {}", stamp.display()))
}

/// Leaves JACK's client library, and the database library that it keeps its properties with, to the system: client
/// and server share memory and files, so both must be of one version, and the server is the system's.
fn remove_jack(root: &Path) -> Result<()> {
    let folder = root.join("usr/lib/x86_64-linux-gnu");
    let entries = fs::read_dir(&folder).with_context(|| format!("Could not list {}", folder.display()))?;
    for entry in entries {
        let file = entry
            .with_context(|| format!("Could not list {}", folder.display()))?
            .path();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("libjack") || name.starts_with("libdb-") {
            remove(&file)?;
        }
    }
    Ok(())
}

fn is_complete(corpus: &Path) -> bool {
    fs::read_to_string(stamp(corpus)).is_ok_and(|text| text == recipe())
        && LANDMARKS
            .iter()
            .all(|file| corpus.join(SUITE).join(file).exists())
}

fn stamp(corpus: &Path) -> std::path::PathBuf {
    corpus.join(format!("{SUITE}.stamp"))
}

/// What the folder is made from, in words.
fn recipe() -> String {
    format!(
        "layout {LAYOUT}\nsuite {SUITE}\npackages {}\n",
        PACKAGES.join(" ")
    )
}

/// Removes a file or a whole folder; one that is not there is fine.
fn remove(path: &Path) -> Result<()> {
    let result = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => return Ok(()),
    };
    result.with_context(|| format!("Could not remove {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in LANDMARKS {
            let file = folder.path().join(SUITE).join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        fs::write(stamp(folder.path()), recipe()).unwrap();
        folder
    }

    #[test]
    fn a_finished_corpus_is_not_fetched_again() {
        assert!(is_complete(finished().path()));
    }

    #[test]
    fn a_corpus_of_another_recipe_or_with_a_hole_is_incomplete() {
        let folder = finished();
        fs::write(stamp(folder.path()), "layout 0\n").unwrap();
        assert!(!is_complete(folder.path()));
        let folder = finished();
        fs::remove_file(folder.path().join(SUITE).join(LANDMARKS[0])).unwrap();
        assert!(!is_complete(folder.path()));
        assert!(!is_complete(tempfile::tempdir().unwrap().path()));
    }

    #[test]
    fn jack_is_left_to_the_system() {
        let folder = tempfile::tempdir().unwrap();
        let libraries = folder.path().join("usr/lib/x86_64-linux-gnu");
        fs::create_dir_all(libraries.join("libjack-jackd2")).unwrap();
        for name in ["libjack.so.0", "libdb-5.3.so", "libdbus-1.so.3", "libc.so.6"] {
            fs::write(libraries.join(name), "").unwrap();
        }
        remove_jack(folder.path()).unwrap();
        assert_eq!(fs::read_dir(&libraries).unwrap().count(), 2);
        assert!(libraries.join("libc.so.6").exists() && libraries.join("libdbus-1.so.3").exists());
    }
}
