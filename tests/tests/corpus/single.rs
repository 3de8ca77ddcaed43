//! One plugin by itself, in one format, through the program.

use crate::bench::Fed::{self, Notes, Sound, SoundAndSidechain};
use crate::bench::{Bench, assert_no_complaint, assert_same, decibels, file_of, text};
use crate::plugins::Plugin;
use host::plugin::Format;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::run;

/// What a new instance of a plugin sounds like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum New {
    /// Like one that was given the values that it tells of itself.
    AsTold,
    /// A little or much different from that: its constructor sets up more than its parameters tell. A preset, which
    /// brings the values, then sounds as told, not as new. That is the plugin's own doing: setting each parameter to
    /// the very value that it has changes the sound, too.
    OfItsOwn,
    /// The same, and what the constructor does otherwise hangs on parameters that stand at their defaults. DPF's VST3
    /// wrapper passes on no value that is the one which it believes the plugin to have, so setting parameters to what
    /// they are changes nothing there; a state does, because it is passed on as it is.
    OfItsOwnBySwitches,
}

/// Everything that is asked of one plugin.
pub fn check(format: Format, plugin: Plugin) {
    let Some(bench) = Bench::of_corpus() else { return };
    let file = file_of(format, plugin.name).unwrap();
    let fed = plugin.fed;
    let told = bench.describe(&file);
    let values = described(format, &told, fed);

    let from_file = bench.render(&["--plugin", text(&file)], fed);
    let level = decibels(&from_file);
    match fed {
        Notes | Sound => assert!((-40.0..6.0).contains(&level), "{level} dBFS"),
        SoundAndSidechain => assert_eq!(level, -200.0),
    }
    if fed == Notes {
        let before = &from_file[..2 * 4_800];
        assert!(
            before.iter().all(|&sample| sample == 0.0),
            "it sounds before its first note"
        );
    }

    let (preset, written) = bench.preset("preset.backline", &[&file]);
    let checked = run(
        &bench.program,
        bench.folder.path(),
        &["preset", "check", text(&preset)],
    );
    assert_no_complaint(checked.ok());
    let kept = &written.layers[0].plugins[0];
    assert_eq!(kept.id, told["id"].as_str().unwrap());
    assert_eq!(
        kept.state.as_ref().map(|state| json!(state.as_bytes().len())),
        Some(told["state_bytes"].clone())
    );
    let from_preset = bench.render(&[text(&preset)], fed);

    let as_told = presets::Plugin {
        state: None,
        params: values,
        ..kept.clone()
    };
    let as_told = bench.write("told.backline", vec![as_told], Vec::new());
    let from_values = bench.render(&[text(&as_told)], fed);
    match (plugin.new, format) {
        (New::AsTold, _) => {
            assert_same(
                &from_preset,
                &from_values,
                "the state, and what the parameters tell",
            );
            assert_same(&from_preset, &from_file, "the state, and a new instance");
        }
        (New::OfItsOwnBySwitches, Format::Vst3) => {
            assert_same(&from_values, &from_file, "values that it has, and a new instance");
            assert!(from_file != from_preset, "{PECULIARITY}");
        }
        (New::OfItsOwn | New::OfItsOwnBySwitches, _) => {
            assert_same(
                &from_preset,
                &from_values,
                "the state, and what the parameters tell",
            );
            assert!(from_file != from_preset, "{PECULIARITY}");
        }
    }
}

const PECULIARITY: &str = "this plugin's peculiarity is gone; correct the table";

fn list(of: &Value) -> Vec<Value> {
    of.as_array().unwrap().clone()
}

/// Looks at what `backline plugin` tells, and gives the values of the parameters that can be set, by id.
fn described(format: Format, told: &Value, fed: Fed) -> BTreeMap<String, f64> {
    assert_eq!(told["format"], format.key());
    let (instrument, ports, extensions, state) = match format {
        Format::Clap => ("instrument", "ports", "extensions", "state"),
        // Every VST3 component keeps a state; what has parameters has a controller.
        Format::Vst3 => ("Instrument", "buses", "interfaces", "IEditController"),
    };
    let features = list(&told["features"]);
    assert_eq!(
        features.contains(&json!(instrument)),
        fed == Notes,
        "{features:?}"
    );
    let ports = &told[ports];
    let outputs = list(&ports["audio_outputs"]);
    assert!(
        !outputs.is_empty() && outputs.iter().all(|port| port["channels"].as_u64() > Some(0)),
        "{ports}"
    );
    assert_eq!(outputs[0]["main"], true, "{ports}");
    let inputs = list(&ports["audio_inputs"]);
    assert_eq!(inputs.is_empty(), fed == Notes, "{ports}");
    assert_eq!(
        inputs.iter().any(|input| input["main"] == false),
        fed == SoundAndSidechain,
        "{ports}"
    );
    if format == Format::Vst3 {
        for bus in inputs.iter().chain(&outputs) {
            let layout = if bus["channels"] == 1 { "mono" } else { "stereo" };
            assert_eq!(bus["layout"], layout, "{ports}");
        }
    }
    let notes = list(&ports["note_inputs"]);
    assert_eq!(notes.is_empty(), fed != Notes, "{ports}");
    assert!(
        told["latency"].is_u64() && told["state_bytes"].as_u64() > Some(0),
        "{told}"
    );
    assert!(list(&told[extensions]).contains(&json!(state)), "{told}");
    if (format, fed) == (Format::Vst3, Notes) {
        assert!(list(&told[extensions]).contains(&json!("IMidiMapping")), "{told}");
    }
    let values = list(&told["parameters"]).into_iter().filter(|param| {
        let number = |name: &str| {
            param[name]
                .as_f64()
                .unwrap_or_else(|| panic!("{name} of {param}"))
        };
        let range = number("min")..=number("max");
        assert!(
            range.contains(&number("default")) && range.contains(&number("value")),
            "{param}"
        );
        assert!(
            param["name"].as_str().is_some_and(|name| !name.is_empty()),
            "{param}"
        );
        assert!(param["text"].is_string(), "{param}");
        !list(&param["flags"]).contains(&json!("read-only"))
    });
    values
        .map(|param| (param["id"].to_string(), param["value"].as_f64().unwrap()))
        .collect()
}
