//! What the tests of every device need: an engine that plays silence, and a count of its blocks.

use super::{Callback, CallbackParts, Driver, Info, LoadSnapshot, LoadStats};
use crate::link::Link;
use std::sync::Arc;
use std::time::Duration;

/// An engine on its way through a device.
pub(super) struct Rig {
    link: Link,
    callback: Option<Callback>,
    load: Arc<LoadStats>,
}

impl Rig {
    pub(super) fn new(info: &Info) -> Self {
        let (mut link, engine) = Link::build(f64::from(info.rate), info.buffer as usize);
        let load = Arc::new(LoadStats::default());
        let callback = Callback::new(CallbackParts {
            slot: link.slot(engine),
            rate: info.rate,
            load: Arc::clone(&load),
            midi_out: None,
            guard: None,
        });
        Self {
            link,
            callback: Some(callback),
            load,
        }
    }

    /// The callback, once.
    pub(super) fn callback(&mut self) -> Callback {
        self.callback.take().unwrap()
    }

    /// Blocks played so far.
    pub(super) fn blocks(&self) -> u64 {
        self.load.snapshot(&LoadSnapshot::default()).total
    }

    /// Checks that the engine is back, or comes back at once.
    pub(super) fn engine_comes_home(&mut self) {
        assert!(self.link.take_home(Duration::from_millis(200)).is_some());
        assert_eq!(self.load.panics(), 0);
    }
}

/// What a device might tell of itself.
pub(super) fn info(rate: u32, buffer: u32) -> Info {
    Info {
        driver: Driver::Null,
        name: "test".to_owned(),
        rate,
        buffer,
        latency_in: 0,
        latency_out: 0,
        inputs: 0,
        outputs: 2,
    }
}
