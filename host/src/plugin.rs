//! Plugins: files on disk, the instances made from them, what they are and can do.
//!
//! [`Instance`] is the main half of one plugin, whatever its format, and never leaves the main thread. Activating it
//! gives the audio half as an [`rt::rack::Unit`]; that has to come home before the instance can be deactivated or
//! dropped.

mod binary;
mod clap;
mod error;
mod param;
pub mod scan;

pub use error::{ActivateError, LoadError, StateError};
pub use param::{Param, ParamError, parse_param_id};

use rt::rack::Unit;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A plugin format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// CLAP.
    Clap,
    /// VST3.
    Vst3,
}

impl Format {
    /// The name as presets and output spell it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Clap => "clap",
            Self::Vst3 => "vst3",
        }
    }

    /// The format that a file name's extension tells.
    #[must_use]
    pub fn of_file(file: &Path) -> Option<Self> {
        let extension = file.extension()?.to_str()?;
        [Self::Clap, Self::Vst3]
            .into_iter()
            .find(|format| extension.eq_ignore_ascii_case(format.key()))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clap => "CLAP",
            Self::Vst3 => "VST3",
        })
    }
}

/// What a file says of one of its plugins, without an instance.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Descriptor {
    /// `clap` or `vst3`.
    pub format: String,
    /// The id that presets name.
    pub id: String,
    /// The name that people read.
    pub name: String,
    /// Who made it.
    pub vendor: String,
    /// Its version, as its maker writes it.
    pub version: String,
    /// The file that holds it.
    pub file: PathBuf,
    /// What it is, in the format's own words.
    pub features: Vec<String>,
}

/// Which plugin of which file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file.
    pub file: PathBuf,
    /// Id or name of the plugin; not needed when the file holds one only.
    pub which: Option<String>,
}

/// A group of channels that a plugin takes or gives.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct AudioPort {
    /// The plugin's name for it.
    pub name: String,
    /// Number of channels.
    pub channels: u32,
    /// Whether it is the main port.
    pub main: bool,
}

/// A stream of notes that a plugin takes or gives.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct NotePort {
    /// The plugin's name for it.
    pub name: String,
    /// `clap`, `midi`, `midi-mpe`, `midi2`: what it speaks.
    pub dialects: Vec<&'static str>,
    /// The one of them that it likes best.
    pub preferred: Option<&'static str>,
}

/// What an instance is: for people and for `backline plugin`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Facts {
    /// Audio inputs.
    pub audio_inputs: Vec<AudioPort>,
    /// Audio outputs.
    pub audio_outputs: Vec<AudioPort>,
    /// Note inputs.
    pub note_inputs: Vec<NotePort>,
    /// Note outputs.
    pub note_outputs: Vec<NotePort>,
    /// Names of the extensions or interfaces that it has, of those that Backline knows.
    pub extensions: Vec<&'static str>,
    /// Whether it has an editor.
    pub editor: bool,
    /// Voices in use and at most, if it tells.
    pub voices: Option<(u32, u32)>,
    /// Names of keys, if it has them: key, -1 for all, and name.
    pub note_names: Vec<(i16, String)>,
}

/// What a plugin asked of its host or told it since main last looked.
#[derive(Clone, Debug, PartialEq)]
pub enum PluginEvent {
    /// Deactivate it and activate it again: its latency, ports or parameters change.
    Restart,
    /// It wants to be processed again.
    Process,
    /// Parameter values changed by themselves.
    ParamValues,
    /// The list of parameters, their names or ranges changed.
    ParamList,
    /// References to this parameter mean nothing any more.
    ParamCleared(u32),
    /// Its state is no longer the one saved last.
    Dirty,
    /// Its note names or voices changed.
    NoteInfo,
    /// A preset of its own was loaded.
    PresetLoaded,
    /// A line for its log: severity in one word, and the text.
    Log(&'static str, String),
    /// It called its host from the wrong thread: the call was recorded and is served on main.
    WrongThread(String),
}

/// The main half of one plugin.
#[derive(Debug)]
pub enum Instance {
    /// A CLAP plugin.
    Clap(clap::Instance),
}

/// Whether a plugin plays live or is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenderMode {
    /// Blocks come at their time.
    Live,
    /// Blocks come as fast as they are done.
    Offline,
}

/// Lists what a file holds. Runs the file's code: for a file that nobody picked, do it in a child process.
///
/// # Errors
///
/// A file that cannot be read, is no plugin, or holds none.
pub fn describe(file: &Path) -> Result<Vec<Descriptor>, LoadError> {
    match format_of(file)? {
        Format::Clap => clap::describe(file),
        Format::Vst3 => Err(LoadError::NoFormat {
            file: file.to_owned(),
            format: Format::Vst3,
        }),
    }
}

fn format_of(file: &Path) -> Result<Format, LoadError> {
    Format::of_file(file).ok_or_else(|| LoadError::NotAPlugin {
        file: file.to_owned(),
        reason: "its name ends neither in .clap nor in .vst3".to_owned(),
    })
}

impl Instance {
    /// Opens a file and makes an instance of the plugin named.
    ///
    /// # Errors
    ///
    /// A file that is no plugin, does not hold the one named, or whose plugin fails to start.
    pub fn load(source: &Source) -> Result<Self, LoadError> {
        match format_of(&source.file)? {
            Format::Clap => clap::Instance::load(source).map(Self::Clap),
            Format::Vst3 => Err(LoadError::NoFormat {
                file: source.file.clone(),
                format: Format::Vst3,
            }),
        }
    }

