//! JACK: audio and MIDI through a server that others run. PipeWire is reached through its JACK library.
//!
//! A server is never started here. The client is called "Backline" and has two audio outputs, two audio inputs, one
//! MIDI input and one MIDI output, for any patchbay. What it connects by itself:
//!
//! - its outputs to the server's physical playback ports, those that the wish names or the first two;
//! - its inputs to physical capture ports only if the wish names them: a microphone beside a loudspeaker howls;
//! - its MIDI input to every physical MIDI source, or to those that the wish names, also to those that come later.
//!
//! The buffer size is the server's and all its clients'. It is changed only for a wish that says a number; "lowest"
//! leaves it as it is, because whoever set up the server chose it, and a server does not tell how low it could go.

mod client;
mod describe;
mod notify;
mod process;
mod wiring;

pub(super) use describe::{describe, listed};

use super::gate::Gate;
use super::{BufferWish, Callback, DeviceError, DeviceEvent, Driver, Info, Opened, Running, Wish};
use ::jack::{AsyncClient, AudioIn, AudioOut, Client, LatencyType, MidiIn, MidiOut, Port, Unowned};
use client::{CALLS, Connected, Lease, default_server, no_device, within_limit};
use notify::{Notify, Shared};
use process::{Ports, Process};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use wiring::Wiring;

/// Most that opening, starting and closing may take each, if the server does not answer.
const LIMIT: Duration = Duration::from_secs(3);
/// Most that a block which runs may take while main waits for the callback.
const BLOCK_LIMIT: Duration = Duration::from_secs(1);
/// How often latencies are asked for.
const LATENCY_EVERY: Duration = Duration::from_millis(250);
/// Block sizes that JACK knows.
const BUFFERS: std::ops::RangeInclusive<u32> = 1..=8_192;

/// A client of a server, not yet active.
pub struct Jack {
    info: Info,
    connected: Connected,
    ports: Ports,
    wiring: Wiring,
}

impl Jack {
    /// Connects to the server that the wish names, or to the default one.
    ///
    /// # Errors
    ///
    /// No JACK library, no such server, a server that does not answer, one that runs at another rate than wished, or
    /// channels that it does not have.
    pub fn open(wish: &Wish) -> Result<Self, DeviceError> {
        let name = wish.name.clone().unwrap_or_else(default_server);
        let connected =
            client::connect("Backline", wish.name.as_deref()).map_err(|absent| no_device(wish, absent))?;
        let wish = wish.clone();
        within_limit(&name.clone(), "opening", move || {
            Self::set_up(connected, name, &wish)
        })?
    }

    /// Everything that talks to the server before it calls.
    fn set_up(connected: Connected, name: String, wish: &Wish) -> Result<Self, DeviceError> {
        let unsupported = |what, possible| DeviceError::Unsupported {
            driver: Driver::Jack,
            name: name.clone(),
            what,
            possible,
        };
        let client = &connected.client;
        let rate = client.sample_rate();
        if let Some(wished) = wish.rate.filter(|&wished| wished != rate) {
            let possible = format!("its server runs at {rate} Hz, which only restarting the server changes");
            return Err(unsupported(format!("at {wished} Hz"), possible));
        }
        let wiring =
            Wiring::plan(client, wish).map_err(|refused| unsupported(refused.what, refused.possible))?;
        if let Some(BufferWish::Frames(frames)) = wish.buffer {
            if !BUFFERS.contains(&frames) {
                let possible = format!(
                    "JACK has blocks of {} to {} frames",
                    BUFFERS.start(),
                    BUFFERS.end()
                );
                return Err(unsupported(format!("with blocks of {frames} frames"), possible));
            }
            set_buffer(client, &name, frames);
        }
        let failed = |reason: ::jack::Error| DeviceError::Failed {
            driver: Driver::Jack,
            name: name.clone(),
            doing: "registering its ports",
            reason: reason.to_string(),
            advice: "Close other clients of the server, or start it with more ports.",
        };
        let ports = Ports {
            left_out: client
                .register_port("out_1", AudioOut::default())
                .map_err(failed)?,
            right_out: client
                .register_port("out_2", AudioOut::default())
                .map_err(failed)?,
            left_in: client.register_port("in_1", AudioIn::default()).map_err(failed)?,
            right_in: client.register_port("in_2", AudioIn::default()).map_err(failed)?,
            midi_in: client
                .register_port("midi_in", MidiIn::default())
                .map_err(failed)?,
            midi_out: client
                .register_port("midi_out", MidiOut::default())
                .map_err(failed)?,
        };
        let (latency_in, latency_out) = wiring.latencies(client);
        let info = Info {
            driver: Driver::Jack,
            rate,
            buffer: client.buffer_size(),
            latency_in,
            latency_out,
            inputs: 2,
            outputs: u16::try_from(wiring.outputs()).unwrap_or(u16::MAX),
            name,
        };
        Ok(Self {
            info,
            connected,
            ports,
            wiring,
        })
    }
}

/// Asks the server for another buffer size. It may refuse, and then keeps its own; PipeWire obeys a little later.
fn set_buffer(client: &Client, server: &str, frames: u32) {
    let now = client.buffer_size();
    if now == frames {
        return;
    }
    if client.set_buffer_size(frames).is_err() {
        tracing::warn!(
            "the JACK server \"{server}\" refuses blocks of {frames} frames and keeps its {now}; set them where the \
             server is started"
        );
    }
}

impl Opened for Jack {
    fn info(&self) -> &Info {
        &self.info
    }

