//! What a preset loads: layers in parallel, a master chain, controller maps.

mod layer;
mod mix;
mod notes;
mod unit;

use crate::block::Stereo;
use crate::clap::ClapScratch;
use crate::events::{Body, Event, EventList};
use crate::lend::Lent;
use crate::transport::Transport;
use crate::vst3::Vst3Scratch;
use crate::wire::{FromEngine, PluginAddress, RackId};
use core::fmt;

pub use layer::{Layer, LayerSettings};
pub(crate) use mix::{Glide, add_ramped};
pub use notes::Playing;
pub(crate) use unit::Watch;
pub use unit::{Gone, Unit};

/// Layers a rack may have.
pub const MAX_LAYERS: usize = 16;
/// Plugins a chain may have.
pub const MAX_CHAIN: usize = 16;

/// A MIDI controller that sets a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Map {
    /// Controller number 0..=127.
    pub cc: u8,
    /// MIDI channel 0..=15, or all.
    pub channel: Option<u8>,
    /// The plugin.
    pub plugin: PluginAddress,
    /// The plugin's id of the parameter.
    pub id: u32,
    /// The plugin's own pointer for the parameter, as an address, or 0.
    pub cookie: usize,
    /// Value at controller value 0, in the unit of [`Body::Param`].
    pub low: f64,
    /// Value at controller value 127, in that unit.
    pub high: f64,
    /// Where a parameter with steps has the first, and how far apart they are, in that unit; 0 for one without.
    pub steps: (f64, f64),
}

/// An event for one plugin of a rack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Targeted {
    /// The plugin.
    pub plugin: PluginAddress,
    /// The event.
    pub event: Event,
}

/// Memory that all chains use in turn, one block at a time.
#[derive(Debug)]
pub struct Scratch {
    /// The events that a layer hears.
    pub layer: EventList,
    /// The events that one plugin gets, where these are not simply the layer's.
    pub unit: EventList,
    /// What a plugin says.
    pub out: EventList,
    /// What a plugin says in place of what it heard.
    pub carry: EventList,
    /// Events in CLAP's layout.
    pub clap: ClapScratch,
    /// Events in VST3's layout.
    pub vst3: Vst3Scratch,
    /// The audio of the chain being processed.
    pub chain: Stereo,
}

/// One block, as a rack sees it.
pub struct Pass<'a> {
    /// Number of frames.
    pub frames: usize,
    /// Frames since the engine was made.
    pub steady: u64,
    /// Nanoseconds of the monotonic clock at the first frame; none where time is not real.
    pub system: Option<i64>,
    /// Musical time at the first frame.
    pub transport: &'a Transport,
    /// What the device records.
    pub input: Option<[&'a [f32]; 2]>,
    /// Gain of what the device records: a rack that comes or goes fades it.
    pub(crate) feed: &'a Glide,
    pub(crate) watch: Watch,
    /// Shared memory.
    pub scratch: &'a mut Scratch,
    /// Events for single plugins, in order of time.
    pub targeted: &'a [Targeted],
    /// Events for MIDI outputs; times count from the device's block, which began `offset` frames ago.
    pub midi_out: &'a mut EventList,
    /// Where this pass begins in the device's block.
    pub offset: u32,
    /// The way home.
    pub home: &'a mut Home,
}

impl fmt::Debug for Pass<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pass")
            .field("frames", &self.frames)
            .finish_non_exhaustive()
    }
}

/// The ring to main, and what could not go on it.
pub struct Home {
    ring: rtrb::Producer<FromEngine>,
    /// Places kept for what must arrive.
    spare: usize,
    /// Reports that found the ring full.
    pub dropped: u64,
    /// Plugin blocks replaced by silence.
    pub faults: u64,
}

impl Home {
    /// Reports go to `ring`.
    #[must_use]
    pub fn new(ring: rtrb::Producer<FromEngine>) -> Self {
        Self {
            spare: ring.buffer().capacity() / 4,
            ring,
            dropped: 0,
            faults: 0,
        }
    }

    /// Sends a report; a full ring counts it as dropped. Returns whether it went.
    ///
    /// What plugins say and do wrong leaves room for what the engine has to say.
    #[inline]
    pub fn send(&mut self, report: FromEngine) -> bool {
        let spare = match report {
            FromEngine::Plugin { .. } | FromEngine::Fault { .. } | FromEngine::Meters(_) => self.spare,
            _ => 0,
        };
        let sent = (spare == 0 || self.ring.slots() > spare) && self.ring.push(report).is_ok();
        self.dropped += u64::from(!sent);
        sent
    }

    /// Whether a report of any kind would go.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.ring.slots() > self.spare
    }
}

impl fmt::Debug for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Home")
            .field("dropped", &self.dropped)
            .finish_non_exhaustive()
    }
}

/// A rack: made by `host`, played by the engine, sent home to be taken apart.
#[derive(Debug)]
pub struct Rack {
    /// Its name for as long as the program runs.
    pub id: RackId,
    /// The layers, at most [`MAX_LAYERS`]; more are not played.
    pub layers: Lent<[Layer]>,
    /// The master chain, fed by the sum of the layers.
    pub master: Layer,
    /// Controller maps.
    pub maps: Lent<[Map]>,
    /// Linear ceiling of the limiter at the very end, or none.
    pub ceiling: Option<f32>,
}

