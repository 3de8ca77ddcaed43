//! Runs the racks over one block of the device, in spans that the plugins can take.

use super::Engine;
use super::drain::Span;
use crate::block::Block;
use crate::rack::{Pass, Playing};
use crate::wire::FromEngine;

/// A linear fade of the whole output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fade {
    gain: f32,
    to: f32,
    frames: u32,
}

impl Default for Fade {
    fn default() -> Self {
        Self {
            gain: 1.0,
            to: 1.0,
            frames: 0,
        }
    }
}

impl Fade {
    pub(super) const fn begin(&mut self, to: f32, frames: u32) {
        self.to = to;
        self.frames = if frames == 0 { 1 } else { frames };
    }

    /// Applies the fade to a span and returns whether it has just ended.
    fn process(&mut self, [left, right]: [&mut [f32]; 2]) -> bool {
        #[expect(clippy::float_cmp, reason = "the gain was set to exactly 1")]
        if self.frames == 0 && self.gain == 1.0 {
            return false;
        }
        let was_running = self.frames > 0;
        for (left, right) in left.iter_mut().zip(right) {
            if self.frames > 0 {
                #[expect(clippy::cast_precision_loss, reason = "a fade lasts seconds at most")]
                let left_over = self.frames as f32;
                self.gain += (self.to - self.gain) / left_over;
                self.frames -= 1;
                if self.frames == 0 {
                    self.gain = self.to;
                }
            }
            *left *= self.gain;
            *right *= self.gain;
        }
        was_running && self.frames == 0
    }
}

impl Engine {
    /// Fills the block's outputs.
    pub(super) fn play(&mut self, block: &mut Block<'_>) {
        let frames = block.frames();
        self.midi_out.clear();
        let whole = u32::try_from(frames).unwrap_or(u32::MAX);
        let started = block.called.map(|called| self.clock.start(called, whole));
        let per_frame = self.clock.nanos_per_frame();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a block lasts well under a second"
        )]
        let delay = (f64::from(whole) * per_frame) as i64;
        let [left, right] = &mut block.outputs;
        left.fill(0.0);
        right.fill(0.0);

        let mut start = 0;
        while start < frames {
            let end = frames.min(start + self.max_block);
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a device's block is at most a few thousand frames"
            )]
            let (offset, length) = (start as u32, (end - start) as u32);
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a block lasts well under a second"
            )]
            let time = started.map(|time| (time + (f64::from(offset) * per_frame) as i64, per_frame));
            let span = Span {
                start: offset,
                frames: length,
                steady: self.meters.frames,
                time,
                delay,
            };
            let input = block.inputs.map(|sides| sides.map(|side| &side[start..end]));
            let outputs = [&mut left[start..end], &mut right[start..end]];
            self.play_span(span, input, outputs);
            self.meters.frames += u64::from(length);
            start = end;
        }
        self.device_midi.clear();
        self.meters.blocks += 1;
    }

    fn play_span(&mut self, span: Span, input: Option<[&[f32]; 2]>, [left, right]: [&mut [f32]; 2]) {
        self.drain(span);
        self.panic_events();
        let transport = self.transport;
        let mut pass = Pass {
            frames: span.frames as usize,
            steady: span.steady,
            transport,
            input,
            scratch: &mut self.scratch,
            targeted: &self.targeted[..self.targets],
            midi_out: &mut self.midi_out,
            offset: span.start,
            home: &mut self.home,
        };
        let ceiling = self.current.as_ref().and_then(|rack| rack.ceiling);
        if let Some(rack) = &mut self.current {
            rack.process(
                &self.incoming,
                Playing::Live,
                &mut pass,
                [&mut *left, &mut *right],
                (1.0, 1.0),
            );
        }
        // A rack that leaves gets no parameters, and its plugins hear no device.
        pass.targeted = &[];
        pass.input = None;
        for leaving in self.leaving.iter_mut().flatten() {
            leaving.process(&self.incoming, &mut pass, [&mut *left, &mut *right], self.rate);
        }
        self.follow_transport(span.frames);
        self.panic_watch(span.frames);
        if self.fade.process([&mut *left, &mut *right]) {
            self.home.send(FromEngine::Faded);
        }
        let peaks = [crate::block::peak(left), crate::block::peak(right)];
        if let Some(ceiling) = ceiling {
            self.limiter
                .process([left, right], ceiling, peaks[0].max(peaks[1]));
        }
        for (kept, peak) in self.meters.peak.iter_mut().zip(peaks) {
            *kept = kept.max(peak.min(ceiling.unwrap_or(f32::MAX)));
        }
    }

    /// Moves the transport to the span's end, by way of the changes inside it.
    fn follow_transport(&mut self, frames: u32) {
        let mut at = 0;
        for event in self.incoming.as_slice() {
            if let crate::events::Body::Transport(change) = event.body {
                self.transport = change;
                at = event.time;
            }
        }
        self.transport.advance(frames - at, self.rate);
    }
}
