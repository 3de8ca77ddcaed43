//! The main thread while something plays: it sleeps until a plugin's timer or file descriptor, a report of the engine
//! or the user wants something.

mod keyboard;

use crate::app::{App, AppEvent};
use crate::signals::Signals;
use keyboard::Keyboard;
use std::time::{Duration, Instant};

/// Longest sleep: signals and keys are looked at as often.
const SLEEP: Duration = Duration::from_millis(10);

/// Runs until the program shall end.
pub fn run(app: &mut App, signals: &Signals) {
    let keyboard = Keyboard::open();
    while app.end().is_none() {
        app.session().wait(SLEEP);
        let now = Instant::now();
        for event in app.session().tick(now) {
            app.handle(AppEvent::Session(event));
        }
        if keyboard.as_ref().is_some_and(Keyboard::was_entered) {
            app.handle(AppEvent::Panic);
        }
        if signals.asked_to_end() {
            app.handle(AppEvent::Quit);
        }
        app.handle(AppEvent::Tick(now));
    }
}
