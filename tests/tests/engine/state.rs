//! States are kept whole, and what a preset says of parameters comes after them.

use host::plugin::{Instance, StateError, VstPreset};
use host::session::{RackError, RackSpec, Stamp};
use tests::{Fixture, Format, Stage, at, layer, name_of, plugin, plugin_as, rack, rows, with_params_as};

/// A rack of `state`, which reads and writes in pieces of 1 to 7 bytes.
fn keeper(format: Format, params: &[(&str, f64)], state: Option<Vec<u8>>) -> RackSpec {
    let mut keeper = with_params_as(format, "state", params);
    keeper.state = state;
    rack(vec![layer(vec![keeper])])
}

fn saved(stage: &mut Stage) -> Vec<u8> {
    let mut states = stage.session.save_states().unwrap();
    assert_eq!(states.len(), 1);
    let (address, state) = states.remove(0);
    assert_eq!(address, at(0, 0));
    state
}

rows!(a_state_comes_back_byte_for_byte_however_it_is_cut_up);

fn a_state_comes_back_byte_for_byte_however_it_is_cut_up(format: Format) {
    let fixture = Fixture::open_as(format);
    for size in [0_u32, 1, 6, 7, 8, 1_000, 65_537, 3_000_001] {
        let params = [("Size", f64::from(size)), ("Seed", 91.0)];
        let mut first = Stage::new(&keeper(format, &params, None), 64);
        first.play(128);
        let state = saved(&mut first);
        assert!(state.len() > size as usize, "{size}");
        drop(first);
        let mut second = Stage::new(&keeper(format, &[], Some(state.clone())), 64);
        assert!(saved(&mut second) == state, "{size}");
        let instance = &mut second
            .session
            .rack_mut()
            .unwrap()
            .plugin_mut(at(0, 0))
            .unwrap()
            .instance;
        assert_eq!(
            (instance.value(1), instance.value(2)),
            (Some(f64::from(size)), Some(91.0))
        );
    }
    assert_eq!(fixture.counter("state.refusals"), 0);
    fixture.assert_gone();
}

rows!(states_are_saved_while_the_music_plays_layer_by_layer_and_the_master_last);

fn states_are_saved_while_the_music_plays_layer_by_layer_and_the_master_last(format: Format) {
    let fixture = Fixture::open_as(format);
    let level = |level| with_params_as(format, "watch", &[("Level", level)]);
    let mut spec = rack(vec![layer(vec![level(0.1), level(0.2)]), layer(vec![level(0.3)])]);
    spec.master = vec![with_params_as(
        format,
        "effect",
        &[("Gain", 0.5), ("Latency", 0.0)],
    )];
    let mut stage = Stage::new(&spec, 64);
    stage.play(640);
    let states = stage.session.save_states().unwrap();
    let addresses: Vec<_> = states.iter().map(|(address, _)| *address).collect();
    assert_eq!(addresses, [at(0, 0), at(0, 1), at(1, 0), at(u8::MAX, 0)]);
    stage.play(640);
    let level = stage.played[0][0];
    assert!((level - 0.3).abs() < 1e-6);
    assert!(
        stage.played.iter().flatten().all(|&sample| sample == level),
        "saving is not heard"
    );

    // The same rack from its states alone.
    let mut plain = rack(vec![
        layer(vec![plugin_as(format, "watch"), plugin_as(format, "watch")]),
        layer(vec![plugin_as(format, "watch")]),
    ]);
    plain.master = vec![plugin_as(format, "effect")];
    let specs = plain
        .layers
        .iter_mut()
        .flat_map(|layer| &mut layer.plugins)
        .chain(&mut plain.master);
    specs
        .zip(states)
        .for_each(|(spec, (_, state))| spec.state = Some(state));
    let mut again = Stage::new(&plain, 64);
    again.play(640);
    assert!(again.played.iter().flatten().all(|&sample| sample == level));
    drop((stage, again));
    fixture.assert_gone();
}

rows!(parameters_are_set_after_the_state);

