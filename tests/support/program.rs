//! The program as a child process: a command that ends by itself, and one that plays until it is told to end.

use serde_json::Value;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Most that a command may take. The programs are not optimised, and the machine may be busy.
const LIMIT: Duration = Duration::from_secs(60);

/// Waits until something is so, looking often.
///
/// # Panics
///
/// If it is not within `limit`.
pub fn wait(what: &str, limit: Duration, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + limit;
    while !is_so() {
        assert!(Instant::now() < until, "waited {limit:?} in vain until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// What a command did.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The words of the command.
    pub command: String,
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub out: String,
    /// What it wrote to standard error.
    pub err: String,
}

impl Ran {
    /// The lines of standard output, each a JSON object.
    ///
    /// # Panics
    ///
    /// If the command failed, or a line is no JSON object.
    #[must_use]
    pub fn json(&self) -> Vec<Value> {
        self.ok();
        self.out.lines().map(json).collect()
    }

    /// Itself, if the command did what it was asked to.
    ///
    /// # Panics
    ///
    /// If it did not.
    pub fn ok(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{self}");
        self
    }

    /// Its one sentence, if the command failed in the proper way: exit code 1, nothing on standard output, no panic.
    ///
    /// # Panics
    ///
    /// If it did not.
    #[must_use]
    pub fn sentence(&self) -> &str {
        assert_eq!((self.code, self.out.as_str()), (Some(1), ""), "{self}");
        let mut errors = self.err.lines().filter_map(|line| line.strip_prefix("error: "));
        let sentence = errors.next().unwrap_or_else(|| panic!("no error: {self}"));
        assert_eq!(errors.next(), None, "more than one error: {self}");
        assert!(!sentence.contains("fault of its own"), "{self}");
        sentence
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            command,
            code,
            out,
            err,
        } = self;
        write!(
            f,
            "`{command}` gave {code:?}\nstandard output:\n{out}\nstandard error:\n{err}"
        )
    }
}

fn json(line: &str) -> Value {
    let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
    assert!(value.is_object(), "not an object: {line}");
    value
}

/// A command with its words. It keeps what it learns in a folder of the test's own, and finds no JACK server but one
/// that is named.
fn command<S: AsRef<OsStr>>(program: &Path, home: &Path, words: &[S]) -> Command {
    let mut command = Command::new(program);
    command
        .args(words)
        .env("XDG_CACHE_HOME", home)
        .env("JACK_DEFAULT_SERVER", "backline-test-none")
        .env_remove("RUST_LOG")
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn in_words(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

fn read(mut stream: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came until an error is still of use.
        drop(stream.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn end_of(child: &mut Child, limit: Duration, command: &str) -> ExitStatus {
    let until = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().expect("a child's status") {
            return status;
        }
        if Instant::now() >= until {
            drop(child.kill());
            drop(child.wait());
            panic!("`{command}` did not end within {limit:?}");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Runs a command to its end.
///
/// # Panics
///
/// If it does not start, or does not end within a minute.
#[must_use]
pub fn run<S: AsRef<OsStr>>(program: &Path, home: &Path, words: &[S]) -> Ran {
    let mut command = command(program, home, words);
    let text = in_words(&command);
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("`{text}`: {error}"));
    let out = read(child.stdout.take().expect("standard output"));
    let err = read(child.stderr.take().expect("standard error"));
    let status = end_of(&mut child, LIMIT, &text);
    let whole = |text: JoinHandle<String>| text.join().unwrap_or_default();
    Ran {
        command: text,
        code: status.code(),
        out: whole(out),
        err: whole(err),
    }
}

/// `backline play ... --json` as it plays. Dropped, it is killed.
#[derive(Debug)]
pub struct Playing {
    child: Child,
    command: String,
    lines: Receiver<String>,
    /// The lines so far.
    pub events: Vec<Value>,
    err: Option<JoinHandle<String>>,
}

impl Playing {
    /// Starts to play; `--json` is added to the words. With `server`, that JACK server is the default one.
    ///
    /// # Panics
    ///
    /// If the program does not start.
    #[must_use]
    pub fn start<S: AsRef<OsStr>>(program: &Path, home: &Path, server: Option<&str>, words: &[S]) -> Self {
        let mut command = command(program, home, words);
        command.arg("--json");
        if let Some(server) = server {
            command.env("JACK_DEFAULT_SERVER", server);
        }
        let text = in_words(&command);
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("`{text}`: {error}"));
        let out = child.stdout.take().expect("standard output");
        let err = read(child.stderr.take().expect("standard error"));
        let (tell, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            command: text,
            lines,
            events: Vec::new(),
            err: Some(err),
        }
    }

    /// Waits for the next line of a kind that is as `wanted`, and gives it.
    ///
    /// # Panics
    ///
    /// If it does not come within `limit`.
    pub fn wait_for(&mut self, kind: &str, limit: Duration, mut wanted: impl FnMut(&Value) -> bool) -> Value {
        let until = Instant::now() + limit;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                drop(self.child.kill());
                let err = self.err.take().map(JoinHandle::join);
                panic!(
                    "no such line {kind} within {limit:?}: {:#?}\n{err:?}",
                    self.events
                );
            };
            let event = json(&line);
            self.events.push(event.clone());
            if event["event"] == kind && wanted(&event) {
                return event;
            }
        }
    }

    /// Asks it to end, as Ctrl-C does.
    ///
    /// # Panics
    ///
    /// If it has ended.
    #[cfg(unix)]
    pub fn interrupt(&mut self) {
        assert!(
            matches!(self.child.try_wait(), Ok(None)),
            "`{}` has ended",
            self.command
        );
        let id = libc::pid_t::try_from(self.child.id()).expect("a process id");
        // SAFETY: sends a signal to a child that has not been waited for, so that its id is its own.
        assert_eq!(unsafe { libc::kill(id, libc::SIGINT) }, 0);
    }

    /// Waits until it has ended. Gives how, with all lines put into [`Ran::out`] again.
    ///
    /// # Panics
    ///
    /// If it does not end within `limit`.
    #[must_use]
    pub fn end(mut self, limit: Duration) -> Ran {
        let status = end_of(&mut self.child, limit, &self.command);
        while let Ok(line) = self.lines.recv_timeout(limit) {
            self.events.push(json(&line));
        }
        let out = self.events.iter().map(|event| format!("{event}\n")).collect();
        let err = self
            .err
            .take()
            .map_or_else(String::new, |err| err.join().unwrap_or_default());
        Ran {
            command: self.command.clone(),
            code: status.code(),
            out,
            err,
        }
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
