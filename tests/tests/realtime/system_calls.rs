//! The audio thread of the null device sleeps once a block and makes no other system call, which strace tells.
//!
//! A lock that is taken by someone else would be seen too: waiting for it is a system call.

use crate::exercise::busy_rack;
use host::session::{Session, Stamp};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs};
use tests::{Format, Live, at, plugin_as, rows, set_part};

/// Says that this process is the one that is watched.
const WATCHED: &str = "BACKLINE_TEST_WATCHED";
/// Seconds that are watched.
const SECONDS: u64 = 5;
const RATE: u32 = 48_000;
const BUFFER: u32 = 64;

/// Writes a mark that strace shows, in one system call.
fn mark(text: &str) {
    let mut out = std::io::stderr();
    out.write_all(text.as_bytes()).unwrap();
}

/// The number of the thread that plays.
fn audio_thread() -> u32 {
    for task in fs::read_dir("/proc/self/task").unwrap() {
        let task = task.unwrap();
        if fs::read_to_string(task.path().join("comm")).unwrap().trim_end() == "null device" {
            return task.file_name().to_str().unwrap().parse().unwrap();
        }
    }
    panic!("no thread plays");
}

/// Plays for the watched time: a loop of notes, parameters that move, and a swap a second.
fn play(format: Format) {
    let mut busy = busy_rack(&[format]);
    let mut param = "Cutoff";
    if format == Format::Vst3 {
        // As a VST3 plugin the demonstration synthesizer wakes a thread of its own for its editor when a parameter moves.
        busy.layers[0].plugins[0] = plugin_as(format, "single");
        param = "Level";
        busy.maps[0].param = param.to_owned();
    }
    let mut live = Live::new(&busy, RATE, BUFFER);
    live.run(Duration::from_millis(500));
    let notes = |session: &mut Session, status: u8| {
        for key in [40, 52, 59, 64, 67] {
            session.send_midi(Stamp::Now, &[status, key, 100]);
        }
    };
    mark(&format!("MARK thread {}\n", audio_thread()));
    mark("MARK begin\n");
    let started = Instant::now();
    let mut rounds = 0_u32;
    while started.elapsed() < Duration::from_secs(SECONDS) {
        notes(
            &mut live.session,
            if rounds.is_multiple_of(2) { 0x90 } else { 0x80 },
        );
        for value in 0..100_u8 {
            let part = f64::from(value) / 100.0;
            set_part(&mut live.session, at(0, 0), param, part, Stamp::Now);
            live.session.send_midi(Stamp::Now, &[0xb0, 74, value]);
            live.session.send_midi(Stamp::Now, &[0xf0, 0x7d, value, 0xf7]);
        }
        live.run(Duration::from_millis(100));
        rounds += 1;
        if rounds.is_multiple_of(10) {
            live.session.load(&busy).unwrap();
        }
    }
    mark("MARK end\n");
    live.session.close(Duration::from_secs(1));
}

/// The system calls of one thread between the marks, by name.
fn calls(trace: &str) -> (BTreeMap<String, u64>, f64) {
    let thread = trace
        .lines()
        .find_map(|line| line.split_once("MARK thread ")?.1.split('\\').next());
    let thread = thread.expect("the mark that names the thread").to_owned();
    let time = |line: &str| {
        line.split_whitespace()
            .nth(1)
            .and_then(|time| time.parse::<f64>().ok())
    };
    let marked = |mark: &str| {
        trace
            .lines()
            .find(|line| line.contains(mark))
            .and_then(time)
            .expect("a mark with its time")
    };
    let (begin, end) = (marked("MARK begin"), marked("MARK end"));
    let mut calls = BTreeMap::new();
    for line in trace.lines() {
        let mut words = line.split_whitespace();
        if words.next() != Some(thread.as_str())
            || !time(line).is_some_and(|time| (begin..=end).contains(&time))
        {
            continue;
        }
        let call = words.nth(1).unwrap_or_default();
        // The second half of a call that another thread interrupted in the trace; signals and ends have other signs.
        if call != "<..." {
            let name = call.split('(').next().unwrap_or_default();
            *calls.entry(name.to_owned()).or_default() += 1;
        }
    }
    (calls, end - begin)
}

rows!(the_audio_thread_sleeps_once_a_block_and_asks_for_nothing_else);

fn the_audio_thread_sleeps_once_a_block_and_asks_for_nothing_else(format: Format) {
    if env::var_os(WATCHED).is_some() {
        return play(format);
    }
    let test = "system_calls::the_audio_thread_sleeps_once_a_block_and_asks_for_nothing_else";
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-ttt", "-s", "64", "-o"])
        .arg(&trace)
        .arg(env::current_exe().unwrap());
    strace.args(["--exact", &format!("{test}::{}", format.key()), "--nocapture"]);
    let told = strace
        .env(WATCHED, "1")
        .output()
        .expect("strace is installed; `cargo xtask packages` does that");
    let trace = fs::read_to_string(&trace).unwrap_or_default();
    assert!(
        told.status.success() && trace.contains("MARK end"),
        "the watched process failed, or strace may not trace: {}",
        String::from_utf8_lossy(&told.stderr)
    );
    let (mut calls, seconds) = calls(&trace);
    let sleeps = calls.remove("clock_nanosleep").unwrap_or(0);
    assert!(
        calls.is_empty(),
        "in {seconds:.1} s besides {sleeps} sleeps: {calls:?}"
    );
    let blocks = seconds * f64::from(RATE) / f64::from(BUFFER);
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let share = sleeps as f64 / blocks;
    // Being watched costs time, and a block that is lost costs a second sleep.
    assert!(
        (0.2..1.5).contains(&share),
        "{sleeps} sleeps in the time of {blocks:.0} blocks"
    );
}
