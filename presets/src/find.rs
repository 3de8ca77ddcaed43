//! A plugin of a preset by the key that it has in the file: `layer.1.plugin.2`, `master.plugin.1`.

use crate::key::{Key, Segment};
use crate::preset::{Plugin, Preset};

/// Where a plugin stands in a preset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PluginPlace {
    /// Its layer, from 0; none for the master chain.
    pub layer: Option<usize>,
    /// Its place in the chain, from 0.
    pub plugin: usize,
}

/// Why a key names no plugin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPlugin {
    /// It names something else.
    #[error(
        "`{0}` names no plugin; write it as in layer.1.plugin.1, layer.Piano.plugin.2 or master.plugin.1"
    )]
    Form(Key),
    /// There is no such layer.
    #[error("`{key}` names a plugin of a layer that is not there; {has}")]
    Layer {
        /// The key.
        key: Key,
        /// What there is, as half a sentence.
        has: String,
    },
    /// Several layers go by that name.
    #[error("`{key}` may be in several layers that are named \"{name}\"; use the layer's number from 1")]
    Ambiguous {
        /// The key.
        key: Key,
        /// The layers' name.
        name: String,
    },
    /// The chain has no such plugin.
    #[error("`{key}` is not there: the chain has {count} plugin{}, and they count from 1", if *count == 1 { "" } else { "s" })]
    Plugin {
        /// The key.
        key: Key,
        /// How many plugins its chain has.
        count: usize,
    },
}

impl PluginPlace {
    /// The key of the plugin.
    pub fn key(self) -> Key {
        let chain = match self.layer {
            Some(layer) => Key::default().name("layer").entry(layer),
            None => Key::default().name("master"),
        };
        chain.name("plugin").entry(self.plugin)
    }
}

impl Preset {
    /// Every plugin with its place, layer by layer, the master chain last.
    pub fn plugins(&self) -> impl Iterator<Item = (PluginPlace, &Plugin)> {
        let layers = self.layers.iter().enumerate();
        let chains = layers
            .map(|(at, layer)| (Some(at), &layer.plugins))
            .chain([(None, &self.master.plugins)]);
        chains.flat_map(|(layer, plugins)| {
            let plugins = plugins.iter().enumerate();
            plugins.map(move |(plugin, found)| (PluginPlace { layer, plugin }, found))
        })
    }

    /// The plugin that a key names. A layer goes by its number from 1 or by its name, as for [`set`](crate::set).
    ///
    /// # Errors
    /// Where the key names something else, or what is not there.
    pub fn plugin_by_key(&self, key: &Key) -> Result<(PluginPlace, &Plugin), NoPlugin> {
        let form = || NoPlugin::Form(key.clone());
        let is = |segment: &Segment, word: &str| matches!(segment, Segment::Name(name) if name == word);
        let (layer, number) = match key.segments() {
            [chain, layer, list, Segment::Index(number)] if is(chain, "layer") && is(list, "plugin") => {
                (Some(self.layer_by_segment(key, layer)?), *number)
            }
            [chain, list, Segment::Index(number)] if is(chain, "master") && is(list, "plugin") => {
                (None, *number)
            }
            _ => return Err(form()),
        };
        let plugins = match layer {
            Some(at) => self.layers.get(at).map_or(&[][..], |layer| &layer.plugins),
            None => &self.master.plugins,
        };
        let found = number
            .checked_sub(1)
            .and_then(|plugin| Some((PluginPlace { layer, plugin }, plugins.get(plugin)?)));
        found.ok_or_else(|| NoPlugin::Plugin {
            key: key.clone(),
            count: plugins.len(),
        })
    }

    fn layer_by_segment(&self, key: &Key, segment: &Segment) -> Result<usize, NoPlugin> {
        let missing = |has: String| NoPlugin::Layer {
            key: key.clone(),
            has,
        };
        match segment {
            Segment::Index(number) => number
                .checked_sub(1)
                .filter(|at| *at < self.layers.len())
                .ok_or_else(|| {
                    let count = self.layers.len();
                    let s = if count == 1 { "" } else { "s" };
                    missing(format!("the preset has {count} layer{s}, and they count from 1"))
                }),
            Segment::Name(wanted) => {
                let named = self.layers.iter().enumerate();
                let mut named = named.filter(|(_, layer)| layer.name == *wanted);
                match (named.next(), named.next()) {
                    (Some((at, _)), None) => Ok(at),
                    (Some(_), Some(_)) => Err(NoPlugin::Ambiguous {
                        key: key.clone(),
                        name: wanted.clone(),
                    }),
                    (None, _) => Err(missing("use a layer's name or its number from 1".to_owned())),
                }
            }
        }
    }
}
