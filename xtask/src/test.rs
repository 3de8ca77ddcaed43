//! `cargo xtask test`: from a fresh checkout to the test runner's last line.
//!
//! # What tests may rely on
//!
//! | what | where below the target folder | by variable |
//! | --- | --- | --- |
//! | the target folder | | `BACKLINE_TARGET` |
//! | the demo plugins' bundles | `bundled/demo-gain.clap`, `bundled/demo-gain.vst3/...` | |
//! | fixture plugins | `fixtures/PACKAGE.clap`, `fixtures/PACKAGE.vst3` | |
//! | real plugins | `corpus/trixie/usr/lib/clap`, `corpus/trixie/usr/lib/vst3` | `BACKLINE_WITHOUT_CORPUS` is set if they are left out |
//! | the program | `debug/backline` or `release/backline` | `BACKLINE_PROGRAM` |
//! | the program for real plugins | `corpus/bin/backline` | `BACKLINE_CORPUS_PROGRAM` |
//!
//! All paths in variables are absolute. Under a plain `cargo test` no variable is set, and the same places are found
//! from the folder of the test program, which is `PROFILE/deps` below the target folder.

use anyhow::Result;

use crate::build::build;
use crate::packages::{self, Need};
use crate::platform::Platform;
use crate::run::{on_path, run, say, succeeds};
use crate::workspace::Workspace;
use crate::{bundle, corpus, fixtures};

/// What the user asked for.
#[derive(Debug)]
pub struct Options {
    /// Build with optimisation.
    pub release: bool,
    /// Go without the real plugins.
    pub without_corpus: bool,
    /// For the test runner.
    pub arguments: Vec<String>,
}

/// Sets everything up and runs the tests.
pub fn test(workspace: &Workspace, options: &Options) -> Result<()> {
    packages::ensure(Need::Test)?;
    if !options.without_corpus {
        corpus::fetch(&workspace.corpus())?;
    }

    // One build of exactly what the tests build, so that nothing is compiled twice.
    say("Building everything.");
    let artifacts = build(
        workspace,
        &["--workspace", "--lib", "--bins", "--tests"],
        options.release,
    )?;
    let platform = Platform::host()?;
    bundle::lay_out(workspace, &artifacts, platform)?;
    fixtures::lay_out(workspace, &artifacts, platform)?;
    let program = artifacts.program(workspace, "standalone-shell", "backline")?;

    let mut runner = workspace.cargo();
    runner
        .env("BACKLINE_TARGET", &workspace.target)
        .env("BACKLINE_PROGRAM", program);
    if options.without_corpus {
        runner.env("BACKLINE_WITHOUT_CORPUS", "1");
    } else {
        runner.env(
            "BACKLINE_CORPUS_PROGRAM",
            corpus::adopt(&workspace.corpus(), program)?,
        );
    }

    let nextest = on_path("cargo-nextest") && succeeds(workspace.cargo().args(["nextest", "--version"]));
    // It runs no examples of the documentation; whoever names tests does not mean those.
    if nextest && options.arguments.is_empty() {
        say("Running the examples of the documentation.");
        let mut examples = workspace.cargo();
        examples
            .args(["test", "--workspace", "--doc"])
            .args(release(options));
        run(&mut examples)?;
    }
    say("Running the tests.");
    runner.args(if nextest {
        ["nextest", "run"].as_slice()
    } else {
        &["test"]
    });
    runner
        .args(["--workspace", "--no-fail-fast"])
        .args(release(options))
        .args(&options.arguments);
    run(&mut runner)
}

fn release(options: &Options) -> Option<&'static str> {
    options.release.then_some("--release")
}
