//! Collects one pass's events, each at its own sample.

use super::Engine;
use crate::events::{Body, Event};
use crate::rack::Targeted;
use crate::sequence::{Note, Sequence, What};
use crate::wire::{Command, FromEngine, PluginAddress, RackId, Stamp, ToEngine};

/// The stretch of the device's block that is being played.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// First frame in the device's block.
    pub(super) start: u32,
    /// Number of frames.
    pub(super) frames: u32,
    /// Frames since the engine was made, at the span's first frame.
    pub(super) steady: u64,
    /// Time of the span's first frame in nanoseconds, and nanoseconds of one frame; none where time is not real.
    pub(super) time: Option<(i64, f64)>,
    /// Nanoseconds that a command waits after its stamp: one block of the device.
    pub(super) delay: i64,
}

impl Span {
    /// The frame of the span at which a command is due; `None` when that lies behind the span.
    fn due(&self, at: Stamp) -> Option<u32> {
        let frame = match (at, self.time) {
            (Stamp::Now, _) | (Stamp::Nanos(_), None) => 0,
            (Stamp::Frame(frame), _) => u32::try_from(frame.saturating_sub(self.steady)).unwrap_or(u32::MAX),
            (Stamp::Nanos(nanos), Some((start, per_frame))) => {
                #[expect(clippy::cast_precision_loss, reason = "a difference of a few seconds at most")]
                let late = nanos.saturating_add(self.delay).saturating_sub(start) as f64;
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a float cast saturates, and what is due already is due at frame 0"
                )]
                {
                    (late / per_frame) as u32
                }
            }
        };
        (frame < self.frames).then_some(frame)
    }
}

/// The controllers that a new rack should know of: hands and feet do not move because a preset changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Controllers {
    /// Modulation wheel and the pedals, a value a channel.
    values: [[u8; 16]; CHASED.len()],
    bend: [[u8; 2]; 16],
}

const CHASED: [u8; 5] = [1, 64, 66, 67, 69];
const CENTRE: [u8; 2] = [0, 64];

impl Default for Controllers {
    fn default() -> Self {
        Self {
            values: [[0; 16]; CHASED.len()],
            bend: [CENTRE; 16],
        }
    }
}

impl Controllers {
    fn follow(&mut self, [status, first, second]: [u8; 3]) {
        let channel = usize::from(status & 0x0f);
        match (status & 0xf0, first) {
            (0xe0, _) => self.bend[channel] = [first, second],
            (0xb0, 121) => {
                self.values.iter_mut().for_each(|values| values[channel] = 0);
                self.bend[channel] = CENTRE;
            }
            (0xb0, _) => {
                if let Some(place) = CHASED.iter().position(|&chased| chased == first) {
                    self.values[place][channel] = second;
                }
            }
            _ => {}
        }
    }

    /// Every message that tells how things differ from rest.
    pub(super) fn each(&self, mut message: impl FnMut([u8; 3])) {
        for channel in 0..16_u8 {
            let at = usize::from(channel);
            for (values, controller) in self.values.iter().zip(CHASED) {
                if values[at] != 0 {
                    message([0xb0 | channel, controller, values[at]]);
                }
            }
            let [low, high] = self.bend[at];
            if self.bend[at] != CENTRE {
                message([0xe0 | channel, low, high]);
            }
        }
    }

    /// Forgets the pedals, which a panic lets go.
    pub(super) fn release(&mut self) {
        self.values
            .iter_mut()
            .skip(1)
            .for_each(|values| *values = [0; 16]);
    }
}

impl Engine {
    /// Collects the events of a span into `incoming` and `targeted`.
    pub(super) fn drain(&mut self, span: Span) {
        self.incoming.clear();
        self.targets = 0;
        self.drain_device(span);
        self.drain_sequence(span);
        for index in 0..self.lanes.len() {
            self.drain_lane(index, span);
        }
        if let Some(rack) = &self.current
            && !self.incoming.is_empty()
        {
            let (targeted, targets) = (&mut self.targeted, &mut self.targets);
            let dropped = &mut self.home.dropped;
            rack.map_controllers(&self.incoming, |event| {
                *dropped += u64::from(!push_targeted(targeted, targets, event));
            });
        }
    }

    /// MIDI that came with the device's block. It stays in its list until the block's last span.
    fn drain_device(&mut self, span: Span) {
        let Self {
            device_midi,
            incoming,
            meters,
            controllers,
            ..
        } = self;
        if device_midi.is_empty() {
            return;
        }
        let (first, end) = (
            device_midi.before(span.start),
            device_midi.before(span.start + span.frames),
        );
        let mut panic = false;
        for event in &device_midi.as_slice()[first..end] {
            let event = Event {
                time: event.time - span.start,
                body: event.body,
            };
            incoming.push_from(device_midi, &event);
            meters.midi_events += 1;
            if let Body::Midi { data, .. } = event.body {
                meters.last_midi = data;
                controllers.follow(data);
                panic |= data[0] == 0xff;
            }
        }
        if panic {
            self.begin_panic();
        }
    }

