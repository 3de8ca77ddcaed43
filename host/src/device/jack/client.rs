//! Reaching a server, without starting one and without a word on the terminal.

use super::super::bounded::Calls;
use super::super::{DeviceError, Driver, Wish};
use super::LIMIT;
use crate::role;
use ::jack::jack_sys;
use ::jack::{Client, ClientOptions, ClientStatus, LoggerType};
use std::ffi::{CStr, CString, c_char, c_uint};
use std::sync::{Mutex, Once, PoisonError};

/// Calls to servers.
pub(super) static CALLS: Calls = Calls::new();

/// The server that this process uses, and how many clients it has there. JACK's library keeps one server's memory in
/// one place for all clients of a process: a client of a second server would play havoc with the first.
static USED: Mutex<Option<(String, usize)>> = Mutex::new(None);

/// The right to have a client of a server. It must outlive that client.
#[derive(Debug)]
pub(super) struct Lease(());

impl Lease {
    fn take(server: &str) -> Result<Self, Absent> {
        let mut used = USED.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *used {
            Some((other, _)) if other != server => {
                return Err(Absent::Refusal(format!(
                    "this program already uses the JACK server \"{other}\", and one at a time is all that JACK's \
                     library can do"
                )));
            }
            Some((_, clients)) => *clients += 1,
            None => *used = Some((server.to_owned(), 1)),
        }
        Ok(Self(()))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut used = USED.lock().unwrap_or_else(PoisonError::into_inner);
        *used = match used.take() {
            Some((server, clients)) if clients > 1 => Some((server, clients - 1)),
            _ => None,
        };
    }
}

/// A client and the right to have it. Fields are dropped in this order.
pub(super) struct Connected {
    pub client: Client,
    pub lease: Lease,
}

/// Why there is no client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Absent {
    /// No library to speak to servers with; what the system said.
    Library(String),
    /// No server of that name runs.
    Server,
    /// It runs, but does not answer.
    Mute,
    /// It runs and refuses; what it says.
    Refusal(String),
}

/// The name of the server that clients get when they ask for none.
pub(super) fn default_server() -> String {
    std::env::var("JACK_DEFAULT_SERVER")
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "default".to_owned())
}

/// `jack_client_open` as jack.h declares it. The crate declares it without the arguments that may follow, so that it
/// cannot name a server.
type Open = unsafe extern "C" fn(*const c_char, c_uint, *mut c_uint, ...) -> *mut jack_sys::jack_client_t;

/// Connects a client called `name` to a server, the default one if it has no name.
pub(super) fn connect(name: &'static str, server: Option<&str>) -> Result<Connected, Absent> {
    let library = jack_sys::library().map_err(|error| Absent::Library(error.to_string()))?;
    // SAFETY: the symbol has this type in every version of the library.
    let open = unsafe { library.get::<Open>(b"jack_client_open\0") };
    let open = *open.map_err(|error| Absent::Library(error.to_string()))?;
    quieten();
    if CALLS.hang() {
        return Err(Absent::Mute);
    }
    let lease = Lease::take(&server.map_or_else(default_server, str::to_owned))?;
    // No server has a name with a zero byte in it.
    let server = server.map(CString::new).transpose().map_err(|_| Absent::Server)?;
    let name = CString::new(name).map_err(|error| Absent::Refusal(error.to_string()))?;
    let opened = CALLS.run("jack open", LIMIT, move || {
        let mut options = ClientOptions::NO_START_SERVER;
        if server.is_some() {
            options |= ClientOptions::SERVER_NAME;
        }
        let mut status = 0;
        // SAFETY: both strings and `status` live over the call. The server's name follows if and only if the option
        // says so, as jack.h asks.
        let client = unsafe {
            match &server {
                Some(server) => open(name.as_ptr(), options.bits(), &raw mut status, server.as_ptr()),
                None => open(name.as_ptr(), options.bits(), &raw mut status),
            }
        };
        if client.is_null() {
            return Err(ClientStatus::from_bits_truncate(status));
        }
        // SAFETY: the client was opened above and belongs to nobody else.
        let client = unsafe { Client::from_raw(client) };
        Ok(Connected { client, lease })
    });
    match opened {
        Some(Ok(connected)) => Ok(connected),
        Some(Err(status)) if status.contains(ClientStatus::SERVER_FAILED) => Err(Absent::Server),
        Some(Err(status)) => Err(Absent::Refusal(format!("it answers {status:?}"))),
        None => Err(Absent::Mute),
    }
}

/// Closes a client that was never started.
pub(super) fn close(connected: Connected) {
    CALLS.run("jack close", LIMIT, move || drop(connected));
}

/// Whether the default server runs.
fn server_runs() -> Result<(), Absent> {
    connect("Backline-probe", None).map(close)
}

/// Runs something that talks to the server `name`, for at most [`LIMIT`].
pub(super) fn within_limit<T: Send + 'static>(
    name: &str,
    doing: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, DeviceError> {
    CALLS.run("jack", LIMIT, work).ok_or_else(|| DeviceError::Failed {
        driver: Driver::Jack,
        name: name.to_owned(),
        doing,
        reason: "the server does not answer".to_owned(),
        advice: "Restart the JACK server.",
    })
}

/// The error for a wish that found no server.
pub(super) fn no_device(wish: &Wish, absent: Absent) -> DeviceError {
    let name = wish.name.clone().unwrap_or_else(default_server);
    let failed = |reason, advice| DeviceError::Failed {
        driver: Driver::Jack,
        name: name.clone(),
        doing: "opening",
        reason,
        advice,
    };
    match absent {
        Absent::Library(reason) => DeviceError::NoDriver {
            driver: Driver::Jack,
            reason: format!("JACK's library cannot be loaded ({reason})"),
        },
        Absent::Server if wish.name.is_none() => DeviceError::NoDriver {
            driver: Driver::Jack,
            reason: "no JACK server runs".to_owned(),
        },
        Absent::Server => DeviceError::NoDevice {
            driver: Driver::Jack,
            name,
            known: server_runs().map(|()| default_server()).into_iter().collect(),
        },
        Absent::Mute => failed(
            "the server does not answer".to_owned(),
            "Restart the JACK server.",
        ),
        Absent::Refusal(reason) => failed(
            reason,
            "Stop other uses of it, or restart the JACK server if it goes on.",
        ),
    }
}

/// Sends the library's messages to the log instead of the terminal.
fn quieten() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        ::jack::set_logger(LoggerType::Custom {
            info: log,
            error: log,
        });
    });
}

unsafe extern "C" fn log(message: *const c_char) {
    // The library may complain on the audio thread, which writes no logs.
    if message.is_null() || role::is_audio() {
        return;
    }
    // SAFETY: the library passes a string that ends with a zero byte and lives over the call.
    let message = unsafe { CStr::from_ptr(message) };
    tracing::debug!("JACK says: {}", message.to_string_lossy().trim_end());
}
