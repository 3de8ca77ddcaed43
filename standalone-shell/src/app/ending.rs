//! When playing ends.

use super::Until;
use std::time::{Duration, Instant};

/// Level below which the end of a piece has died away: -80 dBFS.
const QUIET: f32 = 1e-4;
/// So long it has to stay below that.
const QUIET_FOR: Duration = Duration::from_millis(500);
/// Longest wait for the end of a piece to die away.
const DYING_AWAY: Duration = Duration::from_secs(30);

/// Why the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Somebody wants it to.
    Asked,
    /// Its time is up.
    Time,
    /// The piece is over.
    Piece,
    /// The driver kept the engine.
    EngineLost,
}

impl End {
    /// As the line `ended` gives it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Time => "time",
            Self::Piece => "piece",
            Self::EngineLost => "engine-lost",
        }
    }
}

/// Decides when playing ends.
#[derive(Debug)]
pub(super) struct Ending {
    deadline: Option<Instant>,
    end_of_piece: bool,
    /// Since when the piece has been over.
    over: Option<Instant>,
    /// When the output was last heard.
    heard: Instant,
    end: Option<End>,
}

impl Ending {
    pub(super) fn new(until: Until, now: Instant) -> Self {
        let Until {
            duration,
            end_of_piece,
        } = until;
        let deadline = duration.and_then(|duration| now.checked_add(duration));
        Self {
            deadline,
            end_of_piece,
            over: None,
            heard: now,
            end: None,
        }
    }

    pub(super) const fn end(&self) -> Option<End> {
        self.end
    }

    /// Ends it, unless it ends already.
    pub(super) fn quit(&mut self, end: End) {
        self.end.get_or_insert(end);
    }

    pub(super) const fn is_piece_over(&self) -> bool {
        self.over.is_some()
    }

    pub(super) fn piece_is_over(&mut self, now: Instant) {
        self.over.get_or_insert(now);
        self.heard = self.heard.max(now);
    }

    /// Takes the highest sample since the last report.
    pub(super) fn level(&mut self, peak: f32, now: Instant) {
        if peak >= QUIET {
            self.heard = now;
        }
    }

    pub(super) fn tick(&mut self, now: Instant) {
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            self.quit(End::Time);
        }
        if let Some(over) = self.over.filter(|_| self.end_of_piece)
            && (now.saturating_duration_since(self.heard) >= QUIET_FOR
                || now.saturating_duration_since(over) >= DYING_AWAY)
        {
            self.quit(End::Piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn time_ends_it() {
        let start = Instant::now();
        let mut ending = Ending::new(
            Until {
                duration: Some(100 * MS),
                end_of_piece: false,
            },
            start,
        );
        ending.tick(start + 99 * MS);
        assert_eq!(ending.end(), None);
        ending.tick(start + 100 * MS);
        assert_eq!(ending.end(), Some(End::Time));
        ending.quit(End::Asked);
        assert_eq!(ending.end(), Some(End::Time));
    }

    #[test]
    fn a_piece_may_die_away() {
        let start = Instant::now();
        let mut ending = Ending::new(
            Until {
                duration: None,
                end_of_piece: true,
            },
            start,
        );
        ending.tick(start + 60_000 * MS);
        assert_eq!(ending.end(), None, "it is not over");
        let over = start + 60_000 * MS;
        ending.piece_is_over(over);
        ending.tick(over + 499 * MS);
        ending.level(0.1, over + 499 * MS);
        ending.level(0.00001, over + 800 * MS);
        ending.tick(over + 998 * MS);
        assert_eq!(ending.end(), None, "it was heard not long ago");
        ending.tick(over + 999 * MS);
        assert_eq!(ending.end(), Some(End::Piece));
    }

    #[test]
    fn what_never_dies_away_ends_too() {
        let start = Instant::now();
        let mut ending = Ending::new(
            Until {
                duration: None,
                end_of_piece: true,
            },
            start,
        );
        ending.piece_is_over(start);
        for second in 1..30 {
            ending.level(0.5, start + second * 1000 * MS);
            ending.tick(start + second * 1000 * MS);
            assert_eq!(ending.end(), None);
        }
        ending.tick(start + DYING_AWAY);
        assert_eq!(ending.end(), Some(End::Piece));
    }

    #[test]
    fn players_go_on_after_a_piece() {
        let start = Instant::now();
        let mut ending = Ending::new(Until::default(), start);
        ending.piece_is_over(start);
        ending.tick(start + 3_600_000 * MS);
        assert_eq!(ending.end(), None);
    }
}
