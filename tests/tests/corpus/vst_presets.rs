//! `.vstpreset` files: what one plugin writes to them it plays from them.

use crate::bench::{Bench, assert_same, file_of, text};
use crate::plugins::Plugin;
use crate::twins::values;
use host::plugin::{Format, VstPreset};
use std::fs;
use std::path::Path;
use tests::corpus_of;

/// Exports a preset's state, and plays it in every way in which such a file can be played.
pub fn check(plugin: Plugin) {
    let Some(bench) = Bench::of_corpus() else { return };
    let file = file_of(Format::Vst3, plugin.name).unwrap();
    let (preset, written) = bench.preset("new.backline", &[&file]);
    export_and_play(&bench, plugin, "new", &preset);

    // The state that is exported is the one with the values in it.
    let with_params = presets::Plugin {
        params: values(&bench.describe(&file), 0.77),
        ..written.layers[0].plugins[0].clone()
    };
    let preset = bench.write("moved.backline", vec![with_params], Vec::new());
    export_and_play(&bench, plugin, "moved", &preset);
}

fn export_and_play(bench: &Bench, plugin: Plugin, name: &str, preset: &Path) {
    let fed = plugin.fed;
    let file = file_of(Format::Vst3, plugin.name).unwrap();
    let exported = bench.file(&format!("{name}.vstpreset"));
    bench.run(&["preset", "set", text(preset), "--export", text(&exported)]);
    let read = VstPreset::read(&fs::read(&exported).unwrap()).unwrap();
    let id = bench.describe(&file)["id"].clone();
    assert_eq!(read.class, id.as_str().unwrap());
    assert!(!read.component.is_empty());

    let sound = bench.render(&[text(preset)], fed);
    let given = ["--plugin", text(&file), "--state", text(&exported)];
    assert_same(&sound, &bench.render(&given, fed), "the preset, and a file given");

    // The file names no plugin but by its class.
    let folder = corpus_of(Format::Vst3).unwrap();
    let found = bench.render_searching(&folder, &[text(&exported)], fed);
    assert_same(
        &sound,
        &found,
        "the preset, and a file whose plugin was searched for",
    );
    let found = bench.render_searching(&folder, &["--plugin", text(&exported)], fed);
    assert_same(&sound, &found, "the preset, and a file in a plugin's place");

    // Back into a preset, where it is the state.
    let back = bench.file(&format!("{name}-back.backline"));
    bench.run(&["preset", "new", "--plugin", text(&file), "--output", text(&back)]);
    let words = [
        "preset",
        "set",
        text(&back),
        "layer.1.plugin.1.state",
        text(&exported),
    ];
    bench.run(&words);
    assert_same(
        &sound,
        &bench.render(&[text(&back)], fed),
        "the preset, and one made from the file",
    );
}
