//! `backline play`.

use crate::app::{App, Piece, Until};
use crate::cli::Play;
use crate::failure::one_line;
use crate::main_loop;
use crate::report::{self, Report};
use crate::resolve::{self, Resolved};
use crate::signals::Signals;
use crate::start::Started;
use crate::words::rounded;
use host::device::Driver;
use host::session::{OpenedDevice, Session};
use presets::{Preset, Release};
use serde_json::json;
use std::io::{IsTerminal, stdin};
use std::time::{Duration, Instant};

/// Plays until it shall end.
pub fn run(options: &Play, started: Started) -> anyhow::Result<()> {
    let signals = Signals::install()?;
    let file = options.midi_file.as_deref().map(resolve::midi_file).transpose()?;
    let piece = file.map(|file| Piece {
        file,
        looped: options.looped,
    });
    let Resolved {
        rack,
        preset,
        mut warnings,
        state,
    } = resolve::resolve(&options.rack)?;
    warnings.extend(not_yet(&preset));

    // The device comes first: it answers quickly if it cannot be had, and a plugin may take its time to load.
    let mut session = Session::new();
    session.set_midi_outputs(preset.midi.outputs.clone());
    let OpenedDevice { info, silent_because } =
        session.open(&resolve::wish(options, &preset.device, &preset.midi))?;
    let before = Instant::now();
    session
        .load(&rack)
        .map_err(|error| resolve::explained(error, state.as_ref()))?;
    if let Some(loaded) = session.rack() {
        warnings.extend(loaded.warnings.iter().map(ToString::to_string));
    }
    let loaded = before.elapsed();
    let first_block = started.elapsed();
    if let Some(Piece { file, looped }) = &piece {
        session.play_file(file, *looped);
    }
    let until = until(options, piece.as_ref(), &preset);
    // A JACK server brings its own MIDI ports, which the device listens to: the same keyboard must not play twice.
    if info.driver != Driver::Jack {
        session.set_midi_inputs(resolve::inputs(&options.midi, &preset.midi));
    }

    warnings.extend(
        session
            .missing_midi()
            .into_iter()
            .map(|name| format!("No MIDI input named \"{name}\" is there; it is listened to when it comes.")),
    );

    let report = Report::new(options.json);
    let mut fields = report::device(&info);
    fields["first_block_ms"] = json!(milliseconds(first_block));
    fields["load_ms"] = json!(milliseconds(loaded));
    fields["preset"] = json!(rack.name);
    fields["plugin_latency"] = json!(session.rack().map_or(0, |rack| rack.latency()));
    fields["silent_because"] = json!(silent_because);
    report.line("started", fields);
    warnings.iter().for_each(|warning| report.warn(warning));
    let panic = if stdin().is_terminal() {
        " Enter lets go of everything that sounds."
    } else {
        ""
    };
    report.say(&format!(
        "Playing {} on {info}. Ctrl-C ends it.{panic}",
        one_line(&rack.name)
    ));
    if let Some(reason) = &silent_because {
        report.say(reason);
    }

    let mut app = App::new(session, report, piece, until);
    main_loop::run(&mut app, &signals);
    app.close()
}

/// A file that is played to nobody who plays along ends by itself.
fn until(options: &Play, piece: Option<&Piece>, preset: &Preset) -> Until {
    let plays_along = !options.midi.is_empty()
        || preset
            .midi
            .inputs
            .as_ref()
            .is_some_and(|inputs| !inputs.is_empty());
    Until {
        duration: options.duration,
        end_of_piece: piece.is_some() && !options.looped && !plays_along && options.duration.is_none(),
    }
}

/// What the preset wishes and this version does not do.
fn not_yet(preset: &Preset) -> Option<String> {
    let release = preset.device.release;
    (release != Release::Never).then(|| {
        format!("The preset wants the device released ({release}), which this version does not do; it keeps the device.")
    })
}

fn milliseconds(time: Duration) -> f64 {
    rounded(time.as_secs_f64() * 1000.0, 3)
}
