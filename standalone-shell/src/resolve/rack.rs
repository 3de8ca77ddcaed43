//! From a preset to the rack that the host loads.

use super::{Chosen, OpenPreset, StateFile};
use crate::words::linear;
use anyhow::Context;
use host::plugin::Source;
use host::session::{LayerSettings, LayerSpec, MapSpec, PluginAddress, PluginSpec, RackSpec};
use presets::{Layer, Map, Plugin, PluginFormat, PluginPlace, Preset, TargetChain};
use std::path::Path;

/// Finds the file of a preset's plugin.
pub type Find<'a> = &'a mut dyn FnMut(&Plugin) -> anyhow::Result<Source>;

/// The rack that a preset describes, with every plugin's file as `find` gives it.
///
/// # Errors
///
/// What `find` fails with first.
pub fn of_preset(opened: &OpenPreset, find: Find<'_>) -> anyhow::Result<RackSpec> {
    let preset = &opened.preset;
    let mut chain = |list: &[Plugin]| -> anyhow::Result<Vec<PluginSpec>> {
        list.iter().map(|plugin| spec(plugin, find)).collect()
    };
    let mut layers = Vec::new();
    for (index, layer) in preset.layers.iter().enumerate() {
        layers.push(LayerSpec {
            name: layer_name(layer, index),
            settings: settings(layer),
            plugins: chain(&layer.plugins)?,
        });
    }
    // An empty list of outputs means none; the engine still runs, unheard.
    let is_heard = preset
        .device
        .outputs
        .as_ref()
        .is_none_or(|outputs| !outputs.is_empty());
    Ok(RackSpec {
        name: opened.name.clone(),
        layers,
        master: chain(&preset.master.plugins)?,
        master_gain: if is_heard {
            linear(preset.master.gain_db)
        } else {
            0.0
        },
        ceiling: preset.master.limiter_db.map(linear),
        // What a map misses is told as a warning; the rest of the preset plays.
        maps: preset
            .maps
            .iter()
            .filter_map(|map| self::map(map, preset))
            .collect(),
    })
}

/// The rack of plugins that were named one by one: one layer. With it, the file that the first one's state is from.
pub fn of_chain(chosen: Chosen) -> (RackSpec, Option<StateFile>) {
    let Chosen { plugins, state } = chosen;
    let file = || plugins.first()?.source.file.file_stem();
    let name = match &state {
        Some(state) => state.name(),
        None => file().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned()),
    };
    let layer = LayerSpec {
        name: name.clone(),
        settings: LayerSettings::default(),
        plugins,
    };
    let rack = RackSpec {
        name,
        layers: vec![layer],
        master_gain: 1.0,
        ..RackSpec::default()
    };
    (rack, state)
}

/// The rack of one plugin of a preset, with its state, program and parameters and the maps that point to it. `file` is
/// where the plugin is.
///
/// # Errors
///
/// The preset has no such plugin.
pub fn alone(opened: &OpenPreset, place: PluginPlace, file: &Path) -> anyhow::Result<RackSpec> {
    // Only one is kept, and its file is known.
    let rack = of_preset(opened, &mut |plugin| {
        Ok(Source {
            file: file.to_owned(),
            which: Some(plugin.id.clone()),
        })
    })?;
    let here = PluginAddress {
        layer: place.layer.map_or(Ok(PluginAddress::MASTER), u8::try_from)?,
        place: u8::try_from(place.plugin)?,
    };
    let chain = match rack.layers.get(usize::from(here.layer)) {
        Some(layer) => &layer.plugins,
        None => &rack.master,
    };
    let plugin = chain.get(place.plugin).with_context(|| {
        format!(
            "The preset {} has no plugin {}. `backline preset show` lists those that it has.",
            opened.path.display(),
            place.key()
        )
    })?;
    let maps = rack.maps.iter().filter(|map| map.plugin == here);
    Ok(RackSpec {
        layers: vec![LayerSpec {
            name: String::new(),
            settings: LayerSettings::default(),
            plugins: vec![plugin.clone()],
        }],
        maps: maps
            .map(|map| MapSpec {
                plugin: PluginAddress { layer: 0, place: 0 },
                ..map.clone()
            })
            .collect(),
        ..RackSpec::default()
    })
}

