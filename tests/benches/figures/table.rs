//! How figures are printed: a line each, and a column for either format.

use tests::FORMATS;

/// What was measured of one figure.
#[derive(Debug, Default)]
pub struct Cell {
    measured: String,
    bound: String,
    verdict: &'static str,
}

impl Cell {
    /// A figure and whether it keeps its bound.
    pub fn bounded(measured: String, bound: String, kept: bool) -> Self {
        Self {
            measured,
            bound,
            verdict: if kept { "ok" } else { "MISSED" },
        }
    }

    /// A number of instructions, and the most that there may be.
    pub fn instructions(count: f64, bound: f64) -> Self {
        Self::bounded(instructions(count), instructions(bound), count <= bound)
    }

    /// A figure that has no bound.
    pub fn information(measured: String) -> Self {
        Self {
            measured,
            ..Self::default()
        }
    }
}

/// Prints a figure with its name: a cell for each format, or one for what knows no format.
pub fn line(figure: &str, cells: &[Cell]) {
    let mut line = format!("{figure:<74}");
    for Cell {
        measured,
        bound,
        verdict,
    } in cells
    {
        line += &format!("{measured:>14}  {bound:<8}{verdict:<7}");
    }
    println!("{}", line.trim_end());
}

/// Prints the names of the columns.
pub fn head(unit: &str) {
    println!();
    let cells = FORMATS.map(|format| Cell {
        measured: format.key().to_uppercase(),
        bound: "bound".to_owned(),
        verdict: "",
    });
    line(unit, &cells);
}

/// A number of instructions, with thousands apart.
pub fn instructions(count: f64) -> String {
    let digits = format!("{:.0}", count.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{}{text}", if count <= -0.5 { "-" } else { "" })
}
