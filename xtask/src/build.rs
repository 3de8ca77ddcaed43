//! Building, and finding what was built.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::workspace::Workspace;

/// The libraries and programs of one build, as cargo listed them.
#[derive(Debug, Default)]
pub struct Artifacts(Vec<Artifact>);

#[derive(Debug, Deserialize)]
struct Artifact {
    manifest_path: PathBuf,
    profile: Profile,
    filenames: Vec<PathBuf>,
    executable: Option<PathBuf>,
    target: Target,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Profile {
    test: bool,
}

impl Artifacts {
    /// The dynamic library of a package.
    pub fn library(&self, workspace: &Workspace, package: &str, extension: &str) -> Result<&Path> {
        self.of(workspace, package)
            .into_iter()
            .flat_map(|artifact| &artifact.filenames)
            .find(|file| file.extension().is_some_and(|e| e == extension))
            .map(PathBuf::as_path)
            .with_context(|| format!("Cargo built no dynamic library for the package `{package}`"))
    }

    /// The program `name` of a package.
    pub fn program(&self, workspace: &Workspace, package: &str, name: &str) -> Result<&Path> {
        self.of(workspace, package)
            .into_iter()
            .filter(|artifact| artifact.target.name == name)
            .find_map(|artifact| artifact.executable.as_deref())
            .with_context(|| format!("Cargo built no program `{name}` for the package `{package}`"))
    }

    /// What was built of a package, without its test programs.
    fn of(&self, workspace: &Workspace, package: &str) -> Vec<&Artifact> {
        let of_package = |artifact: &&Artifact| {
            !artifact.profile.test && workspace.package_of(&artifact.manifest_path) == Some(package)
        };
        self.0.iter().filter(of_package).collect()
    }

    /// Takes one line of cargo's JSON messages; lines about other things are passed over.
    fn take(&mut self, line: &str) -> Result<()> {
        let message: serde_json::Value = serde_json::from_str(line)
            .with_context(|| format!("Could not understand cargo's message {line}"))?;
        if message["reason"] == "compiler-artifact" {
            let artifact = serde_json::from_value(message)
                .with_context(|| format!("Could not understand cargo's message {line}"))?;
            self.0.push(artifact);
        }
        Ok(())
    }
}

/// Runs `cargo build` with these arguments; the user sees cargo's progress and diagnostics as always.
pub fn build(workspace: &Workspace, arguments: &[&str], release: bool) -> Result<Artifacts> {
    let mut command: Command = workspace.cargo();
    command
        .arg("build")
        .args(arguments)
        .arg("--message-format=json-render-diagnostics");
    if release {
        command.arg("--release");
    }
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("Could not start cargo")?;
    let mut artifacts = Artifacts::default();
    let output = child.stdout.take().context("Could not read what cargo prints")?;
    for line in BufReader::new(output).lines() {
        artifacts.take(&line.context("Could not read what cargo prints")?)?;
    }
    let status = child.wait().context("Could not wait for cargo")?;
    if !status.success() {
        bail!("The build failed; cargo says why above.");
    }
    Ok(artifacts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::tests::example;

    fn built() -> Artifacts {
        let mut artifacts = Artifacts::default();
        for line in [
            r#"{"reason":"build-script-executed","package_id":"x"}"#,
            r#"{"reason":"compiler-artifact","manifest_path":"/src/plugins/demo-gain/Cargo.toml","profile":{"test":true},
                "target":{"name":"demo_gain"},"filenames":["/out/debug/deps/demo_gain-1"],"executable":"/out/debug/deps/demo_gain-1"}"#,
            r#"{"reason":"compiler-artifact","manifest_path":"/src/plugins/demo-gain/Cargo.toml","profile":{"test":false},
                "target":{"name":"demo_gain"},"filenames":["/out/debug/libdemo_gain.rlib","/out/debug/libdemo_gain.so"],"executable":null}"#,
            r#"{"reason":"compiler-artifact","manifest_path":"/src/plugins/demo-gain/Cargo.toml","profile":{"test":false},
                "target":{"name":"tool"},"filenames":["/out/debug/tool"],"executable":"/out/debug/tool"}"#,
            r#"{"reason":"build-finished","success":true}"#,
        ] {
            artifacts.take(line).unwrap();
        }
        artifacts
    }

    #[test]
    fn the_library_is_found_by_package() {
        let (workspace, artifacts) = (example(), built());
        assert_eq!(
            artifacts.library(&workspace, "demo-gain", "so").unwrap(),
            Path::new("/out/debug/libdemo_gain.so")
        );
        assert!(artifacts.library(&workspace, "demo-gain", "dll").is_err());
        assert!(artifacts.library(&workspace, "clap-fixture", "so").is_err());
    }

    #[test]
    fn a_test_program_is_not_taken_for_the_program() {
        let (workspace, artifacts) = (example(), built());
        assert_eq!(
            artifacts.program(&workspace, "demo-gain", "tool").unwrap(),
            Path::new("/out/debug/tool")
        );
        assert!(artifacts.program(&workspace, "demo-gain", "demo_gain").is_err());
    }

    #[test]
    fn garbage_is_an_error() {
        assert!(Artifacts::default().take("Compiling").is_err());
    }
}
