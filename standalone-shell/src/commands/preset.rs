//! `backline preset`.

mod check;
mod new;
mod show;

pub use check::child as check_child;

use crate::cli::Preset;
use crate::output;

/// Makes, shows, checks or changes a preset.
pub fn run(preset: Preset) -> anyhow::Result<()> {
    match preset {
        Preset::New(options) => new::run(&options),
        Preset::Show { preset, json } => show::run(&preset, json),
        Preset::Check { preset } => check::run(&preset),
        Preset::Edit {
            preset,
            key,
            value: Some(value),
        } => {
            presets::set(&preset, &key, &value)?;
            output::say(&format!("{}: `{key}` is now {value}.", preset.display()));
            Ok(())
        }
        Preset::Edit {
            preset,
            key,
            value: None,
        } => {
            presets::unset(&preset, &key)?;
            output::say(&format!("{}: `{key}` is removed.", preset.display()));
            Ok(())
        }
    }
}
