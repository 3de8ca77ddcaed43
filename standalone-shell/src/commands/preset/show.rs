//! `backline preset show`.

use crate::resolve::{OpenPreset, layer_name, open};
use crate::{output, words};
use presets::{Buffer, Device, KeyRange, Layer, Map, Plugin, Preset, VelocityRange};
use serde_json::{Value, json};
use std::path::Path;

/// Tells what is in a preset.
pub fn run(path: &Path, json: bool) -> anyhow::Result<()> {
    let opened = open(path)?;
    opened.warnings().iter().for_each(|warning| output::warn(warning));
    if json {
        output::print_json(&as_json(&opened)?)
    } else {
        output::print(&as_text(&opened))
    }
}

fn as_json(opened: &OpenPreset) -> anyhow::Result<Value> {
    let preset = &opened.preset;
    let mut value = serde_json::to_value(preset)?;
    value["format"] = json!(presets::FORMAT);
    value["file"] = json!(opened.path.to_string_lossy());
    value["factory"] = json!(opened.is_factory);
    for (index, layer) in preset.layers.iter().enumerate() {
        weigh_states(&mut value["layer"][index]["plugin"], &layer.plugins);
    }
    if !preset.master.plugins.is_empty() {
        weigh_states(&mut value["master"]["plugin"], &preset.master.plugins);
    }
    Ok(value)
}

/// Puts the size of each state in its place: it means nothing to anybody but the plugin.
fn weigh_states(list: &mut Value, plugins: &[Plugin]) {
    let objects = list
        .as_array_mut()
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut);
    for (object, plugin) in objects.zip(plugins) {
        if let Some(state) = &plugin.state {
            object.remove("state");
            object.insert("state_bytes".to_owned(), json!(state.as_bytes().len()));
        }
    }
}

fn as_text(opened: &OpenPreset) -> String {
    let Preset {
        name: _,
        device,
        midi,
        layers,
        maps,
        master,
    } = &opened.preset;
    let mut lines = vec![format!("{} ({})", opened.name, opened.path.display())];
    lines.push(format!("  device  {}", self::device(device)));
    let inputs = match &midi.inputs {
        None => "all inputs".to_owned(),
        Some(inputs) => format!("inputs {}", list(inputs)),
    };
    let outputs = if midi.outputs.is_empty() {
        String::new()
    } else {
        format!(", outputs {}", list(&midi.outputs))
    };
    lines.push(format!("  midi    {inputs}{outputs}"));
    for (index, layer) in layers.iter().enumerate() {
        lines.push(format!(
            "  layer   {}: {}",
            layer_name(layer, index),
            self::layer(layer)
        ));
        lines.extend(chain(&layer.plugins));
    }
    let limiter = master
        .limiter_db
        .map_or_else(|| "no limiter".to_owned(), |db| format!("limiter at {db} dB"));
    lines.push(format!("  master  gain {} dB, {limiter}", master.gain_db));
    lines.extend(chain(&master.plugins));
    lines.extend(maps.iter().map(map));
    lines.push(String::new());
    lines.join("\n")
}

