//! A plugin that writes down what it gets, and all that it needs to be played.

use super::super::testing::scratch;
use super::super::{
    AudioPtr, BusPointers, Controls, Mirrored, NOTES, Parts, Vst3Processor, Vst3Scratch, Wide, no_buses,
};
use super::std::boxed::Box;
use super::std::cell::{Cell, RefCell};
use super::std::sync::Arc;
use super::std::sync::atomic::AtomicU64;
use super::std::vec::Vec;
use crate::block::{PortBuffers, PortShape};
use crate::clap::{ClapEvent, ClapScratch};
use crate::events::{Body, Event, EventList};
use crate::lend::testing::{lend, share, slice};
use crate::processor::{Call, Processor, Status};
use crate::transport::Transport;
use vst3::Steinberg::Vst::{self, *};
use vst3::Steinberg::{kNotImplemented, kResultOk, tresult};
use vst3::{Class, ComRef, ComWrapper};

pub(super) const RATE: f64 = 48_000.0;
/// Most frames of a block.
pub(super) const MOST: usize = 64;

/// One process call, as the plugin got it.
pub(super) struct Seen {
    pub(super) frames: i32,
    pub(super) mode: i32,
    pub(super) size: i32,
    pub(super) context: ProcessContext,
    pub(super) events: Vec<Vst::Event>,
    /// Each parameter with its points.
    pub(super) changes: Vec<(u32, Vec<(i32, f64)>)>,
    /// Each input bus: its flags and its channels' samples.
    pub(super) inputs: Vec<(u64, Vec<Vec<f64>>)>,
}

/// What the plugin does in a process call.
pub(super) type Act = Box<dyn FnMut(&mut ProcessData)>;

pub(super) struct Plugin {
    pub(super) calls: RefCell<Vec<Seen>>,
    pub(super) processing: RefCell<Vec<bool>>,
    pub(super) result: Cell<tresult>,
    pub(super) act: RefCell<Act>,
}

impl Class for Plugin {
    type Interfaces = (IAudioProcessor,);
}

/// The events of a list.
pub(super) fn events(list: *mut IEventList) -> Vec<Vst::Event> {
    // SAFETY: the host gives a valid list; its events are valid once it says so.
    unsafe {
        let list = ComRef::from_raw(list).unwrap();
        (0..list.getEventCount())
            .map(|index| {
                let mut event = core::mem::zeroed();
                assert_eq!(list.getEvent(index, &raw mut event), kResultOk);
                event
            })
            .collect()
    }
}

/// The parameters of changes, with their points.
pub(super) fn changes(changes: *mut IParameterChanges) -> Vec<(u32, Vec<(i32, f64)>)> {
    // SAFETY: the host gives valid changes, and valid queues up to their number.
    unsafe {
        let changes = ComRef::from_raw(changes).unwrap();
        (0..changes.getParameterCount())
            .map(|index| {
                let queue = ComRef::from_raw(changes.getParameterData(index)).unwrap();
                let points = (0..queue.getPointCount()).map(|index| {
                    let mut point = (0, 0.0);
                    assert_eq!(
                        queue.getPoint(index, &raw mut point.0, &raw mut point.1),
                        kResultOk
                    );
                    point
                });
                (queue.getParameterId(), points.collect())
            })
            .collect()
    }
}

/// The buses of one side, for reading.
pub(super) fn buses<'a>(buses: *mut AudioBusBuffers, count: i32) -> &'a mut [AudioBusBuffers] {
    match usize::try_from(count).unwrap() {
        0 => &mut [],
        // SAFETY: the host gives as many descriptions as it says.
        count => unsafe { core::slice::from_raw_parts_mut(buses, count) },
    }
}

