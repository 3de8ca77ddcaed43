//! Sessions that play: block by block, or on a clock.

use host::device::{BufferWish, Driver, Wish};
use host::plugin::RenderMode;
use host::session::{Meters, PluginAddress, RackSpec, Session, SessionEvent, Stamp};
use std::time::{Duration, Instant};

/// A MIDI message that a plugin said, and the frame since the stage was made.
pub type Said = (usize, Vec<u8>);

/// A session on an offline device, stepped block by block, that keeps what it played.
#[derive(Debug)]
pub struct Stage {
    /// The session.
    pub session: Session,
    /// All that was played: left and right.
    pub played: [Vec<f32>; 2],
    /// All that happened, without meters.
    pub events: Vec<SessionEvent>,
    /// The last meters.
    pub meters: Meters,
    /// All MIDI that plugins said.
    pub said: Vec<Said>,
    block: usize,
}

impl Stage {
    /// A stage at 48 kHz with blocks of `block` frames, playing `spec`.
    ///
    /// # Panics
    ///
    /// If the rack does not load.
    #[must_use]
    pub fn new(spec: &RackSpec, block: usize) -> Self {
        let mut session = Session::new();
        session.load(spec).expect("the rack loads");
        Self::around(session, block)
    }

    /// A stage around a session that has its rack already.
    ///
    /// # Panics
    ///
    /// If the rack does not run.
    #[must_use]
    pub fn around(mut session: Session, block: usize) -> Self {
        session
            .open_offline(48_000, block, RenderMode::Live)
            .expect("the offline device opens");
        Self {
            session,
            played: [Vec::new(), Vec::new()],
            events: Vec::new(),
            meters: Meters::default(),
            said: Vec::new(),
            block,
        }
    }

    /// Frames played so far.
    #[must_use]
    pub fn position(&self) -> usize {
        self.played[0].len()
    }

    /// Plays one block, with messages at frames of it, and serves main.
    ///
    /// # Panics
    ///
    /// If the offline device is gone.
    pub fn step(&mut self, midi: &[(u32, &[u8])]) {
        self.step_with_input(midi, None);
    }

    /// Plays one block with input.
    ///
    /// # Panics
    ///
    /// If the offline device is gone.
    pub fn step_with_input(&mut self, midi: &[(u32, &[u8])], input: Option<[&[f32]; 2]>) {
        let start = self.position();
        let offline = self.session.offline().expect("an offline device");
        for &(time, message) in midi {
            offline.midi_in(time, message);
        }
        let [left, right] = offline.step(input);
        self.played[0].extend_from_slice(left);
        self.played[1].extend_from_slice(right);
        let said = &mut self.said;
        offline.midi_out(|time, message| said.push((start + time as usize, message.to_vec())));
        self.serve();
    }

    /// Serves main without playing.
    pub fn serve(&mut self) {
        for event in self.session.tick(Instant::now()) {
            match event {
                SessionEvent::Meters(meters) => self.meters = meters,
                event => self.events.push(event),
            }
        }
    }

    /// Plays until at least `frames` frames have been played in all, with messages at absolute frames.
    pub fn play_to(&mut self, frames: usize, midi: &[(usize, &[u8])]) {
        while self.position() < frames {
            let start = self.position();
            let due = midi
                .iter()
                .filter(|(at, _)| (start..start + self.block).contains(at));
            let due: Vec<(u32, &[u8])> = due
                .map(|&(at, message)| (u32::try_from(at - start).unwrap_or(0), message))
                .collect();
            self.step(&due);
        }
    }

    /// Plays `frames` more frames, rounded up to whole blocks, and gives the left side of them.
    pub fn play(&mut self, frames: usize) -> &[f32] {
        let start = self.position();
        self.play_to(start + frames, &[]);
        &self.played[0][start..]
    }

    /// Takes all that happened.
    pub fn take_events(&mut self) -> Vec<SessionEvent> {
        std::mem::take(&mut self.events)
    }

    /// Greatest step between neighbouring samples from frame `from` on: what a click is made of.
    #[must_use]
    pub fn greatest_step(&self, from: usize) -> f32 {
        let steps = self
            .played
            .iter()
            .flat_map(|side| side[from..].windows(2).map(|pair| (pair[1] - pair[0]).abs()));
        steps.fold(0.0, f32::max)
    }
}

/// Sets a parameter to a part of its range, whose ends may differ between the formats: 0 is its least value and 1 its
/// greatest. Returns whether it was taken: there may be no such plugin or parameter.
pub fn set_part(session: &mut Session, place: PluginAddress, name: &str, part: f64, at: Stamp) -> bool {
    let plugin = session.rack().and_then(|rack| rack.plugin(place));
    let Some(param) = plugin.and_then(|plugin| plugin.instance.find_param(name).ok()) else {
        return false;
    };
    let value = param.min + (param.max - param.min) * part;
    session.set_param(place, name, value, at).unwrap_or(false)
}

/// A session on the null device, which plays in real time on a thread of its own.
#[derive(Debug)]
pub struct Live {
    /// The session.
    pub session: Session,
    /// All that happened, without meters.
    pub events: Vec<SessionEvent>,
    /// The last meters.
    pub meters: Meters,
}

impl Live {
    /// Opens the null device and plays `spec` on it.
    ///
    /// # Panics
    ///
    /// If the rack does not load or the device does not open.
    #[must_use]
    pub fn new(spec: &RackSpec, rate: u32, buffer: u32) -> Self {
        let mut session = Session::new();
        session.load(spec).expect("the rack loads");
        Self::around(session, rate, buffer)
    }

    /// Opens the null device for a session.
    ///
    /// # Panics
    ///
    /// If the device does not open.
    #[must_use]
    pub fn around(session: Session, rate: u32, buffer: u32) -> Self {
        let mut live = Self {
            session,
            events: Vec::new(),
            meters: Meters::default(),
        };
        live.open(rate, buffer);
        live
    }

    /// Opens the null device, anew if it is open.
    ///
    /// # Panics
    ///
    /// If the device does not open.
    pub fn open(&mut self, rate: u32, buffer: u32) {
        let wish = Wish {
            driver: Some(Driver::Null),
            rate: Some(rate),
            buffer: Some(BufferWish::Frames(buffer)),
            ..Wish::default()
        };
        self.session.open(&wish).expect("the null device opens");
    }

    /// Serves main for a while, as the shell does. Gives the highest peak that was reported.
    pub fn run(&mut self, time: Duration) -> f32 {
        let mut peak = 0.0_f32;
        self.run_until(time, |meters| {
            peak = peak.max(meters.peak[0]).max(meters.peak[1]);
            false
        });
        peak
    }

    /// Serves main until `done` says so of the meters, at most for `limit`. Returns whether it did.
    pub fn run_until(&mut self, limit: Duration, mut done: impl FnMut(&Meters) -> bool) -> bool {
        let until = Instant::now() + limit;
        while Instant::now() < until {
            for event in self.session.tick(Instant::now()) {
                match event {
                    SessionEvent::Meters(meters) => {
                        self.meters = meters;
                        if done(&meters) {
                            return true;
                        }
                    }
                    event => self.events.push(event),
                }
            }
            self.session.wait(Duration::from_millis(5));
        }
        false
    }
}
