//! From what the user named to what the host loads: presets to racks, wishes to one wish, names to files.

mod chain;
mod device;
mod midi;
mod open;
mod plugin;
mod rack;

pub use chain::{Chosen, StateFile, choose};
pub use device::wish;
pub use midi::{inputs, midi_file};
pub use open::{OpenPreset, check_kind, open};
pub use plugin::{Plugins, hint, load_cache, scanner};
pub use rack::{alone, layer_name, of_chain, of_preset};

use crate::cli::RackChoice;
use host::session::{RackError, RackSpec};
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
    /// The file that the first plugin's state is from, if it was named with the plugin.
    pub state: Option<StateFile>,
}

/// Finds everything that a choice names.
///
/// # Errors
///
/// A preset that cannot be read, a plugin that cannot be found.
pub fn resolve(choice: &RackChoice) -> anyhow::Result<Resolved> {
    let mut plugins = Plugins::new();
    match choice {
        RackChoice::Preset { preset, program } => {
            let opened = open(preset)?;
            let warnings = opened.warnings();
            let mut rack = of_preset(&opened, &mut |plugin| plugins.of_preset(plugin, &opened))?;
            if let Some(program) = program {
                rack::set_program(&mut rack, program)?;
            }
            Ok(Resolved {
                rack,
                preset: opened.preset,
                warnings,
                state: None,
            })
        }
        RackChoice::Plugins(chain) => {
            let (rack, state) = of_chain(choose(chain, &mut plugins)?);
            Ok(Resolved {
                rack,
                preset: Preset::default(),
                warnings: Vec::new(),
                state,
            })
        }
    }
}

/// Why a rack did not load, with the state's file where that picked the plugin.
pub fn explained(error: RackError, state: Option<&StateFile>) -> anyhow::Error {
    match (&error, state) {
        (RackError::Load { source, .. }, Some(state)) => {
            state.explain(source).unwrap_or_else(|| error.into())
        }
        (RackError::State { source, .. }, Some(state)) => {
            state.explain_state(source).unwrap_or_else(|| error.into())
        }
        _ => error.into(),
    }
}
