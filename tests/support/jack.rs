//! Real JACK servers without hardware, each private to its test, and other clients of theirs.

mod recorder;
mod sender;

pub use recorder::{Heard, Recorder};
pub use sender::{Sender, Sent};

use super::Live;
use ::jack::jack_sys;
use host::device::{Driver, Wish};
use host::session::{Meters, RackSpec, Session};
use std::ffi::{CString, c_char, c_uint};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, process, thread};

/// Most that a server may take to come up or go down.
const LIMIT: Duration = Duration::from_secs(10);

/// JACK's library can use one server at a time, so the tests of one process take turns.
static TURN: Mutex<()> = Mutex::new(());

/// A `jackd` with the dummy driver, of a name that nobody else has. While it lives no other test of this process has
/// one; a test that has a [`Fixture`](super::Fixture) too opens that first.
///
/// Dropping it ends the server and removes what it leaves in memory.
#[derive(Debug)]
pub struct JackServer {
    name: String,
    child: Option<Child>,
    _turn: MutexGuard<'static, ()>,
}

impl JackServer {
    /// A server at 48 kHz with blocks of 32 frames.
    ///
    /// # Panics
    ///
    /// If it does not come up.
    #[must_use]
    pub fn start() -> Self {
        Self::with(48_000, 32)
    }

    /// A server at another rate or block size.
    ///
    /// # Panics
    ///
    /// If it does not come up.
    #[must_use]
    pub fn with(rate: u32, frames: u32) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("backline-test-{}-{number}", process::id());
        let mut server = Self {
            name,
            child: None,
            _turn: turn,
        };
        server.start_again(rate, frames);
        server
    }

    /// Starts it again under its name, after [`kill`](Self::kill).
    ///
    /// # Panics
    ///
    /// If it runs, or does not come up.
    pub fn start_again(&mut self, rate: u32, frames: u32) {
        assert!(self.child.is_none(), "the server runs already");
        // Real time where the system permits it: there nobody else makes blocks late.
        for real_time in ["-R", "-r"] {
            self.child = Some(launch(&self.name, real_time, rate, frames));
            if self.comes_up() {
                return;
            }
            self.end();
        }
        panic!("jackd does not come up within {} s", LIMIT.as_secs());
    }

    /// Waits until the server answers. `false` if it ended, as one that may not run in real time does.
    fn comes_up(&mut self) -> bool {
        let until = Instant::now() + LIMIT;
        while Instant::now() < until {
            if self
                .child
                .as_mut()
                .is_none_or(|child| !matches!(child.try_wait(), Ok(None)))
            {
                return false;
            }
            // Asking before it listens makes the library complain.
            if self.socket().exists() && open("probe", &self.name).is_some() {
                return true;
            }
            thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// Where it listens to clients.
    fn socket(&self) -> PathBuf {
        // SAFETY: asks the system for a number.
        let user = unsafe { libc::getuid() };
        PathBuf::from(format!("/dev/shm/jack_{}_{user}_0", self.name))
    }

    /// Its name, for `--device` and wishes.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The wish for this server.
    #[must_use]
    pub fn wish(&self) -> Wish {
        Wish {
            driver: Some(Driver::Jack),
            name: Some(self.name.clone()),
            ..Wish::default()
        }
    }

    /// A session that plays `spec` on it.
    ///
    /// # Panics
    ///
    /// If the rack does not load or the device does not open.
    #[must_use]
    pub fn play(&self, spec: &RackSpec) -> Live {
        let mut session = Session::new();
        session.load(spec).expect("the rack loads");
        session.open(&self.wish()).expect("the server takes a client");
        Live {
            session,
            events: Vec::new(),
            meters: Meters::default(),
        }
    }

    /// Kills it, as a crash would.
    ///
    /// # Panics
    ///
    /// If it does not run.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("the server runs");
        child.kill().expect("the server is killed");
        // Until it is waited for its id is taken, and JACK believes that it runs.
        child.wait().expect("the server ends");
    }

    /// Another client of the server, not yet active.
    ///
    /// # Panics
    ///
    /// If the server refuses it for long; one that is busy with others may do so for a moment.
    #[must_use]
    pub fn client(&self, name: &str) -> ::jack::Client {
        let mut client = None;
        crate::wait("the server takes a client", LIMIT, || {
            client = open(name, &self.name);
            client.is_some()
        });
        client.expect("it was waited for")
    }

    /// Ends it politely, so that it removes its shared memory.
    fn end(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        let is_there = |child: &mut Child| matches!(child.try_wait(), Ok(None));
        if let (true, Ok(id)) = (is_there(&mut child), libc::pid_t::try_from(child.id())) {
            // SAFETY: sends a signal to a child that has not been waited for, so that its id is its own.
            unsafe { libc::kill(id, libc::SIGTERM) };
        }
        let until = Instant::now() + LIMIT;
        while is_there(&mut child) && Instant::now() < until {
            thread::sleep(Duration::from_millis(5));
        }
        drop(child.kill());
        drop(child.wait());
    }
}

impl Drop for JackServer {
    fn drop(&mut self) {
        if self.child.is_none() {
            // JACK knows at most eight servers, and forgets a killed one only when its name is used again.
            self.child = Some(launch(&self.name, "-r", 48_000, 1_024));
            self.comes_up();
        }
        self.end();
        let left = left_behind(&self.name);
        if !thread::panicking() {
            assert!(left.is_empty(), "the server left {left:?} behind");
        }
    }
}

/// What lies in shared memory under a server's name.
fn left_behind(name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir("/dev/shm").into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .filter(|path| path.to_string_lossy().contains(&format!("{name}_")))
        .collect()
}

fn launch(name: &str, real_time: &str, rate: u32, frames: u32) -> Child {
    Command::new("jackd")
        // The server waits for its clients (-S), so that a busy machine makes blocks late but loses none.
        .args(["-n", name, real_time, "-S", "-t", "5000", "-d", "dummy"])
        .args(["-r", &rate.to_string(), "-p", &frames.to_string()])
        .env("JACK_NO_AUDIO_RESERVATION", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("jackd starts; the package is called jackd2")
}

/// Opens a client of a server. The crate's own way to do so cannot name a server.
fn open(client: &str, server: &str) -> Option<::jack::Client> {
    type Open = unsafe extern "C" fn(*const c_char, c_uint, *mut c_uint, ...) -> *mut jack_sys::jack_client_t;
    ::jack::set_logger(::jack::LoggerType::None);
    let library = jack_sys::library().expect("JACK's library");
    // SAFETY: the symbol has this type in jack.h.
    let open = *unsafe { library.get::<Open>(b"jack_client_open\0") }.expect("jack_client_open");
    let (client, server) = (CString::new(client).ok()?, CString::new(server).ok()?);
    let options = ::jack::ClientOptions::NO_START_SERVER | ::jack::ClientOptions::SERVER_NAME;
    let mut status = 0;
    // SAFETY: the strings and the status live over the call; the server's name follows as the option says.
    let client = unsafe { open(client.as_ptr(), options.bits(), &raw mut status, server.as_ptr()) };
    // SAFETY: the client was opened above and belongs to nobody else.
    (!client.is_null()).then(|| unsafe { ::jack::Client::from_raw(client) })
}

/// Connects ports, once both are there.
///
/// # Panics
///
/// If that is not within a few seconds.
fn connect(client: &::jack::Client, from: &str, to: &str) {
    crate::wait(&format!("{from} is connected to {to}"), LIMIT, || {
        matches!(
            client.connect_ports_by_name(from, to),
            Ok(()) | Err(::jack::Error::PortAlreadyConnected(..))
        )
    });
}
