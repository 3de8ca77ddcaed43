//! Why a plugin could not be loaded, activated, or given a state.

use super::Format;
use std::path::PathBuf;

/// Why a plugin could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("The plugin file {} cannot be read: {source}. Check the path.", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is something else.
    #[error("{} is not a plugin: {reason}. Give a .clap file made for this system.", file.display())]
    NotAPlugin {
        /// The file.
        file: PathBuf,
        /// Why, without a full stop.
        reason: String,
    },
    /// The file is for other machines.
    #[error("{} was built for {built_for}, and this is {here}. Install the version for this machine.", file.display())]
    OtherMachine {
        /// The file.
        file: PathBuf,
        /// The machine that it was built for.
        built_for: String,
        /// This machine.
        here: &'static str,
    },
    /// The format is not hosted yet.
    #[error("{} is a {format} plugin, which this version of Backline cannot play yet. Use the plugin's CLAP file.", file.display())]
    NoFormat {
        /// The file.
        file: PathBuf,
        /// Its format.
        format: Format,
    },
    /// The system's loader refused.
    #[error("{} cannot be loaded: {reason}. Install what it names, or the plugin anew.", file.display())]
    Loader {
        /// The file.
        file: PathBuf,
        /// What the loader said, on one line, without a full stop.
        reason: String,
    },
    /// The library's own start failed.
    #[error("{} failed to start: its entry refused to initialise. Install the plugin anew.", file.display())]
    EntryInit {
        /// The file.
        file: PathBuf,
    },
    /// The library has no plugin factory.
    #[error("{} has no plugin factory, so it holds no plugins. Install the plugin anew.", file.display())]
    NoFactory {
        /// The file.
        file: PathBuf,
    },
    /// The factory is empty.
    #[error("{} holds no plugins: its factory is empty. Install the plugin anew.", file.display())]
    Empty {
        /// The file.
        file: PathBuf,
    },
    /// The file holds others.
    #[error("{} holds no plugin \"{which}\"; it holds {}.", file.display(), listed(.known))]
    NoSuchPlugin {
        /// The file.
        file: PathBuf,
        /// The id or name asked for.
        which: String,
        /// The ids that it holds.
        known: Vec<String>,
    },
    /// The file holds several and none was named.
    #[error("{} holds {} plugins; name one as FILE#ID: {}.", file.display(), known.len(), listed(.known))]
    Which {
        /// The file.
        file: PathBuf,
        /// The ids that it holds.
        known: Vec<String>,
    },
    /// The plugin's own start failed.
    #[error("The plugin {id} of {} failed to start: {reason}. Its maker's log may tell why.", file.display())]
    Init {
        /// The file.
        file: PathBuf,
        /// The plugin's id.
        id: String,
        /// What is known, without a full stop.
        reason: String,
    },
}

fn listed(known: &[String]) -> String {
    const SHOWN: usize = 8;
    let mut text = known
        .iter()
        .take(SHOWN)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if known.len() > SHOWN {
        text.push_str(&format!(" and {} more", known.len() - SHOWN));
    }
    text
}

/// Why a plugin could not be activated.
#[derive(Debug, thiserror::Error)]
pub enum ActivateError {
    /// The plugin refused.
    #[error(
        "The plugin {name} refuses to run at {rate} Hz with blocks of up to {max_block} frames: {reason}. Try another rate or buffer size."
    )]
    Refused {
        /// The plugin.
        name: String,
        /// Frames per second.
        rate: f64,
        /// Most frames in a block.
        max_block: usize,
        /// What is known, without a full stop.
        reason: String,
    },
    /// The ports ask for more than there is.
    #[error(
        "The plugin {name} declares {channels} audio channels, and Backline stops at {most}. This is a fault of the plugin."
    )]
    TooManyChannels {
        /// The plugin.
        name: String,
        /// Channels declared.
        channels: u64,
        /// Channels allowed.
        most: u64,
    },
}

/// Why a plugin's state could not be saved or loaded.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// There is no state to save or load.
    #[error("The plugin {name} keeps no state, so none can be loaded. Remove `state` from the preset.")]
    None {
        /// The plugin.
        name: String,
    },
    /// Saving failed.
    #[error("The plugin {name} failed to save its state. Nothing was written.")]
    Save {
        /// The plugin.
        name: String,
    },
    /// Loading failed.
    #[error(
        "The plugin {name} refused the state of {bytes} bytes. It may come from another version of the plugin; remove `state` from the preset to begin anew."
    )]
    Refused {
        /// The plugin.
        name: String,
        /// Size of the state.
        bytes: usize,
    },
    /// A preset file of the plugin's own was not loaded.
    #[error("The plugin {name} did not load the preset {}: {reason}.", file.display())]
    Preset {
        /// The plugin.
        name: String,
        /// The file.
        file: PathBuf,
        /// What is known, without a full stop.
        reason: String,
    },
}
