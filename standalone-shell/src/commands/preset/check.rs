//! `backline preset check`.

use crate::child::{self, Outcome};
use crate::cli::CheckPlugin;
use crate::failure::{Told, one_line};
use crate::resolve::{OpenPreset, Plugins, alone, layer_name, open};
use crate::{output, words};
use anyhow::{Context, anyhow, bail};
use host::device::{BufferWish, Driver, Wish};
use host::plugin::Source;
use host::plugin::scan::end_with_the_parent;
use host::session::{OpenError, RackError, Session};
use presets::{Plugin, Preset};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long one plugin may take to load and play: samplers read gigabytes.
const LIMIT: Duration = Duration::from_secs(20);
/// What plugins are activated at.
const RATE: u32 = 48_000;
const BLOCK: u32 = 512;
/// What a line begins with by which the child process tells a warning. Plugins may print lines of their own.
const WARNING: &str = "backline-warning: ";

/// A plugin of a preset and where it stands, as in "Piano/1".
struct Placed<'a> {
    place: String,
    plugin: &'a Plugin,
}

/// What became of a plugin that was checked.
struct Checked {
    /// The file that holds it.
    file: PathBuf,
    /// What of it is not as the preset asks.
    warnings: Vec<String>,
}

/// Every plugin of a preset, layer by layer, the master chain last.
fn placed(preset: &Preset) -> Vec<Placed<'_>> {
    let layers = preset
        .layers
        .iter()
        .enumerate()
        .map(|(at, layer)| (layer_name(layer, at), &layer.plugins));
    let chains = layers.chain([("master".to_owned(), &preset.master.plugins)]);
    let plugins = chains.flat_map(|(name, plugins)| {
        let placed = plugins.iter().enumerate();
        placed.map(move |(at, plugin)| Placed {
            place: format!("{name}/{}", at + 1),
            plugin,
        })
    });
    plugins.collect()
}

/// Finds and loads everything in a preset.
pub fn run(path: &Path) -> anyhow::Result<()> {
    let opened = open(path)?;
    let warnings = opened.warnings();
    warnings.iter().for_each(|warning| output::warn(warning));
    let mut finder = Plugins::new();
    let mut faults = 0;
    let mut told = warnings.len();
    let plugins = placed(&opened.preset);
    for (number, Placed { place, plugin }) in plugins.iter().enumerate() {
        match check(number, plugin, &opened, &mut finder) {
            Ok(Checked { file, warnings }) => {
                for warning in warnings {
                    told += 1;
                    output::warn(&format!("{place}: {warning}"));
                }
                output::print(&format!(
                    "{place}: {} in {} loads and plays.\n",
                    plugin.id,
                    file.display()
                ))?;
            }
            Err(error) => {
                faults += 1;
                output::say(&format!("error: {place}: {}", one_line(&error.to_string())));
            }
        }
    }
    if faults > 0 {
        return Err(Told.into());
    }
    output::say(&format!(
        "{}: {} found and loaded, {}.",
        path.display(),
        words::count(plugins.len(), "plugin"),
        words::count(told, "warning")
    ));
    Ok(())
}

/// Finds one plugin and loads it in a child process. Gives its file.
fn check(
    number: usize,
    plugin: &Plugin,
    opened: &OpenPreset,
    finder: &mut Plugins,
) -> anyhow::Result<Checked> {
    let Source { file, .. } = finder.of_preset(plugin, opened)?;
    let words: [OsString; 5] = [
        "check-plugin".into(),
        "--".into(),
        opened.path.clone().into(),
        number.to_string().into(),
        file.clone().into(),
    ];
    match child::run(&words, LIMIT)? {
        Outcome::Done(printed) => {
            let warnings = printed.lines().filter_map(|line| line.strip_prefix(WARNING));
            let warnings = warnings.map(str::to_owned).collect();
            Ok(Checked { file, warnings })
        }
        Outcome::Failed(sentence) => bail!("{sentence}"),
        Outcome::Crashed(how) => {
            bail!(
                "The plugin {} of {} cannot be used: {how} while it was loaded. Update the plugin.",
                plugin.id,
                file.display()
            )
        }
        Outcome::TimedOut => bail!(
            "The plugin {} of {} cannot be used: it did not load within {} s. Update the plugin.",
            plugin.id,
            file.display(),
            LIMIT.as_secs()
        ),
    }
}

/// Loads one plugin of a preset, with its state, parameters and maps, and starts it without sound.
pub fn child(options: &CheckPlugin) -> anyhow::Result<()> {
    end_with_the_parent();
    let opened = open(&options.preset)?;
    let (place, _) = opened.preset.plugins().nth(options.number).with_context(|| {
        format!(
            "The preset {} changed while it was checked. Check it again.",
            opened.path.display()
        )
    })?;
    let rack = alone(&opened, place, &options.file)?;
    let mut session = Session::new();
    session
        .open(&Wish {
            driver: Some(Driver::Null),
            rate: Some(RATE),
            buffer: Some(BufferWish::Frames(BLOCK)),
            ..Wish::default()
        })
        .map_err(|error| match error {
            OpenError::Rack(error) => plain(error),
            other => other.into(),
        })?;
    session.load(&rack).map_err(plain)?;
    let warnings = session.rack().map_or(&[][..], |rack| &rack.warnings);
    let lines = warnings
        .iter()
        .map(|warning| format!("\n{WARNING}{}\n", one_line(&warning.text)));
    output::print(&lines.collect::<String>())
}

/// The error without the place in the rack, which is not the one of the preset.
fn plain(error: RackError) -> anyhow::Error {
    match error {
        RackError::Load { source, .. } => source.into(),
        RackError::State { source, .. } => source.into(),
        RackError::Program { source, .. } => source.into(),
        RackError::Activate { source, .. } => source.into(),
        RackError::Start { name, .. } => anyhow!("The plugin {name} refuses to start processing."),
        other => other.into(),
    }
}
