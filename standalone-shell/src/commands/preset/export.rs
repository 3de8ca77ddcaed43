//! `backline preset set P --export F.vstpreset`.

use crate::cli::Export;
use crate::output;
use crate::resolve::{OpenPreset, Plugins, alone, open};
use anyhow::bail;
use host::plugin::{RenderMode, VstPreset, VstPresetError};
use host::session::Session;
use presets::{Key, Plugin, PluginFormat, PluginPlace};
use std::time::Instant;

/// What the plugin runs at where the preset wishes nothing else.
const RATE: u32 = 48_000;
const BLOCK: usize = 512;
/// Blocks that it runs for: a program or a parameter reaches the half of a plugin that saves it with a block of sound.
const BLOCKS: usize = 8;

/// Writes the state that a preset's plugin has once it plays.
pub fn run(options: &Export) -> anyhow::Result<()> {
    let Export {
        preset: path,
        key,
        file,
        force,
    } = options;
    let opened = open(path)?;
    let (place, plugin) = find(&opened, key.as_deref())?;
    // Before anything is loaded, which may take its time.
    if !force && file.exists() {
        return Err(VstPresetError::Exists { file: file.clone() }.into());
    }
    let source = Plugins::new().of_preset(plugin, &opened)?;
    let rack = alone(&opened, place, &source.file)?;

    let mut session = Session::new();
    session.load(&rack)?;
    let rate = opened.preset.device.sample_rate.unwrap_or(RATE);
    session.open_offline(rate, BLOCK, RenderMode::Live)?;
    for _ in 0..BLOCKS {
        session.tick(Instant::now());
        if let Some(offline) = session.offline() {
            offline.step(None);
        }
    }
    session.tick(Instant::now());
    let saved = session.save_states()?.into_iter().next();
    let Some((loaded, (_, state))) = session
        .rack()
        .and_then(|rack| Some((rack, rack.plugins().next()?)))
        .zip(saved)
        .filter(|(_, (_, state))| !state.is_empty())
    else {
        bail!(
            "The plugin {} keeps no state, so there is nothing to export.",
            plugin.id
        );
    };
    let (rack, loaded) = loaded;
    for warning in &rack.warnings {
        output::warn(&format!("{}: {}", place.key(), warning.text));
    }
    let descriptor = loaded.instance.descriptor();
    let mut preset = VstPreset::read(&state)?;
    if preset.info.is_none() {
        preset.describe(
            &descriptor.name,
            &descriptor.vendor,
            &descriptor.features.join("|"),
        );
    }
    preset.save(file, *force)?;
    output::say(&format!(
        "{} is written: the state of {} at {}.",
        file.display(),
        descriptor.name,
        place.key()
    ));
    Ok(())
}

/// The plugin that is meant.
fn find<'a>(opened: &'a OpenPreset, key: Option<&str>) -> anyhow::Result<(PluginPlace, &'a Plugin)> {
    let path = opened.path.display();
    let Some(key) = key else {
        let plugins = opened.preset.plugins();
        let found: Vec<_> = plugins
            .filter(|(_, plugin)| plugin.format == PluginFormat::Vst3)
            .collect();
        return match found[..] {
            [only] => Ok(only),
            [] => bail!("The preset {path} has no VST3 plugin, and only those have .vstpreset files."),
            _ => {
                let keys: Vec<_> = found.iter().map(|(place, _)| place.key().to_string()).collect();
                bail!(
                    "The preset {path} has {} VST3 plugins. Name one: {}.",
                    keys.len(),
                    keys.join(", ")
                )
            }
        };
    };
    let key: Key = key.parse()?;
    let (place, plugin) = opened.preset.plugin_by_key(&key)?;
    if plugin.format != PluginFormat::Vst3 {
        bail!(
            "`{key}` of {path} is the CLAP plugin {}, and only VST3 plugins have .vstpreset files.",
            plugin.id
        );
    }
    Ok((place, plugin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const VST3: &str = "[[layer.plugin]]\nformat = \"vst3\"\nid = \"0123456789ABCDEF0123456789ABCDEF\"\n";
    const CLAP: &str = "[[layer.plugin]]\nformat = \"clap\"\nid = \"a\"\n";

    fn found(plugins: &str, key: Option<&str>) -> Result<String, String> {
        let path = Path::new("p.backline");
        let text = format!("format = 1\n[[layer]]\nname = \"Piano\"\n{plugins}");
        let opened = OpenPreset {
            preset: presets::parse(&text, path).unwrap(),
            name: String::new(),
            path: path.to_owned(),
            folder: None,
            is_factory: false,
        };
        match find(&opened, key) {
            Ok((place, _)) => Ok(place.key().to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_only_vst3_plugin_needs_no_key() {
        let one = format!("{CLAP}{VST3}");
        let second = Ok("layer.1.plugin.2".to_owned());
        assert_eq!(found(&one, None), second);
        assert_eq!(found(&one, Some("layer.Piano.plugin.2")), second);
        let several = found(&one.repeat(2), None).unwrap_err();
        assert!(
            several.contains("has 2 VST3 plugins. Name one: layer.1.plugin.2, layer.1.plugin.4."),
            "{several}"
        );
        let none = found(CLAP, None).unwrap_err();
        assert!(none.contains("p.backline has no VST3 plugin"), "{none}");
        let clap = found(&one, Some("layer.1.plugin.1")).unwrap_err();
        assert!(clap.contains("is the CLAP plugin a, and only VST3"), "{clap}");
        assert!(found(&one, Some("layer.1.plugin.3")).is_err());
    }
}
