use super::*;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

const ID: &str = "0123456789ABCDEF0123456789ABCDEF";

fn preset() -> VstPreset {
    VstPreset {
        class: ID.to_owned(),
        component: b"abc".to_vec(),
        controller: Some(b"de".to_vec()),
        program: None,
        info: None,
    }
}

/// A file of these chunks, laid out by hand.
fn file(class: &[u8; 32], chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = [b"VST3".as_slice(), &1_i32.to_le_bytes(), class, &[0; 8]].concat();
    let mut list = Vec::new();
    for (id, data) in chunks {
        list.extend_from_slice(*id);
        list.extend_from_slice(&size(bytes.len()));
        list.extend_from_slice(&size(data.len()));
        bytes.extend_from_slice(data);
    }
    let at = size(bytes.len());
    bytes[40..48].copy_from_slice(&at);
    bytes.extend_from_slice(b"List");
    bytes.extend_from_slice(&i32::try_from(chunks.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(&list);
    bytes
}

fn class() -> &'static [u8; 32] {
    ID.as_bytes().try_into().unwrap()
}

fn refused(bytes: &[u8], words: &str) {
    let sentence = VstPreset::read(bytes).unwrap_err().to_string();
    assert!(sentence.contains(words), "no \"{words}\" in: {sentence}");
    assert!(
        sentence.starts_with("The state ") && sentence.ends_with('.'),
        "{sentence}"
    );
}

#[test]
fn every_byte_is_where_the_format_wants_it() {
    let mut preset = preset();
    preset.info = Some("<MetaInfo/>".to_owned());
    let expected = file(
        class(),
        &[(b"Comp", b"abc"), (b"Cont", b"de"), (b"Info", b"<MetaInfo/>")],
    );
    assert_eq!(preset.write(), expected);
    assert_eq!(VstPreset::read(&expected).unwrap(), preset);
    preset.program = Some(b"\x07\0\0\0data".to_vec());
    let ids: Vec<u8> = preset.write()[48 + 3 + 2 + 8 + 11 + 8..]
        .chunks_exact(20)
        .flat_map(|entry| entry[..4].to_vec())
        .collect();
    assert_eq!(ids, b"CompContProgInfo");
}

#[test]
fn other_programs_files_are_read() {
    // A class id in small letters, a chunk that nobody knows, one that is there twice, the list not at the end.
    let mut bytes = file(
        b"0123456789abcdef0123456789abcdef",
        &[
            (b"What", b"?"),
            (b"Comp", b"first"),
            (b"Comp", b"second"),
            (b"Cont", b""),
            (b"Info", b"\xef\xbb\xbf<?xml?>"),
        ],
    );
    bytes.extend_from_slice(b"something behind it");
    let read = VstPreset::read(&bytes).unwrap();
    assert_eq!(
        (read.class.as_str(), read.component.as_slice()),
        (ID, b"first".as_slice())
    );
    assert_eq!(read.controller, Some(Vec::new()));
    assert!(read.is_for("0123456789abcdef0123456789ABCDEF") && !read.is_for("0123"));
    // A version that does not exist yet: the SDK does not look at it.
    bytes[4] = 9;
    assert_eq!(VstPreset::read(&bytes).unwrap(), read);
}

#[test]
fn chunks_may_share_bytes() {
    let mut bytes = file(class(), &[(b"Comp", b"abc"), (b"Cont", b"")]);
    let end = bytes.len();
    bytes.copy_within(end - 36..end - 20, end - 16);
    let read = VstPreset::read(&bytes).unwrap();
    assert_eq!(read.controller.as_deref(), Some(b"abc".as_slice()));
}

#[test]
fn what_is_no_preset_is_told_apart() {
    refused(b"", "it is empty");
    refused(b"hello", "does not start as one");
    for vst2 in [b"CcnK\0\0\0\0FxCk", b"CcnK\0\0\0\0FBCh"] {
        refused(vst2, ".fxp or .fxb");
    }
    let whole = preset().write();
    for length in 1..whole.len() {
        let error = VstPreset::read(&whole[..length]);
        assert!(error.is_err(), "cut off after {length} bytes");
    }
    refused(&whole[..20], "within its header");
    refused(&whole[..whole.len() - 1], "cut off within its list of 2 chunks");
    refused(
        &file(b"0123456789ABCDEF0123456789ABCDEG", &[(b"Comp", b"")]),
        "32 hex digits",
    );
    refused(&file(class(), &[]), "no component state");
    refused(&file(class(), &[(b"Prog", b"\0\0\0\0x")]), "a single program");
}

#[test]
fn every_length_and_place_is_checked() {
    let whole = preset().write();
    let list = 48 + 3 + 2;
    let with = |at: usize, value: &[u8]| {
        let mut bytes = whole.clone();
        bytes[at..at + value.len()].copy_from_slice(value);
        bytes
    };
    for value in [
        (-1_i64).to_le_bytes(),
        i64::MIN.to_le_bytes(),
        i64::MAX.to_le_bytes(),
        size(whole.len() + 1),
    ] {
        refused(&with(40, &value), "list of chunks lies beyond its end");
        refused(&with(list + 8 + 4, &value), "chunk Comp lies beyond its end");
        refused(&with(list + 8 + 12, &value), "chunk Comp lies beyond its end");
    }
    refused(&with(40, &0_i64.to_le_bytes()), "no list of chunks");
    refused(&with(list + 4, &(-1_i32).to_le_bytes()), "below 0");
    refused(
        &with(list + 4, &i32::MAX.to_le_bytes()),
        "cut off within its list",
    );
}

#[test]
fn attributes_survive_their_xml() {
    let mut preset = preset();
    preset.describe("A & B \"<&amp;>\"\n2", "M'aker", "");
    assert_eq!(
        preset.attribute("PlugInName").as_deref(),
        Some("A & B \"<&amp;>\" 2")
    );
    assert_eq!(preset.attribute("PlugInVendor").as_deref(), Some("M'aker"));
    assert_eq!(preset.attribute("MediaType").as_deref(), Some("VstPreset"));
    assert_eq!(preset.attribute("PlugInCategory"), None);
    // As other programs write it.
    for element in [
        "<Attr id=\"PlugInName\" value=\"X\" type=\"string\"/>",
        "<Attribute type='string' value = 'X' id = 'PlugInName' flags=''></Attribute>",
    ] {
        preset.info = Some(format!(
            "\u{feff}<?xml version=\"1.0\"?><MetaInfo>{element}</MetaInfo>"
        ));
        assert_eq!(preset.attribute("PlugInName").as_deref(), Some("X"), "{element}");
    }
    for odd in [
        "",
        "<",
        "<a",
        "<a id",
        "<a id=",
        "<a id=\"PlugInName",
        "<a id=\"PlugInName\">",
        "no xml",
    ] {
        preset.info = Some(odd.to_owned());
        assert_eq!(preset.attribute("PlugInName"), None, "{odd}");
    }
}

#[test]
fn files_are_read_and_never_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.vstpreset");
    let absent = VstPreset::read_file(&path).unwrap_err().to_string();
    assert!(absent.contains("a.vstpreset cannot be read"), "{absent}");
    preset().save(&path, false).unwrap();
    assert_eq!(VstPreset::read_file(&path).unwrap(), preset());
    let other = VstPreset {
        component: b"other".to_vec(),
        ..preset()
    };
    let there = other.save(&path, false).unwrap_err().to_string();
    assert!(there.contains("a.vstpreset is there already"), "{there}");
    assert_eq!(VstPreset::read_file(&path).unwrap(), preset());
    other.save(&path, true).unwrap();
    assert_eq!(VstPreset::read_file(&path).unwrap(), other);
    std::fs::write(&path, "CcnK").unwrap();
    let old = VstPreset::read_file(&path).unwrap_err().to_string();
    assert!(
        old.contains("a.vstpreset is no VST3 preset") && old.contains(".fxp"),
        "{old}"
    );
    assert!(VstPreset::read_file(folder.path()).is_err());
    let nowhere = preset().save(&folder.path().join("absent/b.vstpreset"), true);
    assert!(matches!(nowhere, Err(VstPresetError::Unwritable { .. })));
    assert!(preset().save(folder.path(), true).is_err());
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing is left behind"
    );
}

