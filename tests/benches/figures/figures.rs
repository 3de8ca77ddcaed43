//! The figures and their bounds.

use crate::case::{BLOCK, Case, LAYERS, RATE, RENDER_BLOCK, Sound};
use crate::count::{self, Counter};
use crate::score::{BAR, ENDS, EVENTS};
use crate::{program, table};
use anyhow::{Result, ensure};
use std::hint::black_box;
use std::time::Instant;

/// Most instructions that one block may cost beyond the plugin's own, and how many are aimed at.
const BLOCK_BOUND: f64 = 1_500.0;
const BLOCK_AIM: f64 = 1_000.0;
/// Most instructions that each event may add.
const EVENT_BOUND: f64 = 150.0;
/// How much more than so many layers' cost a rack may cost.
const LAYERS_BOUND: f64 = 1.1;
/// Most instructions of a push and a pop.
const RING_BOUND: f64 = 60.0;
/// How much longer than the bare loop a rendering may take.
const RENDER_BOUND: f64 = 0.05;
/// Most milliseconds from the program's start to its first block.
const FIRST_BLOCK_BOUND: f64 = 100.0;
/// Starts of the program.
const STARTS: usize = 9;
/// Renderings that are timed; the fastest counts.
const TIMED: usize = 5;

/// Figures that are measured together, with their name.
type Group = (&'static str, fn(&mut Counter) -> Result<()>);

/// Measures and prints all figures. What cannot be measured leaves the rest to be.
pub fn print_all() -> Result<()> {
    let mut counter = Counter::default();
    table::head();
    let counted: &[Group] = &[
        ("blocks", blocks),
        ("events", events),
        ("layers", layers),
        ("the ring", ring),
        ("rendering", rendering),
    ];
    let timed: &[Group] = &[
        ("rendering by the clock", |_| rendering_time()),
        ("the program's start", |_| start()),
    ];
    let mut failed = Vec::new();
    let counted = count::check().map_or_else(
        |error| {
            eprintln!("error: {error:#}.");
            failed.push("all that is counted in instructions");
            &[][..]
        },
        |()| counted,
    );
    for &(name, measure) in counted.iter().chain(timed) {
        if let Err(error) = measure(&mut counter) {
            eprintln!("error: {error:#}.");
            failed.push(name);
        }
    }
    println!();
    ensure!(
        failed.is_empty(),
        "Some figures could not be measured: {}.",
        failed.join(", ")
    );
    Ok(())
}

/// What Backline costs in one block around one plugin: the difference to the bare loop.
fn around(counter: &mut Counter, played: Case, bare: Case) -> Result<f64> {
    same(played, bare)?;
    Ok(counter.round(played)? - counter.round(bare)?)
}

/// Makes sure that both play the same thing, and that it sounds.
fn same(played: Case, bare: Case) -> Result<()> {
    let (rounds, _) = played.rounds();
    // A bar of the piece ends with a pause, in which there may be nothing to compare.
    let rounds = if played == Case::Render {
        rounds - BAR / 2
    } else {
        rounds
    };
    let (here, there): (Sound, Sound) = (played.run(rounds)?, bare.run(rounds)?);
    let peak = there
        .iter()
        .flatten()
        .fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    ensure!(
        peak > 1e-3,
        "The case {} is silent, so it measures nothing",
        bare.name()
    );
    ensure!(
        here == there,
        "The cases {} and {} do not sound the same",
        played.name(),
        bare.name()
    );
    Ok(())
}

fn blocks(counter: &mut Counter) -> Result<()> {
    let bound = format!("{BLOCK_BOUND} (aim {BLOCK_AIM})");
    let cost = |figure: &str, cost: f64| {
        table::figure(figure, &table::instructions(cost), &bound, cost <= BLOCK_BOUND);
    };
    let engine = around(counter, Case::GainEngine, Case::GainBare)?;
    cost(
        &format!("Engine: block of {BLOCK} frames, demo-gain, input to output, no event"),
        engine,
    );
    let gain = around(counter, Case::GainDevice, Case::GainBare)?;
    table::information(
        "    with the wrapper that every device calls",
        &table::instructions(gain),
    );
    table::information(
        "    the plugin itself, which is not in it",
        &table::instructions(counter.round(Case::GainBare)?),
    );
    let synth = around(counter, Case::SynthDevice, Case::SynthBare)?;
    cost(
        &format!("Engine and wrapper: block of {BLOCK} frames, demo-synth holding 4 notes, no event"),
        synth,
    );
    table::information(
        "    the plugin itself, which is not in it",
        &table::instructions(counter.round(Case::SynthBare)?),
    );
    Ok(())
}

fn events(counter: &mut Counter) -> Result<()> {
    let synth = around(counter, Case::SynthDevice, Case::SynthBare)?;
    let gain = around(counter, Case::GainDevice, Case::GainBare)?;
    let notes = EVENTS + ENDS;
    let figures = [
        (
            "Note event of the device, demo-synth",
            Case::NotesDevice,
            Case::NotesBare,
            synth,
            notes,
        ),
        (
            "Note event over a lane, sending included, demo-synth",
            Case::NotesLane,
            Case::NotesBare,
            synth,
            notes,
        ),
        (
            "Parameter value over a lane, sending included, demo-gain",
            Case::ParamsLane,
            Case::ParamsBare,
            gain,
            EVENTS,
        ),
    ];
    for (figure, played, bare, without, events) in figures {
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        let cost = (around(counter, played, bare)? - without) / events as f64;
        table::figure(
            figure,
            &table::instructions(cost),
            &EVENT_BOUND.to_string(),
            cost <= EVENT_BOUND,
        );
    }
    table::information(
        "    notes in such a block: in / ends that the plugin reports",
        &format!("{EVENTS} / {ENDS}"),
    );
    Ok(())
}

fn layers(counter: &mut Counter) -> Result<()> {
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let layers = LAYERS as f64;
    let one = around(counter, Case::GainDevice, Case::GainBare)?;
    let all = counter.round(Case::GainLayers)? - layers * counter.round(Case::GainBare)?;
    let bound = LAYERS_BOUND * layers * one;
    table::figure(
        &format!("Rack of {LAYERS} layers, demo-gain in each, beyond the plugins' own"),
        &table::instructions(all),
        &format!("{bound:.0} ({LAYERS} x one + 10 %)"),
        all <= bound,
    );
    Ok(())
}

fn ring(counter: &mut Counter) -> Result<()> {
    let pair = counter.round(Case::Ring)?;
    table::figure(
        "Ring: a command pushed and popped",
        &table::instructions(pair),
        &RING_BOUND.to_string(),
        pair <= RING_BOUND,
    );
    Ok(())
}

fn rendering(counter: &mut Counter) -> Result<()> {
    same(Case::Render, Case::RenderBare)?;
    let (render, bare) = (counter.round(Case::Render)?, counter.round(Case::RenderBare)?);
    let more = render / bare - 1.0;
    table::figure(
        &format!("Rendering of demo-synth to WAV, {RENDER_BLOCK}-frame blocks, over a bare loop"),
        &format!("{:+.1} % instructions", more * 100.0),
        &format!("{:+.0} %", RENDER_BOUND * 100.0),
        more <= RENDER_BOUND,
    );
    table::information("    a block, rendered", &table::instructions(render));
    table::information("    a block, in the bare loop", &table::instructions(bare));
    Ok(())
}

/// The same by the clock, which depends on the machine and on what else it does.
fn rendering_time() -> Result<()> {
    let (few, many) = Case::Render.rounds();
    // Taken in turns, so that a busy while does not fall on one of them alone.
    let runs = [
        (Case::Render, few),
        (Case::Render, many),
        (Case::RenderBare, few),
        (Case::RenderBare, many),
    ];
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
    table::information(
        "    by the clock",
        &format!("{:+.1} %", (render / bare - 1.0) * 100.0),
    );
    table::information(
        "    faster than it sounds",
        &format!("{:.0} times", sounds / render),
    );
    Ok(())
}

fn start() -> Result<()> {
    let program = program::Program::build()?;
    let mut runs = (0..STARTS).map(|_| program.play()).collect::<Result<Vec<_>>>()?;
    runs.sort_by(|one, other| one.first_block_ms.total_cmp(&other.first_block_ms));
    let (least, most) = (runs[0].first_block_ms, runs[STARTS - 1].first_block_ms);
    let median = runs[STARTS / 2].first_block_ms;
    table::figure(
        &format!("`play` of the factory preset, start to first block, {STARTS} runs"),
        &format!("{least:.1} / {median:.1} / {most:.1} ms"),
        &format!("{FIRST_BLOCK_BOUND} ms"),
        most <= FIRST_BLOCK_BOUND,
    );
    let mut load: Vec<f64> = runs.iter().map(|run| run.load_ms).collect();
    load.sort_by(f64::total_cmp);
    let (least, median, most) = (load[0], load[STARTS / 2], load[STARTS - 1]);
    table::information(
        "    of that, loading plugins",
        &format!("{least:.1} / {median:.1} / {most:.1} ms"),
    );
    match runs.iter().filter_map(|run| run.peak_kib).max() {
        #[expect(clippy::cast_precision_loss, reason = "for people to read")]
        Some(most) => table::information(
            "    memory at its peak (resident)",
            &format!("{:.1} MiB", most as f64 / 1024.0),
        ),
        None => table::information("    memory at its peak (resident)", "not told by this system"),
    }
    Ok(())
}
