//! What is counted in instructions: it depends on the program alone.

use super::{Group, row, same, sound_alike};
use crate::case::{BLOCK, Case, LAYERS, Play, RENDER_BLOCK};
use crate::count::Counter;
use crate::score::{EVENTS, ends};
use crate::table::{self, Cell};
use anyhow::Result;
use host::plugin::Format;

pub(super) const GROUPS: &[Group] = &[
    ("the same sound in both formats", formats),
    ("blocks", blocks),
    ("events", events),
    ("layers", layers),
    ("the ring", ring),
    ("rendering", rendering),
];

/// Most instructions that a block and an event in it may cost beyond the plugin's own.
struct Bounds {
    block: f64,
    event: f64,
}

/// A VST3 plugin is told more, and through lists that it calls.
const fn bounds(format: Format) -> Bounds {
    match format {
        Format::Clap => Bounds {
            block: 1_500.0,
            event: 150.0,
        },
        Format::Vst3 => Bounds {
            block: 2_000.0,
            event: 200.0,
        },
    }
}

/// How much more than so many layers' cost a rack may cost.
const LAYERS_BOUND: f64 = 1.1;
/// Most instructions of a push and a pop.
const RING_BOUND: f64 = 60.0;
/// How much longer than the bare loop a rendering may take.
const RENDER_BOUND: f64 = 0.05;

/// What Backline costs in one block around one plugin: the difference to the bare loop.
fn around(counter: &mut Counter, format: Format, played: Play, bare: Play) -> Result<f64> {
    same(format, played, bare)?;
    Ok(counter.round(Case::Plays(format, played))? - counter.round(Case::Plays(format, bare))?)
}

/// A demonstration plugin is the same in both formats, and no event of one comes late in the other.
fn formats(_: &mut Counter) -> Result<()> {
    let plays = [
        Play::GainBare,
        Play::GainDevice,
        Play::SynthDevice,
        Play::NotesBare,
        Play::NotesLane,
        Play::ParamsBare,
        Play::ParamsLane,
        Play::Render,
    ];
    for play in plays {
        sound_alike(Case::Plays(Format::Clap, play), Case::Plays(Format::Vst3, play))?;
    }
    Ok(())
}

fn blocks(counter: &mut Counter) -> Result<()> {
    row(
        &format!("Engine: block of {BLOCK} frames, demo-gain, input to output, no event"),
        |format| {
            let cost = around(counter, format, Play::GainEngine, Play::GainBare)?;
            Ok(Cell::instructions(cost, bounds(format).block))
        },
    )?;
    row("    with the wrapper that every device calls", |format| {
        let cost = around(counter, format, Play::GainDevice, Play::GainBare)?;
        Ok(Cell::information(table::instructions(cost)))
    })?;
    itself(counter, Play::GainBare)?;
    row(
        &format!("Engine and wrapper: block of {BLOCK} frames, demo-synth holding 4 notes, no event"),
        |format| {
            let cost = around(counter, format, Play::SynthDevice, Play::SynthBare)?;
            Ok(Cell::instructions(cost, bounds(format).block))
        },
    )?;
    itself(counter, Play::SynthBare)
}

fn itself(counter: &mut Counter, bare: Play) -> Result<()> {
    row("    the plugin itself, which is not in it", |format| {
        let own = counter.round(Case::Plays(format, bare))?;
        Ok(Cell::information(table::instructions(own)))
    })
}

fn events(counter: &mut Counter) -> Result<()> {
    let notes = |format| EVENTS + ends(format);
    let params = |_| EVENTS;
    /// Name; a block with events, played and bare; the same without events; events of a block.
    type Figure = (&'static str, [Play; 2], [Play; 2], fn(Format) -> usize);
    let figures: [Figure; 3] = [
        (
            "Note event of the device, demo-synth",
            [Play::NotesDevice, Play::NotesBare],
            [Play::SynthDevice, Play::SynthBare],
            notes,
        ),
        (
            "Note event over a lane, sending included, demo-synth",
            [Play::NotesLane, Play::NotesBare],
            [Play::SynthDevice, Play::SynthBare],
            notes,
        ),
        (
            "Parameter value over a lane, sending included, demo-gain",
            [Play::ParamsLane, Play::ParamsBare],
            [Play::GainDevice, Play::GainBare],
            params,
        ),
    ];
    for (figure, [played, bare], [still, bare_still], events) in figures {
        row(figure, |format| {
            let without = around(counter, format, still, bare_still)?;
            #[expect(clippy::cast_precision_loss, reason = "a handful")]
            let cost = (around(counter, format, played, bare)? - without) / events(format) as f64;
            Ok(Cell::instructions(cost, bounds(format).event))
        })?;
    }
    row(
        "    notes in such a block: in / ends that the plugin reports",
        |format| Ok(Cell::information(format!("{EVENTS} / {}", ends(format)))),
    )
}

fn layers(counter: &mut Counter) -> Result<()> {
    row(
        &format!(
            "Rack of {LAYERS} layers, demo-gain in each, beyond the plugins' own ({LAYERS} x one + 10 %)"
        ),
        |format| {
            #[expect(clippy::cast_precision_loss, reason = "a handful")]
            let layers = LAYERS as f64;
            let one = around(counter, format, Play::GainDevice, Play::GainBare)?;
            let all = counter.round(Case::Plays(format, Play::GainLayers))?
                - layers * counter.round(Case::Plays(format, Play::GainBare))?;
            Ok(Cell::instructions(all, LAYERS_BOUND * layers * one))
        },
    )
}

fn ring(counter: &mut Counter) -> Result<()> {
    let pair = counter.round(Case::Ring)?;
    table::line(
        "Ring, which knows no format: a command pushed and popped",
        &[Cell::instructions(pair, RING_BOUND)],
    );
    Ok(())
}

fn rendering(counter: &mut Counter) -> Result<()> {
    row(
        &format!("Rendering of demo-synth to WAV, {RENDER_BLOCK}-frame blocks, over a bare loop"),
        |format| {
            same(format, Play::Render, Play::RenderBare)?;
            let render = counter.round(Case::Plays(format, Play::Render))?;
            let bare = counter.round(Case::Plays(format, Play::RenderBare))?;
            let more = render / bare - 1.0;
            Ok(Cell::bounded(
                format!("{:+.1} %", more * 100.0),
                format!("{:+.0} %", RENDER_BOUND * 100.0),
                more <= RENDER_BOUND,
            ))
        },
    )?;
    for (figure, play) in [
        ("    a block, rendered", Play::Render),
        ("    a block, in the bare loop", Play::RenderBare),
    ] {
        row(figure, |format| {
            let block = counter.round(Case::Plays(format, play))?;
            Ok(Cell::information(table::instructions(block)))
        })?;
    }
    Ok(())
}
