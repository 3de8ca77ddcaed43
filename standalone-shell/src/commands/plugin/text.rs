//! A plugin for people.

use super::{Shown, Told, flags, tree};
use crate::failure::one_line;
use crate::words;
use host::plugin::{AudioPort, Facts, Keyswitch, NotePort, ProgramList};
use std::time::Duration;

/// Programs of a list that are named: as many as fit on a screen.
const PROGRAMS: usize = 16;

/// All of it, in the words of its format; of the parameters those that the plugin wants shown, or `all`.
pub fn of(told: &Told, all: bool) -> String {
    let descriptor = &told.descriptor;
    let mut text = format!(
        "{} {} by {}, a {} plugin\n",
        one_line(&descriptor.name),
        one_line(&descriptor.version),
        one_line(&descriptor.vendor),
        descriptor.format.to_uppercase()
    );
    let rows: Vec<_> = rows(told)
        .into_iter()
        .map(|(key, value)| vec![format!("  {key}"), value])
        .collect();
    text.push_str(&words::columns(&rows));
    text.push_str(&parts(&told.facts));
    text.push_str(&parameters(&told.params, all));
    text
}

/// VST3 plugins that follow MIDI controllers have a parameter for each of every channel, which nobody sets by hand.
fn parameters(params: &[Shown], all: bool) -> String {
    let is_shown = |shown: &&Shown| all || !shown.param.hidden;
    let rows: Vec<_> = params.iter().filter(is_shown).map(parameter_row).collect();
    let hidden = match params.len() - rows.len() {
        0 => String::new(),
        hidden => format!(" and {hidden} hidden, which --all lists"),
    };
    format!(
        "{}{hidden}\n{}",
        words::count(rows.len(), "parameter"),
        words::columns(&rows)
    )
}

/// What every plugin has or lacks, a line each; what few have is named only where it is there.
fn rows(told: &Told) -> Vec<(String, String)> {
    let Told {
        descriptor,
        facts,
        params,
        state,
        active,
    } = told;
    let names = told.words();
    let refused = || "not told: the plugin refuses to run".to_owned();
    let active = active.as_ref();
    let tail = |tail: Option<Duration>| {
        tail.map_or_else(
            || "never ends".to_owned(),
            |tail| format!("{} s", tail.as_secs_f64()),
        )
    };
    let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let (ports, notes) = (names.ports, names.notes);
    let mut rows = vec![
        ("id".to_owned(), one_line(&descriptor.id)),
        ("file".to_owned(), descriptor.file.display().to_string()),
        ("features".to_owned(), descriptor.features.join(", ")),
        (format!("audio {ports} in"), audio_ports(&facts.audio_inputs)),
        (format!("audio {ports} out"), audio_ports(&facts.audio_outputs)),
        (format!("{notes} {ports} in"), note_ports(&facts.note_inputs)),
        (format!("{notes} {ports} out"), note_ports(&facts.note_outputs)),
        (
            "latency".to_owned(),
            active.map_or_else(refused, |active| words::count(active.latency as usize, "frame")),
        ),
        (
            "tail".to_owned(),
            active.map_or_else(refused, |active| tail(active.tail)),
        ),
        (
            "state".to_owned(),
            state
                .filter(|bytes| *bytes > 0)
                .map_or_else(|| "none".to_owned(), |bytes| words::count(bytes, "byte")),
        ),
        ("editor".to_owned(), yes_no(facts.editor)),
        (
            "voices".to_owned(),
            facts.voices.map_or_else(
                || "not told".to_owned(),
                |(used, most)| format!("{used} of {most}"),
            ),
        ),
        (names.extensions.to_owned(), facts.extensions.join(", ")),
    ];
    let lists = [
        ("key switches", facts.keyswitches.iter().map(keyswitch).collect()),
        (
            "note expressions",
            facts.note_expressions.iter().map(|name| one_line(name)).collect(),
        ),
        (
            "functions",
            facts
                .functions
                .iter()
                .map(|function| self::function(function, params))
                .collect::<Vec<_>>(),
        ),
    ];
    for (key, list) in lists {
        if !list.is_empty() {
            rows.push((key.to_owned(), list.join(", ")));
        }
    }
    if let Some(prefetchable) = facts.prefetchable {
        rows.push(("prefetchable".to_owned(), prefetchable.to_owned()));
    }
    rows
}

