//! What main and the audio thread share about one plugin's controllers and parameters.

use crate::lend::Lent;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use static_assertions::assert_impl_all;
use vst3::Steinberg::Vst::kNoParamId;

/// MIDI channels.
const CHANNELS: usize = 16;
/// Controllers of a channel: 0..=127 are MIDI's own, the rest are [`CHANNEL_PRESSURE`] and so on, as `IMidiMapping`
/// numbers them.
pub const CONTROLLERS: usize = 132;
/// Channel pressure (`kAfterTouch`).
pub const CHANNEL_PRESSURE: u8 = 128;
/// Pitch bend (`kPitchBend`).
pub const PITCH_BEND: u8 = 129;
/// Program change (`kCtrlProgramChange`).
pub const PROGRAM_CHANGE: u8 = 130;
/// Pressure of one key (`kCtrlPolyPressure`).
pub const KEY_PRESSURE: u8 = 131;

/// Words of one bit a controller of a channel.
const SEEN: usize = (CHANNELS * CONTROLLERS).div_ceil(64);

/// The controller map, what was learned, and the values that the plugin's processor has. Any thread may look; main writes
/// the map and takes what the audio thread has left.
pub struct Controls {
    map: [[AtomicU32; CONTROLLERS]; CHANNELS],
    /// By channel.
    program_steps: [AtomicU32; CHANNELS],
    expressions: AtomicU32,
    learns: AtomicBool,
    any_seen: AtomicBool,
    seen: [AtomicU64; SEEN],
    mirror: Lent<[Mirrored]>,
    /// One bit a place of the mirror: whether its value is news.
    news: Lent<[AtomicU64]>,
    any_news: AtomicBool,
    /// The mirror's size is two to the power of 32 less this.
    shift: u32,
}

assert_impl_all!(Controls: Send, Sync);

/// The value that the processor has of one parameter; a place in a table.
#[derive(Debug)]
pub struct Mirrored {
    id: u32,
    /// The bits of a normalized value. It has no sign: that bit tells whether the plugin said it.
    value: AtomicU64,
}

/// That the value was said by the plugin.
const FROM_PLUGIN: u64 = 1 << 63;

impl Default for Mirrored {
    fn default() -> Self {
        Self {
            id: kNoParamId,
            value: AtomicU64::new(0),
        }
    }
}

impl Clone for Mirrored {
    fn clone(&self) -> Self {
        Self {
            id: self.id,
            value: AtomicU64::new(self.value.load(Ordering::Relaxed)),
        }
    }
}

impl fmt::Debug for Controls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Controls")
            .field("places", &self.mirror.len())
            .finish_non_exhaustive()
    }
}

impl Controls {
    /// Places that `mirror` needs for so many parameters; `news` needs a 64th of that.
    #[must_use]
    pub const fn places(parameters: usize) -> usize {
        let places = parameters.saturating_mul(2).next_power_of_two();
        if places < 64 { 64 } else { places }
    }

    /// An empty map, and a mirror of the parameters `ids`, without news. The values of ids that are none of these, or
    /// that find no place, are not mirrored.
    ///
    /// # Panics
    ///
    /// If `mirror` is not as long as [`places`](Self::places) says for some number, or `news` not a 64th of it.
    #[must_use]
    pub fn new(
        mut mirror: Lent<[Mirrored]>,
        news: Lent<[AtomicU64]>,
        ids: impl IntoIterator<Item = u32>,
    ) -> Self {
        let places = mirror.len();
        assert!(
            places.is_power_of_two() && places >= 64 && news.len() == places / 64,
            "a mirror of an odd size"
        );
        let shift = 32 - places.ilog2().min(32);
        mirror.iter_mut().for_each(|place| *place = Mirrored::default());
        for id in ids {
            if let Some(at) = find(&mirror, shift, id) {
                mirror[at].id = id;
            }
        }
        Self {
            map: [const { [const { AtomicU32::new(kNoParamId) }; CONTROLLERS] }; CHANNELS],
            program_steps: [const { AtomicU32::new(0) }; CHANNELS],
            expressions: AtomicU32::new(0),
            learns: AtomicBool::new(false),
            any_seen: AtomicBool::new(false),
            seen: [const { AtomicU64::new(0) }; SEEN],
            mirror,
            news,
            any_news: AtomicBool::new(false),
            shift,
        }
    }

    /// Sets which parameter a controller of a channel moves. `channel` 0..=15, `controller` below [`CONTROLLERS`]; others
    /// do not exist.
    pub fn set_map(&self, channel: u8, controller: u8, id: Option<u32>) {
        if let Some(place) = self.place(channel, controller) {
            place.store(id.unwrap_or(kNoParamId), Ordering::Relaxed);
        }
    }

    /// Which parameter a controller of a channel moves.
    #[inline]
    #[must_use]
    pub fn mapped(&self, channel: u8, controller: u8) -> Option<u32> {
        let id = self.place(channel, controller)?.load(Ordering::Relaxed);
        (id != kNoParamId).then_some(id)
    }

    #[inline]
    fn place(&self, channel: u8, controller: u8) -> Option<&AtomicU32> {
        self.map.get(usize::from(channel))?.get(usize::from(controller))
    }

