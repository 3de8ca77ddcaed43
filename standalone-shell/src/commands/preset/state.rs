//! `backline preset set P layer.1.plugin.1.state F.vstpreset`.

use crate::cli::is_vst_preset;
use crate::output;
use crate::resolve::StateFile;
use anyhow::bail;
use presets::{Key, PluginFormat, Segment, State};
use std::path::Path;

/// The key of the plugin whose state a `.vstpreset` file is to become; nothing if something else is to be set. A state
/// as text has no dot in it.
pub fn plugin_meant(key: &str, value: &str) -> Option<Key> {
    let key: Key = key.parse().ok()?;
    let (plugin, last) = key.split_last()?;
    let is_state = matches!(last, Segment::Name(last) if last == "state");
    (is_state && !plugin.is_root() && is_vst_preset(Path::new(value))).then_some(plugin)
}

/// Makes the content of a `.vstpreset` file the state of a preset's plugin.
///
/// # Errors
///
/// The plugin is another one or no VST3 plugin, or a file cannot be read. The preset is then as it was.
pub fn set(path: &Path, plugin_key: &Key, file: &Path) -> anyhow::Result<()> {
    let preset = presets::load(path)?;
    let (_, plugin) = preset.plugin_by_key(plugin_key)?;
    if plugin.format != PluginFormat::Vst3 {
        bail!(
            "`{plugin_key}` of {} is the CLAP plugin {}, and {} is for VST3 plugins. Name another plugin.",
            path.display(),
            plugin.id,
            file.display()
        );
    }
    let state = StateFile::read(file)?;
    if !state.preset.is_for(&plugin.id) {
        bail!(
            "{} is for the plugin {}, and `{plugin_key}` of {} is {}. Name another plugin or file.",
            file.display(),
            state.plugin(),
            path.display(),
            plugin.id
        );
    }
    let text = State::from(state.preset.write()).to_text()?;
    // In quotation marks, so that it is read as nothing but text.
    presets::set(path, &format!("{plugin_key}.state"), &format!("\"{text}\""))?;
    output::say(&format!(
        "{}: `{plugin_key}.state` is now the content of {}.",
        path.display(),
        file.display()
    ));
    Ok(())
}
