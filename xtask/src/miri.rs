//! `cargo xtask miri`: the tests of the real-time crate, with every memory access watched.

use std::process::Command;

use anyhow::{Result, bail};

use crate::run::{on_path, output, run, say, succeeds};
use crate::workspace::Workspace;

/// The crate that owns rings and raw buffers.
const CRATE: &str = "rt";

/// Tests that play seconds of music through the same code as the others: with every access watched they take most of the
/// time and touch nothing new. They run with the others everywhere else, under AddressSanitizer too.
const REPEATING: [&str; 3] = [
    "engine::tests::timing",
    "engine::tests::panics",
    "engine::tests::pieces",
];

/// AddressSanitizer is a part of the compiler for a known target only, and not for build scripts.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Runs the tests under Miri, or under AddressSanitizer where Miri cannot be had.
pub fn miri(workspace: &Workspace) -> Result<()> {
    match nightly_with_miri() {
        Ok(toolchain) => {
            say(&format!(
                "Running the tests of `{CRATE}` under Miri ({toolchain})."
            ));
            let mut command = Command::new("rustup");
            command
                .current_dir(&workspace.root)
                .args(["run", &toolchain, "cargo", "miri", "test", "-p", CRATE, "--"])
                .args(REPEATING.iter().flat_map(|tests| ["--skip", tests]));
            run(free_of_cargo(&mut command))
        }
        Err(reason) => {
            if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
                bail!("{reason}, and AddressSanitizer is only used on x86_64 Linux.");
            }
            say(&format!(
                "{reason}; running the tests of `{CRATE}` under AddressSanitizer instead."
            ));
            run(&mut sanitized(workspace))
        }
    }
}

/// `cargo test` with the sanitizer that comes with every toolchain, if one may ask for it.
fn sanitized(workspace: &Workspace) -> Command {
    let mut command = workspace.cargo();
    command
        .args(["test", "-p", CRATE, "--target", TARGET])
        // Build scripts look at RUSTC_BOOTSTRAP: in the common folder all would be built anew each time.
        .arg("--target-dir")
        .arg(workspace.target.join("asan"))
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Zsanitizer=address")
        .env("RUSTDOCFLAGS", "-Zsanitizer=address")
        // The search for leaks wants to trace the process, which containers often forbid.
        .env("ASAN_OPTIONS", "detect_leaks=0");
    command
}

/// A nightly toolchain that is ready to run Miri, or the reason why there is none.
fn nightly_with_miri() -> Result<String, String> {
    if !on_path("rustup") {
        return Err("Miri needs rustup, which is not here".into());
    }
    let list = output(Command::new("rustup").args(["toolchain", "list"])).unwrap_or_default();
    let Some(toolchain) = nightly(&list) else {
        return Err("Miri needs a nightly toolchain, which is not here \
            (`rustup toolchain install nightly --component miri --component rust-src` installs it)"
            .into());
    };
    let ready = || {
        let components = ["component", "list", "--installed", "--toolchain", toolchain];
        let installed = output(Command::new("rustup").args(components)).unwrap_or_default();
        ["miri", "rust-src"]
            .iter()
            .all(|name| installed.lines().any(|line| line.starts_with(name)))
    };
    if !ready() {
        say("Adding Miri to the nightly toolchain.");
        let add = ["component", "add", "miri", "rust-src", "--toolchain", toolchain];
        if !succeeds(Command::new("rustup").args(add)) {
            return Err(format!("Miri could not be added to {toolchain}"));
        }
    }
    say("Preparing Miri.");
    let mut setup = Command::new("rustup");
    setup.args(["run", toolchain, "cargo", "miri", "setup"]);
    if !succeeds(free_of_cargo(&mut setup)) {
        return Err(format!(
            "Miri could not build its standard library with {toolchain}"
        ));
    }
    Ok(toolchain.to_owned())
}

/// Takes away what the cargo that runs xtask told it about its own toolchain, which the other one would believe.
fn free_of_cargo(command: &mut Command) -> &mut Command {
    for variable in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH"] {
        command.env_remove(variable);
    }
    command
}

/// The nightly toolchain to take from rustup's list: the plain one, else the last dated one.
fn nightly(list: &str) -> Option<&str> {
    let names = || list.lines().filter_map(|line| line.split_whitespace().next());
    let nightlies = || names().filter(|name| name.starts_with("nightly"));
    nightlies()
        .find(|name| !name.starts_with("nightly-2"))
        .or_else(|| nightlies().max())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_nightly_is_taken_first() {
        let list = "stable-x86_64-unknown-linux-gnu (active, default)\n\
            nightly-2026-01-02-x86_64-unknown-linux-gnu\n\
            nightly-x86_64-unknown-linux-gnu\n\
            1.95.0-x86_64-unknown-linux-gnu\n";
        assert_eq!(nightly(list), Some("nightly-x86_64-unknown-linux-gnu"));
    }

    #[test]
    fn the_latest_dated_nightly_is_better_than_none() {
        assert_eq!(
            nightly("nightly-2026-01-02-x\nnightly-2026-03-04-x\n"),
            Some("nightly-2026-03-04-x")
        );
        assert_eq!(nightly("stable-x\nno installed toolchains\n"), None);
    }
}
