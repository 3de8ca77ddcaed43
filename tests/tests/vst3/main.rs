//! What VST3 alone has: its classes, calls and faults, on the offline and the null device.
#![expect(clippy::unwrap_used, reason = "in a test a panic is how it fails")]

mod controllers;
mod edits;
mod events;
mod every_class;
mod exchange;
mod facts;
mod failures;
mod interfaces;
mod lives;
mod lyrics;
mod missing;
mod modules;
mod parameters;
mod presets;
mod processing;
mod programs;
mod reload;
mod restarts;
mod stage;
mod states;
mod threads;
mod values;