fn any_preset() -> impl Strategy<Value = VstPreset> {
    let bytes = || vec(any::<u8>(), 0..300);
    ("[0-9A-F]{32}", bytes(), of(bytes()), of(bytes()), of(".{0,40}")).prop_map(
        |(class, component, controller, program, info)| VstPreset {
            class,
            component,
            controller,
            program,
            info,
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read(preset in any_preset()) {
        let bytes = preset.write();
        prop_assert!(VstPreset::is_vst_preset(&bytes));
        prop_assert_eq!(VstPreset::read(&bytes).unwrap(), preset);
    }

    #[test]
    fn any_bytes_are_survived(bytes in vec(any::<u8>(), 0..400)) {
        let _whatever = VstPreset::read(&bytes);
        let _whatever = VstPreset::read(&[b"VST3".as_slice(), &bytes].concat());
    }

    #[test]
    fn any_damage_is_survived(
        preset in any_preset(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = preset.write();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(read) = VstPreset::read(&bytes) {
            // Chunks may have come to overlap, but each is a part of the file.
            prop_assert!(read.component.len() <= bytes.len());
        }
        let _whatever = VstPreset::read(&bytes[..cut.index(bytes.len())]);
    }

    #[test]
    fn any_info_is_survived(info in ".{0,80}", id in "[a-z]{0,3}") {
        let preset = VstPreset { info: Some(info), ..VstPreset::default() };
        let _whatever = preset.attribute(&id);
    }
}
