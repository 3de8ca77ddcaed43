//! Musical time in VST3's layout.

use super::names::{ALWAYS_VALID, CLOCK_VALID, NEEDS_CLOCK, NEEDS_SYSTEM_TIME, PLAYING, SYSTEM_TIME_VALID};
use crate::transport::Transport;
use vst3::Steinberg::Vst::{Chord, FrameRate, ProcessContext};

/// Ticks of the MIDI clock in a quarter note.
const CLOCKS: f64 = 24.0;

/// What else a context tells.
#[derive(Clone, Copy)]
pub(super) struct Now {
    /// Frames a second.
    pub(super) rate: f64,
    /// Frames processed since the engine was made.
    pub(super) steady: u64,
    /// Nanoseconds of the monotonic clock, where time is real.
    pub(super) system: Option<i64>,
    /// What the plugin asks for: `IProcessContextRequirements`' flags.
    pub(super) needs: u32,
}

/// The context of a process call. Chords, cycles and film frames are nothing that this host knows of; these stay marked
/// as not valid.
pub(super) fn context(at: &Transport, now: Now) -> ProcessContext {
    let mut state = ALWAYS_VALID;
    if at.playing {
        state |= PLAYING;
    }
    let asks = |flag: u32| now.needs & flag != 0;
    let system = now.system.filter(|_| asks(NEEDS_SYSTEM_TIME));
    if system.is_some() {
        state |= SYSTEM_TIME_VALID;
    }
    let clock = asks(NEEDS_CLOCK)
        .then(|| samples_to_next_clock(at, now.rate))
        .flatten();
    if clock.is_some() {
        state |= CLOCK_VALID;
    }
    ProcessContext {
        state,
        sampleRate: now.rate,
        projectTimeSamples: rounded(at.seconds * now.rate),
        systemTime: system.unwrap_or(0),
        continousTimeSamples: i64::try_from(now.steady).unwrap_or(i64::MAX),
        projectTimeMusic: at.beats,
        barPositionMusic: at.bar_start,
        cycleStartMusic: 0.0,
        cycleEndMusic: 0.0,
        tempo: at.tempo,
        timeSigNumerator: i32::from(at.numerator),
        timeSigDenominator: i32::from(at.denominator),
        chord: Chord {
            keyNote: 0,
            rootNote: 0,
            chordMask: 0,
        },
        smpteOffsetSubframes: 0,
        frameRate: FrameRate {
            framesPerSecond: 0,
            flags: 0,
        },
        samplesToNextClock: clock.unwrap_or(0),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
fn rounded(value: f64) -> i64 {
    (value + 0.5_f64.copysign(value)) as i64
}

/// Frames to the next tick of a MIDI clock that ticks at the song's beginning; 0 on a tick.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a float cast saturates, and a song has fewer than 2^53 ticks"
)]
fn samples_to_next_clock(at: &Transport, rate: f64) -> Option<i32> {
    let samples = 60.0 * rate / (at.tempo * CLOCKS);
    if !samples.is_finite() || samples <= 0.0 {
        return None;
    }
    let position = at.beats * CLOCKS;
    let past = position - (position as i64) as f64;
    let left = if past > 0.0 { 1.0 - past } else { -past };
    i32::try_from(rounded(left * samples)).ok()
}
