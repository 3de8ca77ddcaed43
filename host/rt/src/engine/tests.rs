//! The engine played by hand: plugins that note what they hear, racks of them, and main's ends of every road.

extern crate std;

mod chains;
mod guards;
mod lanes;
mod layers;
mod panics;
mod pieces;
mod plugin;
mod roads;
mod swaps;
mod timing;
mod types;

use super::{Engine, EngineParts};
use crate::block::{Block, Stereo};
use crate::clap::{ClapEvent, ClapScratch};
use crate::events::{Body, Event, EventList, NoteAddress};
use crate::lane::{Lane, LaneSender, Owed};
use crate::lend::Lent;
use crate::lend::testing::{lend, share, slice};
use crate::rack::{Home, Layer, LayerSettings, Map, Rack, Scratch, Targeted, Unit};
use crate::wire::{Command, FromEngine, Handover, PluginAddress, RackId, Retired, Stamp};
use plugin::Plugin;
use rtrb::{Consumer, Producer, RingBuffer};
use std::boxed::Box;
use std::cell::Cell;
use std::sync::Arc;
use std::vec::Vec;

const RATE: f64 = 48_000.0;
const NOTHING: Event = Event {
    time: 0,
    body: Body::GestureEnd { id: 0 },
};

std::thread_local! {
    /// Set while the engine processes: nothing may be dropped then.
    static IN_BLOCK: Cell<bool> = const { Cell::new(false) };
}

/// How large the roads are.
#[derive(Clone, Copy)]
struct Sizes {
    max_block: usize,
    events: usize,
    lane: usize,
    home: usize,
    handed: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            max_block: 64,
            events: if cfg!(miri) { 64 } else { 256 },
            lane: 256,
            home: 512,
            handed: 8,
        }
    }
}

/// An engine and main's ends of every road.
struct Rig {
    engine: Engine,
    next: Producer<Handover>,
    retired: Consumer<Retired>,
    home: Consumer<FromEngine>,
    lane: LaneSender,
    called: Option<i64>,
}

fn list(events: usize) -> EventList {
    EventList::new(slice(events, NOTHING), slice(256, 0))
}

fn new_lane(commands: usize) -> (LaneSender, Lent<Lane>) {
    let (ring, ring_end) = RingBuffer::new(commands);
    let (bytes, bytes_end) = RingBuffer::new(64);
    let owed = Arc::new(Owed::default());
    let lane = Lane::new(ring_end, bytes_end, share(&owed));
    (LaneSender::new(ring, bytes, share(&owed)), lend(Box::new(lane)))
}

/// An engine and main's ends of its roads.
fn build(
    sizes: Sizes,
) -> (
    Engine,
    Producer<Handover>,
    Consumer<Retired>,
    Consumer<FromEngine>,
) {
    let (next, next_end) = RingBuffer::new(sizes.handed);
    let (retired_end, retired) = RingBuffer::new(sizes.handed);
    let (home_end, home) = RingBuffer::new(sizes.home);
    let stereo = || Stereo::new(slice(sizes.max_block, 0.0), slice(sizes.max_block, 0.0));
    // Making memory is most of what a test does under Miri.
    let wide = sizes.events * 4 + if cfg!(miri) { 128 } else { 4096 };
    let engine = Engine::new(EngineParts {
        rate: RATE,
        max_block: sizes.max_block,
        scratch: Scratch {
            layer: list(wide),
            unit: list(wide),
            out: list(sizes.events),
            carry: list(sizes.events),
            clap: ClapScratch::new(slice(1, ClapEvent::default())),
            vst3: crate::vst3::testing::scratch(1),
            chain: stereo(),
        },
        aside: stereo(),
        incoming: list(sizes.events),
        device_midi: list(sizes.events),
        midi_out: list(sizes.events),
        targeted: slice(
            sizes.events,
            Targeted {
                plugin: at(0, 0),
                event: NOTHING,
            },
        ),
        next: next_end,
        retired: retired_end,
        home: Home::new(home_end),
    });
    (engine, next, retired, home)
}

impl Rig {
    fn new() -> Self {
        Self::sized(Sizes::default())
    }

    fn sized(sizes: Sizes) -> Self {
        let (mut engine, next, retired, home) = build(sizes);
        if cfg!(miri) {
            // A second has fewer frames where each takes long.
            engine.rate = RATE / 10.0;
        }
        let (lane, end) = new_lane(sizes.lane);
        let mut rig = Self {
            engine,
            next,
            retired,
            home,
            lane,
            called: None,
        };
        rig.hand(Handover::Lane(end));
        rig.block(0);
        rig
    }

