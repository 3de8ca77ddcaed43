//! Windows' messages, which plugins live by even without an editor: timers, and calls to themselves on the main thread.
//!
//! They come to the thread that made the window behind them, so main takes them wherever it waits.

use std::time::Duration;
use windows_sys::Win32::Foundation::WAIT_OBJECT_0;
use windows_sys::Win32::System::Ole::OleInitialize;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    DispatchMessageW, MSG, MWMO_INPUTAVAILABLE, MsgWaitForMultipleObjectsEx, PM_REMOVE, PeekMessageW,
    QS_ALLINPUT, TranslateMessage,
};

/// Messages served at one go: a window that sends itself messages without end does not hold main.
const AT_ONCE: usize = 256;

/// Prepares the calling thread for plugins, once: they expect their host to have initialised COM, and with it drag and
/// drop, on the main thread.
///
/// It is never undone: what plugins made with it may live until the process ends.
pub(crate) fn prepare_thread() {
    // SAFETY: no pointer is passed but the null that the function asks for. A thread that was initialised otherwise before
    // stays as it is.
    unsafe { OleInitialize(std::ptr::null()) };
}

/// Sleeps for at most `limit`, and serves the messages that come meanwhile.
pub(crate) fn wait(limit: Duration) {
    // Rounded up, so that a timer due in half a millisecond does not make main spin.
    let millis = u32::try_from(limit.as_micros().div_ceil(1000)).unwrap_or(u32::MAX - 1);
    // SAFETY: the list of objects is empty.
    let woken =
        unsafe { MsgWaitForMultipleObjectsEx(0, std::ptr::null(), millis, QS_ALLINPUT, MWMO_INPUTAVAILABLE) };
    if woken == WAIT_OBJECT_0 {
        serve();
    }
}

/// Serves the messages that wait.
pub(crate) fn serve() {
    // SAFETY: the structure holds numbers and a handle, for which zeros are good values.
    let mut message: MSG = unsafe { std::mem::zeroed() };
    for _ in 0..AT_ONCE {
        // SAFETY: the pointer is to a structure of ours, which the call fills; a null window means all of this thread's.
        unsafe {
            if PeekMessageW(&raw mut message, std::ptr::null_mut(), 0, 0, PM_REMOVE) == 0 {
                return;
            }
            TranslateMessage(&raw const message);
            DispatchMessageW(&raw const message);
        }
    }
}
