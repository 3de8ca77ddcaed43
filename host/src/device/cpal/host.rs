//! The system's list of cards, and what its errors mean.

use super::super::{Described, DeviceError, Driver, Listed, list};
use super::config;
use ::cpal::traits::{DeviceTrait, HostTrait};
use ::cpal::{Device, Error, ErrorKind, Host};

/// The driver that cpal is used for on this system.
pub(in super::super) const DRIVER: Option<Driver> = if cfg!(target_os = "linux") {
    Some(Driver::Alsa)
} else if cfg!(windows) {
    Some(Driver::Wasapi)
} else {
    None
};

/// The same where it is known that there is one, or in a sentence.
pub(super) fn driver() -> Driver {
    DRIVER.unwrap_or(Driver::Alsa)
}

/// What ALSA calls the card that the user or the system prefers.
#[cfg(target_os = "linux")]
const PREFERRED: &str = "default";

fn host() -> Result<Host, DeviceError> {
    let Some(driver) = DRIVER else {
        return Err(list::absent(Driver::Alsa));
    };
    quieten();
    #[cfg(target_os = "linux")]
    let id = ::cpal::HostId::Alsa;
    #[cfg(windows)]
    let id = ::cpal::HostId::Wasapi;
    #[cfg(not(any(target_os = "linux", windows)))]
    let id = ::cpal::default_host().id();
    ::cpal::host_from_id(id).map_err(|error| DeviceError::NoDriver {
        driver,
        reason: words(&error),
    })
}

/// The name by which a user asks for a card: ALSA's own, and on Windows the one that the system shows.
fn name_of(device: &Device) -> Option<String> {
    if cfg!(target_os = "linux") {
        device.id().ok().map(|id| id.id().to_owned())
    } else {
        device.description().ok().map(|about| about.name().to_owned())
    }
}

/// Whether a device has a clock. ALSA's "null" has none: it would be called as fast as it can.
fn has_clock(name: &str) -> bool {
    !(cfg!(target_os = "linux") && name == "null")
}

/// All cards that play, with their names.
fn cards(host: &Host) -> Result<Vec<(Device, String)>, DeviceError> {
    let devices = host.devices().map_err(|error| DeviceError::NoDriver {
        driver: driver(),
        reason: words(&error),
    })?;
    Ok(devices
        .filter(DeviceTrait::supports_output)
        .filter_map(|device| name_of(&device).map(|name| (device, name)))
        .collect())
}

fn default_name(host: &Host) -> Option<String> {
    host.default_output_device().as_ref().and_then(name_of)
}

/// Finds a card by its name, or the one that the system prefers.
pub(super) fn find(name: Option<&str>) -> Result<(Device, String), DeviceError> {
    let host = host()?;
    let no_device = |name: &str, known: Vec<String>| DeviceError::NoDevice {
        driver: driver(),
        name: name.to_owned(),
        known,
    };
    let Some(name) = name else {
        let device = host.default_output_device();
        let found = device.and_then(|device| name_of(&device).map(|name| (device, name)));
        return found.ok_or_else(|| no_device("default", Vec::new()));
    };
    #[cfg(target_os = "linux")]
    if name == PREFERRED
        && let Some(device) = host.default_output_device()
    {
        return Ok((device, name.to_owned()));
    }
    let mut known = Vec::new();
    for (device, its_name) in cards(&host)? {
        if its_name == name {
            return Ok((device, its_name));
        }
        if has_clock(&its_name) {
            known.push(its_name);
        }
    }
    // ALSA has several spellings of one card, as "hw:0,0" of "hw:CARD=0,DEV=0".
    #[cfg(target_os = "linux")]
    if let Some(device) = host.device_by_id(&::cpal::DeviceId::new(::cpal::HostId::Alsa, name)) {
        return Ok((device, name.to_owned()));
    }
    Err(no_device(name, known))
}

/// The device that records for a card: the same on ALSA; on Windows, where inputs are devices of their own, the one
/// that the system prefers.
pub(super) fn recorder(card: &Device, name: &str) -> Result<Device, DeviceError> {
    if cfg!(target_os = "linux") {
        return Ok(card.clone());
    }
    host()?
        .default_input_device()
        .ok_or_else(|| DeviceError::Unsupported {
            driver: driver(),
            name: name.to_owned(),
            what: "with inputs".to_owned(),
            possible: "the system has no input device".to_owned(),
        })
}

/// Whether the thread that plays for this device may run before all others. Not where software lies between, which
/// may call without pause or wait for a server of common priority.
pub(super) fn may_run_in_real_time(name: &str) -> bool {
    let is_hardware = ["hw:", "plughw:", "front:", "hdmi:", "iec958:"]
        .iter()
        .any(|prefix| name.starts_with(prefix));
    // WASAPI's thread is promoted by cpal.
    cfg!(target_os = "linux") && is_hardware
}

