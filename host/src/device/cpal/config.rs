//! Which of a card's configurations a wish gets.

use super::super::pick::{CannotPick, Pair, pick};
use super::super::{BufferWish, Wish};
use super::convert::is_known;
use ::cpal::{
    BufferSize, Error, ErrorKind, SampleFormat, StreamConfig, SupportedBufferSize, SupportedStreamConfig,
    SupportedStreamConfigRange,
};
use std::cmp::Reverse;

/// Smaller blocks than this are not what "lowest" means, even where software devices offer a single frame.
const LOWEST: u32 = 16;
/// Longest block that a card gets if nothing is wished.
pub(super) const COMFORTABLE: u32 = 512;
/// Block size to count with where neither wish nor driver tells one.
const COMMON_BUFFER: u32 = 1_024;
/// Rates that are offered at most, in frames per second.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=768_000;
/// Most frames that a block may be wished to have.
const MOST: u32 = 8_192;

/// A configuration to open a stream with.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    pub config: StreamConfig,
    pub format: SampleFormat,
    /// The channels that are ours.
    pub pair: Pair,
    /// Frames of a block, if the driver does not tell otherwise.
    pub expected_buffer: u32,
}

impl Plan {
    /// This plan with each buffer size that is worth trying for a wish, the best first.
    pub fn attempts(&self, wish: Option<BufferWish>) -> Vec<Self> {
        let mut attempts = vec![self.clone()];
        if wish == Some(BufferWish::Lowest) {
            let larger = [32, 48, 64, 96, 128, 192, 256, 384, 512, 1_024];
            let larger = larger.into_iter().filter(|&frames| frames > self.expected_buffer);
            attempts.extend(larger.map(|frames| self.with_buffer(frames)));
            attempts.push(self.with_size(BufferSize::Default));
        }
        attempts
    }

    /// This plan with blocks of `frames` frames.
    pub fn with_buffer(&self, frames: u32) -> Self {
        self.with_size(BufferSize::Fixed(frames))
    }

    /// This plan with another buffer size.
    pub fn with_size(&self, buffer_size: BufferSize) -> Self {
        Self {
            config: StreamConfig {
                buffer_size,
                ..self.config
            },
            expected_buffer: match buffer_size {
                BufferSize::Fixed(frames) => frames,
                BufferSize::Default => COMMON_BUFFER,
            },
            ..self.clone()
        }
    }
}

/// Whether an error says that the driver does not do what it was asked for, so that asking for something else may
/// help.
pub(super) fn is_refusal(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnsupportedConfig | ErrorKind::UnsupportedOperation | ErrorKind::InvalidInput
    )
}

/// Plans the output stream.
pub(super) fn plan(
    ranges: &[SupportedStreamConfigRange],
    preferred: Option<&SupportedStreamConfig>,
    wish: &Wish,
) -> Result<Plan, CannotPick> {
    let ranges: Vec<_> = known(ranges);
    let rate = choose_rate(
        &ranges,
        preferred.map(SupportedStreamConfig::sample_rate),
        wish.rate,
    )?;
    let (range, pair) = choose_channels(&ranges, rate, &wish.outputs, "output")?;
    let (buffer_size, expected_buffer) = choose_buffer(*range.buffer_size(), wish.buffer)?;
    Ok(Plan {
        config: StreamConfig {
            channels: range.channels(),
            sample_rate: rate,
            buffer_size,
        },
        format: range.sample_format(),
        pair,
        expected_buffer,
    })
}

/// Plans the input stream beside an output stream: the same rate, and blocks as long.
pub(super) fn plan_input(
    ranges: &[SupportedStreamConfigRange],
    output: &Plan,
    wish: &Wish,
) -> Result<Plan, CannotPick> {
    let ranges: Vec<_> = known(ranges);
    let rate = choose_rate(&ranges, None, Some(output.config.sample_rate))?;
    let (range, pair) = choose_channels(&ranges, rate, &wish.inputs, "input")?;
    Ok(Plan {
        config: StreamConfig {
            channels: range.channels(),
            sample_rate: rate,
            buffer_size: output.config.buffer_size,
        },
        format: range.sample_format(),
        pair,
        expected_buffer: output.expected_buffer,
    })
}

/// The ranges that can be used: of samples that can be converted, at rates that are rates of sound. Software devices
/// offer any number.
fn known(ranges: &[SupportedStreamConfigRange]) -> Vec<SupportedStreamConfigRange> {
    let usable = |range: &SupportedStreamConfigRange| {
        let least = range.min_sample_rate().max(*RATES.start());
        let most = range.max_sample_rate().min(*RATES.end());
        let is_usable = is_known(range.sample_format()) && range.channels() > 0 && least <= most;
        is_usable.then(|| {
            SupportedStreamConfigRange::new(
                range.channels(),
                least,
                most,
                *range.buffer_size(),
                range.sample_format(),
            )
        })
    };
    ranges.iter().filter_map(usable).collect()
}

