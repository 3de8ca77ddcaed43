//! From a tree to a [`Preset`]: which keys each table has, and what may stand there.

mod lines;
mod table;

pub(crate) use lines::Lines;
pub(crate) use table::{Field, Table};

use std::collections::BTreeMap;

use crate::error::Fault;
use crate::limits;
use crate::preset::{Device, Layer, Map, Master, Midi, Plugin, Preset};
use crate::value::{Budget, Buffer, PluginFormat, State, TargetChain, quoted};

type Read<T> = Result<T, Fault>;

/// Reads a whole preset of the current format.
pub(crate) fn preset(root: &Table<'_>) -> Read<Preset> {
    root.only(&["format", "name", "device", "midi", "layer", "map", "master"])?;
    let mut budget = Budget::default();
    Ok(Preset {
        name: text_or_empty(root, "name", "the preset's name")?,
        device: root
            .get("device")
            .map_or(Ok(Device::default()), |f| device(&f.table("[device]")?))?,
        midi: root
            .get("midi")
            .map_or(Ok(Midi::default()), |f| midi(&f.table("[midi]")?))?,
        layers: list(root, "layer", limits::LAYERS, "[[layer]]", |t| {
            layer(t, &mut budget)
        })?,
        maps: list(root, "map", limits::MAPS, "[[map]]", map)?,
        master: root.get("master").map_or(Ok(Master::default()), |f| {
            master(&f.table("[master]")?, &mut budget)
        })?,
    })
}

fn device(table: &Table<'_>) -> Read<Device> {
    table.only(&[
        "driver",
        "name",
        "sample-rate",
        "buffer",
        "inputs",
        "outputs",
        "release",
    ])?;
    let channels = |key: &str, what: &str| -> Read<Option<Vec<u16>>> {
        let Some(field) = table.get(key) else {
            return Ok(None);
        };
        let fields = field.list(limits::LIST, "the device's channels from 1, as in [1, 2]")?;
        let channels = fields
            .iter()
            .map(|field| field.whole(limits::DEVICE_CHANNEL, what))
            .collect::<Read<_>>()?;
        Ok(Some(channels))
    };
    let outputs = channels("outputs", "an output channel")?;
    if let (Some(field), Some(outputs)) = (table.get("outputs"), &outputs)
        && let Some((_, twice)) = outputs
            .iter()
            .enumerate()
            .find(|(at, channel)| outputs[..*at].contains(channel))
    {
        return Err(field.fault(
            format!("channel {twice} is there twice"),
            "name each output once".into(),
        ));
    }
    Ok(Device {
        driver: optional(table, "driver", |f| f.parsed("a driver as in \"jack\""))?,
        name: optional(table, "name", |f| filled(f, "the device's name"))?,
        sample_rate: optional(table, "sample-rate", |f| {
            f.whole(limits::SAMPLE_RATE, "a sample rate in Hz")
        })?,
        buffer: optional(table, "buffer", buffer)?,
        inputs: channels("inputs", "an input channel")?,
        outputs,
        release: optional(table, "release", |f| {
            f.parsed("\"never\", \"background\" or as in \"idle 60s\"")
        })?
        .unwrap_or_default(),
    })
}

fn buffer(field: &Field<'_>) -> Read<Buffer> {
    let fix = || {
        format!(
            "write \"lowest\" or frames from {} to {}",
            limits::BUFFER.start(),
            limits::BUFFER.end()
        )
    };
    match field.as_text() {
        Some("lowest") => Ok(Buffer::Lowest),
        Some(other) => Err(field.fault(format!("{} is no buffer size", quoted(other)), fix())),
        None => field
            .whole(limits::BUFFER, "frames")
            .map(Buffer::Frames)
            .map_err(|fault| Fault { fix: fix(), ..fault }),
    }
}

fn midi(table: &Table<'_>) -> Read<Midi> {
    table.only(&["inputs", "outputs"])?;
    let ports = |key: &str| {
        optional(table, key, |field| {
            let fields = field.list(limits::LIST, "port names, as in [\"Keystation 61\"]")?;
            fields
                .iter()
                .map(|field| filled(field, "a port's name"))
                .collect::<Read<Vec<_>>>()
        })
    };
    Ok(Midi {
        inputs: ports("inputs")?,
        outputs: ports("outputs")?.unwrap_or_default(),
    })
}

fn layer(table: &Table<'_>, budget: &mut Budget) -> Read<Layer> {
    table.only(&[
        "name",
        "keys",
        "velocity",
        "channel",
        "transpose",
        "gain-db",
        "pan",
        "mute",
        "plugin",
    ])?;
    let name = text_or_empty(table, "name", "the layer's name")?;
    if let Some(field) = table.get("name") {
        if name.contains('/') {
            let what = format!(
                "{} has a `/`, which parts layer, plugin and parameter in a map",
                quoted(&name)
            );
            return Err(field.fault(what, "use another sign".into()));
        }
        if name == TargetChain::MASTER {
            let what = format!("\"{name}\" is what maps call the master chain");
            return Err(field.fault(what, "give the layer another name".into()));
        }
    }
    Ok(Layer {
        name,
        keys: optional(table, "keys", |f| f.parsed("keys as in \"A0..C8\""))?.unwrap_or_default(),
        velocity: optional(table, "velocity", |f| f.parsed("velocities as in \"1..127\""))?
            .unwrap_or_default(),
        channel: optional(table, "channel", |f| {
            f.whole(limits::MIDI_CHANNEL, "a MIDI channel")
        })?,
        transpose: optional(table, "transpose", |f| f.whole(limits::TRANSPOSE, "semitones"))?.unwrap_or(0),
        gain_db: optional(table, "gain-db", |f| f.number(limits::GAIN_DB, "a gain in dB"))?.unwrap_or(0.0),
        pan: optional(table, "pan", |f| f.number(limits::PAN, "a place"))?.unwrap_or(0.0),
        mute: optional(table, "mute", Field::flag)?.unwrap_or(false),
        plugins: plugins(table, "[[layer.plugin]]", budget)?,
    })
}

