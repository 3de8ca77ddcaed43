//! `.vstpreset` files: written as other hosts write them, and read however others wrote them.

use crate::stage::{instance, load, open, stage, vst3};
use host::plugin::{StateError, VstPreset};
use std::fs;

/// The class id of `state`, as presets write it.
const STATE: &[u8; 32] = b"424B4C4E56535433000000000000000B";

/// A component state of `state`, in the fixture's own format: Size, Seed, and the payload made from them.
fn component(size: u32, seed: u32) -> Vec<u8> {
    let payload: Vec<u8> = (0..size)
        .map(|index| (index * 31 + seed).to_le_bytes()[0])
        .collect();
    fixture_state(&[(1, f64::from(size)), (2, f64::from(seed))], &payload)
}

/// A controller state of `state`: its own value.
fn controller(value: f64) -> Vec<u8> {
    fixture_state(&[(3, value)], b"controller")
}

fn fixture_state(values: &[(u32, f64)], payload: &[u8]) -> Vec<u8> {
    let length = |length: usize| u32::try_from(length).unwrap().to_le_bytes();
    let mut bytes = b"BKLNFIX1".to_vec();
    bytes.extend(length(values.len()));
    for (id, value) in values {
        bytes.extend(id.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(length(payload.len()));
    bytes.extend(payload);
    bytes
}

/// A file by the layout of the SDK's `vstpresetfile.h`: header, version, class id, place of the list; the chunks; the list
/// with id, place and size of each.
fn file(class: &[u8], chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = b"VST3".to_vec();
    bytes.extend(1_i32.to_le_bytes());
    bytes.extend(class);
    let data: usize = chunks.iter().map(|(_, data)| data.len()).sum();
    bytes.extend(i64::try_from(48 + data).unwrap().to_le_bytes());
    let mut places = Vec::new();
    for (_, data) in chunks {
        places.push(bytes.len());
        bytes.extend(*data);
    }
    bytes.extend(b"List");
    bytes.extend(i32::try_from(chunks.len()).unwrap().to_le_bytes());
    for ((id, data), place) in chunks.iter().zip(places) {
        bytes.extend(*id);
        bytes.extend(i64::try_from(place).unwrap().to_le_bytes());
        bytes.extend(i64::try_from(data.len()).unwrap().to_le_bytes());
    }
    bytes
}

const INFO: &[u8] =
    b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<MetaInfo>\r\n\t<Attribute id=\"PlugInName\" \
    value=\"state\" type=\"string\" flags=\"writeProtected\"/>\r\n</MetaInfo>\r\n";

#[test]
fn a_saved_state_is_a_preset_file_to_the_byte() {
    let fixture = open();
    let mut instance = load("state");
    instance.set_values(&[(1, 5.0), (2, 9.0), (3, 0.25)]);
    assert_eq!(
        instance.save_state().unwrap(),
        file(
            STATE,
            &[(b"Comp", &component(5, 9)), (b"Cont", &controller(0.25))]
        )
    );
    drop(instance);
    // A controller without a state of its own has no chunk.
    let mut watch = load("watch");
    let preset = VstPreset::read(&watch.save_state().unwrap()).unwrap();
    assert_eq!(
        (preset.controller, preset.class.as_str()),
        (None, "424B4C4E565354330000000000000001")
    );
    drop(watch);
    fixture.assert_gone();
}

#[test]
fn files_of_other_hosts_are_read_whatever_their_order() {
    let fixture = open();
    let (comp, cont) = (component(7, 3), controller(0.5));
    let orders: [&[(&[u8; 4], &[u8])]; 4] = [
        &[(b"Comp", &comp), (b"Cont", &cont), (b"Info", INFO)],
        &[(b"Info", INFO), (b"Cont", &cont), (b"Comp", &comp)],
        &[
            (b"Xtra", b"something of another maker"),
            (b"Cont", &cont),
            (b"Comp", &comp),
            (b"Zero", b""),
        ],
        // Of two chunks of one kind the first counts.
        &[(b"Comp", &comp), (b"Cont", &cont), (b"Comp", b"not this one")],
    ];
    for chunks in orders {
        let mut instance = load("state");
        let loads = ["state.loads", "controller.loads"].map(|name| fixture.counter(name));
        let mut bytes = file(STATE, chunks);
        bytes.extend(b"what comes behind the list");
        instance.load_state(&bytes).unwrap();
        let values = [1, 2, 3].map(|id| instance.value(id));
        assert_eq!(values, [Some(7.0), Some(3.0), Some(0.5)]);
        assert_eq!(fixture.counter("state.loads"), loads[0] + 1);
        assert_eq!(fixture.counter("controller.loads"), loads[1] + 1);
        assert_eq!(
            instance.save_state().unwrap(),
            file(STATE, &[(b"Comp", &comp), (b"Cont", &cont)])
        );
    }
    fixture.assert_gone();
}

#[test]
fn a_class_id_in_small_letters_is_the_same_class() {
    let fixture = open();
    let mut instance = load("state");
    let small = STATE.to_ascii_lowercase();
    instance
        .load_state(&file(&small, &[(b"Comp", &component(4, 1))]))
        .unwrap();
    assert_eq!(instance.value(1), Some(4.0));
    drop(instance);
    fixture.assert_gone();
}

#[test]
fn a_preset_file_is_loaded_before_the_state() {
    let fixture = open();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Seven.vstpreset");
    fs::write(
        &path,
        file(STATE, &[(b"Comp", &component(7, 3)), (b"Info", INFO)]),
    )
    .unwrap();
    let mut spec = vst3("state");
    spec.preset = Some(path);
    let mut first = stage(spec.clone());
    first.play(64);
    assert_eq!(instance(&mut first).value(1), Some(7.0));
    let saved = first.session.save_states().unwrap().remove(0).1;
    assert_eq!(VstPreset::read(&saved).unwrap().component, component(7, 3));
    drop(first);
    spec.state = Some(file(STATE, &[(b"Comp", &component(2, 8))]));
    let mut second = stage(spec);
    assert_eq!(instance(&mut second).value(1), Some(2.0));
    drop(second);
    fixture.assert_gone();
}

#[test]
fn another_classes_state_is_refused_by_name() {
    let fixture = open();
    let mut watch = load("watch");
    let before = watch.save_state().unwrap();
    let error = watch
        .load_state(&file(STATE, &[(b"Comp", &component(1, 1))]))
        .unwrap_err();
    assert!(matches!(error, StateError::OtherPlugin { .. }));
    assert_eq!(
        error.to_string(),
        "The state is for the plugin with the class id 424B4C4E56535433000000000000000B, and watch has \
         424B4C4E565354330000000000000001. Load it with the plugin that it was saved with."
    );
    assert_eq!(watch.save_state().unwrap(), before);
    assert_eq!(
        fixture.counter("state.refusals"),
        0,
        "the plugin was not even asked"
    );
    drop(watch);
    fixture.assert_gone();
}

#[test]
fn what_is_cut_off_or_no_preset_is_refused_before_the_plugin_sees_it() {
    let fixture = open();
    let mut instance = load("state");
    let whole = file(STATE, &[(b"Comp", &component(5, 5)), (b"Cont", &controller(0.5))]);
    for length in 0..whole.len() {
        let error = instance.load_state(&whole[..length]).unwrap_err();
        assert!(
            matches!(error, StateError::Unreadable { .. }),
            "{length}: {error}"
        );
        let text = error.to_string();
        assert!(!text.contains('\n') && text.ends_with('.'), "{text}");
    }
    for other in [&b"CcnK older"[..], b"RIFF", b"{\"state\": 1}", b"VST3"] {
        assert!(matches!(
            instance.load_state(other).unwrap_err(),
            StateError::Unreadable { .. }
        ));
    }
    assert!(instance.load_state(&file(STATE, &[(b"Cont", b"x")])).is_err());
    assert_eq!(instance.value(1), Some(16.0), "nothing was taken over");
    assert_eq!(
        ["state.loads", "state.refusals"].map(|name| fixture.counter(name)),
        [0, 0]
    );
    drop(instance);
    fixture.assert_gone();
}