/// Units and programs, which plugins of one sound do not have.
fn parts(facts: &Facts) -> String {
    let mut text = String::new();
    if !facts.units.is_empty() {
        text.push_str(&format!("{}\n", words::count(facts.units.len(), "unit")));
        for (depth, unit) in tree::of(&facts.units) {
            let list = unit
                .program_list
                .and_then(|id| facts.program_lists.iter().find(|list| list.id == id));
            let list = list.map_or_else(String::new, |list| {
                format!(" (programs of {})", one_line(&list.name))
            });
            let indent = "  ".repeat(depth + 1);
            text.push_str(&format!("{indent}{}{list}\n", one_line(&unit.name)));
        }
    }
    for list in &facts.program_lists {
        text.push_str(&programs(list));
    }
    text
}

fn programs(list: &ProgramList) -> String {
    let count = list.programs.len();
    let mut text = format!("{} of {}\n", words::count(count, "program"), one_line(&list.name));
    for (number, name) in (1..).zip(list.programs.iter().take(PROGRAMS)) {
        text.push_str(&format!("  {number}  {}\n", one_line(name)));
    }
    if count > PROGRAMS {
        text.push_str(&format!("  and {} more, which --json lists\n", count - PROGRAMS));
    }
    text
}

fn keyswitch(keyswitch: &Keyswitch) -> String {
    let name = |key: i32| u8::try_from(key).map_or_else(|_| key.to_string(), presets::note_name);
    let (low, high) = keyswitch.keys;
    let keys = if low == high {
        name(low)
    } else {
        format!("{}..{}", name(low), name(high))
    };
    format!("{} ({keys})", one_line(&keyswitch.name))
}

fn function((function, id): &(&'static str, u32), params: &[Shown]) -> String {
    let param = params.iter().find(|shown| shown.param.id == *id);
    match param {
        Some(shown) => format!("{function} ({id}, {})", one_line(&shown.param.name)),
        None => format!("{function} ({id})"),
    }
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

fn audio_ports(ports: &[AudioPort]) -> String {
    let ports = ports.iter().map(|port| {
        let marks = [
            Some(words::count(port.channels as usize, "channel")),
            port.layout.as_deref().map(one_line),
            port.main.then(|| "main".to_owned()),
            (!port.active).then(|| "inactive".to_owned()),
        ];
        let marks: Vec<_> = marks.into_iter().flatten().collect();
        format!("{} ({})", one_line(&port.name), marks.join(", "))
    });
    or_none(ports.collect())
}

fn note_ports(ports: &[NotePort]) -> String {
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
    use super::super::tests::told;
    use super::*;

    #[test]
    fn a_vst3_plugin_is_told_in_its_words() {
        let text = of(&told("vst3"), false);
        for line in [
            "Grand 1.2 by Maker, a VST3 plugin",
            "audio buses in    Side (2 channels, inactive)",
            "audio buses out   Out (2 channels, stereo, main)",
            "event buses in    Events (midi)",
            "event buses out   none",
            "interfaces        IUnitInfo",
            "key switches      Staccato (C1..C#1)",
            "note expressions  Tuning",
            "functions         DryWet (5, Mix), Low Latency Mode (99)",
            "prefetchable      yet",
            "40 programs of Factory",
            "16  Factory 16",
            "and 24 more, which --json lists",
            "1 program of User",
            "5  Mix  0.25 (25 %)  0 to 1, default 0.5",
        ] {
            assert!(
                text.lines().any(|told| told.trim() == line),
                "no {line:?} in:\n{text}"
            );
        }
        let tree = "4 units\n  Root\n    Lower (programs of Factory)\n      Filter\n    Upper (programs of Factory)\n";
        assert!(text.contains(tree), "{text}");
        assert!(!text.contains("Factory 17"), "{text}");
    }

    #[test]
    fn a_clap_plugin_is_told_in_its_words() {
        let mut told = told("clap");
        told.facts.units.clear();
        told.facts.program_lists.clear();
        told.facts.functions.clear();
        told.facts.prefetchable = None;
        let text = of(&told, false);
        for words in ["audio ports out", "note ports in", "extensions"] {
            assert!(text.contains(words), "{text}");
        }
        for words in ["buses", "unit", "program", "functions", "prefetchable"] {
            assert!(!text.contains(words), "{text}");
        }
    }

    #[test]
    fn hidden_parameters_are_counted_and_listed_on_demand() {
        let mut told = told("vst3");
        assert!(of(&told, false).contains("\n1 parameter\n"));
        told.params[0].param.hidden = true;
        let text = of(&told, false);
        assert!(
            text.ends_with("\n0 parameters and 1 hidden, which --all lists\n"),
            "{text}"
        );
        let text = of(&told, true);
        assert!(
            text.contains("\n1 parameter\n  5  Mix") && text.trim_end().ends_with("hidden"),
            "{text}"
        );
    }

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
