//! The program `backline`, as a user starts it.

use anyhow::{Context, Result, bail, ensure};
use host::plugin::{self, Format};
use serde_json::Value;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs};
use tempfile::TempDir;

/// The release build, and a folder with the demonstration plugins of one format, a preset that names them, and no cache of
/// earlier runs.
pub struct Program {
    program: PathBuf,
    folder: TempDir,
    preset: PathBuf,
}

/// What one run of `backline play` tells.
pub struct Run {
    /// From the start of the process to the first block.
    pub first_block_ms: f64,
    /// Of that, in plugins.
    pub load_ms: f64,
    /// Most memory that it had after a second, resident, in KiB, where the system tells.
    pub peak_kib: Option<u64>,
}

impl Program {
    /// The factory preset is written for CLAP; for VST3 it is played with the same plugins of that format.
    pub fn of(format: Format) -> Result<Self> {
        let folder = tempfile::tempdir().context("Could not make a temporary folder")?;
        let factory = root().join("presets/factory/stage-synth.backline");
        let mut preset = fs::read_to_string(&factory)
            .with_context(|| format!("Could not read {}", factory.display()))?
            .replace("\"clap\"", &format!("\"{}\"", format.key()));
        for plugin in ["demo-synth", "demo-gain"] {
            let file = tests::demo_as(format, plugin);
            let [named, own] = [Format::Clap, format].map(|format| format!("{plugin}.{}", format.key()));
            fs::copy(&file, folder.path().join(&own))
                .with_context(|| format!("Could not copy {}", file.display()))?;
            preset = preset.replace(&named, &own);
            preset = preset.replace(&id(&tests::demo(plugin))?, &id(&file)?);
        }
        let place = folder.path().join("stage-synth.backline");
        fs::write(&place, preset).with_context(|| format!("Could not write {}", place.display()))?;
        Ok(Self {
            program: tests::program(),
            folder,
            preset: place,
        })
    }

    /// Plays the preset on the null device for a little over a second.
    pub fn play(&self) -> Result<Run> {
        let folder = self.folder.path();
        let mut command = Command::new(&self.program);
        command.arg("play").arg(&self.preset);
        command.args(["--driver", "null", "--no-gui", "--json", "--for", "1.2"]);
        command.env("CLAP_PATH", folder);
        for home in ["HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
            command.env(home, folder);
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.with_context(|| format!("Could not start {}", self.program.display()))?;
        let told = listen(&mut child);
        // It ends by itself; were it not for an error above, it has closed its output already.
        let ended = child.wait_with_output().context("Could not wait for backline")?;
        ensure!(
            ended.status.success(),
            "backline play ended with {}: {}",
            ended.status,
            String::from_utf8_lossy(&ended.stderr).trim_end()
        );
        told
    }
}

/// Reads what a run prints until it ends.
fn listen(child: &mut Child) -> Result<Run> {
    let output = child.stdout.take().context("backline play has no output")?;
    let mut run = None;
    for line in BufReader::new(output).lines() {
        let line = line.context("Could not read what backline play prints")?;
        let line: Value = serde_json::from_str(&line)
            .with_context(|| format!("backline play printed what is no JSON: {line}"))?;
        match line["event"].as_str() {
            Some("started") => {
                let number = |key: &str| {
                    line[key]
                        .as_f64()
                        .with_context(|| format!("`started` tells no {key}"))
                };
                run = Some(Run {
                    first_block_ms: number("first_block_ms")?,
                    load_ms: number("load_ms")?,
                    peak_kib: None,
                });
            }
            Some("status") => {
                if let Some(run) = &mut run {
                    run.peak_kib = peak_kib(child.id());
                }
            }
            _ => {}
        }
    }
    run.context("backline play did not say that it started")
}

/// The most memory that a process has had, resident, where the system tells.
fn peak_kib(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// The id of a file's first plugin.
fn id(file: &Path) -> Result<String> {
    let plugins = plugin::describe(file)?;
    let first = plugins.into_iter().next();
    Ok(first.context("A demonstration plugin's file is empty")?.id)
}

/// Builds the program as it is shipped, into the folder that this benchmark was built in, unless `BACKLINE_PROGRAM` names
/// one.
pub fn build() -> Result<()> {
    if env::var_os("BACKLINE_PROGRAM").is_some() {
        return Ok(());
    }
    let own = env::current_exe().context("This program cannot find itself")?;
    // TARGET/PROFILE/deps/THIS
    let Some(target) = own.ancestors().nth(3) else {
        bail!("{} does not lie in a target folder", own.display());
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--release", "--package", "standalone-shell"]);
    command
        .arg("--manifest-path")
        .arg(root().join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target);
    let built = command.status().context("Could not start cargo")?;
    ensure!(
        built.success(),
        "The program backline could not be built; cargo says why above"
    );
    Ok(())
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