    /// Sets the number of steps of the parameter that a channel's program changes move: the number of programs less one. 0
    /// means 127.
    pub fn set_program_steps(&self, channel: u8, steps: u32) {
        if let Some(place) = self.program_steps.get(usize::from(channel)) {
            place.store(steps, Ordering::Relaxed);
        }
    }

    /// The normalized value of a channel's program.
    pub(super) fn program(&self, channel: u8, program: u8) -> f64 {
        let place = self.program_steps.get(usize::from(channel));
        let steps = match place.map_or(0, |steps| steps.load(Ordering::Relaxed)) {
            0 => 127,
            steps => steps,
        };
        (f64::from(program) / f64::from(steps)).min(1.0)
    }

    /// Sets which note expressions the plugin takes, those of its `INoteExpressionController`: a bit for each type id
    /// below 32, which is where the specification's own lie.
    pub fn set_expressions(&self, types: u32) {
        self.expressions.store(types, Ordering::Relaxed);
    }

    /// Whether the plugin takes note expressions of a type.
    pub(super) fn takes_expression(&self, type_id: u32) -> bool {
        let types = self.expressions.load(Ordering::Relaxed);
        types.checked_shr(type_id).unwrap_or(0) & 1 != 0
    }

    /// Sets whether controllers that move are remembered for [`take_learned`](Self::take_learned).
    pub fn set_learns(&self, learns: bool) {
        self.learns.store(learns, Ordering::Relaxed);
    }

    /// Notes that a controller has moved, if that is wanted.
    #[inline]
    pub(super) fn see(&self, channel: u8, controller: u8) {
        if self.learns.load(Ordering::Relaxed) {
            let bit = usize::from(channel) * CONTROLLERS + usize::from(controller);
            if let Some(word) = self.seen.get(bit / 64) {
                word.fetch_or(1 << (bit % 64), Ordering::Relaxed);
                self.any_seen.store(true, Ordering::Release);
            }
        }
    }

    /// Hands channel and number of every controller that has moved since the last call to `each`. For main.
    pub fn take_learned(&self, mut each: impl FnMut(u8, u8)) {
        if !self.any_seen.swap(false, Ordering::Acquire) {
            return;
        }
        bits(&self.seen, |bit| {
            if let (Ok(channel), Ok(controller)) =
                (u8::try_from(bit / CONTROLLERS), u8::try_from(bit % CONTROLLERS))
            {
                each(channel, controller);
            }
        });
    }

    /// Notes the value that the processor was told, or has said; [`tell_news`](Self::tell_news) shows it to main. A parameter
    /// that is not mirrored is passed over.
    #[inline]
    pub(super) fn note(&self, id: u32, value: f64, from_plugin: bool) {
        let Some(at) = find(&self.mirror, self.shift, id) else {
            return;
        };
        let place = &self.mirror[at];
        if place.id != id || value.is_nan() {
            return;
        }
        let bits = normalized(value).to_bits() | if from_plugin { FROM_PLUGIN } else { 0 };
        place.value.store(bits, Ordering::Relaxed);
        // After the value: who takes this bit finds that value, or a later one.
        self.news[at / 64].fetch_or(1 << (at % 64), Ordering::Release);
    }

    /// Shows main what was [noted](Self::note).
    pub(super) fn tell_news(&self) {
        self.any_news.store(true, Ordering::Release);
    }

    /// Hands id, normalized value and whether the plugin said it of every parameter that has news to `each`: the last
    /// value of each. For main.
    pub fn drain(&self, mut each: impl FnMut(u32, f64, bool)) {
        if !self.any_news.swap(false, Ordering::Acquire) {
            return;
        }
        bits(&self.news, |at| {
            let Mirrored { id, value } = &self.mirror[at];
            let value = value.load(Ordering::Relaxed);
            each(
                *id,
                f64::from_bits(value & !FROM_PLUGIN),
                value & FROM_PLUGIN != 0,
            );
        });
    }
}

/// A number from 0 to 1, without a sign even at 0; 0 for what is none.
#[inline]
pub(super) fn normalized(value: f64) -> f64 {
    // Written as choices, which are one instruction each; `clamp` keeps what is no number, and the sign of -0.
    let value = if value > 0.0 { value } else { 0.0 };
    if value < 1.0 { value } else { 1.0 }
}

/// Takes every bit that is set and hands its number to `each`.
fn bits(words: &[AtomicU64], mut each: impl FnMut(usize)) {
    for (number, word) in words.iter().enumerate() {
        let mut bits = match word.load(Ordering::Relaxed) {
            0 => 0,
            _ => word.swap(0, Ordering::Acquire),
        };
        while bits != 0 {
            each(number * 64 + bits.trailing_zeros() as usize);
            bits &= bits - 1;
        }
    }
}

/// A parameter's place in the mirror, or the free place where it would be; none if there is neither, or for the id that
/// means no parameter.
#[inline]
fn find(mirror: &[Mirrored], shift: u32, id: u32) -> Option<usize> {
    if id == kNoParamId {
        return None;
    }
    // Fibonacci hashing: ids tend to count up, and the golden ratio spreads such numbers.
    let mut at = (id.wrapping_mul(0x9e37_79b9) >> shift) as usize;
    for _ in 0..mirror.len() {
        let there = mirror.get(at)?.id;
        if there == id || there == kNoParamId {
            return Some(at);
        }
        at = (at + 1) & (mirror.len() - 1);
    }
    None
}
