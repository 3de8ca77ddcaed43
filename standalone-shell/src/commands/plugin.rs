//! `backline plugin`.

use crate::cli::Plugin;
use crate::failure::one_line;
use crate::resolve::Plugins;
use crate::{output, words};
use host::plugin::{Facts, Instance, Param};
use serde_json::{Value, json};
use std::time::Duration;

/// What the plugin is activated at, to ask for its latency and tail.
const RATE: f64 = 48_000.0;
const BLOCK: usize = 512;

/// A parameter with its present value and the plugin's own text for it.
struct Shown {
    param: Param,
    value: Option<f64>,
    text: Option<String>,
}

/// What only an activation tells.
struct Active {
    latency: u32,
    /// `None` is for ever.
    tail: Option<Duration>,
}

/// Tells what a plugin is.
pub fn run(plugin: &Plugin) -> anyhow::Result<()> {
    let source = Plugins::new().named(&plugin.plugin)?;
    host::role::claim_main();
    let mut instance = Instance::load(&source)?;
    let facts = instance.facts();
    let shown = parameters(&mut instance);
    let state = instance.save_state().map(|state| state.len());
    let active = instance.activate(RATE, BLOCK).map(|unit| {
        drop(unit);
        let active = Active {
            latency: instance.latency(),
            tail: instance.tail(),
        };
        instance.deactivate();
        active
    });
    if let Err(error) = &state {
        output::warn(&error.to_string());
    }
    if let Err(error) = &active {
        output::warn(&error.to_string());
    }
    let (state, active) = (state.ok(), active.ok());
    if plugin.json {
        output::print_json(&as_json(&instance, &facts, &shown, state, active.as_ref()))
    } else {
        output::print(&as_text(&instance, &facts, &shown, state, active.as_ref()))
    }
}

fn parameters(instance: &mut Instance) -> Vec<Shown> {
    let params = instance.params().to_vec();
    let shown = params.into_iter().map(|param| {
        let value = instance.value(param.id);
        let text = value.and_then(|value| instance.text(param.id, value));
        Shown { param, value, text }
    });
    shown.collect()
}

fn as_json(
    instance: &Instance,
    facts: &Facts,
    shown: &[Shown],
    state: Option<usize>,
    active: Option<&Active>,
) -> Value {
    let Facts {
        audio_inputs,
        audio_outputs,
        note_inputs,
        note_outputs,
        extensions,
        editor,
        voices,
        note_names,
    } = facts;
    let descriptor = instance.descriptor();
    let parameters: Vec<Value> = shown
        .iter()
        .map(|Shown { param, value, text }| {
            json!({
                "id": param.id,
                "name": param.name,
                "module": param.module,
                "min": param.min,
                "max": param.max,
                "default": param.default,
                "value": value,
                "steps": param.steps,
                "text": text,
                "flags": flags(param),
            })
        })
        .collect();
    let names: Vec<Value> = note_names
        .iter()
        .map(|(key, name)| json!({ "key": key, "name": name }))
        .collect();
    json!({
        "format": descriptor.format,
        "id": descriptor.id,
        "name": descriptor.name,
        "vendor": descriptor.vendor,
        "version": descriptor.version,
        "file": descriptor.file,
        "features": descriptor.features,
        "ports": {
            "audio_inputs": audio_inputs,
            "audio_outputs": audio_outputs,
            "note_inputs": note_inputs,
            "note_outputs": note_outputs,
        },
        "parameters": parameters,
        "latency": active.map(|active| active.latency),
        "tail": active.and_then(|active| active.tail).map(|tail| tail.as_secs_f64()),
        "state_bytes": state,
        "extensions": extensions,
        "editor": editor,
        "voices": voices.map(|(used, most)| json!({ "used": used, "most": most })),
        "note_names": names,
    })
}

fn flags(param: &Param) -> Vec<&'static str> {
    [
        (param.read_only, "read-only"),
        (param.hidden, "hidden"),
        (param.bypass, "bypass"),
        (param.modulatable, "modulatable"),
        (param.steps.is_some(), "stepped"),
    ]
    .into_iter()
    .filter_map(|(is_so, flag)| is_so.then_some(flag))
    .collect()
}

