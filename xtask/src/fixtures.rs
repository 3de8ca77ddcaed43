//! `cargo xtask fixtures`: plugins that exist to test the host.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::build::{Artifacts, build};
use crate::copy;
use crate::platform::Platform;
use crate::run::say;
use crate::workspace::Workspace;

/// Builds the packages under `tests/fixtures` and copies each to `target/fixtures/PACKAGE.clap`.
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
        copy::replace(library, &folder.join(format!("{package}.clap")))?;
    }
    remove_others(&folder, &packages)?;
    say(&format!("The fixture plugins are in {}.", folder.display()));
    Ok(())
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
        if file.extension().is_some_and(|e| e == "clap") && !known {
            fs::remove_file(&file).with_context(|| format!("Could not remove {}", file.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixtures_that_are_gone_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["kept.clap", "gone.clap", "note.txt"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        remove_others(folder.path(), &["kept"]).unwrap();
        assert!(folder.path().join("kept.clap").exists());
        assert!(!folder.path().join("gone.clap").exists());
        assert!(folder.path().join("note.txt").exists());
        remove_others(&folder.path().join("absent"), &[]).unwrap();
    }
}
