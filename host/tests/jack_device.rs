//! The JACK device against real servers, each private to its test. They need `jackd` and no hardware.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use host::device::{
    BufferWish, Callback, CallbackParts, DeviceError, DeviceEvent, Driver, Info, LoadSnapshot, LoadStats,
    Opened, Running, Wish, describe, open,
};
use host::link::Link;
use jack::jack_sys;
use rt::wire::{FromEngine, Meters};
use std::ffi::{CString, c_char, c_uint};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Frames per second and frames per block of every server here.
const RATE: u32 = 48_000;
const BUFFER: u32 = 32;

/// JACK's library can use one server at a time, so the tests take turns.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A server of our own.
struct Server {
    child: Child,
    name: String,
}

impl Server {
    fn start() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self::named(format!("backline-{}-{number}", std::process::id()))
    }

    fn named(name: String) -> Self {
        let child = Command::new("jackd")
            .args(["-n", &name, "-R", "-d", "dummy"])
            .args(["-r", &RATE.to_string(), "-p", &BUFFER.to_string()])
            .env("JACK_NO_AUDIO_RESERVATION", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("jackd starts; the package is called jackd2");
        let server = Self { child, name };
        let is_up = || {
            let tried = describe(Driver::Jack, &server.name);
            tried.is_ok()
        };
        wait("the server is up", Duration::from_secs(10), is_up);
        server
    }

    fn wish(&self) -> Wish {
        Wish {
            driver: Some(Driver::Jack),
            name: Some(self.name.clone()),
            ..Wish::default()
        }
    }

    fn signal(&self, signal: libc::c_int) {
        let id = libc::pid_t::try_from(self.child.id()).unwrap();
        // SAFETY: sends a signal to a child that has not been waited for, so that its id is its own.
        assert_eq!(unsafe { libc::kill(id, signal) }, 0);
    }

    /// Another client, called "tester".
    fn client(&self) -> jack::Client {
        type Open =
            unsafe extern "C" fn(*const c_char, c_uint, *mut c_uint, ...) -> *mut jack_sys::jack_client_t;
        let library = jack_sys::library().ok().unwrap();
        // SAFETY: the symbol has this type in jack.h.
        let open = *unsafe { library.get::<Open>(b"jack_client_open\0") }.unwrap();
        let (client, server) = (
            CString::new("tester").unwrap(),
            CString::new(self.name.as_str()).unwrap(),
        );
        let options = jack::ClientOptions::NO_START_SERVER | jack::ClientOptions::SERVER_NAME;
        let mut status = 0;
        // SAFETY: the strings and the status live over the call; the server's name follows as the option says.
        let client = unsafe { open(client.as_ptr(), options.bits(), &raw mut status, server.as_ptr()) };
        assert!(!client.is_null(), "a second client is refused: {status}");
        // SAFETY: the client was opened above and belongs to nobody else.
        unsafe { jack::Client::from_raw(client) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // Asked politely first, it removes its shared memory.
            self.signal(libc::SIGCONT);
            self.signal(libc::SIGTERM);
            let until = Instant::now() + Duration::from_secs(3);
            while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An engine without plugins on a running device.
struct Rig {
    link: Link,
    load: Arc<LoadStats>,
    running: Option<Box<dyn Running>>,
    meters: Meters,
}

impl Rig {
    fn start(device: Box<dyn Opened>) -> Self {
        let info = device.info().clone();
        let (mut link, engine) = Link::build(f64::from(info.rate), info.buffer as usize);
        let load = Arc::new(LoadStats::default());
        let callback = Callback::new(CallbackParts {
            slot: link.slot(engine),
            rate: info.rate,
            load: Arc::clone(&load),
            midi_out: None,
            guard: None,
        });
        let running = device.start(callback).unwrap();
        Self {
            link,
            load,
            running: Some(running),
            meters: Meters::default(),
        }
    }

    fn running(&mut self) -> &mut dyn Running {
        self.running.as_deref_mut().unwrap()
    }

    fn info(&mut self) -> Info {
        self.running().info().clone()
    }

    fn blocks(&self) -> u64 {
        self.load.snapshot(&LoadSnapshot::default()).total
    }

    fn meters(&mut self) -> Meters {
        while let Some(report) = self.link.report() {
            if let FromEngine::Meters(meters) = report {
                self.meters = meters;
            }
        }
        self.meters
    }

    fn wait_for(&mut self, limit: Duration, wanted: impl Fn(&DeviceEvent) -> bool) {
        let mut seen = Vec::new();
        let until = Instant::now() + limit;
        while Instant::now() < until {
            if let Some(event) = self.running().poll() {
                if wanted(&event) {
                    return;
                }
                seen.push(event);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("the event does not come within {limit:?}; these came: {seen:?}");
    }

    /// Drops the device and returns how long that took and how long until the engine was back.
    fn close(&mut self) -> Duration {
        let before = Instant::now();
        self.running = None;
        let closed = before.elapsed();
        assert!(
            self.link.take_home(Duration::ZERO).is_some(),
            "the engine is not home"
        );
        assert_eq!(self.load.panics(), 0);
        closed
    }
}

fn wait(what: &str, limit: Duration, mut until: impl FnMut() -> bool) {
    let end = Instant::now() + limit;
    while !until() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn it_plays_connected_and_survives_a_change_of_the_buffer_size() {
    let _turn = turn();
    let server = Server::start();
    let device = open(&server.wish()).unwrap().device;
    let info = device.info().clone();
    assert_eq!((info.rate, info.buffer, info.outputs), (RATE, BUFFER, 2));
    // The dummy backend holds two blocks.
    assert_eq!(info.latency_out, 2 * BUFFER);
    let mut rig = Rig::start(device);

    let other = server.client();
    let connected = |from: &str, to: &str| {
        let port = other.port_by_name(from).expect(from);
        port.is_connected_to(to).unwrap()
    };
    assert!(connected("Backline:out_1", "system:playback_1"));
    assert!(connected("Backline:out_2", "system:playback_2"));
    assert!(
        !connected("Backline:in_1", "system:capture_1"),
        "nobody asked for inputs"
    );

    let (before, since) = (rig.blocks(), Instant::now());
    std::thread::sleep(Duration::from_secs(1));
    let (blocks, seconds) = (rig.blocks() - before, since.elapsed().as_secs_f64());
    let expected = seconds * f64::from(RATE / BUFFER);
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let share = blocks as f64 / expected;
    assert!(
        (0.8..1.1).contains(&share),
        "{blocks} blocks, {expected} expected"
    );

    for frames in [256, 16] {
        other.set_buffer_size(frames).unwrap();
        rig.wait_for(Duration::from_secs(2), |event| {
            *event == DeviceEvent::Buffer(frames)
        });
        assert_eq!(rig.info().buffer, frames);
        let before = rig.blocks();
        wait("blocks go on", Duration::from_secs(2), || {
            rig.blocks() > before + 10
        });
    }
    // The latencies follow within a moment.
    wait("the latency follows", Duration::from_secs(2), || {
        rig.running().poll();
        rig.info().latency_out == 32
    });
    // The engine splits blocks of 256 frames for plugins of 32, and counts every frame.
    wait("the engine reports", Duration::from_secs(2), || {
        rig.meters().frames > u64::from(RATE)
    });

    assert!(rig.close() < Duration::from_secs(2));
    wait("the client is gone", Duration::from_secs(2), || {
        other.port_by_name("Backline:out_1").is_none()
    });
}

/// Writes messages in one block, each at its frame.
struct Sender {
    port: jack::Port<jack::MidiOut>,
    messages: Vec<(u32, Vec<u8>)>,
}

impl jack::ProcessHandler for Sender {
    fn process(&mut self, _: &jack::Client, scope: &jack::ProcessScope) -> jack::Control {
        let mut writer = self.port.writer(scope);
        for (time, bytes) in self.messages.drain(..) {
            writer.write(&jack::RawMidi { time, bytes: &bytes }).unwrap();
        }
        jack::Control::Continue
    }
}

#[test]
fn midi_comes_in_from_the_sources_that_are_wished_also_from_late_ones() {
    let _turn = turn();
    let server = Server::start();
    let wish = Wish {
        midi: Some(vec!["Tester:KEYS".to_owned()]),
        ..server.wish()
    };
    let mut rig = Rig::start(open(&wish).unwrap().device);
    wait("blocks come", Duration::from_secs(2), || rig.blocks() > 10);

    let client = server.client();
    let port = client.register_port("keys", jack::MidiOut::default()).unwrap();
    let unwished = client.register_port("pads", jack::MidiOut::default()).unwrap();
    let sender = Sender {
        port: client
            .register_port("keys too", jack::MidiOut::default())
            .unwrap(),
        messages: vec![
            (0, vec![0x90, 60, 100]),
            (7, vec![0xf0, 0x7e, 0x7f, 0x09, 0x01, 0xf7]),
            (7, vec![0xc3, 5]),
            (31, vec![0x80, 60, 0]),
        ],
    };
    // The messages wait for this connection: the sender is not active yet.
    let sending = client.activate_async((), IdleUntilConnected(sender)).unwrap();
    wait("late sources are connected", Duration::from_secs(3), || {
        rig.running().poll();
        port.is_connected_to("Backline:midi_in").unwrap()
    });
    assert!(!unwished.is_connected_to("Backline:midi_in").unwrap());
    wait("four messages arrive", Duration::from_secs(3), || {
        rig.running().poll();
        rig.meters().midi_events == 4
    });
    assert_eq!(rig.meters().last_midi, [0x80, 60, 0]);
    assert_eq!(rig.meters().dropped, 0);
    sending.deactivate().unwrap();
    rig.close();
}

/// Sends nothing before somebody listens.
struct IdleUntilConnected(Sender);

impl jack::ProcessHandler for IdleUntilConnected {
    fn process(&mut self, client: &jack::Client, scope: &jack::ProcessScope) -> jack::Control {
        if self.0.port.connected_count().unwrap_or(0) > 0 {
            self.0.process(client, scope)
        } else {
            self.0.port.writer(scope);
            jack::Control::Continue
        }
    }
}

#[test]
fn a_killed_server_is_noticed_and_the_engine_comes_home() {
    let _turn = turn();
    let mut server = Server::start();
    let mut rig = Rig::start(open(&server.wish()).unwrap().device);
    wait("blocks come", Duration::from_secs(2), || rig.blocks() > 10);
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    let name = server.name.clone();
    rig.wait_for(
        Duration::from_secs(3),
        |event| matches!(event, DeviceEvent::Lost(sentence) if sentence.contains(&name)),
    );
    assert_eq!(rig.running().poll(), None);
    let closed = rig.close();
    assert!(closed < Duration::from_secs(4), "closing took {closed:?}");

    let error = open(&server.wish()).unwrap_err();
    assert!(matches!(error, DeviceError::NoDevice { .. }), "{error}");

    // The library is still good for the server when it comes back. (JACK registers servers by name and forgets a
    // killed one only then; a few of them would use up the places that there are.)
    let next = Server::named(name);
    let mut rig = Rig::start(open(&next.wish()).unwrap().device);
    wait("blocks come again", Duration::from_secs(2), || rig.blocks() > 10);
    rig.close();
}

#[test]
fn wishes_that_a_server_cannot_fulfil_are_sentences() {
    let _turn = turn();
    let server = Server::start();
    let refused = |wish: Wish| open(&wish).unwrap_err().to_string();
    let name = &server.name;
    let rate = Wish {
        rate: Some(44_100),
        ..server.wish()
    };
    assert_eq!(
        refused(rate),
        format!(
            "JACK device \"{name}\" cannot run at 44100 Hz; its server runs at 48000 Hz, which only restarting the \
             server changes."
        )
    );
    let outputs = Wish {
        outputs: vec![3, 4],
        ..server.wish()
    };
    assert_eq!(
        refused(outputs),
        format!(
            "JACK device \"{name}\" cannot run with output channels 3, 4; name one or two of its output channels, 1 \
             to 2."
        )
    );
    let buffer = Wish {
        buffer: Some(BufferWish::Frames(9_000)),
        ..server.wish()
    };
    assert!(refused(buffer).contains("JACK has blocks of 1 to 8192 frames"));
    let name = Wish {
        name: Some("no-such-server".to_owned()),
        ..server.wish()
    };
    assert!(refused(name).starts_with("JACK has no device named \"no-such-server\""));
}

#[test]
fn the_buffer_size_is_changed_only_for_a_number() {
    let _turn = turn();
    let server = Server::start();
    let lowest = Wish {
        buffer: Some(BufferWish::Lowest),
        ..server.wish()
    };
    assert_eq!(open(&lowest).unwrap().device.info().buffer, BUFFER);
    let number = Wish {
        buffer: Some(BufferWish::Frames(128)),
        inputs: vec![2],
        outputs: vec![2],
        ..server.wish()
    };
    let device = open(&number).unwrap().device;
    assert_eq!(device.info().buffer, 128);
    let mut rig = Rig::start(device);
    let other = server.client();
    let connections = |port: &str| other.port_by_name(port).unwrap().get_connections();
    // One channel wished: both sides in it.
    assert_eq!(connections("Backline:out_1"), ["system:playback_2"]);
    assert!(connections("Backline:out_2").is_empty());
    assert_eq!(connections("Backline:in_1"), ["system:capture_2"]);
    assert_eq!(connections("Backline:in_2"), ["system:capture_2"]);
    rig.close();
    drop(other);
    let described = describe(Driver::Jack, &server.name).unwrap();
    assert_eq!(described.now, Some((RATE, 128)));
    assert_eq!((described.inputs, described.outputs), (2, 2));
}

#[test]
fn a_server_that_does_not_answer_keeps_neither_the_engine_nor_the_program() {
    let _turn = turn();
    let server = Server::start();
    let mut rig = Rig::start(open(&server.wish()).unwrap().device);
    wait("blocks come", Duration::from_secs(2), || rig.blocks() > 10);
    server.signal(libc::SIGSTOP);
    // Until the last block that it called for is done.
    std::thread::sleep(Duration::from_millis(50));
    let before = Instant::now();
    rig.running().poll();
    let closed = rig.close();
    let error = open(&server.wish()).unwrap_err();
    assert!(error.to_string().contains("does not answer"), "{error}");
    let refused = before.elapsed();
    assert!(closed < Duration::from_secs(5), "closing took {closed:?}");
    assert!(refused < Duration::from_secs(9), "all took {refused:?}");

    server.signal(libc::SIGCONT);
    wait("the server is usable again", Duration::from_secs(10), || {
        open(&server.wish()).is_ok()
    });
    let mut rig = Rig::start(open(&server.wish()).unwrap().device);
    wait("blocks come again", Duration::from_secs(2), || rig.blocks() > 10);
    rig.close();
}

#[test]
fn one_server_at_a_time() {
    let _turn = turn();
    let server = Server::start();
    let device = open(&server.wish()).unwrap().device;
    let other = Wish {
        name: Some("another".to_owned()),
        ..server.wish()
    };
    let error = open(&other).unwrap_err().to_string();
    assert!(
        error.contains(&format!("already uses the JACK server \"{}\"", server.name)),
        "{error}"
    );
    // A device that is never started leaves nothing behind.
    drop(device);
    assert!(open(&server.wish()).is_ok());
}
