//! The synthesizer itself. It knows nothing of plugins, so it can be read, tested and measured alone.
//!
//! # The same at every block size
//!
//! A rendering must not depend, not even in its last bit, on how a host cuts it into blocks. Three rules ensure it:
//!
//! 1. Events and patches only leave a mark. What follows from them is worked out by the next sample that is rendered.
//!    So it makes no difference whether a note comes before or after a parameter change of the same sample.
//! 2. Everything that moves advances once a sample, never once a block. A chunk of a block is a matter of speed alone:
//!    each voice works through it in one go and finds the values that all voices share prepared.
//! 3. Voices are added up in the order of their places.
//!
//! And while nothing sounds, nothing moves: glides jump to their ends, the vibrato starts anew with the next note. A
//! host may therefore stop calling a silent synthesizer without changing what it plays later.

mod control;
mod envelope;
mod event;
mod filter;
mod math;
mod oscillator;
mod patch;
mod smoother;
mod voice;

pub use envelope::Adsr;
pub use event::{Event, Note, Which};
pub use oscillator::Waveform;
pub use patch::Patch;

use control::{Control, Controls};
use envelope::Slopes;
use voice::{Common, Hold, Voice};

/// The number of notes that can sound at once.
pub const VOICES: u32 = 16;
/// Voices that were cut off need a place for the milliseconds in which they fade, beside the [`VOICES`] that sound.
const PLACES: usize = 2 * VOICES as usize;
/// The number of frames that a voice renders in one go.
const CHUNK: usize = 64;

/// A polyphonic synthesizer with a stereo output.
///
/// It allocates nothing after [`Synth::new`], locks nothing, and takes any sequence of calls on one thread.
#[derive(Debug)]
pub struct Synth {
    patch: Patch,
    common: Common,
    controls: Controls,
    prepared: [Control; CHUNK],
    voices: [Voice; PLACES],
    notes_started: u64,
    pedal: bool,
    /// Whether the last sample left nothing sounding.
    silent: bool,
}

impl Synth {
    /// A silent synthesizer with the default patch. `sample_rate` is in Hz, above 0.
    pub fn new(sample_rate: f32) -> Self {
        let mut synth = Self {
            patch: Patch::default(),
            common: Common {
                sample_rate,
                ..Common::default()
            },
            controls: Controls::new(sample_rate),
            prepared: [Control::default(); CHUNK],
            voices: [Voice::default(); PLACES],
            notes_started: 0,
            pedal: false,
            silent: true,
        };
        synth.apply(&Patch::default());
        synth
    }

    /// Silences everything at once and puts wheels and pedal at rest. The patch stays.
    pub fn reset(&mut self) {
        let patch = self.patch;
        *self = Self::new(self.common.sample_rate);
        self.set_patch(&patch);
    }

    /// Sets the patch, from the next sample on. Cheap when nothing has changed.
    pub fn set_patch(&mut self, patch: &Patch) {
        if *patch != self.patch {
            self.apply(patch);
        }
    }

    fn apply(&mut self, patch: &Patch) {
        self.patch = *patch;
        self.common.amp = Slopes::new(&patch.amp, self.common.sample_rate);
        self.common.filter = Slopes::new(&patch.filter, self.common.sample_rate);
        self.controls.set_patch(patch);
    }

    /// Whether nothing sounds. Rendering gives exact zeros until the next note.
    pub fn is_silent(&self) -> bool {
        !self.voices.iter().any(Voice::is_active)
    }

    /// Takes an event, for the next sample. Calls `ended` with the note that had to make way at once, which only
    /// happens in a flood of notes; all others end while rendering.
    pub fn handle(&mut self, event: Event, ended: impl FnOnce(Note)) {
        match event {
            Event::NoteOn(note, velocity) => self.note_on(note, velocity, ended),
            Event::NoteOff(which) => self.note_off(which),
            Event::Choke(which) => self.each(which, Voice::cut),
            Event::Tuning(which, semitones) => self.each(which, |voice| voice.tune(semitones)),
            Event::Bend(position) => self.controls.bend(position.clamp(-1.0, 1.0)),
            Event::Controller(1, value) => self.controls.modulation(value),
            Event::Controller(64, value) => self.sustain(value >= 0.5),
            Event::Controller(120, _) => self.each(Which::default(), Voice::cut),
            Event::Controller(121, _) => {
                self.controls.bend(0.0);
                self.controls.modulation(0.0);
                self.sustain(false);
            }
            Event::Controller(123..=127, _) => self.note_off(Which::default()),
            Event::Controller(..) => {}
        }
    }

