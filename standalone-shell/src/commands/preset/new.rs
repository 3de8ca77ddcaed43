//! `backline preset new`.

use crate::cli::New;
use crate::failure::one_line;
use crate::output;
use crate::resolve::{Chosen, Plugins, choose, hint};
use anyhow::bail;
use host::plugin::{Format, Instance, StateError};
use host::session::PluginSpec;
use presets::{EXTENSION, Layer, Plugin, PluginFormat, Preset, State, TargetChain};
use std::path::{Path, PathBuf};

/// Characters of a file name made from a plugin's name.
const LONGEST_NAME: usize = 64;

/// Writes a preset with the plugins' default state, or one that was named.
pub fn run(options: &New) -> anyhow::Result<()> {
    host::role::claim_main();
    let Chosen {
        plugins: specs,
        state,
    } = choose(&options.chain, &mut Plugins::new())?;
    let mut instances = Vec::new();
    for spec in &specs {
        let instance = Instance::load(&spec.source);
        instances.push(instance.map_err(|error| {
            let told = state.as_ref().and_then(|state| state.explain(&error));
            told.unwrap_or_else(|| error.into())
        })?);
    }
    for (spec, instance) in specs.iter().zip(&instances) {
        let file = spec.source.file.display();
        let lacks = instance.lacks().into_iter();
        lacks.for_each(|lack| output::warn(&format!("{file}: {lack}")));
    }
    let name = match (&state, instances.first()) {
        (Some(state), _) => one_line(&state.name()),
        (None, Some(first)) => one_line(&first.descriptor().name),
        (None, None) => String::new(),
    };
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
    let chain = instances.iter_mut().zip(&specs);
    let plugins = chain.map(|(instance, spec)| {
        plugin(instance, spec, folder).map_err(|error| {
            let refused = error.downcast_ref::<StateError>().zip(state.as_ref());
            let told = refused.and_then(|(error, state)| state.explain_state(error));
            told.unwrap_or(error)
        })
    });
    let layer = Layer {
        name: layer_name(&name),
        plugins: plugins.collect::<anyhow::Result<_>>()?,
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

fn plugin(instance: &mut Instance, spec: &PluginSpec, folder: &Path) -> anyhow::Result<Plugin> {
    if let Some(state) = &spec.state {
        instance.load_state(state)?;
    }
    let state = match instance.save_state() {
        Ok(state) if state.is_empty() => None,
        Ok(state) => Some(State::from(state)),
        Err(StateError::None { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    // Chosen only to see that it is there: it stays a key of the preset that can be read and changed.
    if let Some(program) = &spec.program {
        instance.select_program(program)?;
    }
    let descriptor = instance.descriptor();
    let format = match Format::of_file(&descriptor.file) {
        Some(Format::Vst3) => PluginFormat::Vst3,
        Some(Format::Clap) | None => PluginFormat::Clap,
    };
    Ok(Plugin {
        file: Some(hint(&descriptor.file, folder)),
        state,
        program: spec.program.clone(),
        ..Plugin::new(format, descriptor.id.as_str())
    })
}

/// A layer's name may hold no slash, for maps use that to part names, and may not be that of the master chain.
fn layer_name(name: &str) -> String {
    if name == TargetChain::MASTER {
        return String::new();
    }
    name.replace('/', "-")
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
    fn a_layer_has_a_name_that_maps_can_tell() {
        for (name, layer) in [("Grand Piano", "Grand Piano"), ("A/B", "A-B"), ("master", "")] {
            assert_eq!(layer_name(name), layer);
        }
    }

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
