//! The system's MIDI through midir: the ALSA sequencer on Linux, WinMM on Windows.

use super::{Connection, Deliver, MidiError, Port, Receive, System};
use crate::midi::names::CLIENT;
use midir::{Ignore, MidiInput, MidiInputConnection, MidiOutput};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The system's MIDI. Clients that look for ports are kept, since each one made is announced to the whole system.
#[derive(Default)]
pub(crate) struct Midir {
    inputs: Option<MidiInput>,
    outputs: Option<MidiOutput>,
}

struct Input(Option<MidiInputConnection<()>>);

impl Connection for Input {}

impl Drop for Input {
    fn drop(&mut self) {
        // midir panics when it cannot join its thread. The port is gone either way.
        let _ = guarded(|| drop(self.0.take()));
    }
}

impl Midir {
    fn input(&mut self) -> Result<&MidiInput, MidiError> {
        if self.inputs.is_none() {
            check()?;
            self.inputs = Some(guarded(|| MidiInput::new(CLIENT))?.map_err(unavailable)?);
        }
        self.inputs.as_ref().ok_or_else(|| unavailable("no client"))
    }

    fn output(&mut self) -> Result<&MidiOutput, MidiError> {
        if self.outputs.is_none() {
            check()?;
            self.outputs = Some(guarded(|| MidiOutput::new(CLIENT))?.map_err(unavailable)?);
        }
        self.outputs.as_ref().ok_or_else(|| unavailable("no client"))
    }
}

impl System for Midir {
    fn inputs(&mut self) -> Result<Vec<Port>, MidiError> {
        let input = self.input()?;
        guarded(|| {
            let named = |port| {
                let name = input.port_name(&port).ok()?;
                Some(described(&port.id(), name))
            };
            input.ports().into_iter().filter_map(named).collect()
        })
    }

    fn outputs(&mut self) -> Result<Vec<Port>, MidiError> {
        let output = self.output()?;
        guarded(|| {
            let named = |port| {
                let name = output.port_name(&port).ok()?;
                Some(described(&port.id(), name))
            };
            output.ports().into_iter().filter_map(named).collect()
        })
    }

    fn open_input(&mut self, port: &Port, mut receive: Receive) -> Result<Box<dyn Connection>, MidiError> {
        let input = self.input()?;
        let opened = guarded(|| {
            let found = input.ports().into_iter().find(|found| is(&found.id(), port));
            let found = found.ok_or_else(|| refused(port, "it has been unplugged"))?;
            let mut client = MidiInput::new(CLIENT).map_err(|error| refused(port, error))?;
            client.ignore(Ignore::Time | Ignore::ActiveSense);
            client
                .connect(
                    &found,
                    "input",
                    move |stamp, message, ()| receive(stamp, message),
                    (),
                )
                .map_err(|error| refused(port, error))
        });
        let connection = opened.map_err(|error| refused(port, error))??;
        Ok(Box::new(Input(Some(connection))))
    }

    fn open_output(&mut self, port: &Port) -> Result<Deliver, MidiError> {
        let output = self.output()?;
        let opened = guarded(|| {
            let found = output.ports().into_iter().find(|found| is(&found.id(), port));
            let found = found.ok_or_else(|| refused(port, "it has been unplugged"))?;
            let client = MidiOutput::new(CLIENT).map_err(|error| refused(port, error))?;
            client
                .connect(&found, "output")
                .map_err(|error| refused(port, error))
        });
        let mut connection = opened.map_err(|error| refused(port, error))??;
        Ok(Box::new(move |message| {
            connection.send(message).map_err(|error| error.to_string())
        }))
    }
}

/// midir unwraps what the system refuses, such as a 33rd queue of the ALSA sequencer: a panic there must not end us.
fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, MidiError> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|_| unavailable("the system refused more clients or queues"))
}

fn unavailable(reason: impl ToString) -> MidiError {
    MidiError::Unavailable {
        reason: reason.to_string(),
    }
}

fn refused(port: &Port, reason: impl ToString) -> MidiError {
    MidiError::Open {
        port: port.name.clone(),
        reason: reason.to_string(),
    }
}

fn described(id: &str, name: String) -> Port {
    Port {
        id: format!("{id}{}", generation(id)),
        name,
    }
}

fn is(id: &str, port: &Port) -> bool {
    port.id == format!("{id}{}", generation(id))
}

/// Opens the sequencer's device file once before alsa-lib does: it would write to the standard error stream, and
/// does not say whether the file is missing or forbidden.
#[cfg(target_os = "linux")]
fn check() -> Result<(), MidiError> {
    const DEVICE: &str = "/dev/snd/seq";
    match std::fs::OpenOptions::new().read(true).write(true).open(DEVICE) {
        Ok(_) => Ok(()),
        Err(source) => Err(MidiError::Sequencer {
            device: DEVICE,
            source,
        }),
    }
}

#[cfg(not(target_os = "linux"))]
fn check() -> Result<(), MidiError> {
    Ok(())
}

/// What changes when a sound card is plugged in again: the number of its control file.
///
/// A card that comes back within a second gets its old sequencer client, 16 + 4 * card, but all connections to it are
/// gone; nothing else would tell.
#[cfg(target_os = "linux")]
fn generation(id: &str) -> String {
    use std::os::unix::fs::MetadataExt;

    let client = id.split(':').next().and_then(|client| client.parse::<u32>().ok());
    let Some(card) = client
        .filter(|client| (16..128).contains(client))
        .map(|client| (client - 16) / 4)
    else {
        return String::new();
    };
    match std::fs::metadata(format!("/dev/snd/controlC{card}")) {
        Ok(file) => format!("@{}", file.ino()),
        Err(_) => String::new(),
    }
}

#[cfg(not(target_os = "linux"))]
fn generation(_id: &str) -> String {
    String::new()
}
