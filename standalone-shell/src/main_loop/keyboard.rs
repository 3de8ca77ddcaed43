//! The Enter key of the terminal: the panic button.

use std::io::{IsTerminal, stdin};
use std::sync::mpsc::{self, Receiver};
use std::thread;

/// Lines entered at a terminal.
#[derive(Debug)]
pub struct Keyboard(Receiver<()>);

impl Keyboard {
    /// Listens, if there is a terminal that is ours to read from.
    pub fn open() -> Option<Self> {
        if !stdin().is_terminal() || !is_in_foreground() {
            return None;
        }
        let (tell, told) = mpsc::channel();
        // It waits in a read for as long as the program runs, and ends with it.
        thread::spawn(move || {
            let mut line = String::new();
            while stdin().read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
                line.clear();
                if tell.send(()).is_err() {
                    return;
                }
            }
        });
        Some(Self(told))
    }

    /// Whether Enter was pressed since this was last asked.
    pub fn was_entered(&self) -> bool {
        self.0.try_iter().count() > 0
    }
}

/// Whether the terminal's input is ours. A program in the background that reads from it is stopped, and the music with
/// it.
fn is_in_foreground() -> bool {
    match std::fs::read_to_string("/proc/self/stat") {
        Ok(stat) => groups(&stat).is_none_or(|(own, foreground)| own == foreground),
        // Other systems do not stop it.
        Err(_) => true,
    }
}

/// The process group and the terminal's foreground group: fields 5 and 8 of `/proc/self/stat`, see proc(5). The second
/// field is the program's name in brackets and may hold anything.
fn groups(stat: &str) -> Option<(i64, i64)> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(2);
    let own = fields.next()?.parse().ok()?;
    let foreground = fields.nth(2)?.parse().ok()?;
    Some((own, foreground))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_found_behind_any_name() {
        let stat = "17 (a ) (b) S 1 17 16 34816 42 4194304 99";
        assert_eq!(groups(stat), Some((17, 42)));
        assert_eq!(groups(""), None);
    }
}