fn as_text(
    instance: &Instance,
    facts: &Facts,
    shown: &[Shown],
    state: Option<usize>,
    active: Option<&Active>,
) -> String {
    let descriptor = instance.descriptor();
    let mut text = format!(
        "{} {} by {}, a {} plugin\n",
        one_line(&descriptor.name),
        one_line(&descriptor.version),
        one_line(&descriptor.vendor),
        descriptor.format.to_uppercase()
    );
    let refused = || "not told: the plugin refuses to run".to_owned();
    let tail = |tail: Option<Duration>| {
        tail.map_or_else(
            || "never ends".to_owned(),
            |tail| format!("{} s", tail.as_secs_f64()),
        )
    };
    let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let facts_rows = [
        ("id", one_line(&descriptor.id)),
        ("file", descriptor.file.display().to_string()),
        ("features", descriptor.features.join(", ")),
        ("audio in", audio_ports(&facts.audio_inputs)),
        ("audio out", audio_ports(&facts.audio_outputs)),
        ("notes in", note_ports(&facts.note_inputs)),
        ("notes out", note_ports(&facts.note_outputs)),
        (
            "latency",
            active.map_or_else(refused, |active| words::count(active.latency as usize, "frame")),
        ),
        ("tail", active.map_or_else(refused, |active| tail(active.tail))),
        (
            "state",
            state
                .filter(|bytes| *bytes > 0)
                .map_or_else(|| "none".to_owned(), |bytes| words::count(bytes, "byte")),
        ),
        ("editor", yes_no(facts.editor)),
        (
            "voices",
            facts.voices.map_or_else(
                || "not told".to_owned(),
                |(used, most)| format!("{used} of {most}"),
            ),
        ),
        ("extensions", facts.extensions.join(", ")),
    ];
    let rows: Vec<_> = facts_rows
        .into_iter()
        .map(|(key, value)| vec![format!("  {key}"), value])
        .collect();
    text.push_str(&words::columns(&rows));
    text.push_str(&format!("{}\n", words::count(shown.len(), "parameter")));
    let rows: Vec<_> = shown.iter().map(parameter_row).collect();
    text.push_str(&words::columns(&rows));
    text
}

fn parameter_row(Shown { param, value, text }: &Shown) -> Vec<String> {
    let name = if param.module.is_empty() {
        param.name.clone()
    } else {
        format!("{}/{}", param.module, param.name)
    };
    let value = value.map_or_else(|| "?".to_owned(), number);
    vec![
        format!("  {}", param.id),
        one_line(&name),
        match text {
            Some(text) => format!("{value} ({})", one_line(text)),
            None => value,
        },
        format!(
            "{} to {}, default {}",
            number(param.min),
            number(param.max),
            number(param.default)
        ),
        flags(param).join(", "),
    ]
}

/// A plain value without the digits that single precision brings along.
fn number(value: f64) -> String {
    let text = format!("{value:.6}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

fn audio_ports(ports: &[host::plugin::AudioPort]) -> String {
    let ports = ports.iter().map(|port| {
        let main = if port.main { ", main" } else { "" };
        format!(
            "{} ({}{main})",
            one_line(&port.name),
            words::count(port.channels as usize, "channel")
        )
    });
    or_none(ports.collect())
}

fn note_ports(ports: &[host::plugin::NotePort]) -> String {
    let ports = ports
        .iter()
        .map(|port| format!("{} ({})", one_line(&port.name), port.dialects.join(", ")));
    or_none(ports.collect())
}

fn or_none(list: Vec<String>) -> String {
    if list.is_empty() {
        "none".to_owned()
    } else {
        list.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        for (value, text) in [
            (1.0, "1"),
            (0.5, "0.5"),
            (0.1_f32.into(), "0.1"),
            (-20.25, "-20.25"),
            (1000.0, "1000"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
