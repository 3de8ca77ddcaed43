//! MIDI inputs and files.

use host::midi::file::{self, MidiFile};
use host::midi::ports::Wanted;
use presets::Midi;
use std::path::Path;

/// The name of the phrase that is part of the program.
const PHRASE: &str = "stage-synth";

/// The inputs to listen to by name: those of the command line, else those of the preset. `None` is all.
pub fn named(named: &[String], midi: &Midi) -> Option<Vec<String>> {
    if named.is_empty() {
        midi.inputs.clone()
    } else {
        Some(named.to_owned())
    }
}

/// The inputs to listen to: those of the command line, else those of the preset, else all.
pub fn inputs(names: &[String], midi: &Midi) -> Wanted {
    named(names, midi).map_or(Wanted::All, Wanted::Named)
}

/// Reads a standard MIDI file. A name that is no file may be that of the phrase built in.
///
/// # Errors
///
/// It cannot be read, or is damaged.
pub fn midi_file(path: &Path) -> anyhow::Result<MidiFile> {
    let is_phrase = [PHRASE.to_owned(), format!("{PHRASE}.mid")]
        .iter()
        .any(|name| path.as_os_str() == name.as_str());
    if is_phrase && !path.exists() {
        return Ok(file::parse(presets::factory_phrase(), path)?);
    }
    Ok(file::load(path)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_names_the_inputs_first() {
        let preset = Midi {
            inputs: Some(vec!["Keys".to_owned()]),
            ..Midi::default()
        };
        assert_eq!(inputs(&[], &Midi::default()), Wanted::All);
        assert_eq!(inputs(&[], &preset), Wanted::Named(vec!["Keys".to_owned()]));
        assert_eq!(
            inputs(&["Pads".to_owned()], &preset),
            Wanted::Named(vec!["Pads".to_owned()])
        );
        let none = Midi {
            inputs: Some(Vec::new()),
            ..Midi::default()
        };
        assert_eq!(inputs(&[], &none), Wanted::Named(Vec::new()));
    }

    #[test]
    fn the_phrase_is_built_in() {
        let phrase = midi_file(Path::new("stage-synth")).unwrap();
        assert!(phrase.length_seconds() > 1.0);
        assert!(midi_file(Path::new("absent.mid")).is_err());
    }
}
