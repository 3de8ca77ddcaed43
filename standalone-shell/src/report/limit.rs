//! How often people are told the same kind of thing.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// So many of one kind are told...
const MOST: u32 = 5;
/// ...in this time.
const WINDOW: Duration = Duration::from_secs(10);

/// Whether something is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    /// It is.
    Yes,
    /// It is, and is the last for a while.
    Last,
    /// It is not.
    No,
}

/// Counts what was told, by kind.
#[derive(Debug, Default)]
pub struct Limit(HashMap<String, (Instant, u32)>);

impl Limit {
    /// A sentence of a kind as it is told, if it is.
    pub fn sentence(&mut self, kind: &str, sentence: String, now: Instant) -> Option<String> {
        match self.pass(kind, now) {
            Pass::Yes => Some(sentence),
            Pass::Last => Some(format!(
                "{sentence} (More of this kind follows and is left out for a while.)"
            )),
            Pass::No => None,
        }
    }

    /// Counts one more of a kind.
    fn pass(&mut self, kind: &str, now: Instant) -> Pass {
        let (since, count) = self.0.entry(kind.to_owned()).or_insert((now, 0));
        if now.duration_since(*since) >= WINDOW {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        match *count {
            ..MOST => Pass::Yes,
            MOST => Pass::Last,
            _ => Pass::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_and_comes_again_later() {
        let mut limit = Limit::default();
        let start = Instant::now();
        let passes: Vec<_> = (0..7).map(|_| limit.pass("a", start)).collect();
        assert_eq!(
            passes[..5],
            [Pass::Yes, Pass::Yes, Pass::Yes, Pass::Yes, Pass::Last]
        );
        assert_eq!(passes[5..], [Pass::No, Pass::No]);
        assert_eq!(limit.pass("b", start), Pass::Yes);
        assert_eq!(limit.pass("a", start + WINDOW), Pass::Yes);
        let told: Vec<_> = (0..6)
            .filter_map(|_| limit.sentence("c", "Hm.".to_owned(), start))
            .collect();
        assert_eq!(told[..4], ["Hm."; 4]);
        assert!(told.len() == 5 && told[4].starts_with("Hm. (More"), "{told:?}");
    }
}
