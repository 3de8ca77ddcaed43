//! One block, on the server's thread. Nothing here allocates, locks or waits.

use super::super::Callback;
use super::super::gate::Gate;
use super::notify::Shared;
use crate::clock::monotonic_nanos;
use ::jack::{
    AudioIn, AudioOut, Client, Control, Frames, MidiIn, MidiOut, Port, ProcessHandler, ProcessScope, RawMidi,
};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A cycle that began longer ago than this, in nanoseconds, was stamped by another clock than ours.
const OTHER_CLOCK: i64 = 1_000_000_000;

/// The client's ports.
pub(super) struct Ports {
    pub left_out: Port<AudioOut>,
    pub right_out: Port<AudioOut>,
    pub left_in: Port<AudioIn>,
    pub right_in: Port<AudioIn>,
    pub midi_in: Port<MidiIn>,
    pub midi_out: Port<MidiOut>,
}

/// Runs the callback for each cycle of the server.
pub(super) struct Process {
    ports: Ports,
    gate: Arc<Gate<Callback>>,
    shared: Arc<Shared>,
    /// The rate that plugins were activated with.
    rate: u32,
    /// Left and right go to one channel.
    mono: bool,
}

impl Process {
    pub(super) const fn new(
        ports: Ports,
        gate: Arc<Gate<Callback>>,
        shared: Arc<Shared>,
        rate: u32,
        mono: bool,
    ) -> Self {
        Self {
            ports,
            gate,
            shared,
            rate,
            mono,
        }
    }
}

impl ProcessHandler for Process {
    fn process(&mut self, _: &Client, scope: &ProcessScope) -> Control {
        let Ports {
            left_out,
            right_out,
            left_in,
            right_in,
            midi_in,
            midi_out,
        } = &mut self.ports;
        let frames = scope.n_frames();
        if frames == 0 {
            return Control::Continue;
        }
        let left = left_out.as_mut_slice(scope);
        let right = right_out.as_mut_slice(scope);
        // Making a writer empties the port's buffer, which would otherwise say the last block's messages again.
        let mut writer = midi_out.writer(scope);
        let same_rate = self.shared.rate.load(Ordering::Relaxed) == self.rate;
        let shared = &self.shared;
        let mut play = |callback: &mut Callback| {
            for message in midi_in.iter(scope) {
                callback.midi_in(message.time.min(frames - 1), message.bytes);
            }
            let inputs = [left_in.as_slice(scope), right_in.as_slice(scope)];
            callback.run(Some(inputs), [&mut *left, &mut *right], Some(cycle_start(scope)));
            // JACK refuses a message that is earlier than the one before.
            let mut earliest: Frames = 0;
            callback.midi_out(|time, bytes| {
                earliest = time.max(earliest).min(frames - 1);
                let message = RawMidi {
                    time: earliest,
                    bytes,
                };
                if writer.write(&message).is_err() {
                    shared.midi_dropped.fetch_add(1, Ordering::Relaxed);
                }
            });
        };
        let played = same_rate && self.gate.with(&mut play).is_some();
        if !played {
            left.fill(0.0);
            right.fill(0.0);
        } else if self.mono {
            for (left, right) in left.iter_mut().zip(right) {
                *left = 0.5 * (*left + *right);
                *right = *left;
            }
        }
        Control::Continue
    }

    fn buffer_size(&mut self, _: &Client, frames: Frames) -> Control {
        // The ports' buffers grow by themselves, and the engine splits what is too long for its plugins.
        self.shared.buffer.store(frames, Ordering::Release);
        Control::Continue
    }
}

/// When the cycle began. JACK's servers use the monotonic clock, unless told otherwise when started.
fn cycle_start(scope: &ProcessScope) -> i64 {
    let now = monotonic_nanos();
    let start = scope
        .cycle_times()
        .ok()
        .and_then(|times| i64::try_from(times.current_usecs).ok())
        .map(|micros| micros.saturating_mul(1_000));
    match start {
        Some(start) if (now - start).abs() < OTHER_CLOCK => start,
        _ => now,
    }
}
