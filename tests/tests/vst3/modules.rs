//! Files that are no VST3 plugins, though their names say so.

use crate::stage::open;
use host::plugin::{Instance, LoadError, Source, describe};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tests::{fixture, program, run};

/// Modules that list nothing to play, and words of the sentence that says why.
const BROKEN: [(&str, &str); 4] = [
    ("vst3-no-factory", "it is a library without `GetPluginFactory`"),
    ("vst3-null-factory", "no plugin factory"),
    ("vst3-entry-fails", "its entry refused to initialise"),
    (
        "vst3-empty-factory",
        "its factory makes only \"Plugin Compatibility Class\"",
    ),
];

/// A folder that looks like a bundle, with a library of `package` for each machine named.
fn bundle(folder: &TempDir, name: &str, machines: &[&str], package: Option<&str>) -> PathBuf {
    let root = folder.path().join(name);
    fs::create_dir_all(root.join("Contents")).unwrap();
    for machine in machines {
        let library = root.join("Contents").join(machine);
        fs::create_dir_all(&library).unwrap();
        if let Some(package) = package {
            let extension = if cfg!(windows) { "vst3" } else { "so" };
            let stem = root.file_stem().unwrap().to_str().unwrap();
            fs::copy(fixture(package), library.join(format!("{stem}.{extension}"))).unwrap();
        }
    }
    root
}

const fn here() -> &'static str {
    match (cfg!(windows), cfg!(target_arch = "aarch64")) {
        (false, false) => "x86_64-linux",
        (false, true) => "aarch64-linux",
        (true, false) => "x86_64-win",
        (true, true) => "arm64-win",
    }
}

/// The sentence that both a look at the file and a load of a plugin of it give.
fn refused(file: &Path) -> String {
    let described = describe(file).unwrap_err().to_string();
    let loaded = Instance::load(&Source {
        file: file.to_owned(),
        which: None,
    });
    assert_eq!(loaded.unwrap_err().to_string(), described);
    assert!(
        !described.contains('\n') && described.ends_with('.') && described.contains(file.to_str().unwrap()),
        "{described}"
    );
    described
}

#[test]
fn modules_without_plugins_are_named_with_what_they_lack() {
    for (package, words) in BROKEN {
        let sentence = refused(&fixture(package));
        assert!(sentence.contains(words), "{package}: {sentence}");
    }
}

#[test]
fn a_bundle_for_other_machines_says_for_which() {
    let folder = tempfile::tempdir().unwrap();
    let other = bundle(&folder, "Other.vst3", &["s390x-linux", "ppc-win"], None);
    let sentence = refused(&other);
    assert!(
        sentence.contains(&format!("holds no library for {}", here()))
            && sentence.contains("only for ppc-win, s390x-linux"),
        "{sentence}"
    );
    assert!(matches!(
        describe(&other).unwrap_err(),
        LoadError::OtherArchitecture { .. }
    ));
    let none = refused(&bundle(&folder, "None.vst3", &[], None));
    assert!(none.contains("none for another machine"), "{none}");
    let hollow = refused(&bundle(&folder, "Hollow.vst3", &[here()], None));
    assert!(hollow.contains("holds no library"), "{hollow}");
    let plain = folder.path().join("Plain.vst3");
    fs::create_dir(&plain).unwrap();
    assert!(refused(&plain).contains("a folder without `Contents`"));
}

/// The folder for this machine may hold a library that was built for another one.
#[test]
fn a_library_for_another_machine_is_told_before_the_system_tries() {
    let folder = tempfile::tempdir().unwrap();
    let root = bundle(&folder, "Wrong.vst3", &[here()], None);
    let extension = if cfg!(windows) { "vst3" } else { "so" };
    let library = root
        .join("Contents")
        .join(here())
        .join(format!("Wrong.{extension}"));
    // An ELF header of a 64-bit machine of IBM's.
    let mut header = vec![0_u8; 64];
    header[..6].copy_from_slice(b"\x7fELF\x02\x02");
    header[19] = 22;
    fs::write(&library, header).unwrap();
    let error = describe(&root).unwrap_err();
    assert!(matches!(error, LoadError::OtherMachine { .. }), "{error}");
    fs::write(&library, b"").unwrap();
    assert!(describe(&root).unwrap_err().to_string().contains("it is empty"));
    fs::write(&library, b"#!/bin/sh").unwrap();
    assert!(
        describe(&root)
            .unwrap_err()
            .to_string()
            .contains("is not a plugin")
    );
}

