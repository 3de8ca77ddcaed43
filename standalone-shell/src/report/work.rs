//! Long work of plugins: a bar on a terminal, lines elsewhere.

use super::limit::Limit;
use crate::failure::one_line;
use crate::words::rounded;
use host::plugin::PluginEvent;
use host::session::{Place, SessionEvent};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Least time between two lines about one work. Its start and its end are always told.
const PAUSE: Duration = Duration::from_millis(250);
/// Steps of a bar.
const STEPS: f64 = 1000.0;

/// How far a plugin is with long work of its own.
#[derive(Clone, Copy, Debug)]
pub struct Work<'a> {
    place: &'a Place,
    plugin: &'a str,
    task: u64,
    text: &'a str,
    done: f64,
    ended: bool,
}

impl<'a> Work<'a> {
    /// The work that an event is about, if it is about work.
    pub const fn of(event: &'a SessionEvent) -> Option<Self> {
        let SessionEvent::Plugin {
            place,
            name,
            event:
                PluginEvent::Progress {
                    task,
                    text,
                    done,
                    ended,
                },
        } = event
        else {
            return None;
        };
        Some(Self {
            place,
            plugin: name.as_str(),
            task: *task,
            text: text.as_str(),
            done: *done,
            ended: *ended,
        })
    }

    fn is(&self, under_way: &UnderWay) -> bool {
        under_way.task == self.task && under_way.place == *self.place
    }

    fn name(&self) -> String {
        let text = one_line(self.text);
        let what = if text.trim().is_empty() {
            "Working"
        } else {
            text.trim()
        };
        format!("{}: {}: {what}", self.place, one_line(self.plugin))
    }

    fn fields(&self) -> Value {
        json!({
            "place": self.place.to_string(),
            "plugin": self.plugin,
            "task": self.task,
            "text": self.text,
            "done": rounded(self.done, 4),
            "ended": self.ended,
        })
    }
}

/// Work that has begun.
#[derive(Debug)]
struct UnderWay {
    place: Place,
    task: u64,
    /// When a line told of it last.
    told: Instant,
    bar: Option<ProgressBar>,
}

/// What is to be told of work.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The fields of its JSON line.
    pub fields: Value,
    /// The sentence for people, if they see no bar.
    pub sentence: Option<String>,
}

/// All work that has begun and has not ended.
#[derive(Debug, Default)]
pub struct Works {
    bars: Option<MultiProgress>,
    under_way: Vec<UnderWay>,
    limit: Limit,
}

impl Works {
    /// With the bars of a terminal or without.
    pub fn new(bars: Option<MultiProgress>) -> Self {
        Self {
            bars,
            ..Self::default()
        }
    }

    /// Draws how far work is. Gives what is to be told of it besides; people see it by the bar, where there is one.
    pub fn take(&mut self, work: &Work<'_>, now: Instant) -> Option<Told> {
        let at = self.under_way.iter().position(|known| work.is(known));
        let (begins, at) = match at {
            Some(at) => (false, at),
            None => (true, self.begin(work, now)),
        };
        let known = &mut self.under_way[at];
        let is_due = begins || work.ended || now.saturating_duration_since(known.told) >= PAUSE;
        if is_due {
            known.told = now;
        }
        let has_bar = known.bar.is_some();
        if let Some(bar) = &known.bar {
            bar.set_message(work.name());
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a part of the bar's length"
            )]
            bar.set_position((work.done.clamp(0.0, 1.0) * STEPS) as u64);
            bar.tick();
        }
        if work.ended
            && let Some(bar) = self.under_way.swap_remove(at).bar
        {
            bar.finish_and_clear();
        }
        let sentence = match (begins, work.ended) {
            (_, true) => Some(format!("{} is done.", work.name())),
            (true, false) => Some(format!("{} ...", work.name())),
            (false, false) => None,
        };
        let sentence = sentence
            .filter(|_| !has_bar)
            .and_then(|sentence| self.limit.sentence("work", sentence, now));
        is_due.then(|| Told {
            fields: work.fields(),
            sentence,
        })
    }

    fn begin(&mut self, work: &Work<'_>, now: Instant) -> usize {
        let bar = self.bars.as_ref().map(|bars| {
            // The newest stands on top, so that a line below the bars stays where it is.
            let bar = bars.insert(0, ProgressBar::no_length());
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a small whole number"
            )]
            bar.set_length(STEPS as u64);
            let style = ProgressStyle::with_template("[{bar:20}] {percent:>3}% {wide_msg}");
            bar.set_style(
                style
                    .unwrap_or_else(|_| ProgressStyle::default_bar())
                    .progress_chars("=> "),
            );
            bar
        });
        self.under_way.push(UnderWay {
            place: work.place.clone(),
            task: work.task,
            told: now,
            bar,
        });
        self.under_way.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::ProgressDrawTarget;

    fn event(task: u64, done: f64, ended: bool) -> SessionEvent {
        SessionEvent::Plugin {
            place: Place {
                layer: "Piano".to_owned(),
                number: 1,
            },
            name: "Grand".to_owned(),
            event: PluginEvent::Progress {
                task,
                text: "Loading\nsamples".to_owned(),
                done,
                ended,
            },
        }
    }

    fn take(works: &mut Works, event: &SessionEvent, now: Instant) -> Option<Told> {
        works.take(&Work::of(event).unwrap(), now)
    }

    #[test]
    fn start_and_end_are_told_and_the_way_between_now_and_then() {
        let mut works = Works::default();
        let start = Instant::now();
        let first = take(&mut works, &event(7, 0.0, false), start).unwrap();
        assert_eq!(
            first.fields,
            json!({ "place": "Piano/1", "plugin": "Grand", "task": 7, "text": "Loading\nsamples", "done": 0.0, "ended": false })
        );
        assert_eq!(
            first.sentence.as_deref(),
            Some("Piano/1: Grand: Loading samples ...")
        );
        assert!(take(&mut works, &event(7, 0.1, false), start + PAUSE / 2).is_none());
        let later = take(&mut works, &event(7, 0.123_456, false), start + PAUSE).unwrap();
        assert_eq!((later.sentence, &later.fields["done"]), (None, &json!(0.1235)));
        let other = take(&mut works, &event(8, 0.0, false), start + PAUSE);
        assert!(other.unwrap().sentence.is_some(), "another work begins");
        let last = take(&mut works, &event(7, 1.0, true), start + PAUSE).unwrap();
        assert_eq!(
            last.sentence.as_deref(),
            Some("Piano/1: Grand: Loading samples is done.")
        );
        assert_eq!(last.fields["ended"], true);
        assert_eq!(works.under_way.len(), 1);
    }

    #[test]
    fn on_a_terminal_there_is_a_bar_and_no_sentence() {
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        let mut works = Works::new(Some(bars));
        let start = Instant::now();
        let first = take(&mut works, &event(7, 0.25, false), start).unwrap();
        assert_eq!(first.sentence, None);
        let bar = works.under_way[0].bar.clone().unwrap();
        assert_eq!(
            (bar.position(), bar.message().as_str()),
            (250, "Piano/1: Grand: Loading samples")
        );
        let last = take(&mut works, &event(7, 1.0, true), start).unwrap();
        assert_eq!(last.sentence, None);
        assert!(bar.is_finished() && works.under_way.is_empty());
    }

    #[test]
    fn what_is_no_work_is_left_to_others() {
        assert!(Work::of(&SessionEvent::Faded).is_none());
    }
}
