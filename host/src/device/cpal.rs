//! Sound cards through cpal: ALSA on Linux, WASAPI on Windows.
//!
//! The driver calls with as many frames as it likes; they are cut into pieces of at most the announced buffer size.
//! Sound is converted from and to planar floats in memory that is there before the first block. Inputs are a second
//! stream, opened only if the wish names input channels; a short ring joins the two.

mod config;
mod convert;
mod host;
mod input;
mod output;
mod shared;

pub(super) use host::{DRIVER, describe, listed};

use super::gate::Gate;
use super::{BufferWish, Callback, DeviceError, DeviceEvent, Info, Opened, Running, Wish};
use ::cpal::traits::{DeviceTrait, StreamTrait};
use ::cpal::{BufferSize, Stream};
use config::Plan;
use host::{driver, failure};
use shared::Shared;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long the driver may wait for a card before it looks whether the card is still there.
const PATIENCE: Duration = Duration::from_secs(1);
/// A card that has not called for this long, and for several blocks, is gone.
const STUCK: Duration = Duration::from_secs(3);
/// Blocks after which a card is full and its latency the one that stays.
const SETTLED: u32 = 16;
/// Most that a block which runs may take while main waits for the callback.
const BLOCK_LIMIT: Duration = Duration::from_secs(1);

/// A card whose stream is made but does not run.
pub struct Cpal {
    info: Info,
    made: Made,
}

impl Cpal {
    /// Opens the card that the wish names, or the one that the system prefers.
    ///
    /// # Errors
    ///
    /// No such card, a rate, buffer size or channels that it does not have, or a driver that refuses.
    pub fn open(wish: &Wish) -> Result<Self, DeviceError> {
        let (device, name) = host::find(wish.name.as_deref())?;
        let failed = |doing, error: ::cpal::Error| failure(&name, doing, &error, wish.name.is_none());
        let ranges: Vec<_> = device
            .supported_output_configs()
            .map_err(|error| failed("opening", error))?
            .collect();
        let preferred = device.default_output_config().ok();
        let refused = |refused: super::pick::CannotPick| DeviceError::Unsupported {
            driver: driver(),
            name: name.clone(),
            what: refused.what,
            possible: refused.possible,
        };
        let plan = config::plan(&ranges, preferred.as_ref(), wish).map_err(refused)?;
        let recorder = if wish.inputs.is_empty() {
            None
        } else {
            let recorder = host::recorder(&device, &name)?;
            let ranges: Vec<_> = recorder
                .supported_input_configs()
                .map_err(|error| failed("opening its inputs", error))?
                .collect();
            let plan = config::plan_input(&ranges, &plan, wish).map_err(refused)?;
            Some((recorder, plan))
        };
        let card = Card {
            device,
            recorder,
            promote: host::may_run_in_real_time(&name),
        };
        let (plan, made) =
            card.make(plan, wish.buffer)
                .map_err(|(plan, error)| match plan.config.buffer_size {
                    BufferSize::Fixed(frames) if config::is_refusal(&error) => DeviceError::Unsupported {
                        driver: driver(),
                        name: name.clone(),
                        what: format!("with blocks of {frames} frames"),
                        possible: format!("its driver says: {}", host::words(&error)),
                    },
                    _ => failed("opening", error),
                })?;
        let info = Info {
            driver: driver(),
            name,
            rate: plan.config.sample_rate,
            buffer: made.buffer,
            latency_in: made.latency_in,
            // Until the driver tells: what waits in the card while the next block is made.
            latency_out: made.buffer.saturating_mul(2),
            inputs: if made.input.is_some() { 2 } else { 0 },
            outputs: plan.config.channels,
        };
        Ok(Self { info, made })
    }
}

/// The devices of one card.
struct Card {
    device: ::cpal::Device,
    recorder: Option<(::cpal::Device, Plan)>,
    promote: bool,
}

/// Streams that do not run yet, and what they share with main.
struct Made {
    // The output goes first: dropping a stream stops and joins its thread.
    output: Stream,
    input: Option<Stream>,
    gate: Arc<Gate<Callback>>,
    shared: Arc<Shared>,
    buffer: u32,
    latency_in: u32,
}

impl Card {
    /// Makes the streams with the first of the wished buffer sizes that the driver takes. What it says beforehand
    /// is not always true: ALSA's converting devices know their limits only for one certain rate.
    fn make(&self, plan: Plan, wish: Option<BufferWish>) -> Result<(Plan, Made), (Plan, ::cpal::Error)> {
        let mut last = None;
        for plan in plan.attempts(wish) {
            match self.make_with(&plan) {
                Ok(made) if wish.is_none() && made.buffer > config::COMFORTABLE => {
                    // Software devices have blocks of a fifth of a second if nobody asks. Nobody can play so.
                    drop(made);
                    let shorter = plan.with_buffer(config::COMFORTABLE);
                    return match self.make_with(&shorter) {
                        Ok(made) => Ok((shorter, made)),
                        Err(_) => self
                            .make_with(&plan)
                            .map(|made| (plan.clone(), made))
                            .map_err(|error| (plan, error)),
                    };
                }
                Ok(made) => return Ok((plan, made)),
                Err(error) if config::is_refusal(&error) => last = Some((plan, error)),
                Err(error) => return Err((plan, error)),
            }
        }
        let nothing = || (plan, ::cpal::ErrorKind::UnsupportedConfig.into());
        Err(last.unwrap_or_else(nothing))
    }