fn choose_rate(
    ranges: &[SupportedStreamConfigRange],
    preferred: Option<u32>,
    wished: Option<u32>,
) -> Result<u32, CannotPick> {
    let has = |rate: u32| ranges.iter().any(|range| range.contains_rate(rate));
    let chosen = match wished {
        Some(wished) => has(wished).then_some(wished),
        None => preferred
            .into_iter()
            .chain([48_000, 44_100])
            .find(|&rate| has(rate))
            .or_else(|| ranges.iter().map(|range| range.max_sample_rate()).max()),
    };
    chosen.ok_or_else(|| CannotPick {
        what: wished.map_or_else(|| "at any rate".to_owned(), |rate| format!("at {rate} Hz")),
        possible: match rates(ranges).as_slice() {
            [] => "it offers none".to_owned(),
            rates => format!("it offers {} Hz", rate_words(rates)),
        },
    })
}

/// The rates that a card has, from the lowest, as ranges.
pub(super) fn rates(ranges: &[SupportedStreamConfigRange]) -> Vec<(u32, u32)> {
    let mut rates: Vec<_> = known(ranges)
        .iter()
        .map(|range| (range.min_sample_rate(), range.max_sample_rate()))
        .collect();
    rates.sort_unstable();
    rates.dedup();
    rates
}

fn rate_words(rates: &[(u32, u32)]) -> String {
    let words: Vec<String> = rates
        .iter()
        .map(|(least, most)| {
            if least == most {
                least.to_string()
            } else {
                format!("{least} to {most}")
            }
        })
        .collect();
    words.join(", ")
}

/// The fewest channels that hold the pair, in the best format.
fn choose_channels(
    ranges: &[SupportedStreamConfigRange],
    rate: u32,
    wished: &[u16],
    kind: &str,
) -> Result<(SupportedStreamConfigRange, Pair), CannotPick> {
    let at_rate: Vec<_> = ranges.iter().filter(|range| range.contains_rate(rate)).collect();
    let most = at_rate.iter().map(|range| range.channels()).max().unwrap_or(0);
    let pair = pick(wished, usize::from(most), kind)?;
    at_rate
        .into_iter()
        .filter(|range| usize::from(range.channels()) >= pair.needs())
        .max_by_key(|range| (Reverse(range.channels()), quality(range.sample_format())))
        .map(|&range| (range, pair))
        .ok_or_else(|| CannotPick {
            what: format!("with these {kind} channels"),
            possible: format!("it has {most} {kind} channels"),
        })
}

/// How well a format carries the engine's 32-bit floats.
fn quality(format: SampleFormat) -> (bool, u32, bool) {
    let bits = match format {
        // No card plays 64 bits: the driver would convert again.
        SampleFormat::I64 | SampleFormat::U64 | SampleFormat::F64 => 31,
        other => other.bits_per_sample(),
    };
    (format == SampleFormat::F32, bits, format.is_int())
}

fn choose_buffer(
    supported: SupportedBufferSize,
    wished: Option<BufferWish>,
) -> Result<(BufferSize, u32), CannotPick> {
    let range = match supported {
        SupportedBufferSize::Range { min, max } if min <= max => {
            Some((min.max(1), max.min(MOST).max(min.max(1))))
        }
        _ => None,
    };
    match (wished, range) {
        (None, range) => {
            let expected = range.map_or(COMMON_BUFFER, |(min, max)| COMMON_BUFFER.clamp(min, max));
            Ok((BufferSize::Default, expected))
        }
        (Some(BufferWish::Lowest), Some((min, max))) => {
            let lowest = LOWEST.clamp(min, max);
            Ok((BufferSize::Fixed(lowest), lowest))
        }
        (Some(BufferWish::Lowest), None) => Ok((BufferSize::Default, COMMON_BUFFER)),
        (Some(BufferWish::Frames(frames)), range) => {
            let (min, max) = range.unwrap_or((1, MOST));
            if (min..=max).contains(&frames) {
                Ok((BufferSize::Fixed(frames), frames))
            } else {
                Err(CannotPick {
                    what: format!("with blocks of {frames} frames"),
                    possible: format!("it has blocks of {min} to {max} frames"),
                })
            }
        }
    }
}

