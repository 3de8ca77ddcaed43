//! Lets go of everything that sounds, in steps that always end.

use super::Engine;
use super::swap::Leaving;
use crate::rack::Watch;
use crate::wire::{FromEngine, PluginAddress};

/// Seconds between the reset and the judgement.
const SETTLE: f64 = 0.1;
/// The last seconds of that, in which nothing may sound any more.
const LISTEN: f64 = 0.02;
/// Seconds after which a panic that is asked for again and again is judged all the same.
const LIMIT: f64 = 1.0;

/// How far a panic has come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Panic {
    /// The events go with the coming pass.
    asked: bool,
    /// The events have been heard; plugins are reset before the coming pass.
    told: bool,
    /// Frames to the judgement, and since the panic began.
    settling: Option<(u32, u32)>,
}

impl Panic {
    /// How closely plugins are watched in a pass.
    pub(super) fn watch(&self, rate: f64) -> Watch {
        match self.settling {
            None => Watch::No,
            Some((left, _)) if f64::from(left) <= LISTEN * rate => Watch::Output,
            Some(_) => Watch::Input,
        }
    }
}

impl Engine {
    /// Begins a panic, or begins it again.
    pub(super) fn begin_panic(&mut self) {
        self.panic.asked = true;
    }

    /// What has to happen before a pass.
    #[inline]
    pub(super) fn panic_events(&mut self) {
        if self.panic.told {
            self.panic.told = false;
            self.reset_all();
        }
        if self.panic.asked {
            self.panic.asked = false;
            self.panic.told = true;
            self.release_all();
        }
    }

    fn release_all(&mut self) {
        self.racks()
            .flat_map(|rack| rack.all_layers())
            .for_each(|(_, layer)| layer.panic());
        self.leaving.iter_mut().flatten().for_each(Leaving::hurry);
        self.controllers.release();
    }

    fn reset_all(&mut self) {
        self.racks()
            .flat_map(|rack| rack.all_layers())
            .flat_map(|(_, layer)| layer.units())
            .for_each(|(_, unit)| unit.reset());
        let since = self.panic.settling.map_or(0, |(_, since)| since);
        let left = match self.panic.settling {
            Some((left, since)) if f64::from(since) > LIMIT * self.rate => left,
            _ => self.frames_of(SETTLE),
        };
        self.panic.settling = Some((left, since));
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a part of the rate"
    )]
    fn frames_of(&self, seconds: f64) -> u32 {
        (seconds * self.rate) as u32
    }

    /// What has to happen after a pass of `frames`.
    #[inline]
    pub(super) fn panic_watch(&mut self, frames: u32) {
        if let Some((left, since)) = self.panic.settling {
            let moved = (left.saturating_sub(frames), since.saturating_add(frames));
            self.panic.settling = Some(moved);
            // A block may be longer than all that listening: it is judged by a pass that has listened.
            if moved.0 == 0 && f64::from(left) <= LISTEN * self.rate {
                self.panic.settling = None;
                self.judge();
            }
        }
    }

    fn judge(&mut self) {
        let mut stuck = false;
        if let Some(rack) = &mut self.current {
            let id = rack.id;
            for (number, layer) in rack.all_layers() {
                for (place, unit) in layer.units().filter(|(_, unit)| unit.is_stuck()) {
                    unit.mute();
                    let plugin = PluginAddress { layer: number, place };
                    self.home.send(FromEngine::PanicStuck { rack: id, plugin });
                    stuck = true;
                }
            }
        }
        if !stuck {
            self.home.send(FromEngine::PanicDone);
        }
    }
}
