//! The program as a user meets it: what it prints, its exit codes, its answers to bad input.

mod commands;
mod devices;
mod files;
mod play;
mod plugins;
mod presets;
mod program;