    /// An engine that plays `rack` and has nothing more to say of it.
    fn playing(rack: Lent<Rack>) -> Self {
        let mut rig = Self::new();
        rig.swap(rack);
        rig
    }

    fn hand(&mut self, handed: Handover) {
        assert!(self.next.push(handed).is_ok(), "no room to hand over");
    }

    /// Hands over a rack, lets the engine take it in a block without frames and forgets the reports.
    fn swap(&mut self, rack: Lent<Rack>) {
        let id = rack.id;
        self.hand(Handover::Rack(rack));
        self.block(0);
        assert!(self.reports().contains(&FromEngine::Taken(id)));
    }

    /// One block of the device with silent inputs; the left and right output.
    fn block(&mut self, frames: usize) -> [Vec<f32>; 2] {
        self.block_with(frames, None)
    }

    fn block_with(&mut self, frames: usize, input: Option<&[f32]>) -> [Vec<f32>; 2] {
        // What is not written would be seen.
        let mut out = [std::vec![9.0; frames], std::vec![9.0; frames]];
        let [left, right] = &mut out;
        IN_BLOCK.set(true);
        self.engine.process(&mut Block {
            inputs: input.map(|input| [input, input]),
            outputs: [left, right],
            called: self.called,
        });
        IN_BLOCK.set(false);
        out
    }

    /// The left output of `frames` in blocks of `block`.
    fn left(&mut self, frames: usize, block: usize) -> Vec<f32> {
        let mut left = Vec::new();
        while left.len() < frames {
            let [side, _] = self.block(block.min(frames - left.len()));
            left.extend(side);
        }
        left
    }

    /// The left output of so many seconds.
    fn wait(&mut self, seconds: f64, block: usize) -> Vec<f32> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a test's length"
        )]
        self.left((seconds * self.engine.rate) as usize, block)
    }

    fn midi(&mut self, message: [u8; 3]) {
        assert!(self.lane.send_midi(Stamp::Now, &message));
    }

    fn send(&mut self, command: Command) {
        assert!(self.lane.send(Stamp::Now, command));
    }

    /// Everything said home since the last call, without the meters.
    fn reports(&mut self) -> Vec<FromEngine> {
        core::iter::from_fn(|| self.home.pop().ok())
            .filter(|report| !matches!(report, FromEngine::Meters(_)))
            .collect()
    }

    fn retired(&mut self) -> Vec<Retired> {
        core::iter::from_fn(|| self.retired.pop().ok()).collect()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.engine.dismantle(drop);
    }
}

const fn at(layer: u8, place: u8) -> PluginAddress {
    PluginAddress { layer, place }
}

fn layer(settings: LayerSettings, plugins: &[&Plugin]) -> Layer {
    let units: Vec<Option<Lent<Unit>>> = plugins.iter().map(|plugin| Some(plugin.unit())).collect();
    Layer::new(settings, lend(units.into_boxed_slice()))
}

/// A rack of layers without a master chain.
fn rack_of(id: u32, layers: Vec<Layer>) -> Lent<Rack> {
    rack_with(id, layers, &[], &[])
}

fn rack_with(id: u32, layers: Vec<Layer>, master: &[&Plugin], maps: &[Map]) -> Lent<Rack> {
    lend(Box::new(Rack {
        id: RackId(id),
        layers: lend(layers.into_boxed_slice()),
        master: layer(LayerSettings::default(), master),
        maps: lend(maps.to_vec().into_boxed_slice()),
        ceiling: None,
    }))
}

/// A rack of one layer.
fn rack(id: u32, plugins: &[&Plugin]) -> Lent<Rack> {
    rack_of(id, std::vec![layer(LayerSettings::default(), plugins)])
}

fn note_on(key: u8) -> Body {
    Body::NoteOn {
        note: NoteAddress::new(0, key),
        velocity: 100.0 / 127.0,
    }
}

/// The greatest difference between neighbours, the first of them after `before`.
fn greatest_step(before: f32, samples: &[f32]) -> f32 {
    let mut last = before;
    samples.iter().fold(0.0, |step: f32, &sample| {
        let new = step.max((sample - last).abs());
        last = sample;
        new
    })
}

/// A small generator (Knuth's MMIX constants), the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let high = (self.0 >> 33) as u32;
        high % sides
    }
}