    fn drain_sequence(&mut self, span: Span) {
        let Self {
            sequence,
            incoming,
            meters,
            transport,
            controllers,
            home,
            ..
        } = self;
        let Some(sequence) = sequence.as_deref_mut().filter(|sequence| sequence.is_playing()) else {
            return;
        };
        let ended = sequence.advance(span.frames, |time, piece: &Sequence, note: &Note| {
            match note.what {
                What::Midi(data) => {
                    incoming.push(Event {
                        time,
                        body: Body::Midi { port: 0, data },
                    });
                    meters.midi_events += 1;
                    meters.last_midi = data;
                    controllers.follow(data);
                }
                What::SysEx { start, len } => {
                    incoming.push_sysex(time, 0, piece.bytes(start, len));
                }
                What::Transport(at) if time == 0 => *transport = at,
                What::Transport(at) => drop(incoming.push(Event {
                    time,
                    body: Body::Transport(at),
                })),
            }
        });
        if ended {
            home.send(FromEngine::SequenceEnd);
        }
    }

    /// Takes what is due in this span from one lane. What finds no room stays in the ring for the next block.
    fn drain_lane(&mut self, index: usize, span: Span) {
        // The lane is taken out of the table for the length of this call, and put back.
        let Some(mut lane) = self.lanes[index].take() else {
            return;
        };
        while let Some(&ToEngine { at, command }) = lane.peek() {
            let Some(time) = span.due(at) else { break };
            if self.incoming.room() == 0 || self.targets == self.targeted.len() {
                break;
            }
            if let Command::SysEx { len } = command {
                // One that waits for room is kept; one that no block could hold is dropped.
                if self.incoming.byte_room() < len as usize && !self.incoming.is_empty() {
                    break;
                }
                lane.pop();
                if !self
                    .incoming
                    .push_sysex_with(time, 0, len, |bytes| lane.read_bytes(bytes))
                {
                    lane.skip_bytes(len);
                }
                self.meters.midi_events += 1;
                continue;
            }
            lane.pop();
            self.obey(time, command);
        }
        if lane.peek().is_none() {
            lane.settle(|command| self.obey(0, command));
        }
        self.home.dropped += u64::from(lane.take_dropped());
        self.lanes[index] = Some(lane);
    }

    fn obey(&mut self, time: u32, command: Command) {
        match command {
            Command::Midi(data) => {
                self.meters.midi_events += 1;
                self.meters.last_midi = data;
                self.controllers.follow(data);
                if data[0] == 0xff {
                    self.begin_panic();
                } else {
                    self.incoming.push(Event {
                        time,
                        body: Body::Midi { port: 0, data },
                    });
                }
            }
            // Taken by `drain_lane`, which has the bytes.
            Command::SysEx { .. } => {}
            Command::Plugin { rack, plugin, body } => self.target(rack, plugin, Event { time, body }),
            Command::Layer {
                rack,
                layer,
                settings,
            } => {
                if let Some(layer) = self.rack_mut(rack).and_then(|rack| rack.layer_mut(layer)) {
                    layer.set(settings);
                }
            }
            Command::Panic => self.begin_panic(),
            Command::Fade { to, frames } => self.fade.begin(to, frames),
            Command::TakeOut { rack, plugin } => self.take_out(rack, plugin),
            Command::Wake { rack, plugin } => {
                if let Some(unit) = self.rack_mut(rack).and_then(|rack| rack.unit_mut(plugin)) {
                    unit.wake();
                }
            }
            Command::Play(playing) => {
                self.transport.playing = playing;
                if let Some(sequence) = &mut self.sequence {
                    sequence.play(playing);
                }
            }
        }
    }

    /// An event for one plugin of the rack that plays; for any other rack it comes too late and is dropped.
    fn target(&mut self, rack: RackId, plugin: PluginAddress, event: Event) {
        if self.current.as_ref().is_some_and(|current| current.id == rack) {
            let pushed = push_targeted(&mut self.targeted, &mut self.targets, Targeted { plugin, event });
            self.home.dropped += u64::from(!pushed);
        }
    }
}

/// Adds an event behind those of the same time. Returns whether there was room.
fn push_targeted(targeted: &mut [Targeted], count: &mut usize, new: Targeted) -> bool {
    if *count == targeted.len() {
        return false;
    }
    let mut at = *count;
    while at > 0 && targeted[at - 1].event.time > new.event.time {
        targeted[at] = targeted[at - 1];
        at -= 1;
    }
    targeted[at] = new;
    *count += 1;
    true
}
