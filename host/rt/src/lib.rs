//! The real-time wing: everything that runs on the audio thread, and nothing else.
//!
//! This crate is `no_std` without `alloc`, so it cannot say `Box`, `Vec`, `Mutex`, `println!`, file or thread.
//! What needs memory is built by the crate `host`, moved in as [`Lent`] values and moved out again; only the
//! main thread frees.
//!
//! The audio path, from the outside in:
//!
//! - [`Slot`] is what a device callback owns: an [`Engine`] that goes home when the slot is dropped.
//! - [`Engine::process`] drains its lanes, takes a new rack, runs the racks and reports home.
//! - [`Rack`](rack::Rack) holds layers and a master chain; each [`Unit`](rack::Unit) in a chain is one plugin.
//! - [`Processor`] is the audio half of one plugin; [`clap`] implements it over clack,
//!   [`vst3`] over the bindings of that name.
#![no_std]

pub mod block;
pub mod claim;
pub mod clap;
pub mod clock;
pub mod denormals;
pub mod engine;
pub mod events;
pub mod lane;
pub mod lend;
pub mod limiter;
pub mod processor;
pub mod rack;
pub mod sequence;
pub mod slot;
pub mod transport;
pub mod vst3;
pub mod wire;

pub use engine::Engine;
pub use events::{Body, Event, EventList};
pub use lend::Lent;
pub use processor::Processor;
pub use slot::Slot;
pub use transport::Transport;
