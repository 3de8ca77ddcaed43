//! Sleeping until a time of the monotonic clock.

/// Sleeps until `due`, in nanoseconds of the monotonic clock. One system call, also if the time is past.
#[cfg(target_os = "linux")]
pub(super) fn until(due: i64) {
    let due = libc::timespec {
        tv_sec: due / 1_000_000_000,
        tv_nsec: due % 1_000_000_000,
    };
    loop {
        // SAFETY: `due` lives over the call; the time left is not asked for, which an absolute sleep has none of.
        let failed = unsafe {
            libc::clock_nanosleep(
                libc::CLOCK_MONOTONIC,
                libc::TIMER_ABSTIME,
                &raw const due,
                std::ptr::null_mut(),
            )
        };
        // A signal woke the thread: sleep on.
        if failed != libc::EINTR {
            return;
        }
    }
}

/// Sleeps until `due`, in nanoseconds of the monotonic clock.
///
/// The standard library sleeps on a high-resolution timer where there is one, which wakes within half a millisecond;
/// what is left is spun away.
#[cfg(not(target_os = "linux"))]
pub(super) fn until(due: i64) {
    use crate::clock::monotonic_nanos;
    const SPIN: i64 = 500_000;
    if let Ok(nanos) = u64::try_from(due - monotonic_nanos() - SPIN) {
        std::thread::sleep(std::time::Duration::from_nanos(nanos));
    }
    while monotonic_nanos() < due {
        std::hint::spin_loop();
    }
}
