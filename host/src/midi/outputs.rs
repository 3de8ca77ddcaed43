//! MIDI outputs: a thread between the engine's ring and the system's ports.

#[cfg(test)]
mod tests;

use super::held::Held;
use super::names::{Choice, Reach, Taken, choose};
use super::out::{OutMessage, OutputLane};
use super::ports::{PortEvent, RESCAN, Told};
use super::system::{Deliver, MidiError, Midir, Port, System};
use crossbeam_channel::{Receiver, Sender};
use rtrb::{Consumer, RingBuffer};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Messages that wait for the thread: far more than a MIDI cable carries in the time it sleeps.
const WAITING: usize = 1024;
/// How long the thread sleeps. The audio thread must not wake it: that is a system call.
const TICK: Duration = Duration::from_millis(1);

/// Main's end of the MIDI outputs. Dropping it lets go of every note sent and closes the ports.
pub struct Outputs {
    events: Receiver<PortEvent>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Outputs {
    /// Starts the thread that sends to the outputs of these names, and returns the audio thread's end with it.
    ///
    /// Each name takes one port, found as by [`Wanted::Named`](super::ports::Wanted::Named); ports are opened as
    /// they come and again when they come back. The thread ends when the lane or the `Outputs` is dropped.
    ///
    /// # Errors
    ///
    /// When the thread cannot be started. A port that is not there is no error; see [`poll`](Self::poll).
    pub fn open(names: Vec<String>) -> Result<(OutputLane, Self), MidiError> {
        Self::with(Box::<Midir>::default(), names)
    }

    fn with(system: Box<dyn System>, wishes: Vec<String>) -> Result<(OutputLane, Self), MidiError> {
        let (ring, end) = RingBuffer::new(WAITING);
        let (tell, events) = crossbeam_channel::unbounded();
        let stop = Arc::new(AtomicBool::new(false));
        let worker = Worker {
            system,
            wishes,
            open: Vec::new(),
            ring: end,
            events: tell,
            stop: Arc::clone(&stop),
            told: Told::default(),
        };
        let thread = std::thread::Builder::new()
            .name("midi-out".to_owned())
            .spawn(move || worker.run())
            .map_err(|source| MidiError::Thread { source })?;
        let outputs = Self {
            events,
            stop,
            thread: Some(thread),
        };
        Ok((OutputLane::new(ring), outputs))
    }

    /// What became of ports since the last call. Trouble is told once.
    #[must_use]
    pub fn poll(&self) -> Vec<PortEvent> {
        self.events.try_iter().collect()
    }
}

impl Drop for Outputs {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread for MIDI outputs has panicked; no MIDI was sent since");
        }
    }
}

impl fmt::Debug for Outputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outputs").finish_non_exhaustive()
    }
}

struct Open {
    port: Port,
    wish: usize,
    send: Deliver,
    held: Held,
}

struct Worker {
    system: Box<dyn System>,
    wishes: Vec<String>,
    open: Vec<Open>,
    ring: Consumer<OutMessage>,
    events: Sender<PortEvent>,
    stop: Arc<AtomicBool>,
    told: Told,
}

impl Worker {
    fn run(mut self) {
        let mut rescan = Instant::now();
        loop {
            // Asked before the ring is emptied: what was pushed before the end is still sent.
            let ends = self.ring.is_abandoned() || self.stop.load(Ordering::Relaxed);
            while let Ok(message) = self.ring.pop() {
                self.send(message.bytes());
            }
            if ends {
                break;
            }
            let now = Instant::now();
            if now >= rescan && !self.wishes.is_empty() {
                rescan = now + RESCAN;
                self.look();
            }
            std::thread::sleep(TICK);
        }
        for open in &mut self.open {
            let send = &mut open.send;
            // Nobody is left to tell of an error here.
            open.held.release_all(|message| drop(send(message)));
        }
    }

    fn send(&mut self, message: &[u8]) {
        let events = &self.events;
        self.open.retain_mut(|open| {
            open.held.see(message);
            let Err(reason) = (open.send)(message) else {
                return true;
            };
            let name = &open.port.name;
            tell(
                events,
                PortEvent::Failed(
                    name.clone(),
                    format!("sending to the MIDI port \"{name}\" failed ({reason}); it is opened again"),
                ),
            );
            false
        });
    }

    fn look(&mut self) {
        let mut events = Vec::new();
        match self.system.outputs() {
            Ok(ports) => {
                self.told.available();
                self.let_go(&ports, &mut events);
                self.take(&ports, &mut events);
            }
            Err(error) => self.told.unavailable(&error, &mut events),
        }
        for event in events {
            tell(&self.events, event);
        }
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

    fn take(&mut self, ports: &[Port], events: &mut Vec<PortEvent>) {
        let taken: Vec<Taken<'_>> = self.open.iter().map(Open::taken).collect();
        let Choice { open, missing } = choose(&self.wishes, ports, &taken, Reach::One);
        self.told.missing(&self.wishes, &missing, "output", ports, events);
        for (index, wish) in open {
            let port = &ports[index];
            match self.system.open_output(port) {
                Ok(send) => {
                    self.told.opened(port);
                    events.push(PortEvent::Opened(port.name.clone()));
                    self.open.push(Open {
                        port: port.clone(),
                        wish,
                        send,
                        held: Held::default(),
                    });
                }
                Err(error) => self.told.failed(port, &error, events),
            }
        }
    }
}

impl Open {
    fn taken(&self) -> Taken<'_> {
        Taken {
            id: &self.port.id,
            wish: Some(self.wish),
        }
    }
}

fn tell(events: &Sender<PortEvent>, event: PortEvent) {
    // Main's end may be gone already; then nobody wants to know.
    let _ = events.send(event);
}
