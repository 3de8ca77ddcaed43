//! What happened in a session, as a sentence and as the fields of a JSON line.

use host::device::Info;
use host::midi::ports::PortEvent;
use host::plugin::PluginEvent;
use host::session::{Fault, Place, SessionEvent};
use serde_json::{Value, json};

/// How much something matters to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// For who looks for a fault.
    Detail,
    /// For everybody.
    News,
    /// Something is not as it should be.
    Warning,
    /// Something does not work.
    Error,
}

/// Something to tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Telling {
    /// The kind of JSON line.
    pub event: &'static str,
    /// Its other fields.
    pub fields: Value,
    /// How much it matters.
    pub weight: Weight,
    /// The sentence for people, if it is for them.
    pub sentence: Option<String>,
}

impl Telling {
    fn new(event: &'static str, fields: Value, weight: Weight, sentence: impl Into<String>) -> Self {
        Self {
            event,
            fields,
            weight,
            sentence: Some(sentence.into()),
        }
    }

    /// What is told of an event; nothing of those that others act on.
    pub fn of(event: &SessionEvent) -> Option<Self> {
        Some(match event {
            SessionEvent::DeviceLost { name, reason } => Self::new(
                "device-lost",
                json!({ "device": name, "reason": reason }),
                Weight::Error,
                format!(
                    "The device \"{name}\" is lost: {} It is waited for.",
                    sentence(reason)
                ),
            ),
            SessionEvent::DeviceBack(info) => Self::new(
                "device-back",
                device(info),
                Weight::News,
                format!("The device is back: {info}."),
            ),
            SessionEvent::DeviceChanged(info) => Self::new(
                "device-changed",
                device(info),
                Weight::News,
                format!("The device changed: {info}."),
            ),
            SessionEvent::RackFailed(reason) => Self::new(
                "preset",
                json!({ "state": "failed", "reason": reason }),
                Weight::Error,
                format!(
                    "The preset does not run on the device as it is now: {}",
                    sentence(reason)
                ),
            ),
            SessionEvent::Plugin { place, name, event } => return Self::of_plugin(place, name, event),
            SessionEvent::Fault { place, name, fault } => Self::new(
                "plugin-fault",
                json!({ "place": place.to_string(), "plugin": name, "fault": fault_key(*fault) }),
                Weight::Warning,
                format!("{place}: {name} {}, so it was silenced.", fault_words(*fault)),
            ),
            SessionEvent::Reactivated { place, name, latency } => Self::new(
                "reactivated",
                json!({ "place": place.to_string(), "plugin": name, "latency": latency }),
                Weight::Detail,
                format!("{place}: {name} was activated anew, with {latency} frames of latency."),
            ),
            SessionEvent::ReactivateFailed { place, reason } => Self::new(
                "plugin-fault",
                json!({ "place": place.to_string(), "plugin": null, "fault": "activate", "reason": reason }),
                Weight::Error,
                format!(
                    "{place}: the plugin is out of its chain, for it could not be activated anew: {}",
                    sentence(reason)
                ),
            ),
            SessionEvent::PanicDone => {
                Self::new("panic", json!({ "state": "done" }), Weight::News, "All is quiet.")
            }
            SessionEvent::PanicStuck { place, name } => Self::new(
                "panic",
                json!({ "state": "stuck", "place": place.to_string(), "plugin": name }),
                Weight::Warning,
                format!("{place}: {name} would not be quiet, so it is being activated anew."),
            ),
            SessionEvent::Midi(event) => Self::of_port(event),
            SessionEvent::EngineLost => Self::new(
                "device-lost",
                json!({ "device": null, "reason": "the driver does not answer" }),
                Weight::Error,
                "The audio driver does not answer any more, so nothing can be played until Backline is started again.",
            ),
            SessionEvent::RackPlaying(_)
            | SessionEvent::RackGone(_)
            | SessionEvent::Param { .. }
            | SessionEvent::Faded
            | SessionEvent::SequenceEnd
            | SessionEvent::Meters(_) => return None,
        })
    }

    fn of_plugin(place: &Place, name: &str, event: &PluginEvent) -> Option<Self> {
        let log = |severity: &str, text: &str, weight| {
            Self::new(
                "plugin-log",
                json!({ "place": place.to_string(), "plugin": name, "severity": severity, "text": text }),
                weight,
                format!("{place}: {name} says: {text}"),
            )
        };
        let wish = |wish: &str, words: &str| {
            Self::new(
                "plugin-wish",
                json!({ "place": place.to_string(), "plugin": name, "wish": wish }),
                Weight::Detail,
                format!("{place}: {name} wants {words} shown, which this version cannot do."),
            )
        };
        Some(match event {
            PluginEvent::Log(severity @ ("debug" | "info" | "warning"), text) => {
                log(severity, text, Weight::Detail)
            }
            PluginEvent::Log(severity, text) => log(severity, text, Weight::Warning),
            PluginEvent::WrongThread(text) => log("wrong-thread", text, Weight::Detail),
            PluginEvent::OpenEditor => wish("editor", "its editor"),
            PluginEvent::Menu => wish("menu", "a menu"),
            PluginEvent::Restart
            | PluginEvent::Process
            | PluginEvent::ParamValues
            | PluginEvent::ParamList
            | PluginEvent::ParamCleared(_)
            | PluginEvent::Dirty
            | PluginEvent::NoteInfo
            | PluginEvent::EditBegin(_)
            | PluginEvent::Edit { .. }
            | PluginEvent::EditEnd(_)
            | PluginEvent::Param(..)
            | PluginEvent::Programs
            | PluginEvent::Progress { .. }
            | PluginEvent::PresetLoaded => return None,
        })
    }