fn parameters_are_set_after_the_state(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut instance = Instance::load(&plugin_as(format, "watch").source).unwrap();
    assert!(instance.set_values(&[(0x8000_0001, 0.75), (2, 3.0)]));
    let state = instance.save_state().unwrap();
    drop(instance);
    let mut spec = with_params_as(format, "watch", &[("Level", 0.5), ("2147483649", 0.25)]);
    spec.state = Some(state);
    let mut stage = Stage::new(&rack(vec![layer(vec![spec])]), 64);
    assert!(
        stage.play(64).iter().all(|&sample| sample == 0.25),
        "by name or by id, the last word counts"
    );
    let instance = &mut stage
        .session
        .rack_mut()
        .unwrap()
        .plugin_mut(at(0, 0))
        .unwrap()
        .instance;
    assert_eq!(
        instance.value(2),
        Some(3.0),
        "what no parameter names is the state's"
    );
    assert_eq!(instance.text(2, 3.0).as_deref(), Some("Three"));
    drop(stage);
    fixture.assert_gone();
}

/// What a preset keeps when the plugin's own state is `own`: as VST3 that is wrapped up as a `.vstpreset`, like `good`.
fn with_own(format: Format, good: &[u8], own: &[u8]) -> Vec<u8> {
    match format {
        Format::Clap => own.to_vec(),
        Format::Vst3 => VstPreset {
            component: own.to_vec(),
            ..VstPreset::read(good).unwrap()
        }
        .write(),
    }
}

rows!(a_refused_state_is_an_error_and_what_played_plays_on);

fn a_refused_state_is_an_error_and_what_played_plays_on(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut stage = Stage::new(
        &rack(vec![layer(vec![with_params_as(
            format,
            "watch",
            &[("Level", 0.25)],
        )])]),
        64,
    );
    stage.play(64);
    let good = saved(&mut Stage::new(&keeper(format, &[], None), 64));
    let bad: [&[u8]; 4] = [b"", b"nonsense", b"BKLNFIX1", b"BKLNFIX1\x02\0\0\0\x01\0\0\0"];
    for own in bad {
        let state = with_own(format, &good, own);
        let error = stage
            .session
            .load(&keeper(format, &[], Some(state.clone())))
            .unwrap_err();
        assert!(
            matches!(
                error,
                RackError::State {
                    source: StateError::Refused { .. },
                    ..
                }
            ),
            "{error:?}"
        );
        assert_eq!(
            error.to_string(),
            format!(
                "Layer/1: The plugin {} refused the state of {} bytes. It may come from another version of \
                 the plugin; remove `state` from the preset to begin anew.",
                name_of(format, "state"),
                state.len()
            )
        );
        stage.play(640);
    }
    assert!(stage.played.iter().flatten().all(|&sample| sample == 0.25));
    assert_eq!(fixture.counter("state.refusals"), 4);
    assert_eq!(fixture.counter("instances.alive"), 1);

    // Every component of VST3 may keep a state; one may say that it does not.
    let mut stateless = match format {
        Format::Clap => plugin_as(format, "tail"),
        Format::Vst3 => plugin_as(format, "not-implemented"),
    };
    stateless.state = Some(match format {
        Format::Clap => vec![1, 2, 3],
        Format::Vst3 => VstPreset {
            class: "424B4C4E565354330000000000000017".to_owned(),
            component: vec![1, 2, 3],
            ..VstPreset::default()
        }
        .write(),
    });
    let error = stage
        .session
        .load(&rack(vec![layer(vec![stateless])]))
        .unwrap_err();
    assert!(
        matches!(
            error,
            RackError::State {
                source: StateError::None { .. },
                ..
            }
        ),
        "{error:?}"
    );
    drop(stage);
    fixture.assert_gone();
}

rows!(parameters_that_do_not_exist_or_are_out_of_range_are_warnings);

