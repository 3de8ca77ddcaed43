//! How loud samples are: the sum of their squares, and the greatest of them.

/// Sums squares in eight sums at once, sixteen samples at a time: so the compiler does four with each instruction.
///
/// One multiplication and one addition a sample answer the question that is asked of every block: could a sample in it
/// be too loud, or no number at all? Only a block that could is looked at sample by sample.
#[derive(Clone, Copy)]
pub(super) struct Energy([f32; 8]);

impl Energy {
    pub(super) const NONE: Self = Self([0.0; 8]);

    #[inline]
    fn each(&mut self, into: &mut [f32], from: &[f32], change: impl Fn(&mut f32, f32)) {
        let mut sum = self.0;
        let (from, from_rest) = from.as_chunks::<16>();
        let (into, into_rest) = into.as_chunks_mut::<16>();
        for (into, from) in into.iter_mut().zip(from) {
            for index in 0..16 {
                change(&mut into[index], from[index]);
                sum[index % 8] += from[index] * from[index];
            }
        }
        for (index, (into, from)) in into_rest.iter_mut().zip(from_rest).enumerate() {
            change(into, *from);
            sum[index % 8] += from * from;
        }
        self.0 = sum;
    }

    /// Copies one slice to another of the same length.
    #[inline]
    pub(super) fn copy(&mut self, into: &mut [f32], from: &[f32]) {
        self.each(into, from, |into, from| *into = from);
    }

    /// Adds one slice to another of the same length.
    #[inline]
    pub(super) fn add(&mut self, into: &mut [f32], from: &[f32]) {
        self.each(into, from, |into, from| *into += from);
    }

    #[inline]
    pub(super) fn sum(&self) -> f32 {
        let [a, b, c, d, e, f, g, h] = self.0;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }
}

/// The greatest absolute sample of all that were looked at, all finite numbers, eight at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peak([f32; 8]);

impl Peak {
    pub(crate) const NONE: Self = Self([0.0; 8]);

    /// Looks at more samples.
    #[inline]
    pub(crate) fn look(&mut self, samples: &[f32]) {
        let mut greatest = self.0;
        // Written as a choice, which is one instruction; `f32::max` is five, for the sake of NaN.
        let choose = |greatest: &mut f32, sample: &f32| {
            let size = sample.abs();
            *greatest = if size > *greatest { size } else { *greatest };
        };
        let (eights, rest) = samples.as_chunks::<8>();
        for eight in eights {
            greatest
                .iter_mut()
                .zip(eight)
                .for_each(|(greatest, sample)| choose(greatest, sample));
        }
        greatest
            .iter_mut()
            .zip(rest)
            .for_each(|(greatest, sample)| choose(greatest, sample));
        self.0 = greatest;
    }

    /// The greatest of all.
    pub(crate) fn value(&self) -> f32 {
        self.0.into_iter().fold(0.0, f32::max)
    }
}

/// The greatest absolute sample of samples that are finite numbers.
#[inline]
pub(crate) fn peak_of_finite(samples: &[f32]) -> f32 {
    let mut peak = Peak::NONE;
    peak.look(samples);
    peak.value()
}

/// Finds the greatest absolute sample, eight at a time: that many the compiler does in one go.
#[derive(Clone, Copy)]
pub(super) struct Meter {
    greatest: [f32; 8],
    /// The highest bit is set by a sample that is not a finite number.
    bad: [u32; 8],
}

impl Meter {
    pub(super) const NEW: Self = Self {
        greatest: [0.0; 8],
        bad: [0; 8],
    };

    #[inline]
    pub(super) fn all(&mut self, samples: &[f32]) {
        let Self {
            mut greatest,
            mut bad,
        } = *self;
        let mut look = |samples: &[f32; 8]| {
            let size = samples.map(f32::abs);
            // Written as a choice, which is one instruction; `f32::max` is five, for the sake of NaN.
            greatest = core::array::from_fn(|index| {
                if size[index] > greatest[index] {
                    size[index]
                } else {
                    greatest[index]
                }
            });
            // The exponent of infinity and NaN is all ones: one more carries into the sign bit.
            bad = core::array::from_fn(|index| bad[index] | (size[index].to_bits() + (1 << 23)));
        };
        let (eights, rest) = samples.as_chunks::<8>();
        eights.iter().for_each(&mut look);
        if !rest.is_empty() {
            let mut eight = [0.0; 8];
            eight[..rest.len()].copy_from_slice(rest);
            look(&eight);
        }
        *self = Self { greatest, bad };
    }

    /// The greatest absolute sample, or NaN if any was not a finite number.
    #[inline]
    pub(super) fn peak(&self) -> f32 {
        let greatest = self
            .greatest
            .into_iter()
            .fold(0.0, |a, b| if b > a { b } else { a });
        let bad = self.bad.into_iter().fold(0, |a, b| a | b);
        if bad >> 31 == 0 { greatest } else { f32::NAN }
    }
}

/// The greatest absolute sample, or NaN if any sample is not a finite number.
#[inline]
#[must_use]
pub fn peak(samples: &[f32]) -> f32 {
    let mut meter = Meter::NEW;
    meter.all(samples);
    meter.peak()
}
