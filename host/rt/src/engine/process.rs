//! Runs the racks over one block of the device, in spans that the plugins can take.

use super::Engine;
use super::drain::Span;
use crate::block::{Block, peak_of_finite};
use crate::events::Body;
use crate::rack::{Pass, Playing};
use crate::transport::Transport;
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
        self.to = if to.is_finite() { to } else { 0.0 };
        self.frames = if frames == 0 { 1 } else { frames };
    }

    /// Whether it leaves everything as it is.
    #[expect(clippy::float_cmp, reason = "the gain was set to exactly 1")]
    fn rests(&self) -> bool {
        self.frames == 0 && self.gain == 1.0
    }

    /// Applies the fade to a span and returns whether it has just ended.
    fn process(&mut self, [left, right]: [&mut [f32]; 2]) -> bool {
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
        let inputs = block
            .inputs
            .filter(|sides| sides.iter().all(|side| side.len() >= frames));
        let [left, right] = &mut block.outputs;

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
                whole,
                last: end == frames,
            };
            let input = inputs.map(|sides| sides.map(|side| &side[start..end]));
            let outputs = [&mut left[start..end], &mut right[start..end]];
            self.play_span(span, input, outputs);
            self.meters.frames += u64::from(length);
            start = end;
        }
        // A block without frames plays nothing; what came with it waits.
        if frames > 0 {
            self.device_midi.clear();
        }
        self.meters.blocks += 1;
    }

    fn play_span(&mut self, span: Span, input: Option<[&[f32]; 2]>, [left, right]: [&mut [f32]; 2]) {
        self.drain(span);
        self.panic_events();
        let frames = span.frames as usize;
        let mut pass = Pass {
            frames,
            steady: span.steady,
            system: span.time.map(|(time, _)| time),
            transport: &self.transport,
            input,
            feed: &self.feed,
            watch: self.panic.watch(self.rate),
            scratch: &mut self.scratch,
            targeted: &self.targeted[..self.targets],
            midi_out: &mut self.midi_out,
            offset: span.start,
            home: &mut self.home,
        };
        let mut ceiling = None;
        if let Some(rack) = &mut self.current {
            rack.process(
                &self.incoming,
                Playing::Live,
                &mut pass,
                [&mut *left, &mut *right],
            );
            ceiling = rack.ceiling.filter(|ceiling| *ceiling > 0.0);
        } else {
            left.fill(0.0);
            right.fill(0.0);
        }
        if self.anything_leaves {
            for leaving in self.leaving.iter_mut().flatten() {
                let sides = [&mut *left, &mut *right];
                leaving.process(&self.incoming, &mut pass, &mut self.aside, sides, self.rate);
            }
        }
        self.feed.advance(frames);
        self.follow_transport(span.frames);
        self.panic_watch(span.frames);
        if !self.fade.rests() && self.fade.process([&mut *left, &mut *right]) {
            self.home.send(FromEngine::Faded);
        }
        // Without a ceiling the limiter comes back to rest before it lets go.
        if ceiling.is_some() || !self.limiter.rests() {
            let ceiling = ceiling.unwrap_or(f32::MAX);
            let peak = peak_of_finite(left).max(peak_of_finite(right));
            self.limiter.process([&mut *left, &mut *right], ceiling, peak);
        }
        self.peaks[0].look(left);
        self.peaks[1].look(right);
    }

    /// Moves the transport to the span's end, by way of the changes inside it.
    #[inline]
    fn follow_transport(&mut self, frames: u32) {
        if self.tempo_changes {
            self.tempo_changes = false;
            self.transport = self.transport_at(frames);
        } else {
            self.transport.advance(frames, self.rate);
        }
    }

    /// The transport at a frame of the span, as far as its changes are known.
    pub(super) fn transport_at(&self, frame: u32) -> Transport {
        let mut transport = self.transport;
        let mut at = 0;
        for event in self
            .incoming
            .as_slice()
            .iter()
            .filter(|event| event.time <= frame)
        {
            if let Body::Transport(number) = event.body {
                transport = self.incoming.transport(number);
                at = event.time;
            }
        }
        transport.advance(frame - at, self.rate);
        transport
    }
}
