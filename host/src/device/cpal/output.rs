//! One call of the driver, on its thread: converted, cut into pieces, played.

use super::super::Callback;
use super::super::gate::Gate;
use super::super::priority::{prefault_stack, real_time};
use super::config::Plan;
use super::convert;
use super::input::Recorded;
use super::shared::Shared;
use crate::clock::monotonic_nanos;
use ::cpal::{Data, OutputCallbackInfo};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What a player is made of.
pub(super) struct Parts {
    pub gate: Arc<Gate<Callback>>,
    pub shared: Arc<Shared>,
    pub plan: Plan,
    pub recorded: Option<Recorded>,
    /// Whether to ask for real-time scheduling: the driver's thread has none of its own.
    pub promote: bool,
    /// Frames per second.
    pub rate: u32,
}

/// Plays for a card.
pub(super) struct Player {
    parts: Parts,
    is_first: bool,
    /// Left and right to play, then left and right recorded.
    scratch: [Vec<f32>; 4],
    nanos_per_frame: f64,
}

impl Player {
    /// A player that cuts what the driver calls for into pieces of the block size that it plans.
    pub(super) fn new(parts: Parts) -> Self {
        let piece = parts.plan.expected_buffer.clamp(1, 8_192) as usize;
        Self {
            is_first: true,
            scratch: std::array::from_fn(|_| vec![0.0; piece]),
            nanos_per_frame: 1e9 / f64::from(parts.rate.max(1)),
            parts,
        }
    }

    /// Fills one block of the card. The very first one asks for real-time scheduling and touches the stack.
    pub(super) fn play(&mut self, data: &mut Data, about: &OutputCallbackInfo) {
        if std::mem::take(&mut self.is_first) {
            if self.parts.promote {
                real_time();
            }
            prefault_stack();
        }
        let called = monotonic_nanos();
        let channels = usize::from(self.parts.plan.config.channels);
        let frames = data.len() / channels;
        self.note(frames, about);
        let Parts {
            gate,
            shared,
            plan,
            recorded,
            ..
        } = &mut self.parts;
        let [left, right, left_in, right_in] = &mut self.scratch;
        let piece = left.len();
        for first in (0..frames).step_by(piece) {
            let here = piece.min(frames - first);
            let (left, right) = (&mut left[..here], &mut right[..here]);
            let inputs = recorded.as_mut().map(|recorded| {
                let (left, right) = (&mut left_in[..here], &mut right_in[..here]);
                if recorded.read(left, right) {
                    shared.xruns.fetch_add(1, Ordering::Relaxed);
                }
                [&*left, &*right]
            });
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                reason = "part of a block in nanoseconds"
            )]
            let offset = (first as f64 * self.nanos_per_frame) as i64;
            let played = gate.with(|callback| callback.run(inputs, [left, right], Some(called + offset)));
            if played.is_none() {
                left.fill(0.0);
                right.fill(0.0);
            }
            convert::write(data, channels, first, plan.pair, [left, right]);
        }
    }

    fn note(&self, frames: usize, about: &OutputCallbackInfo) {
        let shared = &self.parts.shared;
        shared.note_block(u32::try_from(frames).unwrap_or(u32::MAX));
        let times = about.timestamp();
        let ahead = times.playback.duration_since(times.callback);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates; a duration is not negative"
        )]
        let latency = (ahead.as_secs_f64() * f64::from(self.parts.rate)) as u32;
        // The first blocks meet an empty card, so that the greatest latency is the one of steady running.
        shared.latency.fetch_max(latency, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::pick::Pair;
    use crate::device::testing::{Rig, info};
    use ::cpal::{BufferSize, OutputStreamTimestamp, SampleFormat, StreamConfig, StreamInstant};
    use std::time::Duration;

    fn about() -> OutputCallbackInfo {
        let callback = StreamInstant::from_millis(1_000);
        let playback = StreamInstant::from_millis(1_010);
        OutputCallbackInfo::new(OutputStreamTimestamp { callback, playback })
    }

    #[test]
    fn calls_of_any_length_are_cut_into_pieces() {
        let mut rig = Rig::new(&info(48_000, 64));
        let (gate, shared) = (Arc::new(Gate::new()), Arc::new(Shared::default()));
        let plan = Plan {
            config: StreamConfig {
                channels: 3,
                sample_rate: 48_000,
                buffer_size: BufferSize::Default,
            },
            format: SampleFormat::U16,
            pair: Pair { left: 0, right: 2 },
            expected_buffer: 64,
        };
        let mut player = Player::new(Parts {
            gate: Arc::clone(&gate),
            shared: Arc::clone(&shared),
            plan,
            recorded: None,
            promote: false,
            rate: 48_000,
        });
        assert!(gate.put(rig.callback()).is_ok());
        for frames in [0, 1, 64, 65, 1_000] {
            let mut samples = vec![0_u16; 3 * frames];
            // SAFETY: the samples are as many as is said and outlive the view.
            let mut data =
                unsafe { Data::from_parts(samples.as_mut_ptr().cast(), samples.len(), SampleFormat::U16) };
            player.play(&mut data, &about());
            assert!(samples.iter().all(|&sample| sample == 0x8000), "{frames} frames");
        }
        assert_eq!(rig.blocks(), 1 + 1 + 2 + 16);
        assert_eq!(shared.largest.load(Ordering::Relaxed), 1_000);
        assert_eq!(shared.latency.load(Ordering::Relaxed), 480);

        // Without a callback there is silence.
        drop(gate.take(Duration::from_secs(1)));
        rig.engine_comes_home();
        let mut samples = [7_u16; 6];
        // SAFETY: the samples are 6 and outlive the view.
        let mut data = unsafe { Data::from_parts(samples.as_mut_ptr().cast(), 6, SampleFormat::U16) };
        player.play(&mut data, &about());
        assert_eq!(samples, [0x8000; 6]);
        assert_eq!(rig.blocks(), 20);
    }
}
