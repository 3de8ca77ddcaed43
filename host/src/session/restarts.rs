//! How often a plugin may be activated anew at its own wish: each time its place is silent for a moment.

use std::time::{Duration, Instant};

/// Restarts that follow each other as fast as they are asked for: somebody may be turning a knob that changes the latency.
const AT_ONCE: usize = 16;
/// The time in which they are counted.
const WINDOW: Duration = Duration::from_secs(20);

/// What a plugin's wish to be restarted gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is restarted.
    Now,
    /// It waits its turn; this is the first time that it has to.
    PutOff,
    /// It waits on.
    Waiting,
}

/// The restarts of one plugin. A wish beyond those allowed is kept, and granted when its time has come: what the plugin
/// wants to change may matter, and a storm shall not silence it.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    recent: [Option<Instant>; AT_ONCE],
    wanted: bool,
}

impl Restarts {
    /// A wish to be restarted.
    pub(super) fn ask(&mut self, now: Instant) -> Answer {
        if self.take_place(now) {
            self.wanted = false;
            Answer::Now
        } else if std::mem::replace(&mut self.wanted, true) {
            Answer::Waiting
        } else {
            Answer::PutOff
        }
    }

    /// Whether a wish that had to wait is granted now.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let due = self.wanted && self.take_place(now);
        self.wanted &= !due;
        due
    }

    /// A wish that was granted could not be acted on: it waits.
    pub(super) const fn put_back(&mut self) {
        self.wanted = true;
    }

    fn take_place(&mut self, now: Instant) -> bool {
        let free = self
            .recent
            .iter_mut()
            .find(|recent| recent.is_none_or(|recent| now.saturating_duration_since(recent) >= WINDOW));
        match free {
            Some(place) => {
                *place = Some(now);
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_is_put_off_and_its_last_wish_granted() {
        let mut restarts = Restarts::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        for _ in 0..AT_ONCE {
            assert_eq!(restarts.ask(at(0)), Answer::Now);
        }
        assert_eq!(restarts.ask(at(1)), Answer::PutOff);
        assert_eq!(restarts.ask(at(2)), Answer::Waiting);
        assert!(!restarts.is_due(at(3)));
        assert!(restarts.is_due(at(20)));
        assert!(!restarts.is_due(at(20)));
    }
}
