//! What `play` tells while it plays: sentences and the live line for people, JSON lines for programs.

mod limit;
mod lines;
mod live;
mod telling;
mod totals;

pub use live::Situation;
pub use telling::{Telling, Weight, device, remarks};
pub use totals::Totals;

use crate::failure::one_line;
use crate::output;
use limit::Limit;
use lines::Lines;
use live::Live;
use serde_json::{Value, json};
use std::io::{IsTerminal, stderr, stdout};
use std::time::Instant;

/// Where everything is told.
#[derive(Debug)]
pub struct Report {
    lines: Option<Lines>,
    live: Option<Live>,
    limit: Limit,
    /// Whether everything is told to people, and not only what they have to know.
    verbose: bool,
}

impl Report {
    /// A report with JSON lines or without. The live line is shown on a terminal that shows nothing else.
    pub fn new(json: bool) -> Self {
        let is_free = stderr().is_terminal() && !(json && stdout().is_terminal());
        Self {
            lines: json.then(Lines::new),
            live: is_free.then(Live::new),
            limit: Limit::default(),
            verbose: crate::log::is_wanted(),
        }
    }

    /// Writes a JSON line, if they are asked for.
    pub fn line(&self, event: &str, fields: Value) {
        if let Some(lines) = &self.lines {
            let mut line = json!({ "event": event });
            if let (Value::Object(line), Value::Object(fields)) = (&mut line, fields) {
                line.extend(fields);
            }
            lines.write(&line);
        }
    }

    /// Tells people something, above the live line.
    pub fn say(&self, text: &str) {
        match &self.live {
            Some(live) => live.above(|| output::say(text)),
            None => output::say(text),
        }
    }

    /// Tells of something that does not keep the music from playing.
    pub fn warn(&self, sentence: &str) {
        self.line("warning", json!({ "text": sentence }));
        self.say(&format!("warning: {}", one_line(sentence)));
    }

    /// Tells of something that happened.
    pub fn tell(&mut self, telling: &Telling) {
        let Telling {
            event,
            fields,
            weight,
            sentence,
        } = telling;
        self.line(event, fields.clone());
        let Some(sentence) = sentence else { return };
        let prefix = match weight {
            Weight::Detail if !self.verbose => return,
            Weight::Detail | Weight::News => "",
            Weight::Warning => "warning: ",
            Weight::Error => "error: ",
        };
        // Plugins can fail or chatter in every block.
        match self.limit.pass(event, Instant::now()) {
            limit::Pass::Yes => self.say(&format!("{prefix}{}", one_line(sentence))),
            limit::Pass::Last => self.say(&format!(
                "{prefix}{} (More of this kind follows and is left out for a while.)",
                one_line(sentence)
            )),
            limit::Pass::No => {}
        }
    }

    /// Draws the live line anew, if there is one.
    pub fn draw(&self, situation: &Situation<'_>) {
        if let Some(live) = &self.live {
            live.draw(situation);
        }
    }

    /// Whether there is a live line.
    pub fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// Takes the live line away.
    pub fn clear(&mut self) {
        if let Some(live) = self.live.take() {
            live.clear();
        }
    }
}
