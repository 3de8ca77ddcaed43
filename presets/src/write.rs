//! From a [`Preset`] to its text.

use serde::Serialize;
use toml_edit::{ArrayOfTables, InlineTable, Item, Table, Value};

use crate::error::{Fault, LoadError};
use crate::limits;
use crate::load::parse;
use crate::migrate::FORMAT;
use crate::preset::Preset;

/// Why a preset has no text.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// A field holds what no preset may hold.
    #[error(transparent)]
    Fault(Box<Fault>),
    /// The text would be larger than [`limits::FILE_BYTES`].
    #[error(
        "it would be larger than a preset may be ({} MB); let the plugins refer to their samples by file instead \
         of saving them in their states",
        limits::FILE_BYTES / (1024 * 1024)
    )]
    TooLarge,
    /// The text could not be made, or could not be read back.
    #[error("its text could not be made ({0}); save it with fewer or smaller plugin states")]
    Failed(String),
}

#[derive(Serialize)]
struct File<'p> {
    format: u32,
    #[serde(flatten)]
    preset: &'p Preset,
}

impl Preset {
    /// The preset as the text of a file. Keys at their defaults are left out. The text is read back before it
    /// is handed out, so that what was written here can always be loaded.
    ///
    /// # Errors
    /// Where a field holds what a preset may not hold; the message names the key.
    pub fn to_toml(&self) -> Result<String, EncodeError> {
        let file = File {
            format: FORMAT,
            preset: self,
        };
        let mut document =
            toml_edit::ser::to_document(&file).map_err(|error| EncodeError::Failed(error.to_string()))?;
        lay_out(document.as_table_mut());
        let text = document.to_string();
        match parse(&text, "".as_ref()) {
            Ok(_) => Ok(text),
            Err(LoadError::Fault { fault, .. }) => Err(EncodeError::Fault(Box::new(fault.without_line()))),
            Err(LoadError::TooLarge { .. } | LoadError::TooMuch { .. }) => Err(EncodeError::TooLarge),
            Err(other) => Err(EncodeError::Failed(other.to_string())),
        }
    }
}

/// Turns the nested values that serde gives into `[table]` and `[[list]]` headers; `params` stays on one line.
fn lay_out(table: &mut Table) {
    for (_, item) in table.iter_mut().filter(|(key, _)| *key != "params") {
        let old = std::mem::take(item);
        *item = match old {
            Item::Value(Value::InlineTable(inner)) => Item::Table(open(inner)),
            Item::Value(Value::Array(array)) if array.iter().any(Value::is_inline_table) => {
                let tables = array.into_iter().filter_map(|value| match value {
                    Value::InlineTable(inner) => Some(open(inner)),
                    _ => None,
                });
                Item::ArrayOfTables(tables.collect::<ArrayOfTables>())
            }
            other => other,
        };
    }
}

fn open(inline: InlineTable) -> Table {
    let mut table = inline.into_table();
    // A header that has nothing but other headers under it, such as [master] over [[master.plugin]].
    table.set_implicit(true);
    lay_out(&mut table);
    table
}
