//! Lets go of everything that sounds, in steps that always end.

use super::Engine;
use super::swap::Leaving;
use crate::wire::{FromEngine, PluginAddress};

/// Seconds between the reset and the judgement.
const SETTLE: f64 = 0.1;
/// A plugin above this peak (-60 dBFS) after its reset is stuck.
const STUCK: f32 = 1e-3;

/// How far a panic has come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Panic {
    #[default]
    Idle,
    /// Events go with the coming pass.
    Asked,
    /// The events have been heard; plugins are reset before the coming pass.
    Told,
    /// Plugins have been reset; judged after so many frames.
    Settling(u32),
}

impl Engine {
    /// Begins a panic, or begins it again.
    pub(super) fn begin_panic(&mut self) {
        self.panic = Panic::Asked;
    }

    /// What has to happen before a pass.
    pub(super) fn panic_events(&mut self) {
        let racks = self
            .current
            .iter_mut()
            .chain(self.leaving.iter_mut().flatten().map(|leaving| &mut leaving.rack));
        match self.panic {
            Panic::Asked => {
                for rack in racks {
                    rack.all_layers().for_each(|(_, layer)| layer.panic());
                }
                self.leaving.iter_mut().flatten().for_each(Leaving::hurry);
                self.controllers.release();
                self.panic = Panic::Told;
            }
            Panic::Told => {
                for rack in racks {
                    rack.all_layers()
                        .flat_map(|(_, layer)| layer.units())
                        .for_each(|(_, unit)| unit.reset());
                }
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a tenth of the rate"
                )]
                let frames = (SETTLE * self.rate) as u32;
                self.panic = Panic::Settling(frames.max(1));
            }
            Panic::Idle | Panic::Settling(_) => {}
        }
    }

    /// What has to happen after a pass of `frames`.
    pub(super) fn panic_watch(&mut self, frames: u32) {
        let Panic::Settling(left) = self.panic else { return };
        if left > frames {
            self.panic = Panic::Settling(left - frames);
            return;
        }
        self.panic = Panic::Idle;
        let mut stuck = false;
        if let Some(rack) = &mut self.current {
            let id = rack.id;
            for (number, layer) in rack.all_layers() {
                for (place, unit) in layer.units().filter(|(_, unit)| unit.peak > STUCK) {
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
