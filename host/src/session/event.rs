//! What a session tells its owner.

use super::{Body, Fault, Meters, Place, PluginAddress, RackId};
use crate::device::Info;
use crate::midi::ports::PortEvent;
use crate::plugin::PluginEvent;

/// Something that happened. Nothing here needs an answer: the session has acted already.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionEvent {
    /// The device is gone. It is tried again every second.
    DeviceLost {
        /// Its name.
        name: String,
        /// What is known.
        reason: String,
    },
    /// The device is back, or was opened anew.
    DeviceBack(Info),
    /// The device changed its buffer size, rate or latency.
    DeviceChanged(Info),
    /// The engine plays this rack.
    RackPlaying(RackId),
    /// This rack has left and is unloaded.
    RackGone(RackId),
    /// A rack that waited for a device does not run on it and was unloaded. The sentence tells why.
    RackFailed(String),
    /// A plugin told something.
    Plugin {
        /// Where it stands.
        place: Place,
        /// Its name.
        name: String,
        /// What it told.
        event: PluginEvent,
    },
    /// A plugin changed a parameter, or took hold of one or let it go.
    Param {
        /// The rack.
        rack: RackId,
        /// The plugin.
        plugin: PluginAddress,
        /// A [`Body::Param`], [`Body::GestureBegin`] or [`Body::GestureEnd`].
        body: Body,
    },
    /// A plugin's output was replaced by silence.
    Fault {
        /// Where it stands.
        place: Place,
        /// Its name.
        name: String,
        /// Why.
        fault: Fault,
    },
    /// A plugin was deactivated and activated again, as it had asked.
    Reactivated {
        /// Where it stands.
        place: Place,
        /// Its name.
        name: String,
        /// Its latency in frames now.
        latency: u32,
    },
    /// A plugin could not be activated again; its place is empty.
    ReactivateFailed {
        /// Where it stands.
        place: Place,
        /// Why.
        reason: String,
    },
    /// A fade has ended.
    Faded,
    /// Panic has let go of everything.
    PanicDone,
    /// Panic muted a plugin that would not be quiet; it is being activated anew.
    PanicStuck {
        /// Where it stands.
        place: Place,
        /// Its name.
        name: String,
    },
    /// The piece has ended, or begins again.
    SequenceEnd,
    /// How things stand, about 30 times a second.
    Meters(Meters),
    /// A MIDI port came, went or failed.
    Midi(PortEvent),
    /// The device did not give the engine back in time. Plugins and engine were left to it.
    EngineLost,
}