impl Rack {
    /// The layer at a plugin address, the master chain included.
    #[must_use]
    pub fn layer_mut(&mut self, layer: u8) -> Option<&mut Layer> {
        if layer == PluginAddress::MASTER {
            Some(&mut self.master)
        } else {
            self.layers.get_mut(usize::from(layer))
        }
    }

    /// The plugin at an address, if there is one.
    #[must_use]
    pub fn unit_mut(&mut self, at: PluginAddress) -> Option<&mut Unit> {
        self.place_mut(at)?.as_deref_mut()
    }

    /// The place at an address.
    #[must_use]
    pub fn place_mut(&mut self, at: PluginAddress) -> Option<&mut Option<Lent<Unit>>> {
        self.layer_mut(at.layer)?.chain.get_mut(usize::from(at.place))
    }

    /// Every layer with its number, the master chain last.
    pub fn all_layers(&mut self) -> impl Iterator<Item = (u8, &mut Layer)> {
        (0..)
            .zip(self.layers.iter_mut().take(MAX_LAYERS))
            .chain(core::iter::once((PluginAddress::MASTER, &mut self.master)))
    }

    /// Tells every plugin that processing begins.
    ///
    /// # Errors
    ///
    /// The address of the first that refuses; those before it have been stopped again.
    pub fn start(&mut self) -> Result<(), PluginAddress> {
        let refused = self.all_layers().find_map(|(number, layer)| {
            let place = layer.start().err()?;
            Some(PluginAddress { layer: number, place })
        });
        match refused {
            None => Ok(()),
            Some(at) => {
                self.stop();
                Err(at)
            }
        }
    }

    /// Tells every plugin that processing ends.
    pub fn stop(&mut self) {
        self.all_layers().for_each(|(_, layer)| layer.stop());
    }

    /// Turns controllers of `incoming` that are mapped into parameter events, given to `each`.
    pub fn map_controllers(&self, incoming: &EventList, mut each: impl FnMut(Targeted)) {
        if self.maps.is_empty() {
            return;
        }
        for event in incoming.as_slice() {
            let Body::Midi { data, .. } = event.body else {
                continue;
            };
            for map in self.maps.iter().filter(|map| map.matches(data)) {
                let value = map.value(data[2]);
                let note = crate::events::NoteAddress::ALL;
                let body = Body::Param {
                    id: map.id,
                    cookie: map.cookie,
                    note,
                    value,
                };
                each(Targeted {
                    plugin: map.plugin,
                    event: Event {
                        time: event.time,
                        body,
                    },
                });
            }
        }
    }

    /// Processes one block into `mix`, whose sides are `pass.frames` long.
    ///
    /// `incoming` holds what was received; with `playing` at [`Playing::Leaving`] only releases of what this rack
    /// holds are heard.
    #[inline(always)]
    pub fn process(
        &mut self,
        incoming: &EventList,
        playing: Playing,
        pass: &mut Pass<'_>,
        [left, right]: [&mut [f32]; 2],
    ) {
        let heard = (incoming, &*self.maps, playing);
        let mut mixed = false;
        for (number, layer) in (0..).zip(self.layers.iter_mut().take(MAX_LAYERS)) {
            layer.process(
                self.id,
                number,
                heard,
                pass,
                (Feed::Device, &mut mixed),
                [&mut *left, &mut *right],
            );
        }
        if !mixed {
            left.fill(0.0);
            right.fill(0.0);
        }
        if !self.master.is_bare() {
            self.master.process(
                self.id,
                PluginAddress::MASTER,
                heard,
                pass,
                (Feed::Mix, &mut mixed),
                [left, right],
            );
        }
    }

    /// Whether a note or pedal is held in any layer.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.layers.iter().any(|layer| layer.held.any())
    }
}

impl Map {
    /// What the parameter takes at a controller's value: the nearest step, where it has any.
    fn value(&self, at: u8) -> f64 {
        let value = self.low + (self.high - self.low) * f64::from(at) / 127.0;
        let (first, step) = self.steps;
        if step == 0.0 {
            return value;
        }
        first + nearest((value - first) / step) * step
    }

    fn matches(&self, [status, controller, _]: [u8; 3]) -> bool {
        status & 0xf0 == 0xb0
            && controller == self.cc
            && self.channel.is_none_or(|channel| channel == status & 0x0f)
    }
}

/// The nearest whole number, half a step up. (Without the standard library floats do not round themselves.)
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a number of steps, which are few; a float cast saturates"
)]
fn nearest(steps: f64) -> f64 {
    let up = if steps < 0.0 { -0.5 } else { 0.5 };
    (steps + up) as i64 as f64
}

/// What feeds the first plugin of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Feed {
    /// The device's inputs; a chain that makes nothing of them is silent.
    Device,
    /// The sum of the layers; a chain without plugins passes it on.
    Mix,
}
