//! From what the user named to what the host loads: presets to racks, wishes to one wish, names to files.

mod device;
mod midi;
mod open;
mod plugin;
mod rack;

pub use device::wish;
pub use midi::{inputs, midi_file};
pub use open::{OpenPreset, open};
pub use plugin::{Plugins, hint, load_cache, scanner};
pub use rack::{layer_name, of_plugins, of_preset};

use crate::cli::RackChoice;
use host::session::RackSpec;
use presets::Preset;

/// A rack ready to be loaded, and what the preset says beside it.
#[derive(Debug)]
pub struct Resolved {
    /// The rack.
    pub rack: RackSpec,
    /// The preset, or an empty one for plugins that were named one by one.
    pub preset: Preset,
    /// What plays, but not as one would expect, in whole sentences.
    pub warnings: Vec<String>,
}

/// Finds everything that a choice names.
///
/// # Errors
///
/// A preset that cannot be read, a plugin that cannot be found.
pub fn resolve(choice: &RackChoice) -> anyhow::Result<Resolved> {
    let mut plugins = Plugins::new();
    match choice {
        RackChoice::Preset(path) => {
            let opened = open(path)?;
            let warnings = opened.warnings();
            let rack = of_preset(&opened, &mut |plugin| plugins.of_preset(plugin, &opened))?;
            Ok(Resolved {
                rack,
                preset: opened.preset,
                warnings,
            })
        }
        RackChoice::Plugins(names) => {
            let rack = of_plugins(names, &mut plugins)?;
            Ok(Resolved {
                rack,
                preset: Preset::default(),
                warnings: Vec::new(),
            })
        }
    }
}
