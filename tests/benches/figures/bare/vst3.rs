//! A VST3 plugin in a bare loop, through the bindings alone.

use super::Feed;
use super::lists::Lists;
use crate::case::{RATE, Sound};
use crate::score::Score;
use anyhow::{Context, Result, ensure};
use libloading::Library;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::path::Path;
use std::ptr::null_mut;
use vst3::ComPtr;
use vst3::Steinberg::Vst::ProcessContext_::StatesAndFlags_;
use vst3::Steinberg::Vst::{
    AudioBusBuffers, AudioBusBuffers__type0, Chord, FrameRate, IAudioProcessor, IAudioProcessorTrait,
    IComponent, IComponent_iid, IComponentTrait, ProcessContext, ProcessData, ProcessModes_, ProcessSetup,
    SymbolicSampleSizes_,
};
use vst3::Steinberg::{
    IPluginBaseTrait, IPluginFactory, IPluginFactoryTrait, PClassInfo, kNotImplemented, kResultOk, tresult,
};

/// How often a kind of block is played until its notes have the same ids again: no note sounds for so long.
const TIMES: usize = 16;

/// Plays a score on the first plugin of a file and gives the last block.
pub fn play(file: &Path, (mut input, frames): Feed, blocks: u64, score: &Score) -> Result<Sound> {
    let plugin = Plugin::load(file)?;
    let mut setup = ProcessSetup {
        processMode: number(ProcessModes_::kRealtime)?,
        symbolicSampleSize: number(SymbolicSampleSizes_::kSample32)?,
        maxSamplesPerBlock: i32::try_from(frames)?,
        sampleRate: f64::from(RATE),
    };
    // SAFETY: the pointer is to our own structure; the plugin was initialized on this thread, and is not active.
    does("setupProcessing", unsafe {
        plugin.processor.setupProcessing(&raw mut setup)
    })?;
    // SAFETY: this thread is the plugin's only one; it was set up just now.
    does("setActive", unsafe { plugin.component.setActive(1) })?;
    // SAFETY: as above, and it is active.
    does("setProcessing", unsafe { plugin.processor.setProcessing(1) })?;

    let mut output = [vec![0.0; frames], vec![0.0; frames]];
    let mut input_channels = input.as_mut().map(pointers);
    let mut output_channels = pointers(&mut output);
    let mut input_bus = input_channels.as_mut().map(bus);
    let mut output_bus = bus(&mut output_channels);
    // Each kind of block several times over, with other ids for its notes each time.
    let lists = score
        .kinds
        .iter()
        .map(|kind| (0..TIMES).map(|time| Lists::new(time, kind)).collect())
        .collect::<Result<Vec<Vec<_>>>>()?;
    let mut played = vec![0; lists.len()];
    let mut context = context()?;
    let mut data = ProcessData {
        processMode: setup.processMode,
        symbolicSampleSize: setup.symbolicSampleSize,
        numSamples: setup.maxSamplesPerBlock,
        numInputs: i32::from(input_bus.is_some()),
        numOutputs: 1,
        inputs: input_bus.as_mut().map_or(null_mut(), |bus| bus),
        outputs: &raw mut output_bus,
        inputParameterChanges: null_mut(),
        outputParameterChanges: null_mut(),
        inputEvents: null_mut(),
        outputEvents: null_mut(),
        processContext: &raw mut context,
    };
    let frames = i64::try_from(frames)?;
    for block in 0..blocks {
        let kind = (score.kind_of)(block);
        let lists = &lists[kind][played[kind] % TIMES];
        played[kind] += 1;
        data.inputParameterChanges = lists.changes.as_ptr();
        data.inputEvents = lists.events.as_ptr();
        // SAFETY: the plugin is active on this thread. `data` points to buses, channels of as many frames, lists and a
        // context that all outlive the loop; only the plugin touches them while it plays.
        let result = unsafe {
            (*data.processContext).continousTimeSamples = block.cast_signed() * frames;
            plugin.processor.process(&raw mut data)
        };
        ensure!(result == kResultOk, "The plugin's process reported {result}");
    }
    Ok(output)
}

/// A plugin that was loaded and initialized. Fields go in the order in which they have to.
struct Plugin {
    processor: ComPtr<IAudioProcessor>,
    component: ComPtr<IComponent>,
    _factory: ComPtr<IPluginFactory>,
    _library: Library,
}

type GetFactory = unsafe extern "system" fn() -> *mut IPluginFactory;
type Entry = unsafe extern "system" fn(*mut c_void) -> u8;