    /// Renders one frame for each of `left` and `right`, which are of the same length, and calls `ended` with the
    /// frame and the note of each voice that falls silent, in the order of the frames.
    pub fn render(&mut self, left: &mut [f32], right: &mut [f32], mut ended: impl FnMut(usize, Note)) {
        left.fill(0.0);
        right.fill(0.0);
        let mut start = 0;
        for (left, right) in left.chunks_mut(CHUNK).zip(right.chunks_mut(CHUNK)) {
            self.render_chunk(left, right, |frame, note| ended(start + frame, note));
            start += left.len();
        }
    }

    /// Adds the voices to a chunk of zeros.
    fn render_chunk(&mut self, left: &mut [f32], right: &mut [f32], mut ended: impl FnMut(usize, Note)) {
        if self.is_silent() {
            self.silent = true;
            return;
        }
        if self.silent {
            self.silent = false;
            self.controls.jump();
        }
        let prepared = &mut self.prepared[..left.len()];
        for control in &mut *prepared {
            *control = self.controls.next();
        }
        // Hosts want events in the order of their frames, so the ends wait until all voices are through.
        let mut ends = [(usize::MAX, 0); PLACES];
        for (place, voice) in self
            .voices
            .iter_mut()
            .enumerate()
            .filter(|(_, voice)| voice.is_active())
        {
            if let Some(frame) = voice.render(&self.common, prepared, left, right) {
                ends[place] = (frame, place);
            }
        }
        for ((left, right), control) in left.iter_mut().zip(right).zip(prepared) {
            *left *= control.gain;
            *right *= control.gain;
        }
        ends.sort_unstable();
        for (frame, place) in ends.into_iter().filter(|(frame, _)| *frame != usize::MAX) {
            ended(frame, *self.voices[place].note());
        }
        self.silent = self.is_silent();
    }

    fn note_on(&mut self, note: Note, velocity: f32, ended: impl FnOnce(Note)) {
        // The same string struck again: what the pedal still held of it is damped, whether the host numbers its notes or
        // not, so that one host sounds like the next.
        for voice in &mut self.voices {
            let same = voice.note().channel == note.channel && voice.note().key == note.key;
            if voice.hold() == Hold::Pedal && same {
                voice.release();
            }
        }
        let sounding = self.voices.iter().filter(|voice| voice.hold() > Hold::Fading);
        if sounding.count() >= VOICES as usize {
            self.steal();
        }
        self.notes_started += 1;
        let voice = Voice::start(note, velocity, self.notes_started, self.common.sample_rate);
        if let Some(place) = self.free_place() {
            if place.is_active() {
                ended(*place.note());
            }
            *place = voice;
        }
    }

    /// Cuts off the voice that will be missed least: the oldest of those released, else of those on the pedal, else
    /// of all.
    fn steal(&mut self) {
        let sounding = self.voices.iter_mut().filter(|voice| voice.hold() > Hold::Fading);
        if let Some(voice) = sounding.min_by_key(|voice| (voice.hold(), voice.number())) {
            voice.cut();
        }
    }

    /// A place that is idle, or if more voices were cut off than there are places to fade in: the one that has faded
    /// furthest.
    fn free_place(&mut self) -> Option<&mut Voice> {
        let free = self
            .voices
            .iter_mut()
            .filter(|voice| voice.hold() <= Hold::Fading);
        free.min_by(|a, b| a.hold().cmp(&b.hold()).then(a.fade().total_cmp(&b.fade())))
    }

    fn note_off(&mut self, which: Which) {
        let pedal = self.pedal;
        self.each(which, |voice| {
            if pedal {
                voice.hold_by_pedal();
            } else {
                voice.release();
            }
        });
    }

    fn sustain(&mut self, down: bool) {
        self.pedal = down;
        if !down {
            for voice in self.voices.iter_mut().filter(|voice| voice.hold() == Hold::Pedal) {
                voice.release();
            }
        }
    }

    fn each(&mut self, which: Which, act: impl Fn(&mut Voice)) {
        self.voices
            .iter_mut()
            .filter(|voice| voice.is_active() && which.means(voice.note()))
            .for_each(act);
    }
}

#[cfg(test)]
mod tests;
