//! The audio half of one plugin, whatever its format.

use crate::block::PortBuffers;
use crate::clap::ClapScratch;
use crate::events::EventList;
use crate::transport::Transport;
use crate::vst3::Vst3Scratch;

/// The audio half of one plugin: built by `host`, used on the audio thread, sent home to be dropped.
///
/// Every method belongs to the audio thread. Between `start` and `stop` the plugin may be processed.
pub trait Processor: Send {
    /// Tells the plugin that processing begins. Returns whether it agreed; when it did not, it stays stopped.
    fn start(&mut self) -> bool;

    /// Tells the plugin that processing ends. Does nothing when stopped.
    fn stop(&mut self);

    /// Clears delay lines and voices.
    fn reset(&mut self);

    /// Processes one block.
    fn process(&mut self, call: Call<'_>) -> Status;
}

/// What a plugin gets for one block.
#[derive(Debug)]
pub struct Call<'a> {
    /// Number of frames: at least 1, at most what the plugin was activated with.
    pub frames: usize,
    /// Frames processed since the engine was made.
    pub steady: u64,
    /// Musical time at the first frame.
    pub transport: &'a Transport,
    /// The filled input channels.
    pub inputs: &'a mut PortBuffers,
    /// The output channels; may hold anything before the call.
    pub outputs: &'a mut PortBuffers,
    /// Events for the plugin, in order of time.
    pub events: &'a EventList,
    /// Where the plugin's own events go.
    pub out: &'a mut EventList,
    /// Memory for the events in CLAP's layout.
    pub clap: &'a mut ClapScratch,
    /// Memory for the events in VST3's layout.
    pub vst3: &'a mut Vst3Scratch,
    /// Nanoseconds of the monotonic clock at the first frame; none where time is not real.
    pub system: Option<i64>,
}

/// What a plugin says of the blocks to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Process on.
    Continue,
    /// Process on as long as the output is not quiet.
    ContinueIfNotQuiet,
    /// Process on for the length of the tail.
    Tail,
    /// Nothing to process until the next event or change of the input.
    Sleep,
    /// The block could not be processed; the output means nothing.
    Failed,
}

/// What of music a plugin listens to and says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotePorts {
    /// What the first note input takes.
    pub input: NoteInput,
    /// Whether what follows in the chain hears this plugin's notes in place of those that it heard.
    pub output: bool,
}

/// What a plugin's note input takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteInput {
    /// There is none.
    None,
    /// CLAP notes only: controllers become note expressions where there is one for them.
    Clap,
    /// CLAP notes; everything else as MIDI.
    ClapAndMidi,
    /// MIDI for everything.
    Midi,
}
