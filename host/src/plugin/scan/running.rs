//! The parent's half of one child process.

use super::{Scanned, child};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::{NamedTempFile, TempPath};

/// Most bytes of an answer. A thousand plugins with long descriptions stay far below it.
const MOST_BYTES: u64 = 8 << 20;

/// A child process that opens one file. Dropping it kills the child and all that the child started.
pub(super) struct Running {
    child: Child,
    file: PathBuf,
    answer: TempPath,
    since: Instant,
    limit: Duration,
    reaped: bool,
}

/// Why a child gave no answer.
enum Silence {
    Crashed(String),
    Ended(String),
    Hung,
    TooLong,
}

impl Running {
    /// Starts the child.
    ///
    /// # Errors
    ///
    /// What to list for the file when there is no child.
    pub(super) fn start(mut command: Command, file: &Path, limit: Duration) -> Result<Self, Scanned> {
        let failed = |error: &io::Error| Scanned {
            file: file.to_owned(),
            result: Err(format!(
                "{} was not opened, because no process could be started for it: {error}. Try again with fewer \
                 programs running.",
                file.display()
            )),
            lasting: false,
        };
        let answer = NamedTempFile::with_prefix("backline-scan-")
            .map_err(|error| failed(&error))?
            .into_temp_path();
        command
            .arg(file)
            .arg(&answer)
            // Held open by this process, so that the child sees when it is gone.
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        apart(&mut command);
        let child = command.spawn().map_err(|error| failed(&error))?;
        Ok(Self {
            child,
            file: file.to_owned(),
            answer,
            since: Instant::now(),
            limit,
            reaped: false,
        })
    }

    /// How long the child has been running.
    pub(super) fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// What became of the file, once that is known. After that the child is gone.
    pub(super) fn poll(&mut self) -> Option<Scanned> {
        let silence = if fs::metadata(&self.answer).is_ok_and(|answer| answer.len() > MOST_BYTES) {
            self.end();
            Silence::TooLong
        } else if self.has_ended() {
            Silence::of(self.end())
        } else if self.age() >= self.limit {
            self.end();
            Silence::Hung
        } else {
            return None;
        };
        // A child that crashes or hangs after its last line did so while it was being taken down, and what it said
        // stands.
        let (result, lasting) = match self.read_answer() {
            Ok(Some(answer)) => (answer.result, answer.lasting),
            Ok(None) => (Err(self.sentence(&silence)), true),
            Err(error) => (
                Err(format!(
                    "What {} holds was not learnt: the answer of the process that opened it cannot be read: {error}. \
                     Check the folder for temporary files.",
                    self.file.display()
                )),
                false,
            ),
        };
        Some(Scanned {
            file: self.file.clone(),
            result,
            lasting,
        })
    }

    fn read_answer(&self) -> io::Result<Option<child::Answer>> {
        let mut text = Vec::new();
        File::open(&self.answer)?
            .take(MOST_BYTES + 1)
            .read_to_end(&mut text)?;
        if text.len() as u64 > MOST_BYTES {
            return Ok(None);
        }
        Ok(child::parse(&text, &self.file))
    }

    fn sentence(&self, silence: &Silence) -> String {
        let file = self.file.display();
        match silence {
            Silence::Crashed(how) => {
                format!("{file} crashed while being opened ({how}). Install another version of it.")
            }
            Silence::Ended(how) => {
                format!("{file} ended the process that opened it ({how}). Install another version of it.")
            }
            Silence::Hung => format!(
                "{file} was still not open after {} s and was given up. Install another version of it.",
                self.limit.as_secs_f64()
            ),
            Silence::TooLong => format!(
                "{file} describes itself in more than {} MB and was given up. Install another version of it.",
                MOST_BYTES >> 20
            ),
        }
    }

    /// Kills what is left of the child and its descendants, and reaps it.
    fn end(&mut self) -> Option<ExitStatus> {
        if self.reaped {
            return None;
        }
        self.kill();
        self.reaped = true;
        self.child.wait().ok()
    }

    /// Whether the child has ended. It is not reaped yet, so that its id stays its own until its group is killed.
    #[cfg(unix)]
    fn has_ended(&self) -> bool {
        let mut info = std::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
        // SAFETY: `info` is writable for the whole call, and a zeroed one is valid: its numbers are zero.
        let (result, info) = unsafe {
            let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
            let result = libc::waitid(libc::P_PID, self.child.id(), info.as_mut_ptr(), flags);
            (result, info.assume_init())
        };
        // An error says that there is no such child: nothing is to be waited for.
        result != 0 || info.si_signo != 0
    }

    #[cfg(not(unix))]
    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    #[cfg(unix)]
    fn kill(&mut self) {
        let Ok(group) = libc::pid_t::try_from(self.child.id()) else {
            return;
        };
        // SAFETY: the child leads a group of its own and is not reaped, so no other group can have that id.
        unsafe { libc::kill(-group, libc::SIGKILL) };
    }

    #[cfg(not(unix))]
    fn kill(&mut self) {
        // Fails if it has ended already, which is what is wanted.
        drop(self.child.kill());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

impl Silence {
    fn of(status: Option<ExitStatus>) -> Self {
        let Some(status) = status else {
            return Self::Ended("its exit code is not known".to_owned());
        };
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
            return Self::Crashed(format!("signal {signal}"));
        }
        match status.code() {
            // Windows ends a process that crashes with the exception's code, whose highest bits say "error".
            #[cfg(windows)]
            Some(code) if code.cast_unsigned() >= 0xc000_0000 => {
                Self::Crashed(format!("exception {:#010x}", code.cast_unsigned()))
            }
            Some(code) => Self::Ended(format!("exit code {code}")),
            None => Self::Ended("without an exit code".to_owned()),
        }
    }
}

/// Puts the child into a process group of its own: it is killed with all that it started, and a Ctrl-C on the
/// terminal is the parent's to answer.
#[cfg(unix)]
fn apart(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// Gives the child no console window.
#[cfg(windows)]
fn apart(command: &mut Command) {
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    std::os::windows::process::CommandExt::creation_flags(command, CREATE_NO_WINDOW);
}

#[cfg(not(any(unix, windows)))]
fn apart(_command: &mut Command) {}