/// Least and greatest block size that a card has.
pub(super) fn buffers(ranges: &[SupportedStreamConfigRange]) -> Option<(u32, u32)> {
    known(ranges)
        .iter()
        .filter_map(|range| match *range.buffer_size() {
            SupportedBufferSize::Range { min, max } if min <= max => Some((min.max(1), max.min(MOST))),
            _ => None,
        })
        .filter(|(min, max)| min <= max)
        .reduce(|(least, most), (min, max)| (least.min(min), most.max(max)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use SampleFormat::{DsdU8, F32, I16, I32, U8};

    fn range(channels: u16, rates: (u32, u32), format: SampleFormat) -> SupportedStreamConfigRange {
        let buffer = SupportedBufferSize::Range { min: 8, max: 4_096 };
        SupportedStreamConfigRange::new(channels, rates.0, rates.1, buffer, format)
    }

    fn card() -> Vec<SupportedStreamConfigRange> {
        let mut card = Vec::new();
        for rate in [44_100, 48_000, 96_000] {
            for channels in [2, 8] {
                card.extend([DsdU8, U8, I16, I32].map(|format| range(channels, (rate, rate), format)));
            }
        }
        card
    }

    #[test]
    fn nothing_wished_gets_two_channels_in_the_best_format_at_a_common_rate() {
        let plan = plan(&card(), None, &Wish::default()).unwrap();
        assert_eq!((plan.config.channels, plan.config.sample_rate), (2, 48_000));
        assert_eq!((plan.format, plan.pair), (I32, Pair { left: 0, right: 1 }));
        assert_eq!(plan.config.buffer_size, BufferSize::Default);

        let preferred = SupportedStreamConfig::new(2, 96_000, SupportedBufferSize::Unknown, I16);
        let plan = super::plan(&card(), Some(&preferred), &Wish::default()).unwrap();
        assert_eq!(plan.config.sample_rate, 96_000);
    }

    #[test]
    fn a_wish_gets_what_it_says_or_a_sentence() {
        let wish = Wish {
            rate: Some(44_100),
            buffer: Some(BufferWish::Lowest),
            outputs: vec![7, 8],
            ..Wish::default()
        };
        let got = plan(&card(), None, &wish).unwrap();
        assert_eq!((got.config.channels, got.config.sample_rate), (8, 44_100));
        assert_eq!(got.pair, Pair { left: 6, right: 7 });
        assert_eq!(got.config.buffer_size, BufferSize::Fixed(16));

        let refused = |wish: Wish| {
            let refused = plan(&card(), None, &wish).unwrap_err();
            format!("{}; {}", refused.what, refused.possible)
        };
        let rate = Wish {
            rate: Some(12_345),
            ..Wish::default()
        };
        assert_eq!(refused(rate), "at 12345 Hz; it offers 44100, 48000, 96000 Hz");
        let buffer = Wish {
            buffer: Some(BufferWish::Frames(5)),
            ..Wish::default()
        };
        assert_eq!(
            refused(buffer),
            "with blocks of 5 frames; it has blocks of 8 to 4096 frames"
        );
        let outputs = Wish {
            outputs: vec![9, 10],
            ..Wish::default()
        };
        assert_eq!(
            refused(outputs),
            "with output channels 9, 10; name one or two of its output channels, 1 to 8"
        );
    }

    #[test]
    fn odd_cards_are_used_as_they_are() {
        let mono = [range(1, (8_000, 22_050), I16)];
        let got = plan(&mono, None, &Wish::default()).unwrap();
        assert_eq!((got.config.channels, got.config.sample_rate), (1, 22_050));
        assert!(got.pair.is_mono());

        let any = [range(2, (4_000, 192_000), F32), range(2, (4_000, 192_000), I32)];
        let wish = Wish {
            rate: Some(12_345),
            ..Wish::default()
        };
        let got = plan(&any, None, &wish).unwrap();
        assert_eq!((got.config.sample_rate, got.format), (12_345, F32));

        let software = [range(2, (1, u32::MAX), F32)];
        assert_eq!(rates(&software), [(4_000, 768_000)]);
        assert_eq!(buffers(&software), Some((8, 4_096)));

        let none = plan(&[range(2, (48_000, 48_000), DsdU8)], None, &Wish::default()).unwrap_err();
        assert_eq!(none.possible, "it offers none");
    }

    #[test]
    fn lowest_is_tried_upwards_and_a_number_only_once() {
        let sizes = |wish: Option<BufferWish>| {
            let wish = Wish {
                buffer: wish,
                ..Wish::default()
            };
            let attempts = plan(&card(), None, &wish).unwrap().attempts(wish.buffer);
            attempts
                .iter()
                .map(|plan| plan.config.buffer_size)
                .collect::<Vec<_>>()
        };
        let lowest = sizes(Some(BufferWish::Lowest));
        assert_eq!(lowest[..3], [16, 32, 48].map(BufferSize::Fixed));
        assert_eq!(lowest.last(), Some(&BufferSize::Default));
        assert_eq!(sizes(Some(BufferWish::Frames(64))), [BufferSize::Fixed(64)]);
        assert_eq!(sizes(None), [BufferSize::Default]);
    }

    #[test]
    fn inputs_follow_the_output() {
        let wish = Wish {
            buffer: Some(BufferWish::Frames(64)),
            inputs: vec![1],
            ..Wish::default()
        };
        let output = plan(&card(), None, &wish).unwrap();
        let input = plan_input(&card(), &output, &wish).unwrap();
        assert_eq!(input.config.sample_rate, output.config.sample_rate);
        assert_eq!(input.config.buffer_size, BufferSize::Fixed(64));
        assert!(input.pair.is_mono());
        assert!(plan_input(&[], &output, &wish).is_err());
    }
}
