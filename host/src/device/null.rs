//! A device that needs no hardware: a clock of our own calls for blocks and throws them away.
//!
//! It serves tests, and machines without sound. Its thread asks for real-time scheduling, sleeps until the time at
//! which each block is due and makes no other system call.

mod schedule;
mod sleep;

use super::priority::{Scheduling, prefault_stack, real_time};
use super::{
    BufferWish, Callback, Described, DeviceError, DeviceEvent, Driver, Info, Listed, Opened, Running, Wish,
};
use schedule::Schedule;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Its only name.
const NAME: &str = "null";
/// Rates that it can run at, in frames per second.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=768_000;
/// Block sizes that it can run with, in frames.
const BUFFERS: std::ops::RangeInclusive<u32> = 1..=8_192;
/// What it runs at if nothing is wished.
const DEFAULT_RATE: u32 = 48_000;
/// What it runs with if nothing is wished.
const DEFAULT_BUFFER: u32 = 256;
/// What "lowest" means: blocks of one frame are possible but serve nobody, 32 frames is what good hardware has.
const LOWEST_BUFFER: u32 = 32;

/// The null device, opened.
#[derive(Debug)]
pub struct Null {
    info: Info,
}

impl Null {
    /// Opens it. It takes any output channels: nobody listens to them.
    ///
    /// # Errors
    ///
    /// A name other than "null", a rate outside 8000 to 768000 Hz, blocks outside 1 to 8192 frames, and inputs,
    /// which it has none of.
    pub fn open(wish: &Wish) -> Result<Self, DeviceError> {
        if let Some(name) = wish.name.as_ref().filter(|name| *name != NAME) {
            return Err(DeviceError::NoDevice {
                driver: Driver::Null,
                name: name.clone(),
                known: vec![NAME.to_owned()],
            });
        }
        let unsupported = |what, possible| DeviceError::Unsupported {
            driver: Driver::Null,
            name: NAME.to_owned(),
            what,
            possible,
        };
        let rate = wish.rate.unwrap_or(DEFAULT_RATE);
        if !RATES.contains(&rate) {
            let possible = format!("it runs at {} to {} Hz", RATES.start(), RATES.end());
            return Err(unsupported(format!("at {rate} Hz"), possible));
        }
        let buffer = match wish.buffer {
            None => DEFAULT_BUFFER,
            Some(BufferWish::Lowest) => LOWEST_BUFFER,
            Some(BufferWish::Frames(frames)) => frames,
        };
        if !BUFFERS.contains(&buffer) {
            let possible = format!(
                "it runs with blocks of {} to {} frames",
                BUFFERS.start(),
                BUFFERS.end()
            );
            return Err(unsupported(format!("with blocks of {buffer} frames"), possible));
        }
        if !wish.inputs.is_empty() {
            let possible = "it has no input channels".to_owned();
            return Err(unsupported("with inputs".to_owned(), possible));
        }
        Ok(Self {
            info: Info {
                driver: Driver::Null,
                name: NAME.to_owned(),
                rate,
                buffer,
                latency_in: 0,
                latency_out: buffer,
                inputs: 0,
                outputs: 2,
            },
        })
    }
}

impl Opened for Null {
    fn info(&self) -> &Info {
        &self.info
    }

    fn start(self: Box<Self>, callback: Callback) -> Result<Box<dyn Running>, DeviceError> {
        let shared = Arc::new(Shared::default());
        let (tell, told) = mpsc::sync_channel(1);
        let frames = self.info.buffer as usize;
        let mut player = Player {
            schedule: Schedule::new(self.info.rate, self.info.buffer),
            shared: Arc::clone(&shared),
            callback,
            left: vec![0.0; frames],
            right: vec![0.0; frames],
        };
        let spawned = std::thread::Builder::new()
            .name("null device".to_owned())
            .spawn(move || {
                prefault_stack();
                // If nobody listens any more, nobody needs to know.
                let _ = tell.send(real_time());
                drop(tell);
                player.play();
            });
        let thread = spawned.map_err(|error| DeviceError::Failed {
            driver: Driver::Null,
            name: NAME.to_owned(),
            doing: "starting its thread",
            reason: error.to_string(),
            advice: "Close other programs and try again.",
        })?;
        match told.recv_timeout(Duration::from_secs(1)) {
            Ok(Scheduling::RealTime) => tracing::debug!("the null device runs with real-time scheduling"),
            Ok(Scheduling::Common) => tracing::info!(
                "the null device runs without real-time scheduling, which this system does not permit; blocks may be late"
            ),
            Err(_) => tracing::warn!("the null device's thread is slow to start"),
        }
        Ok(Box::new(RunningNull {
            info: self.info,
            shared,
            thread: Some(thread),
        }))
    }
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    lost: AtomicU64,
    panicked: AtomicBool,
}

/// The audio thread's half.
struct Player {
    schedule: Schedule,
    shared: Arc<Shared>,
    callback: Callback,
    left: Vec<f32>,
    right: Vec<f32>,
}

