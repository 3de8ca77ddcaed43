//! The values that a preset writes as text, each with its `FromStr` and `Display`.

mod device;
mod range;
mod state;
mod target;

pub use device::{Buffer, Driver, PluginFormat, Release};
pub use range::{KeyRange, VelocityRange, note_name, parse_note};
pub(crate) use state::Budget;
pub use state::{State, StateError};
pub use target::{Target, TargetChain};

/// A text that is not what its key wants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {fix}")]
pub struct BadValue {
    /// What is wrong, as the first half of a sentence.
    pub what: String,
    /// What to write instead.
    pub fix: String,
}

impl BadValue {
    fn new(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            fix: fix.into(),
        }
    }
}

/// Quotes a piece of the file for a message, cut where it is long, without line breaks.
pub(crate) fn quoted(text: &str) -> String {
    const MOST: usize = 48;
    let mut short: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    if text.chars().nth(MOST).is_some() {
        short.push_str("...");
    }
    format!("\"{short}\"")
}

/// Writes a value the way it is displayed.
macro_rules! serialize_as_text {
    ($($type:ty),+) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
    )+};
}
pub(crate) use serialize_as_text;
