//! Where things are: the source tree, the target folder and what is laid out below it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::run;

/// The workspace as `cargo metadata` describes it, so that `CARGO_TARGET_DIR` and the like are respected.
#[derive(Debug, Deserialize)]
pub struct Workspace {
    /// The folder of the top manifest.
    #[serde(rename = "workspace_root")]
    pub root: PathBuf,
    /// The build folder.
    #[serde(rename = "target_directory")]
    pub target: PathBuf,
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    crate_types: Vec<String>,
}

impl Workspace {
    /// Asks cargo.
    pub fn load() -> Result<Self> {
        let mut command = Command::new(cargo());
        command.args(["metadata", "--format-version", "1", "--no-deps"]);
        // Set by `cargo run`: makes the command work from any folder.
        if let Some(folder) = std::env::var_os("CARGO_MANIFEST_DIR") {
            command
                .arg("--manifest-path")
                .arg(Path::new(&folder).join("Cargo.toml"));
        }
        let text = run::output(&mut command).context("Could not read the workspace")?;
        serde_json::from_str(&text).context("Could not understand the output of `cargo metadata`")
    }

    /// A cargo command that runs in the source tree.
    pub fn cargo(&self) -> Command {
        let mut command = Command::new(cargo());
        command.current_dir(&self.root);
        command
    }

    /// Where the demo plugins' bundles are: `demo-gain.clap`, `demo-gain.vst3/Contents/...`.
    pub fn bundled(&self) -> PathBuf {
        self.target.join("bundled")
    }

    /// Where the fixture plugins are: `PACKAGE.clap`.
    pub fn fixtures(&self) -> PathBuf {
        self.target.join("fixtures")
    }

    /// Where the real plugins are; see [`crate::corpus`].
    pub fn corpus(&self) -> PathBuf {
        self.target.join("corpus")
    }

    /// The packages under `tests/fixtures` that are built as plugins.
    pub fn fixture_packages(&self) -> Vec<&str> {
        let folder = self.root.join("tests").join("fixtures");
        self.packages
            .iter()
            .filter(|package| package.manifest_path.starts_with(&folder))
            .filter(|package| {
                package
                    .targets
                    .iter()
                    .any(|t| t.crate_types.iter().any(|c| c == "cdylib"))
            })
            .map(|package| package.name.as_str())
            .collect()
    }

    /// The name of the package with this manifest.
    pub fn package_of(&self, manifest: &Path) -> Option<&str> {
        self.packages
            .iter()
            .find(|package| package.manifest_path == manifest)
            .map(|package| package.name.as_str())
    }
}

/// The cargo that runs us, or the one on the path.
fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A workspace with a demo plugin, a fixture plugin and a fixture that is a plain library.
    pub fn example() -> Workspace {
        serde_json::from_str(
            r#"{
                "workspace_root": "/src", "target_directory": "/out", "version": 1,
                "packages": [
                    {"name": "demo-gain", "manifest_path": "/src/plugins/demo-gain/Cargo.toml",
                     "targets": [{"name": "demo_gain", "crate_types": ["cdylib", "lib"]}]},
                    {"name": "clap-fixture", "manifest_path": "/src/tests/fixtures/clap-fixture/Cargo.toml",
                     "targets": [{"name": "clap_fixture", "crate_types": ["cdylib"]}]},
                    {"name": "shared", "manifest_path": "/src/tests/fixtures/shared/Cargo.toml",
                     "targets": [{"name": "shared", "crate_types": ["lib"]}]}
                ]
            }"#,
        )
        .unwrap()
    }

    #[test]
    fn only_plugins_under_tests_are_fixtures() {
        assert_eq!(example().fixture_packages(), ["clap-fixture"]);
    }

    #[test]
    fn everything_is_laid_out_below_the_target_folder() {
        let workspace = example();
        assert_eq!(workspace.bundled(), Path::new("/out/bundled"));
        assert_eq!(workspace.fixtures(), Path::new("/out/fixtures"));
        assert_eq!(workspace.corpus(), Path::new("/out/corpus"));
    }

    #[test]
    fn a_package_is_known_by_its_manifest() {
        let workspace = example();
        assert_eq!(
            workspace.package_of(Path::new("/src/plugins/demo-gain/Cargo.toml")),
            Some("demo-gain")
        );
        assert_eq!(workspace.package_of(Path::new("/elsewhere/Cargo.toml")), None);
    }
}
