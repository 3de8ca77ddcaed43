//! Numbers of the specification, in the types of the fields that hold them.
//!
//! The bindings give enums C's type, which is signed on Windows and unsigned elsewhere; here is the one place that knows.

use vst3::Steinberg::Vst;
use vst3::Steinberg::Vst::DataEvent_::DataTypes_;
use vst3::Steinberg::Vst::Event_::{EventFlags_, EventTypes_};
use vst3::Steinberg::Vst::IProcessContextRequirements_::Flags_;
use vst3::Steinberg::Vst::ProcessContext_::StatesAndFlags_;

/// An enum's number in 32 bits of another sign.
macro_rules! u32_of {
    ($number:expr) => {
        u32::from_le_bytes($number.to_le_bytes())
    };
}

/// An enum's number in 32 bits of another sign.
macro_rules! i32_of {
    ($number:expr) => {
        i32::from_le_bytes($number.to_le_bytes())
    };
}

/// The lower half of an enum's number; the upper one is 0 in all that are used here.
macro_rules! u16_of {
    ($number:expr) => {{
        let [low, high, _, _] = $number.to_le_bytes();
        u16::from_le_bytes([low, high])
    }};
}

pub(super) const NOTE_ON: u16 = u16_of!(EventTypes_::kNoteOnEvent);
pub(super) const NOTE_OFF: u16 = u16_of!(EventTypes_::kNoteOffEvent);
pub(super) const DATA: u16 = u16_of!(EventTypes_::kDataEvent);
pub(super) const POLY_PRESSURE: u16 = u16_of!(EventTypes_::kPolyPressureEvent);
pub(super) const NOTE_EXPRESSION: u16 = u16_of!(EventTypes_::kNoteExpressionValueEvent);
pub(super) const NOTE_TEXT: u16 = u16_of!(EventTypes_::kNoteExpressionTextEvent);
pub(super) const MIDI_OUT: u16 = u16_of!(EventTypes_::kLegacyMIDICCOutEvent);
pub(super) const LIVE: u16 = u16_of!(EventFlags_::kIsLive);
pub(super) const SYSEX: u32 = u32_of!(DataTypes_::kMidiSysEx);

pub(super) const REALTIME: i32 = i32_of!(Vst::ProcessModes_::kRealtime);
pub(super) const OFFLINE: i32 = i32_of!(Vst::ProcessModes_::kOffline);
pub(super) const SAMPLE_32: i32 = i32_of!(Vst::SymbolicSampleSizes_::kSample32);
pub(super) const SAMPLE_64: i32 = i32_of!(Vst::SymbolicSampleSizes_::kSample64);

pub(super) const NEEDS_SYSTEM_TIME: u32 = u32_of!(Flags_::kNeedSystemTime);
pub(super) const NEEDS_CLOCK: u32 = u32_of!(Flags_::kNeedSamplesToNextClock);

pub(super) const PLAYING: u32 = u32_of!(StatesAndFlags_::kPlaying);
pub(super) const SYSTEM_TIME_VALID: u32 = u32_of!(StatesAndFlags_::kSystemTimeValid);
pub(super) const CLOCK_VALID: u32 = u32_of!(StatesAndFlags_::kClockValid);
/// What is always known.
pub(super) const ALWAYS_VALID: u32 = u32_of!(StatesAndFlags_::kTempoValid)
    | u32_of!(StatesAndFlags_::kTimeSigValid)
    | u32_of!(StatesAndFlags_::kProjectTimeMusicValid)
    | u32_of!(StatesAndFlags_::kBarPositionValid)
    | u32_of!(StatesAndFlags_::kContTimeValid);