    fn make_with(&self, plan: &Plan) -> Result<Made, ::cpal::Error> {
        let (gate, shared) = (Arc::new(Gate::new()), Arc::new(Shared::default()));
        let input = match &self.recorder {
            Some((recorder, its_plan)) => {
                let its_plan = its_plan.with_size(plan.config.buffer_size);
                Some(input::open(recorder, &its_plan, &shared)?)
            }
            None => None,
        };
        let (input, recorded, latency_in) = match input {
            Some(input) => (Some(input.stream), Some(input.recorded), input.latency),
            None => (None, None, 0),
        };
        let mut player = output::Player::new(output::Parts {
            gate: Arc::clone(&gate),
            shared: Arc::clone(&shared),
            plan: plan.clone(),
            recorded,
            promote: self.promote,
            rate: plan.config.sample_rate,
        });
        let errors = Arc::clone(&shared);
        let output = self.device.build_output_stream_raw(
            plan.config,
            plan.format,
            move |data, about| player.play(data, about),
            move |error| errors.note(&error),
            Some(PATIENCE),
        )?;
        let buffer = output.buffer_size().unwrap_or(plan.expected_buffer).max(1);
        shared.largest.store(buffer, Ordering::Relaxed);
        Ok(Made {
            output,
            input,
            gate,
            shared,
            buffer,
            latency_in,
        })
    }
}

impl Opened for Cpal {
    fn info(&self) -> &Info {
        &self.info
    }

    fn start(self: Box<Self>, callback: Callback) -> Result<Box<dyn Running>, DeviceError> {
        let running = RunningCpal {
            info: self.info,
            made: self.made,
            heard: (0, Instant::now()),
            is_lost: false,
        };
        if running.made.gate.put(callback).is_err() {
            tracing::error!("a new sound card already had a callback");
        }
        let streams = [running.made.input.as_ref(), Some(&running.made.output)];
        for stream in streams.into_iter().flatten() {
            // If this fails, dropping `running` sends the engine home.
            stream
                .play()
                .map_err(|error| failure(&running.info.name, "starting", &error, false))?;
        }
        Ok(Box::new(running))
    }
}

impl fmt::Debug for Cpal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cpal")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

/// A card that calls.
struct RunningCpal {
    info: Info,
    made: Made,
    /// How many blocks there were when their number last changed, and when that was.
    heard: (u32, Instant),
    is_lost: bool,
}

impl RunningCpal {
    /// Whether the card has been silent for so long that it must be stuck. ALSA's software devices do not always
    /// notice that the server behind them is gone.
    fn is_stuck(&mut self) -> bool {
        let blocks = self.made.shared.blocks.load(Ordering::Relaxed);
        if blocks != self.heard.0 {
            self.heard = (blocks, Instant::now());
        }
        let period = f64::from(self.info.buffer) / f64::from(self.info.rate.max(1));
        self.heard.1.elapsed() > STUCK.max(Duration::from_secs_f64(8.0 * period))
    }

    fn lose(&mut self, reason: &str) -> Option<DeviceEvent> {
        self.is_lost = true;
        let Info { driver, name, .. } = &self.info;
        Some(DeviceEvent::Lost(format!("{driver} device \"{name}\" {reason}")))
    }
}

impl Running for RunningCpal {
    fn info(&self) -> &Info {
        &self.info
    }

    fn poll(&mut self) -> Option<DeviceEvent> {
        if self.is_lost {
            return None;
        }
        if let Some(reason) = self.made.shared.lost() {
            return self.lose(reason);
        }
        if self.is_stuck() {
            return self.lose("has stopped calling for sound");
        }
        let largest = self.made.shared.largest.load(Ordering::Relaxed);
        if largest > self.info.buffer {
            self.info.buffer = largest;
            return Some(DeviceEvent::Buffer(largest));
        }
        let latency = self.made.shared.latency.load(Ordering::Relaxed);
        if latency != 0 && self.heard.0 > SETTLED && latency != self.info.latency_out {
            self.info.latency_out = latency;
            return Some(DeviceEvent::Latency);
        }
        None
    }

    fn lost_blocks(&self) -> u64 {
        self.made.shared.xruns.load(Ordering::Relaxed)
    }
}

impl Drop for RunningCpal {
    fn drop(&mut self) {
        // The engine first: it comes home even if the driver takes its time to close.
        drop(self.made.gate.take(BLOCK_LIMIT));
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
