//! How figures are printed.

/// Prints one line under a heading's columns.
fn line(figure: &str, measured: &str, bound: &str, verdict: &str) {
    println!(
        "{}",
        format!("{figure:<66} {measured:>26}   {bound:<26} {verdict}").trim_end()
    );
}

/// Prints the names of the columns.
pub fn head() {
    println!();
    line("figure", "measured", "bound", "");
}

/// Prints a figure and whether it keeps its bound.
pub fn figure(figure: &str, measured: &str, bound: &str, kept: bool) {
    line(figure, measured, bound, if kept { "ok" } else { "MISSED" });
}

/// Prints a figure that has no bound.
pub fn information(figure: &str, measured: &str) {
    line(figure, measured, "-", "");
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
    format!("{}{text} instructions", if count <= -0.5 { "-" } else { "" })
}