fn master(table: &Table<'_>, budget: &mut Budget) -> Read<Master> {
    table.only(&["gain-db", "limiter-db", "plugin"])?;
    Ok(Master {
        gain_db: optional(table, "gain-db", |f| f.number(limits::GAIN_DB, "a gain in dB"))?.unwrap_or(0.0),
        limiter_db: optional(table, "limiter-db", |f| {
            f.number(limits::LIMITER_DB, "a ceiling in dBFS")
        })?,
        plugins: plugins(table, "[[master.plugin]]", budget)?,
    })
}

fn plugins(table: &Table<'_>, header: &str, budget: &mut Budget) -> Read<Vec<Plugin>> {
    list(table, "plugin", limits::PLUGINS, header, |t| plugin(t, budget))
}

fn plugin(table: &Table<'_>, budget: &mut Budget) -> Read<Plugin> {
    table.only(&["format", "id", "file", "state", "program", "params"])?;
    let format = table.need("format", "write `format = \"clap\"` or `format = \"vst3\"`")?;
    let format = format.parsed("\"clap\" or \"vst3\"")?;
    let id_field = table.need("id", "write the plugin's id, which `backline scan` lists")?;
    let id = filled(&id_field, "the plugin's id")?;
    if format == PluginFormat::Vst3 && !(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        let what = format!("{} is no VST3 class id", quoted(&id));
        return Err(id_field.fault(
            what,
            "write its 32 hex digits, which `backline scan` lists".into(),
        ));
    }
    Ok(Plugin {
        format,
        id,
        file: optional(table, "file", |f| filled(f, "the plugin's file"))?,
        state: optional(table, "state", |f| {
            let text = f.text("a state, base64 of zstd")?;
            State::from_text_within(text, budget).map_err(|error| {
                let sentence = error.to_string();
                let (what, fix) = sentence.split_once("; ").unwrap_or((&sentence, "remove the key"));
                f.fault(what.to_owned(), fix.to_owned())
            })
        })?,
        program: optional(table, "program", program)?,
        params: table.get("params").map_or(Ok(BTreeMap::new()), |f| params(&f))?,
    })
}

/// A program's name, or its number, which the plugin is told as text too.
fn program(field: &Field<'_>) -> Read<String> {
    const RULE: &str = "the program's name, or its number";
    match field.as_text() {
        Some(_) => filled(field, RULE),
        None => Ok(field.whole(limits::PROGRAM, RULE)?.to_string()),
    }
}

fn params(field: &Field<'_>) -> Read<BTreeMap<String, f64>> {
    let table = field.table("a table as in { \"Decay\" = 0.7 }")?;
    let fields = table.fields();
    if fields.len() > limits::PARAMS {
        let what = format!(
            "{} parameters are more than {}, the limit",
            fields.len(),
            limits::PARAMS
        );
        return Err(field.fault(what, "save the plugin's state instead".into()));
    }
    fields
        .into_iter()
        .map(|(name, field)| {
            if name.trim().is_empty() {
                let what = "a parameter has no name".into();
                return Err(field.fault(what, "write its name or its id".into()));
            }
            Ok((
                name.to_owned(),
                field.finite("the parameter's plain value as a number")?,
            ))
        })
        .collect()
}

fn map(table: &Table<'_>) -> Read<Map> {
    table.only(&["cc", "channel", "to", "range"])?;
    let cc = table.need("cc", "write the controller's number, as in `cc = 74`")?;
    let to = table.need("to", "write the parameter, as in `to = \"Piano/1/Cutoff\"`")?;
    Ok(Map {
        cc: cc.whole(limits::CC, "a controller's number")?,
        channel: optional(table, "channel", |f| {
            f.whole(limits::MIDI_CHANNEL, "a MIDI channel")
        })?,
        to: to.parsed("a parameter as in \"Piano/1/Cutoff\"")?,
        range: optional(table, "range", |field| {
            const RULE: &str = "the parameter's plain values for 0 and 127, as in [20.0, 18000.0]";
            match field.list(limits::LIST, RULE)?.as_slice() {
                [low, high] => Ok([low.finite(RULE)?, high.finite(RULE)?]),
                other => Err(field.fault(
                    format!("{} values are not two", other.len()),
                    format!("write {RULE}"),
                )),
            }
        })?,
    })
}

fn optional<'d, T>(
    table: &Table<'d>,
    key: &str,
    read: impl FnOnce(&Field<'d>) -> Read<T>,
) -> Read<Option<T>> {
    table.get(key).map(|field| read(&field)).transpose()
}

fn text_or_empty(table: &Table<'_>, key: &str, rule: &str) -> Read<String> {
    Ok(optional(table, key, |field| field.text(rule).map(str::to_owned))?.unwrap_or_default())
}

fn filled(field: &Field<'_>, rule: &str) -> Read<String> {
    let text = field.text(rule)?;
    if text.trim().is_empty() {
        return Err(field.fault(
            "the text is empty".into(),
            format!("write {rule}, or remove the key"),
        ));
    }
    Ok(text.to_owned())
}

fn list<T>(
    table: &Table<'_>,
    key: &str,
    most: usize,
    header: &str,
    mut read: impl FnMut(&Table<'_>) -> Read<T>,
) -> Read<Vec<T>> {
    let Some(field) = table.get(key) else {
        return Ok(Vec::new());
    };
    field.tables(most, header)?.iter().map(&mut read).collect()
}
