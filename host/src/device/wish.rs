//! What a user asks of a device.

use std::fmt;
use std::str::FromStr;

/// A kind of driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Driver {
    /// Steinberg's ASIO, on Windows.
    Asio,
    /// The Windows audio session interface.
    Wasapi,
    /// A JACK server; PipeWire is one.
    Jack,
    /// Linux' own sound cards.
    Alsa,
    /// No device at all: a clock of our own.
    Null,
}

impl Driver {
    /// All drivers, in the order in which lists show them.
    pub const ALL: [Self; 5] = [Self::Asio, Self::Wasapi, Self::Jack, Self::Alsa, Self::Null];

    /// The name as presets and the command line spell it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Asio => "asio",
            Self::Wasapi => "wasapi",
            Self::Jack => "jack",
            Self::Alsa => "alsa",
            Self::Null => "null",
        }
    }
}

impl fmt::Display for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Asio => "ASIO",
            Self::Wasapi => "WASAPI",
            Self::Jack => "JACK",
            Self::Alsa => "ALSA",
            Self::Null => "null",
        })
    }
}

/// A driver name that is none.
#[derive(Debug, thiserror::Error)]
#[error("there is no driver \"{0}\"; the drivers are asio, wasapi, jack, alsa and null.")]
pub struct UnknownDriver(String);

impl FromStr for Driver {
    type Err = UnknownDriver;

    fn from_str(text: &str) -> Result<Self, UnknownDriver> {
        let found = Self::ALL
            .into_iter()
            .find(|driver| text.eq_ignore_ascii_case(driver.key()));
        found.ok_or_else(|| UnknownDriver(text.to_owned()))
    }
}

/// A buffer size asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BufferWish {
    /// The lowest that the device has, but not below 16 frames; a JACK server's is left as it is.
    Lowest,
    /// This many frames, 1 to 8192.
    Frames(u32),
}

/// What a user asks of a device. It is kept while the device is absent, and never overwritten by what was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wish {
    /// The driver, or the best that is there.
    pub driver: Option<Driver>,
    /// The device's name, or the driver's default.
    pub name: Option<String>,
    /// Frames per second, or the device's own.
    pub rate: Option<u32>,
    /// The buffer size, or the device's own; of a sound card at most 512 frames, if it can.
    pub buffer: Option<BufferWish>,
    /// The output channels for left and right, from 1; empty means the first two, one number means both in one.
    pub outputs: Vec<u16>,
    /// The input channels for left and right, from 1. Empty means no inputs: a microphone beside a loudspeaker howls.
    pub inputs: Vec<u16>,
    /// Parts of the names of the MIDI sources that a device with MIDI of its own (JACK) connects to; `None` is all
    /// hardware, an empty list is none.
    pub midi: Option<Vec<String>>,
}
