//! Chains of several plugins: what format each is in makes no difference to the sound.

use crate::bench::{Bench, Fed, assert_same, decibels, file_of, text};
use host::plugin::Format::{self, Clap, Vst3};
use presets::PluginFormat;
use std::path::{Path, PathBuf};

const FORMATS: [Format; 2] = [Clap, Vst3];

fn file(format: Format, name: &str) -> PathBuf {
    file_of(format, name).unwrap()
}

/// An instrument and two effects, in all eight ways.
#[test]
fn formats_mix_in_one_chain() {
    let Some(bench) = Bench::of_corpus() else { return };
    let mut first = None;
    for (number, formats) in
        (0..8).map(|bits| (bits, [1, 2, 4].map(|bit| FORMATS[usize::from(bits & bit != 0)])))
    {
        let files: Vec<_> = formats
            .iter()
            .zip(["Kars", "MaFreeverb", "DragonflyHallReverb"])
            .map(|(format, name)| file(*format, name))
            .collect();
        let what: Vec<_> = files.iter().flat_map(|file| ["--plugin", text(file)]).collect();
        let sound = bench.render(&what, Fed::Notes);
        let files: Vec<_> = files.iter().map(PathBuf::as_path).collect();
        let (preset, written) = bench.preset(&format!("{number}.backline"), &files);
        let kept: Vec<_> = written.layers[0]
            .plugins
            .iter()
            .map(|plugin| plugin.format)
            .collect();
        let wanted = formats.map(|format| match format {
            Clap => PluginFormat::Clap,
            Vst3 => PluginFormat::Vst3,
        });
        assert_eq!(kept, wanted);
        assert_same(
            &sound,
            &bench.render(&[text(&preset)], Fed::Notes),
            "plugins, and their preset",
        );
        let first = first.get_or_insert_with(|| sound.clone());
        assert_same(first, &sound, &format!("all CLAP, and {formats:?}"));
    }
    assert!((-40.0..6.0).contains(&decibels(&first.unwrap())));
}

/// Layers side by side and a master chain.
#[test]
fn formats_mix_in_one_rack() {
    let Some(bench) = Bench::of_corpus() else { return };
    let part = |name: &str, plugins: &[&Path]| bench.preset(name, plugins).1.layers.remove(0);
    let rack = |name: &str, [one, other, effect, master]: [Format; 4]| {
        let kars = file(one, "Kars");
        let nekobi = file(other, "Nekobi");
        let effect = file(effect, "PingPongPan");
        let master = file(master, "DragonflyPlateReverb");
        let named = |name: &str, layer| presets::Layer {
            name: name.to_owned(),
            ..layer
        };
        let preset = presets::Preset {
            layers: vec![
                named("Pluck", part(&format!("1-{name}"), &[&kars])),
                named("Bass", part(&format!("2-{name}"), &[&nekobi, &effect])),
            ],
            master: presets::Master {
                plugins: part(&format!("3-{name}"), &[&master]).plugins,
                ..presets::Master::default()
            },
            ..presets::Preset::default()
        };
        let path = bench.file(name);
        presets::save(&path, &preset).unwrap();
        bench.render(&[text(&path)], Fed::Notes)
    };
    let clap = rack("clap.backline", [Clap; 4]);
    assert!((-40.0..12.0).contains(&decibels(&clap)));
    assert_same(&clap, &rack("vst3.backline", [Vst3; 4]), "all CLAP, and all VST3");
    let mixed = rack("mixed.backline", [Clap, Vst3, Clap, Vst3]);
    assert_same(&clap, &mixed, "all CLAP, and by turns");
    let mixed = rack("turned.backline", [Vst3, Clap, Vst3, Clap]);
    assert_same(&clap, &mixed, "all CLAP, and by turns the other way");
}
