//! `cargo xtask check`: what a reviewer should never have to say.

use anyhow::Result;

use crate::run::{run, say, succeeds};
use crate::workspace::Workspace;

/// Formatting, lints, documentation; stops at the first that fails.
pub fn check(workspace: &Workspace) -> Result<()> {
    for (tool, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !succeeds(workspace.cargo().args([tool, "--version"])) {
            say(&format!("Adding {component} to the Rust toolchain."));
            run(std::process::Command::new("rustup").args(["component", "add", component]))?;
        }
    }
    say("Checking the formatting; `cargo fmt --all` mends it.");
    run(workspace.cargo().args(["fmt", "--all", "--check"]))?;
    say("Checking the lints.");
    run(workspace
        .cargo()
        .args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    say("Checking the documentation.");
    run(workspace
        .cargo()
        .args(["doc", "--workspace", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings"))
}
