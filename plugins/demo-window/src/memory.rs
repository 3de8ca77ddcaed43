//! What a plugin remembers of its editor's window.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nice_plug::editor::dpi::{LogicalSize, NativeSize};
use nice_plug::params::persist::PersistentField;

/// The size of the editor in logical points, shared by the parameters, which save it, and the editor.
///
/// Used on the main and on the window's thread, never on the audio thread.
#[derive(Debug, Clone)]
pub struct WindowMemory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    size: Mutex<(f32, f32)>,
    /// The bits of the factor from logical points to pixels, as the last window had it.
    scale: AtomicU32,
}

impl WindowMemory {
    /// A window that was never open.
    pub fn new(size: (f32, f32)) -> Self {
        Self(Arc::new(Inner {
            size: Mutex::new(size),
            scale: AtomicU32::new(1.0f32.to_bits()),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, (f32, f32)> {
        // A size is never half written.
        self.0.size.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The size in logical points.
    pub fn logical(&self) -> LogicalSize<f32> {
        let (width, height) = *self.lock();
        LogicalSize::new(width, height)
    }

    /// The size in the units that hosts use on this system.
    pub fn native(&self) -> NativeSize<u32> {
        let scale = f32::from_bits(self.0.scale.load(Ordering::Relaxed));
        NativeSize::from_size(self.logical().into(), f64::from(scale))
    }

    /// Takes down that the window has a new size.
    pub fn resized(&self, width: f32, height: f32, scale: f32) {
        self.0.scale.store(scale.to_bits(), Ordering::Relaxed);
        self.set((width, height));
    }
}

impl<'a> PersistentField<'a, (f32, f32)> for WindowMemory {
    fn set(&self, (width, height): (f32, f32)) {
        // A file may say anything. A window of no size, or of one that no screen has, could not be repaired by hand.
        let sane = |length: f32| (100.0..=10_000.0).contains(&length);
        if sane(width) && sane(height) {
            *self.lock() = (width, height);
        }
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&(f32, f32)) -> R,
    {
        f(&self.lock())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_a_size_and_refuses_nonsense() {
        let memory = WindowMemory::new((600.0, 400.0));
        memory.set((700.0, 500.0));
        for nonsense in [(0.0, 500.0), (700.0, f32::NAN), (1e9, 500.0)] {
            memory.set(nonsense);
        }
        assert_eq!(memory.map(|size| *size), (700.0, 500.0));
        memory.resized(300.0, 200.0, 2.0);
        assert_eq!(memory.logical(), LogicalSize::new(300.0, 200.0));
    }
}
