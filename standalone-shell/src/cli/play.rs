//! `backline play`.

use super::common::{self, RackArguments, RackChoice};
use host::device::{BufferWish, Driver};
use std::path::PathBuf;
use std::time::Duration;

/// Play a preset, or plugins, on an audio device.
///
/// Ctrl-C ends it: the sound fades, then plugins and device are closed; a second Ctrl-C ends it at once. On a
/// terminal, Enter is the panic button: it lets go of everything that sounds.
///
/// What is not given comes from the preset, else it is chosen: JACK (PipeWire's too) if a server runs, else the
/// system's sound card, else no device at all (null), with a word why. A device that is lost is waited for.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  backline play stage-synth --midi-file stage-synth --loop
  backline play Piano.backline --driver jack --buffer lowest
  backline play --plugin Synth.vst3 --plugin Reverb.clap --midi Keystation
  backline play --plugin Piano.vst3 --program \"Grand Piano\"
  backline play --plugin Piano.vst3 --state Grand.vstpreset

With --json, standard output has one JSON object a line, the kind in \"event\": started, status (each second), ended, \
and as they happen device-lost, device-back, device-changed, preset, plugin-fault, plugin-log, plugin-progress (long \
work of a plugin: task, text, done from 0 to 1, ended), plugin-wish (a window that it wants), reactivated, midi-port, \
midi-file, panic, warning. Latencies are in frames, loads are parts of a block's time (1 is all of it), levels in dBFS \
(silence is -200). Blocks, late blocks, MIDI events, dropped events and faults count from the start.")]
pub struct Arguments {
    #[command(flatten)]
    rack: RackArguments,

    /// Driver: jack, alsa or null on Linux; asio, wasapi or null on Windows [default: the best that is there]
    #[arg(long, value_name = "DRIVER")]
    driver: Option<String>,

    /// Device by the name that `backline devices` shows [default: the driver's default device]
    #[arg(long, value_name = "NAME")]
    device: Option<String>,

    /// Sample rate in Hz, 8000 to 768000 [default: the device's own]
    #[arg(long, value_name = "HZ")]
    rate: Option<String>,

    /// Buffer size in frames, 1 to 8192, or `lowest` for the least that the device has [default: the device's own]
    ///
    /// A JACK server has one buffer size for all its programs: a number sets it for all of them and leaves it so;
    /// `lowest` takes the server's as it is.
    #[arg(long, value_name = "FRAMES|lowest")]
    buffer: Option<String>,

    /// MIDI input to listen to, by name or a part of it; may be given more than once [default: all inputs]
    ///
    /// On JACK these are the server's own MIDI ports.
    #[arg(long = "midi", value_name = "NAME")]
    midi: Vec<String>,

    /// Standard MIDI file to play; `stage-synth` is the phrase built in
    ///
    /// If no MIDI input is asked for, neither here nor in the preset, and neither --loop nor --for is given, playing
    /// ends with the piece, once it has died away.
    #[arg(long, value_name = "F.mid")]
    midi_file: Option<PathBuf>,

    /// Play the MIDI file over and over
    #[arg(long = "loop")]
    looped: bool,

    /// Open no plugin editors (this version opens none)
    #[arg(long)]
    no_gui: bool,

    /// End after this many seconds [default: play until Ctrl-C]
    #[arg(long = "for", value_name = "SECONDS", allow_hyphen_values = true)]
    duration: Option<String>,

    /// Print what happens as JSON lines on standard output
    #[arg(long)]
    json: bool,
}

/// What to play, and how.
#[derive(Clone, Debug)]
pub struct Play {
    /// The rack.
    pub rack: RackChoice,
    /// Driver, if not the preset's or the best.
    pub driver: Option<Driver>,
    /// Device, if not the preset's or the driver's default.
    pub device: Option<String>,
    /// Frames per second, if not the preset's or the device's.
    pub rate: Option<u32>,
    /// Buffer size, if not the preset's or the device's.
    pub buffer: Option<BufferWish>,
    /// MIDI inputs, if not the preset's or all.
    pub midi: Vec<String>,
    /// The piece to play.
    pub midi_file: Option<PathBuf>,
    /// Whether the piece begins again at its end.
    pub looped: bool,
    /// When to end.
    pub duration: Option<Duration>,
    /// Whether to print JSON lines.
    pub json: bool,
}

impl Arguments {
    pub fn resolve(self) -> Result<Play, String> {
        // There are no editors yet, so --no-gui asks for what is so anyway.
        let Self {
            rack,
            driver,
            device,
            rate,
            buffer,
            midi,
            midi_file,
            looped,
            no_gui: _,
            duration,
            json,
        } = self;
        if looped && midi_file.is_none() {
            return Err("--loop needs a piece to play over and over: give --midi-file".to_owned());
        }
        let seconds = duration
            .map(|text| common::seconds(&text, "--for", 0.001))
            .transpose()?;
        Ok(Play {
            rack: rack.resolve()?,
            driver: driver.as_deref().map(common::driver).transpose()?,
            device,
            rate: rate.as_deref().map(common::rate).transpose()?,
            buffer: buffer.as_deref().map(common::buffer).transpose()?,
            midi,
            midi_file,
            looped,
            duration: seconds.map(Duration::from_secs_f64),
            json,
        })
    }
}
