//! The run loop that editors on Linux live by: file descriptors to watch and timers, served by main's own loop.

use super::com::{MainCell, MainPtr};
use super::host::{Call, HostObject, ModuleContext, Record};
use crate::plugin::WatchedFd;
use std::time::{Duration, Instant};
use vst3::Steinberg::Linux::{
    FileDescriptor, IEventHandler, IEventHandlerTrait, IRunLoopTrait, ITimerHandler, ITimerHandlerTrait,
    TimerInterval,
};
use vst3::Steinberg::{kInvalidArgument, kOutOfMemory, kResultFalse, kResultOk, tresult};
use vst3::{ComRef, Interface};

/// Registrations of each kind that a plugin may have.
const MOST: usize = 256;
/// Shortest period in milliseconds: main looks that often.
const SHORTEST: u64 = 5;

/// What one plugin has registered. Belongs to main; elsewhere it is empty and takes nothing.
pub(super) struct RunLoop(MainCell<Registered>);

#[derive(Default)]
struct Registered {
    fds: Vec<Watch>,
    timers: Vec<Timer>,
    serial: u64,
    shut: bool,
}

struct Watch {
    serial: u64,
    fd: FileDescriptor,
    handler: MainPtr<IEventHandler>,
}

struct Timer {
    serial: u64,
    period: Duration,
    due: Instant,
    handler: MainPtr<ITimerHandler>,
}

impl Default for RunLoop {
    fn default() -> Self {
        Self(MainCell::new(Registered::default()))
    }
}

impl RunLoop {
    /// The file descriptors to watch, each once.
    pub(super) fn watched_fds(&self) -> Vec<WatchedFd> {
        let mut fds = self
            .0
            .with(|all| all.fds.iter().map(|watch| watch.fd).collect::<Vec<_>>())
            .unwrap_or_default();
        fds.sort_unstable();
        fds.dedup();
        let watch = |fd| WatchedFd {
            fd,
            read: true,
            write: false,
            error: true,
        };
        fds.into_iter().map(watch).collect()
    }

    /// Tells the handlers of a file descriptor that it is ready: those that are still registered when their turn
    /// comes.
    pub(super) fn fd_ready(&self, fd: FileDescriptor) {
        // One at a time, because a handler may register and unregister what it likes; what it registers now waits for
        // the next time.
        let newest = self.0.with(|all| all.serial).unwrap_or(0);
        let mut last = 0;
        while let Some((serial, handler)) = self.0.with(|all| next_watch(all, fd, last, newest)).flatten() {
            last = serial;
            // SAFETY: held by a reference; this is main, and outside of the cell.
            unsafe { handler.onFDIsSet(fd) };
        }
    }

    /// Calls the timers that are due, each once however late: a burst would help nobody.
    pub(super) fn serve_timers(&self, now: Instant) {
        let due: Vec<u64> = self
            .0
            .with(|all| {
                let due = all.timers.iter().filter(|timer| timer.due <= now);
                due.map(|timer| timer.serial).collect()
            })
            .unwrap_or_default();
        for serial in due {
            // One before it may have unregistered this one.
            let handler = self.0.with(|all| {
                let timer = all.timers.iter_mut().find(|timer| timer.serial == serial)?;
                timer.due = Some(timer.due + timer.period)
                    .filter(|&due| due > now)
                    .unwrap_or(now + timer.period);
                Some(timer.handler.clone())
            });
            if let Some(handler) = handler.flatten() {
                // SAFETY: held by a reference; this is main, and outside of the cell.
                unsafe { handler.onTimer() };
            }
        }
    }

    /// When the next timer is due.
    pub(super) fn next_timer(&self) -> Option<Instant> {
        self.0
            .with(|all| all.timers.iter().map(|timer| timer.due).min())
            .flatten()
    }

    /// Lets go of all handlers, and takes no more.
    pub(super) fn shut_down(&self) {
        let dropped = self.0.with(|all| {
            let serial = all.serial;
            let shut = Registered {
                serial,
                shut: true,
                ..Registered::default()
            };
            std::mem::replace(all, shut)
        });
        // Outside of the cell: a handler may call back as it goes.
        drop(dropped);
    }
}

/// The first handler of a file descriptor that was registered after `last` and not after `newest`.
fn next_watch(
    all: &mut Registered,
    fd: FileDescriptor,
    last: u64,
    newest: u64,
) -> Option<(u64, MainPtr<IEventHandler>)> {
    let mut watches = all.fds.iter().filter(|watch| watch.fd == fd);
    let next = watches.find(|watch| watch.serial > last && watch.serial <= newest)?;
    Some((next.serial, next.handler.clone()))
}

/// A handler that the plugin passes, with a reference for us.
///
/// # Safety
///
/// Null, or a live object of the plugin's.
unsafe fn hold<I: Interface>(handler: *mut I) -> Option<MainPtr<I>> {
    // SAFETY: this function's contract.
    unsafe { ComRef::from_raw(handler) }.map(|handler| MainPtr::new(handler.to_com_ptr()))
}

