//! The session: racks, the engine and a device, and the order in which they come and go.
//!
//! A session outlives its device. Racks stay loaded while a device is lost, and sound comes back when it does. All of
//! this belongs to the main thread; [`Session::tick`] is to be called every few milliseconds.
//!
//! Teardown, in this order: the device is dropped, and with it the callback, which sends the engine home; main, in the
//! audio role, stops every processor and takes the racks out; processors are dropped; instances are deactivated, then
//! dropped; each takes its library with it if it was the last. Should the engine not come home, because a driver
//! hangs, everything that it may still touch is leaked rather than freed.

mod error;
mod event;
mod latencies;
mod loaded;
mod output;
mod restarts;
mod serve;
mod spec;

pub use error::{Place, RackError, RackWarning};
pub use event::SessionEvent;
pub use loaded::{LoadedLayer, LoadedPlugin, LoadedRack};
pub use output::{OpenError, OpenedDevice};
pub use spec::{LayerSpec, MapSpec, PluginSpec, RackSpec};

// What the session's callers need of the audio side, so that they do not name it themselves.
pub use rt::events::Body;
pub use rt::rack::LayerSettings;
pub use rt::wire::{Command, Fault, Meters, PluginAddress, RackId, Stamp};

use crate::device::{BlockGuard, Info, LoadSnapshot, LoadStats};
use crate::link::Link;
use crate::midi::file::MidiFile;
use crate::plugin::{ParamError, RenderMode, StateError};
use crate::role;
use output::Output;
use rt::wire::{Handover, Retired};
use rt::{Engine, Lent};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long main waits for the engine to come home from a device.
const HOMECOMING: Duration = Duration::from_secs(5);
/// How long main waits for a running engine to take a rack.
const TAKING: Duration = Duration::from_secs(3);

/// An engine and main's ends of the roads to it.
struct Running {
    link: Link,
    rate: f64,
    /// The engine, while no device has it.
    engine: Option<Lent<Engine>>,
}

