//! Load, levels and counts, summed up over the times between two lines.

use crate::words::{decibels, rounded};
use host::device::LoadSnapshot;
use host::session::Meters;
use serde_json::{Value, json};

/// A counter that begins at 0 again when the engine is built anew, and goes on here.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    before: u64,
    now: u64,
}

impl Count {
    fn set(&mut self, now: u64) {
        if now < self.now {
            self.before += self.now;
        }
        self.now = now;
    }

    const fn total(self) -> u64 {
        self.before + self.now
    }
}

/// The highest value since it was last asked for, for several who ask at different times.
#[derive(Clone, Copy, Debug, Default)]
struct Peaks {
    live: f64,
    status: f64,
    start: f64,
}

impl Peaks {
    fn add(&mut self, value: f64) {
        for peak in [&mut self.live, &mut self.status, &mut self.start] {
            *peak = peak.max(value);
        }
    }
}

/// Everything that is counted.
#[derive(Debug, Default)]
pub struct Totals {
    live: LoadSnapshot,
    status: LoadSnapshot,
    max: Peaks,
    peak: Peaks,
    midi_events: Count,
    dropped: Count,
    faults: Count,
    last_midi: Option<[u8; 3]>,
}

impl Totals {
    /// Takes the engine's report.
    pub fn meters(&mut self, meters: &Meters) {
        let [left, right] = meters.peak;
        self.peak.add(f64::from(left.max(right)));
        self.midi_events.set(meters.midi_events);
        self.dropped.set(meters.dropped);
        self.faults.set(meters.faults);
        if meters.midi_events > 0 {
            self.last_midi = Some(meters.last_midi);
        }
    }

    /// The last MIDI message, if there was one.
    pub const fn last_midi(&self) -> Option<[u8; 3]> {
        self.last_midi
    }

    /// Load and level in dBFS since this was last asked for. `since` gives the load since a snapshot; asking for it
    /// resets its maximum, which is why all who ask come here.
    pub fn for_live(&mut self, since: impl FnOnce(&LoadSnapshot) -> LoadSnapshot) -> (LoadSnapshot, f64) {
        self.live = since(&self.live);
        self.max.add(self.live.max);
        let max = std::mem::take(&mut self.max.live);
        let peak = std::mem::take(&mut self.peak.live);
        (with_max(&self.live, max), decibels(peak))
    }

    /// The fields of a status line: load and level since the last one.
    pub fn for_status(&mut self, since: impl FnOnce(&LoadSnapshot) -> LoadSnapshot) -> Value {
        self.status = since(&self.status);
        self.max.add(self.status.max);
        let max = std::mem::take(&mut self.max.status);
        let peak = std::mem::take(&mut self.peak.status);
        let load = with_max(&self.status, max);
        self.fields(&load, peak)
    }

    /// The same fields for all the time since the start, and whole sentences of what may have been heard of it.
    pub fn for_end(&mut self, since: impl FnOnce(&LoadSnapshot) -> LoadSnapshot) -> (Value, Vec<String>) {
        let all = since(&LoadSnapshot::default());
        self.max.add(all.max);
        let load = with_max(&all, self.max.start);
        (self.fields(&load, self.peak.start), self.losses(&load))
    }

    fn losses(&self, load: &LoadSnapshot) -> Vec<String> {
        let mut told = Vec::new();
        if load.late > 0 {
            // Those that a device left out because one before took too long are among them.
            let blocks = if load.late == 1 {
                "1 block"
            } else {
                &format!("{} blocks", load.late)
            };
            told.push(format!(
                "{blocks} came late or not at all; the longest took {:.0} % of its time. This may be heard as crackling; \
                 a larger --buffer gives the plugins more time.",
                load.max * 100.0
            ));
        }
        match self.dropped.total() {
            0 => {}
            1 => told.push("1 event was dropped: too many came at once.".to_owned()),
            dropped => told.push(format!("{dropped} events were dropped: too many came at once.")),
        }
        told
    }

    fn fields(&self, load: &LoadSnapshot, peak: f64) -> Value {
        json!({
            "blocks": load.total,
            "late": load.late,
            "load_mean": rounded(load.mean, 6),
            "load_max": rounded(load.max, 6),
            // The histogram is coarser than the maximum, which may have been taken by another line.
            "load_p999": rounded(load.p999.min(load.max), 6),
            "peak_db": rounded(decibels(peak), 2),
            "midi_events": self.midi_events.total(),
            "dropped": self.dropped.total(),
            "faults": self.faults.total(),
        })
    }
}

fn with_max(load: &LoadSnapshot, max: f64) -> LoadSnapshot {
    let mut load = load.clone();
    load.max = max;
    load
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::device::LoadStats;

    #[test]
    fn each_line_has_its_own_maximum() {
        let stats = LoadStats::default();
        let mut totals = Totals::default();
        stats.record(500, 1000);
        let (live, _) = totals.for_live(|last| stats.snapshot(last));
        assert!((live.max - 0.5).abs() < 1e-9);
        stats.record(200, 1000);
        let (live, _) = totals.for_live(|last| stats.snapshot(last));
        assert!((live.max - 0.2).abs() < 1e-9);
        let status = totals.for_status(|last| stats.snapshot(last));
        assert_eq!((&status["load_max"], &status["blocks"]), (&json!(0.5), &json!(2)));
        stats.record(100, 1000);
        let status = totals.for_status(|last| stats.snapshot(last));
        assert_eq!(status["load_max"], json!(0.1));
        let (end, losses) = totals.for_end(|last| stats.snapshot(last));
        assert_eq!(losses, Vec::<String>::new());
        assert_eq!(
            (&end["load_max"], &end["blocks"], &end["late"]),
            (&json!(0.5), &json!(3), &json!(0))
        );
    }

    #[test]
    fn what_was_lost_is_told_at_the_end() {
        let stats = LoadStats::default();
        let mut totals = Totals::default();
        stats.record(1300, 1000);
        stats.record(100, 1000);
        totals.meters(&Meters {
            dropped: 3,
            ..Meters::default()
        });
        let (_, losses) = totals.for_end(|last| stats.snapshot(last));
        let [late, dropped] = losses.as_slice() else {
            panic!("{losses:?}");
        };
        assert!(
            late.starts_with("1 block came late or not at all; the longest took 130 %"),
            "{late}"
        );
        assert!(dropped.starts_with("3 events were dropped"), "{dropped}");
    }

    #[test]
    fn counts_go_on_when_the_engine_is_built_anew() {
        let mut totals = Totals::default();
        let meters = |midi_events, peak| Meters {
            midi_events,
            peak: [peak, 0.0],
            last_midi: [0x90, 60, 100],
            ..Meters::default()
        };
        totals.meters(&meters(0, 0.5));
        assert_eq!(totals.last_midi(), None);
        [7, 10, 3]
            .into_iter()
            .for_each(|count| totals.meters(&meters(count, 0.25)));
        assert_eq!(totals.last_midi(), Some([0x90, 60, 100]));
        let status = totals.for_status(|_| LoadSnapshot::default());
        assert_eq!(status["midi_events"], 13);
        assert!((status["peak_db"].as_f64().unwrap() + 6.02).abs() < 0.01);
        let status = totals.for_status(|_| LoadSnapshot::default());
        assert_eq!(status["peak_db"], json!(crate::words::SILENCE_DB));
    }
}
