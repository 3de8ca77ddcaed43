//! The program `backline` on real JACK servers: which device it takes, what it tells, how it ends.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use tests::{JackServer, Playing, Ran, Recorder, demo, fixture, midi_file, program, run};

/// Most that the program may need to start, or to tell of something.
const SOON: Duration = Duration::from_secs(20);
/// Most that it may need to end.
const ENDING: Duration = Duration::from_secs(5);

/// A folder for a test's files and what the program keeps.
fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A preset of one plugin of `clap-fixture`.
fn preset(folder: &TempDir, plugin: &str, more: &str) -> PathBuf {
    let path = folder.path().join(format!("{plugin}.backline"));
    let text = format!(
        "format = 1\nname = \"Test of {plugin}\"\n[[layer]]\nname = \"One\"\n[[layer.plugin]]\nformat = \"clap\"\n\
         id = \"org.backline.fixture.{plugin}\"\nfile = {}\n{more}\n",
        json!(fixture("clap-fixture"))
    );
    fs::write(&path, text).unwrap();
    path
}

/// The preset `watch` with a level that sounds by itself.
fn sounding(folder: &TempDir) -> String {
    preset(folder, "watch", "params = { Level = 0.25 }")
        .display()
        .to_string()
}

fn start(folder: &TempDir, server: Option<&str>, words: &[&str]) -> Playing {
    Playing::start(&program(), folder.path(), server, words)
}

/// The names of a line's fields, sorted.
fn fields(line: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

fn sorted<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_unstable();
    names
}

/// The totals that status lines and the last line have.
const TOTALS: [&str; 11] = [
    "event",
    "t",
    "blocks",
    "late",
    "load_mean",
    "load_max",
    "load_p999",
    "peak_db",
    "midi_events",
    "dropped",
    "faults",
];

#[track_caller]
fn assert_numbers(line: &Value, names: &[&str]) {
    for name in names {
        assert!(line[name].is_number(), "{name} of {line}");
    }
}

/// A run that ended well: its lines and no word of a fault.
fn ended_well(ran: &Ran) -> Vec<Value> {
    let lines = ran.json();
    assert!(!ran.err.lines().any(|line| line.starts_with("error")), "{ran}");
    assert_eq!(lines.last().unwrap()["event"], "ended", "{ran}");
    lines
}

