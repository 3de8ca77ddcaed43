//! `backline preset`.

mod check;
mod export;
mod new;
mod show;
mod state;

pub use check::child as check_child;

use crate::cli::Preset;
use crate::output;
use crate::resolve::check_kind;
use std::path::Path;

/// Makes, shows, checks or changes a preset.
pub fn run(preset: Preset) -> anyhow::Result<()> {
    match preset {
        Preset::New(options) => new::run(&options),
        Preset::Show { preset, json } => show::run(&preset, json),
        Preset::Export(options) => export::run(&options),
        Preset::Check { preset } => check::run(&preset),
        Preset::Edit {
            preset,
            key,
            value: Some(value),
        } => {
            check_kind(&preset)?;
            if let Some(plugin) = state::plugin_meant(&key, &value) {
                return state::set(&preset, &plugin, Path::new(&value));
            }
            presets::set(&preset, &key, &value)?;
            output::say(&format!("{}: `{key}` is now {value}.", preset.display()));
            Ok(())
        }
        Preset::Edit {
            preset,
            key,
            value: None,
        } => {
            check_kind(&preset)?;
            presets::unset(&preset, &key)?;
            output::say(&format!("{}: `{key}` is removed.", preset.display()));
            Ok(())
        }
    }
}
