//! Reports home, and spares the way.

use super::Engine;
use crate::block::{Block, Peak};
use crate::wire::{FromEngine, Meters};

/// Reports a second.
const REPORTS: f64 = 30.0;

impl Engine {
    /// Counts what was dropped in this block and reports how things stand, if it is time.
    pub(super) fn emit(&mut self, block: &Block<'_>) {
        let frames = u32::try_from(block.frames()).unwrap_or(u32::MAX);
        if self.until_report > frames {
            self.until_report -= frames;
            return;
        }
        let lists = [
            &mut self.incoming,
            &mut self.device_midi,
            &mut self.midi_out,
            &mut self.scratch.layer,
            &mut self.scratch.unit,
            &mut self.scratch.out,
            &mut self.scratch.carry,
        ];
        self.home.dropped += lists
            .into_iter()
            .map(|list| u64::from(list.take_dropped()))
            .sum::<u64>()
            + u64::from(self.scratch.clap.take_dropped())
            + u64::from(self.scratch.vst3.take_dropped());
        if !self.home.has_room() {
            // The next block tries again; the counters and the peak are kept until then.
            self.until_report = 0;
            return;
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most four racks leave at once")]
        let leaving = self.leaving.iter().flatten().count() as u8;
        self.meters = Meters {
            dropped: self.home.dropped,
            faults: self.home.faults,
            leaving,
            peak: self.peaks.map(|peak| peak.value()),
            ..self.meters
        };
        self.home.send(FromEngine::Meters(self.meters));
        self.peaks = [Peak::NONE; 2];
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a part of the rate"
        )]
        {
            self.until_report = (self.rate / REPORTS) as u32;
        }
    }
}
