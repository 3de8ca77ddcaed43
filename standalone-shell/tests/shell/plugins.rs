//! Files that are no plugins, and plugins that fail.

use super::program::{Home, library, one_note};
#[cfg(target_os = "linux")]
use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// Loading that plugin has to fail with one sentence, whatever it is loaded for.
fn refused(home: &Home, plugin: &str, words: &[&str]) {
    let midi = home.write("note.mid", one_note(60));
    let midi = midi.to_str().expect("a path in UTF-8");
    home.run(&["play", "--plugin", plugin, "--driver", "null", "--for", "1"])
        .fails_with(1, words);
    home.run(&[
        "render",
        "--plugin",
        plugin,
        "--midi-file",
        midi,
        "--output",
        "o.wav",
    ])
    .fails_with(1, words);
    assert!(
        !home.at("o.wav").exists(),
        "a rendering that failed leaves nothing behind"
    );
    assert!(
        !home.leftovers().iter().any(|name| name.ends_with(".part")),
        "{:?}",
        home.leftovers()
    );
}

/// So has opening it at all.
fn unusable(home: &Home, plugin: &str, words: &[&str]) {
    refused(home, plugin, words);
    home.run(&["plugin", plugin]).fails_with(1, words);
    home.run(&["preset", "new", "--plugin", plugin, "--output", "n.backline"])
        .fails_with(1, words);
    assert!(!home.at("n.backline").exists());
}

#[test]
fn missing_file() {
    unusable(&Home::new(), "absent.clap", &["absent.clap"]);
}

#[test]
fn unknown_id() {
    unusable(
        &Home::new(),
        "org.example.absent",
        &["org.example.absent", "CLAP_PATH"],
    );
}

#[test]
fn text_file() {
    let home = Home::new();
    home.write("text.clap", "hello");
    unusable(&home, "text.clap", &["text.clap", "not a plugin"]);
    home.write("empty.clap", "");
    unusable(&home, "empty.clap", &["empty.clap", "it is empty"]);
    home.write("song.mp3", "hello");
    unusable(&home, "song.mp3", &["song.mp3", "not a plugin"]);
}

#[test]
fn other_architecture() {
    let home = Home::new();
    let mut header = vec![0; 64];
    header[..5].copy_from_slice(b"\x7fELF\x02");
    header[18] = 183;
    home.write("arm.clap", header);
    unusable(&home, "arm.clap", &["arm.clap", "64-bit ARM"]);
}

#[test]
fn libraries_without_plugins() {
    for (package, words) in [
        ("clap-no-entry", &["not a plugin"][..]),
        ("clap-no-factory", &["no plugin factory"]),
        ("clap-empty-factory", &["its factory is empty"]),
        ("clap-init-fails", &["refused to initialise"]),
    ] {
        let home = Home::new();
        home.plugin(&library(package), "x.clap");
        unusable(&home, "x.clap", &[&["x.clap"], words].concat());
    }
}

#[test]
fn id_that_the_file_does_not_hold() {
    let home = Home::new();
    home.fixture();
    unusable(
        &home,
        "fixture.clap#org.example.absent",
        &["no plugin \"org.example.absent\"", "it holds"],
    );
    unusable(&home, "fixture.clap", &["holds 23 plugins", "FILE#ID"]);
}

#[test]
fn failing_init() {
    let home = Home::new();
    home.fixture();
    unusable(
        &home,
        "fixture.clap#org.backline.fixture.fail-init",
        &["failed to start"],
    );
}

#[test]
fn failing_activate() {
    let home = Home::new();
    home.fixture();
    let plugin = "fixture.clap#org.backline.fixture.fail-activate";
    refused(
        &home,
        plugin,
        &["Fixture Fail Activate", "refuses to run at 48000 Hz"],
    );
    // It can still be told of.
    let ran = home.run(&["plugin", plugin, "--json"]);
    assert!(ran.succeeds().lines()[0]["latency"].is_null(), "{ran:?}");
}

#[test]
fn failing_start() {
    let home = Home::new();
    home.fixture();
    let plugin = "fixture.clap#org.backline.fixture.fail-start";
    home.run(&["play", "--plugin", plugin, "--driver", "null", "--for", "1"])
        .fails_with(1, &["Fixture Fail Start", "refused to start processing"]);
}