/// See the [module's documentation](self).
pub struct Session {
    output: Output,
    running: Option<Running>,
    racks: Vec<LoadedRack>,
    /// Racks that have left while one of their plugins was still on its way to the engine; it comes back.
    gone: Vec<LoadedRack>,
    /// The rack that shall play; others are leaving.
    current: Option<RackId>,
    /// The rack that the engine said it took last.
    taken: Option<RackId>,
    next_id: u32,
    mode: RenderMode,
    load: Arc<LoadStats>,
    guard: Option<BlockGuard>,
    /// Racks that the engine has taken, and plugins whose start made it refuse one.
    answers: Vec<(RackId, Option<PluginAddress>)>,
    events: Vec<SessionEvent>,
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// A session with nothing in it. The calling thread becomes the main one.
    #[must_use]
    pub fn new() -> Self {
        role::claim_main();
        Self {
            output: Output::default(),
            running: None,
            racks: Vec::new(),
            gone: Vec::new(),
            current: None,
            taken: None,
            next_id: 1,
            mode: RenderMode::Live,
            load: Arc::default(),
            guard: None,
            answers: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Runs every block inside `guard`, for tests. Takes effect at the next device opened.
    pub fn set_block_guard(&mut self, guard: BlockGuard) {
        self.guard = Some(guard);
    }

    /// Tells plugins loaded from now on how they are used. Live is the default.
    pub const fn set_render_mode(&mut self, mode: RenderMode) {
        self.mode = mode;
    }

    /// Loads a rack and hands it to the engine, which swaps to it at a block boundary. Without an open device the
    /// rack waits for one.
    ///
    /// # Errors
    ///
    /// A plugin that does not load, activate or start. What was playing before plays on.
    pub fn load(&mut self, spec: &RackSpec) -> Result<RackId, RackError> {
        let id = RackId(self.next_id);
        self.next_id += 1;
        let mut rack = LoadedRack::load(id, spec, self.mode)?;
        let Some(running) = &mut self.running else {
            // Racks that no engine has are simply replaced.
            self.racks.clear();
            self.racks.push(rack);
            self.current = Some(id);
            return Ok(id);
        };
        let audio = rack.activate(running.rate, running.link.max_block())?;
        let handed = running.link.hand_over(Handover::Rack(audio));
        self.racks.push(rack);
        if let Err(Handover::Rack(audio)) = handed {
            drop(audio);
            self.forget_rack(id);
            return Err(RackError::NotTaken { seconds: 0 });
        }
        self.wait_until_taken(id)?;
        self.current = Some(id);
        self.tell_latencies();
        Ok(id)
    }

    /// Serves until the engine has taken a rack, or refused it. Where no device runs the rack waits for one, on an
    /// offline device for its turn.
    fn wait_until_taken(&mut self, id: RackId) -> Result<(), RackError> {
        let until = Instant::now() + TAKING;
        self.output.step_no_frames();
        loop {
            self.serve_engine();
            if let Some(index) = self.answers.iter().position(|&(rack, _)| rack == id) {
                let (_, refused) = self.answers.swap_remove(index);
                let Some(at) = refused else { return Ok(()) };
                let error = self.start_error(id, at);
                self.forget_rack(id);
                return Err(error);
            }
            if !self.output.is_running() {
                return Ok(());
            }
            if Instant::now() >= until {
                // The engine still has it on its way; the rack stays loaded until it comes home.
                return Err(RackError::NotTaken {
                    seconds: TAKING.as_secs(),
                });
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn start_error(&self, id: RackId, at: PluginAddress) -> RackError {
        let rack = self.racks.iter().find(|rack| rack.id == id);
        let name = rack
            .and_then(|rack| rack.plugin(at))
            .map(|plugin| plugin.instance.descriptor().name.clone());
        let place = rack.map_or_else(
            || Place {
                layer: String::new(),
                number: 0,
            },
            |rack| rack.place(at),
        );
        RackError::Start {
            place,
            name: name.unwrap_or_default(),
        }
    }

    /// Deactivates and drops a rack whose audio half has been dropped.
    fn forget_rack(&mut self, id: RackId) {
        let Some(index) = self.racks.iter().position(|rack| rack.id == id) else {
            return;
        };
        let rack = self.racks.remove(index);
        self.gone.push(rack);
        self.forget_gone();
        if self.current == Some(id) {
            // Where a rack was refused, the one before it plays on.
            self.current = self
                .taken
                .filter(|taken| self.racks.iter().any(|rack| rack.id == *taken));
        }
    }

    /// Drops the racks that have left, as far as all their processors have come home.
    fn forget_gone(&mut self) {
        self.gone.retain_mut(|rack| !rack.deactivate());
    }

    /// The rack that plays, or shall play when there is a device.
    #[must_use]
    pub fn rack(&self) -> Option<&LoadedRack> {
        self.racks.iter().find(|rack| Some(rack.id) == self.current)
    }

    /// The rack that plays, or shall play when there is a device.
    pub fn rack_mut(&mut self) -> Option<&mut LoadedRack> {
        let current = self.current;
        self.racks.iter_mut().find(|rack| Some(rack.id) == current)
    }

    /// Number of racks loaded, those included that are leaving.
    #[must_use]
    pub const fn rack_count(&self) -> usize {
        self.racks.len()
    }

    /// Sends a command to the engine. Returns whether it will take effect; without a device it waits for one.
    pub fn send(&mut self, at: Stamp, command: Command) -> bool {
        self.running
            .as_mut()
            .is_some_and(|running| running.link.send(at, command))
    }

    /// Sends a MIDI message to the engine. Returns whether it will take effect.
    pub fn send_midi(&mut self, at: Stamp, message: &[u8]) -> bool {
        self.running
            .as_mut()
            .is_some_and(|running| running.link.send_midi(at, message))
    }

    /// Sets a parameter of the rack that plays, by name or id, at the next block.
    ///
    /// # Errors
    ///
    /// No such parameter, or a value out of its range.
    pub fn set_param(
        &mut self,
        plugin: PluginAddress,
        name: &str,
        value: f64,
        at: Stamp,
    ) -> Result<bool, ParamError> {
        let Some(rack) = self.rack_mut() else {
            return Ok(false);
        };
        let id = rack.id;
        let Some(loaded) = rack.plugin_mut(plugin) else {
            return Ok(false);
        };
        let param = loaded.instance.find_param(name)?;
        let value = param.check(value, &loaded.instance.descriptor().name)?;
        let param = param.id;
        if loaded.restarting {
            loaded.kept.push((param, value));
        }
        let value = loaded.instance.processor_value(param, value);
        loaded.instance.follow(param, value);
        let body = Body::Param {
            id: param,
            // CLAP's pointer for a parameter may have ended when the event arrives; none is always right.
            cookie: 0,
            note: rt::events::NoteAddress::ALL,
            value,
        };
        Ok(self.send(
            at,
            Command::Plugin {
                rack: id,
                plugin,
                body,
            },
        ))
    }

    /// Hands a piece to the engine and starts it. Returns whether the engine will take it.
    pub fn play_file(&mut self, file: &MidiFile, looped: bool) -> bool {
        let Some(running) = &mut self.running else {
            return false;
        };
        let sequence = file.to_sequence(running.rate, looped);
        running.link.hand_over(Handover::Sequence(sequence)).is_ok()
            && running.link.send(Stamp::Now, Command::Play(true))
    }

    /// Saves the state of every plugin of the rack that plays, layer by layer, the master chain last.
    ///
    /// # Errors
    ///
    /// The first plugin that fails to save.
    pub fn save_states(&mut self) -> Result<Vec<(PluginAddress, Vec<u8>)>, StateError> {
        let Some(rack) = self.rack_mut() else {
            return Ok(Vec::new());
        };
        rack.plugins_mut()
            .map(|plugin| Ok((plugin.address, plugin.instance.save_state()?)))
            .collect()
    }

    /// What the open device does.
    #[must_use]
    pub fn device(&self) -> Option<&Info> {
        self.output.info()
    }

    /// Load and late blocks since `last`.
    #[must_use]
    pub fn load_since(&self, last: &LoadSnapshot) -> LoadSnapshot {
        let mut snapshot = self.load.snapshot(last);
        snapshot.late += self.output.lost_blocks();
        snapshot
    }

    /// Frames per second that plugins run at, once a device has been opened.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        self.running.as_ref().map(|running| running.rate)
    }

    /// Fades the output to silence within `limit`, then ends everything.
    pub fn close(mut self, limit: Duration) {
        if self.output.is_running()
            && let Some(running) = &mut self.running
        {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a part of the rate"
            )]
            let frames = (running.rate * 0.05) as u32;
            running.link.send(Stamp::Now, Command::Fade { to: 0.0, frames });
            let until = Instant::now() + limit;
            while Instant::now() < until && self.output.is_running() {
                self.serve_engine();
                if self
                    .events
                    .iter()
                    .any(|event| matches!(event, SessionEvent::Faded))
                {
                    break;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        drop(self);
    }

    /// Takes the engine apart: processors are stopped and dropped, then the racks' instances deactivated. Racks stay
    /// loaded; only the current one is kept.
    fn dismantle(&mut self) {
        let Some(mut running) = self.running.take() else {
            return;
        };
        self.taken = None;
        let engine = running
            .engine
            .take()
            .or_else(|| running.link.take_home(HOMECOMING));
        let Some(mut engine) = engine else {
            // A driver still holds the engine, and with it the processors. They are left alone for ever.
            self.events.push(SessionEvent::EngineLost);
            std::mem::forget(running);
            std::mem::forget(std::mem::take(&mut self.racks));
            std::mem::forget(std::mem::take(&mut self.gone));
            self.current = None;
            return;
        };
        let mut retired = Vec::new();
        {
            // No device runs, so main is the audio thread while plugins are stopped.
            let _role = role::Audio::enter();
            engine.dismantle(|thing| retired.push(thing));
        }
        while let Some(thing) = running.link.retired() {
            retired.push(thing);
        }
        for thing in &mut retired {
            if let Retired::Unit { unit, .. } = thing {
                let _role = role::Audio::enter();
                unit.stop();
            }
        }
        drop(retired);
        drop(engine);
        self.forget_gone();
        // Rather leak instances than free them under a processor that is still about.
        std::mem::forget(std::mem::take(&mut self.gone));
        let current = self.current;
        for index in (0..self.racks.len()).rev() {
            let inactive = self.racks[index].deactivate();
            let rack = &mut self.racks[index];
            rack.plugins_mut().for_each(|plugin| plugin.restarting = false);
            if !inactive {
                std::mem::forget(self.racks.remove(index));
            } else if Some(rack.id) != current {
                let id = rack.id;
                self.racks.remove(index);
                self.events.push(SessionEvent::RackGone(id));
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.output.close();
        self.dismantle();
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("racks", &self.racks.len())
            .field("device", &self.device())
            .finish_non_exhaustive()
    }
}
