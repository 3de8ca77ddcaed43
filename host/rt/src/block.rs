//! Sample memory: planar 32-bit floats, one slice a channel.

mod measure;

use crate::lend::Lent;
use core::fmt;
use core::ptr::NonNull;
pub use measure::peak;
use measure::{Energy, Meter};
pub(crate) use measure::{Peak, peak_of_finite};

/// A pair of channels of scratch memory.
#[derive(Debug)]
pub struct Stereo {
    left: Lent<[f32]>,
    right: Lent<[f32]>,
}

impl Stereo {
    /// A pair over the given memory; the shorter slice is its capacity in frames.
    #[must_use]
    pub const fn new(left: Lent<[f32]>, right: Lent<[f32]>) -> Self {
        Self { left, right }
    }

    /// Frames that both channels hold.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.left.len().min(self.right.len())
    }

    /// The first `frames` frames of both channels, or all of them if there are fewer.
    #[inline]
    pub fn frames(&mut self, frames: usize) -> [&mut [f32]; 2] {
        let frames = frames.min(self.left.len()).min(self.right.len());
        [&mut self.left[..frames], &mut self.right[..frames]]
    }
}

/// One period of a device: what it recorded, and where to write what it shall play.
#[derive(Debug)]
pub struct Block<'a> {
    /// Recorded channels, left and right, each as long as the outputs; a mono input is given twice.
    pub inputs: Option<[&'a [f32]; 2]>,
    /// The channels to fill, left and right, of one length.
    pub outputs: [&'a mut [f32]; 2],
    /// When the block was called for: nanoseconds of the monotonic clock, or `None` where time is not real.
    pub called: Option<i64>,
}

impl Block<'_> {
    /// Number of frames in the block.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.outputs[0].len().min(self.outputs[1].len())
    }
}

/// A port's (bus's) place among the channels of [`PortBuffers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortShape {
    /// Its first channel.
    pub first: usize,
    /// Its number of channels.
    pub channels: usize,
    /// Whether what a plugin plays there is for ears: not a bus that is off, nor control voltage.
    pub heard: bool,
}

/// The channels of all input or all output ports of one plugin.
///
/// A processor hands pointers to the samples to its plugin again and again. So the samples are only ever reached
/// through one pointer, and no borrow of all of them comes between.
pub struct PortBuffers {
    base: NonNull<f32>,
    length: usize,
    /// Owns the samples; not touched until it frees them.
    _memory: Lent<[f32]>,
    stride: usize,
    ports: Lent<[PortShape]>,
    main: usize,
}

// SAFETY: the pointer is to memory that this value owns alone, which is as good on one thread as on another.
unsafe impl Send for PortBuffers {}

impl fmt::Debug for PortBuffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortBuffers")
            .field("ports", &self.ports)
            .field("stride", &self.stride)
            .finish_non_exhaustive()
    }
}

impl PortBuffers {
    /// Buffers of `stride` frames a channel. `main` is the index of the main port.
    ///
    /// # Panics
    ///
    /// If `samples` is shorter than the ports ask for.
    #[must_use]
    pub fn new(mut samples: Lent<[f32]>, stride: usize, ports: Lent<[PortShape]>, main: usize) -> Self {
        let channels = ports
            .iter()
            .map(|port| port.first + port.channels)
            .max()
            .unwrap_or(0);
        assert!(
            samples.len() >= channels * stride,
            "port buffers too small for their ports"
        );
        Self {
            base: NonNull::from(&mut *samples).cast(),
            length: samples.len(),
            _memory: samples,
            stride,
            ports,
            main,
        }
    }

    /// Frames a channel can hold.
    #[must_use]
    pub const fn stride(&self) -> usize {
        self.stride
    }

    /// The ports.
    #[inline]
    #[must_use]
    pub fn ports(&self) -> &[PortShape] {
        &self.ports
    }