#[test]
fn scans_survive_plugins_that_crash_and_hang() {
    let home = Home::new();
    for package in ["clap-crash-scan", "clap-no-entry", "clap-empty-factory"] {
        home.plugin(&library(package), &format!("plugins/{package}.clap"));
    }
    home.plugin(&library("clap-fixture"), "plugins/fixture.clap");
    let ran = home.run(&["scan", "--path", "plugins", "--json"]);
    let lines = ran.succeeds().lines();
    let failed: Vec<_> = lines.iter().filter(|line| line["error"].is_string()).collect();
    assert_eq!(failed.len(), 3, "{lines:?}");
    assert!(failed.iter().any(|line| {
        line["error"]
            .as_str()
            .is_some_and(|error| error.contains("crash"))
    }));
    let watch = lines
        .iter()
        .find(|line| line["id"] == "org.backline.fixture.watch")
        .expect("the good plugin");
    assert_eq!(
        (&watch["format"], &watch["name"]),
        (&"clap".into(), &"Fixture Watch".into())
    );
    assert!(
        watch["file"]
            .as_str()
            .is_some_and(|file| file.ends_with("plugins/fixture.clap")),
        "{watch}"
    );
    assert!(
        watch["features"]
            .as_array()
            .is_some_and(|features| features.contains(&"instrument".into()))
    );
}

#[test]
fn a_scan_that_hangs_is_ended() {
    let home = Home::new();
    home.plugin(&library("clap-hang-scan"), "plugins/hang.clap");
    let ran = home.run(&["scan", "--path", "plugins", "--json"]);
    let lines = ran.succeeds().lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0]["error"]
            .as_str()
            .is_some_and(|error| error.contains("10 s")),
        "{lines:?}"
    );
}

#[test]
fn checks_survive_plugins_that_crash() {
    let home = Home::new();
    home.plugin(&library("clap-crash-scan"), "crash.clap");
    home.write(
        "p.backline",
        "format = 1\n[[layer]]\nname = \"Test\"\n[[layer.plugin]]\nformat = \"clap\"\nid = \"org.example.crash\"\n\
         file = \"crash.clap\"\n",
    );
    home.run(&["preset", "check", "p.backline"])
        .fails_with(1, &["Test/1", "crash"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_name_that_is_no_text_costs_nothing() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let home = Home::new();
    home.fixture();
    let folder = home.at("plugins");
    fs::create_dir_all(&folder).expect("made");
    fs::copy(
        home.at("fixture.clap"),
        folder.join(OsStr::from_bytes(b"odd\xff.clap")),
    )
    .expect("copied");
    fs::write(folder.join(OsStr::from_bytes(b"bad\xff.clap")), "no plugin").expect("written");
    let ran = home.run(&["scan", "--path", "plugins", "--json"]);
    let lines = ran.succeeds().lines();
    let is = |key: &str, part: &str| {
        lines
            .iter()
            .any(|line| line[key].as_str().is_some_and(|text| text.contains(part)))
    };
    assert!(is("id", "org.backline.fixture.watch"), "{lines:?}");
    assert!(is("file", "odd\u{fffd}.clap"), "{lines:?}");
    assert!(is("error", "not a program library"), "{lines:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_is_no_plugin_and_nobody_waits_for_it() {
    let home = Home::new();
    for name in ["pipe.vst3", "pipe.clap"] {
        let made = Command::new("mkfifo").arg(home.at(name)).status();
        assert!(made.expect("coreutils").success());
        home.run(&["plugin", name])
            .fails_with(1, &[name, "a device or a pipe"]);
        home.run(&["play", "--plugin", name, "--driver", "null", "--for", "1"])
            .fails_with(1, &[name, "a device or a pipe"]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_check_that_is_killed_leaves_no_plugin_behind() {
    let home = Home::new();
    home.plugin(&library("clap-hang-scan"), "hang.clap");
    home.write(
        "p.backline",
        "format = 1\n[[layer]]\n[[layer.plugin]]\nformat = \"clap\"\nid = \"org.example.hang\"\nfile = \"hang.clap\"\n",
    );
    let mut check = home
        .command(&["preset", "check", "p.backline"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    let children = format!("/proc/{0}/task/{0}/children", check.id());
    let child = soon(|| {
        let children = fs::read_to_string(&children).unwrap_or_default();
        children.split_whitespace().next().map(str::to_owned)
    });
    check.kill().expect("killed");
    check.wait().expect("ended");
    let child = PathBuf::from(format!("/proc/{}/cmdline", child.expect("a child process")));
    // Of a process that has ended and that nobody waits for, the words are gone.
    let gone = soon(|| match fs::read(&child) {
        Ok(words) if words.starts_with(env!("CARGO_BIN_EXE_backline").as_bytes()) => None,
        _ => Some(()),
    });
    assert!(gone.is_some(), "the child lives on");
}

/// What comes within ten seconds.
#[cfg(target_os = "linux")]
fn soon<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let until = Instant::now() + Duration::from_secs(10);
    while Instant::now() < until {
        if let Some(found) = look() {
            return Some(found);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    None
}
