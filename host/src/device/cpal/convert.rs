//! From planar floats to the interleaved samples of a card, and back.
//!
//! Full scale is ±1; what is beyond is clipped, and what is not a number is silence.

use super::super::pick::Pair;
use ::cpal::{Data, I24, SampleFormat, SizedSample, U24};

/// Whether samples of this format can be converted: all but those of DSD, which are no samples.
pub(super) fn is_known(format: SampleFormat) -> bool {
    use SampleFormat as S;
    matches!(
        format,
        S::I8
            | S::I16
            | S::I24
            | S::I32
            | S::I64
            | S::U8
            | S::U16
            | S::U24
            | S::U32
            | S::U64
            | S::F32
            | S::F64
    )
}

/// Calls a generic function with the sample type that a format stands for; nothing for an unknown one.
macro_rules! with_sample_type {
    ($format:expr, $call:ident ( $($argument:expr),* )) => {
        match $format {
            SampleFormat::I8 => $call::<i8>($($argument),*),
            SampleFormat::I16 => $call::<i16>($($argument),*),
            SampleFormat::I24 => $call::<I24>($($argument),*),
            SampleFormat::I32 => $call::<i32>($($argument),*),
            SampleFormat::I64 => $call::<i64>($($argument),*),
            SampleFormat::U8 => $call::<u8>($($argument),*),
            SampleFormat::U16 => $call::<u16>($($argument),*),
            SampleFormat::U24 => $call::<U24>($($argument),*),
            SampleFormat::U32 => $call::<u32>($($argument),*),
            SampleFormat::U64 => $call::<u64>($($argument),*),
            SampleFormat::F32 => $call::<f32>($($argument),*),
            SampleFormat::F64 => $call::<f64>($($argument),*),
            _ => {}
        }
    };
}

/// Writes frames to a card's block from its frame `first` on; channels other than the pair get silence.
pub(super) fn write(data: &mut Data, channels: usize, first: usize, pair: Pair, sides: [&[f32]; 2]) {
    with_sample_type!(data.sample_format(), write_as(data, channels, first, pair, sides));
}

/// Reads frames of a card's block from its frame `first` on, as many as fit.
pub(super) fn read(data: &Data, channels: usize, first: usize, pair: Pair, sides: [&mut [f32]; 2]) {
    with_sample_type!(data.sample_format(), read_as(data, channels, first, pair, sides));
}

fn write_as<T: Wire>(data: &mut Data, channels: usize, first: usize, pair: Pair, sides: [&[f32]; 2]) {
    let Some(samples) = data.as_slice_mut::<T>() else {
        return;
    };
    let frames = samples.chunks_exact_mut(channels).skip(first);
    let [left, right] = sides;
    for ((frame, &left), &right) in frames.zip(left).zip(right) {
        frame.fill(T::encode(0.0));
        if pair.is_mono() {
            frame[pair.left] = T::encode(0.5 * (left + right));
        } else {
            frame[pair.left] = T::encode(left);
            frame[pair.right] = T::encode(right);
        }
    }
}

fn read_as<T: Wire>(data: &Data, channels: usize, first: usize, pair: Pair, sides: [&mut [f32]; 2]) {
    let Some(samples) = data.as_slice::<T>() else {
        return;
    };
    let frames = samples.chunks_exact(channels).skip(first);
    let [left, right] = sides;
    for ((frame, left), right) in frames.zip(left).zip(right) {
        *left = frame[pair.left].decode();
        *right = frame[pair.right].decode();
    }
}

/// A sample as a card has it.
trait Wire: SizedSample {
    fn encode(sample: f32) -> Self;
    fn decode(self) -> f32;
}

/// Scales to `scale` steps, rounded and clipped to what a signed integer of that size holds.
fn quantize(sample: f32, scale: f64) -> f64 {
    (f64::from(sample) * scale).round().clamp(-scale, scale - 1.0)
}

macro_rules! signed {
    ($type:ty, $bits:literal) => {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "clipped before; precision of an f32 is enough"
        )]
        impl Wire for $type {
            fn encode(sample: f32) -> Self {
                quantize(sample, (1_u64 << ($bits - 1)) as f64) as $type
            }
            fn decode(self) -> f32 {
                (self as f64 / (1_u64 << ($bits - 1)) as f64) as f32
            }
        }
    };
}

/// Unsigned samples have their silence in the middle: signed ones with the highest bit turned over.
macro_rules! unsigned {
    ($type:ty, $signed:ty) => {
        impl Wire for $type {
            fn encode(sample: f32) -> Self {
                <$signed as Wire>::encode(sample).cast_unsigned() ^ <$signed>::MIN.cast_unsigned()
            }
            fn decode(self) -> f32 {
                Wire::decode((self ^ <$signed>::MIN.cast_unsigned()).cast_signed())
            }
        }
    };
}

