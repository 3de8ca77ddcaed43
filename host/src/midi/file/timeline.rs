//! From ticks to frames, seconds, beats and bars.

use rt::transport::Transport;

/// Tempo where a file names none, in microseconds per quarter note.
pub(super) const USUAL_TEMPO: u32 = 500_000;
/// Ticks by which the end of a track may miss a bar line.
const NEAR_BAR: u128 = 2;
/// Highest tempo that plugins are told, in quarter notes per minute. Times are exact at any tempo.
const FASTEST: f64 = 10_000.0;

/// How long a tick is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Division {
    /// Ticks per quarter note, not 0.
    Quarter(u16),
    /// A tick is `units` parts of a second that has `second` parts; neither is 0.
    Smpte { units: u32, second: u32 },
}

impl Division {
    /// Reads a header's division; `None` if it gives ticks no length.
    pub(super) fn new(division: u16) -> Option<Self> {
        let [high, ticks] = division.to_be_bytes();
        let ticks = u32::from(ticks);
        let smpte = |units, frames: u32| {
            (ticks > 0).then_some(Self::Smpte {
                units,
                second: frames * ticks,
            })
        };
        // The upper byte is the negated number of frames per second.
        match high.wrapping_neg() {
            _ if high < 0x80 => (division > 0).then_some(Self::Quarter(division)),
            24 => smpte(1, 24),
            25 => smpte(1, 25),
            // 30 frames in 1.001 seconds.
            29 => smpte(1001, 30_000),
            30 => smpte(1, 30),
            _ => None,
        }
    }
}

/// A tempo from a tick on.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tempo {
    tick: u64,
    /// Microseconds per quarter note, not 0.
    micros: u32,
    /// Time at `tick` in the timeline's units.
    units: u128,
    /// Quarter notes before `tick`.
    quarters: f64,
}

/// A metre from a tick on.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Metre {
    tick: u64,
    numerator: u16,
    denominator: u16,
    /// Number of the bar that starts here.
    bar: f64,
}

impl Metre {
    /// Quarter notes in a bar.
    fn quarters(&self) -> f64 {
        f64::from(self.numerator) * 4.0 / f64::from(self.denominator)
    }
}

/// A sample rate as a binary fraction, so that times are exact integers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate(u128);

impl Rate {
    const BITS: u32 = 20;

    /// Frames per second, to a millionth. What is no rate counts as 0, what is absurdly high as 2^44.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 64 bits; NaN becomes 0"
    )]
    pub(super) fn new(rate: f64) -> Self {
        let scaled = (rate * f64::from(1_u32 << Self::BITS)).round();
        Self(u128::from(scaled.clamp(0.0, u64::MAX as f64) as u64))
    }
}

/// Where every tick lies. Times are whole numbers of units, of which a second has `second`: nothing is rounded before
/// the frame is.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    division: Division,
    second: u128,
    /// In order of ticks; the first is at 0.
    tempi: Vec<Tempo>,
    /// Likewise.
    metres: Vec<Metre>,
}

impl Timeline {
    /// Joins tempo changes (tick, microseconds per quarter note) and metre changes (tick, numerator, denominator) in
    /// the order of the file. None of the numbers but the tick may be 0.
    pub(super) fn new(
        division: Division,
        mut tempi: Vec<(u64, u32)>,
        mut metres: Vec<(u64, [u16; 2])>,
    ) -> Self {
        let second = match division {
            Division::Quarter(ticks) => u128::from(ticks) * 1_000_000,
            Division::Smpte { second, .. } => u128::from(second),
        };
        let mut line = Self {
            division,
            second,
            tempi: vec![Tempo {
                tick: 0,
                micros: USUAL_TEMPO,
                units: 0,
                quarters: 0.0,
            }],
            metres: vec![Metre {
                tick: 0,
                numerator: 4,
                denominator: 4,
                bar: 0.0,
            }],
        };
        tempi.sort_by_key(|&(tick, _)| tick);
        for (tick, micros) in tempi {
            let tempo = Tempo {
                tick,
                micros,
                units: line.units(u128::from(tick), 1),
                quarters: line.quarters(tick),
            };
            replace_or_push(&mut line.tempi, tempo, |tempo| tempo.tick);
        }
        metres.sort_by_key(|&(tick, _)| tick);
        for (tick, [numerator, denominator]) in metres {
            let last = line.metre(tick);
            // A metre that changes within a bar cuts that bar short.
            let bars = ((line.quarters(tick) - line.quarters(last.tick)) / last.quarters() - 1e-6).ceil();
            let metre = Metre {
                tick,
                numerator,
                denominator,
                bar: last.bar + bars.max(0.0),
            };
            replace_or_push(&mut line.metres, metre, |metre| metre.tick);
        }
        line
    }

    /// Tempo at the start.
    pub(super) fn tempo(&self) -> f64 {
        beats_per_minute(self.tempi[0].micros)
    }

