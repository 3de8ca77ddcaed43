//! What each command does.

mod devices;
mod play;
mod plugin;
mod preset;
mod render;
mod scan;

use crate::cli::Command;
use crate::start::Started;

/// Runs a command.
///
/// # Errors
///
/// It failed; the error is a sentence for the user.
pub fn run(command: Command, started: Started) -> anyhow::Result<()> {
    match command {
        Command::Play(play) => play::run(&play, started),
        Command::Render(render) => render::run(&render),
        Command::Devices(devices) => devices::run(&devices),
        Command::Scan(scan) => scan::run(&scan),
        Command::Plugin(plugin) => plugin::run(&plugin),
        Command::Preset(preset) => preset::run(preset),
        Command::ScanFile(file) => scan::child(&file),
        Command::ProbeDevice(device) => devices::child(&device),
        Command::CheckPlugin(plugin) => preset::check_child(&plugin),
    }
}
