//! The figures and their bounds.

mod counted;
mod timed;

use crate::case::{Case, Play};
use crate::count::{self, Counter};
use crate::table::{self, Cell};
use anyhow::{Result, ensure};
use host::plugin::Format;
use tests::FORMATS;

/// Figures that are measured together, with their name.
type Group = (&'static str, fn(&mut Counter) -> Result<()>);

/// Measures and prints all figures. What cannot be measured leaves the rest to be.
pub fn print_all() -> Result<()> {
    let mut counter = Counter::default();
    let mut failed = Vec::new();
    let counted = count::check().map_or_else(
        |error| {
            eprintln!("error: {error:#}.");
            failed.push("all that is counted in instructions");
            &[][..]
        },
        |()| counted::GROUPS,
    );
    if !counted.is_empty() {
        table::head("Instructions");
    }
    measure(counted, &mut counter, &mut failed);
    table::head("Time and memory");
    measure(timed::GROUPS, &mut counter, &mut failed);
    println!();
    ensure!(
        failed.is_empty(),
        "Some figures could not be measured: {}.",
        failed.join(", ")
    );
    Ok(())
}

fn measure(groups: &[Group], counter: &mut Counter, failed: &mut Vec<&'static str>) {
    for &(name, measure) in groups {
        if let Err(error) = measure(counter) {
            eprintln!("error: {error:#}.");
            failed.push(name);
        }
    }
}

/// Prints a figure that is measured in either format.
fn row(figure: &str, cell: impl FnMut(Format) -> Result<Cell>) -> Result<()> {
    let cells = FORMATS.into_iter().map(cell).collect::<Result<Vec<_>>>()?;
    table::line(figure, &cells);
    Ok(())
}

/// Makes sure that a plugin sounds the same when Backline plays it as in the bare loop.
fn same(format: Format, played: Play, bare: Play) -> Result<()> {
    sound_alike(Case::Plays(format, played), Case::Plays(format, bare))
}

/// Makes sure that both play the same thing, bit for bit, and that it sounds.
fn sound_alike(one: Case, other: Case) -> Result<()> {
    let (here, there) = (one.hear()?, other.hear()?);
    let peak = there
        .iter()
        .flatten()
        .fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    ensure!(peak > 1e-3, "The case {other} is silent, so it measures nothing");
    ensure!(here == there, "The cases {one} and {other} do not sound the same");
    Ok(())
}