/// All cards, without opening one.
pub(in super::super) fn listed() -> Result<Vec<Listed>, DeviceError> {
    let host = host()?;
    let preferred = default_name(&host);
    let listed = cards(&host)?
        .into_iter()
        .filter(|(_, name)| has_clock(name))
        .map(|(device, name)| Listed {
            driver: driver(),
            kind: kind_of(&device, &name),
            default: preferred.as_ref() == Some(&name),
            name,
        });
    Ok(listed.collect())
}

fn kind_of(device: &Device, name: &str) -> String {
    let Ok(about) = device.description() else {
        return "a sound card".to_owned();
    };
    let lines: Vec<&str> = about.extended().collect();
    match lines.as_slice() {
        [] if about.name() == name => about.manufacturer().unwrap_or("a sound card").to_owned(),
        [] => about.name().to_owned(),
        lines => lines.join(", "),
    }
}

/// Opens a card for a moment and tells what it can do.
pub(in super::super) fn describe(name: &str) -> Result<Described, DeviceError> {
    let (device, name) = find(Some(name))?;
    let ranges: Vec<_> = device
        .supported_output_configs()
        .map_err(|error| failure(&name, "probing", &error, false))?
        .collect();
    let most = |ranges: &[::cpal::SupportedStreamConfigRange]| {
        ranges.iter().map(|range| range.channels()).max().unwrap_or(0)
    };
    // Many cards only play.
    let inputs: Vec<_> = device
        .supported_input_configs()
        .map(Iterator::collect)
        .unwrap_or_default();
    Ok(Described {
        driver: driver(),
        rates: config::rates(&ranges),
        buffers: config::buffers(&ranges),
        inputs: most(&inputs),
        outputs: most(&ranges),
        now: None,
        name,
    })
}

/// The error for a card that could not be used. `is_default` if nobody asked for it by name.
pub(super) fn failure(name: &str, doing: &'static str, error: &Error, is_default: bool) -> DeviceError {
    let advice = match error.kind() {
        ErrorKind::DeviceNotAvailable if is_default => {
            return DeviceError::NoDevice {
                driver: driver(),
                name: name.to_owned(),
                known: listed().map_or_else(
                    |_| Vec::new(),
                    |listed| listed.into_iter().map(|device| device.name).collect(),
                ),
            };
        }
        ErrorKind::DeviceBusy => {
            "Close the program that uses it, or play through the sound server (JACK, PipeWire)."
        }
        ErrorKind::PermissionDenied => {
            "Ask for the right to use sound cards, on Linux by the group \"audio\"."
        }
        ErrorKind::DeviceNotAvailable => "Check that it is connected and switched on.",
        ErrorKind::UnsupportedConfig | ErrorKind::UnsupportedOperation | ErrorKind::InvalidInput => {
            "`backline devices --probe NAME` tells what it can do."
        }
        _ => "Try another device of `backline devices`.",
    };
    DeviceError::Failed {
        driver: driver(),
        name: name.to_owned(),
        doing,
        reason: words(error),
        advice,
    }
}

/// What the driver says, as the middle of a sentence.
pub(super) fn words(error: &Error) -> String {
    error.to_string().trim_end_matches(['.', '\n', ' ']).to_owned()
}

/// Keeps ALSA's library from writing to the terminal.
#[cfg(target_os = "linux")]
fn quieten() {
    use std::ffi::{c_char, c_int};
    use std::sync::Once;
    type Handler = unsafe extern "C" fn(*const c_char, c_int, *const c_char, c_int, *const c_char, ...);
    type Fixed = unsafe extern "C" fn(*const c_char, c_int, *const c_char, c_int, *const c_char);
    #[link(name = "asound")]
    unsafe extern "C" {
        /// asoundlib's error.h.
        fn snd_lib_error_set_handler(handler: Option<Handler>) -> c_int;
    }
    unsafe extern "C" fn ignore(_: *const c_char, _: c_int, _: *const c_char, _: c_int, _: *const c_char) {}
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: both are pointers to C functions. On every calling convention of Linux the caller lays out the
        // fixed arguments of a variadic function as those of any other and cleans up by itself, so a function that
        // does not look at the rest may be called in its place.
        let handler = unsafe { std::mem::transmute::<Fixed, Handler>(ignore) };
        // SAFETY: the handler may be called at any time from any thread: it does nothing.
        unsafe { snd_lib_error_set_handler(Some(handler)) };
    });
}

#[cfg(not(target_os = "linux"))]
fn quieten() {}
