//! From a file to a [`Preset`].

use std::fs::File;
use std::io::Read;
use std::path::Path;

use toml::de::DeTable;

use crate::error::{Fault, LoadError};
use crate::key::nearest;
use crate::limits;
use crate::migrate::{FORMAT, STEPS, Step, migrate, newest};
use crate::preset::Preset;
use crate::read::{self, Lines, Table};

/// Reads a preset file.
///
/// # Errors
/// One sentence that names the file, and the line and key where there is one. A file above
/// [`limits::FILE_BYTES`] is refused before it is read.
pub fn load(path: &Path) -> Result<Preset, LoadError> {
    parse(&read_text(path)?, path)
}

/// Reads a preset from its text. `path` serves the messages alone.
///
/// # Errors
/// As [`load`].
pub fn parse(text: &str, path: &Path) -> Result<Preset, LoadError> {
    parse_with(text, path, STEPS)
}

/// The text of a preset file, bounded.
pub(crate) fn read_text(path: &Path) -> Result<String, LoadError> {
    let failed = |source| LoadError::Read {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    if length > limits::FILE_BYTES {
        return Err(LoadError::TooLarge {
            path: path.to_owned(),
        });
    }
    // A pipe or a device has no length to check, and a file may grow, so the reading is bounded too.
    let mut bytes = Vec::new();
    file.take(limits::FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > limits::FILE_BYTES {
        return Err(LoadError::TooLarge {
            path: path.to_owned(),
        });
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
        LoadError::NotUtf8 {
            path: path.to_owned(),
            line,
        }
    })
}

/// Refuses a text that would cost a TOML parser gigabytes, before one sees it.
pub(crate) fn check_size(text: &str, path: &Path) -> Result<(), LoadError> {
    if text.len() as u64 > limits::FILE_BYTES {
        return Err(LoadError::TooLarge {
            path: path.to_owned(),
        });
    }
    let count = |signs: &[u8]| text.bytes().filter(|byte| signs.contains(byte)).count();
    let checks = [
        (count(b"\n"), limits::LINES, "lines"),
        (count(b"=[{,."), limits::SIGNS, "keys, values, tables and dots"),
    ];
    match checks.into_iter().find(|(number, most, _)| number > most) {
        Some((_, most, what)) => Err(LoadError::TooMuch {
            path: path.to_owned(),
            what,
            most,
        }),
        None => Ok(()),
    }
}

fn parse_with(text: &str, path: &Path, steps: &[Step]) -> Result<Preset, LoadError> {
    check_size(text, path)?;
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(LoadError::Empty {
            path: path.to_owned(),
        });
    }
    let lines = Lines::new(text);
    let mut tree = DeTable::parse(text)
        .map_err(|error| syntax(&error, &lines, path))?
        .into_inner();
    let fault = |fault: Fault| LoadError::Fault {
        path: path.to_owned(),
        fault: Box::new(fault),
    };

    let format = match Table::root(&tree, &lines).get("format") {
        None => {
            let meant = tree.keys().map(|key| key.get_ref().to_string());
            let meant = meant.filter(|key| nearest(key, &["format"]).is_some()).min();
            return Err(LoadError::NoFormat {
                path: path.to_owned(),
                meant,
            });
        }
        Some(field) => {
            let format = field.any_integer("the number of the format").map_err(fault)?;
            if format.is_none_or(|format| format > i64::from(newest(steps))) {
                return Err(LoadError::Newer {
                    path: path.to_owned(),
                    line: field.line().unwrap_or(1),
                    format: field.shown(),
                    newest: newest(steps),
                });
            }
            field
                .whole(1..=newest(steps), "the number of the format")
                .map_err(|bad| {
                    fault(Fault {
                        fix: format!("write `format = {FORMAT}`"),
                        ..bad
                    })
                })?
        }
    };
    migrate(&mut tree, format, steps).map_err(|what| {
        fault(Fault {
            key: Default::default(),
            line: None,
            what: format!(
                "its format {format} could not be brought up to {}: {what}",
                newest(steps)
            ),
            fix: "open it in the Backline that wrote it and save it again".into(),
        })
    })?;
    read::preset(&Table::root(&tree, &lines)).map_err(fault)
}

fn syntax(error: &toml::de::Error, lines: &Lines<'_>, path: &Path) -> LoadError {
    let span = error.span().unwrap_or(0..0);
    let (line, column) = lines.position(span.start);
    let reason = match error.message() {
        "duplicate key" => format!("the key `{}` is there twice", lines.text(span)),
        other => other.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    LoadError::Syntax {
        path: path.to_owned(),
        line,
        column,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use toml::Spanned;
    use toml::de::DeValue;

    use super::*;

    /// A format 1 that called the title `title`, so that `name` is the news of format 2.
    fn title_to_name(tree: &mut DeTable<'_>) -> Result<(), String> {
        if let Some(title) = tree.remove("title") {
            let span = title.span();
            tree.insert(Spanned::new(span, Cow::Borrowed("name")), title);
        }
        Ok(())
    }

    /// From format 2 to 3: names are written in capitals.
    fn shout(tree: &mut DeTable<'_>) -> Result<(), String> {
        match tree.get_mut("name").map(Spanned::get_mut) {
            Some(DeValue::String(name)) if name.is_empty() => Err("it has an empty title".into()),
            Some(DeValue::String(name)) => {
                *name = Cow::Owned(name.to_uppercase());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    const TEST_STEPS: &[Step] = &[title_to_name, shout];

    fn parse(text: &str) -> Result<Preset, String> {
        parse_with(text, Path::new("p.backline"), TEST_STEPS).map_err(|error| error.to_string())
    }

    #[test]
    fn each_step_from_the_files_format_on_is_applied_in_order() {
        assert_eq!(parse("format = 1\ntitle = \"a\"").unwrap().name, "A");
        assert_eq!(parse("format = 2\nname = \"a\"").unwrap().name, "A");
        assert_eq!(parse("format = 3\nname = \"a\"").unwrap().name, "a");
    }

    #[test]
    fn an_old_key_in_a_new_file_is_unknown() {
        assert!(
            parse("format = 2\ntitle = \"a\"")
                .unwrap_err()
                .contains("line 2, `title`")
        );
    }

    #[test]
    fn what_a_step_moved_keeps_its_line() {
        let sentence = parse("format = 1\n\n# moved\ntitle = 3").unwrap_err();
        assert!(
            sentence.starts_with("preset p.backline, line 4, `name`: 3 is a whole number"),
            "{sentence}"
        );
    }

    #[test]
    fn a_step_that_cannot_says_so() {
        let sentence = parse("format = 1\ntitle = \"\"").unwrap_err();
        assert_eq!(
            sentence,
            "preset p.backline, its format 1 could not be brought up to 3: it has an empty title; open it in the \
             Backline that wrote it and save it again"
        );
    }

    #[test]
    fn the_newest_format_follows_the_steps() {
        assert!(parse("format = 4").unwrap_err().contains("reads formats up to 3"));
    }
}
