//! The session's device: opening, losing, finding again.

use super::{HOMECOMING, RackError, Running, Session, SessionEvent};
use crate::device::{
    self, Callback, CallbackParts, DeviceError, DeviceEvent, Driver, Info, Offline, Opened,
    Running as Device, Wish,
};
use crate::link::Link;
use crate::midi::MidiError;
use crate::midi::out::OutputLane;
use crate::midi::outputs::Outputs;
use crate::midi::ports::{Inputs, PortEvent, Wanted};
use crate::plugin::RenderMode;
use rt::wire::{Handover, Stamp};
use std::fmt;
use std::time::{Duration, Instant};

/// How often a lost device is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Why a device could not be opened for the session.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The device itself.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The rack does not run on it.
    #[error(transparent)]
    Rack(#[from] RackError),
    /// The device before did not give the engine back.
    #[error(
        "The audio driver does not answer, so its device cannot be closed. End Backline and start it again."
    )]
    Stuck,
}

/// What was opened.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenedDevice {
    /// What it does.
    pub info: Info,
    /// Why there is no sound, when none was asked for and none was found.
    pub silent_because: Option<String>,
}

/// The device that the session has, had, or wishes back.
#[derive(Default)]
pub(super) struct Output {
    device: Option<Box<dyn Device>>,
    offline: Option<Offline>,
    /// What to open again when the device is lost: the wish, made definite by what was found first, so that a lost
    /// device is never silently replaced by another.
    pinned: Option<Wish>,
    retry: Option<Instant>,
    /// Lost blocks of devices before this one.
    lost_before: u64,
    pub(super) inputs: Option<Inputs>,
    output_names: Vec<String>,
    outputs: Option<Outputs>,
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("info", &self.info())
            .finish_non_exhaustive()
    }
}

impl Output {
    pub(super) fn is_running(&self) -> bool {
        self.device.is_some()
    }

    pub(super) fn info(&self) -> Option<&Info> {
        Some(self.device.as_ref()?.info())
    }

    pub(super) fn lost_blocks(&self) -> u64 {
        self.lost_before + self.device.as_ref().map_or(0, |device| device.lost_blocks())
    }

    /// Drops the device; the engine is then on its way home.
    pub(super) fn close(&mut self) {
        self.lost_before = self.lost_blocks();
        self.device = None;
        self.offline = None;
    }

    /// Has an offline device's engine take what waits, between two blocks.
    pub(super) fn step_no_frames(&mut self) {
        if let Some(offline) = &mut self.offline {
            offline.step_into(None, [&mut [], &mut []]);
        }
    }

    /// The way to MIDI output ports, anew for every device because the callback takes it along.
    fn output_lane(&mut self) -> Result<Option<OutputLane>, MidiError> {
        if self.output_names.is_empty() {
            return Ok(None);
        }
        // The thread before ends first, so that its ports are free.
        self.outputs = None;
        let (lane, outputs) = Outputs::open(self.output_names.clone())?;
        self.outputs = Some(outputs);
        Ok(Some(lane))
    }
}

impl Session {
    /// Opens a device and starts it. Racks that are loaded play on it; one that is open already is closed first.
    ///
    /// # Errors
    ///
    /// The device cannot be opened, or the current rack does not run on it. A rack that refuses to start there is
    /// unloaded.
    pub fn open(&mut self, wish: &Wish) -> Result<OpenedDevice, OpenError> {
        self.come_home()?;
        let chosen = device::open(wish)?;
        let info = chosen.device.info().clone();
        let pinned = Wish {
            driver: Some(info.driver),
            ..wish.clone()
        };
        self.start(chosen.device)?;
        self.output.pinned = Some(pinned);
        Ok(OpenedDevice {
            info,
            silent_because: chosen.silent_because,
        })
    }

    /// Opens a device without time, to be stepped by hand through [`Session::offline`].
    ///
    /// # Errors
    ///
    /// The current rack does not run at this rate and block size.
    pub fn open_offline(&mut self, rate: u32, block: usize, mode: RenderMode) -> Result<(), OpenError> {
        self.come_home()?;
        self.mode = mode;
        if let Some(rack) = self.rack_mut() {
            rack.plugins_mut()
                .filter(|plugin| !plugin.instance.is_active())
                .for_each(|plugin| {
                    plugin.instance.set_render_mode(mode);
                });
        }
        self.prepare(rate, block)?;
        let callback = self.callback(rate).ok_or(OpenError::Stuck)?;
        self.output.offline = Some(Offline::new(callback, rate, block));
        self.settle()?;
        self.tell_latencies();
        Ok(())
    }

    /// The device that [`Session::open_offline`] opened.
    pub fn offline(&mut self) -> Option<&mut Offline> {
        self.output.offline.as_mut()
    }

    /// Listens to MIDI input ports from now on; those that come later are taken too.
    pub fn set_midi_inputs(&mut self, wanted: Wanted) {
        self.output.inputs = Some(Inputs::new(wanted));
    }

    /// Sends what plugins say to these MIDI output ports. Takes effect at the next device opened.
    pub fn set_midi_outputs(&mut self, names: Vec<String>) {
        self.output.output_names = names;
    }

    /// The MIDI inputs wished that are not there, of those that the device brings.
    #[must_use]
    pub fn missing_midi(&self) -> Vec<String> {
        self.output
            .device
            .as_ref()
            .map_or_else(Vec::new, |device| device.missing_midi())
    }

