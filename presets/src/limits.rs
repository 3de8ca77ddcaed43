//! What a preset may hold at most, and the ranges of its numbers.

use std::ops::RangeInclusive;

/// Bytes of a preset file.
pub const FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Signs that part keys and values (`=`, `[`, `{`, `,` and `.`), wherever they stand. Each may cost the parser
/// some hundred bytes of memory; base64, which large presets are made of, has none of them.
pub const SIGNS: usize = 500_000;
/// Lines of a preset file.
pub const LINES: usize = 2_000_000;
/// Bytes of one plugin's state, decompressed.
pub const STATE_BYTES: usize = 256 * 1024 * 1024;
/// Bytes of all states of a preset together, decompressed: a 64 MB file of compressed zeros would
/// otherwise unfold to terabytes, one permitted state after the other.
pub const STATES_BYTES: usize = 1024 * 1024 * 1024;
/// Layers of a rack.
pub const LAYERS: usize = 16;
/// Plugins of one chain: a layer's, or the master chain.
pub const PLUGINS: usize = 16;
/// MIDI controls mapped to parameters.
pub const MAPS: usize = 1024;
/// A plugin's programs, counted from 1.
pub const PROGRAM: RangeInclusive<u32> = 1..=1_000_000;
/// Parameter values listed for one plugin.
pub const PARAMS: usize = 65_536;
/// Entries of a list of device channels or MIDI ports.
pub const LIST: usize = 256;

/// Hertz.
pub const SAMPLE_RATE: RangeInclusive<u32> = 8_000..=768_000;
/// Frames per block.
pub const BUFFER: RangeInclusive<u32> = 1..=8_192;
/// A device's channels, counted from 1.
pub const DEVICE_CHANNEL: RangeInclusive<u16> = 1..=1_024;
/// Seconds without a note before the device is let go.
pub const IDLE_SECONDS: RangeInclusive<u32> = 1..=86_400;
/// MIDI channels, counted from 1.
pub const MIDI_CHANNEL: RangeInclusive<u8> = 1..=16;
/// MIDI controllers.
pub const CC: RangeInclusive<u8> = 0..=127;
/// Semitones.
pub const TRANSPOSE: RangeInclusive<i8> = -48..=48;
/// Decibels.
pub const GAIN_DB: RangeInclusive<f64> = -120.0..=24.0;
/// From left to right.
pub const PAN: RangeInclusive<f64> = -1.0..=1.0;
/// Decibels relative to full scale.
pub const LIMITER_DB: RangeInclusive<f64> = -60.0..=0.0;
