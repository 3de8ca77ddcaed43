//! `cargo xtask packages`: what the system must have.
//!
//! A package is missing when the thing that it is for is missing, whatever package may bring it: who has PipeWire's
//! JACK or a home-made ALSA is left alone, and systems without apt are told what they lack.

use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::run::{on_path, output, say, succeeds};

/// What packages are needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Need {
    /// To build and play.
    Build,
    /// To run all tests and benchmarks as well.
    Test,
}

/// A thing that the system must have, and the Debian package that brings it.
#[derive(Debug, PartialEq, Eq)]
struct Package {
    name: &'static str,
    brings: Thing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thing {
    /// A program on the path.
    Program(&'static str),
    /// A library with its headers, as pkg-config names it.
    Library(&'static str),
}

const BUILD: &[Package] = &[
    Package {
        name: "pkg-config",
        brings: Thing::Program("pkg-config"),
    },
    Package {
        name: "libasound2-dev",
        brings: Thing::Library("alsa"),
    },
    // JACK is loaded when it is used, but its crate asks for the headers to be there.
    Package {
        name: "libjack-jackd2-dev",
        brings: Thing::Library("jack"),
    },
];

const TEST: &[Package] = &[
    // The tests play on a server of their own, which needs no sound card.
    Package {
        name: "jackd2",
        brings: Thing::Program("jackd"),
    },
    // Real plugins need newer system libraries than some systems have.
    Package {
        name: "patchelf",
        brings: Thing::Program("patchelf"),
    },
    // Counts the system calls of the audio thread.
    Package {
        name: "strace",
        brings: Thing::Program("strace"),
    },
    // Counts instructions in the benchmarks.
    Package {
        name: "valgrind",
        brings: Thing::Program("valgrind"),
    },
];

/// How often an installation is tried: mirrors and other programs that hold apt's lock need patience.
const ATTEMPTS: u32 = 3;

impl Need {
    fn packages(self) -> Vec<&'static Package> {
        match self {
            Self::Build => BUILD.iter().collect(),
            Self::Test => BUILD.iter().chain(TEST).collect(),
        }
    }
}

/// Prints the Debian names of everything needed.
pub fn list(need: Need) {
    for package in need.packages() {
        println!("{}", package.name);
    }
}

/// Installs what is missing. Where that is not possible, the error says what to type.
pub fn ensure(need: Need) -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let missing = missing(&need.packages(), is_there);
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    if !on_path("apt-get") {
        bail!(
            "This system lacks what Debian has in the packages {names}, and it has no apt to install them with. \
             Install their like and try again."
        );
    }
    let Some(root) = as_root() else {
        bail!(
            "System packages are missing, and only root may install them. Run this, then try again:\n    \
             sudo apt-get install --no-install-recommends {names}"
        );
    };
    say(&format!("Installing the system packages {names}."));
    install(root, &missing)?;
    let absent = self::missing(&need.packages(), is_there);
    if !absent.is_empty() {
        bail!(
            "After the installation this is still not to be found: {}.",
            absent.join(", ")
        );
    }
    Ok(())
}

fn install(root: &[&str], names: &[&str]) -> Result<()> {
    let mut failure = None;
    for attempt in 1..=ATTEMPTS {
        // The first attempt uses the package lists as they are; they may be absent or too old.
        if attempt > 1 {
            sleep(Duration::from_secs(5 * u64::from(attempt - 2)));
            say("Renewing the system's package lists.");
            if let Err(error) = apt(root, &["update"]) {
                failure = Some(error);
                continue;
            }
        }
        let arguments = [&["install", "--yes", "--no-install-recommends"], names].concat();
        match apt(root, &arguments) {
            Ok(()) => return Ok(()),
            Err(error) => failure = Some(error),
        }
    }
    match failure {
        Some(error) => Err(error.context(format!("Could not install {}", names.join(" ")))),
        None => Ok(()),
    }
}

fn apt(root: &[&str], arguments: &[&str]) -> Result<()> {
    let mut words = root.to_vec();
    words.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet"]);
    words.extend(["-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=120"]);
    words.extend(arguments);
    output(Command::new(words[0]).args(&words[1..])).map(drop)
}

/// What to put before a command so that root runs it; `None` if that takes a password.
fn as_root() -> Option<&'static [&'static str]> {
    if output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0") {
        Some(&[])
    } else if on_path("sudo") && succeeds(Command::new("sudo").args(["-n", "true"])) {
        Some(&["sudo", "-n"])
    } else {
        None
    }
}

/// The names of the packages whose things are not there.
fn missing(packages: &[&Package], is_there: impl Fn(Thing) -> bool) -> Vec<&'static str> {
    packages
        .iter()
        .filter(|package| !is_there(package.brings))
        .map(|package| package.name)
        .collect()
}

fn is_there(thing: Thing) -> bool {
    match thing {
        Thing::Program(name) => on_path(name),
        Thing::Library(name) => succeeds(Command::new("pkg-config").args(["--exists", name])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_there_is_missing() {
        let there = [
            Thing::Program("pkg-config"),
            Thing::Library("jack"),
            Thing::Program("strace"),
        ];
        let is_there = |thing| there.contains(&thing);
        assert_eq!(missing(&Need::Build.packages(), is_there), ["libasound2-dev"]);
        assert_eq!(
            missing(&Need::Test.packages(), is_there),
            ["libasound2-dev", "jackd2", "patchelf", "valgrind"]
        );
        assert!(missing(&Need::Test.packages(), |_| true).is_empty());
    }

    #[test]
    fn tests_need_all_that_building_needs() {
        let test = Need::Test.packages();
        assert!(
            Need::Build
                .packages()
                .iter()
                .all(|package| test.contains(package))
        );
    }
}