/// Has a rack's first plugin play another program, which it must have.
///
/// # Errors
///
/// There is no plugin.
pub(super) fn set_program(rack: &mut RackSpec, program: &str) -> anyhow::Result<()> {
    let layers = rack.layers.iter_mut().map(|layer| &mut layer.plugins);
    let first = layers.chain([&mut rack.master]).flatten().next();
    let first =
        first.context("The preset has no plugin, so no program can be chosen. Leave out --program.")?;
    first.program = Some(program.to_owned());
    first.program_is_a_must = true;
    Ok(())
}

/// What a layer is called: its name, or its number from 1.
pub fn layer_name(layer: &Layer, index: usize) -> String {
    if layer.name.is_empty() {
        (index + 1).to_string()
    } else {
        layer.name.clone()
    }
}

fn spec(plugin: &Plugin, find: Find<'_>) -> anyhow::Result<PluginSpec> {
    // Other formats have no programs; the preset's problems tell so.
    let program = plugin
        .program
        .clone()
        .filter(|_| plugin.format == PluginFormat::Vst3);
    Ok(PluginSpec {
        program,
        state: plugin.state.as_ref().map(|state| state.as_bytes().to_vec()),
        params: plugin
            .params
            .iter()
            .map(|(name, value)| (name.clone(), *value))
            .collect(),
        ..PluginSpec::new(find(plugin)?)
    })
}

#[expect(clippy::cast_possible_truncation, reason = "a pan of -1 to 1")]
fn settings(layer: &Layer) -> LayerSettings {
    LayerSettings {
        keys: (layer.keys.low, layer.keys.high),
        velocities: (layer.velocity.low, layer.velocity.high),
        // The file counts channels from 1, the host from 0.
        channel: layer.channel.map(|channel| channel.saturating_sub(1)),
        transpose: layer.transpose,
        gain: linear(layer.gain_db),
        pan: layer.pan as f32,
        mute: layer.mute,
    }
}

