//! Live input: ports that are plugged in, pulled out and plugged in again.

mod receiver;
mod stamps;
#[cfg(test)]
mod tests;

use super::names::{Choice, Reach, Taken, choose, is_reserved};
use super::system::{Connection, MidiError, Midir, Port, System};
use receiver::Receiver;
use rt::lane::LaneSender;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Least time between two looks at the system's ports.
pub(crate) const RESCAN: Duration = Duration::from_millis(900);

/// Which inputs to play from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// All that come, but for loops such as "Midi Through" and our own outputs.
    #[default]
    All,
    /// Those with these names.
    ///
    /// A wish takes the port of that very name; if there is none, the port whose name differs only in case or in the
    /// numbers that ALSA appends and that change from one start to the next; if there is none either, all ports whose
    /// name contains it, in any case. A wish with numbers takes one port at most.
    Named(Vec<String>),
}

/// What became of a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortEvent {
    /// It is open.
    Opened(String),
    /// It was unplugged. It is opened again when it comes back.
    Lost(String),
    /// It cannot be used now, for the reason given as a sentence. It is tried again.
    Failed(String, String),
    /// MIDI as a whole cannot be used now, for the reason given as a sentence. It is tried again.
    Unavailable(String),
}

impl fmt::Display for PortEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened(name) => write!(f, "the MIDI port \"{name}\" is open"),
            Self::Lost(name) => {
                write!(
                    f,
                    "the MIDI port \"{name}\" is gone; it is opened again when it comes back"
                )
            }
            Self::Failed(_, reason) | Self::Unavailable(reason) => f.write_str(reason),
        }
    }
}

/// Names of all MIDI inputs, in the system's order.
///
/// # Errors
///
/// When the system's MIDI cannot be used.
pub fn list_inputs() -> Result<Vec<String>, MidiError> {
    Ok(names(Midir::default().inputs()?))
}

/// Names of all MIDI outputs, in the system's order.
///
/// # Errors
///
/// When the system's MIDI cannot be used.
pub fn list_outputs() -> Result<Vec<String>, MidiError> {
    Ok(names(Midir::default().outputs()?))
}

fn names(ports: Vec<Port>) -> Vec<String> {
    ports.into_iter().map(|port| port.name).collect()
}

/// Open inputs and those waited for. Lives on main; each port's messages arrive on a thread of that port.
///
/// When a port goes, and when this is dropped, every key, pedal, bend and pressure it holds is let go.
pub struct Inputs {
    system: Box<dyn System>,
    wanted: Wanted,
    open: Vec<Open>,
    rescan: Option<Instant>,
    told: Told,
}

struct Open {
    port: Port,
    wish: Option<usize>,
    connection: Option<Box<dyn Connection>>,
    receiver: Arc<Mutex<Receiver>>,
}

impl Open {
    fn receiver(&self) -> MutexGuard<'_, Receiver> {
        lock(&self.receiver)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // The connection first, without the lock: closing waits for the port's thread, which may wait for the lock.
        self.connection = None;
        self.receiver().release();
    }
}

