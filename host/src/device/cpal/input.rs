//! The stream that records, and the ring from its thread to that of the outputs.

use super::PATIENCE;
use super::config::Plan;
use super::convert;
use super::shared::Shared;
use ::cpal::traits::{DeviceTrait, StreamTrait};
use ::cpal::{Data, Device, Error, Stream};
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Frames that are converted at once.
const PIECE: usize = 256;

/// An input stream that does not run yet.
pub(super) struct Input {
    pub stream: Stream,
    /// What it records, for the outputs' thread.
    pub recorded: Recorded,
    /// Frames from the card to the engine, as far as can be told beforehand.
    pub latency: u32,
}

/// Opens the input stream.
pub(super) fn open(device: &Device, plan: &Plan, shared: &Arc<Shared>) -> Result<Input, Error> {
    // The ring is as long as the longest blocks of both sides, four times over: one waiting, one coming, one being
    // read, one for what is uneven.
    let (ring, recorded) = RingBuffer::new(4 * 8_192);
    let mut recorder = Recorder {
        ring,
        plan: plan.clone(),
        shared: Arc::clone(shared),
        left: [0.0; PIECE],
        right: [0.0; PIECE],
    };
    let errors = Arc::clone(shared);
    let stream = device.build_input_stream_raw(
        plan.config,
        plan.format,
        move |data, _| recorder.record(data),
        move |error| errors.note(&error),
        Some(PATIENCE),
    )?;
    let period = stream
        .buffer_size()
        .unwrap_or(plan.expected_buffer)
        .clamp(1, 8_192);
    Ok(Input {
        stream,
        recorded: Recorded::new(recorded, period as usize),
        latency: period.saturating_mul(2),
    })
}

struct Recorder {
    ring: Producer<[f32; 2]>,
    plan: Plan,
    shared: Arc<Shared>,
    left: [f32; PIECE],
    right: [f32; PIECE],
}

impl Recorder {
    fn record(&mut self, data: &Data) {
        let channels = usize::from(self.plan.config.channels);
        let frames = data.len() / channels;
        for first in (0..frames).step_by(PIECE) {
            let here = PIECE.min(frames - first);
            let (left, right) = (&mut self.left[..here], &mut self.right[..here]);
            convert::read(data, channels, first, self.plan.pair, [left, right]);
            for frame in self.left[..here].iter().zip(&self.right) {
                if self.ring.push([*frame.0, *frame.1]).is_err() {
                    // Nobody reads: the outputs stand still. What is new is worth less than a steady ring.
                    self.shared.xruns.fetch_add(1, Ordering::Relaxed);
                    return;
                }
            }
        }
    }
}

/// What was recorded, read by the outputs' thread.
pub(super) struct Recorded {
    ring: Consumer<[f32; 2]>,
    /// Frames that shall still wait after a block was read, so that the next block finds its own.
    reserve: usize,
    is_steady: bool,
}

impl Recorded {
    pub(super) const fn new(ring: Consumer<[f32; 2]>, reserve: usize) -> Self {
        Self {
            ring,
            reserve,
            is_steady: false,
        }
    }

    /// Reads one block; silence while the ring fills. Returns whether a steady ring ran dry.
    pub(super) fn read(&mut self, left: &mut [f32], right: &mut [f32]) -> bool {
        let frames = left.len().min(right.len());
        let waiting = self.ring.slots();
        let wanted = frames + self.reserve;
        let enough = if self.is_steady { frames } else { wanted };
        if waiting < enough {
            let ran_dry = self.is_steady;
            self.is_steady = false;
            left.fill(0.0);
            right.fill(0.0);
            return ran_dry;
        }
        // Too much waits at the start, and after the outputs stood still: latency that nobody asked for.
        let surplus = waiting - wanted.min(waiting);
        if !self.is_steady || surplus > 2 * wanted {
            self.skip(surplus);
        }
        self.is_steady = true;
        if let Ok(chunk) = self.ring.read_chunk(frames) {
            let (first, second) = chunk.as_slices();
            let sides = left.iter_mut().zip(right);
            for ((left, right), frame) in sides.zip(first.iter().chain(second)) {
                [*left, *right] = *frame;
            }
            chunk.commit_all();
        }
        false
    }

    fn skip(&mut self, frames: usize) {
        if let Ok(chunk) = self.ring.read_chunk(frames) {
            chunk.commit_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_fills_runs_steadily_runs_dry_and_fills_again() {
        let (mut ring, recorded) = RingBuffer::new(1_024);
        let mut recorded = Recorded::new(recorded, 4);
        let mut next = 0.0_f32;
        let mut record = |frames: usize| {
            for _ in 0..frames {
                next += 1.0;
                ring.push([next, -next]).unwrap();
            }
        };
        let mut read = |frames: usize| {
            let (mut left, mut right) = (vec![9.0; frames], vec![9.0; frames]);
            let ran_dry = recorded.read(&mut left, &mut right);
            assert!(left.iter().zip(&right).all(|(left, right)| *left == -*right));
            (left, ran_dry)
        };
        record(4);
        assert_eq!(read(4), (vec![0.0; 4], false));
        record(6);
        // Ten wait, eight are wanted: the two oldest go.
        assert_eq!(read(4), (vec![3.0, 4.0, 5.0, 6.0], false));
        assert_eq!(read(4), (vec![7.0, 8.0, 9.0, 10.0], false));
        assert_eq!(read(4), (vec![0.0; 4], true));
        assert_eq!(read(4), (vec![0.0; 4], false));
        record(8);
        assert_eq!(read(4), (vec![11.0, 12.0, 13.0, 14.0], false));
        // The outputs stood still: what is more than needed is let go.
        record(100);
        assert_eq!(read(2).0, vec![113.0, 114.0]);
    }
}