#[test]
fn a_preset_plays_and_every_line_has_its_fields() {
    let server = JackServer::start();
    let folder = folder();
    let preset = folder.path().join("synth.backline");
    let text = format!(
        "format = 1\nname = \"Synth\"\n[device]\ndriver = \"jack\"\nname = \"{}\"\n[[layer]]\nname = \"Synth\"\n\
         [[layer.plugin]]\nformat = \"clap\"\nid = \"org.backline.demo-synth\"\nfile = {}\n",
        server.name(),
        json!(demo("demo-synth"))
    );
    fs::write(&preset, text).unwrap();
    let words = [
        preset.to_str().unwrap(),
        "--midi-file",
        "stage-synth",
        "--loop",
        "--for",
        "3",
    ];
    let playing = start(&folder, None, &words);
    let lines = ended_well(&playing.end(SOON));

    let started = &lines[0];
    assert_eq!(
        fields(started),
        sorted([
            "event",
            "driver",
            "device",
            "rate",
            "buffer",
            "latency_in",
            "latency_out",
            "first_block_ms",
            "load_ms",
            // For who shows it to people.
            "preset",
            "plugin_latency",
            "silent_because",
        ])
    );
    assert_eq!(started["event"], "started");
    assert_eq!(
        (&started["driver"], &started["device"]),
        (&json!("jack"), &json!(server.name()))
    );
    assert_eq!(
        (&started["rate"], &started["buffer"]),
        (&json!(48_000), &json!(32))
    );
    // The dummy driver holds one block, as it waits for its clients; the inputs are connected to nothing.
    assert_eq!(
        (&started["latency_in"], &started["latency_out"]),
        (&json!(0), &json!(32))
    );
    assert_eq!(
        (&started["preset"], &started["silent_because"]),
        (&json!("Synth"), &Value::Null)
    );
    let (first, load) = (
        started["first_block_ms"].as_f64().unwrap(),
        started["load_ms"].as_f64().unwrap(),
    );
    assert!(load > 0.0 && first > load && first < 15_000.0, "{started}");

    let status: Vec<_> = lines.iter().filter(|line| line["event"] == "status").collect();
    assert!((2..=3).contains(&status.len()), "one a second: {status:?}");
    let ended = lines.last().unwrap();
    for (number, line) in (1_u32..).zip(&status) {
        assert_eq!(fields(line), sorted(TOTALS));
        assert_numbers(line, &TOTALS[1..]);
        let t = line["t"].as_f64().unwrap();
        assert!((t - f64::from(number)).abs() < 0.5, "one a second: {line}");
        let [mean, p999, max] =
            ["load_mean", "load_p999", "load_max"].map(|name| line[name].as_f64().unwrap());
        assert!(0.0 < mean && mean <= max && p999 <= max, "{line}");
    }
    let blocks = |line: &Value| line["blocks"].as_u64().unwrap();
    // 1500 blocks a second.
    assert!(
        status
            .windows(2)
            .all(|pair| blocks(pair[1]) - blocks(pair[0]) > 300),
        "{status:?}"
    );
    assert!(
        blocks(ended) >= blocks(status[1]) && blocks(ended) < 6_000,
        "{ended}"
    );
    assert_eq!(fields(ended), sorted(TOTALS.into_iter().chain(["reason"])));
    assert_numbers(ended, &TOTALS[1..]);
    assert_eq!(ended["reason"], "time");
    assert!(
        (-40.0..0.0).contains(&ended["peak_db"].as_f64().unwrap()),
        "{ended}"
    );
    assert!(ended["midi_events"].as_u64().unwrap() > 5, "{ended}");
    assert_eq!(
        (&ended["dropped"], &ended["faults"]),
        (&json!(0), &json!(0)),
        "{ended}"
    );
}

#[test]
fn control_c_fades_and_ends_it() {
    let server = JackServer::start();
    let folder = folder();
    let mut playing = start(
        &folder,
        None,
        &[&sounding(&folder), "--driver", "jack", "--device", server.name()],
    );
    playing.wait_for("started", SOON, |_| true);
    let recorder = Recorder::start(&server);
    playing.wait_for("status", SOON, |line| line["peak_db"].as_f64().unwrap() > -13.0);
    tests::wait("it is heard", SOON, || recorder.peak() == 0.25);
    playing.interrupt();
    let lines = ended_well(&playing.end(ENDING));
    assert_eq!(lines.last().unwrap()["reason"], "asked");
    tests::wait("the recording goes on", SOON, || recorder.peak() == 0.0);
    let heard = recorder.stop();
    let side = &heard.audio[0];
    let begin = side.iter().position(|&sample| sample == 0.25).unwrap();
    let step = side[begin..]
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(0.0, f32::max);
    assert!(step < 0.25 / 500.0, "a step of {step}: the end clicks");
}

#[test]
fn late_blocks_are_told() {
    let server = JackServer::start();
    let folder = folder();
    let preset = preset(&folder, "slow", "").display().to_string();
    // Key 6 makes every block take three times its time.
    let piece = midi_file(
        folder.path(),
        "slow.mid",
        &[(1.2, &[0x90, 6, 100]), (1.6, &[0x80, 6, 0])],
    );
    let words = [
        &preset,
        "--driver",
        "jack",
        "--device",
        server.name(),
        "--midi-file",
        piece.to_str().unwrap(),
        "--for",
        "3",
    ];
    let lines = ended_well(&start(&folder, None, &words).end(SOON));
    let ended = lines.last().unwrap();
    // 0.4 s of music are 600 blocks; the server may leave some out when they are late.
    assert!(ended["late"].as_u64().unwrap() > 100, "{ended}");
    assert!(ended["load_max"].as_f64().unwrap() >= 3.0, "{ended}");
    let late: Vec<u64> = lines
        .iter()
        .filter(|line| line["event"] == "status")
        .map(|line| line["late"].as_u64().unwrap())
        .collect();
    assert!(late.is_sorted(), "late blocks count from the start: {late:?}");
}

