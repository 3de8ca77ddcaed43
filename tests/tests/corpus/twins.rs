//! A plugin in both formats: it tells the same of itself and sounds the same, bit for bit, wherever its two wrappers do
//! the same with what they are told.
//!
//! All plugins here are made with DPF, whose wrappers differ in a few things, each pinned by a test or kept clear of:
//!
//! - Values that come within a block: the CLAP wrapper applies all of them before the block, the VST3 wrapper those of
//!   its first frame before the block and the later ones behind it. So what the one does at a block's start the other
//!   does at the end of the block before it.
//! - MIDI within a block: the VST3 wrapper gets notes and controllers in separate lists and joins them, and where a
//!   controller comes between others it may put it too early. So controllers stand apart here, or blocks are short.
//! - Values themselves: the VST3 wrapper gets them normalized and works out the plain ones as floats, so that in the
//!   midst of a range the last bit may be another one. The ends of a range are exact.
//! - Values that it believes the plugin has, which at first are the defaults, the VST3 wrapper does not pass on. The two
//!   of three bands begin with other values than their defaults, the minimum of one parameter, and stay there.

use crate::bench::{Bench, Fed, Message, assert_same, chord, decibels, file_of, text};
use crate::plugins::Plugin;
use host::plugin::Format;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tests::FORMATS;

/// Plugins whose parameters change what they show and not what they play, or that have none.
const SHOW_ONLY: [&str; 2] = ["glBars", "ProM"];

/// The controller that moves the first parameter.
const FIRST: u8 = 20;

/// What the last bit of a parameter's value may do to the sound, in dBFS.
const LAST_BIT: f64 = -100.0;

/// Everything that is asked of one plugin in both formats.
pub fn check(plugin: Plugin) {
    let Some(bench) = Bench::of_corpus() else { return };
    let twins = Twins {
        files: FORMATS.map(|format| file_of(format, plugin.name).unwrap()),
        told: FORMATS.map(|format| bench.describe(&file_of(format, plugin.name).unwrap())),
        bench,
        plugin,
    };
    twins.tell_the_same();
    let fresh = twins.sound_the_same_when_new();
    twins.sound_the_same_with_values(&fresh);
    twins.sound_the_same_while_values_move(&fresh);
    if plugin.fed == Fed::Notes {
        twins.sound_the_same_with_controllers(&fresh);
    }
}

/// Values for all parameters that can be seen and set, by name: each at this part of its range.
pub fn values(told: &Value, part: f64) -> BTreeMap<String, f64> {
    let values = settable(told).into_iter().map(|param| {
        let [min, max] = ["min", "max"].map(|name| param[name].as_f64().unwrap());
        let value = min + part * (max - min);
        let stepped = param["steps"].is_u64();
        let value = if stepped { value.round() } else { value };
        (param["name"].as_str().unwrap().to_owned(), value)
    });
    values.collect()
}

fn settable(told: &Value) -> Vec<&Value> {
    let params = told["parameters"].as_array().unwrap().iter();
    let flag = |param: &Value, flag: &str| {
        let flags = param["flags"].as_array().unwrap();
        flags.iter().any(|known| known == flag)
    };
    params
        .filter(|param| !flag(param, "read-only") && !flag(param, "hidden"))
        .collect()
}

/// A plugin in both formats, CLAP first.
struct Twins {
    bench: Bench,
    plugin: Plugin,
    files: [PathBuf; 2],
    told: [Value; 2],
}

impl Twins {
    /// Fails if the plugin listens to what made these sounds of a fresh one, and they are the same; or the other way round.
    fn assert_heard(&self, fresh: &[f32], sounds: &[Vec<f32>]) {
        let heard = sounds.iter().any(|sound| differ(sound, fresh));
        assert_eq!(heard, !SHOW_ONLY.contains(&self.plugin.name), "it is heard");
    }

