//! A running program: the session, what is told of it, and when it ends. Everything that happens comes through
//! [`App::handle`].

mod ending;

pub use ending::End;

use crate::report::{Report, Situation, Telling, Totals, Work};
use crate::words::rounded;
use ending::Ending;
use host::midi::file::MidiFile;
use host::session::{Command, Session, SessionEvent, Stamp};
use serde_json::json;
use std::time::{Duration, Instant};

/// Time between two status lines.
const STATUS: Duration = Duration::from_secs(1);
/// Time between two drawings of the live line.
const LIVE: Duration = Duration::from_millis(100);
/// How long the output may take to fade at the end.
const FADE: Duration = Duration::from_secs(1);

/// Something that the program acts on.
#[derive(Clone, Debug)]
pub enum AppEvent {
    /// Something happened in the session.
    Session(SessionEvent),
    /// Somebody pressed the panic button.
    Panic,
    /// Somebody wants the program to end.
    Quit,
    /// Time has passed.
    Tick(Instant),
}

/// A piece that plays, and whether it plays over and over.
#[derive(Debug)]
pub struct Piece {
    /// The piece.
    pub file: MidiFile,
    /// Whether it begins again at its end.
    pub looped: bool,
}

/// How playing shall end by itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Until {
    /// After this time.
    pub duration: Option<Duration>,
    /// When the piece is over and has died away.
    pub end_of_piece: bool,
}

/// A running program.
#[derive(Debug)]
pub struct App {
    session: Session,
    report: Report,
    totals: Totals,
    started: Instant,
    status: Instant,
    live: Instant,
    ending: Ending,
    piece: Option<Piece>,
    /// Frames per second of the engine that has the piece.
    rate: Option<f64>,
}

impl App {
    /// The program, playing since now.
    pub fn new(session: Session, report: Report, piece: Option<Piece>, until: Until) -> Self {
        let now = Instant::now();
        let rate = session.rate();
        Self {
            piece,
            rate,
            session,
            report,
            totals: Totals::default(),
            started: now,
            status: now + STATUS,
            live: now,
            ending: Ending::new(until, now),
        }
    }

    /// The session, for what the main loop asks of it.
    pub const fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Why the program shall end, once it shall.
    pub const fn end(&self) -> Option<End> {
        self.ending.end()
    }

    /// Acts on something that happened.
    pub fn handle(&mut self, event: AppEvent) {
        match event {
            AppEvent::Session(event) => self.session_event(&event),
            AppEvent::Panic => {
                self.session.send(Stamp::Now, Command::Panic);
                self.report.line("panic", json!({ "state": "sent" }));
                self.report.say("Panic: everything that sounds is let go.");
            }
            AppEvent::Quit => self.ending.quit(End::Asked),
            AppEvent::Tick(now) => self.tick(now),
        }
    }

    fn session_event(&mut self, event: &SessionEvent) {
        match event {
            SessionEvent::Meters(meters) => {
                self.totals.meters(meters);
                self.ending
                    .level(meters.peak[0].max(meters.peak[1]), Instant::now());
            }
            SessionEvent::SequenceEnd => {
                let looped = self.piece.as_ref().is_some_and(|piece| piece.looped);
                self.report.line(
                    "midi-file",
                    json!({ "state": if looped { "again" } else { "end" } }),
                );
                if !looped {
                    self.ending.piece_is_over(Instant::now());
                }
            }
            SessionEvent::EngineLost => self.ending.quit(End::EngineLost),
            SessionEvent::RackPlaying(id) => {
                let name = self
                    .session
                    .rack()
                    .filter(|rack| rack.id == *id)
                    .map(|rack| rack.name.clone());
                self.report
                    .line("preset", json!({ "state": "playing", "name": name }));
            }
            SessionEvent::RackGone(_) => self.report.line("preset", json!({ "state": "gone" })),
            SessionEvent::DeviceBack(_) => self.resume_piece(),
            _ => {}
        }
        if let Some(work) = Work::of(event) {
            self.report.work(&work);
        }
        if let Some(telling) = Telling::of(event) {
            self.report.tell(&telling);
        }
    }

    /// At another rate there is another engine, which has to be given the piece again; it begins anew.
    fn resume_piece(&mut self) {
        let rate = self.session.rate();
        if rate != self.rate
            && let Some(Piece { file, looped }) = &self.piece
            && !self.ending.is_piece_over()
        {
            self.session.play_file(file, *looped);
        }
        self.rate = rate;
    }

    fn tick(&mut self, now: Instant) {
        if now >= self.status {
            let mut fields = self.totals.for_status(|last| self.session.load_since(last));
            fields["t"] = json!(self.seconds(now));
            self.report.line("status", fields);
            // Not `now + STATUS`, which would drift; but after a pause the lines that were missed are not made up for.
            self.status = (self.status + STATUS).max(now);
        }
        if self.report.is_live() && now >= self.live {
            let (load, peak_db) = self.totals.for_live(|last| self.session.load_since(last));
            let midi = self.totals.last_midi();
            let device = self.session.device();
            self.report.draw(&Situation {
                device,
                load: &load,
                peak_db,
                midi,
            });
            self.live = now + LIVE;
        }
        self.ending.tick(now);
    }

    /// Ends everything: the sound fades, the device is closed, plugins are deactivated and unloaded.
    pub fn close(mut self) -> anyhow::Result<()> {
        let (mut fields, losses) = self.totals.for_end(|last| self.session.load_since(last));
        fields["t"] = json!(self.seconds(Instant::now()));
        let end = self.end().unwrap_or(End::Asked);
        fields["reason"] = json!(end.key());
        self.report.clear();
        self.session.close(FADE);
        self.report.line("ended", fields);
        losses.iter().for_each(|loss| self.report.say(loss));
        // It was told when it happened.
        if end == End::EngineLost {
            Err(crate::failure::Told.into())
        } else {
            Ok(())
        }
    }

    fn seconds(&self, now: Instant) -> f64 {
        rounded(now.saturating_duration_since(self.started).as_secs_f64(), 3)
    }
}
