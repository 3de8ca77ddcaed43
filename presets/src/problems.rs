//! What a preset may say, but hardly means.

use std::fmt;

use crate::key::Key;
use crate::preset::{Layer, Map, Preset};
use crate::value::{PluginFormat, TargetChain};

/// A warning: the preset plays, but not as its maker would expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key it is about.
    pub key: Key,
    /// What is odd, and what comes of it.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_root() {
            f.write_str(&self.text)
        } else {
            write!(f, "`{}`: {}", self.key, self.text)
        }
    }
}

impl Preset {
    /// What a technician should look at before the show, in the order of the file. Nothing of it keeps the
    /// preset from being loaded.
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Found(Vec::new());
        if self.layers.is_empty() {
            found.add(
                Key::default(),
                "the preset has no layer, so that nothing sounds".into(),
            );
        } else if self.layers.iter().all(|layer| layer.mute) {
            found.add(
                Key::default().name("layer"),
                "every layer is muted, so that nothing sounds".into(),
            );
        }
        if self.device.outputs.as_ref().is_some_and(Vec::is_empty) {
            let key = Key::default().name("device").name("outputs");
            found.add(
                key,
                "the list is empty, so that nothing sounds; remove the key for the first two".into(),
            );
        }
        for (at, layer) in self.layers.iter().enumerate() {
            self.layer_problems(at, layer, &mut found);
        }
        for (place, plugin) in self.plugins() {
            if plugin.format == PluginFormat::Clap && plugin.program.is_some() {
                let text = "only VST3 plugins let a host choose a program, so that it changes nothing; save what the \
                            plugin shall play as its state";
                found.add(place.key().name("program"), text.into());
            }
        }
        for at in 0..self.maps.len() {
            self.map_problems(at, &mut found);
        }
        found.0
    }

    /// The layer that a map's target names: by name, else by number from 1.
    pub fn layer_by_name(&self, name: &str) -> Option<(usize, &Layer)> {
        let by_name = self.layers.iter().position(|layer| layer.name == name);
        let by_number = || {
            name.parse::<usize>()
                .ok()
                .and_then(|number| number.checked_sub(1))
        };
        let at = by_name.or_else(by_number)?;
        Some((at, self.layers.get(at)?))
    }

    fn layer_problems(&self, at: usize, layer: &Layer, found: &mut Found) {
        let key = Key::default().name("layer").entry(at);
        if layer.plugins.is_empty() {
            found.add(
                key.clone(),
                "the layer has no plugin, so that it is silent".into(),
            );
        }
        if !layer.name.is_empty()
            && let Some(first) = self.layers[..at]
                .iter()
                .position(|other| other.name == layer.name)
        {
            let text = format!(
                "layer {} has the name \"{}\" too, and maps reach that one alone",
                first + 1,
                layer.name
            );
            found.add(key.name("name"), text);
        }
        let sounding = |note: u8| (0..=127).contains(&(i16::from(note) + i16::from(layer.transpose)));
        if !(layer.keys.low..=layer.keys.high).any(sounding) {
            let text =
                "it moves every key of the layer out of MIDI's range, so that the layer is silent".into();
            found.add(key.name("transpose"), text);
        }
    }

    fn map_problems(&self, at: usize, found: &mut Found) {
        let map = &self.maps[at];
        let key = Key::default().name("map").entry(at);
        let chain = match &map.to.chain {
            TargetChain::Master => Some(&self.master.plugins),
            TargetChain::Layer(name) => self.layer_by_name(name).map(|(_, layer)| &layer.plugins),
        };
        match chain {
            None => {
                let text = format!(
                    "there is no layer \"{}\", so that the control does nothing",
                    map.to.chain
                );
                found.add(key.name("to"), text);
            }
            Some(plugins) if map.to.plugin > plugins.len() => {
                let (chain, wanted, has) = (&map.to.chain, map.to.plugin, plugins.len());
                let text = format!(
                    "\"{chain}\" has {has} plugin{}, not {wanted}, so that the control does nothing",
                    if has == 1 { "" } else { "s" }
                );
                found.add(key.name("to"), text);
            }
            Some(_) => {}
        }
        if map.cc >= 120 {
            let text =
                "controllers from 120 are MIDI's own commands such as all-sound-off; use another".into();
            found.add(key.name("cc"), text);
        }
        if map.range.is_some_and(|[low, high]| low == high) {
            found.add(
                key.name("range"),
                "both ends are the same, so that the control does nothing".into(),
            );
        }
        let same = |other: &Map| {
            let channels_meet =
                other.channel.is_none() || map.channel.is_none() || other.channel == map.channel;
            other.cc == map.cc && other.to == map.to && channels_meet
        };
        if self.maps[..at].iter().any(same) {
            found.add(
                key,
                "an earlier map has the same control and parameter, and the two will fight".into(),
            );
        }
    }
}

struct Found(Vec<Problem>);

impl Found {
    fn add(&mut self, key: Key, text: String) {
        self.0.push(Problem { key, text });
    }
}
