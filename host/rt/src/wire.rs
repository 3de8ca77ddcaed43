//! What crosses between threads: `Copy` types only, so that dropping one frees nothing.

use crate::events::Body;
use crate::lend::Lent;
use crate::rack::{LayerSettings, Rack, Unit};
use crate::sequence::Sequence;

/// Names one rack for as long as the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RackId(pub u32);

/// Where a plugin stands in a rack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginAddress {
    /// Layer from 0, or [`PluginAddress::MASTER`].
    pub layer: u8,
    /// Place in that layer's chain, from 0.
    pub place: u8,
}

impl PluginAddress {
    /// The layer number that stands for the master chain.
    pub const MASTER: u8 = u8::MAX;
}

/// When a command takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// At the start of the next block.
    Now,
    /// At this time of the monotonic clock, in nanoseconds, plus one block: the constant delay that turns an
    /// arrival time into a sample offset.
    Nanos(i64),
    /// At this frame since the engine was made.
    Frame(u64),
}

/// A command to the engine, and when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ToEngine {
    /// When it takes effect.
    pub at: Stamp,
    /// What to do.
    pub command: Command,
}

/// What another thread may ask of the engine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Command {
    /// A MIDI channel or system message for all layers that listen.
    Midi([u8; 3]),
    /// A system exclusive message; its bytes wait in the lane's byte ring.
    SysEx {
        /// Number of bytes.
        len: u32,
    },
    /// An event for one plugin: a parameter value, a modulation, a gesture, a note.
    Plugin {
        /// The rack meant. One that leaves hears only releases; an event for any other rack is dropped.
        rack: RackId,
        /// The plugin meant.
        plugin: PluginAddress,
        /// The event.
        body: Body,
    },
    /// New settings of a layer; gains are ramped over a few milliseconds.
    Layer {
        /// The rack meant.
        rack: RackId,
        /// Layer from 0, or [`PluginAddress::MASTER`].
        layer: u8,
        /// The settings.
        settings: LayerSettings,
    },
    /// Lets go of everything that sounds, in steps that always end; see [`crate::engine`]. With [`Stamp::Now`] it
    /// overtakes all that waits in its lane. Notes that begin in the same block are not heard.
    Panic,
    /// Fades the whole output linearly to `to` over `frames`; [`FromEngine::Faded`] follows.
    Fade {
        /// Linear gain to arrive at.
        to: f32,
        /// Length of the ramp in frames.
        frames: u32,
    },
    /// Takes one plugin out of its chain: it is faded, stopped and sent home as [`Retired::Unit`].
    TakeOut {
        /// The rack meant.
        rack: RackId,
        /// The plugin meant.
        plugin: PluginAddress,
    },
    /// A sleeping plugin asked to be processed again.
    Wake {
        /// The rack meant.
        rack: RackId,
        /// The plugin meant.
        plugin: PluginAddress,
    },
    /// Starts or stops the transport and the piece. A piece starts at its sample; one that stops plays its block to
    /// the end and lets go of what it holds.
    Play(bool),
}

/// What the engine takes over from main, one at a time.
#[derive(Debug)]
pub enum Handover {
    /// The next rack: it plays from the coming block on, the present one leaves.
    Rack(Lent<Rack>),
    /// A plugin for an empty place.
    Unit {
        /// The rack meant.
        rack: RackId,
        /// The place meant.
        plugin: PluginAddress,
        /// The plugin.
        unit: Lent<Unit>,
    },
    /// A new source of commands. It goes home when its sender is dropped.
    Lane(Lent<crate::lane::Lane>),
    /// A piece to play from its start; the present one goes home.
    Sequence(Lent<Sequence>),
}

/// What the engine sends home: to be stopped no more, only deactivated and dropped, on main.
#[derive(Debug)]
pub enum Retired {
    /// A rack that has left; its plugins have been stopped.
    Rack(Lent<Rack>),
    /// A rack that was not taken because the plugin at the address refused to start.
    Refused(Lent<Rack>, PluginAddress),
    /// A plugin taken out; it has been stopped.
    Unit {
        /// The rack it stood in.
        rack: RackId,
        /// Its place.
        plugin: PluginAddress,
        /// The plugin.
        unit: Lent<Unit>,
    },
    /// A lane whose sender is gone, or that had no place.
    Lane(Lent<crate::lane::Lane>),
    /// A piece that was replaced.
    Sequence(Lent<Sequence>),
}

/// Why a plugin's output was replaced by silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `process` reported an error.
    Process,
    /// The output held NaN or infinity.
    NotANumber,
    /// The output went above +24 dBFS.
    TooLoud,
    /// `start_processing` was refused.
    Start,
}

/// A report from the engine to main. Nothing in it needs to be freed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FromEngine {
    /// A rack has been taken and plays.
    Taken(RackId),
    /// A plugin's own parameter value or gesture.
    Plugin {
        /// The rack it stands in.
        rack: RackId,
        /// Its place.
        plugin: PluginAddress,
        /// A [`Body::Param`], [`Body::GestureBegin`] or [`Body::GestureEnd`].
        body: Body,
    },
    /// A plugin's block was replaced by silence. Sent for the first of a run of such blocks.
    Fault {
        /// The rack it stands in.
        rack: RackId,
        /// Its place.
        plugin: PluginAddress,
        /// Why.
        fault: Fault,
    },
    /// The output has arrived at the gain of the last [`Command::Fade`].
    Faded,
    /// Panic has let go of everything and the output is quiet.
    PanicDone,
    /// Panic could not make this plugin quiet: it is muted and must be re-activated by main.
    PanicStuck {
        /// The rack it stands in.
        rack: RackId,
        /// Its place.
        plugin: PluginAddress,
    },
    /// The piece has ended (or begins again, when looped).
    SequenceEnd,
    /// How things stand; sent about 30 times a second.
    Meters(Meters),
}

/// How things stand. Counters run from the engine's start.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Meters {
    /// Blocks processed.
    pub blocks: u64,
    /// Frames processed.
    pub frames: u64,
    /// Highest absolute output sample since the last report, left and right.
    pub peak: [f32; 2],
    /// MIDI messages received.
    pub midi_events: u64,
    /// Events dropped for want of room, anywhere.
    pub dropped: u64,
    /// Plugin blocks replaced by silence.
    pub faults: u64,
    /// The last MIDI message received.
    pub last_midi: [u8; 3],
    /// Racks that are still leaving.
    pub leaving: u8,
}
