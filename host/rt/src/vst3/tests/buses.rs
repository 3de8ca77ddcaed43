//! Samples in and out.

use super::super::buses::is_silent;
use super::super::names::{SAMPLE_32, SAMPLE_64};
use super::plugin::{MOST, Rig, STEREO, Setup, buses, list};
use super::std::vec::Vec;
use crate::block::PortShape;
use crate::processor::Status;
use vst3::Steinberg::Vst::ProcessData;

/// A side chain beside the main bus, and a bus without channels.
const THREE: &[PortShape] = &[
    PortShape {
        first: 0,
        channels: 2,
        heard: true,
    },
    PortShape {
        first: 2,
        channels: 0,
        heard: true,
    },
    PortShape {
        first: 2,
        channels: 1,
        heard: true,
    },
];

#[test]
fn silence_is_seen_to_the_last_sample() {
    for frames in [0, 1, 15, 16, 17, 32, 63] {
        let mut samples = [0.0_f32; MOST];
        assert!(is_silent(&samples[..frames]));
        for at in 0..frames {
            samples[at] = -0.0;
            assert!(is_silent(&samples[..frames]));
            samples[at] = f32::from_bits(1);
            assert!(!is_silent(&samples[..frames]), "{at} of {frames}");
            samples[at] = 0.0;
        }
    }
}

#[test]
fn every_bus_has_its_channels_and_silent_ones_are_marked() {
    let mut rig = Rig::new(Setup {
        inputs: THREE,
        outputs: &[],
        ..Setup::default()
    });
    rig.inputs.channel_mut(1, MOST).fill(0.0);
    rig.inputs.channel_mut(2, MOST)[..16].fill(0.0);
    rig.act(|data| assert!(data.numOutputs == 0 && data.outputs.is_null()));
    let seen = rig.play_one(&list());
    assert_eq!((seen.size, seen.frames), (SAMPLE_32, 16));
    let flags: Vec<_> = seen.inputs.iter().map(|(flags, _)| *flags).collect();
    assert_eq!(flags, [0b10, 0, 0b1]);
    assert_eq!(seen.inputs[0].1[0], [0.5; 16]);
    assert!(seen.inputs[1].1.is_empty());
}

/// Doubles the first input channel of both sizes into every output channel, and marks the second one as silent.
fn double(data: &mut ProcessData) {
    let inputs = buses(data.inputs, data.numInputs);
    let outputs = buses(data.outputs, data.numOutputs);
    let frames = usize::try_from(data.numSamples).unwrap();
    for bus in outputs {
        assert_eq!(bus.silenceFlags, 0);
        for channel in 0..usize::try_from(bus.numChannels).unwrap() {
            for frame in 0..frames {
                // SAFETY: the host gives a pointer for each channel, to as many samples of the announced size as there
                // are frames.
                unsafe {
                    if data.symbolicSampleSize == SAMPLE_32 {
                        let to = (*bus.__field0.channelBuffers32.add(channel)).add(frame);
                        assert_eq!(*to, 0.0);
                        *to = 2.0 * *(*inputs[0].__field0.channelBuffers32).add(frame);
                    } else {
                        let to = (*bus.__field0.channelBuffers64.add(channel)).add(frame);
                        assert_eq!(*to, 0.0);
                        *to = 2.0 * *(*inputs[0].__field0.channelBuffers64).add(frame);
                    }
                }
            }
        }
        bus.silenceFlags = 0b10 | 1 << 63;
    }
}

#[test]
fn both_sizes_of_samples_go_in_and_out() {
    for wide in [false, true] {
        let mut rig = Rig::new(Setup {
            wide,
            outputs: THREE,
            ..Setup::default()
        });
        rig.act(double);
        for round in 1..3_u8 {
            let value = f32::from(round);
            rig.inputs.channel_mut(0, MOST).fill(value);
            let seen = rig.play_one(&list());
            assert_eq!(seen.size, if wide { SAMPLE_64 } else { SAMPLE_32 });
            assert_eq!(seen.inputs[0].1[0], [f64::from(value); 16]);
            assert_eq!(rig.outputs.channel(0, 16), [2.0 * value; 16]);
            // Whatever is in a channel that is said to be silent, it is silent.
            assert_eq!(rig.outputs.channel(1, 16), [0.0; 16]);
            assert_eq!(rig.outputs.channel(2, 16), [2.0 * value; 16]);
            // Nothing behind the block is touched.
            assert_eq!(rig.outputs.channel(2, MOST)[16..], [0.5; MOST - 16]);
        }
    }
}

#[test]
fn pointers_that_the_plugin_spoils_are_made_anew() {
    let mut rig = Rig::new(Setup::default());
    rig.act(|data| {
        double(data);
        for bus in buses(data.outputs, data.numOutputs) {
            // SAFETY: what a plugin may do, though it should not: its own pointers are written over.
            unsafe { *bus.__field0.channelBuffers32 = core::ptr::null_mut() };
            bus.numChannels = 9;
            bus.__field0.channelBuffers32 = core::ptr::null_mut();
        }
    });
    for _ in 0..2 {
        rig.play_one(&list());
        assert_eq!(rig.outputs.channel(0, 16), [1.0; 16]);
    }
}

#[test]
fn too_little_memory_is_a_failure_and_no_call() {
    let mut rig = Rig::new(Setup {
        inputs: STEREO,
        ..Setup::default()
    });
    let empty = || crate::lend::testing::slice(0, core::cell::Cell::new(0.0));
    rig.processor.wide = Some(super::super::Wide::new(empty(), empty()));
    let (status, seen) = rig.play(16, &list());
    assert_eq!((status, seen.len()), (Status::Failed, 0));
}
