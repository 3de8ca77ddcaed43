//! `backline preset check`.

use crate::child::{self, Outcome};
use crate::cli::CheckPlugin;
use crate::failure::Told;
use crate::resolve::{OpenPreset, Plugins, layer_name, of_preset, open};
use crate::{output, words};
use anyhow::{Context, anyhow, bail};
use host::device::{BufferWish, Driver, Wish};
use host::plugin::Source;
use host::session::{LayerSpec, MapSpec, OpenError, PluginAddress, RackError, RackSpec, Session};
use presets::{Plugin, Preset};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long one plugin may take to load and play: samplers read gigabytes.
const LIMIT: Duration = Duration::from_secs(20);
/// What plugins are activated at.
const RATE: u32 = 48_000;
const BLOCK: u32 = 512;

/// A plugin of a preset and where it stands, as in "Piano/1".
struct Placed<'a> {
    place: String,
    plugin: &'a Plugin,
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
    let plugins = placed(&opened.preset);
    for (number, Placed { place, plugin }) in plugins.iter().enumerate() {
        match check(number, plugin, &opened, &mut finder) {
            Ok(file) => output::print(&format!(
                "{place}: {} in {} loads and plays.\n",
                plugin.id,
                file.display()
            ))?,
            Err(error) => {
                faults += 1;
                output::say(&format!(
                    "error: {place}: {}",
                    crate::failure::one_line(&error.to_string())
                ));
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
        words::count(warnings.len(), "warning")
    ));
    Ok(())
}

/// Finds one plugin and loads it in a child process. Gives its file.
fn check(
    number: usize,
    plugin: &Plugin,
    opened: &OpenPreset,
    finder: &mut Plugins,
) -> anyhow::Result<PathBuf> {
    let Source { file, .. } = finder.of_preset(plugin, opened)?;
    let words: [OsString; 5] = [
        "check-plugin".into(),
        "--".into(),
        opened.path.clone().into(),
        number.to_string().into(),
        file.clone().into(),
    ];
    match child::run(&words, LIMIT)? {
        Outcome::Done(_) => Ok(file),
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
    let opened = open(&options.preset)?;
    let rack = alone(&opened, options)?;
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
    Ok(())
}

/// The error without the place in the rack, which is not the one of the preset.
fn plain(error: RackError) -> anyhow::Error {
    match error {
        RackError::Load { source, .. } => source.into(),
        RackError::State { source, .. } => source.into(),
        RackError::Param { source, .. } => source.into(),
        RackError::Activate { source, .. } => source.into(),
        RackError::Start { name, .. } => anyhow!("The plugin {name} refuses to start processing."),
        other => other.into(),
    }
}

/// A rack of that one plugin, with the maps that point to it.
fn alone(opened: &OpenPreset, options: &CheckPlugin) -> anyhow::Result<RackSpec> {
    let preset = &opened.preset;
    let mut number = options.number;
    let layers = (0..).zip(&preset.layers).map(|(at, layer)| (at, &layer.plugins));
    for (layer, plugins) in layers.chain([(PluginAddress::MASTER, &preset.master.plugins)]) {
        if number < plugins.len() {
            let here = PluginAddress {
                layer,
                place: u8::try_from(number)?,
            };
            return rack_of(opened, here, &options.file);
        }
        number -= plugins.len();
    }
    Err(anyhow!(
        "The preset {} changed while it was checked. Check it again.",
        opened.path.display()
    ))
}

fn rack_of(opened: &OpenPreset, here: PluginAddress, file: &Path) -> anyhow::Result<RackSpec> {
    // Only one is kept, and its file is known.
    let rack = of_preset(opened, &mut |plugin| {
        Ok(Source {
            file: file.to_owned(),
            which: Some(plugin.id.clone()),
        })
    })?;
    let chain = match rack.layers.get(usize::from(here.layer)) {
        Some(layer) => &layer.plugins,
        None => &rack.master,
    };
    let plugin = chain
        .get(usize::from(here.place))
        .context("The preset changed while it was checked. Check it again.")?;
    let maps = rack.maps.iter().filter(|map| map.plugin == here);
    Ok(RackSpec {
        layers: vec![LayerSpec {
            name: String::new(),
            settings: Default::default(),
            plugins: vec![plugin.clone()],
        }],
        maps: maps
            .map(|map| MapSpec {
                plugin: PluginAddress { layer: 0, place: 0 },
                ..map.clone()
            })
            .collect(),
        ..RackSpec::default()
    })
}
