//! Counting instructions.

use crate::case::Case;
use anyhow::{Context, Result, bail, ensure};
use std::io::ErrorKind;
use std::process::{Command, Stdio};
use std::{env, fs, thread};

/// The word that makes this program run one case.
pub const CASE: &str = "--case";

/// Counts, each case once.
#[derive(Debug, Default)]
pub struct Counter(Vec<(Case, f64)>);

impl Counter {
    /// Instructions of one round of a case.
    pub fn round(&mut self, case: Case) -> Result<f64> {
        if let Some(&(_, counted)) = self.0.iter().find(|&&(known, _)| known == case) {
            return Ok(counted);
        }
        let (few, many) = case.rounds();
        let (first, second) = thread::scope(|scope| {
            let first = scope.spawn(|| instructions(case, few));
            let second = instructions(case, many);
            (first.join(), second)
        });
        let first = first.ok().context("The thread that ran valgrind panicked")??;
        let between = second?
            .checked_sub(first)
            .context("More rounds took fewer instructions")?;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let counted = between as f64 / (many - few) as f64;
        self.0.push((case, counted));
        Ok(counted)
    }
}

/// Makes sure that there is valgrind.
pub fn check() -> Result<()> {
    match Command::new("valgrind").arg("--version").output() {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(
            "Instructions are counted by valgrind, which is not installed. Install the package valgrind \
             (on Debian and Ubuntu: sudo apt install valgrind) and start again"
        ),
        Err(error) => Err(error).context("Could not start valgrind"),
    }
}

/// Instructions of this program from start to end when it runs a case.
fn instructions(case: Case, rounds: u64) -> Result<u64> {
    let folder = tempfile::tempdir().context("Could not make a temporary folder for valgrind's counts")?;
    let counts = folder.path().join("counts");
    let mut out_file = std::ffi::OsString::from("--callgrind-out-file=");
    out_file.push(&counts);
    let run = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind", "--vgdb=no"])
        .arg(out_file)
        .arg(env::current_exe().context("This program cannot find itself")?)
        .args([CASE, &case.to_string(), &rounds.to_string()])
        .stdin(Stdio::null())
        .output();
    let run = run.context("Could not start valgrind")?;
    ensure!(
        run.status.success(),
        "The case {case} failed under valgrind ({}):\n{}",
        run.status,
        String::from_utf8_lossy(&run.stderr).trim_end()
    );
    let counts = fs::read_to_string(&counts).context("Valgrind wrote no counts")?;
    let total = counts
        .lines()
        .find_map(|line| line.strip_prefix("summary:"))
        .map(str::trim);
    total
        .and_then(|total| total.parse().ok())
        .context("Valgrind's counts have no sum")
}