signed!(i8, 8);
signed!(i16, 16);
signed!(i32, 32);
signed!(i64, 64);
unsigned!(u8, i8);
unsigned!(u16, i16);
unsigned!(u32, i32);
unsigned!(u64, i64);

const SCALE_24: i32 = 1 << 23;

#[expect(
    clippy::cast_possible_truncation,
    reason = "clipped before; an f32 holds 24 bits"
)]
impl Wire for I24 {
    fn encode(sample: f32) -> Self {
        Self::new_unchecked(quantize(sample, f64::from(SCALE_24)) as i32)
    }
    fn decode(self) -> f32 {
        (f64::from(self.inner()) / f64::from(SCALE_24)) as f32
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "clipped before; an f32 holds 24 bits"
)]
impl Wire for U24 {
    fn encode(sample: f32) -> Self {
        Self::new_unchecked(quantize(sample, f64::from(SCALE_24)) as i32 + SCALE_24)
    }
    fn decode(self) -> f32 {
        (f64::from(self.inner() - SCALE_24) / f64::from(SCALE_24)) as f32
    }
}

impl Wire for f32 {
    fn encode(sample: f32) -> Self {
        // Also turns what is not a number into silence.
        if sample.is_nan() { 0.0 } else { sample }
    }
    fn decode(self) -> f32 {
        self
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the engine calculates with f32")]
impl Wire for f64 {
    fn encode(sample: f32) -> Self {
        Self::from(f32::encode(sample))
    }
    fn decode(self) -> f32 {
        self as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: Pair = Pair { left: 2, right: 0 };

    /// Writes and reads three frames of three channels, and returns what came back and the middle channel.
    fn round_trip<T: Wire + PartialEq + std::fmt::Debug>() -> ([f32; 3], [f32; 3]) {
        let mut samples = [T::encode(0.7); 12];
        // SAFETY: the samples are 12 of this type and outlive the view.
        let mut data = unsafe { Data::from_parts(samples.as_mut_ptr().cast(), 12, T::FORMAT) };
        let (left, right) = ([0.5, -0.25, 0.0], [-1.0, 0.75, 0.125]);
        assert!(is_known(T::FORMAT));
        write(&mut data, 3, 1, PAIR, [&left, &right]);
        let (mut left, mut right) = ([9.0; 3], [9.0; 3]);
        read(&data, 3, 1, PAIR, [&mut left, &mut right]);
        assert_eq!(samples[0], T::encode(0.7), "the frame before is touched");
        assert_eq!(samples[4], T::encode(0.0), "another channel is not silent");
        (left, right)
    }

    #[test]
    fn every_format_comes_back_as_it_went() {
        fn check<T: Wire + PartialEq + std::fmt::Debug>() {
            // All values are multiples of 1/8, which eight bits hold.
            assert_eq!(round_trip::<T>(), ([0.5, -0.25, 0.0], [-1.0, 0.75, 0.125]));
        }
        check::<i8>();
        check::<i16>();
        check::<I24>();
        check::<i32>();
        check::<i64>();
        check::<u8>();
        check::<u16>();
        check::<U24>();
        check::<u32>();
        check::<u64>();
        check::<f32>();
        check::<f64>();
    }

    #[test]
    fn beyond_full_scale_is_clipped_and_never_wraps() {
        assert_eq!([i16::encode(1.0), i16::encode(7.0)], [i16::MAX; 2]);
        assert_eq!([i16::encode(-1.0), i16::encode(-7.0)], [i16::MIN; 2]);
        assert_eq!(I24::encode(1.0).inner(), SCALE_24 - 1);
        assert_eq!(U24::encode(1.0).inner(), 2 * SCALE_24 - 1);
        assert_eq!([i32::encode(f32::INFINITY), i32::encode(2.0)], [i32::MAX; 2]);
        assert_eq!([i64::encode(1.0), i64::encode(-1.0)], [i64::MAX, i64::MIN]);
        assert_eq!(
            [u8::encode(-1.0), u8::encode(0.0), u8::encode(1.0)],
            [0, 128, 255]
        );
        assert_eq!((i16::encode(f32::NAN), u8::encode(f32::NAN)), (0, 128));
        assert_eq!((f32::encode(f32::NAN), f32::encode(1.5)), (0.0, 1.5));
    }

    #[test]
    fn one_channel_gets_the_mean() {
        let mut samples = [0_i16; 4];
        // SAFETY: the samples are 4 of this type and outlive the view.
        let mut data = unsafe { Data::from_parts(samples.as_mut_ptr().cast(), 4, SampleFormat::I16) };
        let both = Pair { left: 1, right: 1 };
        write(&mut data, 2, 0, both, [&[0.5, 0.5], &[0.0, -0.5]]);
        assert_eq!(samples, [0, 8192, 0, 0]);
    }
}
