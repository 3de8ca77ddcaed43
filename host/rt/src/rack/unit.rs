//! One plugin in a chain: its ports, its gate, its guard.

use super::Home;
use super::mix::{Glide, scale, scale_by_rest};
use crate::block::PortBuffers;
use crate::clap::ClapScratch;
use crate::events::{Body, EventList, starts_note};
use crate::lend::Lent;
use crate::processor::{Call, NoteInput, NotePorts, Processor, Status};
use crate::transport::Transport;
use crate::vst3::Vst3Scratch;
use crate::wire::{Fault, FromEngine, PluginAddress, RackId};
use core::fmt;

/// Blocks above this peak are replaced by silence: +24 dBFS.
const TOO_LOUD: f32 = 15.848_932;
/// Frames in which what was heard last fades when a block is replaced by silence.
const FALL: u8 = 64;
/// Input below this peak (-140 dBFS) does not wake a sleeping plugin.
const QUIET: f32 = 1e-7;

/// Where a unit stands in leaving its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// It stays.
    Staying,
    /// It is being faded.
    Fading,
    /// It is silent and may be taken out.
    Silent,
}

/// One plugin in a chain.
pub struct Unit {
    processor: Lent<dyn Processor>,
    inputs: PortBuffers,
    outputs: PortBuffers,
    notes: NotePorts,
    /// Latency in frames, as the plugin said when it was activated.
    pub latency: u32,
    has_input: bool,
    has_output: bool,
    started: bool,
    asleep: bool,
    leaving: bool,
    /// 1 is the plugin, 0 the chain as it would be without it.
    gate: Glide,
    /// Falls to 0 with a block that is replaced by silence, and rises again behind it.
    level: Glide,
    /// What was heard last, before the gate.
    last: [f32; 2],
    /// What is fading after a block was replaced, and frames until it has gone.
    fall: [f32; 2],
    falling: u8,
    fault: Option<Fault>,
    watched: Watched,
}

/// How closely a panic watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Watch {
    /// Not at all.
    #[default]
    No,
    /// What goes in, since the reset.
    Input,
    /// What goes in and, now that all should have faded, what comes out.
    Output,
}

/// What has been seen since the last reset.
#[derive(Clone, Copy, Debug, Default)]
struct Watched {
    played: bool,
    input: f32,
    output: f32,
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unit")
            .field("started", &self.started)
            .field("asleep", &self.asleep)
            .finish_non_exhaustive()
    }
}

impl Unit {
    /// Puts a processor and its port buffers together.
    #[must_use]
    pub fn new(
        processor: Lent<dyn Processor>,
        inputs: PortBuffers,
        outputs: PortBuffers,
        notes: NotePorts,
        latency: u32,
    ) -> Self {
        Self {
            has_input: inputs.has_channels(),
            has_output: outputs.is_heard(),
            processor,
            inputs,
            outputs,
            notes,
            latency,
            started: false,
            asleep: false,
            leaving: false,
            gate: Glide::new(1.0),
            level: Glide::new(1.0),
            last: [0.0; 2],
            fall: [0.0; 2],
            falling: 0,
            fault: None,
            watched: Watched::default(),
        }
    }

    /// Tells the plugin that processing begins. Returns whether it agreed.
    pub fn start(&mut self) -> bool {
        self.started = self.started || self.processor.start();
        self.started
    }

    /// Tells the plugin that processing ends.
    pub fn stop(&mut self) {
        if core::mem::take(&mut self.started) {
            self.processor.stop();
        }
    }

    /// Clears the plugin's voices and delay lines.
    pub(crate) fn reset(&mut self) {
        if self.started {
            self.processor.reset();
            self.asleep = false;
        }
        self.watched = Watched::default();
    }

    /// Ends a sleep.
    pub(crate) const fn wake(&mut self) {
        self.asleep = false;
    }

    /// Begins to fade to what the chain is without the plugin; it may be taken out once it [is gone](Self::gone).
    pub(crate) fn take_leave(&mut self) {
        self.leaving = true;
        self.gate.aim(0.0);
    }

    /// Fades in: the first block of a plugin put into a running chain.
    pub(crate) fn enter(&mut self) {
        self.gate = Glide::new(0.0);
        self.gate.aim(1.0);
        self.leaving = false;
    }

    /// Fades the plugin out of the chain for good, until it is re-activated.
    pub(crate) fn mute(&mut self) {
        self.gate.aim(0.0);
    }

    /// Whether a panic's reset did not make the plugin quiet, though nothing has come in since that could sound.
    pub(crate) fn is_stuck(&self) -> bool {
        /// -60 dBFS.
        const LOUD: f32 = 1e-3;
        let Watched {
            played,
            input,
            output,
        } = self.watched;
        !played && output > LOUD && input <= LOUD
    }

