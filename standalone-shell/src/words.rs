//! Numbers as people read them.

use presets::note_name;

/// What a level below which nothing is told apart from silence is given as, in dBFS.
pub const SILENCE_DB: f64 = -200.0;

/// A number with so many decimal places and no more: the digits behind them mean nothing, and lines are read by people
/// too.
pub fn rounded(value: f64, places: i32) -> f64 {
    let scale = 10.0_f64.powi(places);
    (value * scale).round() / scale
}

/// A linear level in dBFS, at least [`SILENCE_DB`].
pub fn decibels(level: f64) -> f64 {
    if level.is_nan() {
        return SILENCE_DB;
    }
    (20.0 * level.log10()).max(SILENCE_DB)
}

/// A level in dBFS, for people: silence below -120 dBFS.
pub fn level(db: f64) -> String {
    if db < -120.0 {
        "silent".to_owned()
    } else {
        format!("{db:.1} dB")
    }
}

/// The factor of a gain in dB.
#[expect(clippy::cast_possible_truncation, reason = "audio is single precision")]
pub fn linear(db: f64) -> f32 {
    10.0_f64.powf(db / 20.0) as f32
}

/// A MIDI message, as "note on C4 v100 ch1". Channels count from 1.
pub fn midi(message: [u8; 3]) -> String {
    let [status, first, second] = message;
    let channel = (status & 0x0f) + 1;
    let bend = i32::from(second) * 128 + i32::from(first) - 8192;
    match status & 0xf0 {
        0x90 if second > 0 => format!("note on {} v{second} ch{channel}", note_name(first)),
        0x80 | 0x90 => format!("note off {} ch{channel}", note_name(first)),
        0xa0 => format!("key pressure {} {second} ch{channel}", note_name(first)),
        0xb0 => format!("{} {second} ch{channel}", controller(first)),
        0xc0 => format!("program {} ch{channel}", u16::from(first) + 1),
        0xd0 => format!("pressure {first} ch{channel}"),
        0xe0 => format!("bend {bend:+} ch{channel}"),
        _ => match status {
            0xf0 => "system exclusive".to_owned(),
            0xf1 => "time code".to_owned(),
            0xf2 => "song position".to_owned(),
            0xf3 => format!("song {}", u16::from(first) + 1),
            0xf8 => "clock".to_owned(),
            0xfa => "start".to_owned(),
            0xfb => "continue".to_owned(),
            0xfc => "stop".to_owned(),
            0xfe => "active sensing".to_owned(),
            0xff => "system reset".to_owned(),
            _ => format!("{status:02x} {first:02x} {second:02x}"),
        },
    }
}

fn controller(number: u8) -> String {
    match number {
        1 => "modulation".to_owned(),
        7 => "volume".to_owned(),
        11 => "expression".to_owned(),
        64 => "sustain".to_owned(),
        66 => "sostenuto".to_owned(),
        67 => "soft pedal".to_owned(),
        120 => "all sound off".to_owned(),
        121 => "controllers reset".to_owned(),
        123 => "all notes off".to_owned(),
        other => format!("cc{other}"),
    }
}

/// A count with its noun: "1 plugin", "2 plugins".
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Seconds, above a minute with minutes: "7.5 s", "12 min 34 s".
pub fn duration(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a time to look at"
    )]
    let whole = seconds.round() as u64;
    format!("{} min {} s", whole / 60, whole % 60)
}

/// Rows of text as columns, each as wide as its widest cell.
pub fn columns(rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..rows.iter().map(Vec::len).max().unwrap_or(0))
        .map(width)
        .collect();
    let mut text = String::new();
    for row in rows {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_in_words() {
        for (message, words) in [
            ([0x90, 60, 100], "note on C4 v100 ch1"),
            ([0x9f, 60, 0], "note off C4 ch16"),
            ([0x81, 61, 64], "note off C#4 ch2"),
            ([0xb0, 64, 127], "sustain 127 ch1"),
            ([0xb2, 74, 5], "cc74 5 ch3"),
            ([0xe0, 0, 64], "bend +0 ch1"),
            ([0xe0, 0, 0], "bend -8192 ch1"),
            ([0xc0, 127, 0], "program 128 ch1"),
            ([0xf8, 0, 0], "clock"),
        ] {
            assert_eq!(midi(message), words);
        }
    }

    #[test]
    fn levels_have_a_floor() {
        assert_eq!(decibels(0.0), SILENCE_DB);
        assert_eq!(decibels(f64::NAN), SILENCE_DB);
        assert!((decibels(0.5) + 6.0206).abs() < 1e-3);
        assert!((linear(-6.0206) - 0.5).abs() < 1e-5);
        assert_eq!(level(decibels(0.0)), "silent");
        assert_eq!(level(-6.02), "-6.0 dB");
        assert!((rounded(1.23456, 2) - 1.23).abs() < 1e-9);
    }

    #[test]
    fn durations_are_short() {
        assert_eq!(duration(0.54), "0.5 s");
        assert_eq!(duration(754.4), "12 min 34 s");
    }

    #[test]
    fn columns_line_up() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        assert_eq!(columns(&[row(["a", "b"]), row(["long", ""])]), "a     b\nlong\n");
    }
}
