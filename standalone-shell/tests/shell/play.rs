//! Playing, on the null device.

use super::program::{Home, one_note, ran, wait};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn lines_have_their_fields() {
    let home = Home::new().with_demos();
    let words = [
        "stage-synth",
        "--midi-file",
        "stage-synth",
        "--loop",
        "--driver",
        "null",
        "--for",
        "2.3",
        "--json",
    ];
    let ran = home.run(&words);
    let lines = ran.succeeds().lines();
    let has = |line: &Value, fields: &[&str]| {
        for field in fields {
            assert!(line[field].is_number(), "no {field} in {line}");
        }
    };
    let started = &lines[0];
    assert_eq!(started["event"], "started");
    assert_eq!(
        (&started["driver"], &started["device"]),
        (&"null".into(), &"null".into())
    );
    has(
        started,
        &[
            "rate",
            "buffer",
            "latency_in",
            "latency_out",
            "first_block_ms",
            "load_ms",
        ],
    );
    // The preset's wish.
    assert_eq!(started["buffer"], 32);
    assert!(
        started["load_ms"].as_f64() < started["first_block_ms"].as_f64(),
        "{started}"
    );
    let counts = [
        "t",
        "blocks",
        "late",
        "load_mean",
        "load_max",
        "load_p999",
        "peak_db",
        "midi_events",
        "dropped",
    ];
    let statuses: Vec<_> = lines.iter().filter(|line| line["event"] == "status").collect();
    assert_eq!(statuses.len(), 2, "{}", ran.out);
    statuses.iter().for_each(|status| has(status, &counts));
    assert!(statuses[0]["blocks"].as_u64() < statuses[1]["blocks"].as_u64());
    let ended = lines.last().expect("a last line");
    assert_eq!(
        (&ended["event"], &ended["reason"]),
        (&"ended".into(), &"time".into())
    );
    has(ended, &counts);
    assert_eq!(ended["dropped"], 0);
    assert!(ended["midi_events"].as_u64() > Some(0));
    let peak = ended["peak_db"].as_f64().expect("a level");
    assert!(
        (-40.0..0.0).contains(&peak),
        "{peak} dB: it sounds, and the limiter holds"
    );
    // 2.3 s of blocks of 32 frames, less what a busy machine missed.
    assert!(ended["blocks"].as_u64() > Some(1500), "{ended}");
}

#[test]
fn a_piece_without_players_ends_by_itself() {
    let home = Home::new().with_demos();
    home.write("note.mid", one_note(60));
    let words = [
        "play",
        "--plugin",
        ".clap/demo-synth.clap",
        "--midi-file",
        "note.mid",
        "--driver",
        "null",
        "--json",
    ];
    let ran = home.run(&words);
    assert_eq!(ran.succeeds().event("ended")["reason"], "piece");
    assert_eq!(ran.event("midi-file")["state"], "end");
}

#[test]
fn wide_ranges_of_rate_and_buffer_play() {
    let home = Home::new().with_demos();
    for (rate, buffer) in [("8000", "1"), ("192000", "8192"), ("44100", "37")] {
        let words = [
            "stage-synth",
            "--driver",
            "null",
            "--rate",
            rate,
            "--buffer",
            buffer,
            "--for",
            "0.3",
            "--json",
        ];
        let started = home.run(&words).succeeds().event("started");
        assert_eq!(started["rate"].to_string(), rate);
        assert_eq!(started["buffer"].to_string(), buffer);
    }
}

#[test]
fn faults_of_a_plugin_are_told_and_survived() {
    let home = Home::new();
    home.fixture();
    home.write("note.mid", one_note(1));
    let plugin = "fixture.clap#org.backline.fixture.nan";
    let ran = home.run(&[
        "--plugin",
        plugin,
        "--midi-file",
        "note.mid",
        "--driver",
        "null",
        "--for",
        "1.2",
        "--json",
    ]);
    let fault = ran.succeeds().event("plugin-fault");
    assert_eq!(
        (&fault["plugin"], &fault["fault"]),
        (&"Fixture NaN".into(), &"not-a-number".into())
    );
    assert!(
        ran.err.contains("warning: ") && ran.err.contains("Fixture NaN gave samples that are no numbers")
    );
    assert!(ran.event("ended")["peak_db"].as_f64() < Some(0.0));
}

