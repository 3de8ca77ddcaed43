//! A plugin in a bare loop: its format's `process` with buffers and events that were made beforehand, and nothing else.

mod clap;
mod lists;
mod vst3;

use crate::case::{BLOCK, Sound};
use crate::playing::input;
use crate::score::Score;
use anyhow::Result;
use host::plugin::Format;
use std::path::Path;

/// Plays a score on demo-gain, fed with [`input`], and gives the last block.
pub fn gain(format: Format, blocks: u64, score: &Score) -> Result<Sound> {
    play(format, "demo-gain", (Some(input()), BLOCK), blocks, score)
}

/// Plays a score on demo-synth, in blocks of `frames`, and gives the last one.
pub fn synth(format: Format, frames: usize, blocks: u64, score: &Score) -> Result<Sound> {
    play(format, "demo-synth", (None, frames), blocks, score)
}

/// What goes into every block of so many frames.
type Feed = (Option<Sound>, usize);

fn play(format: Format, plugin: &str, feed: Feed, blocks: u64, score: &Score) -> Result<Sound> {
    let play: fn(&Path, Feed, u64, &Score) -> Result<Sound> = match format {
        Format::Clap => clap::play,
        Format::Vst3 => vst3::play,
    };
    play(&tests::demo_as(format, plugin), feed, blocks, score)
}
