//! Presets that are part of the program, made of its own demo plugins.

/// A preset that ships inside the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactoryPreset {
    /// Its name as a file, without the extension: `stage-synth`.
    pub name: &'static str,
    /// Its text, which [`parse`](crate::parse) reads.
    pub text: &'static str,
}

macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        &[$(FactoryPreset { name: $name, text: include_str!(concat!("../factory/", $name, ".backline")) }),+]
    };
}

/// The factory presets. The first is a newcomer's first sound.
pub fn factory() -> &'static [FactoryPreset] {
    shipped!["stage-synth", "split-keyboard", "wide-pad", "bright-lead"]
}

/// A loop of eight bars for the first factory preset, as a standard MIDI file.
pub fn factory_phrase() -> &'static [u8] {
    include_bytes!("../factory/stage-synth.mid")
}