fn device(device: &Device) -> String {
    let channels = |kind: &str, list: &Option<Vec<u16>>| {
        list.as_ref().map(|list| {
            let numbers: Vec<_> = list.iter().map(ToString::to_string).collect();
            format!(
                "{kind} {}",
                if numbers.is_empty() {
                    "none".to_owned()
                } else {
                    numbers.join(", ")
                }
            )
        })
    };
    let buffer = device.buffer.map(|buffer| match buffer {
        Buffer::Lowest => "lowest buffer".to_owned(),
        Buffer::Frames(frames) => words::count(frames as usize, "frame"),
    });
    let parts = [
        Some(
            device
                .driver
                .map_or_else(|| "any driver".to_owned(), |driver| driver.to_string()),
        ),
        device.name.as_ref().map(|name| format!("\"{name}\"")),
        device.sample_rate.map(|rate| format!("{rate} Hz")),
        buffer,
        channels("inputs", &device.inputs),
        channels("outputs", &device.outputs),
        (device.release != presets::Release::Never).then(|| format!("released {}", device.release)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn list(names: &[String]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
    if quoted.is_empty() {
        "none".to_owned()
    } else {
        quoted.join(", ")
    }
}

fn layer(layer: &Layer) -> String {
    let Layer {
        name: _,
        keys,
        velocity,
        channel,
        transpose,
        gain_db,
        pan,
        mute,
        plugins: _,
    } = layer;
    let keys = if *keys == KeyRange::default() {
        "all keys".to_owned()
    } else {
        format!("keys {keys}")
    };
    let parts = [
        Some(keys),
        (*velocity != VelocityRange::default()).then(|| format!("velocity {velocity}")),
        channel.map(|channel| format!("channel {channel}")),
        (*transpose != 0).then(|| format!("transposed by {transpose}")),
        Some(format!("gain {gain_db} dB")),
        (*pan != 0.0).then(|| format!("pan {pan}")),
        mute.then(|| "muted".to_owned()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn chain(plugins: &[Plugin]) -> impl Iterator<Item = String> {
    plugins.iter().enumerate().map(|(index, plugin)| {
        let Plugin {
            format,
            id,
            file,
            state,
            program,
            params,
        } = plugin;
        let file = file
            .as_ref()
            .map_or_else(String::new, |file| format!(" in {file}"));
        let state = state.as_ref().map_or_else(
            || "default state".to_owned(),
            |state| format!("state of {}", words::count(state.as_bytes().len(), "byte")),
        );
        let program = program
            .as_ref()
            .map_or_else(String::new, |program| format!(", program \"{program}\""));
        let params: Vec<_> = params
            .iter()
            .map(|(name, value)| format!("{name} = {value}"))
            .collect();
        let params = if params.is_empty() {
            String::new()
        } else {
            format!("; {}", params.join(", "))
        };
        format!("    {}  {format} {id}{file}, {state}{program}{params}", index + 1)
    })
}

fn map(map: &Map) -> String {
    let channel = map
        .channel
        .map_or_else(String::new, |channel| format!(" on channel {channel}"));
    let range = map
        .range
        .map_or_else(String::new, |[low, high]| format!(", {low} to {high}"));
    format!("  map     cc {}{channel} to {}{range}", map.cc, map.to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_factory_preset_is_shown() {
        for factory in presets::factory() {
            let opened = open(Path::new(factory.name)).unwrap();
            let text = as_text(&opened);
            assert!(
                text.contains("org.backline.demo-synth in demo-synth.clap"),
                "{text}"
            );
            let json = as_json(&opened).unwrap();
            assert_eq!(json["format"], 1);
            assert_eq!(json["layer"][0]["plugin"][0]["id"], "org.backline.demo-synth");
        }
    }

    #[test]
    fn programs_are_shown() {
        let mut opened = open(Path::new("stage-synth")).unwrap();
        opened.preset.layers[0].plugins[0].program = Some("Grand".to_owned());
        assert!(as_text(&opened).contains(", program \"Grand\""));
        assert_eq!(
            as_json(&opened).unwrap()["layer"][0]["plugin"][0]["program"],
            "Grand"
        );
    }

    #[test]
    fn states_are_weighed_not_shown() {
        let mut opened = open(Path::new("stage-synth")).unwrap();
        opened.preset.layers[0].plugins[0].state = Some(presets::State::from(vec![0; 1000]));
        let json = as_json(&opened).unwrap();
        let plugin = &json["layer"][0]["plugin"][0];
        assert_eq!(plugin["state_bytes"], 1000);
        assert!(plugin.get("state").is_none());
        assert!(as_text(&opened).contains("state of 1000 bytes"));
    }
}
