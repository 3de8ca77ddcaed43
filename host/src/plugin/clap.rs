//! CLAP plugins, over clack.

mod activation;
mod host;
mod instance;
mod library;

pub use instance::Instance;
pub(super) use library::describe;
