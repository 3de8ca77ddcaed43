//! A client that records what Backline plays.

use super::{JackServer, connect};
use ::jack::{AudioIn, Client, Control, MidiIn, Port, ProcessHandler, ProcessScope};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// Most frames that are kept of a recording: a minute at 48 kHz.
const ROOM: usize = 48_000 * 60;

/// Records Backline's outputs, audio and MIDI.
#[derive(Debug)]
pub struct Recorder {
    active: ::jack::AsyncClient<(), Tape>,
    shared: Arc<Shared>,
}

/// What main may look at while the tape runs.
#[derive(Debug, Default)]
struct Shared {
    is_over: AtomicBool,
    frames: AtomicU64,
    /// Bits of the last block's greatest absolute sample.
    peak: AtomicU32,
}

/// What was heard. Frames count from the first one.
#[derive(Debug)]
pub struct Heard {
    /// The server's time of the first frame.
    pub start: u32,
    /// Left and right. Frames that the server skipped are 0.
    pub audio: [Vec<f32>; 2],
    /// MIDI messages, each with its frame.
    pub midi: Vec<(usize, Vec<u8>)>,
    /// Frames that the server skipped because something was late.
    pub skipped: usize,
}

impl Heard {
    /// The frame of a server's time.
    #[must_use]
    pub fn frame(&self, time: u32) -> usize {
        time.wrapping_sub(self.start) as usize
    }

    /// The frames whose samples on one side are not `level`, with their samples.
    #[must_use]
    pub fn other_than(&self, side: usize, level: f32) -> Vec<(usize, f32)> {
        let samples = self.audio[side].iter().copied().enumerate();
        samples.filter(|&(_, sample)| sample != level).collect()
    }
}

#[derive(Debug)]
struct Tape {
    audio: [Port<AudioIn>; 2],
    midi: Port<MidiIn>,
    heard: Heard,
    has_begun: bool,
    shared: Arc<Shared>,
}

impl Recorder {
    /// Starts to record what the client called "Backline" plays.
    ///
    /// # Panics
    ///
    /// If the server refuses the client, or there is no Backline.
    #[must_use]
    pub fn start(server: &JackServer) -> Self {
        let client = server.client("recorder");
        let audio = ["left", "right"].map(|name| {
            client
                .register_port(name, AudioIn::default())
                .expect("the server has ports left")
        });
        let midi = client
            .register_port("midi", MidiIn::default())
            .expect("the server has ports left");
        let heard = Heard {
            start: 0,
            audio: [(); 2].map(|()| Vec::with_capacity(ROOM)),
            midi: Vec::new(),
            skipped: 0,
        };
        let shared = Arc::<Shared>::default();
        let tape = Tape {
            audio,
            midi,
            heard,
            has_begun: false,
            shared: Arc::clone(&shared),
        };
        let active = client
            .activate_async((), tape)
            .expect("the server activates the client");
        let client = active.as_client();
        connect(client, "Backline:out_1", "recorder:left");
        connect(client, "Backline:out_2", "recorder:right");
        connect(client, "Backline:midi_out", "recorder:midi");
        Self { active, shared }
    }

    /// Frames recorded so far.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.shared.frames.load(Ordering::Acquire)
    }

    /// Greatest absolute sample of the last block.
    #[must_use]
    pub fn peak(&self) -> f32 {
        f32::from_bits(self.shared.peak.load(Ordering::Acquire))
    }

    /// The client, to ask the server for something.
    #[must_use]
    pub fn client(&self) -> &Client {
        self.active.as_client()
    }

    /// Ends the recording and gives it.
    ///
    /// # Panics
    ///
    /// If the server does not let the client go.
    #[must_use]
    pub fn stop(self) -> Heard {
        // While it is deactivated it goes on for a moment, without connections.
        self.shared.is_over.store(true, Ordering::Release);
        let (_, _, tape) = self
            .active
            .deactivate()
            .expect("the server deactivates the client");
        tape.heard
    }
}

impl ProcessHandler for Tape {
    fn process(&mut self, _: &Client, scope: &ProcessScope) -> Control {
        if self.shared.is_over.load(Ordering::Acquire) {
            return Control::Continue;
        }
        let (now, frames) = (scope.last_frame_time(), scope.n_frames() as usize);
        let heard = &mut self.heard;
        if !self.has_begun {
            self.has_begun = true;
            heard.start = now;
        }
        let start = heard.frame(now);
        let known = heard.audio[0].len();
        if start < known || start + frames > ROOM {
            return Control::Continue;
        }
        heard.skipped += start - known;
        let mut peak = 0.0_f32;
        for (port, side) in self.audio.iter().zip(&mut heard.audio) {
            side.resize(start, 0.0);
            side.extend_from_slice(port.as_slice(scope));
            peak = side[start..]
                .iter()
                .fold(peak, |peak, sample| peak.max(sample.abs()));
        }
        for message in self.midi.iter(scope) {
            heard
                .midi
                .push((start + message.time as usize, message.bytes.to_vec()));
        }
        self.shared
            .frames
            .store((start + frames) as u64, Ordering::Release);
        self.shared.peak.store(peak.to_bits(), Ordering::Release);
        Control::Continue
    }
}