    /// What its file says of it.
    #[must_use]
    pub const fn descriptor(&self) -> &Descriptor {
        match self {
            Self::Clap(instance) => instance.descriptor(),
        }
    }

    /// What it is and can do.
    pub fn facts(&mut self) -> Facts {
        match self {
            Self::Clap(instance) => instance.facts(),
        }
    }

    /// Its parameters.
    #[must_use]
    pub fn params(&self) -> &[Param] {
        match self {
            Self::Clap(instance) => instance.params(),
        }
    }

    /// Finds a parameter by name or id.
    ///
    /// # Errors
    ///
    /// No parameter, or more than one, goes by that name.
    pub fn find_param(&self, name: &str) -> Result<&Param, ParamError> {
        param::find(self.params(), name, &self.descriptor().name)
    }

    /// A parameter's present plain value.
    pub fn value(&mut self, id: u32) -> Option<f64> {
        match self {
            Self::Clap(instance) => instance.value(id),
        }
    }

    /// The plugin's own text for a plain value.
    pub fn text(&mut self, id: u32, value: f64) -> Option<String> {
        match self {
            Self::Clap(instance) => instance.text(id, value),
        }
    }

    /// Sets parameters to plain values. Only for an instance that is not active; an active one gets its values
    /// through the engine. Returns whether it took effect.
    pub fn set_values(&mut self, values: &[(u32, f64)]) -> bool {
        match self {
            Self::Clap(instance) => instance.set_values(values),
        }
    }

    /// Saves the state; empty if the plugin has none to save.
    ///
    /// # Errors
    ///
    /// The plugin failed to save.
    pub fn save_state(&mut self) -> Result<Vec<u8>, StateError> {
        match self {
            Self::Clap(instance) => instance.save_state(),
        }
    }

    /// Loads a state.
    ///
    /// # Errors
    ///
    /// The plugin has no state, or refuses this one.
    pub fn load_state(&mut self, state: &[u8]) -> Result<(), StateError> {
        match self {
            Self::Clap(instance) => instance.load_state(state),
        }
    }

    /// Loads one of the plugin's own preset files.
    ///
    /// # Errors
    ///
    /// The plugin cannot load presets, or not this one.
    pub fn load_preset_file(&mut self, file: &Path, key: Option<&str>) -> Result<(), StateError> {
        match self {
            Self::Clap(instance) => instance.load_preset_file(file, key),
        }
    }

    /// Tells the plugin how it is used. For an instance that is not active. Returns whether it agreed.
    pub fn set_render_mode(&mut self, mode: RenderMode) -> bool {
        match self {
            Self::Clap(instance) => instance.set_render_mode(mode),
        }
    }

    /// Activates the plugin for blocks of 1 to `max_block` frames and gives its audio half.
    ///
    /// # Errors
    ///
    /// The plugin refuses, or has ports that no machine could hold.
    pub fn activate(&mut self, rate: f64, max_block: usize) -> Result<Box<Unit>, ActivateError> {
        match self {
            Self::Clap(instance) => instance.activate(rate, max_block),
        }
    }

    /// Deactivates the plugin. Its audio half must have been dropped; returns whether that was so.
    pub fn deactivate(&mut self) -> bool {
        match self {
            Self::Clap(instance) => instance.deactivate(),
        }
    }

    /// Whether the plugin is active.
    #[must_use]
    pub fn is_active(&self) -> bool {
        match self {
            Self::Clap(instance) => instance.is_active(),
        }
    }

    /// Latency in frames as of the last activation.
    #[must_use]
    pub const fn latency(&self) -> u32 {
        match self {
            Self::Clap(instance) => instance.latency(),
        }
    }

    /// Seconds that the plugin sounds on after its input ends, as it said when it was last activated; `None` is for
    /// ever.
    #[must_use]
    pub fn tail(&self) -> Option<Duration> {
        match self {
            Self::Clap(instance) => instance.tail(),
        }
    }

    /// Serves what the plugin asked for and is due: callbacks, timers. Gives what others must act on.
    pub fn serve(&mut self, now: Instant) -> Vec<PluginEvent> {
        match self {
            Self::Clap(instance) => instance.serve(now),
        }
    }

    /// When its next timer is due.
    #[must_use]
    pub fn next_timer(&self) -> Option<Instant> {
        match self {
            Self::Clap(instance) => instance.next_timer(),
        }
    }

    /// The file descriptors that it wants watched.
    #[cfg(unix)]
    #[must_use]
    pub fn watched_fds(&self) -> Vec<WatchedFd> {
        match self {
            Self::Clap(instance) => instance.watched_fds(),
        }
    }

    /// Tells the plugin that a file descriptor it watches is ready.
    #[cfg(unix)]
    pub fn fd_ready(&mut self, ready: WatchedFd) {
        match self {
            Self::Clap(instance) => instance.fd_ready(ready),
        }
    }
}

/// A file descriptor that a plugin watches, and for what; or what it is ready for.
#[cfg(unix)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchedFd {
    /// The descriptor.
    pub fd: i32,
    /// To be read.
    pub read: bool,
    /// To be written.
    pub write: bool,
    /// In error.
    pub error: bool,
}
