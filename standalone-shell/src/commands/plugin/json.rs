//! A plugin as a JSON object.

use super::{Shown, Told, flags};
use host::plugin::Facts;
use serde_json::{Value, json};

/// All of it, in the words of its format.
pub fn of(told: &Told) -> Value {
    let Told {
        descriptor,
        facts,
        params,
        state,
        active,
    } = told;
    let Facts {
        audio_inputs,
        audio_outputs,
        note_inputs,
        note_outputs,
        extensions,
        editor,
        voices,
        note_names,
        units,
        program_lists,
        keyswitches,
        note_expressions,
        functions,
        prefetchable,
    } = facts;
    let words = told.words();
    let names: Vec<Value> = note_names
        .iter()
        .map(|(key, name)| json!({ "key": key, "name": name }))
        .collect();
    let functions: Vec<Value> = functions
        .iter()
        .map(|(function, parameter)| json!({ "function": function, "parameter": parameter }))
        .collect();
    json!({
        "format": descriptor.format,
        "id": descriptor.id,
        "name": descriptor.name,
        "vendor": descriptor.vendor,
        "version": descriptor.version,
        "file": descriptor.file.to_string_lossy(),
        "features": descriptor.features,
        words.ports: {
            "audio_inputs": audio_inputs,
            "audio_outputs": audio_outputs,
            "note_inputs": note_inputs,
            "note_outputs": note_outputs,
        },
        "parameters": params.iter().map(parameter).collect::<Vec<_>>(),
        "latency": active.as_ref().map(|active| active.latency),
        "tail": active.as_ref().and_then(|active| active.tail).map(|tail| tail.as_secs_f64()),
        "state_bytes": state,
        words.extensions: extensions,
        "editor": editor,
        "voices": voices.map(|(used, most)| json!({ "used": used, "most": most })),
        "note_names": names,
        "units": units,
        "programs": program_lists,
        "keyswitches": keyswitches,
        "note_expressions": note_expressions,
        "functions": functions,
        "prefetchable": prefetchable,
    })
}

fn parameter(Shown { param, value, text }: &Shown) -> Value {
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
}

#[cfg(test)]
mod tests {
    use super::super::tests::told;
    use super::*;

    #[test]
    fn a_vst3_plugin_has_buses_and_interfaces() {
        let told = of(&told("vst3"));
        assert_eq!(told["buses"]["audio_outputs"][0]["layout"], "stereo");
        assert_eq!(told["buses"]["audio_inputs"][0]["active"], false);
        assert_eq!(told["interfaces"][0], "IUnitInfo");
        assert!(told.get("ports").is_none() && told.get("extensions").is_none());
        assert_eq!(told["units"][1]["program_list"], 7);
        assert_eq!(told["programs"][0]["programs"].as_array().map(Vec::len), Some(40));
        assert_eq!(told["keyswitches"][0]["keys"], json!([24, 25]));
        assert_eq!(told["note_expressions"], json!(["Tuning"]));
        assert_eq!(
            told["functions"][0],
            json!({ "function": "DryWet", "parameter": 5 })
        );
    }

    #[test]
    fn a_clap_plugin_has_ports_and_extensions() {
        let told = of(&told("clap"));
        assert_eq!(told["ports"]["audio_outputs"][0]["main"], true);
        assert!(told["extensions"].is_array() && told.get("buses").is_none());
    }
}