impl Plugin {
    fn load(file: &Path) -> Result<Self> {
        // SAFETY: loading a library runs its code; this one is our own demonstration plugin.
        let library = unsafe { Library::new(file) }?;
        // SAFETY: the specification gives the function this signature. Windows knows it by another name and does not demand
        // it; our own plugins do not look at the handle.
        if let Ok(entry) = unsafe { library.get::<Entry>(b"ModuleEntry\0") } {
            // SAFETY: the library was loaded just now, and nothing of it is in use.
            ensure!(unsafe { entry(null_mut()) } != 0, "The module did not start");
        }
        // SAFETY: the specification gives the function this signature.
        let get_factory = unsafe { library.get::<GetFactory>(b"GetPluginFactory\0") }?;
        // SAFETY: the module has started, and the function gives a reference that is ours, or null.
        let factory =
            unsafe { ComPtr::from_raw(get_factory()) }.context("The demonstration plugin has no factory")?;
        let mut class = MaybeUninit::<PClassInfo>::zeroed();
        // SAFETY: there is room for one description, which is made of numbers: zeros are valid before it is filled in.
        let (found, class) = unsafe { (factory.getClassInfo(0, class.as_mut_ptr()), class.assume_init()) };
        ensure!(found == kResultOk, "The demonstration plugin's factory is empty");
        let mut made: *mut c_void = null_mut();
        // SAFETY: both ids have 16 bytes. What is made is a reference that is ours, to the interface asked for, or null.
        let component = unsafe {
            factory.createInstance(class.cid.as_ptr(), IComponent_iid.as_ptr(), &raw mut made);
            ComPtr::<IComponent>::from_raw(made.cast())
        };
        let component = component.context("The factory made no component")?;
        // SAFETY: the component was made just now. Our own plugins need no host context.
        let result = unsafe { component.initialize(null_mut()) };
        ensure!(result == kResultOk, "The plugin's initialize reported {result}");
        Ok(Self {
            processor: component.cast().context("The component is no processor")?,
            component,
            _factory: factory,
            _library: library,
        })
    }
}

/// Checks what a step towards playing came to.
fn does(step: &str, result: tresult) -> Result<()> {
    ensure!(
        result == kResultOk || result == kNotImplemented,
        "The plugin's {step} reported {result}"
    );
    Ok(())
}

impl Drop for Plugin {
    fn drop(&mut self) {
        // SAFETY: the plugin was initialized on this thread, and nobody processes it. One that is not active minds neither.
        unsafe {
            self.processor.setProcessing(0);
            self.component.setActive(0);
            self.component.terminate();
        }
    }
}

fn pointers(sides: &mut Sound) -> [*mut f32; 2] {
    sides.each_mut().map(|side| side.as_mut_ptr())
}

fn bus(channels: &mut [*mut f32; 2]) -> AudioBusBuffers {
    AudioBusBuffers {
        numChannels: 2,
        silenceFlags: 0,
        __field0: AudioBusBuffers__type0 {
            channelBuffers32: channels.as_mut_ptr(),
        },
    }
}

/// A constant of the specification: C's type for it is signed on one system and unsigned on the other.
fn number<T>(constant: impl TryInto<T>) -> Result<T> {
    constant
        .try_into()
        .ok()
        .context("a constant that its field cannot hold")
}

/// What Backline tells of musical time while nothing plays: plugins do more when they are told.
fn context() -> Result<ProcessContext> {
    let told = [
        StatesAndFlags_::kTempoValid,
        StatesAndFlags_::kTimeSigValid,
        StatesAndFlags_::kProjectTimeMusicValid,
        StatesAndFlags_::kBarPositionValid,
        StatesAndFlags_::kContTimeValid,
    ];
    let state = told.into_iter().fold(0, |state, flag| state | flag);
    Ok(ProcessContext {
        state: number(state)?,
        sampleRate: f64::from(RATE),
        projectTimeSamples: 0,
        systemTime: 0,
        continousTimeSamples: 0,
        projectTimeMusic: 0.0,
        barPositionMusic: 0.0,
        cycleStartMusic: 0.0,
        cycleEndMusic: 0.0,
        tempo: 120.0,
        timeSigNumerator: 4,
        timeSigDenominator: 4,
        chord: Chord {
            keyNote: 0,
            rootNote: 0,
            chordMask: 0,
        },
        smpteOffsetSubframes: 0,
        frameRate: FrameRate {
            framesPerSecond: 0,
            flags: 0,
        },
        samplesToNextClock: 0,
    })
}