    /// Index of the main port.
    #[inline]
    #[must_use]
    pub const fn main(&self) -> usize {
        self.main
    }

    /// Whether there is any channel.
    #[inline]
    #[must_use]
    pub fn has_channels(&self) -> bool {
        self.ports.iter().any(|port| port.channels > 0)
    }

    /// The first `frames` frames of a channel.
    #[inline]
    #[must_use]
    pub fn channel(&self, channel: usize, frames: usize) -> &[f32] {
        let start = self.start_of(channel, frames);
        // SAFETY: `start_of` has checked that so many samples lie within the memory, which lives as long as `self` and
        // is written only through `&mut self`, or by the plugin while it has one.
        unsafe { core::slice::from_raw_parts(self.base.as_ptr().add(start), frames) }
    }

    /// The first `frames` frames of a channel.
    #[inline]
    pub fn channel_mut(&mut self, channel: usize, frames: usize) -> &mut [f32] {
        let start = self.start_of(channel, frames);
        // SAFETY: as in `channel`, and `&mut self` makes this the only borrow.
        unsafe { core::slice::from_raw_parts_mut(self.base.as_ptr().add(start), frames) }
    }

    /// Where a channel begins. Panics where it would end outside of the memory.
    #[inline]
    fn start_of(&self, channel: usize, frames: usize) -> usize {
        let start = channel * self.stride;
        assert!(
            frames <= self.stride && start <= self.length - frames.min(self.length),
            "a channel outside of its memory"
        );
        start
    }

    /// The first channel's first sample, for a processor to hand to its plugin; channels lie
    /// [`stride`](Self::stride) frames apart.
    #[inline]
    pub(crate) const fn base(&mut self) -> *mut f32 {
        self.base.as_ptr()
    }

    /// Every channel of every port, its first `frames` frames.
    pub(crate) fn channels_mut(&mut self, frames: usize, mut each: impl FnMut(&mut [f32])) {
        for index in 0..self.ports.len() {
            let PortShape { first, channels, .. } = self.ports[index];
            (first..first + channels).for_each(|channel| each(self.channel_mut(channel, frames)));
        }
    }

    /// The greatest absolute sample of all channels that are heard, or NaN if any sample is not a finite number.
    pub(crate) fn peak(&self, frames: usize) -> f32 {
        let channels = self
            .ports
            .iter()
            .filter(|port| port.heard)
            .flat_map(|port| port.first..port.first + port.channels);
        let mut meter = Meter::NEW;
        channels.for_each(|channel| meter.all(self.channel(channel, frames)));
        meter.peak()
    }

    /// One frame, folded to stereo as [`fold`](Self::fold) does it.
    pub(crate) fn folded_frame(&self, frame: usize) -> [f32; 2] {
        let mut sides = [0.0; 2];
        for &PortShape { first, channels, .. } in self.ports().iter().filter(|port| port.heard) {
            for channel in 0..channels.max(2) * usize::from(channels > 0) {
                sides[channel % 2] += self.channel(first + channel.min(channels - 1), frame + 1)[frame];
            }
        }
        sides
    }

    /// Fills the main port from a stereo pair and every other port with silence.
    ///
    /// A mono port gets the mean of both sides; channels beyond the second get silence.
    #[inline(always)]
    pub fn fill(&mut self, source: Option<[&[f32]; 2]>, frames: usize) {
        if let (
            Some([left, right]),
            &[
                PortShape {
                    first, channels: 2, ..
                },
            ],
        ) = (source, &*self.ports)
        {
            // By far the most frequent case.
            self.channel_mut(first, frames).copy_from_slice(&left[..frames]);
            self.channel_mut(first + 1, frames)
                .copy_from_slice(&right[..frames]);
            return;
        }
        self.fill_any(source, frames);
    }

