//! Child processes of this very program, for what may crash or hang.

use anyhow::anyhow;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// How long output is waited for once the child has ended: something it left behind may keep the pipes open.
const DRAIN: Duration = Duration::from_millis(500);
/// Most bytes of output that are kept.
const MOST: u64 = 1 << 20;

/// What became of a child process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it should, and printed this.
    Done(String),
    /// It failed, and said this sentence.
    Failed(String),
    /// It crashed, in these words.
    Crashed(String),
    /// It was killed, for it took too long.
    TimedOut,
}

/// The file of this program.
pub fn program() -> PathBuf {
    // Without it the shell's search by name is the best guess.
    std::env::current_exe().unwrap_or_else(|_| PathBuf::from("backline"))
}

/// Runs this program with other arguments, for at most `limit`.
///
/// # Errors
///
/// The system starts no process.
pub fn run<Word: AsRef<OsStr>>(words: &[Word], limit: Duration) -> anyhow::Result<Outcome> {
    let mut command = Command::new(program());
    command.args(words);
    run_command(command, limit)
}

fn run_command(mut command: Command, limit: Duration) -> anyhow::Result<Outcome> {
    command
        // Held open as long as it is waited for, so that a child that watches it sees the end of this process.
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| {
        let program = command.get_program().display().to_string();
        anyhow!("{program} could not be started as a child process: {error}. Check that it is still there.")
    })?;
    let out = child.stdout.take().map(collect);
    let errors = child.stderr.take().map(collect);
    let Some(status) = wait(&mut child, limit)? else {
        return Ok(Outcome::TimedOut);
    };
    let (out, errors) = (received(out), received(errors));
    Ok(match status.code() {
        Some(0) => Outcome::Done(out),
        Some(_) => match sentence(&errors) {
            Some(sentence) => Outcome::Failed(sentence),
            None => Outcome::Crashed(how(status)),
        },
        None => Outcome::Crashed(how(status)),
    })
}

/// Waits for the child's end; kills it after `limit`.
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let until = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= until {
            // It may have ended in between; either way it is gone after this.
            drop(child.kill());
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn collect(pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut pipe = pipe;
        let mut bytes = [0; 4096];
        let mut left = MOST;
        while let Ok(count @ 1..) = pipe.read(&mut bytes) {
            // What is too much is read all the same, so that the child does not wait for room.
            let kept = count.min(usize::try_from(left).unwrap_or(usize::MAX));
            left -= kept as u64;
            if tell.send(bytes[..kept].to_vec()).is_err() {
                return;
            }
        }
    });
    told
}

fn received(pipe: Option<Receiver<Vec<u8>>>) -> String {
    let until = Instant::now() + DRAIN;
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        while let Ok(part) = pipe.recv_timeout(until.saturating_duration_since(Instant::now())) {
            bytes.extend(part);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The sentence of the child's failure, out of all that it and the plugins in it have written.
fn sentence(errors: &str) -> Option<String> {
    let sentence = errors
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("error: "))?;
    Some(sentence.trim().to_owned())
}

#[cfg(unix)]
fn how(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match status.signal() {
        Some(signal) => format!("it crashed (signal {signal})"),
        None => format!("it ended with {status}"),
    }
}

#[cfg(not(unix))]
fn how(status: ExitStatus) -> String {
    format!("it ended with {status}")
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Outcome {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        run_command(command, limit).unwrap()
    }

    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn what_a_child_says_comes_back() {
        assert_eq!(shell("echo good", LONG), Outcome::Done("good\n".to_owned()));
        let failed = Outcome::Failed("It is broken.".to_owned());
        assert_eq!(
            shell("echo chatter >&2; echo error: It is broken. >&2; exit 1", LONG),
            failed
        );
    }

    #[test]
    fn a_crash_is_told_from_a_failure() {
        assert_eq!(
            shell("kill -SEGV $$", LONG),
            Outcome::Crashed("it crashed (signal 11)".to_owned())
        );
        assert!(matches!(shell("exit 3", LONG), Outcome::Crashed(_)));
    }

    #[test]
    fn a_child_that_hangs_is_killed() {
        let started = Instant::now();
        assert_eq!(
            shell("exec sleep 30", Duration::from_millis(100)),
            Outcome::TimedOut
        );
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_pipe_that_is_kept_open_does_not_keep_us() {
        let started = Instant::now();
        assert_eq!(
            shell("sleep 30 & echo good", LONG),
            Outcome::Done("good\n".to_owned())
        );
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn much_output_neither_blocks_nor_floods() {
        let Outcome::Done(text) = shell("head -c 3000000 /dev/zero", LONG) else {
            panic!("it failed");
        };
        assert_eq!(text.len() as u64, MOST);
    }
}
