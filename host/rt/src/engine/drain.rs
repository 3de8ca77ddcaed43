//! Collects one pass's events, each at its own sample.

use super::Engine;
use crate::events::{Body, Event, EventList, NoteAddress, is_release};
use crate::rack::Targeted;
use crate::sequence::{Note, Sequence, What};
use crate::transport::Transport;
use crate::wire::{Command, FromEngine, PluginAddress, RackId, Stamp};

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
    /// Frames of the device's whole block: so long a command waits after its stamp.
    pub(super) whole: u32,
    /// Whether it is the last of the device's block.
    pub(super) last: bool,
}

impl Span {
    /// The frame of the span at which a command is due; `None` when its time has not come.
    fn due(&self, at: Stamp) -> Option<u32> {
        let frame = match (at, self.time) {
            (Stamp::Now, _) | (Stamp::Nanos(_), None) => 0,
            (Stamp::Frame(frame), _) => u32::try_from(frame.saturating_sub(self.steady)).unwrap_or(u32::MAX),
            (Stamp::Nanos(nanos), Some((start, per_frame))) => {
                #[expect(clippy::cast_precision_loss, reason = "a difference of a few seconds at most")]
                let since = nanos.saturating_sub(start) as f64;
                let late = since + f64::from(self.whole) * per_frame;
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
    /// A value a channel of each controller of [`CHASED`].
    values: [[u8; 16]; CHASED.len()],
    bend: [[u8; 2]; 16],
}

/// Modulation, breath, foot and expression, and the pedals, with their values at rest.
const CHASED: [(u8, u8); 8] = [
    (1, 0),
    (2, 0),
    (4, 0),
    (11, 127),
    (64, 0),
    (66, 0),
    (67, 0),
    (69, 0),
];
const CENTRE: [u8; 2] = [0, 64];

impl Default for Controllers {
    fn default() -> Self {
        Self {
            values: CHASED.map(|(_, rest)| [rest; 16]),
            bend: [CENTRE; 16],
        }
    }
}

impl Controllers {
    #[inline]
    fn follow(&mut self, data: [u8; 3]) {
        // Not a note, that is.
        if data[0] >= 0xb0 {
            self.follow_controller(data);
        }
    }

    fn follow_controller(&mut self, [status, first, second]: [u8; 3]) {
        let channel = usize::from(status & 0x0f);
        match (status & 0xf0, first) {
            (0xe0, _) => self.bend[channel] = [first, second],
            (0xb0, 121) => {
                for (values, (_, rest)) in self.values.iter_mut().zip(CHASED) {
                    values[channel] = rest;
                }
                self.bend[channel] = CENTRE;
            }
            (0xb0, _) => {
                if let Some(place) = CHASED.iter().position(|&(chased, _)| chased == first) {
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
            for (values, (controller, rest)) in self.values.iter().zip(CHASED) {
                if values[at] != rest {
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
        for (values, (controller, rest)) in self.values.iter_mut().zip(CHASED) {
            if controller >= 64 {
                *values = [rest; 16];
            }
        }
    }
}

impl Engine {
    /// Collects the events of a span into `incoming` and `targeted`.
    pub(super) fn drain(&mut self, span: Span) {
        self.incoming.clear();
        self.targets = 0;
        self.drain_debts();
        self.drain_device(span);
        if self.sequence.is_some() {
            self.drain_sequence(span, 0);
        }
        // Each lane has its turn to be first, so that none starves behind a flood on another.
        let used = self.lanes_used;
        self.first_lane = if self.first_lane + 1 < used {
            self.first_lane + 1
        } else {
            0
        };
        for index in (self.first_lane..used).chain(0..self.first_lane.min(used)) {
            if self.lanes[index].as_ref().is_some_and(|lane| !lane.rests()) {
                self.drain_lane(index, span);
            }
        }
        if let Some(rack) = &self.current
            && !self.incoming.is_empty()
        {
            let (targeted, targets) = (&mut self.targeted, &mut self.targets);
            let dropped = &mut self.home.dropped;
            rack.map_controllers(&self.incoming, |event| {
                *dropped += u64::from(!push_targeted(
                    targeted,
                    targets,
                    event.plugin,
                    event.event.time,
                    &event.event.body,
                ));
            });
        }
    }

    /// What comes before all else: releases that the last pass had no room for, the end of what a piece held that
    /// plays no more, and the controllers for a new rack.
    fn drain_debts(&mut self) {
        let Self {
            incoming,
            owed,
            controllers,
            sounding,
            ..
        } = self;
        let owed = &*owed;
        let mut pay = |data| {
            controllers.follow(data);
            if !push_midi(incoming, 0, data) {
                owed.record(&Command::Midi(data));
            }
        };
        if owed.any() {
            owed.settle(|command| {
                if let Command::Midi(data) = command {
                    pay(data);
                }
            });
        }
        if core::mem::take(&mut self.hush) {
            sounding.release(&mut pay);
        }
        if core::mem::take(&mut self.chase) {
            controllers.each(|data| {
                push_midi(incoming, 0, data);
            });
        }
    }

    /// MIDI that came with the device's block. It stays in its list until the block's last span.
    fn drain_device(&mut self, span: Span) {
        if self.device_midi.is_empty() {
            return;
        }
        let first = self.device_midi.before(span.start);
        // A device that stamps a message behind the block's end means its last frame.
        let end = if span.last {
            self.device_midi.len()
        } else {
            self.device_midi.before(span.start + span.frames)
        };
        for index in first..end {
            let Event { time, body } = self.device_midi.as_slice()[index];
            let time = (time - span.start).min(span.frames - 1);
            match body {
                Body::Midi { data, .. } => self.hear(time, data),
                _ => {
                    self.incoming.push_from(&self.device_midi, &Event { time, body });
                    self.meters.midi_events += 1;
                }
            }
        }
    }

    /// What the piece says from `from` to the end of the span.
    fn drain_sequence(&mut self, span: Span, from: u32) {
        let Self {
            sequence,
            incoming,
            meters,
            transport,
            controllers,
            sounding,
            owed,
            tempo_changes,
            ..
        } = self;
        let Some(sequence) = sequence.as_deref_mut().filter(|sequence| sequence.is_playing()) else {
            return;
        };
        let frames = span.frames - from;
        let left = sequence.left();
        let ended = sequence.advance(frames, |time, piece: &Sequence, note: &Note| {
            let time = from + time;
            match note.what {
                What::Midi(data) => {
                    meters.midi_events += 1;
                    meters.last_midi = data;
                    controllers.follow(data);
                    let heard = push_midi(incoming, time, data);
                    if !heard && is_release(data) {
                        owed.record(&Command::Midi(data));
                    }
                    if heard {
                        sounding.follow(data);
                    }
                }
                What::SysEx { start, len } => {
                    incoming.push_sysex(time, 0, piece.bytes(start, len));
                }
                What::Lyric { channel, start, len } => {
                    let (note, text) = (NoteAddress::channel(channel), piece.bytes(start, len));
                    incoming.push_text_with(time, (note, false), len, |pool| {
                        let length = text.len().min(pool.len());
                        pool[..length].copy_from_slice(&text[..length]);
                    });
                }
                What::Transport(at) if time == 0 => *transport = at,
                What::Transport(at) => {
                    *tempo_changes |= incoming.push_transport(time, at);
                }
            }
        });
        if !ended {
            return;
        }
        if !sequence.is_looped() {
            match u32::try_from(left) {
                Ok(left) if left < frames => self.end_sequence(from + left),
                _ => self.hush = true,
            }
        }
        self.home.send(FromEngine::SequenceEnd);
    }

    /// Lets go of what the piece holds.
    fn end_sequence(&mut self, time: u32) {
        let mut sounding = core::mem::take(&mut self.sounding);
        sounding.release(|data| {
            self.controllers.follow(data);
            if !push_midi(&mut self.incoming, time, data) {
                self.owed.record(&Command::Midi(data));
            }
        });
    }

    /// Takes what is due in this span from one lane. What finds no room stays in the ring for the next block.
    #[inline(never)]
    fn drain_lane(&mut self, index: usize, span: Span) {
        // The lane is taken out of the table for the length of this call, and put back.
        let Some(mut lane) = self.lanes[index].take() else {
            return;
        };
        if lane.take_panic() {
            self.begin_panic();
        }
        let owes = lane.owes();
        // Times of one lane never go back, whatever its stamps say: a note-off stays behind its note-on.
        let mut last = 0;
        let all = lane.drain(|next, bytes| {
            let Some(time) = span.due(next.at) else {
                return false;
            };
            if self.incoming.room() == 0 || self.targets == self.targeted.len() {
                return false;
            }
            last = time.max(last);
            match next.command {
                Command::Midi(data) => self.hear(last, data),
                Command::Plugin {
                    rack,
                    plugin,
                    ref body,
                } => self.target(rack, plugin, last, body),
                Command::SysEx { len } => {
                    // One that waits for room is kept; one that no block could hold is dropped.
                    if self.incoming.byte_room() < len as usize && !self.incoming.pool_is_empty() {
                        return false;
                    }
                    let mut taken = false;
                    self.incoming.push_sysex_with(last, 0, len, |into| {
                        taken = true;
                        bytes.read(into)
                    });
                    if !taken {
                        bytes.skip(len);
                    }
                    self.meters.midi_events += 1;
                }
                ref command => self.obey(last, command, span),
            }
            true
        });
        if owes && all {
            lane.settle(|command| match command {
                Command::Midi(data) => self.hear(last, data),
                command => self.obey(last, &command, span),
            });
        }
        self.home.dropped += u64::from(lane.take_dropped());
        self.lanes[index] = Some(lane);
    }

    /// Takes a message from outside at its frame.
    #[inline(always)]
    fn hear(&mut self, time: u32, data: [u8; 3]) {
        self.meters.midi_events += 1;
        self.meters.last_midi = data;
        self.controllers.follow(data);
        if data[0] == 0xff {
            self.begin_panic();
        } else if !push_midi(&mut self.incoming, time, data) && is_release(data) {
            self.owed.record(&Command::Midi(data));
        }
    }

    fn play_piece(&mut self, time: u32, playing: bool, span: Span) {
        if self.transport.playing != playing {
            if time == 0 {
                self.transport.playing = playing;
            } else {
                let at = Transport {
                    playing,
                    ..self.transport_at(time)
                };
                self.tempo_changes |= self.incoming.push_transport(time, at);
            }
        }
        let Some(sequence) = &mut self.sequence else {
            return;
        };
        let was_playing = sequence.is_playing();
        sequence.play(playing);
        if playing && !was_playing {
            self.drain_sequence(span, time);
        } else if was_playing && !playing {
            self.end_sequence(span.frames - 1);
        }
    }

    /// Does what is asked of the engine itself.
    fn obey(&mut self, time: u32, command: &Command, span: Span) {
        match *command {
            // Notes and the like have been taken by `drain_lane`.
            Command::Midi(_) | Command::SysEx { .. } | Command::Plugin { .. } => {}
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
            Command::Play(playing) => self.play_piece(time, playing, span),
        }
    }

    /// An event for one plugin of the rack that plays. A rack that leaves hears only releases; for any other rack it
    /// comes too late and is dropped.
    #[inline(always)]
    fn target(&mut self, rack: RackId, plugin: PluginAddress, time: u32, body: &Body) {
        if self.current.as_ref().is_some_and(|current| current.id == rack) {
            let pushed = push_targeted(&mut self.targeted, &mut self.targets, plugin, time, body);
            self.home.dropped += u64::from(!pushed);
        } else if body.is_release() {
            let event = Event { time, body: *body };
            self.release(rack, Targeted { plugin, event });
        }
    }

    #[cold]
    fn release(&mut self, rack: RackId, targeted: Targeted) {
        let mut leaving = self.leaving.iter_mut().flatten();
        if let Some(leaving) = leaving.find(|leaving| leaving.rack.id == rack) {
            leaving.release(targeted);
        }
    }
}

#[inline]
fn push_midi(list: &mut EventList, time: u32, data: [u8; 3]) -> bool {
    let body = Body::Midi { port: 0, data };
    list.push(Event { time, body })
}

/// Adds an event behind those of the same time. Returns whether there was room.
#[inline]
pub(super) fn push_targeted(
    targeted: &mut [Targeted],
    count: &mut usize,
    plugin: PluginAddress,
    time: u32,
    body: &Body,
) -> bool {
    let mut at = *count;
    if at >= targeted.len() {
        return false;
    }
    while at > 0 && targeted[at - 1].event.time > time {
        targeted[at] = targeted[at - 1];
        at -= 1;
    }
    // Field by field: what is put together beside its place is copied twice.
    let place = &mut targeted[at];
    place.plugin = plugin;
    place.event.time = time;
    place.event.body = *body;
    *count += 1;
    true
}