    /// The VST3 wrapper adds parameters of its own, all hidden: block size, rate, program, and every MIDI controller.
    fn tell_the_same(&self) {
        let [clap, vst3] = &self.told;
        let [params, same] = [settable(clap), settable(vst3)];
        assert_eq!(params.len(), same.len(), "{clap}\n{vst3}");
        for (one, other) in params.into_iter().zip(same) {
            for key in ["name", "min", "max", "steps", "value"] {
                assert_eq!(one[key], other[key], "{key}: {one} {other}");
            }
            // VST3 keeps the unit apart, and Backline puts it behind.
            let [text, with_unit] = [one, other].map(|param| param["text"].as_str().unwrap());
            assert!(with_unit.starts_with(text), "{one} {other}");
            // Normalized, and as a float.
            let [one, other] = [one, other].map(|param| param["default"].as_f64().unwrap());
            assert!((one - other).abs() <= 2e-6 * one.abs(), "{one} {other}");
        }
        for key in ["name", "vendor", "latency", "editor"] {
            assert_eq!(clap[key], vst3[key]);
        }
        let channels = |told: &Value, ports: &str, list: &str| -> Vec<Value> {
            let list = told[ports][list].as_array().unwrap();
            list.iter().map(|port| port["channels"].clone()).collect()
        };
        for list in ["audio_inputs", "audio_outputs"] {
            assert_eq!(channels(clap, "ports", list), channels(vst3, "buses", list));
        }
    }

    /// Renders both and gives what they have in common.
    fn render(&self, what: &[Vec<&str>; 2], more: &[&str], case: &str) -> Vec<f32> {
        let [clap, vst3] = what.each_ref().map(|what| self.bench.render_with(what, more));
        assert_same(&clap, &vst3, &format!("{}, {case}", self.plugin.name));
        clap
    }

    fn sound_the_same_when_new(&self) -> Vec<f32> {
        let feed = self.bench.feed(self.plugin.fed);
        let files = self.files.each_ref().map(|file| vec!["--plugin", text(file)]);
        for block in ["37", "64", "1024"] {
            let more = [&feed[..], &["--block", block]].concat();
            self.render(&files, &more, &format!("new, at blocks of {block}"));
        }
        let presets = ["state-clap.backline", "state-vst3.backline"];
        let presets: Vec<_> = presets
            .iter()
            .zip(&self.files)
            .map(|(preset, file)| self.bench.preset(preset, &[file]).0)
            .collect();
        let presets = [vec![text(&presets[0])], vec![text(&presets[1])]];
        self.render(&presets, &feed, "with its own state");
        self.render(&files, &feed, "new")
    }

    /// Presets of both formats that hold these values and maps.
    fn presets(&self, name: &str, values: &BTreeMap<String, f64>, maps: &[presets::Map]) -> [PathBuf; 2] {
        [0, 1].map(|index: usize| {
            let format = FORMATS[index];
            let plugin = presets::Plugin {
                file: Some(text(&self.files[index]).to_owned()),
                params: values.clone(),
                ..presets::Plugin::new(
                    match format {
                        Format::Clap => presets::PluginFormat::Clap,
                        Format::Vst3 => presets::PluginFormat::Vst3,
                    },
                    self.told[index]["id"].as_str().unwrap(),
                )
            };
            let name = format!("{name}-{}.backline", format.key());
            self.bench.write(&name, vec![plugin], maps.to_vec())
        })
    }

    fn sound_the_same_with_values(&self, fresh: &[f32]) {
        let sounds = [0.05, 0.4, 0.77, 1.0].map(|part| {
            let presets = self.presets(&format!("at-{part}"), &values(&self.told[0], part), &[]);
            let presets = presets.each_ref().map(|preset| vec![text(preset)]);
            let feed = self.bench.feed(self.plugin.fed);
            self.render(&presets, &feed, &format!("parameters at {part}"))
        });
        self.assert_heard(fresh, &sounds);
    }

