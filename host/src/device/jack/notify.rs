//! What the server says, on a thread of its library: kept in atomics until main asks.

use super::super::Info;
use ::jack::{Client, ClientStatus, Control, Frames, NotificationHandler, PortId};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// Between the server's threads and main.
#[derive(Debug)]
pub(super) struct Shared {
    /// The server is gone, or has thrown us out.
    pub is_lost: AtomicBool,
    /// Ports have come or gone.
    pub ports_changed: AtomicBool,
    /// Frames per second now.
    pub rate: AtomicU32,
    /// Frames in one block now.
    pub buffer: AtomicU32,
    /// Times that the server was late.
    pub xruns: AtomicU64,
    /// Messages that found no room in the MIDI output.
    pub midi_dropped: AtomicU64,
}

impl Shared {
    pub(super) fn new(info: &Info) -> Self {
        Self {
            is_lost: AtomicBool::new(false),
            ports_changed: AtomicBool::new(false),
            rate: AtomicU32::new(info.rate),
            buffer: AtomicU32::new(info.buffer),
            xruns: AtomicU64::new(0),
            midi_dropped: AtomicU64::new(0),
        }
    }
}

/// Takes the server's notifications.
pub(super) struct Notify {
    shared: Arc<Shared>,
}

impl Notify {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

impl NotificationHandler for Notify {
    unsafe fn shutdown(&mut self, _: ClientStatus, _: &str) {
        self.shared.is_lost.store(true, Ordering::Release);
    }

    fn sample_rate(&mut self, _: &Client, rate: Frames) -> Control {
        self.shared.rate.store(rate, Ordering::Release);
        Control::Continue
    }

    fn port_registration(&mut self, _: &Client, _: PortId, is_registered: bool) {
        if is_registered {
            self.shared.ports_changed.store(true, Ordering::Release);
        }
    }

    fn xrun(&mut self, _: &Client) -> Control {
        self.shared.xruns.fetch_add(1, Ordering::Relaxed);
        Control::Continue
    }
}