#[test]
fn a_bundle_and_its_library_are_the_same_plugin_file() {
    let fixture = open();
    let folder = tempfile::tempdir().unwrap();
    let root = bundle(&folder, "Good.vst3", &[here(), "ppc-win"], Some("vst3-fixture"));
    let classes = describe(&root).unwrap();
    assert_eq!(classes.len(), 49);
    assert!(classes.iter().all(|class| class.file == root));
    let extension = if cfg!(windows) { "vst3" } else { "so" };
    let library = root
        .join("Contents")
        .join(here())
        .join(format!("Good.{extension}"));
    assert_eq!(describe(&library).unwrap(), classes);
    let instance = Instance::load(&Source {
        file: root,
        which: Some("watch".to_owned()),
    });
    assert_eq!(
        instance.unwrap().descriptor().id,
        "424B4C4E565354330000000000000001"
    );
    fixture.assert_gone();
}

#[test]
fn a_class_that_makes_no_component_fails_alone() {
    let file = fixture("vst3-wrong-class");
    let classes = describe(&file).unwrap();
    assert_eq!(classes.len(), 3);
    for class in classes {
        let error = Instance::load(&Source {
            file: file.clone(),
            which: Some(class.name.clone()),
        })
        .unwrap_err();
        let sentence = error.to_string();
        assert!(
            matches!(error, LoadError::Init { .. })
                && sentence.contains(&class.id)
                && sentence.contains("its factory made no component of it"),
            "{}: {sentence}",
            class.name
        );
    }
}

#[test]
fn several_classes_need_a_name_and_a_wrong_one_is_told_the_right_ones() {
    let fixture = open();
    let file = tests::fixture("vst3-fixture");
    let load = |which: Option<&str>| {
        Instance::load(&Source {
            file: file.clone(),
            which: which.map(str::to_owned),
        })
    };
    let unnamed = load(None).unwrap_err();
    assert!(matches!(&unnamed, LoadError::Which { known, .. } if known.len() == 49));
    let unknown = load(Some("424B4C4E5653543300000000000000FF")).unwrap_err();
    assert!(matches!(unknown, LoadError::NoSuchPlugin { .. }), "{unknown}");
    // The controllers' classes are no plugins.
    assert!(load(Some("424B4C4E565354330000000100000001")).is_err());
    for which in [
        "424B4C4E565354330000000000000001",
        "424b4c4e565354330000000000000001",
        "watch",
    ] {
        assert_eq!(load(Some(which)).unwrap().descriptor().name, "watch");
    }
    fixture.assert_gone();
}

/// `backline scan` opens each file in a process of its own, so that a bad one costs only itself.
#[test]
fn a_scan_lists_what_is_broken_beside_what_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let home = tempfile::tempdir().unwrap();
    for (package, _) in BROKEN {
        bundle(&folder, &format!("{package}.vst3"), &[here()], Some(package));
    }
    fs::copy(
        fixture("vst3-wrong-class"),
        folder.path().join("wrong-class.vst3"),
    )
    .unwrap();
    bundle(&folder, "other.vst3", &["ppc-win"], None);
    bundle(&folder, "good.vst3", &[here()], Some("vst3-fixture"));
    let words = ["scan", "--json", "--path", folder.path().to_str().unwrap()];
    let lines = run(&program(), home.path(), &words).json();
    for (package, words) in BROKEN.into_iter().chain([("other", "holds no library for")]) {
        let of_file: Vec<_> = lines
            .iter()
            .filter(|line| {
                line["file"]
                    .as_str()
                    .is_some_and(|file| file.ends_with(&format!("{package}.vst3")))
            })
            .collect();
        assert_eq!(of_file.len(), 1, "{package}: {lines:?}");
        let sentence = of_file[0]["error"].as_str().unwrap();
        assert!(sentence.contains(words), "{sentence}");
    }
    let good = |name: &str| {
        let of_file = lines.iter().filter(|line| {
            line["file"].as_str().is_some_and(|file| file.ends_with(name)) && line["error"].is_null()
        });
        of_file.count()
    };
    assert_eq!((good("good.vst3"), good("wrong-class.vst3")), (49, 3));
}
