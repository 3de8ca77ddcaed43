//! A preset in memory. Every field is public: a preset is a wish list, and its rules are checked where it
//! is read and where it is written.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::value::{Buffer, Driver, KeyRange, PluginFormat, Release, State, Target, VelocityRange};

/// All that a preset file says. It is always of the current [`FORMAT`](crate::FORMAT); older files are
/// migrated while they are read.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Preset {
    /// What the player sees. Empty where the file has no `name`; the file's own name serves then.
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// The wished audio device.
    #[serde(skip_serializing_if = "is_default")]
    pub device: Device,
    /// The wished MIDI ports.
    #[serde(skip_serializing_if = "is_default")]
    pub midi: Midi,
    /// `[[layer]]`: chains that play in parallel, at most [`limits::LAYERS`](crate::limits::LAYERS).
    #[serde(rename = "layer", skip_serializing_if = "is_default")]
    pub layers: Vec<Layer>,
    /// `[[map]]`: MIDI controls that move parameters, at most [`limits::MAPS`](crate::limits::MAPS).
    #[serde(rename = "map", skip_serializing_if = "is_default")]
    pub maps: Vec<Map>,
    /// What the sum of the layers goes through.
    #[serde(skip_serializing_if = "is_default")]
    pub master: Master,
}

/// `[device]`: a wish. It is kept while the device is absent, and every key is optional.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Device {
    /// Absent: the program's choice.
    #[serde(skip_serializing_if = "is_default")]
    pub driver: Option<Driver>,
    /// The device's name as the driver gives it. Absent: the driver's default device.
    #[serde(skip_serializing_if = "is_default")]
    pub name: Option<String>,
    /// In Hz, 8,000 to 768,000. Absent: what the device runs at.
    #[serde(skip_serializing_if = "is_default")]
    pub sample_rate: Option<u32>,
    /// Frames per block. Absent: the driver's own choice.
    #[serde(skip_serializing_if = "is_default")]
    pub buffer: Option<Buffer>,
    /// Device channels from 1, in the order in which the rack hears them; one may come twice. Absent: the
    /// program's choice; empty: none.
    #[serde(skip_serializing_if = "is_default")]
    pub inputs: Option<Vec<u16>>,
    /// Device channels from 1 that carry left, right and so on; each at most once. Absent: the first two.
    #[serde(skip_serializing_if = "is_default")]
    pub outputs: Option<Vec<u16>>,
    /// When other programs get the device. Absent: never.
    #[serde(skip_serializing_if = "is_default")]
    pub release: Release,
}

/// `[midi]`: ports by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Midi {
    /// Absent: every port there is; empty: none.
    #[serde(skip_serializing_if = "is_default")]
    pub inputs: Option<Vec<String>>,
    /// Where the plugins' MIDI goes. Absent or empty: nowhere.
    #[serde(skip_serializing_if = "is_default")]
    pub outputs: Vec<String>,
}

/// `[[layer]]`: a chain of plugins and the notes it is for.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Layer {
    /// What a [`Map`] calls it: unique in a good preset, without `/`. Empty where the file has none; the
    /// layer is then called by its number from 1.
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// Keys that reach the layer, before it transposes them. Absent: all.
    #[serde(skip_serializing_if = "is_default")]
    pub keys: KeyRange,
    /// Note-on velocities that reach the layer. Absent: all.
    #[serde(skip_serializing_if = "is_default")]
    pub velocity: VelocityRange,
    /// MIDI channel, 1 to 16. Absent: all.
    #[serde(skip_serializing_if = "is_default")]
    pub channel: Option<u8>,
    /// Semitones added to each note, -48 to 48. Absent: 0.
    #[serde(skip_serializing_if = "is_default")]
    pub transpose: i8,
    /// In dB, -120 to 24. Absent: 0.
    #[serde(skip_serializing_if = "is_default")]
    pub gain_db: f64,
    /// -1 is left, 1 is right. Absent: 0, the middle.
    #[serde(skip_serializing_if = "is_default")]
    pub pan: f64,
    /// Silent, but loaded and ready. Absent: false.
    #[serde(skip_serializing_if = "is_default")]
    pub mute: bool,
    /// `[[layer.plugin]]`: the chain in its order, an instrument first or an effect for the device's inputs;
    /// at most [`limits::PLUGINS`](crate::limits::PLUGINS).
    #[serde(rename = "plugin", skip_serializing_if = "is_default")]
    pub plugins: Vec<Plugin>,
}

/// `[[layer.plugin]]` or `[[master.plugin]]`: one plugin of a chain.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plugin {
    /// Which plugin standard `id` belongs to.
    pub format: PluginFormat,
    /// The CLAP id, or the VST3 class id as 32 hex digits.
    pub id: String,
    /// Where the plugin was when the preset was made: a hint. The id is searched for if it is not there.
    #[serde(skip_serializing_if = "is_default")]
    pub file: Option<String>,
    /// What the plugin saved; for VST3 the bytes of a `.vstpreset` file. Absent: the plugin's default.
    #[serde(skip_serializing_if = "is_default")]
    pub state: Option<State>,
    /// One of the programs that a VST3 plugin brings along, chosen after the state: its name, `LIST/NAME`, or its
    /// number from 1. Absent: the one of the state.
    #[serde(skip_serializing_if = "is_default")]
    pub program: Option<String>,
    /// Parameters by name or by id, in the plugin's plain values, applied after the state and the program in
    /// the order of their names.
    #[serde(skip_serializing_if = "is_default")]
    pub params: BTreeMap<String, f64>,
}

impl Plugin {
    /// A plugin at its default state.
    pub fn new(format: PluginFormat, id: impl Into<String>) -> Self {
        Self {
            format,
            id: id.into(),
            file: None,
            state: None,
            program: None,
            params: BTreeMap::new(),
        }
    }
}

/// `[[map]]`: a MIDI control that moves a parameter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Map {
    /// Controller number, 0 to 127.
    pub cc: u8,
    /// MIDI channel, 1 to 16. Absent: all.
    #[serde(skip_serializing_if = "is_default")]
    pub channel: Option<u8>,
    /// The parameter.
    pub to: Target,
    /// Plain values for the controller's 0 and 127; the first may be the larger. Absent: the parameter's
    /// own minimum and maximum.
    #[serde(skip_serializing_if = "is_default")]
    pub range: Option<[f64; 2]>,
}

/// `[master]`: what the sum of the layers goes through.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Master {
    /// In dB, -120 to 24. Absent: 0.
    #[serde(skip_serializing_if = "is_default")]
    pub gain_db: f64,
    /// Ceiling of the limiter at the very end, in dBFS, -60 to 0. Absent: no limiter.
    #[serde(skip_serializing_if = "is_default")]
    pub limiter_db: Option<f64>,
    /// `[[master.plugin]]`: the master chain in its order, at most
    /// [`limits::PLUGINS`](crate::limits::PLUGINS).
    #[serde(rename = "plugin", skip_serializing_if = "is_default")]
    pub plugins: Vec<Plugin>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
