//! `cargo xtask bundle`: the demo plugins as hosts want them.

use anyhow::Result;

use crate::build::{Artifacts, build};
use crate::copy;
use crate::platform::Platform;
use crate::run::say;
use crate::workspace::Workspace;

/// The packages that are bundled; each library speaks both formats.
pub const PLUGINS: [&str; 2] = ["demo-gain", "demo-synth"];

/// Builds the demo plugins and lays out their bundles.
pub fn bundle(workspace: &Workspace, release: bool, target: Option<&str>) -> Result<()> {
    let platform = target.map_or_else(Platform::host, Platform::of_target)?;
    say("Building the demo plugins.");
    let mut arguments: Vec<&str> = PLUGINS.iter().flat_map(|name| ["--package", name]).collect();
    arguments.push("--lib");
    arguments.extend(target.iter().flat_map(|triple| ["--target", triple]));
    let artifacts = build(workspace, &arguments, release)?;
    lay_out(workspace, &artifacts, platform)
}

/// Lays out the bundles of a build that was made already.
pub fn lay_out(workspace: &Workspace, artifacts: &Artifacts, platform: Platform) -> Result<()> {
    for name in PLUGINS {
        let library = artifacts.library(workspace, name, platform.library_extension())?;
        for place in platform.bundle(name) {
            copy::replace(library, &workspace.bundled().join(place))?;
        }
    }
    say(&format!(
        "The demo plugins are in {}.",
        workspace.bundled().display()
    ));
    Ok(())
}
