//! CLAP plugins, over clack.

mod activation;
mod host;
mod instance;
mod library;
mod note_ports;

pub use instance::Instance;
pub(super) use library::describe;
