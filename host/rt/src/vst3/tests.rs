//! The audio half against a plugin that writes down what it gets.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the plugin is ours, and a test is no audio thread"
)]

extern crate std;

mod buses;
mod controls;
mod hostile;
mod input;
mod output;
mod plugin;
mod processor;
