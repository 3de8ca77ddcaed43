//! A plugin that notes what happens to it.

use super::IN_BLOCK;
use super::std::boxed::Box;
use super::std::sync::{Arc, Mutex, MutexGuard};
use super::std::vec::Vec;
use crate::block::{PortBuffers, PortShape};
use crate::events::{Body, Event};
use crate::lend::Lent;
use crate::lend::testing::{lend, slice};
use crate::processor::{Call, NoteInput, NotePorts, Processor, Status};
use crate::rack::Unit;
use crate::transport::Transport;

/// What a plugin makes of its input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sound {
    /// 0.1 for each note held, from its frame to its end, plus the last parameter value.
    Notes,
    /// Always this.
    Level(f32),
    /// Its input times this.
    Through(f32),
    /// Nothing to hear; notes go out an octave higher.
    Octave,
}

pub(super) struct State {
    pub(super) sound: Sound,
    pub(super) status: Status,
    /// Refuses to start.
    pub(super) refuses: bool,
    /// Keeps sounding whatever it is told.
    pub(super) deaf: bool,
    /// Said in the next block.
    pub(super) says: Vec<Event>,
    /// Everything heard, with the frame since the engine was made.
    pub(super) heard: Vec<(u64, Body)>,
    pub(super) transports: Vec<Transport>,
    pub(super) calls: usize,
    pub(super) started: bool,
    pub(super) resets: usize,
    /// Processors that are alive.
    pub(super) alive: usize,
    notes: Vec<i16>,
    kept: Vec<i16>,
    pedal: bool,
    value: f32,
}

/// The test's hold on a plugin.
pub(super) struct Plugin(Arc<Mutex<State>>);

struct Fake(Arc<Mutex<State>>);

impl Plugin {
    pub(super) fn new(sound: Sound) -> Self {
        Self(Arc::new(Mutex::new(State {
            sound,
            status: Status::Continue,
            refuses: false,
            deaf: false,
            says: Vec::new(),
            heard: Vec::new(),
            transports: Vec::new(),
            calls: 0,
            started: false,
            resets: 0,
            alive: 0,
            notes: Vec::new(),
            kept: Vec::new(),
            pedal: false,
            value: 0.0,
        })))
    }

    pub(super) fn synth() -> Self {
        Self::new(Sound::Notes)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// What was heard, without the transport, and forgets it.
    pub(super) fn heard(&self) -> Vec<(u64, Body)> {
        core::mem::take(&mut self.state().heard)
    }

    /// A processor of this plugin with its ports.
    pub(super) fn unit(&self) -> Lent<Unit> {
        let mut state = self.state();
        state.alive += 1;
        let (inputs, outputs) = match state.sound {
            Sound::Notes | Sound::Level(_) => (0, 2),
            Sound::Through(_) => (2, 2),
            Sound::Octave => (0, 0),
        };
        let notes = NotePorts {
            input: if matches!(state.sound, Sound::Through(_)) {
                NoteInput::None
            } else {
                NoteInput::ClapAndMidi
            },
            output: state.sound == Sound::Octave,
        };
        let ports = |channels| {
            let shape = PortShape {
                first: 0,
                channels,
                heard: true,
            };
            PortBuffers::new(slice(channels * 64, 0.0), 64, lend(Box::new([shape])), 0)
        };
        let processor: Box<dyn Processor> = Box::new(Fake(Arc::clone(&self.0)));
        lend(Box::new(Unit::new(
            lend(processor),
            ports(inputs),
            ports(outputs),
            notes,
            0,
        )))
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        assert!(
            !IN_BLOCK.get() || super::std::thread::panicking(),
            "dropped while the engine processes"
        );
        if let Ok(mut state) = self.0.lock() {
            state.alive -= 1;
        }
    }
}

impl State {
    fn hear(&mut self, body: &Body) {
        match *body {
            Body::NoteOn { note, .. } => self.notes.push(note.key),
            Body::NoteOff { note, .. } => {
                if self.pedal && self.notes.contains(&note.key) {
                    self.kept.push(note.key);
                }
                self.notes.retain(|&key| key != note.key);
            }
            Body::NoteChoke { .. } if !self.deaf => self.silence(),
            Body::Midi {
                data: [0xb0, 64, value],
                ..
            } => {
                self.pedal = value >= 64;
                if !self.pedal {
                    self.kept.clear();
                }
            }
            #[expect(clippy::cast_possible_truncation, reason = "a test's value")]
            Body::Param { value, .. } => self.value = value as f32,
            _ => {}
        }
    }

    fn silence(&mut self) {
        self.notes.clear();
        self.kept.clear();
    }
}

impl Processor for Fake {
    fn start(&mut self) -> bool {
        let mut state = self.0.lock().unwrap();
        assert!(!state.started, "started twice");
        state.started = !state.refuses;
        state.started
    }

    fn stop(&mut self) {
        let mut state = self.0.lock().unwrap();
        assert!(state.started, "stopped twice");
        state.started = false;
    }

    fn reset(&mut self) {
        let mut state = self.0.lock().unwrap();
        state.resets += 1;
        if !state.deaf {
            state.silence();
        }
    }

    fn process(&mut self, call: Call<'_>) -> Status {
        let mut state = self.0.lock().unwrap();
        assert!(state.started && call.frames > 0);
        state.calls += 1;
        state.transports.push(*call.transport);
        let events = call.events.as_slice();
        assert!(events.windows(2).all(|pair| pair[0].time <= pair[1].time));
        assert!(events.iter().all(|event| (event.time as usize) < call.frames));
        for event in events {
            state
                .heard
                .push((call.steady + u64::from(event.time), event.body));
            if let (Sound::Octave, Body::NoteOn { mut note, velocity }) = (state.sound, event.body) {
                note.key += 12;
                call.out.push(Event {
                    body: Body::NoteOn { note, velocity },
                    ..*event
                });
            } else if let (Sound::Octave, Body::NoteOff { mut note, velocity }) = (state.sound, event.body) {
                note.key += 12;
                call.out.push(Event {
                    body: Body::NoteOff { note, velocity },
                    ..*event
                });
            }
        }
        for event in core::mem::take(&mut state.says) {
            call.out.push(event);
        }
        let mut next = 0;
        for frame in 0..call.frames {
            while next < events.len() && events[next].time as usize == frame {
                state.hear(&events[next].body);
                next += 1;
            }
            #[expect(clippy::cast_precision_loss, reason = "a handful of notes")]
            let level = match state.sound {
                Sound::Notes => 0.1 * (state.notes.len() + state.kept.len()) as f32 + state.value,
                Sound::Level(level) => level,
                Sound::Through(_) | Sound::Octave => 0.0,
            };
            match state.sound {
                Sound::Octave => {}
                Sound::Through(gain) => {
                    for side in 0..2 {
                        let input = call.inputs.channel(side, call.frames)[frame];
                        call.outputs.channel_mut(side, call.frames)[frame] = input * gain;
                    }
                }
                _ => (0..2).for_each(|side| call.outputs.channel_mut(side, call.frames)[frame] = level),
            }
        }
        state.status
    }
}
