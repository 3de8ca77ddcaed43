//! Programs that run on the libraries of the corpus.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::SUITE;
use crate::copy;
use crate::run::{output, say};

/// The version of the C library in the corpus; a Debian release keeps it for life.
const CORPUS_GLIBC: (u32, u32) = (2, 41);

/// Copies a program to `bin/NAME` below the corpus, so that it runs on the corpus's loader and libraries and can load
/// the plugins in it. The corpus must be there.
///
/// On a system with a newer C library the copy is left as it is: the program may need the newer one, and the plugins
/// are content with it.
pub fn adopt(corpus: &Path, program: &Path) -> Result<PathBuf> {
    let name = program
        .file_name()
        .with_context(|| format!("{} is not a program", program.display()))?;
    let copy = corpus.join("bin").join(name);
    let root = std::path::absolute(corpus.join(SUITE))
        .with_context(|| format!("Where is {}?", corpus.join(SUITE).display()))?;
    let system = glibc(&output(Command::new("getconf").arg("GNU_LIBC_VERSION"))?)?;
    if system > CORPUS_GLIBC {
        copy::replace(program, &copy)?;
    } else {
        copy::replace_with(program, &copy, |copy| patch(copy, &root))?;
    }
    say(&format!(
        "A copy of {} for the real plugins is {}.",
        name.to_string_lossy(),
        copy.display()
    ));
    Ok(copy)
}

fn patch(program: &Path, root: &Path) -> Result<()> {
    let loader = root.join("usr/lib64/ld-linux-x86-64.so.2");
    let libraries = root.join("usr/lib/x86_64-linux-gnu");
    output(
        Command::new("patchelf")
            .arg("--set-interpreter")
            .arg(&loader)
            // The old kind of search path: only that one also holds for what libraries and plugins load in turn.
            .arg("--force-rpath")
            .arg("--set-rpath")
            .arg(&libraries)
            .arg(program),
    )?;
    let list = output(Command::new(&loader).arg("--list").arg(program))?;
    let missing = not_found(&list);
    if !missing.is_empty() {
        bail!(
            "{} needs libraries that are not to be found: {}.",
            program.display(),
            missing.join(", ")
        );
    }
    Ok(())
}

/// The libraries for which the loader's list says that they are not there.
fn not_found(list: &str) -> Vec<&str> {
    list.lines()
        .filter_map(|line| line.split_once(" => "))
        .filter(|(_, place)| place.trim() == "not found")
        .map(|(name, _)| name.trim())
        .collect()
}

/// The version in the words of `getconf GNU_LIBC_VERSION`: `glibc 2.36`.
fn glibc(words: &str) -> Result<(u32, u32)> {
    words
        .trim()
        .strip_prefix("glibc ")
        .and_then(|version| version.split_once('.'))
        .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)))
        .with_context(|| format!("Could not understand the version of the C library: {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(glibc("glibc 2.36\n").unwrap(), (2, 36));
        assert!(glibc("glibc 2.100").unwrap() > CORPUS_GLIBC);
        assert!(glibc("glibc 2.9").unwrap() < CORPUS_GLIBC);
        assert!(glibc("musl 1.2").is_err());
    }

    #[test]
    fn missing_libraries_are_named() {
        let list = "\tlinux-vdso.so.1 (0x00007ffc)\n\
            \tlibasound.so.2 => not found\n\
            \tlibc.so.6 => /corpus/libc.so.6 (0x00007f)\n\
            \t/usr/lib64/ld-linux-x86-64.so.2 (0x00007f)\n";
        assert_eq!(not_found(list), ["libasound.so.2"]);
    }
}
