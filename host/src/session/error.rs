//! Why a session could not do what it was asked.

use crate::plugin::{ActivateError, LoadError, ProgramError, StateError};
use std::fmt;

/// Where in a rack something went wrong, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The layer's name, or "master".
    pub layer: String,
    /// The plugin's number in its chain, from 1.
    pub number: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { layer, number } = self;
        // A plugin that is loaded alone, to be looked at, is in no layer that anybody knows.
        if layer.is_empty() {
            write!(f, "plugin {number}")
        } else {
            write!(f, "{layer}/{number}")
        }
    }
}

/// What a loaded rack does other than it was told, without being silent over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RackWarning {
    /// The plugin that it is about.
    pub place: Place,
    /// Whole sentences: what is wrong, and what is done instead.
    pub text: String,
}

impl fmt::Display for RackWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, text } = self;
        write!(f, "{place}: {text}")
    }
}

/// Why a rack could not be loaded. What was playing before plays on.
#[derive(Debug, thiserror::Error)]
pub enum RackError {
    /// A plugin could not be loaded.
    #[error("{place}: {source}")]
    Load {
        /// Where.
        place: Place,
        /// Why.
        source: LoadError,
    },
    /// A plugin's state could not be loaded.
    #[error("{place}: {source}")]
    State {
        /// Where.
        place: Place,
        /// Why.
        source: StateError,
    },
    /// A program that has to be there could not be chosen.
    #[error("{place}: {source}")]
    Program {
        /// Where.
        place: Place,
        /// Why.
        source: ProgramError,
    },
    /// A plugin could not be activated.
    #[error("{place}: {source}")]
    Activate {
        /// Where.
        place: Place,
        /// Why.
        source: ActivateError,
    },
    /// A plugin refused to start processing.
    #[error("{place}: The plugin {name} refused to start processing. What was playing before plays on.")]
    Start {
        /// Where.
        place: Place,
        /// The plugin.
        name: String,
    },
    /// A controller map points nowhere.
    #[error(
        "The map of controller {cc} points to {place}, where there is no plugin. Correct `to` in the preset."
    )]
    NoPlugin {
        /// The controller.
        cc: u8,
        /// Where it points.
        place: Place,
    },
    /// Too many layers or plugins.
    #[error("{what}: {count}, and {most} is the most.")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// The engine does not take it.
    #[error(
        "The audio device does not respond, so the rack was not taken within {seconds} s. Check the device."
    )]
    NotTaken {
        /// How long was waited.
        seconds: u64,
    },
}
