//! What to load, in the host's own words: the shell translates a preset into this.

use crate::plugin::Source;
use rt::rack::LayerSettings;
use rt::wire::PluginAddress;
use std::path::PathBuf;

/// A rack to load.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RackSpec {
    /// Its name, for people.
    pub name: String,
    /// Its layers, at most [`rt::rack::MAX_LAYERS`].
    pub layers: Vec<LayerSpec>,
    /// The plugins of the master chain.
    pub master: Vec<PluginSpec>,
    /// Linear gain behind the master chain.
    pub master_gain: f32,
    /// Linear ceiling of the limiter, or no limiter.
    pub ceiling: Option<f32>,
    /// Controller maps.
    pub maps: Vec<MapSpec>,
}

/// A layer to load.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerSpec {
    /// Its name, for people and for maps.
    pub name: String,
    /// What it listens to and how loud it is.
    pub settings: LayerSettings,
    /// Its plugins, at most [`rt::rack::MAX_CHAIN`].
    pub plugins: Vec<PluginSpec>,
}

/// A plugin to load.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginSpec {
    /// File and plugin.
    pub source: Source,
    /// The state to load, or the plugin's default.
    pub state: Option<Vec<u8>>,
    /// A preset file of the plugin's own to load, before the state.
    pub preset: Option<PathBuf>,
    /// One of the plugin's own programs, chosen after the state: see [`Instance::select_program`](crate::plugin::Instance::select_program).
    pub program: Option<String>,
    /// Whether a program that cannot be chosen is an error, as for somebody who has just typed its name. Else it is a
    /// warning, and the plugin plays as its state has it.
    pub program_is_a_must: bool,
    /// Parameters by name or id, in plain values, applied after the state and the program. One that the plugin does not
    /// have is left out and a value beyond its range is brought into it, with a warning: a new version of a plugin must
    /// not silence an old preset.
    pub params: Vec<(String, f64)>,
}

impl PluginSpec {
    /// A plugin with its default state.
    #[must_use]
    pub const fn new(source: Source) -> Self {
        Self {
            source,
            state: None,
            preset: None,
            program: None,
            program_is_a_must: false,
            params: Vec::new(),
        }
    }
}

/// A controller map to set up.
#[derive(Clone, Debug, PartialEq)]
pub struct MapSpec {
    /// Controller number 0..=127.
    pub cc: u8,
    /// MIDI channel 0..=15, or all.
    pub channel: Option<u8>,
    /// The plugin.
    pub plugin: PluginAddress,
    /// The parameter's name or id. A map whose parameter the plugin does not have is left out, with a warning.
    pub param: String,
    /// Plain values at controller values 0 and 127, or the parameter's own range.
    pub range: Option<(f64, f64)>,
}
