//! One block of a plugin: tell, call, read.

use super::Vst3Processor;
use super::buses::{Span, Wide, is_silent};
use super::changes::Changes;
use super::context::{Now, context};
use super::controls::normalized;
use super::input::{Beats, Teller};
use super::names::{SAMPLE_32, SAMPLE_64};
use super::output;
use super::scratch::Vst3Scratch;
use crate::block::PortBuffers;
use crate::events::{Body, EventList};
use crate::processor::{Call, Status};
use crate::transport::Transport;
use vst3::Steinberg::Vst::{IAudioProcessorTrait, ProcessData};
use vst3::Steinberg::{kResultFalse, kResultOk};

/// A parameter has been set while its initial value waits for room: what comes later counts.
#[cold]
fn supersede(waiting: &mut [(u32, f64)], id: u32, value: f64) {
    let same = waiting
        .iter_mut()
        .filter(|(there, _)| *there == id && !value.is_nan());
    same.for_each(|(_, old)| *old = value);
}

/// How far a block has been told and processed.
struct Place {
    /// The span's first frame.
    start: u32,
    /// The next event.
    event: usize,
    /// Musical time at the span's first frame.
    transport: Transport,
}

impl Vst3Processor {
    /// Processes one block: one call of the plugin, or one for each stretch between changes of the transport, for a call
    /// has but one musical time.
    #[inline]
    pub(super) fn process_block(&mut self, call: Call<'_>) -> Status {
        let Call {
            frames,
            steady,
            transport,
            inputs,
            outputs,
            events,
            out,
            vst3: scratch,
            system,
            ..
        } = call;
        let scratch = &*scratch;
        let frames = frames.min(inputs.stride()).min(outputs.stride());
        let length = u32::try_from(frames).unwrap_or(0);
        // A plugin that answers without having written anything is silent, and does not repeat its last block.
        outputs.channels_mut(frames, |channel| channel.fill(0.0));
        if let Some(wide) = &self.wide {
            wide.prepare(inputs, outputs, frames);
        }
        let mut place = Place {
            start: 0,
            event: 0,
            transport: *transport,
        };
        let mut status = Status::Continue;
        loop {
            scratch.clear();
            if self.told < self.initial.len() {
                self.tell_initial(scratch);
            }
            let end = if events.len() > place.event {
                self.tell(scratch, events, &mut place, length)
            } else {
                length
            };
            self.mirror(&scratch.changes, false);
            scratch.changes.place();

            let start = place.start;
            let now = Now {
                rate: self.rate,
                steady: steady.saturating_add(start.into()),
                system: system.map(|time| time.saturating_add(self.nanos(start))),
                needs: self.needs,
            };
            let span = Span {
                start: start as usize,
                end: end as usize,
            };
            // What comes behind a failure is told all the same, for there may be releases in it.
            if self.run(
                scratch,
                [&mut *inputs, &mut *outputs],
                span,
                &place.transport,
                now,
            ) == Status::Failed
            {
                status = Status::Failed;
            }
            let count = end - start;
            output::read(
                &scratch.out_events,
                out,
                &mut self.said,
                output::Frames { start, count },
            );
            self.mirror(&scratch.out_changes, true);
            if end >= length {
                return status;
            }
            place.start = end;
        }
    }

    /// Tells the initial values that have not been told yet, as many as there is room for.
    #[cold]
    fn tell_initial(&mut self, scratch: &Vst3Scratch) {
        while let Some(&(id, value)) = self.initial.get(self.told) {
            if !scratch.changes.has_room() {
                break;
            }
            if !value.is_nan() {
                scratch.changes.push(id, 0, normalized(value), || false);
            }
            self.told += 1;
        }
    }

    /// Tells the events of a span that begins at `place`. Returns where the span ends: at the next change of the transport,
    /// or at the block's end.
    fn tell(&mut self, scratch: &Vst3Scratch, list: &EventList, place: &mut Place, frames: u32) -> u32 {
        let mut teller = Teller {
            events: &scratch.events,
            changes: &scratch.changes,
            controls: &self.controls,
            notes: &mut self.notes,
            list,
            event_inputs: self.event_inputs,
            flags: self.event_flags,
            start: place.start,
            beats: Beats::new(&place.transport, self.rate),
        };
        let last = frames.saturating_sub(1);
        let waiting = self.told < self.initial.len();
        for event in list.as_slice().get(place.event..).unwrap_or_default() {
            let time = event.time.min(last).max(place.start);
            match event.body {
                Body::Transport(_) if time > place.start => return time,
                Body::Transport(number) => {
                    place.transport = list.transport(number);
                    teller.beats = Beats::new(&place.transport, self.rate);
                }
                Body::Param { id, value, .. } => {
                    if waiting {
                        supersede(&mut self.initial[self.told..], id, value);
                    }
                    teller.value((time - place.start).cast_signed(), id, value);
                }
                _ => teller.tell(event, time),
            }
            place.event += 1;
        }
        frames
    }

    /// Notes the last value of every parameter, for main to tell the edit controller.
    #[inline]
    fn mirror(&self, changes: &Changes, from_plugin: bool) {
        if !changes.all().is_empty() {
            changes.last_values(|id, value| self.controls.note(id, value, from_plugin));
            self.controls.tell_news();
        }
    }

    /// Hands a span to the plugin, with the lists as they are.
    fn run(
        &mut self,
        scratch: &Vst3Scratch,
        sides: [&mut PortBuffers; 2],
        span: Span,
        at: &Transport,
        now: Now,
    ) -> Status {
        let [inputs, outputs] = sides;
        let wide = self.wide.as_ref();
        let handed = (
            self.inputs
                .point_to(inputs, wide.map(Wide::inputs), span, is_silent),
            self.outputs
                .point_to(outputs, wide.map(Wide::outputs), span, |_| false),
        );
        let (Some((input, inputs_count)), Some((output, outputs_count))) = handed else {
            return Status::Failed;
        };
        let mut context = context(at, now);
        let mut data = ProcessData {
            processMode: self.mode,
            symbolicSampleSize: if wide.is_some() { SAMPLE_64 } else { SAMPLE_32 },
            numSamples: i32::try_from(span.end - span.start).unwrap_or(0),
            numInputs: inputs_count,
            numOutputs: outputs_count,
            inputs: input,
            outputs: output,
            inputParameterChanges: scratch.changes.as_ptr(),
            outputParameterChanges: scratch.out_changes.as_ptr(),
            inputEvents: scratch.events.as_ptr(),
            outputEvents: scratch.out_events.as_ptr(),
            processContext: &raw mut context,
        };
        // SAFETY: `AudioPtr::new` demands an active component, and this is the only thread that calls it. Everything that
        // `data` points to is valid for the length of the call: buses and channels were just pointed at the plugin's own
        // buffers, which are borrowed here, and the lists are shared with the plugin alone.
        let result = unsafe { self.processor.0.process(&raw mut data) };
        if let Some(wide) = wide {
            wide.finish(outputs, span);
        }
        self.outputs.clear_silent(outputs, span);
        // JUCE and Ardour pay no heed to the result at all. A plugin that says "false" may well have played; one that has not
        // left the outputs as they were, which is cleared. What says that it failed, or can do no such thing, has failed.
        if result == kResultOk || result == kResultFalse {
            Status::Continue
        } else {
            Status::Failed
        }
    }

    /// How long so many frames last.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a block lasts well under a second"
    )]
    fn nanos(&self, frames: u32) -> i64 {
        (f64::from(frames) * 1e9 / self.rate) as i64
    }
}
