//! The program as a user meets it: what it prints, its exit codes, its answers to bad input.

#![expect(clippy::expect_used, reason = "a test that cannot be set up has failed")]

mod commands;
mod devices;
mod files;
mod formats;
mod play;
mod plugins;
mod presets;
mod program;
mod vst3;
mod vst3_fixture;
mod vst_presets;
