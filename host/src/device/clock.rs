//! The clock that blocks and MIDI messages are stamped with.

/// Nanoseconds of the monotonic clock. Any thread; no system call where the kernel maps its clock into the process,
/// as Linux and Windows do.
///
/// On Linux this is `CLOCK_MONOTONIC`, which JACK and ALSA's sequencer use as well; elsewhere it counts from the
/// first call.
#[must_use]
pub fn monotonic_nanos() -> i64 {
    imp::nanos()
}

#[cfg(target_os = "linux")]
mod imp {
    pub(super) fn nanos() -> i64 {
        let mut now = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: `now` is a timespec to write to. This clock exists on every Linux, so the call does not fail; if it
        // did, `now` would stay zero.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
        now.tv_sec * 1_000_000_000 + now.tv_nsec
    }
}

#[cfg(not(target_os = "linux"))]
mod imp {
    use std::sync::OnceLock;
    use std::time::Instant;

    static FIRST: OnceLock<Instant> = OnceLock::new();

    pub(super) fn nanos() -> i64 {
        let first = FIRST.get_or_init(Instant::now);
        i64::try_from(first.elapsed().as_nanos()).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn it_counts_nanoseconds() {
        let before = monotonic_nanos();
        std::thread::sleep(Duration::from_millis(20));
        let passed = monotonic_nanos() - before;
        assert!((20_000_000..2_000_000_000).contains(&passed), "{passed}");
    }
}
