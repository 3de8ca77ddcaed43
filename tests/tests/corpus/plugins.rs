//! Every plugin of the corpus: its tests, and that none is missing.

use crate::bench::Bench;
use crate::bench::Fed::{self, Notes, Sound, SoundAndSidechain};
use crate::bench::{file_of, text};
use crate::single::New::{self, AsTold, OfItsOwn, OfItsOwnBySwitches};
use crate::{live, single, twins, vst_presets};
use host::plugin::Format;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use tests::{FORMATS, corpus_of, run};

/// A plugin of the corpus. All come in both formats.
#[derive(Clone, Copy, Debug)]
pub struct Plugin {
    /// The name of its files, without what tells the format.
    pub name: &'static str,
    pub fed: Fed,
    pub new: New,
}

/// The tests of each plugin of the corpus.
macro_rules! plugins {
    ($($test:ident: $name:literal, $fed:expr, $new:expr;)+) => {
        $(
            mod $test {
                use super::*;

                const PLUGIN: Plugin = Plugin { name: $name, fed: $fed, new: $new };

                #[test]
                fn clap() {
                    single::check(Format::Clap, PLUGIN);
                }

                #[test]
                fn vst3() {
                    single::check(Format::Vst3, PLUGIN);
                }

                #[test]
                fn clap_live() {
                    live::check(Format::Clap, PLUGIN);
                }

                #[test]
                fn vst3_live() {
                    live::check(Format::Vst3, PLUGIN);
                }

                #[test]
                fn both_formats_sound_the_same() {
                    twins::check(PLUGIN);
                }

                #[test]
                fn vst_preset_files_keep_the_sound() {
                    vst_presets::check(PLUGIN);
                }
            }
        )+

        /// Every plugin with tests.
        pub const PLUGINS: &[Plugin] = &[$(Plugin { name: $name, fed: $fed, new: $new }),+];
    };
}

plugins! {
    three_band_eq: "3BandEQ", Sound, OfItsOwn;
    three_band_splitter: "3BandSplitter", Sound, OfItsOwn;
    amplitude_imposer: "AmplitudeImposer", SoundAndSidechain, AsTold;
    cycle_shifter: "CycleShifter", Sound, AsTold;
    dragonfly_early_reflections: "DragonflyEarlyReflections", Sound, AsTold;
    dragonfly_hall_reverb: "DragonflyHallReverb", Sound, AsTold;
    dragonfly_plate_reverb: "DragonflyPlateReverb", Sound, AsTold;
    dragonfly_room_reverb: "DragonflyRoomReverb", Sound, AsTold;
    gl_bars: "glBars", Sound, AsTold;
    kars: "Kars", Notes, AsTold;
    ma_bitcrush: "MaBitcrush", Sound, AsTold;
    ma_freeverb: "MaFreeverb", Sound, AsTold;
    ma_gigaverb: "MaGigaverb", Sound, AsTold;
    ma_pitchshift: "MaPitchshift", Sound, AsTold;
    m_verb: "MVerb", Sound, AsTold;
    nekobi: "Nekobi", Notes, OfItsOwnBySwitches;
    ping_pong_pan: "PingPongPan", Sound, AsTold;
    pro_m: "ProM", Sound, AsTold;
    soul_force: "SoulForce", Sound, OfItsOwnBySwitches;
}

/// Those that go by one id in CLAP: only their files tell them apart.
const ONE_ID: [&str; 4] = ["3BandEQ", "3BandSplitter", "MVerb", "PingPongPan"];

/// Every file below a format's folder of the corpus: bundles as a whole, files in plain folders by themselves.
fn files(format: Format, folder: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.map(|path| match format {
        Format::Clap if path.is_dir() => path.join(path.file_name().unwrap()),
        Format::Clap | Format::Vst3 => path,
    });
    files.collect()
}

/// Scans, looks at every line, and gives the files that were found.
fn listed(bench: &Bench, folders: &[&Path], format: impl Fn(&Path) -> Format) -> Vec<PathBuf> {
    let mut words = vec!["scan", "--json"];
    folders
        .iter()
        .for_each(|folder| words.extend(["--path", text(folder)]));
    let lines = bench.run(&words);
    let mut found = Vec::new();
    for plugin in lines {
        let mut names: Vec<_> = plugin.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["features", "file", "format", "id", "name", "vendor", "version"],
            "{plugin}"
        );
        let file = PathBuf::from(plugin["file"].as_str().unwrap());
        assert_eq!(plugin["format"], format(&file).key(), "{plugin}");
        assert!(
            ["id", "name", "vendor"].iter().all(|name| plugin[name] != ""),
            "{plugin}"
        );
        found.push(file);
    }
    found
}

#[test]
fn all_are_listed() {
    let Some(bench) = Bench::of_corpus() else { return };
    let mut both = BTreeSet::new();
    let folders = FORMATS.map(|format| corpus_of(format).unwrap());
    for (format, folder) in FORMATS.iter().zip(&folders) {
        let known = PLUGINS
            .iter()
            .map(|plugin| file_of(*format, plugin.name).unwrap());
        let known: BTreeSet<_> = known.collect();
        assert_eq!(
            known,
            files(*format, folder),
            "the plugins with a test, and those that there are"
        );
        let found = listed(&bench, &[folder], |_| *format);
        assert_eq!(found.len(), known.len());
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), known);
        // The second time it is remembered, and the same.
        assert_eq!(listed(&bench, &[folder], |_| *format).len(), known.len());
        both.extend(known);
    }
    let folders = [folders[0].as_path(), folders[1].as_path()];
    let found = listed(&bench, &folders, |file| Format::of_file(file).unwrap());
    assert_eq!(found.len(), both.len());
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), both);
}

#[test]
fn ids_are_of_one_plugin_in_vst3_and_files_tell_apart_those_of_clap() {
    let Some(bench) = Bench::of_corpus() else { return };
    for format in FORMATS {
        let mut ids = BTreeMap::<String, Vec<&str>>::new();
        for plugin in PLUGINS {
            let file = file_of(format, plugin.name).unwrap();
            let id = bench.describe(&file)["id"].as_str().unwrap().to_owned();
            ids.entry(id).or_default().push(plugin.name);
            let (preset, _) = bench.preset(&format!("{}-{}.backline", plugin.name, format.key()), &[&file]);
            let words = ["preset", "check", text(&preset)];
            let checked = run(&bench.program, bench.folder.path(), &words);
            assert!(checked.ok().out.contains(text(&file)), "{checked}");
        }
        let shared: Vec<_> = ids.values().filter(|names| names.len() > 1).collect();
        match format {
            Format::Clap => assert_eq!(shared, [&ONE_ID.to_vec()]),
            Format::Vst3 => assert!(shared.is_empty(), "{shared:?}"),
        }
    }
}
