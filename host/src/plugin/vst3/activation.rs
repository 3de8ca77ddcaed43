//! Activating a VST3 plugin: its buses become buffers, its processor a unit of a chain.

use super::buses::{self, Bus, EVENT, INPUT, OUTPUT};
use super::com::number;
use super::instance::Instance;
use super::mapping;
use super::objects::{Objects, word};
use super::serve;
use crate::lend::{lend, lend_slice, share};
use crate::plugin::layout::{Layout, MOST_LATENCY};
use crate::plugin::{ActivateError, RenderMode};
use rt::processor::{NoteInput, NotePorts, Processor};
use rt::rack::Unit;
use rt::vst3::{AudioPtr, BusPointers, Controls, Mirrored, NOTES, Parts, Vst3Processor, Wide, no_buses};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use vst3::ComPtr;
use vst3::Steinberg::Vst::{
    IAudioProcessorTrait, IComponentTrait, IProcessContextRequirements, IProcessContextRequirementsTrait,
    ProcessModes_, ProcessSetup, RestartFlags_, SymbolicSampleSizes_,
};
use vst3::Steinberg::{kNotImplemented, kResultOk, kResultTrue};

/// The tail that never ends.
const INFINITE: u32 = u32::MAX;

/// What an activation gives besides the audio half.
pub(super) struct Activated {
    pub(super) rate: f64,
    pub(super) latency: u32,
    /// In frames; `None` is for ever.
    pub(super) tail: Option<u32>,
    /// The audio half holds another count of it for as long as it lives.
    pub(super) controls: Arc<Controls>,
    /// What the plugin does otherwise than it was asked, in a sentence.
    pub(super) sentence: Option<String>,
}

/// An audio half that is not yet in a chain.
pub(super) struct Audio {
    pub(super) processor: Box<dyn Processor>,
    pub(super) inputs: Layout,
    pub(super) outputs: Layout,
    pub(super) notes: NotePorts,
}

pub(super) fn activate(
    instance: &mut Instance,
    rate: f64,
    max_block: usize,
) -> Result<Box<Unit>, ActivateError> {
    let audio = prepare(instance, rate, max_block)?;
    Ok(Box::new(Unit::new(
        lend(audio.processor),
        audio.inputs.buffers(max_block),
        audio.outputs.buffers(max_block),
        audio.notes,
        instance.latency(),
    )))
}

/// Sets the plugin up and activates it.
pub(super) fn prepare(instance: &mut Instance, rate: f64, max_block: usize) -> Result<Audio, ActivateError> {
    let name = instance.descriptor.name.clone();
    let refused = |reason: String| ActivateError::Refused {
        name: name.clone(),
        rate,
        max_block,
        reason,
    };
    let Some(objects) = &instance.objects else {
        return Err(refused("it could not be loaded anew".to_owned()));
    };
    let frames =
        i32::try_from(max_block.max(1)).map_err(|_| refused("the blocks are too long".to_owned()))?;
    let wide = sample_size(objects).map_err(|reason| refused(reason.to_owned()))?;
    // What was asked for up to here is about to be answered.
    instance.record.take_restart(!serve::SATISFIED);
    let (mut audio, sentence) = buses::negotiate(objects);
    instance.wanted_buses.apply(&mut audio);
    let inputs = layout(&audio.inputs, &name)?;
    let outputs = layout(&audio.outputs, &name)?;
    let hears = buses::count(objects, EVENT, INPUT) > 0;
    let notes = NotePorts {
        input: if hears {
            NoteInput::ClapAndMidi
        } else {
            NoteInput::None
        },
        output: buses::count(objects, EVENT, OUTPUT) > 0,
    };
    let mut setup = ProcessSetup {
        processMode: mode(instance.mode),
        symbolicSampleSize: size(wide),
        maxSamplesPerBlock: frames,
        sampleRate: rate,
    };
    // SAFETY: the pointer is to a structure of ours; main thread, not active.
    let result = unsafe { objects.processor.setupProcessing(&raw mut setup) };
    if result != kResultOk && result != kNotImplemented {
        return Err(refused(format!("its setupProcessing reported {}", word(result))));
    }
    buses::activate(objects, &audio);
    // SAFETY: main thread, set up, not active.
    let result = unsafe { objects.component.setActive(1) };
    if result != kResultOk && result != kNotImplemented {
        return Err(refused(format!("its setActive reported {}", word(result))));
    }
    // SAFETY: main thread, set up. After setActive, because that is when many plugins work these out.
    let (latency, tail) = unsafe {
        (
            objects.processor.getLatencySamples(),
            objects.processor.getTailSamples(),
        )
    };
    // So many of them change their latency while they are activated, and say so, that it means nothing. Buses that no
    // longer are what the buffers were made for mean another activation.
    let settled = if audio.is_still(objects) {
        serve::SATISFIED
    } else {
        serve::SATISFIED & !RestartFlags_::kIoChanged
    };
    instance.record.take_restart(!settled);
    let controls = Arc::new(controls(instance));
    mapping::read(objects.controller.as_ref(), &instance.params, &controls);
    mapping::read_expressions(objects.controller.as_ref(), &controls);
    let processor = Box::new(Vst3Processor::new(Parts {
        // SAFETY: the component was just activated. The processor goes to the audio thread and comes home to be dropped
        // before the instance deactivates the component: `deactivate` refuses while it lives.
        processor: unsafe { AudioPtr::new(ComPtr::clone(&objects.processor)) },
        offline: instance.mode == RenderMode::Offline,
        rate,
        needs: needs(objects),
        inputs: pointers(&inputs),
        outputs: pointers(&outputs),
        wide: wide.then(|| Wide::new(doubles(&inputs, max_block), doubles(&outputs, max_block))),
        shared: share(&controls),
        notes: lend_slice(NOTES, -1),
        event_inputs: hears,
        initial: lend(instance.pending.clone().into_boxed_slice()),
    }));
    instance.activated(Activated {
        rate,
        // Longer than that is a mistake, and would have a rendering cut off for hours.
        latency: latency.min(MOST_LATENCY),
        tail: (tail != INFINITE).then_some(tail),
        controls,
        sentence,
    });
    Ok(Audio {
        processor,
        inputs,
        outputs,
        notes,
    })
}

