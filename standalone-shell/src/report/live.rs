//! The one line on a terminal that says how things stand.

use crate::words;
use host::device::{Info, LoadSnapshot};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Characters of a device's name that are shown: the line has to fit into 80 columns.
const LONGEST_NAME: usize = 20;

/// How things stand.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The device; `None` while it is lost.
    pub device: Option<&'a Info>,
    /// Load since the line was drawn last, and late blocks since the start.
    pub load: &'a LoadSnapshot,
    /// Highest level since the line was drawn last, in dBFS.
    pub peak_db: f64,
    /// The last MIDI message, if there was one.
    pub midi: Option<[u8; 3]>,
}

/// The line, below bars of other things.
#[derive(Debug)]
pub struct Live {
    bars: MultiProgress,
    line: ProgressBar,
}

impl Live {
    pub fn new() -> Self {
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let line = bars.add(ProgressBar::no_length());
        let style = ProgressStyle::with_template("{wide_msg}");
        line.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        Self { bars, line }
    }

    /// What stands above the line.
    pub fn bars(&self) -> MultiProgress {
        self.bars.clone()
    }

    pub fn draw(&self, situation: &Situation<'_>) {
        self.line.set_message(text(situation));
        self.line.tick();
    }

    /// Does something that prints, while the line is out of the way.
    pub fn above(&self, print: impl FnOnce()) {
        self.bars.suspend(print);
    }

    pub fn clear(&self) {
        self.line.finish_and_clear();
        // A bar of work that has not ended would stay. Where a terminal cannot be written to, there is none.
        let _cleared = self.bars.clear();
    }
}

/// Device, rate, buffer size, latency; mean and greatest load; late blocks; level; last MIDI message.
fn text(situation: &Situation<'_>) -> String {
    let Situation {
        device,
        load,
        peak_db,
        midi,
    } = situation;
    let device = device.map_or_else(
        || "device lost, waiting for it".to_owned(),
        |info| {
            let Info {
                driver,
                name,
                rate,
                buffer,
                ..
            } = info;
            let name: String = name
                .chars()
                .filter(|sign| !sign.is_control())
                .take(LONGEST_NAME)
                .collect();
            let driver = if name == driver.key() {
                String::new()
            } else {
                format!("{driver} ")
            };
            let kilohertz = f64::from(*rate) / 1000.0;
            format!(
                "{driver}{name} {kilohertz} kHz/{buffer} {:.1} ms",
                info.latency_ms()
            )
        },
    );
    let percent = |load: f64| load * 100.0;
    let midi = midi.map_or_else(|| "no MIDI yet".to_owned(), words::midi);
    format!(
        "{device}  load {:.0}/{:.0}%  {} late  {}  {midi}",
        percent(load.mean),
        percent(load.max),
        load.late,
        words::level(*peak_db)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::device::Driver;

    #[test]
    fn the_line_has_what_a_player_looks_for() {
        let info = Info {
            driver: Driver::Jack,
            name: "system".to_owned(),
            rate: 48_000,
            buffer: 32,
            latency_in: 0,
            latency_out: 96,
            inputs: 0,
            outputs: 2,
        };
        let mut load = LoadSnapshot::default();
        (load.mean, load.max, load.late) = (0.123, 0.5, 2);
        let situation = Situation {
            device: Some(&info),
            load: &load,
            peak_db: -12.34,
            midi: Some([0x90, 60, 100]),
        };
        assert_eq!(
            text(&situation),
            "JACK system 48 kHz/32 2.0 ms  load 12/50%  2 late  -12.3 dB  note on C4 v100 ch1"
        );
        let lost = Situation {
            device: None,
            midi: None,
            peak_db: words::SILENCE_DB,
            ..situation
        };
        assert!(text(&lost).starts_with("device lost, waiting for it"));
        assert!(text(&lost).ends_with("silent  no MIDI yet"));
    }
}
