//! `backline plugin`.

mod json;
mod text;
mod tree;

use crate::cli::{Chain, Plugin};
use crate::output;
use crate::resolve::{Chosen, Plugins, choose};
use host::plugin::{Descriptor, Facts, Format, Instance, Param};
use std::time::Duration;

/// What the plugin is activated at, to ask for its latency and tail.
const RATE: f64 = 48_000.0;
const BLOCK: usize = 512;

/// All that is told of a plugin.
struct Told {
    descriptor: Descriptor,
    facts: Facts,
    params: Vec<Shown>,
    /// Bytes of its state, if it gives one.
    state: Option<usize>,
    active: Option<Active>,
}

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

/// What a plugin's format calls its parts.
struct Words {
    /// Where sound or notes go in and out.
    ports: &'static str,
    /// What it can do beyond the least.
    extensions: &'static str,
    /// What goes through the ports that are not for sound.
    notes: &'static str,
}

impl Told {
    fn words(&self) -> Words {
        if self.descriptor.format == Format::Vst3.key() {
            Words {
                ports: "buses",
                extensions: "interfaces",
                notes: "event",
            }
        } else {
            Words {
                ports: "ports",
                extensions: "extensions",
                notes: "note",
            }
        }
    }
}

/// Tells what a plugin is.
pub fn run(plugin: &Plugin) -> anyhow::Result<()> {
    let chain = Chain {
        plugins: vec![plugin.plugin.clone()],
        state: None,
        program: None,
    };
    let Chosen { plugins, .. } = choose(&chain, &mut Plugins::new())?;
    host::role::claim_main();
    for spec in plugins {
        let mut instance = Instance::load(&spec.source)?;
        if let Some(state) = &spec.state {
            instance.load_state(state)?;
        }
        instance.lacks().iter().for_each(|lack| output::warn(lack));
        let told = ask(&mut instance);
        if plugin.json {
            output::print_json(&json::of(&told))?;
        } else {
            output::print(&text::of(&told, plugin.all))?;
        }
    }
    Ok(())
}

fn ask(instance: &mut Instance) -> Told {
    let facts = instance.facts();
    let params = parameters(instance);
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
    Told {
        descriptor: instance.descriptor().clone(),
        facts,
        params,
        state: state.ok(),
        active: active.ok(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use host::plugin::{AudioPort, Keyswitch, NotePort, PluginUnit, ProgramList};

    /// A plugin that has some of everything.
    pub(super) fn told(format: &str) -> Told {
        let bus = |name: &str, main: bool, active: bool, layout: Option<&str>| AudioPort {
            name: name.to_owned(),
            channels: 2,
            main,
            active,
            layout: layout.map(str::to_owned),
        };
        let unit = |id: i32, parent: Option<i32>, name: &str, list: Option<i32>| PluginUnit {
            id,
            parent,
            name: name.to_owned(),
            program_list: list,
        };
        let list = |id: i32, name: &str, count: usize| ProgramList {
            id,
            name: name.to_owned(),
            programs: (1..=count).map(|number| format!("{name} {number}")).collect(),
        };
        Told {
            descriptor: Descriptor {
                replaces: Vec::new(),
                format: format.to_owned(),
                id: "0123456789ABCDEF0123456789ABCDEF".to_owned(),
                name: "Grand".to_owned(),
                vendor: "Maker".to_owned(),
                version: "1.2".to_owned(),
                file: "Grand.vst3".into(),
                features: vec!["Instrument".to_owned(), "Synth".to_owned()],
            },
            facts: Facts {
                audio_inputs: vec![bus("Side", false, false, None)],
                audio_outputs: vec![bus("Out", true, true, Some("stereo"))],
                note_inputs: vec![NotePort {
                    name: "Events".to_owned(),
                    dialects: vec!["midi"],
                    preferred: None,
                }],
                note_outputs: Vec::new(),
                extensions: vec!["IUnitInfo"],
                editor: true,
                voices: None,
                note_names: Vec::new(),
                units: vec![
                    unit(0, None, "Root", None),
                    unit(2, Some(0), "Lower", Some(7)),
                    unit(1, Some(0), "Upper", Some(7)),
                    unit(3, Some(2), "Filter", None),
                ],
                program_lists: vec![list(7, "Factory", 40), list(8, "User", 1)],
                keyswitches: vec![Keyswitch {
                    name: "Staccato".to_owned(),
                    keys: (24, 25),
                }],
                note_expressions: vec!["Tuning".to_owned()],
                functions: vec![("DryWet", 5), ("Low Latency Mode", 99)],
                prefetchable: Some("yet"),
            },
            params: vec![Shown {
                param: Param {
                    id: 5,
                    name: "Mix".to_owned(),
                    module: String::new(),
                    min: 0.0,
                    max: 1.0,
                    default: 0.5,
                    steps: None,
                    read_only: false,
                    hidden: false,
                    bypass: false,
                    modulatable: false,
                },
                value: Some(0.25),
                text: Some("25 %".to_owned()),
            }],
            state: Some(100),
            active: Some(Active {
                latency: 64,
                tail: None,
            }),
        }
    }
}