#[test]
fn restless_plugins_do_not_flood_the_terminal() {
    let home = Home::new();
    home.fixture();
    let plugin = "fixture.clap#org.backline.fixture.storm";
    let ran = home.run(&["--plugin", plugin, "--driver", "null", "--for", "1", "--json"]);
    assert!(ran.succeeds().err.lines().count() < 20, "{}", ran.err);
    assert!(
        ran.lines().iter().any(|line| line["event"] == "reactivated"),
        "{}",
        ran.out
    );
}

/// Starts the program and waits until it plays.
#[cfg(unix)]
fn playing(home: &Home) -> (std::process::Child, BufReader<std::process::ChildStdout>) {
    let mut command = home.command(&["stage-synth", "--driver", "null", "--json"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut out = BufReader::new(child.stdout.take().expect("its output"));
    let mut line = String::new();
    out.read_line(&mut line).expect("a line");
    assert!(line.contains("\"started\""), "{line}");
    (child, out)
}

#[cfg(unix)]
#[test]
fn signals_end_it_cleanly() {
    let home = Home::new().with_demos();
    for signal in ["INT", "TERM", "HUP"] {
        let (mut child, mut out) = playing(&home);
        let asked = Instant::now();
        let sent = Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .status();
        assert!(sent.is_ok_and(|status| status.success()));
        assert_eq!(
            wait(&mut child).and_then(|status| status.code()),
            Some(0),
            "{signal}"
        );
        assert!(asked.elapsed() < Duration::from_secs(5), "{signal}");
        let mut rest = String::new();
        out.read_to_string(&mut rest).expect("the rest");
        let last = rest.lines().last().expect("a last line");
        assert!(last.contains("\"ended\"") && last.contains("\"asked\""), "{last}");
    }
}

#[cfg(unix)]
#[test]
fn a_closed_output_does_not_stop_the_music() {
    let home = Home::new().with_demos();
    let (mut child, out) = playing(&home);
    drop(out);
    std::thread::sleep(Duration::from_millis(2500));
    assert!(child.try_wait().expect("its state").is_none(), "it still plays");
    let sent = Command::new("kill")
        .args(["-s", "TERM", &child.id().to_string()])
        .status();
    assert!(sent.is_ok_and(|status| status.success()));
    assert_eq!(wait(&mut child).and_then(|status| status.code()), Some(0));
}

#[test]
fn nothing_to_play_is_wrong_usage() {
    let home = Home::new();
    home.run(&["play"]).fails_with(2, &["give a preset", "--plugin"]);
    home.run(&["play", "stage-synth", "--plugin", "x.clap"])
        .fails_with(2, &["not both"]);
    home.run(&["play", "stage-synth", "--loop"])
        .fails_with(2, &["--midi-file"]);
    home.run(&["play", "stage-synth", "--nonsense"])
        .fails_with(2, &["--nonsense"]);
}

#[test]
fn no_device_is_told_with_its_reason() {
    let home = Home::new().with_demos();
    let mut command = home.command(&["stage-synth", "--for", "0.2", "--json"]);
    // A server of that name does not run.
    command.env("JACK_DEFAULT_SERVER", "backline-test-without-server");
    let ran = ran(command, &home.at("."));
    let started = ran.succeeds().event("started");
    if started["driver"] == "null" {
        assert!(
            started["silent_because"]
                .as_str()
                .is_some_and(|reason| reason.starts_with("No sound: ")),
            "{started}"
        );
        assert!(ran.err.contains("No sound: "), "{}", ran.err);
    } else {
        assert!(started["silent_because"].is_null(), "{started}");
    }
}
