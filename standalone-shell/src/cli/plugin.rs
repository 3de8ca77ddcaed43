//! `backline plugin`.

/// Tell what a plugin is: ports or buses, parameters, programs, latency, extensions or interfaces, editor.
///
/// It is loaded and, to ask for latency and tail, activated at 48000 Hz for blocks of up to 512 frames.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  backline plugin Synth.clap
  backline plugin Suite.clap#com.example.reverb
  backline plugin Piano.vst3 --all
  backline plugin Grand.vstpreset
  backline plugin com.example.piano --json

With --json, standard output has one line: format, id, name, vendor, version, file, features, ports \
(audio_inputs, audio_outputs, note_inputs, note_outputs), parameters (id, name, module, min, max, default, value, steps, text, \
flags), latency in frames, tail in seconds (null: it never ends), state_bytes, extensions, editor, voices, note_names, \
units (id, parent, name, program_list), programs (id, name, programs), keyswitches (name, keys), note_expressions, functions \
(function, parameter), prefetchable. For a VST3 plugin, buses stands for ports, and interfaces for extensions.")]
pub struct Arguments {
    /// A plugin file (FILE#ID or FILE#NAME where it holds several), a plugin's id, or a .vstpreset file
    #[arg(value_name = "FILE|ID")]
    plugin: String,

    /// List the parameters too that the plugin wants hidden, such as the thousands that stand for MIDI controllers
    #[arg(long)]
    all: bool,

    /// Print one JSON line on standard output, with all parameters
    #[arg(long)]
    json: bool,
}

/// Which plugin to tell of.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// File or id.
    pub plugin: String,
    /// Whether people are told of hidden parameters too.
    pub all: bool,
    /// Whether to print a JSON line.
    pub json: bool,
}

impl Arguments {
    pub fn resolve(self) -> Plugin {
        let Self { plugin, all, json } = self;
        Plugin { plugin, all, json }
    }
}
