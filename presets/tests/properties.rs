//! Any preset survives its text, any text is survived, and an edit touches nothing but its key.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use presets::{
    Buffer, Device, Driver, KeyRange, Layer, Map, Master, Midi, Plugin, PluginFormat, Preset, Release, State,
    Target, TargetChain, VelocityRange, factory, limits, parse, set_text, unset_text,
};
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;

/// A name with what is hard for a text format: quotation marks, dots, line breaks, other alphabets.
fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 .\"'\\\\#=\\[\\]\n\t\u{e4}\u{4e2d}\u{1f3b9}-]{0,12}".prop_map(|text| format!("n{text}"))
}

fn plugin() -> impl Strategy<Value = Plugin> {
    let number = prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL;
    let id = prop_oneof![
        name().prop_map(|id| (PluginFormat::Clap, id)),
        "[0-9A-Fa-f]{32}".prop_map(|id| (PluginFormat::Vst3, id)),
    ];
    let state = of(vec(any::<u8>(), 0..200).prop_map(State::from));
    let values = (of(name()), btree_map(name(), number, 0..4));
    (id, of(name()), state, values).prop_map(|((format, id), file, state, (program, params))| Plugin {
        format,
        id,
        file,
        state,
        program,
        params,
    })
}

fn range(low: u8) -> impl Strategy<Value = (u8, u8)> {
    (low..=127, low..=127).prop_map(|(a, b)| (a.min(b), a.max(b)))
}

fn layer() -> impl Strategy<Value = Layer> {
    let notes = (range(0), range(1), of(limits::MIDI_CHANNEL), limits::TRANSPOSE);
    let level = (limits::GAIN_DB, limits::PAN, any::<bool>());
    (name(), notes, level, vec(plugin(), 0..3)).prop_map(|(name, notes, (gain_db, pan, mute), plugins)| {
        let ((low, high), (soft, hard), channel, transpose) = notes;
        let (keys, velocity) = (
            KeyRange { low, high },
            VelocityRange {
                low: soft,
                high: hard,
            },
        );
        Layer {
            name,
            keys,
            velocity,
            channel,
            transpose,
            gain_db,
            pan,
            mute,
            plugins,
        }
    })
}

fn map() -> impl Strategy<Value = Map> {
    let chain = prop_oneof![Just(TargetChain::Master), name().prop_map(TargetChain::Layer)];
    let to = (chain, 1..20_usize, name()).prop_map(|(chain, plugin, parameter)| Target {
        chain,
        plugin,
        parameter: parameter + "/2",
    });
    let range = of([prop::num::f64::NORMAL, prop::num::f64::NORMAL]);
    (limits::CC, of(limits::MIDI_CHANNEL), to, range).prop_map(|(cc, channel, to, range)| Map {
        cc,
        channel,
        to,
        range,
    })
}

fn device() -> impl Strategy<Value = Device> {
    let buffer = prop_oneof![Just(Buffer::Lowest), limits::BUFFER.prop_map(Buffer::Frames)];
    let release = prop_oneof![
        Just(Release::Never),
        Just(Release::Background),
        limits::IDLE_SECONDS.prop_map(|seconds| Release::Idle { seconds }),
    ];
    let outputs = of(prop::collection::btree_set(limits::DEVICE_CHANNEL, 0..4));
    let driver = of(prop::sample::select(&Driver::ALL));
    let inputs = of(vec(limits::DEVICE_CHANNEL, 0..4));
    (
        driver,
        of(name()),
        of(limits::SAMPLE_RATE),
        of(buffer),
        inputs,
        outputs,
        release,
    )
        .prop_map(
            |(driver, name, sample_rate, buffer, inputs, outputs, release)| Device {
                driver,
                name,
                sample_rate,
                buffer,
                inputs,
                outputs: outputs.map(|channels| channels.into_iter().collect()),
                release,
            },
        )
}

fn preset() -> impl Strategy<Value = Preset> {
    let midi =
        (of(vec(name(), 0..3)), vec(name(), 0..3)).prop_map(|(inputs, outputs)| Midi { inputs, outputs });
    let master = (limits::GAIN_DB, of(limits::LIMITER_DB), vec(plugin(), 0..3)).prop_map(
        |(gain_db, limiter_db, plugins)| Master {
            gain_db,
            limiter_db,
            plugins,
        },
    );
    (
        name(),
        device(),
        midi,
        vec(layer(), 0..4),
        vec(map(), 0..4),
        master,
    )
        .prop_map(|(name, device, midi, layers, maps, master)| Preset {
            name,
            device,
            midi,
            layers,
            maps,
            master,
        })
}

