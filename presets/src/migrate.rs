//! Lifts presets of older formats to today's.
//!
//! A change of the format that old files do not survive gets a step here: the step at place *i* of [`STEPS`]
//! turns a tree of format *i* + 1 into one of format *i* + 2. Steps work on the parsed tree, in which what
//! they move keeps the line it was written on. Steps are never removed and never changed once released.

use toml::de::DeTable;

/// The format that this program writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// Turns a tree into one of the next format, or says in a sentence why it cannot.
pub(crate) type Step = fn(&mut DeTable<'_>) -> Result<(), String>;

pub(crate) const STEPS: &[Step] = &[];

const _: () = assert!(
    STEPS.len() + 1 == FORMAT as usize,
    "each format but the first has a step that leads to it"
);

/// The format that the steps lead to.
pub(crate) fn newest(steps: &[Step]) -> u32 {
    // PANIC: a table of four billion steps does not fit into a program.
    u32::try_from(steps.len()).map_or(u32::MAX, |count| count + 1)
}

/// Applies each step from `format` on. `format` is at least 1.
pub(crate) fn migrate(tree: &mut DeTable<'_>, format: u32, steps: &[Step]) -> Result<(), String> {
    steps
        .iter()
        .skip(format as usize - 1)
        .try_for_each(|step| step(tree))
}
