//! `backline devices`.

use super::common;
use host::device::Driver;

/// List audio devices and MIDI ports, or probe one audio device.
///
/// Listing opens no device. Probing opens one for a moment, in a process of its own that may take 10 seconds.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  backline devices
  backline devices --driver alsa
  backline devices --driver jack --probe default

With --json, each line is one device: driver, name, kind, default; or driver and error for a driver that cannot be \
used; MIDI ports have the driver \"midi\" and the kind \"input\" or \"output\". A probe adds rates (pairs of lowest and \
highest, in Hz), buffers (least and most frames, or null where the driver does not tell), inputs, outputs, rate and buffer.")]
pub struct Arguments {
    /// This driver's devices alone: asio, wasapi, jack, alsa or null
    #[arg(long, value_name = "DRIVER")]
    driver: Option<String>,

    /// Tell what this device can do
    #[arg(long, value_name = "NAME")]
    probe: Option<String>,

    /// Print JSON lines on standard output
    #[arg(long)]
    json: bool,
}

/// Which devices to tell of.
#[derive(Clone, Debug)]
pub struct Devices {
    /// The driver, or all.
    pub driver: Option<Driver>,
    /// The device to probe.
    pub probe: Option<String>,
    /// Whether to print JSON lines.
    pub json: bool,
}

impl Arguments {
    pub fn resolve(self) -> Result<Devices, String> {
        let Self { driver, probe, json } = self;
        Ok(Devices {
            driver: driver.as_deref().map(common::driver).transpose()?,
            probe,
            json,
        })
    }
}

/// Probe a device and print it as JSON.
#[derive(Debug, clap::Args)]
pub struct ProbeArguments {
    /// Its driver
    driver: String,
    /// Its name
    name: String,
}

/// A device to probe, in a child process.
#[derive(Clone, Debug)]
pub struct ProbeDevice {
    /// Its driver.
    pub driver: Driver,
    /// Its name.
    pub name: String,
}

impl ProbeArguments {
    pub fn resolve(self) -> Result<ProbeDevice, String> {
        Ok(ProbeDevice {
            driver: common::driver(&self.driver)?,
            name: self.name,
        })
    }
}
