//! The clock that MIDI and audio share.

/// Now, in nanoseconds of the system's monotonic clock: the clock of [`rt::wire::Stamp::Nanos`].
///
/// On Linux this is `CLOCK_MONOTONIC`, which JACK and ALSA use too. Elsewhere it counts from the first call in this
/// process. Any thread; neither allocates nor waits.
#[must_use]
pub fn monotonic_nanos() -> i64 {
    imp::monotonic_nanos()
}

#[cfg(target_os = "linux")]
mod imp {
    pub(super) fn monotonic_nanos() -> i64 {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: the pointer is to a timespec of ours, and the clock exists on every Linux.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
        time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}

#[cfg(not(target_os = "linux"))]
mod imp {
    use std::sync::OnceLock;
    use std::time::Instant;

    pub(super) fn monotonic_nanos() -> i64 {
        static START: OnceLock<Instant> = OnceLock::new();
        let elapsed = START.get_or_init(Instant::now).elapsed();
        i64::try_from(elapsed.as_nanos()).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn it_runs_forward_in_nanoseconds() {
        let before = monotonic_nanos();
        std::thread::sleep(Duration::from_millis(5));
        let passed = monotonic_nanos() - before;
        assert!((5_000_000..5_000_000_000).contains(&passed), "{passed} ns");
    }
}
