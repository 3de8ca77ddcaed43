//! `cargo xtask fixtures`: plugins that exist to test the host.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::build::{Artifacts, build};
use crate::copy;
use crate::platform::Platform;
use crate::run::say;
use crate::workspace::Workspace;

/// The VST3 module that is laid out as a bundle; the broken ones are bare files, which hosts open too.
const BUNDLE: &str = "vst3-fixture";

/// Builds the packages under `tests/fixtures` and copies each to `target/fixtures`, as `PACKAGE.clap` or `PACKAGE.vst3`:
/// the format is what its name begins with.
pub fn fixtures(workspace: &Workspace, release: bool) -> Result<()> {
    let packages = workspace.fixture_packages();
    if packages.is_empty() {
        say("There are no fixture plugins under tests/fixtures.");
        return Ok(());
    }
    say("Building the fixture plugins.");
    let mut arguments: Vec<&str> = packages.iter().flat_map(|name| ["--package", name]).collect();
    arguments.push("--lib");
    let artifacts = build(workspace, &arguments, release)?;
    lay_out(workspace, &artifacts, Platform::host()?)
}

/// Lays out the fixtures of a build that was made already.
pub fn lay_out(workspace: &Workspace, artifacts: &Artifacts, platform: Platform) -> Result<()> {
    let folder = workspace.fixtures();
    let packages = workspace.fixture_packages();
    for package in &packages {
        let library = artifacts.library(workspace, package, platform.library_extension())?;
        copy::replace(library, &folder.join(place(package, platform)))?;
    }
    remove_others(&folder, &packages)?;
    say(&format!("The fixture plugins are in {}.", folder.display()));
    Ok(())
}

/// Where the library of a package lies below the folder of the fixtures.
fn place(package: &str, platform: Platform) -> PathBuf {
    let [clap, bundle] = platform.bundle(package);
    if package == BUNDLE {
        bundle
    } else if package.starts_with("vst3-") {
        format!("{package}.vst3").into()
    } else {
        clap
    }
}

/// Removes fixtures that no longer exist: a test that still wants one must fail here too, not only on a new machine.
fn remove_others(folder: &Path, packages: &[&str]) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let file = entry
            .with_context(|| format!("Could not list {}", folder.display()))?
            .path();
        let known = file
            .file_stem()
            .is_some_and(|stem| packages.iter().any(|package| stem == *package));
        let is_plugin = file.extension().is_some_and(|e| e == "clap" || e == "vst3");
        if is_plugin && !known {
            let removed = if file.is_dir() {
                fs::remove_dir_all(&file)
            } else {
                fs::remove_file(&file)
            };
            removed.with_context(|| format!("Could not remove {}", file.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_has_its_place() {
        let place = |package| place(package, Platform::Linux("x86_64"));
        assert_eq!(place("clap-fixture"), Path::new("clap-fixture.clap"));
        assert_eq!(place("vst3-no-factory"), Path::new("vst3-no-factory.vst3"));
        assert_eq!(
            place("vst3-fixture"),
            Path::new("vst3-fixture.vst3/Contents/x86_64-linux/vst3-fixture.so")
        );
    }

    #[test]
    fn fixtures_that_are_gone_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["kept.clap", "gone.clap", "gone-too.vst3", "note.txt"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        for name in ["kept-bundle.vst3", "gone-bundle.vst3"] {
            fs::create_dir_all(folder.path().join(name).join("Contents")).unwrap();
        }
        remove_others(folder.path(), &["kept", "kept-bundle"]).unwrap();
        for name in ["kept.clap", "kept-bundle.vst3"] {
            assert!(folder.path().join(name).exists(), "{name}");
        }
        for name in ["gone.clap", "gone-too.vst3", "gone-bundle.vst3"] {
            assert!(!folder.path().join(name).exists(), "{name}");
        }
        assert!(folder.path().join("note.txt").exists());
        remove_others(&folder.path().join("absent"), &[]).unwrap();
    }
}
