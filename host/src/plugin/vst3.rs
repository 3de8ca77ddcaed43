//! VST3 plugins, over the bindings of the crate `vst3`.
//!
//! - From file to factory: `bundle`, `module_info`, `module`, `factory`, `compatibility`, `class_id`; `library` finds a plugin.
//! - The plugin's side: `objects` (component and controller), and around them `instance`, whose verbs have a file each:
//!   `activation` with `buses`, `params`, `units`, `mapping`, `state`, `flush`, `context`, `facts`, `serve`.
//! - The host's side, which only records: `host`, and what plugins are lent: `message`, `attributes`, `stream`,
//!   `progress`, `context_menu`, `data_exchange`, `run_loop`.
//! - `com` and `text` are for all of them.

#![allow(
    non_upper_case_globals,
    reason = "the names are the specification's, and a pattern repeats them"
)]

mod activation;
mod attributes;
mod bundle;
mod buses;
mod class_id;
mod com;
mod compatibility;
mod context;
mod context_menu;
mod data_exchange;
mod factory;
mod facts;
mod flush;
mod host;
mod instance;
mod library;
mod mapping;
mod message;
mod module;
mod module_info;
mod objects;
mod params;
mod progress;
#[cfg(target_os = "linux")]
mod run_loop;
mod serve;
mod state;
mod stream;
mod text;
mod units;

pub(super) use bundle::is_in_bundle;
pub use context_menu::{Menu, MenuEntry, MenuEntryKind};
pub use instance::Instance;
pub(super) use library::describe;
