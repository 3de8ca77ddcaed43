//! A client that plays to Backline.

use super::{JackServer, LIMIT, connect};
use ::jack::{AudioOut, Client, Control, MidiOut, Port, ProcessHandler, ProcessScope, RawMidi};
use std::sync::{Arc, Mutex, PoisonError};

/// A message, and the server's time of the frame at which it was sent.
pub type Sent = (u32, Vec<u8>);

/// Sends MIDI to Backline, and a sound: an impulse of 0.5 left and -0.25 right, every [`Sender::EVERY`] frames.
#[derive(Debug)]
pub struct Sender {
    active: ::jack::AsyncClient<(), Keys>,
    desk: Arc<Mutex<Desk>>,
}

#[derive(Debug, Default)]
struct Desk {
    /// Messages to send, each with the server's time, in order.
    due: Vec<Sent>,
    sent: Vec<Sent>,
    /// The server's times of the impulses.
    impulses: Vec<u32>,
}

#[derive(Debug)]
struct Keys {
    audio: [Port<AudioOut>; 2],
    midi: Port<MidiOut>,
    desk: Arc<Mutex<Desk>>,
}

impl Sender {
    /// Frames between two impulses: a prime, so that they fall anywhere in a block.
    pub const EVERY: u32 = 1_009;

    /// Connects to the client called "Backline".
    ///
    /// # Panics
    ///
    /// If the server refuses the client, or there is no Backline.
    #[must_use]
    pub fn start(server: &JackServer) -> Self {
        let client = server.client("sender");
        let audio = ["left", "right"].map(|name| {
            client
                .register_port(name, AudioOut::default())
                .expect("the server has ports left")
        });
        let midi = client
            .register_port("keys", MidiOut::default())
            .expect("the server has ports left");
        let desk = Arc::<Mutex<Desk>>::default();
        let keys = Keys {
            audio,
            midi,
            desk: Arc::clone(&desk),
        };
        let active = client
            .activate_async((), keys)
            .expect("the server activates the client");
        let client = active.as_client();
        connect(client, "sender:left", "Backline:in_1");
        connect(client, "sender:right", "Backline:in_2");
        connect(client, "sender:keys", "Backline:midi_in");
        Self { active, desk }
    }

    /// Sends messages, each so many frames from soon on, and waits until they are sent. Gives when they were.
    ///
    /// # Panics
    ///
    /// If they are not within a few seconds.
    pub fn send(&self, messages: &[(u32, &[u8])]) -> Vec<Sent> {
        let soon = self.active.as_client().frame_time().wrapping_add(4_800);
        let due = messages
            .iter()
            .map(|&(after, message)| (soon.wrapping_add(after), message.to_vec()));
        self.desk().due = due.collect();
        crate::wait("all messages are sent", LIMIT, || self.desk().due.is_empty());
        std::mem::take(&mut self.desk().sent)
    }

    /// The server's times of all impulses until now.
    #[must_use]
    pub fn impulses(&self) -> Vec<u32> {
        self.desk().impulses.clone()
    }

    fn desk(&self) -> std::sync::MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ProcessHandler for Keys {
    fn process(&mut self, _: &Client, scope: &ProcessScope) -> Control {
        let (now, frames) = (scope.last_frame_time(), scope.n_frames());
        let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        let mut writer = self.midi.writer(scope);
        // A difference of half the range or more is a time that has passed: the server skipped it.
        let offset = |at: u32| {
            if at.wrapping_sub(now) > u32::MAX / 2 {
                0
            } else {
                at.wrapping_sub(now)
            }
        };
        let count = desk.due.iter().take_while(|(at, _)| offset(*at) < frames).count();
        let due: Vec<Sent> = desk.due.drain(..count).collect();
        for (at, message) in due {
            let time = offset(at);
            writer
                .write(&RawMidi {
                    time,
                    bytes: &message,
                })
                .expect("room in JACK's buffer");
            desk.sent.push((now.wrapping_add(time), message));
        }
        let [left, right] = self.audio.each_mut().map(|port| port.as_mut_slice(scope));
        left.fill(0.0);
        right.fill(0.0);
        for frame in 0..frames {
            let time = now.wrapping_add(frame);
            if time.is_multiple_of(Sender::EVERY) {
                (left[frame as usize], right[frame as usize]) = (0.5, -0.25);
                desk.impulses.push(time);
            }
        }
        Control::Continue
    }
}