    fn start(self: Box<Self>, callback: Callback) -> Result<Box<dyn Running>, DeviceError> {
        let Self {
            info,
            connected: Connected { client, lease },
            ports,
            wiring,
        } = *self;
        let shared = Arc::new(Shared::new(&info));
        let gate = Arc::new(Gate::new());
        let wiring = Arc::new(wiring);
        let ends = Ends {
            out: ports.left_out.clone_unowned(),
            input: ports.left_in.clone_unowned(),
        };
        let process = Process::new(
            ports,
            Arc::clone(&gate),
            Arc::clone(&shared),
            info.rate,
            wiring.mono(),
        );
        let notify = Notify::new(Arc::clone(&shared));
        if gate.put(callback).is_err() {
            tracing::error!("a new JACK client already had a callback");
        }
        let its_wiring = Arc::clone(&wiring);
        let activated = within_limit(&info.name, "starting", move || {
            let client = client.activate_async(notify, process)?;
            its_wiring.connect(client.as_client());
            Ok(client)
        });
        let failed = |reason: ::jack::Error| DeviceError::Failed {
            driver: Driver::Jack,
            name: info.name.clone(),
            doing: "starting",
            reason: reason.to_string(),
            advice: "Restart the JACK server if this goes on.",
        };
        match activated.and_then(|activated| activated.map_err(failed)) {
            Ok(client) => Ok(Box::new(RunningJack {
                info,
                active: Some(Arc::new(Active {
                    client,
                    _lease: lease,
                })),
                gate,
                shared,
                wiring,
                ends,
                latency_asked: Instant::now(),
                is_lost: false,
            })),
            Err(error) => {
                drop(gate.take(BLOCK_LIMIT));
                Err(error)
            }
        }
    }
}

impl fmt::Debug for Jack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jack")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

/// A client that the server calls. Fields are dropped in this order.
struct Active {
    client: AsyncClient<Notify, Process>,
    _lease: Lease,
}

/// One port of each direction, to ask for latencies.
struct Ends {
    out: Port<Unowned>,
    input: Port<Unowned>,
}

/// A running client, for main.
struct RunningJack {
    info: Info,
    active: Option<Arc<Active>>,
    gate: Arc<Gate<Callback>>,
    shared: Arc<Shared>,
    wiring: Arc<Wiring>,
    ends: Ends,
    latency_asked: Instant,
    is_lost: bool,
}

impl RunningJack {
    /// Connects to MIDI sources that have come. On a thread of its own: a server may take its time to answer.
    fn connect_newcomers(&self) {
        let Some(active) = self.active.as_ref().map(Arc::clone) else {
            return;
        };
        let wiring = Arc::clone(&self.wiring);
        let spawned = std::thread::Builder::new()
            .name("jack connect".to_owned())
            .spawn(move || wiring.connect(active.client.as_client()));
        if let Err(error) = spawned {
            tracing::warn!("no thread to connect new JACK ports: {error}");
        }
    }

    /// Reads the latencies of what our ports are connected to. JACK renews those of our own ports only when
    /// connections change, not with the buffer size.
    fn update_latencies(&mut self) -> bool {
        let Some(active) = &self.active else {
            return false;
        };
        let client = active.client.as_client();
        let ask = |port: &Port<Unowned>, mode| {
            let others = port.get_connections();
            let latencies = others.iter().filter_map(|other| client.port_by_name(other));
            latencies.map(|other| other.get_latency_range(mode).1).max()
        };
        let latency_in = ask(&self.ends.input, LatencyType::Capture).unwrap_or(0);
        let latency_out = ask(&self.ends.out, LatencyType::Playback).unwrap_or(0);
        let changed = (latency_in, latency_out) != (self.info.latency_in, self.info.latency_out);
        self.info.latency_in = latency_in;
        self.info.latency_out = latency_out;
        changed
    }
}

impl Running for RunningJack {
    fn info(&self) -> &Info {
        &self.info
    }

    fn poll(&mut self) -> Option<DeviceEvent> {
        if self.is_lost {
            return None;
        }
        if self.shared.is_lost.load(Ordering::Acquire) {
            self.is_lost = true;
            let sentence = format!(
                "the JACK server \"{}\" ended or dropped this client",
                self.info.name
            );
            return Some(DeviceEvent::Lost(sentence));
        }
        let rate = self.shared.rate.load(Ordering::Acquire);
        if rate != self.info.rate {
            self.info.rate = rate;
            return Some(DeviceEvent::Rate(rate));
        }
        let buffer = self.shared.buffer.load(Ordering::Acquire);
        if buffer != self.info.buffer {
            self.info.buffer = buffer;
            return Some(DeviceEvent::Buffer(buffer));
        }
        if self.shared.ports_changed.swap(false, Ordering::AcqRel) && !CALLS.hang() {
            self.connect_newcomers();
        }
        if self.latency_asked.elapsed() >= LATENCY_EVERY {
            self.latency_asked = Instant::now();
            if self.update_latencies() {
                return Some(DeviceEvent::Latency);
            }
        }
        None
    }

    fn lost_blocks(&self) -> u64 {
        self.shared.xruns.load(Ordering::Relaxed)
    }

    fn missing_midi(&self) -> Vec<String> {
        self.wiring.missing()
    }
}

impl Drop for RunningJack {
    fn drop(&mut self) {
        // The engine first: it comes home even if the server does not answer.
        drop(self.gate.take(BLOCK_LIMIT));
        if let Some(active) = self.active.take() {
            let closed = CALLS.run("jack close", LIMIT, move || drop(active));
            if closed.is_none() {
                tracing::warn!(
                    "the JACK server \"{}\" does not answer; its client was left behind",
                    self.info.name
                );
            }
        }
        let dropped = self.shared.midi_dropped.load(Ordering::Relaxed);
        if dropped > 0 {
            tracing::warn!("{dropped} MIDI messages found no room in JACK's MIDI output");
        }
    }
}
