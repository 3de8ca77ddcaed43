//! What a device callback owns.

use crate::engine::Engine;
use crate::lend::Lent;
use core::fmt;
use rtrb::Producer;

/// Holds the engine for as long as a device calls back, and sends it home when dropped.
///
/// A device may drop its callback on any thread, the audio thread included; the engine survives that, and main
/// gives it to the next device.
pub struct Slot {
    engine: Option<Lent<Engine>>,
    home: Producer<Lent<Engine>>,
}

impl Slot {
    /// A slot around an engine. `home` must have room for it and its consumer must live on main, which then also
    /// frees the ring.
    #[must_use]
    pub const fn new(engine: Lent<Engine>, home: Producer<Lent<Engine>>) -> Self {
        Self {
            engine: Some(engine),
            home,
        }
    }

    /// The engine.
    #[inline]
    pub fn engine(&mut self) -> Option<&mut Engine> {
        self.engine.as_deref_mut()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(engine) = self.engine.take()
            && let Err(rtrb::PushError::Full(engine)) = self.home.push(engine)
        {
            // Nobody waits at home: rather leak an engine than free it here.
            crate::lend::abandon(engine);
        }
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("engine", &self.engine.is_some())
            .finish_non_exhaustive()
    }
}
