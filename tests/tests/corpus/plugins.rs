//! Each plugin by itself, through the program.

use crate::bench::Fed::{self, Notes, Sound, SoundAndSidechain};
use crate::bench::{Bench, decibels, text};
use New::{AsTold, OfItsOwn};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use tests::{corpus, corpus_program, run};

/// What a new instance of a plugin sounds like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum New {
    /// Like one that was given the values that it tells of itself.
    AsTold,
    /// A little or much different from that: its constructor sets up more than its parameters tell. A preset, which
    /// brings the values, then sounds as told, not as new. That is the plugin's own doing: setting each parameter to
    /// the very value that it has changes the sound, too.
    OfItsOwn,
}

/// One test for each plugin of the corpus.
macro_rules! plugins {
    ($($test:ident: $file:literal, $fed:expr, $new:expr;)+) => {
        $(
            #[test]
            fn $test() {
                let Some(corpus) = corpus() else { return };
                check(&corpus.join($file), $fed, $new);
            }
        )+

        /// Every plugin with a test.
        pub const FILES: &[(&str, Fed)] = &[$(($file, $fed)),+];
    };
}

plugins! {
    three_band_eq: "3BandEQ.clap", Sound, OfItsOwn;
    three_band_splitter: "3BandSplitter.clap", Sound, OfItsOwn;
    amplitude_imposer: "AmplitudeImposer.clap", SoundAndSidechain, AsTold;
    cycle_shifter: "CycleShifter.clap", Sound, AsTold;
    dragonfly_early_reflections: "DragonflyEarlyReflections.clap", Sound, AsTold;
    dragonfly_hall_reverb: "DragonflyHallReverb.clap", Sound, AsTold;
    dragonfly_plate_reverb: "DragonflyPlateReverb.clap", Sound, AsTold;
    dragonfly_room_reverb: "DragonflyRoomReverb.clap", Sound, AsTold;
    gl_bars: "glBars.clap", Sound, AsTold;
    kars: "Kars.clap", Notes, AsTold;
    ma_bitcrush: "MaBitcrush.clap", Sound, AsTold;
    ma_freeverb: "MaFreeverb.clap", Sound, AsTold;
    ma_gigaverb: "MaGigaverb.clap", Sound, AsTold;
    ma_pitchshift: "MaPitchshift.clap", Sound, AsTold;
    m_verb: "MVerb.clap", Sound, AsTold;
    nekobi: "Nekobi.clap", Notes, OfItsOwn;
    ping_pong_pan: "PingPongPan.clap", Sound, AsTold;
    pro_m: "ProM.clap/ProM.clap", Sound, AsTold;
    soul_force: "SoulForce.clap", Sound, OfItsOwn;
}

/// Everything that is asked of one plugin.
fn check(file: &Path, fed: Fed, new: New) {
    let bench = Bench::new(corpus_program().expect("the program for the corpus"));
    let told = bench.run(&["plugin", text(file), "--json"]);
    let [told] = &told[..] else { panic!("{told:?}") };
    let values = described(told, fed);

    let from_file = bench.render(&["--plugin", text(file)], fed);
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

    let preset = bench.file("preset.backline");
    bench.run(&["preset", "new", "--plugin", text(file), "--output", text(&preset)]);
    run(
        &bench.program,
        bench.folder.path(),
        &["preset", "check", text(&preset)],
    )
    .ok();
    let written = presets::load(&preset).unwrap();
    let kept = &written.layers[0].plugins[0];
    assert_eq!(kept.id, told["id"].as_str().unwrap());
    assert_eq!(
        kept.state.as_ref().map(|state| json!(state.as_bytes().len())),
        Some(told["state_bytes"].clone())
    );
    let from_preset = bench.render(&[text(&preset)], fed);

    let as_told = bench.file("told.backline");
    let plugin = presets::Plugin {
        state: None,
        params: values,
        ..kept.clone()
    };
    let layer = presets::Layer {
        plugins: vec![plugin],
        ..written.layers[0].clone()
    };
    presets::save(
        &as_told,
        &presets::Preset {
            layers: vec![layer],
            ..written.clone()
        },
    )
    .unwrap();
    let from_values = bench.render(&[text(&as_told)], fed);
    assert!(
        from_preset == from_values,
        "the state is not what the parameters tell"
    );
    match new {
        AsTold => assert!(
            from_file == from_preset,
            "the state is not that of a new instance"
        ),
        OfItsOwn => assert!(
            from_file != from_preset,
            "this plugin's peculiarity is gone; correct the table"
        ),
    }
}

/// Looks at what `backline plugin` tells, and gives the values of the parameters that can be set, by id.
fn described(told: &Value, fed: Fed) -> BTreeMap<String, f64> {
    let list = |of: &Value| of.as_array().unwrap().clone();
    assert_eq!(told["format"], "clap");
    let features = list(&told["features"]);
    assert_eq!(
        features.contains(&json!("instrument")),
        fed == Notes,
        "{features:?}"
    );
    let ports = &told["ports"];
    let outputs = list(&ports["audio_outputs"]);
    assert!(
        !outputs.is_empty() && outputs.iter().all(|port| port["channels"].as_u64() > Some(0)),
        "{ports}"
    );
    assert_eq!(list(&ports["audio_inputs"]).is_empty(), fed == Notes, "{ports}");
    assert_eq!(list(&ports["note_inputs"]).is_empty(), fed != Notes, "{ports}");
    assert!(
        told["latency"].is_u64() && told["state_bytes"].as_u64() > Some(0),
        "{told}"
    );
    assert!(list(&told["extensions"]).contains(&json!("state")), "{told}");
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

/// Every file below the folder of the corpus, bundles' inner files included.
fn files() -> BTreeSet<String> {
    let folder = corpus().unwrap();
    let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap());
    let names = entries.map(|entry| {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            format!("{name}/{name}")
        } else {
            name
        }
    });
    names.collect()
}

#[test]
fn all_are_listed() {
    let Some(folder) = corpus() else { return };
    let known: BTreeSet<String> = FILES.iter().map(|(file, _)| (*file).to_owned()).collect();
    assert_eq!(
        known,
        files(),
        "the plugins with a test, and those that there are"
    );
    let bench = Bench::new(corpus_program().unwrap());
    let listed = bench.run(&["scan", "--path", text(&folder), "--json"]);
    let mut found = BTreeSet::new();
    for plugin in listed {
        let mut names: Vec<_> = plugin.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["features", "file", "format", "id", "name", "vendor", "version"],
            "{plugin}"
        );
        assert_eq!(plugin["format"], "clap");
        assert!(
            ["id", "name", "vendor"].iter().all(|name| plugin[name] != ""),
            "{plugin}"
        );
        let file = Path::new(plugin["file"].as_str().unwrap())
            .strip_prefix(&folder)
            .unwrap();
        found.insert(text(file).to_owned());
    }
    assert_eq!(found, known);
    // The second time it is remembered, and the same.
    let again = bench.run(&["scan", "--path", text(&folder), "--json"]);
    assert_eq!(again.len(), known.len());
}