/// A new version of a plugin must not silence a preset that was made with an older one.
fn parameters_that_do_not_exist_or_are_out_of_range_are_warnings(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut stage = Stage::new(&rack(vec![layer(vec![plugin_as(format, "watch")])]), 64);
    let warn = |stage: &mut Stage, params: &[(&str, f64)]| {
        let spec = rack(vec![layer(vec![with_params_as(format, "watch", params)])]);
        stage.session.load(&spec).unwrap();
        let rack = stage.session.rack_mut().unwrap();
        let [warning] = &rack.warnings[..] else {
            panic!("{:?}", rack.warnings);
        };
        let told = warning.to_string();
        let instance = &mut rack.plugin_mut(at(0, 0)).unwrap().instance;
        let id = instance.find_param("Level").unwrap().id;
        let level = instance.value(id);
        (told, level)
    };
    let (unknown, level) = warn(&mut stage, &[("Loudness", 0.5), ("Level", 0.25)]);
    assert!(
        unknown.starts_with("Layer/1: ")
            && unknown.contains("\"Loudness\"")
            && unknown.ends_with("is left out."),
        "{unknown}"
    );
    assert_eq!(level, Some(0.25), "the others are set");
    for (value, set) in [
        (1.5, 1.0),
        (-2.0, -1.0),
        (f64::INFINITY, 1.0),
        (f64::NEG_INFINITY, -1.0),
    ] {
        let (range, level) = warn(&mut stage, &[("Level", value)]);
        assert!(
            range.contains("\"Level\"")
                && range.contains("-1 to 1")
                && range.ends_with(&format!("set to {set}.")),
            "{range}"
        );
        assert_eq!(level, Some(set));
    }
    let (no_number, _) = warn(&mut stage, &[("Level", f64::NAN)]);
    assert!(no_number.ends_with("is left out."), "{no_number}");
    stage
        .session
        .load(&rack(vec![layer(vec![with_params_as(
            format,
            "watch",
            &[("Level", 0.25)],
        )])]))
        .unwrap();
    assert!(stage.session.rack().unwrap().warnings.is_empty());
    drop(stage);
    fixture.assert_gone();
}

rows!(who_sets_a_parameter_while_it_plays_is_told_at_once);

fn who_sets_a_parameter_while_it_plays_is_told_at_once(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut stage = Stage::new(&rack(vec![layer(vec![plugin_as(format, "watch")])]), 64);
    assert!(
        stage
            .session
            .set_param(at(0, 0), "Loudness", 0.5, Stamp::Now)
            .is_err()
    );
    assert!(
        stage
            .session
            .set_param(at(0, 0), "Level", 7.0, Stamp::Now)
            .is_err()
    );
    assert!(
        !stage
            .session
            .set_param(at(3, 0), "Level", 0.5, Stamp::Now)
            .unwrap(),
        "there is no such plugin"
    );
    assert!(
        stage
            .session
            .set_param(at(0, 0), "Level", 0.5, Stamp::Now)
            .unwrap()
    );
    assert!(stage.play(64).iter().all(|&sample| sample == 0.5));
    drop(stage);
    fixture.assert_gone();
}

/// The plugin loads its own preset file first, then the state, then the parameters.
#[test]
fn a_plugins_own_preset_file_is_loaded_and_reported() {
    use host::plugin::PluginEvent;
    use host::session::SessionEvent;
    let fixture = Fixture::open();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("level.preset");
    std::fs::write(&file, "0.625").unwrap();
    let mut spec = plugin("watch");
    spec.preset = Some(file.clone());
    let mut stage = Stage::new(&rack(vec![layer(vec![spec.clone()])]), 64);
    assert!(stage.play(64).iter().all(|&sample| sample == 0.625));
    let loaded = |event: &SessionEvent| {
        matches!(
            event,
            SessionEvent::Plugin {
                event: PluginEvent::PresetLoaded,
                ..
            }
        )
    };
    assert!(stage.events.iter().any(loaded), "{:?}", stage.events);

    std::fs::write(&file, "no number").unwrap();
    let error = stage.session.load(&rack(vec![layer(vec![spec])])).unwrap_err();
    assert!(
        matches!(
            error,
            RackError::State {
                source: StateError::Preset { .. },
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(fixture.counter("preset.loads"), 1);
    drop(stage);
    fixture.assert_gone();
}