/// Deactivates the component. The audio half must have been dropped.
pub(super) fn deactivate(objects: &Objects) {
    // SAFETY: main thread; it was activated, and nobody processes it.
    unsafe { objects.component.setActive(0) };
}

/// Whether the plugin has to be processed with 64-bit samples, because it takes no others.
fn sample_size(objects: &Objects) -> Result<bool, &'static str> {
    // SAFETY: main thread, initialised.
    let takes = |size: i32| unsafe { objects.processor.canProcessSampleSize(size) };
    match takes(size(false)) {
        // Every plugin has to take 32-bit samples, so one that leaves the question open is held to that.
        kResultTrue | kNotImplemented => Ok(false),
        _ if takes(size(true)) == kResultTrue => Ok(true),
        _ => Err("it processes neither 32-bit nor 64-bit samples"),
    }
}

fn size(wide: bool) -> i32 {
    number(if wide {
        SymbolicSampleSizes_::kSample64
    } else {
        SymbolicSampleSizes_::kSample32
    })
}

fn mode(mode: RenderMode) -> i32 {
    number(match mode {
        RenderMode::Live => ProcessModes_::kRealtime,
        RenderMode::Offline => ProcessModes_::kOffline,
    })
}

/// What of the process context the plugin reads; everything if it does not say.
fn needs(objects: &Objects) -> u32 {
    let requirements = objects.processor.cast::<IProcessContextRequirements>();
    // SAFETY: main thread, set up.
    requirements.map_or(u32::MAX, |requirements| unsafe {
        requirements.getProcessContextRequirements()
    })
}

/// What main and the audio thread share: assignments, and the last value of every parameter.
fn controls(instance: &Instance) -> Controls {
    let places = Controls::places(instance.params.all.len());
    let news = (0..places / 64).map(|_| AtomicU64::new(0)).collect();
    let ids = instance.params.all.iter().map(|param| param.id);
    Controls::new(lend_slice(places, Mirrored::default()), lend(news), ids)
}

/// The channels of every bus of one direction.
fn layout(buses: &[Bus], plugin: &str) -> Result<Layout, ActivateError> {
    let mut layout = Layout::default();
    let main = buses::main_of(buses);
    for (index, bus) in buses.iter().enumerate() {
        layout.push(bus.channels, (Some(index) == main, bus.is_heard()), plugin)?;
    }
    Ok(layout)
}

fn pointers(layout: &Layout) -> BusPointers {
    BusPointers::new(
        lend(no_buses(layout.shapes.len()).collect()),
        lend_slice(layout.channels, std::ptr::null_mut()),
    )
}

fn doubles(layout: &Layout, max_block: usize) -> rt::Lent<[Cell<f64>]> {
    lend_slice(layout.channels * max_block, Cell::new(0.0))
}
