//! One plugin in a chain: its ports, its gate, its guard.

use super::Home;
use super::mix::scale_ramped;
use crate::block::{PortBuffers, Stereo, peak};
use crate::clap::ClapScratch;
use crate::events::{Body, EventList};
use crate::lend::Lent;
use crate::processor::{Call, NoteInput, NotePorts, Processor, Status};
use crate::transport::Transport;
use crate::wire::{Fault, FromEngine, PluginAddress, RackId};
use core::fmt;

/// Blocks above this peak are replaced by silence: +24 dBFS.
const TOO_LOUD: f32 = 15.848_932;
/// Length of a gate's ramp in frames.
const RAMP: u16 = 64;
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
    started: bool,
    asleep: bool,
    /// Ramp position of the gate: 0 is shut, `RAMP` open.
    gate: u16,
    gate_open: bool,
    leaving: bool,
    /// The last good output frame, faded to silence when a block is replaced.
    last: [f32; 2],
    fade: u16,
    fault: Option<Fault>,
    /// Peak of the last block before the gate.
    pub(crate) peak: f32,
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
    pub const fn new(
        processor: Lent<dyn Processor>,
        inputs: PortBuffers,
        outputs: PortBuffers,
        notes: NotePorts,
        latency: u32,
    ) -> Self {
        Self {
            processor,
            inputs,
            outputs,
            notes,
            latency,
            started: false,
            asleep: false,
            gate: RAMP,
            gate_open: true,
            leaving: false,
            last: [0.0; 2],
            fade: 0,
            fault: None,
            peak: 0.0,
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
    }

    /// Ends a sleep.
    pub(crate) const fn wake(&mut self) {
        self.asleep = false;
    }

    /// Shuts the gate; the unit may be taken out once it [`is gone`](Self::gone).
    pub(crate) const fn take_leave(&mut self) {
        self.leaving = true;
        self.gate_open = false;
    }

    /// Opens the gate from silence: the first block of a plugin put into a running chain.
    pub(crate) const fn enter(&mut self) {
        self.gate = 0;
        self.gate_open = true;
        self.leaving = false;
    }

    /// Shuts the gate for good, until the unit is re-activated.
    pub(crate) const fn mute(&mut self) {
        self.gate_open = false;
    }

    /// Where the unit stands in leaving.
    #[must_use]
    pub const fn gone(&self) -> Gone {
        match (self.leaving, self.gate) {
            (false, _) => Gone::Staying,
            (true, 0) => Gone::Silent,
            (true, _) => Gone::Fading,
        }
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
        if !self.started {
            self.move_gate(stage.frames);
            return;
        }
        let frames = stage.frames;
        let has_input = self.inputs.has_channels();
        if has_input {
            let [left, right] = stage.chain.frames(frames);
            let source = if *live {
                Some([&*left, &*right])
            } else {
                stage.input
            };
            self.inputs.fill(source, frames);
        }
        if self.asleep && events.is_empty() && (!has_input || self.input_is_quiet(frames)) {
            self.sleep_on(has_input, live, stage);
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
        });
        self.asleep = status == Status::Sleep;
        if !self.outputs.has_channels() {
            self.guard(status, 0.0, stage);
            self.move_gate(frames);
        } else if *live && !has_input {
            // An instrument behind others adds to what they play; an effect takes its place.
            self.add(status, stage);
        } else {
            let peak = self.outputs.fold(stage.chain.frames(frames), frames, false);
            let good = self.guard(status, peak, stage);
            self.gate(stage.chain.frames(frames), good);
            *live = true;
        }
    }

    fn input_is_quiet(&self, frames: usize) -> bool {
        (0..channels(&self.inputs)).all(|channel| peak(self.inputs.channel(channel, frames)) < QUIET)
    }

    /// The output of a plugin that sleeps.
    fn sleep_on(&mut self, has_input: bool, live: &mut bool, stage: &mut Stage<'_>) {
        self.peak = 0.0;
        self.last = [0.0; 2];
        if self.outputs.has_channels() && (has_input || !*live) {
            for side in stage.chain.frames(stage.frames) {
                side.fill(0.0);
            }
            *live = true;
        }
        if !self.gate_open {
            self.gate = 0;
        }
    }

    /// Adds the output to the chain. The gate works on the plugin's own channels, so that it acts on them alone.
    fn add(&mut self, status: Status, stage: &mut Stage<'_>) {
        let frames = stage.frames;
        let channels = channels(&self.outputs);
        let peak = (0..channels)
            .map(|channel| peak(self.outputs.channel(channel, frames)))
            .fold(0.0, |a, b| {
                if f32::is_nan(a) || b.is_nan() {
                    f32::NAN
                } else {
                    f32::max(a, b)
                }
            });
        if !self.guard(status, peak, stage) {
            self.gate = 0;
            return;
        }
        let (start, end) = self.move_gate(frames);
        for channel in 0..channels {
            scale_ramped(self.outputs.channel_mut(channel, frames), start, end);
        }
        self.outputs.fold(stage.chain.frames(frames), frames, true);
    }

    /// Judges a block: returns whether it may be heard, and reports the first of a run that may not.
    fn guard(&mut self, status: Status, peak: f32, stage: &mut Stage<'_>) -> bool {
        let fault = if status == Status::Failed {
            Some(Fault::Process)
        } else if peak.is_nan() {
            Some(Fault::NotANumber)
        } else if peak > TOO_LOUD {
            Some(Fault::TooLoud)
        } else {
            None
        };
        self.peak = if fault.is_some() { 0.0 } else { peak };
        if let Some(fault) = fault {
            stage.home.faults += 1;
            if self.fault != Some(fault) {
                stage.home.send(FromEngine::Fault {
                    rack: stage.rack,
                    plugin: stage.at,
                    fault,
                });
            }
        }
        self.fault = fault;
        fault.is_none()
    }

    /// Moves the gate on by a block and returns the gains at its start and end.
    fn move_gate(&mut self, frames: usize) -> (f32, f32) {
        let gain = |gate| f32::from(gate) / f32::from(RAMP);
        let start = self.gate;
        let step = u16::try_from(frames).unwrap_or(RAMP).min(RAMP);
        self.gate = if self.gate_open {
            (self.gate + step).min(RAMP)
        } else {
            self.gate.saturating_sub(step)
        };
        (gain(start), gain(self.gate))
    }

    /// Applies the gate to a block that takes the chain's place; a bad block fades from the last good frame.
    fn gate(&mut self, [left, right]: [&mut [f32]; 2], good: bool) {
        if good {
            if self.gate_open && self.gate == RAMP {
                self.fade = RAMP;
            } else {
                let (start, end) = self.move_gate(left.len());
                scale_ramped(left, start, end);
                scale_ramped(right, start, end);
                self.fade = RAMP;
            }
            self.last = [
                left.last().copied().unwrap_or(0.0),
                right.last().copied().unwrap_or(0.0),
            ];
            return;
        }
        self.gate = 0;
        for (left, right) in left.iter_mut().zip(right) {
            self.fade = self.fade.saturating_sub(1);
            let gain = f32::from(self.fade) / f32::from(RAMP);
            *left = self.last[0] * gain;
            *right = self.last[1] * gain;
        }
    }
}

/// What one plugin is processed with: a view of the pass, without the events, which come from one of its lists.
pub(super) struct Stage<'a> {
    pub(super) rack: RackId,
    pub(super) at: PluginAddress,
    pub(super) frames: usize,
    pub(super) steady: u64,
    pub(super) transport: &'a Transport,
    /// What feeds a chain that holds no audio yet.
    pub(super) input: Option<[&'a [f32]; 2]>,
    pub(super) chain: &'a mut Stereo,
    pub(super) out: &'a mut EventList,
    pub(super) clap: &'a mut ClapScratch,
    pub(super) home: &'a mut Home,
}

fn channels(buffers: &PortBuffers) -> usize {
    buffers.ports().iter().map(|port| port.channels).sum()
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
    )
}
