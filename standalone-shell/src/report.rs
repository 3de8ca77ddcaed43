//! What `play` tells while it plays: sentences and the live line for people, JSON lines for programs.

mod limit;
mod lines;
mod live;
mod telling;
mod totals;
mod work;

pub use live::Situation;
pub use telling::{Telling, Weight, device, remarks};
pub use totals::Totals;
pub use work::{Told, Work, Works};

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
    works: Works,
    limit: Limit,
    /// Whether everything is told to people, and not only what they have to know.
    verbose: bool,
}

impl Report {
    /// A report with JSON lines or without. The live line is shown on a terminal that shows nothing else.
    pub fn new(json: bool) -> Self {
        let is_free = stderr().is_terminal() && !(json && stdout().is_terminal());
        let live = is_free.then(Live::new);
        Self {
            lines: json.then(Lines::new),
            works: Works::new(live.as_ref().map(Live::bars)),
            live,
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
        let sentence = format!("{prefix}{}", one_line(sentence));
        if let Some(sentence) = self.limit.sentence(event, sentence, Instant::now()) {
            self.say(&sentence);
        }
    }

    /// Shows how far a plugin is with long work of its own.
    pub fn work(&mut self, work: &Work<'_>) {
        if let Some(Told { fields, sentence }) = self.works.take(work, Instant::now()) {
            self.line("plugin-progress", fields);
            if let Some(sentence) = sentence {
                self.say(&sentence);
            }
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
