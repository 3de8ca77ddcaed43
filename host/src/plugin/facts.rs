//! What an instance is: for people and for `backline plugin`.

/// A group of channels that a plugin takes or gives.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct AudioPort {
    /// The plugin's name for it.
    pub name: String,
    /// Number of channels.
    pub channels: u32,
    /// Whether it is the main port.
    pub main: bool,
    /// Whether it is in use when the plugin is loaded. CLAP's ports always are.
    pub active: bool,
    /// Its speakers, as `stereo` or `5.1`, where the plugin names them.
    pub layout: Option<String>,
}

/// A stream of notes that a plugin takes or gives.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct NotePort {
    /// The plugin's name for it.
    pub name: String,
    /// `clap`, `midi`, `midi-mpe`, `midi2`: what it speaks.
    pub dialects: Vec<&'static str>,
    /// The one of them that it likes best.
    pub preferred: Option<&'static str>,
}

/// A part of a plugin that VST3 calls a unit: parameters and programs of its own.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PluginUnit {
    /// The plugin's id of it; the root's is 0.
    pub id: i32,
    /// The unit that it is a part of.
    pub parent: Option<i32>,
    /// Its name.
    pub name: String,
    /// The list that its programs come from.
    pub program_list: Option<i32>,
}

/// Programs that a plugin brings along, one of which plays in each unit that uses the list.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ProgramList {
    /// The plugin's id of it.
    pub id: i32,
    /// Its name.
    pub name: String,
    /// The names of its programs, in their order.
    pub programs: Vec<String>,
}

/// A key that does not sound but changes how others do.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Keyswitch {
    /// The plugin's name for it.
    pub name: String,
    /// Lowest and highest key, 0 to 127.
    pub keys: (i32, i32),
}

/// What an instance is: for people and for `backline plugin`.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Facts {
    /// Audio inputs.
    pub audio_inputs: Vec<AudioPort>,
    /// Audio outputs.
    pub audio_outputs: Vec<AudioPort>,
    /// Note inputs.
    pub note_inputs: Vec<NotePort>,
    /// Note outputs.
    pub note_outputs: Vec<NotePort>,
    /// Names of the extensions or interfaces that it has, of those that Backline knows.
    pub extensions: Vec<&'static str>,
    /// Whether it has an editor.
    pub editor: bool,
    /// Voices in use and at most, if it tells.
    pub voices: Option<(u32, u32)>,
    /// Names of keys, if it has them: key, -1 for all, and name.
    pub note_names: Vec<(i16, String)>,
    /// Its units, if it has any.
    pub units: Vec<PluginUnit>,
    /// The programs that it brings along.
    pub program_lists: Vec<ProgramList>,
    /// Its key switches.
    pub keyswitches: Vec<Keyswitch>,
    /// What of single notes it lets a host shape, in its own words.
    pub note_expressions: Vec<String>,
    /// Parameters that it names by their purpose: purpose and parameter id.
    pub functions: Vec<(&'static str, u32)>,
    /// Whether it may be processed ahead of time: `never`, `yet` or `not-yet`; nothing if it does not say.
    pub prefetchable: Option<&'static str>,
}
