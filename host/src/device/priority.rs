//! Real-time scheduling for threads that are ours, or that a driver leaves at the common priority.

/// What became of asking for real-time scheduling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheduling {
    /// The thread runs before all others of common priority.
    RealTime,
    /// The system refused; the thread competes with all others.
    Common,
}

/// Asks the system to run the calling thread in real time. One or two system calls; before the first block.
#[cfg(target_os = "linux")]
pub(super) fn real_time() -> Scheduling {
    // Above JACK's clients (usually 60 and more below its server), below the kernel's interrupt threads (50 to 99,
    // the sound card's set higher on tuned systems).
    const PRIORITY: libc::c_int = 70;
    let mut highest = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `highest` is an rlimit to write to.
    unsafe { libc::getrlimit(libc::RLIMIT_RTPRIO, &raw mut highest) };
    // Where a user may use less than 70, the most that he may is still better than nothing.
    let allowed = libc::c_int::try_from(highest.rlim_cur).unwrap_or(libc::c_int::MAX);
    let try_priority = |priority: libc::c_int| {
        let parameters = libc::sched_param {
            sched_priority: priority,
        };
        // SAFETY: 0 is the calling thread, `parameters` lives over the call. Children do not inherit it.
        let failed = unsafe {
            libc::sched_setscheduler(
                0,
                libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK,
                &raw const parameters,
            )
        };
        failed == 0
    };
    if try_priority(PRIORITY) || ((1..PRIORITY).contains(&allowed) && try_priority(allowed)) {
        Scheduling::RealTime
    } else {
        Scheduling::Common
    }
}

/// Asks the system to run the calling thread in real time.
#[cfg(windows)]
pub(super) fn real_time() -> Scheduling {
    use std::ffi::{c_int, c_void};
    /// `THREAD_PRIORITY_TIME_CRITICAL` of winbase.h.
    const TIME_CRITICAL: c_int = 15;
    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GetCurrentThread() -> *mut c_void;
        fn SetThreadPriority(thread: *mut c_void, priority: c_int) -> c_int;
    }
    // SAFETY: the pseudo handle of the calling thread is always valid and need not be closed.
    let done = unsafe { SetThreadPriority(GetCurrentThread(), TIME_CRITICAL) };
    if done == 0 {
        Scheduling::Common
    } else {
        Scheduling::RealTime
    }
}

/// Asks the system to run the calling thread in real time.
#[cfg(not(any(target_os = "linux", windows)))]
pub(super) fn real_time() -> Scheduling {
    Scheduling::Common
}

/// Touches the stack below the caller, so that the first blocks meet no page fault.
#[inline(never)]
pub(super) fn prefault_stack() {
    let mut stack = [0_u8; 256 * 1024];
    std::hint::black_box(&mut stack);
}