    /// Where the unit stands in leaving.
    #[must_use]
    pub const fn gone(&self) -> Gone {
        match (self.leaving, self.gate.rest()) {
            (false, _) => Gone::Staying,
            (true, Some(_)) => Gone::Silent,
            (true, None) => Gone::Fading,
        }
    }

    /// Whether the plugin makes audio.
    pub(super) const fn gives_audio(&self) -> bool {
        self.has_output
    }

    /// Whether the plugin listens to notes.
    pub(super) fn listens(&self) -> bool {
        self.notes.input != NoteInput::None
    }

    /// Whether what follows hears this plugin's notes.
    pub(crate) const fn speaks(&self) -> bool {
        self.notes.output
    }

    /// Processes one block in `stage.chain`.
    ///
    /// `live` tells whether the chain holds audio yet; it becomes true once a plugin has put some there. Notes and
    /// parameters that the plugin says are left in `stage.out`.
    pub(super) fn process(&mut self, events: &EventList, live: &mut bool, stage: &mut Stage<'_>) {
        stage.out.clear();
        let frames = stage.frames;
        if !self.started {
            self.gate.finish();
            return;
        }
        if self.has_input {
            self.fill(*live, stage);
        }
        if self.asleep
            && self.falling == 0
            && events.is_empty()
            && (!self.has_input || self.input_is_quiet(frames))
        {
            self.sleep_on(live, stage);
            return;
        }
        let status = self.processor.process(Call {
            frames,
            steady: stage.steady,
            transport: stage.transport,
            inputs: &mut self.inputs,
            outputs: &mut self.outputs,
            events,
            out: stage.out,
            clap: stage.clap,
            vst3: stage.vst3,
            system: stage.system,
        });
        if status == Status::Failed {
            stage.out.clear();
        }
        if stage.watch != Watch::No {
            self.look(events, frames);
        }
        // An instrument behind others adds to what they play; an effect takes its place.
        let replaces = self.has_input || !*live;
        let peak = if !self.has_output {
            self.gate.finish();
            let peak = 0.0;
            self.judge(status, peak, stage);
            peak
        } else if replaces && self.is_open() {
            let energy = self.outputs.fold(stage.chain(), frames, false);
            // No sample is greater than the root of all their squares.
            let peak = if energy <= TOO_LOUD * TOO_LOUD && stage.watch != Watch::Output {
                0.0
            } else {
                self.outputs.peak(frames)
            };
            if self.judge(status, peak, stage) {
                let [left, right] = stage.chain();
                self.last = [left[frames - 1], right[frames - 1]];
            } else {
                stage.chain().into_iter().for_each(|side| side.fill(0.0));
                self.sound_out(stage.chain());
            }
            peak
        } else {
            self.blend(status, replaces, *live, stage)
        };
        *live |= self.has_output;
        self.asleep = status == Status::Sleep && self.fault.is_none();
        if stage.watch == Watch::Output && self.fault.is_none() {
            self.watched.output = self.watched.output.max(peak);
        }
    }

    /// Fills the inputs from the chain, or from the device while the chain holds nothing.
    fn fill(&mut self, live: bool, stage: &mut Stage<'_>) {
        let frames = stage.frames;
        let [left, right] = stage.chain();
        let source = if live {
            Some([&*left, &*right])
        } else {
            stage.input
        };
        self.inputs.fill(source, frames);
        if !live && source.is_some() && stage.feed.rest() != Some(1.0) {
            self.inputs
                .channels_mut(frames, |channel| scale(channel, stage.feed));
        }
    }

    /// Whether the plugin's output is the chain, without a ramp of any kind.
    #[inline]
    fn is_open(&self) -> bool {
        self.falling == 0 && self.gate.rest() == Some(1.0) && self.level.rest() == Some(1.0)
    }

    fn input_is_quiet(&self, frames: usize) -> bool {
        self.inputs.peak(frames) < QUIET
    }

    /// The output of a plugin that sleeps: silence, like what it hears.
    fn sleep_on(&mut self, live: &mut bool, stage: &mut Stage<'_>) {
        self.last = [0.0; 2];
        if self.has_output && (self.has_input || !*live) {
            for side in stage.chain() {
                side.fill(0.0);
            }
            *live = true;
        }
        self.gate.finish();
        self.level.finish();
    }

    /// Notes what a plugin gets that may sound.
    fn look(&mut self, events: &EventList, frames: usize) {
        self.watched.played |= events.as_slice().iter().any(|event| starts_note(&event.body));
        let peak = self.inputs.peak(frames);
        self.watched.input = if peak.is_nan() {
            f32::MAX
        } else {
            self.watched.input.max(peak)
        };
    }