    fn of_port(event: &PortEvent) -> Self {
        let (state, name, reason, weight) = match event {
            PortEvent::Opened(name) => ("opened", Some(name), None, Weight::News),
            PortEvent::Lost(name) => ("lost", Some(name), None, Weight::Warning),
            PortEvent::Failed(name, reason) => ("failed", Some(name), Some(reason), Weight::Warning),
            PortEvent::Unavailable(reason) => ("unavailable", None, Some(reason), Weight::Warning),
        };
        Self::new(
            "midi-port",
            json!({ "state": state, "name": name, "reason": reason }),
            weight,
            capital(&sentence(&event.to_string())),
        )
    }
}

/// The fields of a device, as `started` and the events of devices have them.
pub fn device(info: &Info) -> Value {
    let Info {
        driver,
        name,
        rate,
        buffer,
        latency_in,
        latency_out,
        inputs: _,
        outputs: _,
    } = info;
    json!({
        "driver": driver.key(),
        "device": name,
        "rate": rate,
        "buffer": buffer,
        "latency_in": latency_in,
        "latency_out": latency_out,
    })
}

const fn fault_key(fault: Fault) -> &'static str {
    match fault {
        Fault::Process => "process",
        Fault::NotANumber => "not-a-number",
        Fault::TooLoud => "too-loud",
        Fault::Start => "start",
    }
}

const fn fault_words(fault: Fault) -> &'static str {
    match fault {
        Fault::Process => "failed to process a block",
        Fault::NotANumber => "gave samples that are no numbers",
        Fault::TooLoud => "went above +24 dBFS",
        Fault::Start => "refused to start processing",
    }
}

/// A text with a full stop.
fn sentence(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '!', '?']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

fn capital(text: &str) -> String {
    let mut signs = text.chars();
    signs
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(signs).collect())
}

/// What people should know of what happened while something was rendered, each sentence once.
pub fn remarks(events: &[SessionEvent]) -> Vec<String> {
    let mut remarks = Vec::new();
    for telling in events.iter().filter_map(Telling::of) {
        let matters = matches!(telling.weight, Weight::Warning | Weight::Error);
        if let Some(sentence) = telling
            .sentence
            .filter(|sentence| matters && !remarks.contains(sentence))
        {
            remarks.push(sentence);
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            layer: "Piano".to_owned(),
            number: 1,
        }
    }

    #[test]
    fn a_fault_names_plugin_and_place() {
        let event = SessionEvent::Fault {
            place: place(),
            name: "Synth".to_owned(),
            fault: Fault::NotANumber,
        };
        let telling = Telling::of(&event).unwrap();
        assert_eq!(telling.event, "plugin-fault");
        assert_eq!(
            telling.fields,
            json!({ "place": "Piano/1", "plugin": "Synth", "fault": "not-a-number" })
        );
        assert_eq!(remarks(&[event.clone(), event]).len(), 1);
    }

    #[test]
    fn chatter_is_not_for_everybody() {
        let log = |severity| SessionEvent::Plugin {
            place: place(),
            name: "Synth".to_owned(),
            event: PluginEvent::Log(severity, "hm".to_owned()),
        };
        assert!(remarks(&[log("info"), log("debug")]).is_empty());
        assert_eq!(remarks(&[log("error")]), ["Piano/1: Synth says: hm"]);
    }

    #[test]
    fn wishes_for_windows_are_told_to_who_looks_for_them() {
        let event = |event| SessionEvent::Plugin {
            place: place(),
            name: "Synth".to_owned(),
            event,
        };
        let telling = Telling::of(&event(PluginEvent::OpenEditor)).unwrap();
        assert_eq!((telling.event, telling.weight), ("plugin-wish", Weight::Detail));
        assert_eq!(
            telling.fields,
            json!({ "place": "Piano/1", "plugin": "Synth", "wish": "editor" })
        );
        assert_eq!(
            telling.sentence.as_deref(),
            Some("Piano/1: Synth wants its editor shown, which this version cannot do.")
        );
        assert_eq!(
            Telling::of(&event(PluginEvent::Menu)).unwrap().fields["wish"],
            "menu"
        );
    }

    #[test]
    fn ports_are_told_in_whole_sentences() {
        let telling = Telling::of(&SessionEvent::Midi(PortEvent::Opened("Keys".to_owned()))).unwrap();
        assert_eq!(
            telling.sentence.as_deref(),
            Some("The MIDI port \"Keys\" is open.")
        );
        assert_eq!(telling.fields["state"], "opened");
    }
}