impl RunLoop {
    /// What is registered, if the call comes from main.
    fn of_main(&self, record: &Record) -> Option<&MainCell<Registered>> {
        record.main_only(Call::RunLoop).then_some(&self.0)
    }

    /// Once for a handler and a descriptor: a second time changes nothing.
    ///
    /// # Safety
    ///
    /// The handler is null or a live object of the plugin's.
    pub(super) unsafe fn register_fd(
        &self,
        record: &Record,
        handler: *mut IEventHandler,
        fd: FileDescriptor,
    ) -> tresult {
        let Some(cell) = self.of_main(record) else {
            return kResultFalse;
        };
        // SAFETY: this function's contract.
        let Some(handler) = (unsafe { hold(handler) }).filter(|_| fd >= 0) else {
            return kInvalidArgument;
        };
        let result = cell.with(|all| {
            let same = |watch: &Watch| watch.fd == fd && watch.handler.as_ptr() == handler.as_ptr();
            if all.fds.iter().any(same) {
                return kResultOk;
            }
            if all.shut || all.fds.len() >= MOST {
                return kOutOfMemory;
            }
            all.serial += 1;
            let serial = all.serial;
            all.fds.push(Watch {
                serial,
                fd,
                handler: handler.clone(),
            });
            kResultOk
        });
        result.unwrap_or(kResultFalse)
    }

    /// Takes the handler from all its descriptors.
    pub(super) fn unregister_fd(&self, record: &Record, handler: *mut IEventHandler) -> tresult {
        let Some(cell) = self.of_main(record) else {
            return kResultFalse;
        };
        // Released outside of the cell: the handler may call back as it goes.
        let removed: Option<Vec<Watch>> = cell.with(|all| {
            let its = |watch: &mut Watch| watch.handler.as_ptr() == handler;
            all.fds.extract_if(.., its).collect()
        });
        match removed.is_some_and(|removed| !removed.is_empty()) {
            true => kResultOk,
            false => kResultFalse,
        }
    }

    /// A handler may have several timers. Periods below 5 ms are slowed down to that, as main looks no more often.
    ///
    /// # Safety
    ///
    /// As for [`register_fd`](Self::register_fd).
    pub(super) unsafe fn register_timer(
        &self,
        record: &Record,
        handler: *mut ITimerHandler,
        milliseconds: TimerInterval,
    ) -> tresult {
        let Some(cell) = self.of_main(record) else {
            return kResultFalse;
        };
        // SAFETY: this function's contract.
        let Some(handler) = (unsafe { hold(handler) }).filter(|_| milliseconds > 0) else {
            return kInvalidArgument;
        };
        let period = Duration::from_millis(milliseconds.clamp(SHORTEST, u64::from(u32::MAX)));
        let result = cell.with(|all| {
            if all.shut || all.timers.len() >= MOST {
                return kOutOfMemory;
            }
            all.serial += 1;
            all.timers.push(Timer {
                serial: all.serial,
                period,
                due: Instant::now() + period,
                handler: handler.clone(),
            });
            kResultOk
        });
        result.unwrap_or(kResultFalse)
    }

    /// Takes all the handler's timers.
    pub(super) fn unregister_timer(&self, record: &Record, handler: *mut ITimerHandler) -> tresult {
        let Some(cell) = self.of_main(record) else {
            return kResultFalse;
        };
        // Released outside of the cell: the handler may call back as it goes.
        let removed: Option<Vec<Timer>> = cell.with(|all| {
            let its = |timer: &mut Timer| timer.handler.as_ptr() == handler;
            all.timers.extract_if(.., its).collect()
        });
        match removed.is_some_and(|removed| !removed.is_empty()) {
            true => kResultOk,
            false => kResultFalse,
        }
    }
}

/// Gives an object of ours, which has a `record()`, the interface of its record's run loop.
macro_rules! give_run_loop {
    ($($object:ty),+) => {
        $(impl IRunLoopTrait for $object {
            unsafe fn registerEventHandler(&self, handler: *mut IEventHandler, fd: FileDescriptor) -> tresult {
                // SAFETY: the plugin passes null or a live handler.
                unsafe { self.record().run_loop.register_fd(self.record(), handler, fd) }
            }

            unsafe fn unregisterEventHandler(&self, handler: *mut IEventHandler) -> tresult {
                self.record().run_loop.unregister_fd(self.record(), handler)
            }

            unsafe fn registerTimer(&self, handler: *mut ITimerHandler, milliseconds: TimerInterval) -> tresult {
                // SAFETY: the plugin passes null or a live handler.
                unsafe { self.record().run_loop.register_timer(self.record(), handler, milliseconds) }
            }

            unsafe fn unregisterTimer(&self, handler: *mut ITimerHandler) -> tresult {
                self.record().run_loop.unregister_timer(self.record(), handler)
            }
        })+
    };
}

give_run_loop!(HostObject, ModuleContext);

#[cfg(test)]
mod tests;
