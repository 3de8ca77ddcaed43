//! MIDI of a system that the tests make up.

use super::{Connection, Deliver, MidiError, Port, Receive, System};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

/// What is plugged in, what is open and what was sent.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) inputs: Vec<Port>,
    pub(crate) outputs: Vec<Port>,
    /// Ids of ports that refuse to be opened.
    pub(crate) refusing: HashSet<String>,
    /// Ids of outputs that fail to send.
    pub(crate) dead: HashSet<String>,
    pub(crate) unavailable: bool,
    receivers: HashMap<String, Receive>,
    pub(crate) sent: Vec<(String, Vec<u8>)>,
    pub(crate) opened: usize,
}

/// One such system; clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Fake(Arc<Mutex<State>>);

struct FakeInput(Fake, String);

impl Connection for FakeInput {}

impl Drop for FakeInput {
    fn drop(&mut self) {
        self.0.state().receivers.remove(&self.1);
    }
}

pub(crate) fn port(id: &str, name: &str) -> Port {
    Port {
        id: id.to_owned(),
        name: name.to_owned(),
    }
}

impl Fake {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn plug(&self, id: &str, name: &str) {
        self.state().inputs.push(port(id, name));
    }

    pub(crate) fn unplug(&self, id: &str) {
        self.state().inputs.retain(|port| port.id != id);
        self.state().outputs.retain(|port| port.id != id);
    }

    /// Plays bytes on an input; returns whether somebody listens.
    pub(crate) fn play(&self, id: &str, stamp: u64, bytes: &[u8]) -> bool {
        match self.state().receivers.get_mut(id) {
            Some(receive) => {
                receive(stamp, bytes);
                true
            }
            None => false,
        }
    }

    fn open(&self, port: &Port) -> Result<(), MidiError> {
        let mut state = self.state();
        if state.refusing.contains(&port.id) {
            return Err(MidiError::Open {
                port: port.name.clone(),
                reason: "busy".to_owned(),
            });
        }
        state.opened += 1;
        Ok(())
    }

    fn listed(&self, ports: impl Fn(&State) -> &Vec<Port>) -> Result<Vec<Port>, MidiError> {
        let state = self.state();
        if state.unavailable {
            return Err(MidiError::Unavailable {
                reason: "none".to_owned(),
            });
        }
        Ok(ports(&state).clone())
    }
}

impl System for Fake {
    fn inputs(&mut self) -> Result<Vec<Port>, MidiError> {
        self.listed(|state| &state.inputs)
    }

    fn outputs(&mut self) -> Result<Vec<Port>, MidiError> {
        self.listed(|state| &state.outputs)
    }

    fn open_input(&mut self, port: &Port, receive: Receive) -> Result<Box<dyn Connection>, MidiError> {
        self.open(port)?;
        self.state().receivers.insert(port.id.clone(), receive);
        Ok(Box::new(FakeInput(self.clone(), port.id.clone())))
    }

    fn open_output(&mut self, port: &Port) -> Result<Deliver, MidiError> {
        self.open(port)?;
        let (fake, id) = (self.clone(), port.id.clone());
        Ok(Box::new(move |message| {
            let mut state = fake.state();
            if state.dead.contains(&id) {
                return Err("gone".to_owned());
            }
            state.sent.push((id.clone(), message.to_vec()));
            Ok(())
        }))
    }
}
