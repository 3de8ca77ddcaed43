//! Plugins: files on disk, the instances made from them, what they are and can do.
//!
//! [`Instance`] is the main half of one plugin, whatever its format, and never leaves the main thread. Activating it
//! gives the audio half as an [`rt::rack::Unit`]; that has to come home before the instance can be deactivated or
//! dropped.

mod binary;
mod clap;
mod error;
mod facts;
mod layout;
mod library;
mod param;
pub mod scan;
mod vst3;
mod vst_preset;

pub use error::{ActivateError, LoadError, ProgramError, StateError};
pub use facts::{AudioPort, Facts, Keyswitch, NotePort, PluginUnit, ProgramList};
pub use param::{Param, ParamError, parse_param_id};
pub use vst_preset::{VstPreset, VstPresetError};
pub use vst3::{Menu, MenuEntry, MenuEntryKind};

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

    /// The format that a file name's extension tells, or that of the bundle whose library this is.
    #[must_use]
    pub fn of_file(file: &Path) -> Option<Self> {
        let extension = file.extension()?.to_str()?;
        [Self::Clap, Self::Vst3]
            .into_iter()
            .find(|format| extension.eq_ignore_ascii_case(format.key()))
            .or_else(|| vst3::is_in_bundle(file).then_some(Self::Vst3))
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
    /// The file that holds it. It is written as text, with a mark for each byte that is none.
    #[serde(serialize_with = "as_text")]
    pub file: PathBuf,
    /// What it is, in the format's own words.
    pub features: Vec<String>,
    /// Ids of older plugins whose place it takes; only VST3 has a way to say so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<String>,
}

/// A path need not be UTF-8, and JSON has to be.
fn as_text<S: serde::Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&path.display())
}

/// Which plugin of which file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file.
    pub file: PathBuf,
    /// Id or name of the plugin; not needed when the file holds one only.
    pub which: Option<String>,
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
    /// Somebody takes hold of a parameter in its editor.
    EditBegin(u32),
    /// A parameter takes this value of the processor's, from its editor.
    Edit {
        /// When, in nanoseconds of the monotonic clock.
        at: i64,
        /// The parameter.
        id: u32,
        /// The value, as its processor takes it.
        value: f64,
    },
    /// Somebody lets go of a parameter in its editor.
    EditEnd(u32),
    /// Its processor changed a parameter to this plain value.
    Param(u32, f64),
    /// Its programs, or their names, changed.
    Programs,
    /// It wants its editor shown.
    OpenEditor,
    /// It wants a menu shown: see [`Instance::take_menu`].
    Menu,
    /// Long work of its own: what it is, how far it has come from 0 to 1, and whether it has ended.
    Progress {
        /// A number that no other work of the plugin has.
        task: u64,
        /// The plugin's words for it; empty if it has none.
        text: String,
        /// How far, from 0 to 1.
        done: f64,
        /// Whether it has ended.
        ended: bool,
    },
    /// A line for its log: severity in one word, and the text.
    Log(&'static str, String),
    /// It called its host from the wrong thread: the call was recorded and is served on main.
    WrongThread(String),
}