/// The host's map for one of the preset's; `None` where it points to no plugin.
fn map(map: &Map, preset: &Preset) -> Option<MapSpec> {
    let (layer, chain) = match &map.to.chain {
        TargetChain::Master => (PluginAddress::MASTER, &preset.master.plugins),
        TargetChain::Layer(name) => {
            let (at, layer) = preset.layer_by_name(name)?;
            (u8::try_from(at).ok()?, &layer.plugins)
        }
    };
    let place = map
        .to
        .plugin
        .checked_sub(1)
        .filter(|place| *place < chain.len())?;
    Some(MapSpec {
        cc: map.cc,
        channel: map.channel.map(|channel| channel.saturating_sub(1)),
        plugin: PluginAddress {
            layer,
            place: u8::try_from(place).ok()?,
        },
        param: map.to.parameter.clone(),
        range: map.range.map(|[low, high]| (low, high)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::Plugins;

    /// A preset whose plugin files exist, empty: resolving opens none.
    fn resolved(text: &str) -> anyhow::Result<RackSpec> {
        let folder = tempfile::tempdir().unwrap();
        for file in ["a.clap", "a.vst3"] {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        let path = folder.path().join("p.backline");
        let opened = OpenPreset {
            preset: presets::parse(text, &path).unwrap(),
            name: "P".to_owned(),
            folder: Some(folder.path().to_owned()),
            path,
            is_factory: false,
        };
        let mut plugins = Plugins::new();
        of_preset(&opened, &mut |plugin| plugins.of_preset(plugin, &opened))
    }

    const PLUGIN: &str = "[[layer.plugin]]\nformat = \"clap\"\nid = \"a\"\nfile = \"a.clap\"\n";

    #[test]
    fn a_layer_keeps_what_the_file_says() {
        let rack = resolved(&format!(
            "format = 1\n[[layer]]\nname = \"Bass\"\nkeys = \"C2..B3\"\nvelocity = \"10..90\"\nchannel = 16\n\
             transpose = -12\ngain-db = -6.0206\npan = 0.5\nmute = true\n{PLUGIN}params = {{ Decay = 0.7 }}\n"
        ))
        .unwrap();
        let LayerSpec {
            name,
            settings,
            plugins,
        } = &rack.layers[0];
        assert_eq!(name, "Bass");
        assert_eq!((settings.keys, settings.velocities), ((36, 59), (10, 90)));
        assert_eq!(
            (settings.channel, settings.transpose, settings.mute),
            (Some(15), -12, true)
        );
        assert!((settings.gain - 0.5).abs() < 1e-4 && (settings.pan - 0.5).abs() < 1e-6);
        assert_eq!(plugins[0].params, [("Decay".to_owned(), 0.7)]);
        assert_eq!(plugins[0].source.which.as_deref(), Some("a"));
        assert_eq!(
            plugins[0].source.file.file_name(),
            Some(Path::new("a.clap").as_os_str())
        );
    }

    #[test]
    fn maps_find_their_plugin_or_are_left_out() {
        let map = |to: &str, more: &str| format!("[[map]]\ncc = 74\nto = \"{to}\"\n{more}");
        let rack = resolved(&format!(
            "format = 1\n[[layer]]\nname = \"Bass\"\n{PLUGIN}[[layer]]\n{PLUGIN}{}{}{}{}",
            map("Bass/1/Cutoff", "channel = 1\nrange = [2.0, 1.0]\n"),
            map("2/1/A/B", ""),
            map("Bass/2/Cutoff", ""),
            map("master/1/Gain", ""),
        ))
        .unwrap();
        let [first, second] = &rack.maps[..] else {
            panic!("{:?}", rack.maps);
        };
        assert_eq!(first.plugin, PluginAddress { layer: 0, place: 0 });
        assert_eq!(
            (first.channel, first.range, first.cc),
            (Some(0), Some((2.0, 1.0)), 74)
        );
        assert_eq!(second.plugin, PluginAddress { layer: 1, place: 0 });
        assert_eq!(second.param, "A/B");
        assert_eq!(rack.layers[1].name, "2");
    }

    #[test]
    fn programs_are_for_vst3_plugins() {
        let vst3 = "[[layer.plugin]]\nformat = \"vst3\"\nid = \"0123456789ABCDEF0123456789ABCDEF\"\nfile = \"a.clap\"\n";
        let mut rack = resolved(&format!(
            "format = 1\n[[layer]]\n{PLUGIN}program = 2\n{}program = 3\n",
            vst3.replace("a.clap", "a.vst3")
        ))
        .unwrap();
        let programs = |rack: &RackSpec| -> Vec<_> {
            let plugins = rack.layers[0].plugins.iter();
            plugins
                .map(|plugin| (plugin.program.clone(), plugin.program_is_a_must))
                .collect()
        };
        assert_eq!(programs(&rack), [(None, false), (Some("3".to_owned()), false)]);
        set_program(&mut rack, "Grand").unwrap();
        assert_eq!(programs(&rack)[0], (Some("Grand".to_owned()), true));
        assert!(set_program(&mut RackSpec::default(), "Grand").is_err());
    }

    #[test]
    fn the_master_chain_has_gain_and_ceiling() {
        let rack = resolved("format = 1\n[master]\ngain-db = 6.0206\nlimiter-db = -6.0206\n").unwrap();
        assert!((rack.master_gain - 2.0).abs() < 1e-4);
        assert!(rack.ceiling.is_some_and(|ceiling| (ceiling - 0.5).abs() < 1e-4));
        let unheard = resolved("format = 1\n[device]\noutputs = []\n").unwrap();
        assert!(unheard.master_gain == 0.0 && unheard.ceiling.is_none());
    }
}