fn samples(data: &ProcessData) -> Vec<(u64, Vec<Vec<f64>>)> {
    let frames = usize::try_from(data.numSamples).unwrap();
    let channel = |bus: &AudioBusBuffers, channel: usize| -> Vec<f64> {
        // SAFETY: the host gives a pointer for each channel, to as many samples of the announced size as there are frames.
        unsafe {
            if data.symbolicSampleSize == super::super::names::SAMPLE_32 {
                let samples = *bus.__field0.channelBuffers32.add(channel);
                (0..frames).map(|frame| f64::from(*samples.add(frame))).collect()
            } else {
                let samples = *bus.__field0.channelBuffers64.add(channel);
                (0..frames).map(|frame| *samples.add(frame)).collect()
            }
        }
    };
    let bus = |bus: &mut AudioBusBuffers| {
        let channels = 0..usize::try_from(bus.numChannels).unwrap();
        (
            bus.silenceFlags,
            channels.map(|index| channel(bus, index)).collect(),
        )
    };
    buses(data.inputs, data.numInputs).iter_mut().map(bus).collect()
}

impl IAudioProcessorTrait for Plugin {
    unsafe fn process(&self, data: *mut ProcessData) -> tresult {
        // SAFETY: the host gives valid data and, always, a context.
        let data = unsafe { &mut *data };
        self.calls.borrow_mut().push(Seen {
            frames: data.numSamples,
            mode: data.processMode,
            size: data.symbolicSampleSize,
            // SAFETY: as above.
            context: unsafe { *data.processContext },
            events: events(data.inputEvents),
            changes: changes(data.inputParameterChanges),
            inputs: samples(data),
        });
        (self.act.borrow_mut())(data);
        self.result.get()
    }

    unsafe fn setProcessing(&self, state: u8) -> tresult {
        self.processing.borrow_mut().push(state != 0);
        kNotImplemented
    }

    unsafe fn setBusArrangements(&self, _: *mut u64, _: i32, _: *mut u64, _: i32) -> tresult {
        unreachable!("not on the audio thread")
    }
    unsafe fn getBusArrangement(&self, _: i32, _: i32, _: *mut u64) -> tresult {
        unreachable!("not on the audio thread")
    }
    unsafe fn canProcessSampleSize(&self, _: i32) -> tresult {
        unreachable!("not on the audio thread")
    }
    unsafe fn getLatencySamples(&self) -> u32 {
        unreachable!("not on the audio thread")
    }
    unsafe fn setupProcessing(&self, _: *mut ProcessSetup) -> tresult {
        unreachable!("not on the audio thread")
    }
    unsafe fn getTailSamples(&self) -> u32 {
        unreachable!("not on the audio thread")
    }
}

/// How a plugin is set up.
pub(super) struct Setup {
    pub(super) inputs: &'static [PortShape],
    pub(super) outputs: &'static [PortShape],
    pub(super) places: usize,
    pub(super) needs: u32,
    pub(super) offline: bool,
    pub(super) wide: bool,
    pub(super) event_inputs: bool,
    pub(super) expressions: u32,
    pub(super) ids: Vec<u32>,
    pub(super) initial: Vec<(u32, f64)>,
}

pub(super) const STEREO: &[PortShape] = &[PortShape {
    first: 0,
    channels: 2,
    heard: true,
}];

impl Default for Setup {
    fn default() -> Self {
        Self {
            inputs: STEREO,
            outputs: STEREO,
            places: 64,
            needs: u32::MAX,
            offline: false,
            wide: false,
            event_inputs: true,
            expressions: u32::MAX,
            ids: (0..32).collect(),
            initial: Vec::new(),
        }
    }
}

/// A plugin with all that it needs to be played.
pub(super) struct Rig {
    pub(super) plugin: ComWrapper<Plugin>,
    pub(super) processor: Vst3Processor,
    pub(super) inputs: PortBuffers,
    pub(super) outputs: PortBuffers,
    pub(super) controls: Arc<Controls>,
    pub(super) scratch: Vst3Scratch,
    pub(super) clap: ClapScratch,
    /// What the plugin said in the last block.
    pub(super) out: EventList,
    pub(super) transport: Transport,
    pub(super) system: Option<i64>,
}

pub(super) fn list() -> EventList {
    let nothing = Event {
        time: 0,
        body: Body::GestureEnd { id: 0 },
    };
    EventList::new(slice(256, nothing), slice(64, 0))
}

/// A list of events that all happen at one sample.
pub(super) fn at(time: u32, bodies: &[Body]) -> EventList {
    let mut list = list();
    bodies
        .iter()
        .for_each(|&body| assert!(list.push(Event { time, body })));
    list
}

