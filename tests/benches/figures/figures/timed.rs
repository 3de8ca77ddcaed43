//! What is measured by the clock, which depends on the machine and on what else it does; and memory.

use super::Group;
use crate::case::{Case, Play, RATE, RENDER_BLOCK};
use crate::count::Counter;
use crate::program::{self, Program, Run};
use crate::table::{self, Cell};
use anyhow::Result;
use host::plugin::Format;
use std::fmt;
use std::hint::black_box;
use std::time::Instant;
use tests::FORMATS;

pub(super) const GROUPS: &[Group] = &[
    ("rendering by the clock", |_: &mut Counter| rendering()),
    ("the program's start", |_: &mut Counter| start()),
];

/// Most milliseconds from the program's start to its first block.
const FIRST_BLOCK_BOUND: f64 = 100.0;
/// Starts of the program.
const STARTS: usize = 9;
/// Renderings that are timed; the fastest counts.
const TIMED: usize = 5;

/// How a rendering took.
struct Rendering {
    /// How much longer than the bare loop.
    more: f64,
    /// How many times faster than it sounds.
    faster: f64,
}

fn rendering() -> Result<()> {
    let [clap, vst3] = FORMATS.map(time_rendering);
    let times = [clap?, vst3?];
    let cells = |text: fn(&Rendering) -> String| times.each_ref().map(|time| Cell::information(text(time)));
    table::line(
        "Rendering of demo-synth to WAV, over a bare loop",
        &cells(|time| format!("{:+.1} %", time.more * 100.0)),
    );
    table::line(
        "    faster than it sounds",
        &cells(|time| format!("{:.0} times", time.faster)),
    );
    Ok(())
}

fn time_rendering(format: Format) -> Result<Rendering> {
    let (render, bare) = (
        Case::Plays(format, Play::Render),
        Case::Plays(format, Play::RenderBare),
    );
    let (few, many) = render.rounds();
    // Taken in turns, so that a busy while does not fall on one of them alone.
    let runs = [(render, few), (render, many), (bare, few), (bare, many)];
    let mut best = [f64::INFINITY; 4];
    for _ in 0..TIMED {
        for (best, (case, rounds)) in best.iter_mut().zip(runs) {
            let started = Instant::now();
            black_box(case.run(rounds)?);
            *best = best.min(started.elapsed().as_secs_f64());
        }
    }
    let (render, bare) = (best[1] - best[0], best[3] - best[2]);
    #[expect(clippy::cast_precision_loss, reason = "a few thousand blocks")]
    let sounds = ((many - few) * RENDER_BLOCK as u64) as f64 / f64::from(RATE);
    Ok(Rendering {
        more: render / bare - 1.0,
        faster: sounds / render,
    })
}

fn start() -> Result<()> {
    program::build()?;
    let [clap, vst3] = FORMATS.map(starts);
    let starts = [clap?, vst3?];
    let cells = |cell: fn(&[Run]) -> Cell| starts.each_ref().map(|runs| cell(runs));
    table::line(
        &format!("`play` of the factory preset, start to first block, {STARTS} runs, ms"),
        &cells(|runs| {
            let times = Spread::of(runs.iter().map(|run| run.first_block_ms));
            Cell::bounded(
                times.to_string(),
                FIRST_BLOCK_BOUND.to_string(),
                times.most <= FIRST_BLOCK_BOUND,
            )
        }),
    );
    table::line(
        "    of that, loading plugins, ms",
        &cells(|runs| Cell::information(Spread::of(runs.iter().map(|run| run.load_ms)).to_string())),
    );
    table::line("    memory at its peak (resident), MiB", &cells(memory));
    Ok(())
}

fn starts(format: Format) -> Result<Vec<Run>> {
    let program = Program::of(format)?;
    (0..STARTS).map(|_| program.play()).collect()
}

fn memory(runs: &[Run]) -> Cell {
    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    let most = runs
        .iter()
        .filter_map(|run| run.peak_kib)
        .max()
        .map(|most| most as f64);
    Cell::information(most.map_or_else(
        || "not told here".to_owned(),
        |most| format!("{:.1}", most / 1024.0),
    ))
}

/// The least, the middle and the most of some numbers.
struct Spread {
    least: f64,
    median: f64,
    most: f64,
}

impl Spread {
    /// Of at least one number.
    fn of(numbers: impl Iterator<Item = f64>) -> Self {
        let mut numbers: Vec<f64> = numbers.collect();
        numbers.sort_by(f64::total_cmp);
        Self {
            least: numbers[0],
            median: numbers[numbers.len() / 2],
            most: numbers[numbers.len() - 1],
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { least, median, most } = self;
        write!(f, "{least:.1}/{median:.1}/{most:.1}")
    }
}