fn lock(receiver: &Mutex<Receiver>) -> MutexGuard<'_, Receiver> {
    receiver.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inputs {
    /// Inputs of the system. Nothing is opened before the first [`poll`](Self::poll).
    #[must_use]
    pub fn new(wanted: Wanted) -> Self {
        Self::with(Box::<Midir>::default(), wanted)
    }

    fn with(system: Box<dyn System>, wanted: Wanted) -> Self {
        Self {
            system,
            wanted,
            open: Vec::new(),
            rescan: None,
            told: Told::default(),
        }
    }

    /// Names of the open ports.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.open.iter().map(|open| open.port.name.as_str())
    }

    /// Messages that found no room on their way to the engine, over the lanes open now.
    #[must_use]
    pub fn dropped(&self) -> u32 {
        self.open
            .iter()
            .fold(0, |sum: u32, open| sum.saturating_add(open.receiver().dropped()))
    }

    /// Opens ports that have come, lets go of those that have gone, and leads ports whose engine is gone into the
    /// present one. `open_lane` opens a lane into the engine, or says that it takes none now.
    ///
    /// Call it about once a second or more often; it looks at the ports at most about once a second. Trouble is told
    /// once, not at every call.
    pub fn poll(&mut self, open_lane: &mut dyn FnMut() -> Option<LaneSender>) -> Vec<PortEvent> {
        self.poll_at(Instant::now(), open_lane)
    }

    fn poll_at(&mut self, now: Instant, open_lane: &mut dyn FnMut() -> Option<LaneSender>) -> Vec<PortEvent> {
        let mut events = Vec::new();
        for open in &self.open {
            if open.receiver().is_abandoned()
                && let Some(lane) = open_lane()
            {
                open.receiver().redirect(lane);
            }
        }
        if self.rescan.is_some_and(|at| now < at) {
            return events;
        }
        self.rescan = Some(now + RESCAN);
        match self.system.inputs() {
            Ok(ports) => {
                self.told.available();
                self.let_go(&ports, &mut events);
                self.take(&ports, open_lane, &mut events);
            }
            Err(error) => self.told.unavailable(&error, &mut events),
        }
        events
    }

    fn let_go(&mut self, ports: &[Port], events: &mut Vec<PortEvent>) {
        self.open.retain(|open| {
            let stays = ports.iter().any(|port| port.id == open.port.id);
            if !stays {
                events.push(PortEvent::Lost(open.port.name.clone()));
            }
            stays
        });
        self.told.forget_absent(ports);
    }

    fn take(
        &mut self,
        ports: &[Port],
        open_lane: &mut dyn FnMut() -> Option<LaneSender>,
        events: &mut Vec<PortEvent>,
    ) {
        for (index, wish) in self.chosen(ports, events) {
            let port = &ports[index];
            let Some(lane) = open_lane() else {
                // The engine takes no lane now; ask again at the next call.
                self.rescan = None;
                return;
            };
            let receiver = Arc::new(Mutex::new(Receiver::new(lane)));
            let shared = Arc::clone(&receiver);
            let receive = Box::new(move |micros, bytes: &[u8]| lock(&shared).receive(micros, bytes));
            match self.system.open_input(port, receive) {
                Ok(connection) => {
                    self.told.opened(port);
                    events.push(PortEvent::Opened(port.name.clone()));
                    self.open.push(Open {
                        port: port.clone(),
                        wish,
                        connection: Some(connection),
                        receiver,
                    });
                }
                Err(error) => self.told.failed(port, &error, events),
            }
        }
    }

    /// Ports to open, with their wishes.
    fn chosen(&mut self, ports: &[Port], events: &mut Vec<PortEvent>) -> Vec<(usize, Option<usize>)> {
        match &self.wanted {
            Wanted::All => {
                let is_new = |port: &Port| !self.open.iter().any(|open| open.port.id == port.id);
                let wanted = ports
                    .iter()
                    .enumerate()
                    .filter(|(_, port)| !is_reserved(&port.name) && is_new(port));
                wanted.map(|(index, _)| (index, None)).collect()
            }
            Wanted::Named(wishes) => {
                let taken: Vec<Taken<'_>> = self.open.iter().map(Open::taken).collect();
                let Choice { open, missing } = choose(wishes, ports, &taken, Reach::All);
                self.told.missing(wishes, &missing, "input", ports, events);
                open.into_iter()
                    .map(|(index, wish)| (index, Some(wish)))
                    .collect()
            }
        }
    }
}

impl Open {
    fn taken(&self) -> Taken<'_> {
        Taken {
            id: &self.port.id,
            wish: self.wish,
        }
    }
}

impl fmt::Debug for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inputs")
            .field("wanted", &self.wanted)
            .field("open", &self.names().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Trouble that has been told already, so that it is told once.
#[derive(Debug, Default)]
pub(crate) struct Told {
    unavailable: Option<String>,
    /// Reasons by port id.
    failed: HashMap<String, String>,
    /// Whether wishes without a port have been told.
    missing: bool,
}

impl Told {
    pub(crate) fn available(&mut self) {
        self.unavailable = None;
    }

    pub(crate) fn unavailable(&mut self, error: &MidiError, events: &mut Vec<PortEvent>) {
        let reason = error.to_string();
        if self.unavailable.as_ref() != Some(&reason) {
            events.push(PortEvent::Unavailable(reason.clone()));
            self.unavailable = Some(reason);
        }
    }

    pub(crate) fn opened(&mut self, port: &Port) {
        self.failed.remove(&port.id);
    }

    pub(crate) fn failed(&mut self, port: &Port, error: &MidiError, events: &mut Vec<PortEvent>) {
        let reason = error.to_string();
        if self.failed.get(&port.id) != Some(&reason) {
            events.push(PortEvent::Failed(port.name.clone(), reason.clone()));
            self.failed.insert(port.id.clone(), reason);
        }
    }

    pub(crate) fn forget_absent(&mut self, ports: &[Port]) {
        self.failed
            .retain(|id, _| ports.iter().any(|port| port.id == *id));
    }

    /// Tells of wishes that no port fits: once at the start; a port that was there and has gone has an
    /// event of its own.
    pub(crate) fn missing(
        &mut self,
        wishes: &[String],
        missing: &[usize],
        direction: &str,
        ports: &[Port],
        events: &mut Vec<PortEvent>,
    ) {
        if core::mem::replace(&mut self.missing, true) {
            return;
        }
        for &number in missing {
            let wish = &wishes[number];
            let present: Vec<_> = ports.iter().map(|port| format!("\"{}\"", port.name)).collect();
            let present = if present.is_empty() {
                "there is none at all".to_owned()
            } else {
                format!("there are {}", present.join(", "))
            };
            events.push(PortEvent::Failed(
                wish.clone(),
                format!(
                    "no MIDI {direction} is called \"{wish}\" ({present}); it is opened as soon as it is plugged in"
                ),
            ));
        }
    }
}
