use super::*;
use tempfile::TempDir;

/// The library `name` in the folder for this machine.
fn here(name: &str) -> String {
    format!("Contents/{}/{name}.{EXTENSION}", HERE[0])
}

/// A folder with these empty files, each with all the folders above it.
fn folder(files: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for file in files {
        let file = folder.path().join(file);
        fs::create_dir_all(file.parent().expect("a parent")).expect("made");
        fs::write(file, "").expect("written");
    }
    folder
}

fn sentence(file: &Path) -> String {
    Bundle::resolve(file).expect_err("no bundle").to_string()
}

#[test]
fn a_bundle_gives_its_library_and_what_is_written_of_it() {
    let binary = here("My Synth 1.2");
    let binary = format!("My Synth 1.2.vst3/{binary}");
    let newer = "My Synth 1.2.vst3/Contents/Resources/moduleinfo.json";
    let older = "My Synth 1.2.vst3/Contents/moduleinfo.json";
    for (infos, chosen) in [
        (&[][..], None),
        (&[older][..], Some(older)),
        (&[older, newer][..], Some(newer)),
    ] {
        let folder = folder(&[&[binary.as_str()], infos].concat());
        let root = folder.path().join("My Synth 1.2.vst3");
        let expected = Bundle {
            root: root.clone(),
            binary: folder.path().join(&binary),
            module_info: chosen.map(|info| folder.path().join(info)),
        };
        assert_eq!(Bundle::resolve(&root).expect("a bundle"), expected);
        // The library itself means its bundle.
        let inner = folder.path().join(&binary);
        assert_eq!(Bundle::resolve(&inner).expect("a bundle"), expected);
        assert!(is_in_bundle(&inner));
    }
}

#[test]
fn another_machines_library_means_its_bundle_too() {
    let own = format!("x.vst3/{}", here("x"));
    let other = "x.vst3/Contents/riscv64-linux/x.so";
    let folder = folder(&[&own, other]);
    let bundle = Bundle::resolve(&folder.path().join(other)).expect("a bundle");
    assert_eq!(bundle.binary, folder.path().join(own));
}

#[test]
fn a_bare_file_is_its_own_library() {
    let folder = folder(&["x.vst3", "Contents/x.vst3", "x86_64-linux/y.vst3"]);
    for name in ["x.vst3", "Contents/x.vst3", "x86_64-linux/y.vst3"] {
        let file = folder.path().join(name);
        let expected = Bundle {
            root: file.clone(),
            binary: file.clone(),
            module_info: None,
        };
        assert_eq!(Bundle::resolve(&file).expect("a file"), expected);
        assert!(!is_in_bundle(&file), "{name}");
    }
}

#[test]
fn a_renamed_bundle_gives_its_only_library() {
    let binary = format!("Renamed.vst3/{}", here("Original"));
    let text = format!("Renamed.vst3/Contents/{}/readme.txt", HERE[0]);
    let bundle = folder(&[&binary, &text]);
    let root = bundle.path().join("Renamed.vst3");
    assert_eq!(
        Bundle::resolve(&root).expect("a bundle").binary,
        bundle.path().join(&binary)
    );

    let second = format!("Renamed.vst3/{}", here("Helper"));
    let bundle = folder(&[&binary, &second]);
    let sentence = sentence(&bundle.path().join("Renamed.vst3"));
    assert!(
        sentence.contains("holds 2 libraries, none of them called `Renamed."),
        "{sentence}"
    );
}

#[test]
fn each_broken_bundle_gets_its_own_sentence() {
    let empty = format!("x.vst3/Contents/{}/readme.txt", HERE[0]);
    for (files, words) in [
        (&["x.vst3/readme.txt"][..], "it is a folder without `Contents`"),
        (&[empty.as_str()][..], "holds no library. Give"),
        (
            &["x.vst3/Contents/Resources/moduleinfo.json"][..],
            "and none for another machine",
        ),
        (
            &[
                "x.vst3/Contents/sparc-linux/x.so",
                "x.vst3/Contents/Resources/a",
                "x.vst3/Contents/MacOS/x",
            ][..],
            "only for MacOS, sparc-linux. Install the version for this machine.",
        ),
        (&[][..], "cannot be read"),
    ] {
        let folder = folder(files);
        let sentence = sentence(&folder.path().join("x.vst3"));
        assert!(
            sentence.contains(words) && sentence.contains("x.vst3"),
            "{sentence}"
        );
    }
}