fn path() -> &'static Path {
    Path::new("p.backline")
}

/// Reads it, and if that fails checks that it fails with one line.
fn survives(text: &str) -> Result<(), TestCaseError> {
    if let Err(error) = parse(text, path()) {
        let sentence = error.to_string();
        prop_assert!(
            sentence.lines().count() == 1 && sentence.contains("p.backline"),
            "{sentence}"
        );
    }
    Ok(())
}

/// The bytes of a text that is a preset, with one piece of another in them.
fn mutated() -> impl Strategy<Value = String> {
    let source = prop_oneof![
        prop::sample::select(factory()).prop_map(|preset| preset.text.to_owned()),
        preset().prop_map(|preset| preset.to_toml().unwrap()),
    ];
    let piece = prop_oneof![
        "[\\[\\]{}=.,\"'#\n0-9a-z-]{0,4}",
        prop::sample::select(
            &[
                "[[layer]]\n",
                "= nan",
                "\"\"\"",
                "-1",
                "\r",
                "1e999",
                "0x",
                "\u{0}",
                "[layer.plugin]"
            ][..]
        )
        .prop_map(str::to_owned),
    ];
    (source, any::<prop::sample::Index>(), 0..20_usize, piece).prop_map(|(mut text, at, length, piece)| {
        let snap = |at: usize| (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let from = snap(at.index(text.len() + 1));
        let to = snap((from + length).min(text.len())).max(from);
        text.replace_range(from..to, &piece);
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_preset_survives_its_text(preset in preset()) {
        let text = preset.to_toml().unwrap();
        let again = parse(&text, path()).unwrap();
        prop_assert_eq!(&again, &preset, "{}", text);
        prop_assert_eq!(again.to_toml().unwrap(), text);
        // Warnings are for any preset.
        prop_assert!(again.problems().iter().all(|problem| !problem.text.is_empty()));
    }

    #[test]
    fn any_text_is_survived(text in any::<String>(), head in prop::bool::ANY) {
        survives(&if head { format!("format = 1\n{text}") } else { text })?;
    }

    #[test]
    fn a_broken_preset_is_survived(text in mutated()) {
        survives(&text)?;
    }

    #[test]
    fn an_edit_of_anything_is_survived(text in mutated(), key in "[a-z1-3.\"-]{0,12}|layer\\.1\\.[a-z-]{3,9}", value in ".{0,8}") {
        for result in [set_text(&text, path(), &key, &value), unset_text(&text, path(), &key)] {
            match result {
                Ok(text) => prop_assert!(parse(&text, path()).is_ok()),
                Err(error) => prop_assert_eq!(error.to_string().lines().count(), 1, "{}", error),
            }
        }
    }

    #[test]
    fn a_set_keeps_everything_else(preset in preset(), frames in 1..=8192_u32, windows in any::<bool>(), unended in any::<bool>()) {
        let mut text = format!("# before\n{}# after\n", preset.to_toml().unwrap());
        if windows {
            text = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        }
        if unended {
            text.truncate(text.trim_end().len());
        }
        let before = parse(&text, path()).unwrap();
        let edited = set_text(&text, path(), "device.buffer", &frames.to_string()).unwrap();
        let mut expected = before.clone();
        expected.device.buffer = Some(Buffer::Frames(frames));
        prop_assert_eq!(parse(&edited, path()).unwrap(), expected);

        // What is left of the old text is its beginning and its end; in between is the new value.
        let head = text.bytes().zip(edited.bytes()).take_while(|(a, b)| a == b).count();
        let tail = text.as_bytes()[head..].iter().rev().zip(edited.as_bytes()[head..].iter().rev())
            .take_while(|(a, b)| a == b).count();
        let lost = &text[head..text.len() - tail];
        let old = before.device.buffer.map_or(String::new(), |buffer| match buffer {
            Buffer::Lowest => "\"lowest\"".into(),
            Buffer::Frames(frames) => frames.to_string(),
        });
        prop_assert!(old.contains(lost), "{:?} was lost", lost);

        // Removing what was added gives the old text back, if its table was there.
        if preset.device != Device::default() && preset.device.buffer.is_none() {
            prop_assert_eq!(unset_text(&edited, path(), "device.buffer").unwrap(), text);
        }
    }
}