pub(super) fn controls(ids: &[u32]) -> Controls {
    let places = Controls::places(ids.len());
    let news = (0..places / 64).map(|_| AtomicU64::new(0)).collect();
    Controls::new(
        slice(places, Mirrored::default()),
        lend(news),
        ids.iter().copied(),
    )
}

fn pointers(shapes: &[PortShape]) -> (BusPointers, PortBuffers, usize) {
    let channels = shapes
        .iter()
        .map(|shape| shape.first + shape.channels)
        .max()
        .unwrap_or(0);
    let pointers = BusPointers::new(
        lend(no_buses(shapes.len()).collect()),
        lend(super::std::vec![core::ptr::null_mut(); channels].into_boxed_slice()),
    );
    let samples = slice(channels * MOST, 0.5);
    let buffers = PortBuffers::new(samples, MOST, lend(Box::from(shapes)), 0);
    (pointers, buffers, channels * MOST)
}

impl Rig {
    pub(super) fn new(setup: Setup) -> Self {
        let plugin = ComWrapper::new(Plugin {
            calls: RefCell::new(Vec::new()),
            processing: RefCell::new(Vec::new()),
            result: Cell::new(kResultOk),
            act: RefCell::new(Box::new(|_| {})),
        });
        let controls = Arc::new(controls(&setup.ids));
        controls.set_expressions(setup.expressions);
        let (input_pointers, inputs, wide_inputs) = pointers(setup.inputs);
        let (output_pointers, outputs, wide_outputs) = pointers(setup.outputs);
        let wide = |samples| slice(samples, Cell::new(0.5));
        // SAFETY: the plugin is as active as it ever gets, and used by this thread alone.
        let processor = unsafe { AudioPtr::new(plugin.to_com_ptr().unwrap()) };
        let processor = Vst3Processor::new(Parts {
            processor,
            offline: setup.offline,
            rate: RATE,
            needs: setup.needs,
            inputs: input_pointers,
            outputs: output_pointers,
            wide: setup
                .wide
                .then(|| Wide::new(wide(wide_inputs), wide(wide_outputs))),
            shared: share(&controls),
            notes: slice(NOTES, 77),
            event_inputs: setup.event_inputs,
            initial: lend(setup.initial.into_boxed_slice()),
        });
        Self {
            plugin,
            processor,
            inputs,
            outputs,
            controls,
            scratch: scratch(setup.places),
            clap: ClapScratch::new(slice(1, ClapEvent::default())),
            out: list(),
            transport: Transport::STOPPED,
            system: None,
        }
    }

    /// What the plugin does from now on.
    pub(super) fn act(&self, act: impl FnMut(&mut ProcessData) + 'static) {
        *self.plugin.act.borrow_mut() = Box::new(act);
    }

    /// Plays a block and returns what the plugin saw of it.
    pub(super) fn play(&mut self, frames: usize, events: &EventList) -> (Status, Vec<Seen>) {
        self.out.clear();
        let status = self.processor.process(Call {
            frames,
            steady: 1000,
            transport: &self.transport,
            inputs: &mut self.inputs,
            outputs: &mut self.outputs,
            events,
            out: &mut self.out,
            clap: &mut self.clap,
            vst3: &mut self.scratch,
            system: self.system,
        });
        (status, self.plugin.calls.take())
    }

    /// The same for a block of one span.
    pub(super) fn play_one(&mut self, events: &EventList) -> Seen {
        let (status, mut seen) = self.play(16, events);
        assert_eq!((status, seen.len()), (Status::Continue, 1));
        seen.remove(0)
    }

    /// What the plugin said in the last block.
    pub(super) fn said(&self) -> Vec<(u32, Body)> {
        self.out
            .as_slice()
            .iter()
            .map(|event| (event.time, event.body))
            .collect()
    }

    /// News of parameters.
    pub(super) fn news(&self) -> Vec<(u32, f64, bool)> {
        let mut news = Vec::new();
        self.controls
            .drain(|id, value, from_plugin| news.push((id, value, from_plugin)));
        news.sort_by_key(|&(id, ..)| id);
        news
    }
}