    pub(super) fn seconds(&self, tick: u64) -> f64 {
        self.ratio(self.units(u128::from(tick), 1))
    }

    /// The frame nearest to a tick.
    pub(super) fn frame(&self, tick: u64, rate: Rate) -> u64 {
        self.nearest_frame(u128::from(tick), 1, rate)
    }

    /// Length of a loop over a piece that ends at this tick; see [`super::MidiFile::to_sequence`].
    pub(super) fn loop_frames(&self, end: u64, rate: Rate) -> u64 {
        let Division::Quarter(ticks) = self.division else {
            return self.frame(end, rate);
        };
        if end == 0 {
            return 0;
        }
        // In parts of a tick, so that bars of any metre are whole numbers.
        let metre = self.metre(end);
        let scale = u128::from(metre.denominator);
        let bar = u128::from(metre.numerator) * 4 * u128::from(ticks);
        let start = u128::from(metre.tick) * scale;
        let (bars, rest) = (
            (u128::from(end) * scale - start) / bar,
            (u128::from(end) * scale - start) % bar,
        );
        let on_line = rest <= NEAR_BAR * scale && start + bars * bar > 0;
        let bars = if on_line { bars } else { bars + 1 };
        self.nearest_frame(start + bars * bar, scale, rate)
    }

    /// Every change with its tick: one at 0, then one wherever tempo or metre change.
    pub(super) fn points(&self) -> Vec<(u64, Transport)> {
        let tempi = self.tempi.iter().map(|tempo| tempo.tick);
        let mut ticks: Vec<u64> = tempi.chain(self.metres.iter().map(|metre| metre.tick)).collect();
        ticks.sort_unstable();
        ticks.dedup();
        ticks
            .into_iter()
            .map(|tick| (tick, self.transport(tick)))
            .collect()
    }

    fn transport(&self, tick: u64) -> Transport {
        let metre = self.metre(tick);
        let beats = self.quarters(tick);
        let start = self.quarters(metre.tick);
        let bars = ((beats - start) / metre.quarters() + 1e-6).floor();
        #[expect(clippy::cast_possible_truncation, reason = "a cast of floats saturates")]
        let bar = (metre.bar + bars) as i32;
        Transport {
            playing: true,
            tempo: beats_per_minute(self.tempo_at(tick, 1).micros),
            beats,
            seconds: self.seconds(tick),
            bar_start: start + bars * metre.quarters(),
            bar,
            numerator: metre.numerator,
            denominator: metre.denominator,
        }
    }

    /// The tempo at a time in ticks, times `scale`.
    fn tempo_at(&self, time: impl Into<u128>, scale: u128) -> &Tempo {
        let time = time.into();
        let after = self
            .tempi
            .partition_point(|tempo| u128::from(tempo.tick) * scale <= time);
        &self.tempi[after.saturating_sub(1)]
    }

    fn metre(&self, tick: u64) -> Metre {
        let after = self.metres.partition_point(|metre| metre.tick <= tick);
        self.metres[after.saturating_sub(1)]
    }

    /// Units, times `scale`, at a time in ticks, times `scale`.
    fn units(&self, time: u128, scale: u128) -> u128 {
        match self.division {
            Division::Smpte { units, .. } => time * u128::from(units),
            Division::Quarter(_) => {
                let tempo = self.tempo_at(time, scale);
                tempo.units * scale + (time - u128::from(tempo.tick) * scale) * u128::from(tempo.micros)
            }
        }
    }

    fn quarters(&self, tick: u64) -> f64 {
        match self.division {
            #[expect(clippy::cast_precision_loss, reason = "ticks of a piece of a day are exact")]
            Division::Quarter(ticks) => tick as f64 / f64::from(ticks),
            Division::Smpte { .. } => {
                let tempo = self.tempo_at(tick, 1);
                let seconds = self.seconds(tick) - self.ratio(tempo.units);
                tempo.quarters + seconds * 1e6 / f64::from(tempo.micros)
            }
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds are for show, frames are exact"
    )]
    fn ratio(&self, units: u128) -> f64 {
        units as f64 / self.second as f64
    }

    /// The frame nearest to a time in ticks, times `scale`.
    ///
    /// A day has less than 2^52 units, a scale is at most 2^7 and a rate less than 2^64, so nothing overflows.
    fn nearest_frame(&self, time: u128, scale: u128, rate: Rate) -> u64 {
        let frames = self.units(time, scale) * rate.0;
        let one = (self.second * scale) << Rate::BITS;
        u64::try_from((frames + one / 2) / one).unwrap_or(u64::MAX)
    }
}

fn beats_per_minute(micros: u32) -> f64 {
    (60e6 / f64::from(micros)).min(FASTEST)
}

/// Adds an entry, in place of the last if that is at the same tick.
fn replace_or_push<T>(list: &mut Vec<T>, entry: T, tick: impl Fn(&T) -> u64) {
    match list.last_mut() {
        Some(last) if tick(last) == tick(&entry) => *last = entry,
        _ => list.push(entry),
    }
}
