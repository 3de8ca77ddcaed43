//! Where the tests find what was built.
//!
//! `cargo xtask test` names the places in environment variables. Without them (plain `cargo test`) the libraries lie beside
//! the test program, because the plugins are among this package's dependencies.

use host::plugin::Format;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// A demonstration plugin's CLAP file, as `demo-synth`.
///
/// # Panics
///
/// If it was not built.
#[must_use]
pub fn demo(name: &str) -> PathBuf {
    demo_as(Format::Clap, name)
}

/// A demonstration plugin's file in a format. Each is one library that speaks both; as a VST3 plugin it is a bare file.
///
/// # Panics
///
/// If it was not built.
#[must_use]
pub fn demo_as(format: Format, name: &str) -> PathBuf {
    library(name, format)
}

/// A fixture's file, as `clap-fixture`. Its name begins with its format.
///
/// # Panics
///
/// If it was not built.
#[must_use]
pub fn fixture(name: &str) -> PathBuf {
    let vst3 = name.starts_with(Format::Vst3.key());
    library(name, if vst3 { Format::Vst3 } else { Format::Clap })
}

/// The folder of the program that runs: `TARGET/PROFILE/deps`.
fn beside() -> PathBuf {
    let program = env::current_exe().expect("the test program's own path");
    program.parent().expect("a folder").to_owned()
}

/// The library that cargo built for a package, under the name that hosts go by: hosts tell a format by its extension.
fn library(package: &str, format: Format) -> PathBuf {
    let file = format!(
        "{}{}{}",
        env::consts::DLL_PREFIX,
        package.replace('-', "_"),
        env::consts::DLL_SUFFIX
    );
    let built = beside().join(file);
    assert!(
        built.is_file(),
        "{} was not built: run the tests through cargo",
        built.display()
    );
    let folder = beside().with_file_name("test-plugins");
    fs::create_dir_all(&folder).expect("a folder for test plugins");
    let named = folder.join(format!("{package}.{}", format.key()));
    if !is_same(&built, &named) {
        // Other test programs do the same at the same time, so it is put in place in one step.
        let temporary = tempfile::Builder::new()
            .tempfile_in(&folder)
            .expect("a temporary file");
        fs::copy(&built, temporary.path()).expect("a copy of the library");
        temporary.persist(&named).expect("the copy put in place");
    }
    named
}

fn is_same(built: &Path, named: &Path) -> bool {
    let (Ok(built), Ok(named)) = (fs::metadata(built), fs::metadata(named)) else {
        return false;
    };
    built.len() == named.len()
        && built
            .modified()
            .is_ok_and(|built| named.modified().is_ok_and(|named| named >= built))
}

/// The program `backline`.
///
/// # Panics
///
/// If it was not built.
#[must_use]
pub fn program() -> PathBuf {
    let built = env::var_os("BACKLINE_PROGRAM").map_or_else(
        || beside().with_file_name(format!("backline{}", env::consts::EXE_SUFFIX)),
        PathBuf::from,
    );
    assert!(
        built.is_file(),
        "{} was not built: run `cargo build -p standalone-shell` first",
        built.display()
    );
    built
}

/// The folder of Debian's newer plugins, `cargo xtask corpus`; `None` when the tests were told to do without.
///
/// # Panics
///
/// If it is not there although nobody said that the tests should do without it.
#[must_use]
pub fn corpus() -> Option<PathBuf> {
    corpus_of(Format::Clap)
}

/// The same folder for either format.
///
/// # Panics
///
/// As [`corpus`].
#[must_use]
pub fn corpus_of(format: Format) -> Option<PathBuf> {
    if env::var_os("BACKLINE_WITHOUT_CORPUS").is_some() {
        return None;
    }
    let folder = target().join("corpus/trixie/usr/lib").join(format.key());
    assert!(
        folder.is_dir(),
        "{} is not there: run `cargo xtask corpus` first",
        folder.display()
    );
    Some(folder)
}

/// The program `backline` for the corpus' own system libraries.
///
/// # Panics
///
/// If it is not there although the corpus is.
#[must_use]
pub fn corpus_program() -> Option<PathBuf> {
    corpus()?;
    let program = env::var_os("BACKLINE_CORPUS_PROGRAM")
        .map_or_else(|| target().join("corpus/bin/backline"), PathBuf::from);
    assert!(
        program.is_file(),
        "{} is not there: run the tests through `cargo xtask test`",
        program.display()
    );
    Some(program)
}

fn target() -> PathBuf {
    match env::var_os("BACKLINE_TARGET") {
        Some(target) => PathBuf::from(target),
        // TARGET/PROFILE/deps
        None => beside().ancestors().nth(2).expect("the target folder").to_owned(),
    }
}
