//! MIDI and WAV files that cannot be read, and outputs that cannot be written.

use super::program::{Home, one_note, peak, ran, wav};
use std::fs;
use std::process::Command;

const SYNTH: &str = ".clap/demo-synth.clap";
const GAIN: &str = ".clap/demo-gain.clap";

/// A rendering of a MIDI file has to fail with one sentence and leave nothing behind.
fn refused(home: &Home, words: &[&str], expected: &[&str]) {
    let before = home.leftovers();
    home.run(&[&["render"], words].concat()).fails_with(1, expected);
    assert_eq!(home.leftovers(), before);
}

#[test]
fn midi_file_that_is_cut_off() {
    let home = Home::new().with_demos();
    let whole = presets::factory_phrase();
    home.write("cut.mid", &whole[..whole.len() / 2]);
    refused(
        &home,
        &["--plugin", SYNTH, "--midi-file", "cut.mid", "--output", "o.wav"],
        &["cut.mid", "cut off"],
    );
    home.run(&[
        "play",
        "--plugin",
        SYNTH,
        "--midi-file",
        "cut.mid",
        "--driver",
        "null",
    ])
    .fails_with(1, &["cut.mid", "cut off"]);
}

#[test]
fn midi_file_that_is_none() {
    let home = Home::new().with_demos();
    home.write("text.mid", "hello");
    home.write("empty.mid", "");
    for (file, words) in [
        ("text.mid", "not a standard MIDI file"),
        ("empty.mid", "is empty"),
        ("absent.mid", "could not be read"),
    ] {
        refused(
            &home,
            &["--plugin", SYNTH, "--midi-file", file, "--output", "o.wav"],
            &[file, words],
        );
    }
}

#[test]
fn wav_of_another_rate() {
    let home = Home::new().with_demos();
    home.write("in.wav", wav(44_100, 1000, 1000));
    refused(
        &home,
        &[
            "--plugin", GAIN, "--input", "in.wav", "--output", "o.wav", "--rate", "48000",
        ],
        &["in.wav", "44100", "48000"],
    );
    // Without a rate of its own the rendering takes that of the file.
    let ran = home.run(&[
        "render", "--plugin", GAIN, "--input", "in.wav", "--output", "o.wav", "--json",
    ]);
    assert_eq!(ran.succeeds().lines()[0]["rate"], 44_100);
}

#[test]
fn wav_without_sound() {
    let home = Home::new().with_demos();
    home.write("in.wav", wav(48_000, 0, 0));
    refused(
        &home,
        &["--plugin", GAIN, "--input", "in.wav", "--output", "o.wav"],
        &["in.wav", "0 samples"],
    );
    home.write("text.wav", "hello");
    refused(
        &home,
        &["--plugin", GAIN, "--input", "text.wav", "--output", "o.wav"],
        &["text.wav", "cannot be read"],
    );
    refused(
        &home,
        &["--plugin", GAIN, "--input", "absent.wav", "--output", "o.wav"],
        &["absent.wav"],
    );
}

#[test]
fn output_that_cannot_be_written() {
    let home = Home::new().with_demos();
    home.write("note.mid", one_note(60));
    for output in ["absent/o.wav", ".clap", "note.mid/o.wav", "/proc/o.wav"] {
        refused(
            &home,
            &["--plugin", SYNTH, "--midi-file", "note.mid", "--output", output],
            &[output, "cannot be written"],
        );
    }
}

#[test]
fn a_rendering_that_fails_leaves_the_old_file() {
    let home = Home::new().with_demos();
    home.write("note.mid", one_note(60));
    home.write("o.wav", "precious");
    refused(
        &home,
        &[
            "--plugin",
            "absent.clap",
            "--midi-file",
            "note.mid",
            "--output",
            "o.wav",
        ],
        &["absent.clap"],
    );
    assert_eq!(fs::read(home.at("o.wav")).expect("the old file"), b"precious");
}

/// On a file system of 64 kB, which is mounted where only this command sees it.
#[cfg(target_os = "linux")]
#[test]
fn full_disk() {
    let home = Home::new().with_demos();
    home.write("note.mid", one_note(60));
    fs::create_dir(home.at("small")).expect("a folder");
    let isolated = |script: &str| {
        let mut command = Command::new("unshare");
        command
            .args(["--map-root-user", "--mount", "sh", "-c", script])
            .current_dir(home.at("."));
        command
    };
    if !isolated("mount -t tmpfs -o size=64k none small")
        .status()
        .is_ok_and(|status| status.success())
    {
        // Some machines let nobody mount anything; there is no other honest way to fill a disk.
        return;
    }
    let program = env!("CARGO_BIN_EXE_backline");
    let command = isolated(&format!(
        "mount -t tmpfs -o size=64k none small && HOME=. '{program}' render --plugin {SYNTH} --midi-file note.mid \
         --output small/o.wav; code=$?; ls -A small; exit $code"
    ));
    // `ls` prints what is left: nothing, or `fails_with` would say so.
    ran(command, &home.at(".")).fails_with(1, &["small/o.wav", "cannot be written", "No space left"]);
}

#[test]
fn renderings_sound() {
    let home = Home::new().with_demos();
    let words = [
        "render",
        "stage-synth",
        "--midi-file",
        "stage-synth",
        "--bits",
        "16",
        "--output",
        "o.wav",
        "--json",
    ];
    let summary = home.run(&words).succeeds().lines().remove(0);
    let (level, frames) = peak(&home.at("o.wav"));
    assert!(level > 0.05 && level < 1.0, "{level}");
    assert_eq!(summary["frames"], frames);
    let told = summary["peak_db"].as_f64().expect("a level");
    assert!(
        (told - 20.0 * level.log10()).abs() < 0.1,
        "{told} dB, but {level}"
    );
    assert!(
        summary["realtime"]
            .as_f64()
            .is_some_and(|realtime| realtime > 0.0)
    );
}

#[test]
fn effects_are_fed() {
    let home = Home::new();
    home.fixture();
    home.write("in.wav", wav(48_000, 4800, 8000));
    let effect = "fixture.clap#org.backline.fixture.effect";
    home.run(&[
        "render", "--plugin", effect, "--input", "in.wav", "--output", "o.wav", "--bits", "16", "--tail", "0",
    ])
    .succeeds();
    let (level, frames) = peak(&home.at("o.wav"));
    assert_eq!(frames, 4800, "its latency is cut off and its tail is 0");
    assert!((level - 8000.0 / 32_768.0).abs() < 0.001, "{level}");
}

#[test]
fn plugins_make_a_chain() {
    let home = Home::new();
    home.fixture();
    home.write("in.wav", wav(48_000, 4800, 8000));
    let mono = "fixture.clap#org.backline.fixture.mono";
    let words = [
        "render", "--plugin", mono, "--plugin", mono, "--input", "in.wav", "--output", "o.wav",
    ];
    home.run(&[&words[..], &["--bits", "16", "--tail", "0.5"]].concat())
        .succeeds();
    let (level, frames) = peak(&home.at("o.wav"));
    assert_eq!(frames, 4800 + 24_000);
    assert!(
        (level - 2000.0 / 32_768.0).abs() < 0.001,
        "each halves it: {level}"
    );
}