    /// Controllers move all parameters, at the starts of blocks and within them.
    fn sound_the_same_while_values_move(&self, fresh: &[f32]) {
        let presets = self.presets("mapped", &BTreeMap::new(), &self.maps());
        let [clap, vst3] = &presets;
        let play = |preset: &Path, midi: &Path, block: &str| {
            let mut words = vec!["--midi-file", text(midi), "--block", block];
            if self.plugin.fed != Fed::Notes {
                words.extend(self.bench.feed(self.plugin.fed));
            }
            self.bench.render_with(&[text(preset)], &words)
        };
        let what = |what: &str| format!("{}, parameters that move {what}", self.plugin.name);

        // A tick of the MIDI file is 50 frames, so a block of one tick, and one of four, begins each 0.1 s.
        let ends = self.moves("ends.mid", 0, [127, 0, 127, 0]);
        let sounds = ["50", "200"].map(|block| {
            let sound = play(clap, &ends, block);
            assert_same(&sound, &play(vst3, &ends, block), &what("from end to end"));
            sound
        });
        self.assert_heard(fresh, &sounds);

        let within = self.moves("within.mid", 1, [127, 0, 127, 0]);
        let behind = self.moves("behind.mid", 4, [127, 0, 127, 0]);
        let (early, late) = (play(clap, &within, "200"), play(vst3, &within, "200"));
        assert_same(&early, &sounds[1], &what("in a block, before it in CLAP"));
        assert_same(
            &late,
            &play(vst3, &behind, "200"),
            &what("in a block, behind it in VST3"),
        );
        assert_same(
            &late,
            &play(clap, &behind, "200"),
            &what("in a block, a block apart"),
        );

        let midst = self.moves("midst.mid", 0, [99, 30, 64, 7]);
        let [one, other] = [clap, vst3].map(|preset| play(preset, &midst, "50"));
        let difference: Vec<_> = one.iter().zip(&other).map(|(one, other)| one - other).collect();
        let difference = decibels(&difference);
        assert!(
            difference < LAST_BIT,
            "{}: {difference} dBFS",
            what("to the midst of their ranges")
        );
    }

    /// A controller for each parameter.
    fn maps(&self) -> Vec<presets::Map> {
        let params = settable(&self.told[0]);
        let names = params.iter().map(|param| param["name"].as_str().unwrap());
        (FIRST..)
            .zip(names)
            .map(|(cc, name)| presets::Map {
                cc,
                channel: None,
                to: format!("Layer/1/{name}").parse().unwrap(),
                range: None,
            })
            .collect()
    }

    /// A MIDI file that moves all parameters four times, so many ticks behind a tenth of a second. A parameter with steps
    /// is moved to one of its ends: between two steps the formats take different ones.
    fn moves(&self, name: &str, ticks: u8, values: [u8; 4]) -> PathBuf {
        let mut messages = chord();
        for (time, value) in [0.2, 0.5, 0.8, 1.1].into_iter().zip(values) {
            let time = time + f64::from(ticks) / 960.0;
            for (cc, param) in (FIRST..).zip(settable(&self.told[0])) {
                let end = if value < 64 { 0 } else { 127 };
                let value = if param["steps"].is_u64() { end } else { value };
                messages.push((time, vec![0xb0, cc, value]));
            }
        }
        // Whatever came before, the file is as long.
        messages.push((1.3, vec![0x80, 1, 0]));
        self.bench.midi(name, &messages)
    }

    /// Of the two instruments Nekobi listens to controllers. Kars does not, but what comes within a block parts it, and in a
    /// part of a block Kars plays notes from its start.
    fn sound_the_same_with_controllers(&self, fresh: &[f32]) {
        let files = self.files.each_ref().map(|file| vec!["--plugin", text(file)]);
        let play = |name: &str, apart: f64, block: &str| {
            let midi = self.bench.midi(name, &controllers(apart));
            let more = ["--midi-file", text(&midi), "--block", block];
            let sound = self.render(&files, &more, &format!("controllers {apart} s apart"));
            let listens = self.plugin.name == "Nekobi";
            assert!(!listens || differ(&sound, fresh), "controllers are heard");
        };
        // In a block of 256 there is at most one.
        play("sparse.mid", 0.009, "256");
        play("dense.mid", 0.003, "64");
    }
}

/// Whether they differ as far as both go.
fn differ(one: &[f32], other: &[f32]) -> bool {
    one.iter().zip(other).any(|(one, other)| one != other)
}

/// Notes, with every controller, the wheel and both pressures between them.
fn controllers(apart: f64) -> Vec<Message> {
    let modes = 120..;
    let each = (0..128_u8).filter(|number| !modes.contains(number));
    let each = each.map(|number| vec![0xb0, number, number.wrapping_mul(5) & 127]);
    let others: [&[u8]; 6] = [
        &[0xe0, 0, 0x60],
        &[0xd0, 77],
        &[0xa0, 57, 70],
        &[0xe0, 0x7e, 0x7f],
        &[0xe0, 0, 0],
        &[0xe0, 0, 0x40],
    ];
    let others = others.map(<[u8]>::to_vec);
    let times = (0..).map(|number| 0.15 + apart * f64::from(number));
    let mut messages = chord();
    messages.extend(times.zip(each.chain(others)));
    messages
}