    /// Blends the plugin's output with the chain as it is without it, as gate and level say. Returns the output's
    /// peak.
    fn blend(&mut self, status: Status, replaces: bool, live: bool, stage: &mut Stage<'_>) -> f32 {
        let frames = stage.frames;
        let peak = self.outputs.peak(frames);
        let good = self.judge(status, peak, stage);
        if good {
            self.level.aim(1.0);
        }
        // Without the plugin the chain holds what came before it; behind an instrument it keeps that besides.
        for side in stage.chain() {
            if !live {
                side.fill(0.0);
            } else if replaces {
                scale_by_rest(side, &self.gate);
            }
        }
        let Self {
            outputs, level, gate, ..
        } = self;
        if good {
            let last = outputs.folded_frame(frames - 1);
            let gain = level.frame(frames - 1);
            outputs.channels_mut(frames, |channel| {
                scale(channel, level);
                scale(channel, gate);
            });
            outputs.fold(stage.chain(), frames, true);
            self.last = last.map(|sample| sample * gain);
            self.level.advance(frames);
        }
        self.sound_out(stage.chain());
        self.gate.advance(frames);
        peak
    }

    /// Adds what is left of the fall after a block that was replaced.
    fn sound_out(&mut self, chain: [&mut [f32]; 2]) {
        let frames = chain[0].len();
        let gain = |frame: usize| match u8::try_from(frame + 1) {
            Ok(frame) if frame < self.falling => f32::from(self.falling - frame) / f32::from(FALL),
            _ => 0.0,
        };
        if self.falling == 0 {
            return;
        }
        for ((side, from), last) in chain.into_iter().zip(self.fall).zip(&mut self.last) {
            for (frame, sample) in side.iter_mut().enumerate().take(usize::from(self.falling)) {
                *sample += from * gain(frame) * self.gate.frame(frame);
            }
            *last += from * gain(frames - 1);
        }
        self.falling = self.falling.saturating_sub(u8::try_from(frames).unwrap_or(FALL));
    }

    /// Judges a block: returns whether it may be heard, and reports the first of a run that may not.
    fn judge(&mut self, status: Status, peak: f32, stage: &mut Stage<'_>) -> bool {
        let fault = if status == Status::Failed {
            Some(Fault::Process)
        } else if peak.is_nan() {
            Some(Fault::NotANumber)
        } else if peak > TOO_LOUD {
            Some(Fault::TooLoud)
        } else {
            None
        };
        if let Some(fault) = fault {
            stage.home.faults += 1;
            if self.fault.is_none() {
                stage.home.send(FromEngine::Fault {
                    rack: stage.rack,
                    plugin: stage.at,
                    fault,
                });
                self.fall = self.last;
                self.falling = FALL;
            }
            self.last = [0.0; 2];
            self.level = Glide::new(0.0);
        }
        self.fault = fault;
        fault.is_none()
    }
}

/// What one plugin is processed with: a view of the pass, without the events, which come from one of its lists.
pub(super) struct Stage<'a> {
    pub(super) rack: RackId,
    pub(super) at: PluginAddress,
    pub(super) frames: usize,
    pub(super) steady: u64,
    pub(super) system: Option<i64>,
    pub(super) transport: &'a Transport,
    /// What feeds a chain that holds no audio yet.
    pub(super) input: Option<[&'a [f32]; 2]>,
    /// Gain of that.
    pub(super) feed: &'a Glide,
    pub(super) watch: Watch,
    /// The audio of the chain, `frames` long.
    pub(super) chain: [&'a mut [f32]; 2],
    pub(super) out: &'a mut EventList,
    pub(super) clap: &'a mut ClapScratch,
    pub(super) vst3: &'a mut Vst3Scratch,
    pub(super) home: &'a mut Home,
}

impl Stage<'_> {
    /// The audio of the chain, left and right.
    #[inline]
    pub(super) fn chain(&mut self) -> [&mut [f32]; 2] {
        let [left, right] = &mut self.chain;
        [left, right]
    }
}

/// Whether an event is of the kind that goes on to the next plugin and to MIDI outputs.
pub(super) const fn is_music(body: &Body) -> bool {
    matches!(
        body,
        Body::NoteOn { .. }
            | Body::NoteOff { .. }
            | Body::NoteChoke { .. }
            | Body::Expression { .. }
            | Body::Midi { .. }
            | Body::Midi2 { .. }
            | Body::SysEx { .. }
            | Body::Text { .. }
    )
}

/// Whether an event changes the transport.
pub(super) const fn is_transport(body: &Body) -> bool {
    matches!(body, Body::Transport(_))
}