impl Player {
    fn play(&mut self) {
        self.schedule.begin(crate::clock::monotonic_nanos());
        while !self.shared.stop.load(Ordering::Relaxed) {
            let mut due = self.schedule.next();
            sleep::until(due);
            let (lost, later) = self.schedule.check(crate::clock::monotonic_nanos());
            if lost > 0 {
                self.shared.lost.fetch_add(lost, Ordering::Relaxed);
                due = later;
                sleep::until(due);
            }
            self.callback
                .run(None, [&mut self.left, &mut self.right], Some(due));
        }
    }
}

/// The null device, running.
struct RunningNull {
    info: Info,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Running for RunningNull {
    fn info(&self) -> &Info {
        &self.info
    }

    fn poll(&mut self) -> Option<DeviceEvent> {
        let ended = self.thread.as_ref().is_some_and(JoinHandle::is_finished);
        if ended && !self.shared.panicked.swap(true, Ordering::Relaxed) {
            return Some(DeviceEvent::Lost("the null device's thread ended".to_owned()));
        }
        None
    }

    fn lost_blocks(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }
}

impl Drop for RunningNull {
    /// Takes one block at most, which is a little over a second at the lowest rate with the longest block.
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the null device's thread panicked");
        }
    }
}

/// The one null device, for lists.
pub(super) fn listed() -> Listed {
    Listed {
        driver: Driver::Null,
        name: NAME.to_owned(),
        kind: "a clock without sound".to_owned(),
        default: true,
    }
}

/// What it can do.
pub(super) fn describe(name: &str) -> Result<Described, DeviceError> {
    let wish = Wish {
        name: Some(name.to_owned()),
        ..Wish::default()
    };
    let info = Null::open(&wish)?.info;
    Ok(Described {
        driver: Driver::Null,
        name: info.name,
        rates: vec![(*RATES.start(), *RATES.end())],
        buffers: Some((*BUFFERS.start(), *BUFFERS.end())),
        inputs: info.inputs,
        outputs: info.outputs,
        now: Some((info.rate, info.buffer)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::testing::Rig;
    use std::time::Instant;

    fn wish(rate: Option<u32>, buffer: Option<BufferWish>) -> Wish {
        Wish {
            rate,
            buffer,
            ..Wish::default()
        }
    }

    #[test]
    fn it_calls_for_as_many_blocks_as_the_time_holds() {
        let opened = Null::open(&wish(Some(48_000), Some(BufferWish::Frames(32)))).unwrap();
        assert_eq!((opened.info.rate, opened.info.buffer), (48_000, 32));
        let mut rig = Rig::new(&opened.info);
        let mut running = Box::new(opened).start(rig.callback()).unwrap();
        // From first to last sample, so that the start of the thread does not count.
        let (before, since) = (rig.blocks(), Instant::now());
        std::thread::sleep(Duration::from_secs(2));
        let (after, passed) = (rig.blocks(), since.elapsed());
        let lost = running.lost_blocks();
        assert_eq!(running.poll(), None);
        drop(running);
        rig.engine_comes_home();
        let expected = passed.as_secs_f64() * 1_500.0;
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let counted = (after - before + lost) as f64;
        assert!(
            (counted - expected).abs() < 20.0,
            "{counted} blocks, {expected} expected, {lost} lost"
        );
    }

    #[test]
    fn every_block_size_runs_and_stops_at_once() {
        for (rate, frames) in [(768_000, 1), (48_000, 1), (44_100, 37), (8_000, 8_192)] {
            let opened = Null::open(&wish(Some(rate), Some(BufferWish::Frames(frames)))).unwrap();
            let mut rig = Rig::new(&opened.info);
            let running = Box::new(opened).start(rig.callback()).unwrap();
            std::thread::sleep(Duration::from_millis(50));
            let before = Instant::now();
            drop(running);
            assert!(before.elapsed() < Duration::from_millis(1_500), "{rate} {frames}");
            rig.engine_comes_home();
        }
    }

    #[test]
    fn wishes_out_of_range_are_refused_with_the_range() {
        let refuse = |wish: Wish| Null::open(&wish).unwrap_err().to_string();
        assert_eq!(
            refuse(wish(Some(7_999), None)),
            "null device \"null\" cannot run at 7999 Hz; it runs at 8000 to 768000 Hz."
        );
        assert_eq!(
            refuse(wish(None, Some(BufferWish::Frames(0)))),
            "null device \"null\" cannot run with blocks of 0 frames; it runs with blocks of 1 to 8192 frames."
        );
        let other = Wish {
            name: Some("zero".to_owned()),
            ..Wish::default()
        };
        assert_eq!(
            refuse(other),
            "null has no device named \"zero\"; it has \"null\"."
        );
        let lowest = Null::open(&wish(None, Some(BufferWish::Lowest))).unwrap();
        assert_eq!(lowest.info.buffer, 32);
    }
}
