//! Racks and an offline stage in few words.

use host::plugin::{RenderMode, Source};
use host::session::{LayerSettings, LayerSpec, PluginSpec, RackSpec, Session, SessionEvent};
use std::time::Instant;

/// A plugin of `clap-fixture` by the end of its id, as `watch`; or a CLAP file by its path.
#[must_use]
pub fn plugin(name: &str) -> PluginSpec {
    PluginSpec::new(if name.contains('/') {
        Source { file: name.into(), which: None }
    } else {
        Source {
            file: super::fixture("clap-fixture"),
            which: Some(format!("org.backline.fixture.{name}")),
        }
    })
}

/// A layer of these plugins that hears everything.
#[must_use]
pub fn layer(plugins: Vec<PluginSpec>) -> LayerSpec {
    LayerSpec { name: "Layer".to_owned(), settings: LayerSettings::default(), plugins }
}

/// A rack of these layers.
#[must_use]
pub fn rack(layers: Vec<LayerSpec>) -> RackSpec {
    RackSpec { name: "Rack".to_owned(), layers, master_gain: 1.0, ..RackSpec::default() }
}

/// A session on an offline device, stepped block by block, that keeps what it played.
#[derive(Debug)]
pub struct Stage {
    /// The session.
    pub session: Session,
    /// All that was played: left and right.
    pub played: [Vec<f32>; 2],
    /// All that happened, without meters.
    pub events: Vec<SessionEvent>,
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
        session.open_offline(48_000, block, RenderMode::Live).expect("the offline device opens");
        Self { session, played: [Vec::new(), Vec::new()], events: Vec::new(), block }
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
        let offline = self.session.offline().expect("an offline device");
        for &(time, message) in midi {
            offline.midi_in(time, message);
        }
        let [left, right] = offline.step(input);
        self.played[0].extend_from_slice(left);
        self.played[1].extend_from_slice(right);
        self.serve();
    }

    /// Serves main without playing.
    pub fn serve(&mut self) {
        let happened = self.session.tick(Instant::now());
        self.events.extend(happened.into_iter().filter(|event| !matches!(event, SessionEvent::Meters(_))));
    }

    /// Plays until at least `frames` frames have been played in all, with messages at absolute frames.
    pub fn play_to(&mut self, frames: usize, midi: &[(usize, &[u8])]) {
        while self.position() < frames {
            let start = self.position();
            let due = midi.iter().filter(|(at, _)| (start..start + self.block).contains(at));
            let due: Vec<(u32, &[u8])> =
                due.map(|&(at, message)| (u32::try_from(at - start).unwrap_or(0), message)).collect();
            self.step(&due);
        }
    }

    /// Greatest step between neighbouring samples from frame `from` on: what a click is made of.
    #[must_use]
    pub fn greatest_step(&self, from: usize) -> f32 {
        let steps = self.played.iter().flat_map(|side| side[from..].windows(2).map(|pair| (pair[1] - pair[0]).abs()));
        steps.fold(0.0, f32::max)
    }
}
