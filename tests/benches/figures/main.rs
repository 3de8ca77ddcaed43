//! The figures that Backline promises, measured and printed next to their bounds: `cargo bench -p tests`.
//!
//! Instructions are counted by valgrind, so they repeat: this program runs itself under callgrind, once with few rounds
//! of a case and once with many, and takes the difference; what loading and warming up cost falls out. Every case that
//! plays has a bare counterpart: the same plugin with the same buffers and events, called in a loop that does nothing
//! else. What Backline costs is what lies between the two; before that is believed, their last blocks have to be the
//! same, bit for bit. All of it is done in either format, and both have to sound the same.
//!
//! A missed bound is printed, and is not a failure. A figure that could not be measured is one.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`case`] | what can be counted |
//! | [`bare`] | a plugin in a bare loop, in either format |
//! | [`playing`] | the same plugin, played by Backline |
//! | [`score`] | what is played, for both |
//! | [`count`] | counting instructions |
//! | [`program`] | the program `backline`: time to the first block, memory |
//! | [`figures`] | the figures, from all of these: what is counted, what takes time |
//! | [`table`] | how they are printed |

mod bare;
mod case;
mod count;
mod figures;
mod playing;
mod program;
mod score;
mod table;

use anyhow::Context;
use std::env;
use std::hint::black_box;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match *words {
        [count::CASE, name, rounds] => run(name, rounds),
        _ if words.contains(&"--bench") => figures::print_all(),
        _ => {
            // Cargo starts benchmarks like tests, too.
            println!("The figures are measured by `cargo bench -p tests`.");
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What is run under valgrind: one case.
fn run(name: &str, rounds: &str) -> anyhow::Result<()> {
    let case = case::Case::of_name(name).with_context(|| format!("There is no case {name}"))?;
    let rounds = rounds
        .parse()
        .with_context(|| format!("{rounds} is no number of rounds"))?;
    black_box(case.run(rounds)?);
    Ok(())
}
