//! Changes one key of a file and leaves every other byte as it is.

mod place;
mod splice;

use std::path::{Path, PathBuf};

use toml_edit::{Array, DocumentMut, Value};

use crate::error::LoadError;
use crate::key::{BadKey, Key};
use crate::load::{check_size, parse, read_text};
use crate::save::{SaveError, lock, replace};

/// Why a key could not be set or removed. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The file could not be read, or is broken where it was not to be edited.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The key is none.
    #[error(transparent)]
    Key(#[from] BadKey),
    /// The file has no such place, or the value does not belong there.
    #[error("could not {action} in the preset {}: {reason}; the file is as it was", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What was wanted: "set `device.buffer` to 99999".
        action: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The new version could not be written.
    #[error(transparent)]
    Save(#[from] SaveError),
}

/// Sets one key of a preset file: `set(path, "device.buffer", "32")`.
///
/// Lists count from 1, and a layer goes by its name too: `layer.1.gain-db`, `layer.Piano.mute`,
/// `layer.1.plugin.1.params.Decay`. One more than the last entry adds an entry; missing tables are made.
/// `value` is TOML where it reads as TOML and TOML is what the key wants, else it is text: `lowest`,
/// `"lowest"` and, for a name, `808` all do. For a list of names one name will do. Comments, order, spaces
/// and line endings stay.
///
/// # Errors
/// The whole result is checked before it is written, so that a key or value that does not belong leaves the
/// file untouched.
pub fn set(path: &Path, key: &str, value: &str) -> Result<(), EditError> {
    let _lock = lock(path)?;
    let text = read_text(path)?;
    write_if_new(path, &text, &set_text(&text, path, key, value)?)
}

/// Removes one key of a preset file, so that its default holds, or one entry of a list: `layer.2`.
///
/// # Errors
/// As [`set`]; a key that is not there is an error too.
pub fn unset(path: &Path, key: &str) -> Result<(), EditError> {
    let _lock = lock(path)?;
    let text = read_text(path)?;
    write_if_new(path, &text, &unset_text(&text, path, key)?)
}

/// As [`set`], from text to text. `path` serves the messages alone.
///
/// # Errors
/// As [`set`].
pub fn set_text(text: &str, path: &Path, key: &str, value: &str) -> Result<String, EditError> {
    let parsed_key: Key = key.parse()?;
    let mut first_error = None;
    for value in readings(value) {
        match edited(text, path, &parsed_key, Some(value)) {
            Ok(done) => return Ok(done),
            Err(error) => _ = first_error.get_or_insert(error),
        }
    }
    let action = || format!("set `{key}` to {}", crate::value::quoted(value));
    // PANIC: never, there is at least one reading; without an error the text would have been returned.
    first_error.map_or_else(|| Ok(text.to_owned()), |error| Err(error.explain(path, action())))
}

/// As [`unset`], from text to text. `path` serves the messages alone.
///
/// # Errors
/// As [`unset`].
pub fn unset_text(text: &str, path: &Path, key: &str) -> Result<String, EditError> {
    let key: Key = key.parse()?;
    edited(text, path, &key, None).map_err(|error| error.explain(path, format!("remove `{key}`")))
}

/// What a value on the command line may mean, the likeliest first.
fn readings(value: &str) -> Vec<Value> {
    let mut readings = Vec::with_capacity(3);
    if let Ok(mut toml) = value.parse::<Value>() {
        toml.decor_mut().clear();
        let is_text = toml.is_str();
        readings.push(toml);
        if is_text {
            // Quoted on purpose: the quotation marks are not part of it.
            let list: Array = readings.iter().cloned().collect();
            readings.push(Value::Array(list));
            return readings;
        }
    }
    readings.push(Value::from(value));
    readings.push(Value::Array(std::iter::once(value).collect()));
    readings
}

enum Failed {
    /// The document has no such place.
    Place(String),
    /// The result is no preset. The key is the edited one as a fault calls it.
    Load(LoadError, Option<Key>),
}

impl Failed {
    fn explain(self, path: &Path, action: String) -> EditError {
        let refused = |reason| EditError::Refused {
            path: path.to_owned(),
            action,
            reason,
        };
        match self {
            Self::Place(reason) => refused(reason),
            // The fault is in what was set, so its line is one of a text that nobody will see.
            Self::Load(LoadError::Fault { fault, .. }, Some(key)) if fault.key.is_within(&key) => {
                if fault.key.segments().len() == key.segments().len() {
                    refused(format!("{}; {}", fault.what, fault.fix))
                } else {
                    refused(fault.without_line().to_string())
                }
            }
            Self::Load(LoadError::NoFormat { .. } | LoadError::Newer { .. }, Some(key))
                if key.to_string() == "format" =>
            {
                refused(format!(
                    "it is the number of the file's format, which is {}",
                    crate::FORMAT
                ))
            }
            Self::Load(other, _) => other.into(),
        }
    }
}

/// The text with the key set, or removed where there is no value; checked.
fn edited(text: &str, path: &Path, key: &Key, value: Option<Value>) -> Result<String, Failed> {
    check_size(text, path).map_err(|error| Failed::Load(error, None))?;
    let mut document: DocumentMut = match text.parse() {
        Ok(document) => document,
        // Our own parser says it better; the two agree on what TOML is.
        Err(error) => {
            return Err(match parse(text, path) {
                Err(error) => Failed::Load(error, None),
                Ok(_) => Failed::Place(error.message().split_whitespace().collect::<Vec<_>>().join(" ")),
            });
        }
    };
    let untouched = document.to_string();
    let resolved = place::edit(document.as_table_mut(), key, value).map_err(Failed::Place)?;
    let result = splice::splice(text, &untouched, &document.to_string());
    parse(&result, path).map_err(|error| Failed::Load(error, Some(resolved)))?;
    Ok(result)
}

fn write_if_new(path: &Path, old: &str, new: &str) -> Result<(), EditError> {
    // The previous version is worth more than a second copy of this one.
    if old != new {
        replace(path, new)?;
    }
    Ok(())
}
