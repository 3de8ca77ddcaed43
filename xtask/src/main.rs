//! `cargo xtask`: everything about Backline that is more than one `cargo` command.
//!
//! Nothing here asks a question. A step that is already done is skipped, so every command may be repeated.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

mod build;
mod bundle;
mod check;
mod copy;
mod corpus;
mod fixtures;
mod miri;
mod packages;
mod platform;
mod play;
mod run;
mod test;
mod workspace;

use packages::Need;
use workspace::Workspace;

/// Sets up, builds, plays and tests Backline.
///
/// Two commands are enough to begin with: `cargo xtask play` to hear it, `cargo xtask test` to run all its tests.
/// Both install what they need.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Sets everything up and plays the factory preset with its phrase looped; Ctrl-C ends it.
    ///
    /// Installs missing system packages where the system has apt, builds the release program and the demo plugins,
    /// and starts `backline play` on the best device present.
    Play {
        /// Arguments for `backline play`, for example `-- --driver null --for 5`.
        #[arg(last = true, value_name = "ARGS")]
        arguments: Vec<String>,
    },
    /// Sets everything up and runs all tests.
    ///
    /// System packages, demo plugins, fixture plugins and the real plugins come first, then the tests: with
    /// cargo-nextest if it is installed, else with `cargo test`.
    Test {
        /// Build the program, the plugins and the tests with optimisation.
        #[arg(long)]
        release: bool,
        /// Leave the real plugins out, on systems that cannot have them; their tests say that they did not run.
        #[arg(long)]
        without_corpus: bool,
        /// Arguments for the test runner, for example a filter: `-- rack`.
        #[arg(last = true, value_name = "ARGS")]
        arguments: Vec<String>,
    },
    /// Builds the demo plugins and lays out their CLAP and VST3 bundles under `target/bundled`.
    Bundle {
        /// Build with optimisation.
        #[arg(long)]
        release: bool,
        /// Build for another target, for example `x86_64-pc-windows-gnu`.
        #[arg(long, value_name = "TRIPLE")]
        target: Option<String>,
    },
    /// Builds the plugins of `tests/fixtures` and lays them out under `target/fixtures`.
    Fixtures {
        /// Build with optimisation.
        #[arg(long)]
        release: bool,
    },
    /// Fetches real plugins from Debian 13, and the libraries they need, into `target/corpus`.
    ///
    /// Uses apt with folders of its own: nothing is installed and the system's package lists stay as they are.
    /// About 70 MB are fetched once, 330 MB unpacked. They come from the mirror that the system uses;
    /// BACKLINE_DEBIAN_MIRROR names another.
    Corpus {
        /// Also make a copy of this program that runs on the fetched libraries: `target/corpus/bin/NAME`.
        #[arg(long, value_name = "PATH")]
        program: Option<PathBuf>,
    },
    /// Checks formatting, lints (warnings are errors) and the documentation.
    Check,
    /// Runs the tests of the real-time crate under Miri, or under AddressSanitizer where Miri cannot be had.
    Miri,
    /// Installs the system packages that are missing.
    Packages {
        /// What the packages are for.
        #[arg(long = "for", value_enum, default_value_t = Need::Test)]
        need: Need,
        /// Only print the Debian names of all of them, one a line.
        #[arg(long)]
        list: bool,
    },
}

fn main() -> ExitCode {
    match perform(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<ExitCode> {
    let workspace = Workspace::load()?;
    match task {
        Task::Play { arguments } => return play::play(&workspace, &arguments),
        Task::Test {
            release,
            without_corpus,
            arguments,
        } => {
            test::test(
                &workspace,
                &test::Options {
                    release,
                    without_corpus,
                    arguments,
                },
            )?;
        }
        Task::Bundle { release, target } => bundle::bundle(&workspace, release, target.as_deref())?,
        Task::Fixtures { release } => fixtures::fixtures(&workspace, release)?,
        Task::Corpus { program } => {
            corpus::fetch(&workspace.corpus())?;
            if let Some(program) = program {
                corpus::adopt(&workspace.corpus(), &program)?;
            }
        }
        Task::Check => {
            packages::ensure(Need::Build)?;
            check::check(&workspace)?;
        }
        Task::Miri => miri::miri(&workspace)?,
        Task::Packages { need, list: true } => packages::list(need),
        Task::Packages { need, list: false } => packages::ensure(need)?,
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_follows_two_dashes_is_passed_through() {
        let Task::Test {
            release, arguments, ..
        } = Arguments::try_parse_from(["xtask", "test", "--release", "--", "rack", "--no-capture"])
            .unwrap()
            .command
        else {
            panic!("not the test command");
        };
        assert!(release);
        assert_eq!(arguments, ["rack", "--no-capture"]);
    }
}