    /// Closes the device and takes the engine home.
    fn come_home(&mut self) -> Result<(), OpenError> {
        self.output.close();
        let Some(running) = self.running.as_mut().filter(|running| running.engine.is_none()) else {
            return Ok(());
        };
        running.engine = running.link.take_home(HOMECOMING);
        if running.engine.is_some() {
            Ok(())
        } else {
            Err(OpenError::Stuck)
        }
    }

    /// Makes sure that there is an engine for `rate`, with the current rack in it.
    fn prepare(&mut self, rate: u32, max_block: usize) -> Result<(), RackError> {
        let rate = f64::from(rate);
        #[expect(clippy::float_cmp, reason = "both come from the same whole number")]
        if self.running.as_ref().is_some_and(|running| running.rate == rate) {
            // Longer blocks than the plugins were activated for are split by the engine.
            return Ok(());
        }
        self.dismantle();
        let (mut link, engine) = Link::build(rate, max_block.max(1));
        if let Some(rack) = self.rack_mut() {
            let audio = rack.activate(rate, max_block.max(1))?;
            // The roads are new and empty, so there is room.
            drop(link.hand_over(Handover::Rack(audio)));
        }
        self.running = Some(Running {
            link,
            rate,
            engine: Some(engine),
        });
        Ok(())
    }

    /// Waits until the device that was just started plays the current rack. If the rack refuses, the device is closed
    /// again.
    fn settle(&mut self) -> Result<(), OpenError> {
        let Some(id) = self.current.filter(|_| self.current != self.taken) else {
            return Ok(());
        };
        self.wait_until_taken(id).or_else(|error| {
            self.come_home()?;
            Err(error.into())
        })
    }

    /// Puts the engine into a callback. `None` when the engine is not at home.
    fn callback(&mut self, rate: u32) -> Option<Callback> {
        let running = self.running.as_mut()?;
        let slot = running.link.slot(running.engine.take()?);
        // Without MIDI outputs there is still music.
        let midi_out = self.output.output_lane().unwrap_or_else(|error| {
            self.events
                .push(SessionEvent::Midi(PortEvent::Unavailable(error.to_string())));
            None
        });
        Some(Callback::new(CallbackParts {
            slot,
            rate,
            load: self.load.clone(),
            midi_out,
            guard: self.guard,
        }))
    }

    fn start(&mut self, opened: Box<dyn Opened>) -> Result<(), OpenError> {
        let (rate, buffer) = (opened.info().rate, opened.info().buffer);
        self.prepare(rate, buffer as usize)?;
        let callback = self.callback(rate).ok_or(OpenError::Stuck)?;
        match opened.start(callback) {
            Ok(device) => {
                self.output.device = Some(device);
                self.settle()?;
                self.tell_latencies();
                Ok(())
            }
            Err(error) => {
                self.come_home()?;
                Err(error.into())
            }
        }
    }

    /// Acts on what happened to the device, and looks for a lost one.
    pub(super) fn serve_device(&mut self, now: Instant) {
        while let Some(event) = self.output.device.as_mut().and_then(|device| device.poll()) {
            match event {
                DeviceEvent::Lost(reason) => self.lose(reason, now),
                DeviceEvent::Rate(_) => self.reopen(now),
                DeviceEvent::Buffer(_) | DeviceEvent::Latency => {
                    self.tell_latencies();
                    self.events
                        .extend(self.output.info().cloned().map(SessionEvent::DeviceChanged));
                }
            }
        }
        if self.output.retry.is_some_and(|retry| retry <= now) {
            self.output.retry = Some(now + RETRY);
            self.try_again();
        }
        let running = &mut self.running;
        if let Some(inputs) = &mut self.output.inputs {
            let happened = inputs.poll(&mut || running.as_mut()?.link.open_lane());
            self.events.extend(happened.into_iter().map(SessionEvent::Midi));
        }
        if let Some(outputs) = &self.output.outputs {
            self.events
                .extend(outputs.poll().into_iter().map(SessionEvent::Midi));
        }
    }

    fn lose(&mut self, reason: String, now: Instant) {
        let name = self
            .output
            .info()
            .map(|info| info.name.clone())
            .unwrap_or_default();
        self.events.push(SessionEvent::DeviceLost { name, reason });
        match self.come_home() {
            Ok(()) => self.output.retry = Some(now + RETRY),
            Err(_) => self.dismantle(),
        }
    }

    /// The device runs at another rate: the plugins have to be activated anew.
    fn reopen(&mut self, now: Instant) {
        match self.come_home() {
            Ok(()) => {
                self.output.retry = Some(now + RETRY);
                self.try_again();
            }
            Err(_) => self.dismantle(),
        }
    }

    fn try_again(&mut self) {
        let Some(wish) = self.output.pinned.clone() else {
            return;
        };
        let Ok(chosen) = device::open(&wish) else { return };
        let info = chosen.device.info().clone();
        match self.start(chosen.device) {
            Ok(()) => {
                self.output.retry = None;
                if info.driver == Driver::Jack
                    && let Some(running) = &mut self.running
                {
                    // Note-offs that came over the lost device's own MIDI ports were lost with it. What sounds by
                    // itself is left alone.
                    for channel in 0..16 {
                        for controller in [64, 66, 67, 69, 123] {
                            running
                                .link
                                .send_midi(Stamp::Now, &[0xb0 | channel, controller, 0]);
                        }
                    }
                }
                self.events.push(SessionEvent::DeviceBack(info));
            }
            Err(OpenError::Rack(error)) => {
                // The device is there and the rack does not run on it: the device is opened for the next one.
                if self.running.is_none() {
                    self.current.into_iter().for_each(|id| self.forget_rack(id));
                }
                self.events.push(SessionEvent::RackFailed(error.to_string()));
            }
            Err(_) => {}
        }
    }
}
