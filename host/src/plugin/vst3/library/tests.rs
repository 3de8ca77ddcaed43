use super::*;
use std::fs;
use std::path::PathBuf;

const FIRST: &str = "4261636B6C696E65F0E1D2C3B4A59687";
const SECOND: &str = "4261636B6C696E65F0E1D2C3B4A59688";
const OLD: &str = "00000000000000000000000000000001";

fn id(text: &str) -> ClassId {
    ClassId::parse(text).expect("an id")
}

fn class(text: &str, category: &str, name: &str) -> Class {
    Class {
        id: id(text),
        category: category.to_owned(),
        name: name.to_owned(),
        vendor: "Maker".to_owned(),
        version: "1".to_owned(),
        sdk_version: String::new(),
        sub_categories: vec!["Fx".to_owned()],
        flags: 0,
    }
}

fn two() -> Vec<Class> {
    vec![
        class(FIRST, AUDIO, "First"),
        class(&OLD.replace('1', "2"), "Component Controller Class", "First's"),
        class(SECOND, AUDIO, ""),
    ]
}

fn found(classes: Vec<Class>, replaced: &[Replaced], which: Option<&str>) -> Result<String, String> {
    match find(classes, replaced, Path::new("x.vst3"), which) {
        Ok((class, descriptor)) => {
            assert_eq!(class.id.to_string(), descriptor.id);
            assert_eq!(descriptor.file, PathBuf::from("x.vst3"));
            Ok(descriptor.id)
        }
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn a_plugin_is_found_by_id_name_or_as_the_only_one() {
    for (which, expected) in [
        (FIRST, FIRST),
        (&FIRST.to_lowercase(), FIRST),
        ("first", FIRST),
        // It has no name, so its id is one.
        (SECOND, SECOND),
    ] {
        assert_eq!(found(two(), &[], Some(which)).as_deref(), Ok(expected), "{which}");
    }
    let only = vec![class(FIRST, AUDIO, "First")];
    assert_eq!(found(only, &[], None).as_deref(), Ok(FIRST));
    let sentence = found(two(), &[], None).expect_err("two");
    assert!(
        sentence.contains("holds 2 plugins") && sentence.contains(SECOND),
        "{sentence}"
    );
    let sentence = found(two(), &[], Some("third")).expect_err("none");
    assert!(
        sentence.contains("holds no plugin \"third\"") && sentence.contains(FIRST),
        "{sentence}"
    );
}

#[test]
fn an_old_id_gives_the_class_that_replaces_it_unless_it_is_still_there() {
    let replaced = |old: &str| {
        [Replaced {
            new: id(SECOND),
            old: vec![id(old)],
        }]
    };
    assert_eq!(found(two(), &replaced(OLD), Some(OLD)).as_deref(), Ok(SECOND));
    assert_eq!(found(two(), &replaced(FIRST), Some(FIRST)).as_deref(), Ok(FIRST));
    found(two(), &replaced(OLD), Some(&OLD.replace('1', "3"))).expect_err("another id");
}

#[test]
fn a_factory_without_plugins_says_what_it_has() {
    let sentence = found(Vec::new(), &[], None).expect_err("empty");
    assert!(sentence.contains("its factory is empty"), "{sentence}");
    let tests = vec![class(FIRST, "Test Class", "a"), class(SECOND, "Test Class", "b")];
    let sentence = found(tests, &[], None).expect_err("tests only");
    assert!(sentence.contains("makes only \"Test Class\"."), "{sentence}");
}

/// Enough of a library's header to be taken for one of this machine, and too little to be loaded.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn header() -> Vec<u8> {
    let mut bytes = vec![0; 64];
    bytes[..5].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2]);
    bytes[18] = 62;
    bytes
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn what_is_written_down_is_listed_without_loading_the_library_and_only_if_it_is_sound() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().join("x.vst3");
    let contents = root.join("Contents");
    fs::create_dir_all(contents.join("x86_64-linux")).expect("made");
    fs::create_dir(contents.join("Resources")).expect("made");
    let library = contents.join("x86_64-linux/x.so");
    fs::write(&library, [&header()[..], ENTRY].concat()).expect("written");
    let info = contents.join("Resources/moduleinfo.json");
    let text = format!(
        "{{ Classes: [ {{ CID: '{FIRST}', Category: '{AUDIO}', Name: 'First', 'Sub Categories': ['Fx', 'EQ'], }}, ], \
         Compatibility: [ {{ New: '{FIRST}', Old: ['{OLD}'] }} ] }}"
    );
    fs::write(&info, &text).expect("written");
    let expected = Descriptor {
        format: "vst3".to_owned(),
        id: FIRST.to_owned(),
        name: "First".to_owned(),
        vendor: String::new(),
        version: String::new(),
        file: root.clone(),
        features: vec!["Fx".to_owned(), "EQ".to_owned()],
        replaces: vec![OLD.to_owned()],
    };
    assert_eq!(describe(&root).expect("plugins"), [expected]);

    // Now the library is asked, and this one cannot be loaded.
    fs::write(&info, text.replace(AUDIO, "Test Class")).expect("written");
    let sentence = describe(&root).expect_err("no library").to_string();
    assert!(sentence.contains("x.so cannot be loaded"), "{sentence}");

    // It is asked too if nothing in it speaks of a plugin's entry.
    fs::write(&info, &text).expect("written");
    fs::write(&library, header()).expect("written");
    let sentence = describe(&root).expect_err("no entry").to_string();
    assert!(sentence.contains("x.so cannot be loaded"), "{sentence}");

    // Whatever is written of it, a library of another machine holds nothing to play.
    let mut other = header();
    other[18] = 183;
    fs::write(&library, other).expect("written");
    let sentence = describe(&root).expect_err("another machine").to_string();
    assert!(sentence.contains("Linux on 64-bit ARM"), "{sentence}");
}