    #[inline(never)]
    fn fill_any(&mut self, source: Option<[&[f32]; 2]>, frames: usize) {
        for index in 0..self.ports.len() {
            let PortShape { first, channels, .. } = self.ports[index];
            let source = source.filter(|_| index == self.main);
            match (source, channels) {
                (_, 0) => {}
                (None, _) => (first..first + channels).for_each(|c| self.channel_mut(c, frames).fill(0.0)),
                (Some([left, right]), 1) => {
                    let mono = self.channel_mut(first, frames);
                    for ((out, left), right) in mono.iter_mut().zip(left).zip(right) {
                        *out = 0.5 * (left + right);
                    }
                }
                (Some([left, right]), _) => {
                    self.channel_mut(first, frames).copy_from_slice(&left[..frames]);
                    self.channel_mut(first + 1, frames)
                        .copy_from_slice(&right[..frames]);
                    (first + 2..first + channels).for_each(|c| self.channel_mut(c, frames).fill(0.0));
                }
            }
        }
    }

    /// Whether there is any channel that is heard.
    #[inline]
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.ports.iter().any(|port| port.channels > 0 && port.heard)
    }

    /// Folds every port that is heard down to a stereo pair and returns the energy of what the plugin made: the sum of all its
    /// samples' squares, which is no finite number if any sample is none.
    ///
    /// The main port comes first; a mono port goes to both sides, channels beyond the second are added to the
    /// side of their parity, the other ports are added. With `add` the pair is added to, else replaced.
    #[inline]
    pub fn fold(&self, into: [&mut [f32]; 2], frames: usize, add: bool) -> f32 {
        let [left, right] = into;
        let (left, right) = (&mut left[..frames], &mut right[..frames]);
        if let (
            false,
            &[
                PortShape {
                    first,
                    channels: 2,
                    heard: true,
                },
            ],
        ) = (add, self.ports())
        {
            // By far the most frequent case.
            let mut energy = Energy::NONE;
            energy.copy(left, self.channel(first, frames));
            energy.copy(right, self.channel(first + 1, frames));
            return energy.sum();
        }
        self.fold_any([left, right], frames, !add)
    }

    #[inline(never)]
    fn fold_any(&self, [left, right]: [&mut [f32]; 2], frames: usize, mut replace: bool) -> f32 {
        let mut energy = Energy::NONE;
        let order = core::iter::once(self.main).chain((0..self.ports.len()).filter(|&i| i != self.main));
        for index in order {
            let Some(&PortShape { first, channels, .. }) = self.ports.get(index).filter(|port| port.heard)
            else {
                continue;
            };
            for channel in 0..channels.max(2) * usize::from(channels > 0) {
                let source = self.channel(first + channel.min(channels - 1), frames);
                let side: &mut [f32] = if channel % 2 == 0 { &mut *left } else { &mut *right };
                if replace && channel < 2 {
                    energy.copy(side, source);
                } else {
                    energy.add(side, source);
                }
            }
            replace &= channels == 0;
        }
        if replace {
            left.fill(0.0);
            right.fill(0.0);
        }
        energy.sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lend::testing::slice;

    fn buffers<const N: usize>(ports: [PortShape; N], main: usize) -> PortBuffers {
        extern crate std;
        let channels: usize = ports.iter().map(|port| port.channels).sum();
        PortBuffers::new(
            slice(channels * 4, 9.0),
            4,
            crate::lend::testing::lend(std::boxed::Box::new(ports)),
            main,
        )
    }

    #[test]
    fn a_mono_input_gets_the_mean_and_side_chains_get_silence() {
        let mono = PortShape {
            first: 0,
            channels: 1,
            heard: true,
        };
        let side = PortShape {
            first: 1,
            channels: 2,
            heard: true,
        };
        let mut ports = buffers([mono, side], 0);
        ports.fill(Some([&[1.0; 4], &[0.0; 4]]), 3);
        assert_eq!(ports.channel(0, 4), [0.5, 0.5, 0.5, 9.0]);
        assert_eq!(ports.channel(1, 3), [0.0; 3]);
        assert_eq!(ports.channel(2, 3), [0.0; 3]);
    }

    #[test]
    fn what_is_not_for_ears_is_not_heard() {
        let port = |first, heard| PortShape {
            first,
            channels: 2,
            heard,
        };
        let mut outputs = buffers([port(0, true), port(2, false)], 0);
        outputs.channels_mut(4, |channel| channel.fill(0.25));
        outputs.channel_mut(3, 4).fill(f32::NAN);
        let (mut left, mut right) = ([0.0; 4], [0.0; 4]);
        outputs.fold([&mut left, &mut right], 4, false);
        assert_eq!([left, right], [[0.25; 4]; 2]);
        assert_eq!(outputs.peak(4), 0.25);
        assert_eq!(outputs.folded_frame(0), [0.25; 2]);
        let off = buffers([port(0, false)], 0);
        assert!(off.has_channels() && !off.is_heard());
        off.fold([&mut left, &mut right], 4, false);
        assert_eq!([left, right], [[0.0; 4]; 2]);
    }

    #[test]
    fn every_output_port_is_heard() {
        let stereo = PortShape {
            first: 0,
            channels: 2,
            heard: true,
        };
        let mono = PortShape {
            first: 2,
            channels: 1,
            heard: true,
        };
        let mut ports = buffers([stereo, mono], 0);
        ports.channel_mut(0, 4).fill(0.25);
        ports.channel_mut(1, 4).fill(-0.5);
        ports.channel_mut(2, 4).fill(0.125);
        let (mut left, mut right) = ([7.0; 4], [7.0; 4]);
        // Four frames of both sides, and of the mono port on each side.
        let energy = 4.0 * (0.25 * 0.25 + 0.5 * 0.5 + 2.0 * 0.125 * 0.125);
        assert_eq!(ports.fold([&mut left, &mut right], 4, false), energy);
        assert_eq!((left, right), ([0.375; 4], [-0.375; 4]));
        ports.fold([&mut left, &mut right], 4, true);
        assert_eq!((left, right), ([0.75; 4], [-0.75; 4]));
    }

    #[test]
    fn a_mono_instrument_sounds_on_both_sides() {
        let mut ports = buffers(
            [PortShape {
                first: 0,
                channels: 1,
                heard: true,
            }],
            0,
        );
        ports.channel_mut(0, 4).fill(0.5);
        let (mut left, mut right) = ([7.0; 4], [7.0; 4]);
        ports.fold([&mut left, &mut right], 4, false);
        assert_eq!((left, right), ([0.5; 4], [0.5; 4]));
    }

    #[test]
    fn ports_without_channels_leave_silence() {
        let ports = buffers(
            [PortShape {
                first: 0,
                channels: 0,
                heard: true,
            }],
            0,
        );
        let (mut left, mut right) = ([7.0; 4], [7.0; 4]);
        assert_eq!(ports.fold([&mut left, &mut right], 4, false), 0.0);
        assert_eq!((left, right), ([0.0; 4], [0.0; 4]));
    }

    #[test]
    fn the_peak_sees_every_bad_number() {
        assert_eq!(peak(&[0.5, -0.75, 0.1]), 0.75);
        assert_eq!(peak(&[]), 0.0);
        for length in (1..40).step_by(if cfg!(miri) { 8 } else { 1 }) {
            for place in 0..length {
                let mut samples = [0.25; 40];
                samples[place] = -0.5;
                assert_eq!(peak(&samples[..length]), 0.5);
                assert_eq!(peak_of_finite(&samples[..length]), 0.5);
                samples[place] = f32::INFINITY;
                assert!(peak(&samples[..length]).is_nan());
                let mut energy = Energy::NONE;
                energy.copy(&mut [0.0; 40][..length], &samples[..length]);
                assert!(!energy.sum().is_finite());
            }
        }
        for bad in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(peak(&[0.0, bad, 1.0]).is_nan());
        }
    }
}
