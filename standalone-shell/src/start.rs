//! When this process began.

use std::time::{Duration, Instant};

/// The start of the process, from which `first_block_ms` counts.
#[derive(Clone, Copy, Debug)]
pub struct Started(Instant);

impl Started {
    /// To be called first thing in `main`, while there is one thread.
    pub fn now() -> Self {
        let now = Instant::now();
        Self(now.checked_sub(before_main()).unwrap_or(now))
    }

    /// Time since the process began.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// What the system's loader took before `main`: on Linux the time that the only thread ran or waited for a processor,
/// in nanoseconds. The start time of `/proc/self/stat` would count in steps of 10 ms. Elsewhere nothing is added.
fn before_main() -> Duration {
    let Ok(text) = std::fs::read_to_string("/proc/self/schedstat") else {
        return Duration::ZERO;
    };
    let nanos = text
        .split_whitespace()
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .fold(0, u64::saturating_add);
    // A file that says otherwise speaks of something else.
    let most = Duration::from_secs(10);
    Some(Duration::from_nanos(nanos))
        .filter(|before| *before < most)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_began_before_now() {
        let started = Started::now();
        assert!(started.elapsed() < Duration::from_secs(11));
        std::thread::sleep(Duration::from_millis(2));
        assert!(started.elapsed() >= Duration::from_millis(2));
    }
}