/// The main half of one plugin.
#[derive(Debug)]
pub enum Instance {
    /// A CLAP plugin.
    Clap(Box<clap::Instance>),
    /// A VST3 plugin.
    Vst3(Box<vst3::Instance>),
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
        Format::Vst3 => vst3::describe(file),
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
            Format::Clap => Ok(Self::Clap(Box::new(clap::Instance::load(source)?))),
            Format::Vst3 => Ok(Self::Vst3(Box::new(vst3::Instance::load(source)?))),
        }
    }

    /// What its file says of it.
    #[must_use]
    pub const fn descriptor(&self) -> &Descriptor {
        match self {
            Self::Clap(instance) => instance.descriptor(),
            Self::Vst3(instance) => instance.descriptor(),
        }
    }

    /// What it is and can do.
    pub fn facts(&mut self) -> Facts {
        match self {
            Self::Clap(instance) => instance.facts(),
            Self::Vst3(instance) => instance.facts(),
        }
    }

    /// What a plugin that was just loaded lacks and plays without, in whole sentences.
    #[must_use]
    pub fn lacks(&self) -> Vec<String> {
        match self {
            Self::Clap(_) => Vec::new(),
            Self::Vst3(instance) => instance.lacks(),
        }
    }

    /// Its parameters.
    #[must_use]
    pub fn params(&self) -> &[Param] {
        match self {
            Self::Clap(instance) => instance.params(),
            Self::Vst3(instance) => instance.params(),
        }
    }

    /// Finds a parameter by name or id.
    ///
    /// # Errors
    ///
    /// No parameter, or more than one, goes by that name.
    pub fn find_param(&self, name: &str) -> Result<&Param, ParamError> {
        let found = param::find(self.params(), name, &self.descriptor().name);
        // A new version of a plugin may number its parameters anew, and tell which is which.
        let renumbered = || match self {
            Self::Vst3(instance) if found.is_err() => instance.renumbered(parse_param_id(name.trim())?),
            _ => None,
        };
        match renumbered() {
            Some(param) => Ok(param),
            None => found,
        }
    }

    /// A parameter's present plain value.
    pub fn value(&mut self, id: u32) -> Option<f64> {
        match self {
            Self::Clap(instance) => instance.value(id),
            Self::Vst3(instance) => instance.value(id),
        }
    }

    /// The plugin's own text for a plain value.
    pub fn text(&mut self, id: u32, value: f64) -> Option<String> {
        match self {
            Self::Clap(instance) => instance.text(id, value),
            Self::Vst3(instance) => instance.text(id, value),
        }
    }

    /// Sets parameters to plain values. Only for an instance that is not active; an active one gets its values
    /// through the engine. Returns whether it took effect.
    pub fn set_values(&mut self, values: &[(u32, f64)]) -> bool {
        match self {
            Self::Clap(instance) => instance.set_values(values),
            Self::Vst3(instance) => instance.set_values(values),
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
            Self::Vst3(instance) => instance.save_state(),
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
            Self::Vst3(instance) => instance.load_state(state),
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
            Self::Vst3(instance) => instance.load_preset_file(file, key),
        }
    }

    /// The programs that it brings along.
    #[must_use]
    pub fn program_lists(&self) -> &[ProgramList] {
        match self {
            Self::Clap(_) => &[],
            Self::Vst3(instance) => instance.program_lists(),
        }
    }

    /// Chooses one of the plugin's own programs: by name, by `LIST/NAME` where several lists have it, or by number from 1.
    ///
    /// # Errors
    ///
    /// The plugin has no programs, or none or several by that name, or offers no way to choose.
    pub fn select_program(&mut self, wanted: &str) -> Result<(), ProgramError> {
        match self {
            Self::Clap(instance) => Err(ProgramError::None {
                name: instance.descriptor().name.clone(),
                program: wanted.to_owned(),
            }),
            Self::Vst3(instance) => instance.select_program(wanted).map(drop),
        }
    }

    /// A parameter's plain value as the plugin's processor takes it: CLAP's takes it as it is, VST3's from 0 to 1.
    #[must_use]
    pub fn processor_value(&self, id: u32, plain: f64) -> f64 {
        match self {
            Self::Clap(_) => plain,
            Self::Vst3(instance) => instance.processor_value(id, plain),
        }
    }

    /// The plain value of what the plugin's processor takes or tells.
    #[must_use]
    pub fn plain_value(&self, id: u32, value: f64) -> f64 {
        match self {
            Self::Clap(_) => value,
            Self::Vst3(instance) => instance.plain_value(id, value),
        }
    }

    /// Tells the main half which value its processor is about to get. CLAP's hears that from its processor.
    pub fn follow(&mut self, id: u32, processor_value: f64) {
        match self {
            Self::Clap(_) => {}
            Self::Vst3(instance) => instance.tell_controller(id, processor_value),
        }
    }

    /// Tells the plugin what the layer that it stands in is called, and its number from 0. CLAP has no words for it yet.
    pub fn set_channel(&mut self, name: &str, number: u32) {
        match self {
            Self::Clap(_) => {}
            Self::Vst3(instance) => instance.set_channel(name, number),
        }
    }

    /// Tells an active plugin how long, in frames, its input has been under way and its output will be.
    pub fn set_presentation_latency(&mut self, input: u32, output: u32) {
        match self {
            Self::Clap(_) => {}
            Self::Vst3(instance) => instance.set_presentation_latency(input, output),
        }
    }

    /// Takes the menu that the plugin wanted shown last. One that nobody shows is let go with the next.
    pub fn take_menu(&mut self) -> Option<Menu> {
        match self {
            Self::Clap(_) => None,
            Self::Vst3(instance) => instance.take_menu(),
        }
    }

    /// Tells the plugin how it is used. For an instance that is not active. Returns whether it agreed.
    pub fn set_render_mode(&mut self, mode: RenderMode) -> bool {
        match self {
            Self::Clap(instance) => instance.set_render_mode(mode),
            Self::Vst3(instance) => instance.set_render_mode(mode),
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
            Self::Vst3(instance) => instance.activate(rate, max_block),
        }
    }

    /// Deactivates the plugin. Its audio half must have been dropped; returns whether that was so.
    pub fn deactivate(&mut self) -> bool {
        match self {
            Self::Clap(instance) => instance.deactivate(),
            Self::Vst3(instance) => instance.deactivate(),
        }
    }

    /// Whether the plugin is active.
    #[must_use]
    pub fn is_active(&self) -> bool {
        match self {
            Self::Clap(instance) => instance.is_active(),
            Self::Vst3(instance) => instance.is_active(),
        }
    }

    /// Latency in frames as of the last activation.
    #[must_use]
    pub fn latency(&self) -> u32 {
        match self {
            Self::Clap(instance) => instance.latency(),
            Self::Vst3(instance) => instance.latency(),
        }
    }

    /// Seconds that the plugin sounds on after its input ends, as it said when it was last activated; `None` is for
    /// ever.
    #[must_use]
    pub fn tail(&self) -> Option<Duration> {
        match self {
            Self::Clap(instance) => instance.tail(),
            Self::Vst3(instance) => instance.tail(),
        }
    }

    /// Serves what the plugin asked for and is due: callbacks, timers. Gives what others must act on.
    pub fn serve(&mut self, now: Instant) -> Vec<PluginEvent> {
        match self {
            Self::Clap(instance) => instance.serve(now),
            Self::Vst3(instance) => instance.serve(now),
        }
    }

    /// When its next timer is due.
    #[must_use]
    pub fn next_timer(&self) -> Option<Instant> {
        match self {
            Self::Clap(instance) => instance.next_timer(),
            Self::Vst3(instance) => instance.next_timer(),
        }
    }

    /// The file descriptors that it wants watched.
    #[cfg(unix)]
    #[must_use]
    pub fn watched_fds(&self) -> Vec<WatchedFd> {
        match self {
            Self::Clap(instance) => instance.watched_fds(),
            Self::Vst3(instance) => instance.watched_fds(),
        }
    }

    /// Tells the plugin that a file descriptor it watches is ready.
    #[cfg(unix)]
    pub fn fd_ready(&mut self, ready: WatchedFd) {
        match self {
            Self::Clap(instance) => instance.fd_ready(ready),
            Self::Vst3(instance) => instance.fd_ready(ready),
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
