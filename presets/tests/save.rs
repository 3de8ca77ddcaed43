//! Saving: at every moment the path holds one whole preset, and the previous version is kept.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use presets::{Preset, SaveError, State, backup_path, load, save};

fn named(name: &str) -> Preset {
    Preset {
        name: name.into(),
        ..Preset::default()
    }
}

fn name_of(path: &Path) -> String {
    load(path).unwrap().name
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn in_folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.backline");
    (folder, path)
}

#[test]
fn the_previous_version_is_kept_and_nothing_else_is_left() {
    let (folder, path) = in_folder();
    save(&path, &named("one")).unwrap();
    assert_eq!(names_in(folder.path()), ["p.backline"]);
    save(&path, &named("two")).unwrap();
    save(&path, &named("three")).unwrap();
    assert_eq!(
        (name_of(&path), name_of(&backup_path(&path))),
        ("three".into(), "two".into())
    );
    assert_eq!(names_in(folder.path()), ["p.backline", "p.backline~"]);
}

#[test]
fn the_path_holds_a_whole_preset_at_every_moment() {
    let (_folder, path) = in_folder();
    let noise: Vec<u8> = (0..200_000_u32)
        .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0])
        .collect();
    let preset = |name: &str| {
        let mut preset = named(name);
        let mut plugin = presets::Plugin::new(presets::PluginFormat::Clap, "x");
        plugin.state = Some(State::from(noise.clone()));
        preset.master.plugins.push(plugin);
        preset
    };
    save(&path, &preset("0")).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                assert_eq!(load(&path).unwrap().master.plugins.len(), 1);
                reads += 1;
            }
            reads
        });
        for round in 1..=40 {
            save(&path, &preset(&round.to_string())).unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(reader.join().unwrap() > 0);
    });
    assert_eq!(name_of(&path), "40");
}

#[test]
fn what_cannot_be_loaded_is_not_saved() {
    let (folder, path) = in_folder();
    save(&path, &named("one")).unwrap();
    let mut bad = named("bad");
    bad.master.gain_db = 25.0;
    assert_eq!(
        save(&path, &bad).unwrap_err().to_string(),
        format!(
            "could not save the preset {}: `master.gain-db`: 25.0 is out of range; write a gain in dB from -120 to 24",
            path.display()
        )
    );
    assert_eq!(name_of(&path), "one");
    assert_eq!(names_in(folder.path()), ["p.backline"]);
}

#[test]
fn a_previous_version_that_cannot_be_kept_stops_the_saving() {
    let (folder, path) = in_folder();
    save(&path, &named("one")).unwrap();
    // A folder that is not empty stands where the previous version belongs.
    fs::create_dir_all(backup_path(&path).join("in the way")).unwrap();
    let error = save(&path, &named("two")).unwrap_err();
    assert!(matches!(error, SaveError::Backup { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("its previous version could not be kept as "),
        "{error}"
    );
    assert!(error.to_string().contains("; the file is as it was, "), "{error}");
    assert_eq!(name_of(&path), "one");
    assert_eq!(names_in(folder.path()), ["p.backline", "p.backline~"]);
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let (folder, _) = in_folder();
    let sentence = save(&folder.path().join("no/p.backline"), &named("x"))
        .unwrap_err()
        .to_string();
    assert!(sentence.contains("p.backline: "), "{sentence}");
    assert!(
        sentence.ends_with("; the file is as it was, check that the folder exists"),
        "{sentence}"
    );
    let sentence = save(folder.path(), &named("x")).unwrap_err().to_string();
    assert!(sentence.starts_with("could not save the preset "), "{sentence}");
    assert_eq!(names_in(folder.path()), [""; 0]);
}

#[test]
fn a_write_protected_file_is_left_alone() {
    let (_folder, path) = in_folder();
    save(&path, &named("one")).unwrap();
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    let error = save(&path, &named("two")).unwrap_err();
    assert!(matches!(error, SaveError::Protected { .. }), "{error}");
    assert_eq!(name_of(&path), "one");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::process::Command;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn the_permissions_of_the_old_file_are_kept() {
        let (_folder, path) = in_folder();
        save(&path, &named("one")).unwrap();
        for bits in [0o600, 0o640, 0o664] {
            fs::set_permissions(&path, fs::Permissions::from_mode(bits)).unwrap();
            save(&path, &named("two")).unwrap();
            assert_eq!((mode(&path), mode(&backup_path(&path))), (bits, bits));
        }
    }

    #[test]
    fn a_new_file_has_the_permissions_of_any_new_file() {
        let (folder, path) = in_folder();
        save(&path, &named("one")).unwrap();
        let other = folder.path().join("other");
        fs::write(&other, "").unwrap();
        assert_eq!(mode(&path), mode(&other));
    }

    #[test]
    fn the_previous_version_is_the_old_file_itself() {
        let (_folder, path) = in_folder();
        save(&path, &named("one")).unwrap();
        let inode = fs::metadata(&path).unwrap().ino();
        save(&path, &named("two")).unwrap();
        assert_eq!(fs::metadata(backup_path(&path)).unwrap().ino(), inode);
    }

    #[test]
    fn a_link_stays_a_link() {
        let (folder, target) = in_folder();
        fs::create_dir(folder.path().join("links")).unwrap();
        let link = folder.path().join("links/stage.backline");
        symlink("../other.backline", &link).unwrap();
        symlink("p.backline", folder.path().join("other.backline")).unwrap();
        // First to a target that is not there yet, then to one that is.
        for name in ["one", "two"] {
            save(&link, &named(name)).unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!((name_of(&link), name_of(&target)), (name.into(), name.into()));
        }
        assert_eq!(name_of(&backup_path(&target)), "one");
        assert_eq!(names_in(&folder.path().join("links")), ["stage.backline"]);
    }

    #[test]
    fn links_in_a_circle_are_named() {
        let (folder, path) = in_folder();
        symlink("other", &path).unwrap();
        symlink("p.backline", folder.path().join("other")).unwrap();
        assert!(
            save(&path, &named("x"))
                .unwrap_err()
                .to_string()
                .contains("go round in a circle")
        );
    }

    /// Set in the child of the test below, which may write no file larger than a few blocks.
    const CHILD: &str = "BACKLINE_TEST_SAVES_WHERE_NO_FILE_MAY_GROW";

    #[test]
    fn a_disk_that_is_full_leaves_the_old_file() {
        if let Some(path) = std::env::var_os(CHILD) {
            save_too_much(Path::new(&path));
            return;
        }
        let (folder, path) = in_folder();
        save(&path, &named("one")).unwrap();
        save(&path, &named("two")).unwrap();
        // The shell's limit on a file's size ends a write halfway, as a full disk does.
        let status = Command::new("sh")
            .args(["-c", "ulimit -f 8; trap '' XFSZ; exec \"$0\" \"$@\""])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "unix::a_disk_that_is_full_leaves_the_old_file"])
            .env(CHILD, &path)
            .output()
            .unwrap();
        assert!(
            status.status.success(),
            "{}",
            String::from_utf8_lossy(&status.stdout)
        );
        assert_eq!(
            (name_of(&path), name_of(&backup_path(&path))),
            ("two".into(), "one".into())
        );
        assert_eq!(names_in(folder.path()), ["p.backline", "p.backline~"]);
    }

    fn save_too_much(path: &Path) {
        let sentence = save(path, &named(&"x".repeat(100_000))).unwrap_err().to_string();
        assert!(sentence.contains("the file is as it was"), "{sentence}");
    }
}
