//! `backline preset new`.

use crate::cli::New;
use crate::failure::one_line;
use crate::output;
use crate::resolve::{Plugins, hint};
use anyhow::bail;
use host::plugin::{Format, Instance, StateError};
use presets::{EXTENSION, Layer, Plugin, PluginFormat, Preset, State};
use std::path::{Path, PathBuf};

/// Characters of a file name made from a plugin's name.
const LONGEST_NAME: usize = 64;

/// Writes a preset with the plugins' default state.
pub fn run(options: &New) -> anyhow::Result<()> {
    host::role::claim_main();
    let mut finder = Plugins::new();
    let mut instances = Vec::new();
    for name in &options.plugins {
        instances.push(Instance::load(&finder.named(name)?)?);
    }
    let name = instances
        .first()
        .map(|first| one_line(&first.descriptor().name))
        .unwrap_or_default();
    let file = options.output.clone().unwrap_or_else(|| file_name(&name));
    if file.exists() && !options.force {
        bail!(
            "The preset {} is there already. Name another with --output, or replace it with --force.",
            file.display()
        );
    }
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let plugins = instances.iter_mut().map(|instance| plugin(instance, folder));
    let layer = Layer {
        name: layer_name(&name),
        plugins: plugins.collect::<Result<_, _>>()?,
        ..Layer::default()
    };
    let preset = Preset {
        name,
        layers: vec![layer],
        ..Preset::default()
    };
    presets::save(&file, &preset)?;
    output::say(&format!(
        "{} is written; play it with `backline play {:?}`.",
        file.display(),
        file.as_os_str()
    ));
    Ok(())
}

fn plugin(instance: &mut Instance, folder: &Path) -> Result<Plugin, StateError> {
    let state = match instance.save_state() {
        Ok(state) if state.is_empty() => None,
        Ok(state) => Some(State::from(state)),
        Err(StateError::None { .. }) => None,
        Err(error) => return Err(error),
    };
    let descriptor = instance.descriptor();
    let format = match Format::of_file(&descriptor.file) {
        Some(Format::Vst3) => PluginFormat::Vst3,
        Some(Format::Clap) | None => PluginFormat::Clap,
    };
    Ok(Plugin {
        file: Some(hint(&descriptor.file, folder)),
        state,
        ..Plugin::new(format, descriptor.id.as_str())
    })
}

/// A layer's name may hold no slash, for maps use that to part names.
fn layer_name(plugin: &str) -> String {
    plugin.replace('/', "-")
}

/// A file name that every system takes, in the current folder.
fn file_name(plugin: &str) -> PathBuf {
    let is_plain = |sign: char| sign.is_alphanumeric() || " -_+.".contains(sign);
    let name: String = plugin
        .chars()
        .map(|sign| if is_plain(sign) { sign } else { '-' })
        .take(LONGEST_NAME)
        .collect();
    let name = name.trim_matches([' ', '.', '-']);
    PathBuf::from(format!(
        "{}.{EXTENSION}",
        if name.is_empty() { "preset" } else { name }
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_like_its_plugin() {
        for (plugin, file) in [
            ("Grand Piano", "Grand Piano.backline"),
            ("../a/b: c?", "a-b- c.backline"),
            ("", "preset.backline"),
            ("...", "preset.backline"),
        ] {
            assert_eq!(file_name(plugin), Path::new(file));
        }
        assert!(file_name(&"x".repeat(500)).as_os_str().len() < 100);
    }
}
