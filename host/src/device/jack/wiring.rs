//! Which of the server's ports ours are connected to.

use super::super::Wish;
use super::super::pick::{CannotPick, Pair, pick};
use ::jack::{Client, LatencyType, PortFlags, PortSpec};
use std::slice;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Connections that are made when the client starts and when ports come.
#[derive(Debug)]
pub(super) struct Wiring {
    playback: Option<Pair>,
    capture: Option<Pair>,
    /// Parts of names of the MIDI sources wished; `None` is all physical ones.
    midi: Option<Vec<String>>,
    outputs: usize,
    /// Once connected, audio is the patchbay's matter.
    audio_done: AtomicBool,
    /// The parts of names that no source had when connections were made last.
    missing: Mutex<Vec<String>>,
}

/// Ports that play, as left to right as the server has them.
pub(super) fn physical_outputs(client: &Client) -> Vec<String> {
    audio(client, PortFlags::IS_INPUT)
}

/// Ports that record.
pub(super) fn physical_inputs(client: &Client) -> Vec<String> {
    audio(client, PortFlags::IS_OUTPUT)
}

fn audio(client: &Client, direction: PortFlags) -> Vec<String> {
    let audio = ::jack::AudioOut::default();
    client.ports(
        None,
        Some(audio.jack_port_type()),
        direction | PortFlags::IS_PHYSICAL,
    )
}

impl Wiring {
    /// Finds the ports that a wish names. A server without any physical port is fine if none is named.
    pub(super) fn plan(client: &Client, wish: &Wish) -> Result<Self, CannotPick> {
        let outputs = physical_outputs(client).len();
        let inputs = physical_inputs(client).len();
        let playback = match outputs {
            0 if wish.outputs.is_empty() => None,
            _ => Some(pick(&wish.outputs, outputs, "output")?),
        };
        let capture = match *wish.inputs {
            [] => None,
            _ => Some(pick(&wish.inputs, inputs, "input")?),
        };
        Ok(Self {
            playback,
            capture,
            midi: wish.midi.clone(),
            outputs,
            audio_done: AtomicBool::new(false),
            missing: Mutex::default(),
        })
    }

    /// Number of the server's physical outputs.
    pub(super) const fn outputs(&self) -> usize {
        self.outputs
    }

    /// Whether left and right go to one port.
    pub(super) fn mono(&self) -> bool {
        self.playback
            .is_some_and(|pair| pair.is_mono() && self.outputs > 0)
    }

    /// Latencies in frames of the ports that will be connected: in, out.
    pub(super) fn latencies(&self, client: &Client) -> (u32, u32) {
        let ask = |ports: Vec<String>, pair: Option<Pair>, mode| {
            let name = ports.get(pair?.left)?;
            Some(client.port_by_name(name)?.get_latency_range(mode).1)
        };
        let latency_in = ask(physical_inputs(client), self.capture, LatencyType::Capture);
        let latency_out = ask(physical_outputs(client), self.playback, LatencyType::Playback);
        (latency_in.unwrap_or(0), latency_out.unwrap_or(0))
    }

    /// Makes all connections that are wished and not yet there. The client must be active.
    pub(super) fn connect(&self, client: &Client) {
        let own = |port: &str| format!("{}:{port}", client.name());
        if !self.audio_done.load(Ordering::Acquire) {
            let playback = physical_outputs(client);
            let pair = self.playback.or_else(|| {
                // None was wished and there was none; now there may be.
                (!playback.is_empty()).then(|| Pair::first(playback.len()))
            });
            if let Some(pair) = pair {
                let connect = |from: &str, to: usize| playback.get(to).map(|to| join(client, &own(from), to));
                connect("out_1", pair.left);
                if !pair.is_mono() {
                    connect("out_2", pair.right);
                }
                self.audio_done.store(true, Ordering::Release);
            }
            if let Some(pair) = self.capture {
                let capture = physical_inputs(client);
                let connect =
                    |from: usize, to: &str| capture.get(from).map(|from| join(client, from, &own(to)));
                connect(pair.left, "in_1");
                connect(pair.right, "in_2");
            }
        }
        let sources = self.midi_sources(client);
        let wished = self.midi.iter().flatten();
        let missing = wished.filter(|&part| {
            !sources
                .iter()
                .any(|source| is_wished(client, source, slice::from_ref(part)))
        });
        *self.missing.lock().unwrap_or_else(PoisonError::into_inner) = missing.cloned().collect();
        for source in sources {
            join(client, &source, &own("midi_in"));
        }
    }

    /// The MIDI sources wished that were not there when connections were made last.
    pub(super) fn missing(&self) -> Vec<String> {
        self.missing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn midi_sources(&self, client: &Client) -> Vec<String> {
        let midi = ::jack::MidiIn::default();
        let of_kind = |flags| client.ports(None, Some(midi.jack_port_type()), PortFlags::IS_OUTPUT | flags);
        match &self.midi {
            None => of_kind(PortFlags::IS_PHYSICAL),
            Some(parts) => {
                let mine = format!("{}:", client.name());
                let wished = |name: &String| !name.starts_with(&mine) && is_wished(client, name, parts);
                of_kind(PortFlags::empty()).into_iter().filter(wished).collect()
            }
        }
    }
}

/// Whether a port's name or one of its aliases, where JACK keeps the name of the hardware, has one of the parts.
fn is_wished(client: &Client, name: &str, parts: &[String]) -> bool {
    let aliases = client
        .port_by_name(name)
        .and_then(|port| port.aliases().ok())
        .unwrap_or_default();
    aliases
        .iter()
        .map(String::as_str)
        .chain([name])
        .map(str::to_lowercase)
        .any(|name| parts.iter().any(|part| name.contains(&part.to_lowercase())))
}

fn join(client: &Client, from: &str, to: &str) {
    match client.connect_ports_by_name(from, to) {
        Ok(()) => tracing::debug!("connected {from} to {to}"),
        Err(::jack::Error::PortAlreadyConnected(..)) => {}
        Err(error) => tracing::warn!("JACK does not connect {from} to {to}: {error}"),
    }
}
