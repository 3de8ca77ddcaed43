//! Why a plugin could not be loaded, activated, or given a state.

use super::VstPresetError;
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
    #[error("{} is not a plugin: {reason}. Give a .clap or .vst3 plugin made for this system.", file.display())]
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
    /// The bundle is for other machines.
    #[error("{} holds no library for {here} in `Contents`, {}. Install the version for this machine.", file.display(), architectures(.has))]
    OtherArchitecture {
        /// The bundle.
        file: PathBuf,
        /// The folder of this machine's libraries.
        here: &'static str,
        /// The folders of other machines' libraries that it has.
        has: Vec<String>,
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
    /// The factory makes other things only.
    #[error("{} holds no plugins: its factory makes only {}. Give the file of an instrument or effect.", file.display(), listed(.categories))]
    NoAudio {
        /// The file.
        file: PathBuf,
        /// What it makes, in the format's own words.
        categories: Vec<String>,
    },
    /// The file holds others.
    #[error("{} holds no plugin \"{which}\"; it holds {}.", file.display(), listed(.known))]
    NoSuchPlugin {
        /// The file.
        file: PathBuf,
        /// The id or name asked for.
        which: String,
        /// What it holds: ids, with the names where the ids are but digits.
        known: Vec<String>,
    },
    /// The file holds several and none was named.
    #[error("{} holds {} plugins; name one as FILE#ID: {}.", file.display(), known.len(), listed(.known))]
    Which {
        /// The file.
        file: PathBuf,
        /// What it holds: ids, with the names where the ids are but digits.
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

fn architectures(has: &[String]) -> String {
    if has.is_empty() {
        "and none for another machine".to_owned()
    } else {
        format!("only for {}", listed(has))
    }
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
    /// The state is no `.vstpreset` that could be read.
    #[error("The state for the plugin {name} cannot be used: {source}")]
    Unreadable {
        /// The plugin.
        name: String,
        /// Why.
        source: VstPresetError,
    },
    /// The state is another plugin's.
    #[error(
        "The state is for the plugin with the class id {class}, and {name} has {here}. Load it with the plugin that it was saved with."
    )]
    OtherPlugin {
        /// The plugin.
        name: String,
        /// The class that the state is for.
        class: String,
        /// The plugin's own class.
        here: String,
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

/// Why a plugin's own program was not chosen.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It has none.
    #[error(
        "The plugin {name} offers no programs, so \"{program}\" cannot be chosen. Leave the program out, or give the plugin that sound as a state."
    )]
    None {
        /// The plugin.
        name: String,
        /// The program asked for.
        program: String,
    },
    /// It has others.
    #[error("The plugin {name} has no program \"{program}\"; it has {}.", listed(.known))]
    Unknown {
        /// The plugin.
        name: String,
        /// The program asked for.
        program: String,
        /// The names that it has.
        known: Vec<String>,
    },
    /// Several go by that name.
    #[error("The plugin {name} has several programs \"{program}\"; name one of {}.", listed(.choices))]
    Ambiguous {
        /// The plugin.
        name: String,
        /// The program asked for.
        program: String,
        /// How to name each of them.
        choices: Vec<String>,
    },
    /// There is no parameter that chooses.
    #[error(
        "The plugin {name} lists the program \"{program}\" but lets no host choose it. Choose it in the plugin's editor and save a preset."
    )]
    NotOffered {
        /// The plugin.
        name: String,
        /// The program asked for.
        program: String,
    },
}
