use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::{BadValue, quoted, serialize_as_text};
use crate::limits;

/// A family of devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Driver {
    /// Windows, the card's own driver.
    Asio,
    /// Windows' own audio.
    Wasapi,
    /// A JACK server, or PipeWire's.
    Jack,
    /// Linux's own audio.
    Alsa,
    /// A clock without a device.
    Null,
}

impl Driver {
    /// Every driver, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Asio, Self::Wasapi, Self::Jack, Self::Alsa, Self::Null];

    /// As in the file and on the command line.
    pub fn as_str(self) -> &'static str {
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
        f.pad(self.as_str())
    }
}

impl FromStr for Driver {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        Self::ALL
            .into_iter()
            .find(|driver| driver.as_str() == text)
            .ok_or_else(|| {
                BadValue::new(
                    format!("{} is no driver", quoted(text)),
                    "write \"asio\", \"wasapi\", \"jack\", \"alsa\" or \"null\"",
                )
            })
    }
}

/// Frames per block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Buffer {
    /// The smallest that the device has.
    Lowest,
    /// So many frames, 1 to 8,192.
    Frames(u32),
}

impl fmt::Display for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lowest => f.pad("lowest"),
            Self::Frames(frames) => frames.fmt(f),
        }
    }
}

impl Serialize for Buffer {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Lowest => to.serialize_str("lowest"),
            Self::Frames(frames) => to.serialize_u32(*frames),
        }
    }
}

/// When the device is let go, so that other programs can have it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Release {
    /// While the preset plays, the device is ours.
    #[default]
    Never,
    /// After so many seconds without a note, 1 to 86,400; the next note takes it back.
    Idle {
        /// Seconds without a note.
        seconds: u32,
    },
    /// While the program's windows are in the background.
    Background,
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.pad("never"),
            Self::Idle { seconds } => write!(f, "idle {seconds}s"),
            Self::Background => f.pad("background"),
        }
    }
}

impl FromStr for Release {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let bad = || {
            BadValue::new(
                format!("{} does not say when to release the device", quoted(text)),
                "write \"never\", \"background\", or seconds of silence from 1 to 86400 as in \"idle 60s\"",
            )
        };
        match text {
            "never" => Ok(Self::Never),
            "background" => Ok(Self::Background),
            _ => {
                let seconds = text
                    .strip_prefix("idle")
                    .and_then(|rest| rest.trim().strip_suffix('s'));
                let seconds = seconds
                    .and_then(|digits| digits.trim_end().parse().ok())
                    .ok_or_else(bad)?;
                if !limits::IDLE_SECONDS.contains(&seconds) {
                    return Err(bad());
                }
                Ok(Self::Idle { seconds })
            }
        }
    }
}

/// A plugin standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PluginFormat {
    /// CLAP; the id is the one of the plugin's descriptor.
    Clap,
    /// VST3; the id is the class id as 32 hex digits.
    Vst3,
}

impl PluginFormat {
    /// As in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clap => "clap",
            Self::Vst3 => "vst3",
        }
    }
}

impl fmt::Display for PluginFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for PluginFormat {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        match text {
            "clap" => Ok(Self::Clap),
            "vst3" => Ok(Self::Vst3),
            _ => Err(BadValue::new(
                format!("{} is no plugin format", quoted(text)),
                "write \"clap\" or \"vst3\"",
            )),
        }
    }
}

serialize_as_text!(Driver, Release, PluginFormat);
