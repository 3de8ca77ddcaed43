//! `backline`: plays CLAP and VST3 instruments straight on an audio device.
//!
//! This package is a thin shell. The library `host` knows plugins, devices and the engine, the library `presets` the
//! file format; here is what a user meets: arguments, sentences, JSON lines, the live line, the main loop.

mod app;
mod child;
mod cli;
mod commands;
mod failure;
mod folders;
mod log;
mod main_loop;
mod output;
mod report;
mod resolve;
mod signals;
mod start;
mod words;

use std::process::ExitCode;

fn main() -> ExitCode {
    let started = start::Started::now();
    failure::install_panic_hook();
    match cli::parse(std::env::args_os()) {
        Ok(command) => {
            log::install();
            failure::guarded(|| commands::run(command, started))
        }
        Err(error) => failure::usage(&error),
    }
}
