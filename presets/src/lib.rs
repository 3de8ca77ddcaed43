//! The preset file: one UTF-8 TOML text, extension `.backline`, that says everything a rack needs.
//!
//! ```toml
//! format = 1
//! name = "Stage piano"
//!
//! [device]
//! driver = "asio"
//! buffer = "lowest"
//!
//! [[layer]]
//! name = "Piano"
//! keys = "A0..C8"
//!
//! [[layer.plugin]]
//! format = "clap"
//! id = "org.example.piano"
//! params = { "Decay" = 0.7 }
//! ```
//!
//! [`load`] and [`parse`] read it, [`save`] writes it, [`set`] and [`unset`] change one key of it and leave
//! the rest as written, [`Preset::problems`] names what is allowed but sounds wrong, and [`factory()`] holds
//! the presets that ship inside the program. Nothing here knows plugins, devices or the engine: a preset that
//! loads may still name a plugin that nobody has. What a plugin saved is bytes to it; those of a VST3 plugin
//! happen to be a `.vstpreset` file.
//!
//! # How it is read
//!
//! The text becomes the `toml` crate's own tree, in which each key and value knows where it was written;
//! the steps of `migrate.rs` lift an old tree to today's format; a small typed reader takes the tree
//! apart. The reader is not a serde derive because a musician has to understand the answer: each message
//! names the file, the line, the whole key (`layer.2.gain-db`), what is wrong, and what to write instead.
//! Writing goes through serde, and whatever is written is read back before it replaces a file.
//!
//! # Limits
//!
//! The constants of [`limits`] hold for every preset, so that a broken or hostile file costs little: sizes
//! are checked before a file is read and while a state is decompressed, not afterwards.

mod edit;
mod error;
mod factory;
mod find;
mod key;
pub mod limits;
mod load;
mod lock;
mod migrate;
mod preset;
mod problems;
mod read;
mod save;
mod value;
mod write;

pub use edit::{EditError, set, set_text, unset, unset_text};
pub use error::{Fault, LoadError};
pub use factory::{FactoryPreset, factory, factory_phrase};
pub use find::{NoPlugin, PluginPlace};
pub use key::{BadKey, Key, Segment};
pub use load::{load, parse};
pub use migrate::FORMAT;
pub use preset::{Device, Layer, Map, Master, Midi, Plugin, Preset};
pub use problems::Problem;
pub use save::{SaveError, backup_path, save};
pub use value::{
    BadValue, Buffer, Driver, KeyRange, PluginFormat, Release, State, StateError, Target, TargetChain,
    VelocityRange, note_name, parse_note,
};
pub use write::EncodeError;

/// What a preset's file name ends with, without the dot.
pub const EXTENSION: &str = "backline";