#[test]
fn a_lost_device_is_told_and_waited_for() {
    let mut server = JackServer::start();
    let folder = folder();
    let mut playing = start(
        &folder,
        None,
        &[&sounding(&folder), "--driver", "jack", "--device", server.name()],
    );
    playing.wait_for("status", SOON, |line| line["peak_db"].as_f64().unwrap() > -13.0);
    server.kill();
    let lost = playing.wait_for("device-lost", Duration::from_secs(3), |_| true);
    assert_eq!(fields(&lost), ["device", "event", "reason"]);
    assert_eq!(lost["device"], server.name());
    playing.wait_for("status", SOON, |line| line["peak_db"].as_f64().unwrap() < -100.0);

    server.start_again(44_100, 64);
    let back = playing.wait_for("device-back", SOON, |_| true);
    assert_eq!(
        fields(&back),
        sorted([
            "event",
            "driver",
            "device",
            "rate",
            "buffer",
            "latency_in",
            "latency_out"
        ])
    );
    assert_eq!((&back["rate"], &back["buffer"]), (&json!(44_100), &json!(64)));
    let recorder = Recorder::start(&server);
    tests::wait("it sounds again", SOON, || recorder.peak() == 0.25);
    drop(recorder);
    playing.interrupt();
    let ran = playing.end(ENDING);
    let lines = ran.json();
    assert_eq!(lines.last().unwrap()["reason"], "asked");
    let blocks: Vec<u64> = lines.iter().filter_map(|line| line["blocks"].as_u64()).collect();
    assert!(blocks.is_sorted(), "blocks count from the start: {blocks:?}");
    assert!(
        ran.err.contains("is lost") && ran.err.contains("The device is back"),
        "{ran}"
    );
}

#[test]
fn a_server_that_runs_is_taken_when_no_driver_is_named() {
    let server = JackServer::start();
    let folder = folder();
    let playing = start(
        &folder,
        Some(server.name()),
        &[&sounding(&folder), "--for", "0.5"],
    );
    let lines = ended_well(&playing.end(SOON));
    let started = &lines[0];
    assert_eq!(
        (&started["driver"], &started["device"]),
        (&json!("jack"), &json!(server.name()))
    );
    assert_eq!(started["silent_because"], Value::Null);
}

#[test]
fn without_a_server_there_is_a_sentence() {
    let folder = folder();
    let preset = sounding(&folder);
    let lines = ended_well(&start(&folder, None, &[&preset, "--for", "0.5"]).end(SOON));
    let started = &lines[0];
    if started["driver"] != "alsa" {
        assert_eq!(started["driver"], "null", "{started}");
        let reason = started["silent_because"].as_str().unwrap();
        assert!(reason.starts_with("No sound: no JACK server runs"), "{reason}");
    }

    let play = |words: &[&str]| {
        run(
            &program(),
            folder.path(),
            &[&["play", &preset, "--for", "1"], words].concat(),
        )
    };
    let asked = play(&["--driver", "jack"]);
    assert!(asked.sentence().contains("no JACK server runs"), "{asked}");
    let named = play(&["--driver", "jack", "--device", "backline-test-absent"]);
    assert_eq!(
        named.sentence(),
        "JACK has no device named \"backline-test-absent\"; it has none at all. Start its server or plug the device in, \
         or choose another driver.",
        "{named}"
    );
}

#[test]
fn wishes_that_a_server_cannot_fulfil_are_refused() {
    let server = JackServer::start();
    let folder = folder();
    let preset = sounding(&folder);
    let words = [
        "play",
        &preset,
        "--driver",
        "jack",
        "--device",
        server.name(),
        "--rate",
        "44100",
        "--for",
        "1",
    ];
    let ran = run(&program(), folder.path(), &words);
    assert!(
        ran.sentence()
            .contains("cannot run at 44100 Hz; its server runs at 48000 Hz"),
        "{ran}"
    );
}
