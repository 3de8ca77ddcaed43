//! JSON lines on standard output, written by a thread of their own: a reader that pauses must not keep the main loop
//! from serving plugins and the device.

use crate::output;
use serde_json::Value;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::Duration;

/// Lines that wait for a reader.
const WAITING: usize = 4096;
/// How long the last lines are waited for at the end.
const LAST: Duration = Duration::from_secs(1);

/// Writes JSON lines.
#[derive(Debug)]
pub struct Lines {
    lines: Option<SyncSender<String>>,
    done: Receiver<()>,
    left_out: AtomicU64,
}

impl Lines {
    pub fn new() -> Self {
        let (lines, written) = mpsc::sync_channel::<String>(WAITING);
        let (tell, done) = mpsc::channel::<()>();
        thread::spawn(move || {
            for line in written {
                if let Err(error) = output::print(&line) {
                    // Without readers there is still music.
                    output::warn(&error.to_string());
                    break;
                }
            }
            drop(tell);
        });
        Self {
            lines: Some(lines),
            done,
            left_out: AtomicU64::new(0),
        }
    }

    /// Writes one object. Should the reader not keep up, it is left out and counted.
    pub fn write(&self, value: &Value) {
        let Some(lines) = &self.lines else { return };
        if lines.try_send(format!("{value}\n")).is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.lines = None;
        // It ends with an error when the thread is done, or when time is up; both will do.
        let _done_or_late = self.done.recv_timeout(LAST);
        let left_out = self.left_out.load(Ordering::Relaxed);
        if left_out > 0 {
            tracing::warn!(left_out, "JSON lines were left out, for nobody read them");
        }
    }
}
