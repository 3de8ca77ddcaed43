//! Offline rendering: MIDI and audio in, a WAV file out, as fast as it goes.

mod wav;

use crate::midi::file::MidiFile;
use crate::plugin::{PluginEvent, RenderMode};
use crate::session::{OpenError, RackError, RackSpec, RackWarning, Session, SessionEvent};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

pub use wav::{Bits, WavError};

/// Frames per second where neither the job nor its input tells.
const DEFAULT_RATE: u32 = 48_000;
/// Silence (below -90 dBFS) after which an automatic tail ends.
const SILENT_FOR: f64 = 0.5;
const SILENT: f32 = 3.162_277_7e-5;
/// Longest automatic tail.
const LONGEST_TAIL: f64 = 30.0;
/// Longest wait for plugins that prepare themselves in callbacks before the first block.
const WARM_UP: Duration = Duration::from_millis(500);

/// How long to render on after the input has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tail {
    /// Until it is silent, at most 30 seconds.
    Auto,
    /// Exactly this many seconds.
    Seconds(f64),
}

/// What to render.
#[derive(Debug)]
pub struct Job {
    /// The rack.
    pub rack: RackSpec,
    /// The piece to play.
    pub midi: Option<MidiFile>,
    /// The WAV file to feed to the rack's inputs.
    pub input: Option<PathBuf>,
    /// The WAV file to write. It appears when it is complete.
    pub output: PathBuf,
    /// Frames per second; by default the input's, else 48,000.
    pub rate: Option<u32>,
    /// Frames in a block, 1 to 8192.
    pub block: usize,
    /// How long to render on.
    pub tail: Tail,
    /// Sample format of the output.
    pub bits: Bits,
}

/// What was rendered.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Frames written.
    pub frames: u64,
    /// Frames per second.
    pub rate: u32,
    /// Greatest absolute sample; above 1 it was clipped in integer formats.
    pub peak: f32,
    /// Frames of latency that were cut off the start.
    pub latency: u32,
    /// Seconds that it took.
    pub seconds: f64,
    /// What of the rack is not as it was asked for.
    pub warnings: Vec<RackWarning>,
    /// What happened while rendering: plugin faults and logs.
    pub events: Vec<SessionEvent>,
}

/// Why nothing was rendered. No output file is left behind, and one that was there is untouched.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The rack.
    #[error(transparent)]
    Rack(#[from] RackError),
    /// The engine.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A WAV file.
    #[error(transparent)]
    Wav(#[from] WavError),
    /// It was asked to end before it was done.
    #[error("The rendering was interrupted. No file was written.")]
    Interrupted,
    /// The rate or the block size.
    #[error("{what} must be {range}, not {value}.")]
    Range {
        /// What is out of range.
        what: &'static str,
        /// The range in words.
        range: &'static str,
        /// What was asked for.
        value: String,
    },
}

/// Renders a job. `progress` is told the part done, 0 to 1, and may end the rendering.
///
/// The latency that the rack's plugins report is cut off the start, so that a note sounds at its time.
///
/// # Errors
///
/// A rack that does not load, an input that cannot be read, an output that cannot be written; or `progress` breaks.
pub fn render(job: &Job, mut progress: impl FnMut(f64) -> ControlFlow<()>) -> Result<Summary, RenderError> {
    render_watched(job, |Watched { part, .. }| progress(part))
}

/// How a rendering goes.
#[derive(Clone, Copy, Debug)]
pub struct Watched<'a> {
    /// The part done, 0 to 1.
    pub part: f64,
    /// What happened since the last time.
    pub events: &'a [SessionEvent],
}

/// Renders a job, as [`render`] does. `watch` is told besides what happens, such as how far the long work of a plugin is,
/// and may end the rendering.
///
/// # Errors
///
/// As [`render`].
pub fn render_watched(
    job: &Job,
    mut watch: impl FnMut(Watched<'_>) -> ControlFlow<()>,
) -> Result<Summary, RenderError> {
    let started = Instant::now();
    let input = job
        .input
        .as_deref()
        .map(|file| wav::read(file, job.rate))
        .transpose()?;
    let rate = job
        .rate
        .or_else(|| input.as_ref().map(|input| input.rate))
        .unwrap_or(DEFAULT_RATE);
    check(job, rate)?;
    let mut session = Session::new();
    session.set_render_mode(RenderMode::Offline);
    session.load(&job.rack)?;
    session.open_offline(rate, job.block, RenderMode::Offline)?;
    // Only now, so that a plugin that takes the program down leaves no file behind.
    let mut output = wav::Writer::create(&job.output, rate, job.bits)?;
    let mut events = Vec::new();
    warm_up(&mut session, &mut |happened| {
        let ends = watch(Watched {
            part: 0.0,
            events: &happened,
        });
        events.extend(happened.into_iter().filter(is_worth_keeping));
        ends
    })?;
    if let Some(midi) = &job.midi {
        session.play_file(midi, false);
    }

    let latency = session.rack().map_or(0, |rack| rack.latency());
    let warnings = session.rack().map_or_else(Vec::new, |rack| rack.warnings.clone());
    let seconds = job.midi.as_ref().map_or(0.0, MidiFile::length_seconds);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a length in frames"
    )]
    let frames = |seconds: f64| (seconds * f64::from(rate)).ceil() as u64;
    let body = frames(seconds).max(input.as_ref().map_or(0, |input| input.left.len() as u64));
    let (shortest, longest) = match job.tail {
        Tail::Auto => (0, frames(LONGEST_TAIL)),
        Tail::Seconds(seconds) => (frames(seconds), frames(seconds)),
    };
    let mut run = Run {
        position: 0,
        skip: u64::from(latency),
        silent: 0,
        peak: 0.0,
        written: 0,
    };
    let silent_for = frames(SILENT_FOR);
    loop {
        let over = run.written.saturating_sub(body);
        if run.written >= body && over >= shortest && (over >= longest || run.silent >= silent_for) {
            break;
        }
        let end = if job.tail == Tail::Auto {
            u64::MAX
        } else {
            body + shortest
        };
        run.step(&mut session, input.as_ref(), end, &mut output)?;
        // Plugins are served about every 20 ms of music, as often as live.
        if run.position % (u64::from(rate) / 50).max(1) < job.block as u64 {
            let happened = session.tick(Instant::now());
            #[expect(clippy::cast_precision_loss, reason = "a part of the whole")]
            let part = (run.written as f64 / (body + shortest).max(1) as f64).min(1.0);
            let watched = watch(Watched {
                part,
                events: &happened,
            });
            if watched.is_break() {
                return Err(RenderError::Interrupted);
            }
            events.extend(happened.into_iter().filter(is_worth_keeping));
        }
    }
    let last = session.tick(Instant::now());
    let Run { peak, written, .. } = run;
    output.finish()?;
    let _done = watch(Watched {
        part: 1.0,
        events: &last,
    });
    events.extend(last.into_iter().filter(is_worth_keeping));
    let seconds = started.elapsed().as_secs_f64();
    Ok(Summary {
        frames: written,
        rate,
        peak,
        latency,
        seconds,
        warnings,
        events,
    })
}

fn check(job: &Job, rate: u32) -> Result<(), RenderError> {
    if !(8_000..=768_000).contains(&rate) {
        return Err(RenderError::Range {
            what: "The rate",
            range: "8000 to 768000 Hz",
            value: rate.to_string(),
        });
    }
    if !(1..=8192).contains(&job.block) {
        return Err(RenderError::Range {
            what: "The block size",
            range: "1 to 8192 frames",
            value: job.block.to_string(),
        });
    }
    match job.tail {
        Tail::Seconds(seconds) if !(0.0..=86_400.0).contains(&seconds) => Err(RenderError::Range {
            what: "The tail",
            range: "0 to 86400 seconds",
            value: seconds.to_string(),
        }),
        _ => Ok(()),
    }
}

/// Serves plugins until they have nothing more to do before the first block.
fn warm_up(
    session: &mut Session,
    told: &mut dyn FnMut(Vec<SessionEvent>) -> ControlFlow<()>,
) -> Result<(), RenderError> {
    let until = Instant::now() + WARM_UP;
    loop {
        let events = session.tick(Instant::now());
        let quiet = events.is_empty();
        if told(events).is_break() {
            return Err(RenderError::Interrupted);
        }
        if quiet || Instant::now() >= until {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Whether something is of interest when all is done.
const fn is_worth_keeping(event: &SessionEvent) -> bool {
    let is_passing = matches!(
        event,
        SessionEvent::Plugin {
            event: PluginEvent::Progress { .. },
            ..
        }
    );
    !is_passing
        && matches!(
            event,
            SessionEvent::Fault { .. }
                | SessionEvent::Plugin { .. }
                | SessionEvent::ReactivateFailed { .. }
                | SessionEvent::Reactivated { .. }
        )
}

/// How far a rendering has come.
struct Run {
    /// Frames processed.
    position: u64,
    /// Frames still to be cut off the start.
    skip: u64,
    /// Frames of silence at the end so far.
    silent: u64,
    peak: f32,
    written: u64,
}

impl Run {
    /// Processes one block and writes what belongs before frame `end` of the output.
    fn step(
        &mut self,
        session: &mut Session,
        input: Option<&wav::Input>,
        end: u64,
        output: &mut wav::Writer,
    ) -> Result<(), WavError> {
        let Some(offline) = session.offline() else {
            return Ok(());
        };
        let block = offline.block();
        let at = usize::try_from(self.position).unwrap_or(usize::MAX);
        let rest = |side: &'_ [f32]| -> (usize, usize) {
            let start = at.min(side.len());
            (start, side.len().min(start.saturating_add(block)))
        };
        let sides = input.map(|input| {
            let (start, stop) = rest(&input.left);
            [&input.left[start..stop], &input.right[start..stop]]
        });
        let [left, right] = offline.step(sides);
        self.position += block as u64;
        let skip = usize::try_from(self.skip).unwrap_or(usize::MAX).min(block);
        self.skip -= skip as u64;
        let keep = usize::try_from(end.saturating_sub(self.written))
            .unwrap_or(usize::MAX)
            .min(block - skip);
        let (left, right) = (&left[skip..skip + keep], &right[skip..skip + keep]);
        let peak = left
            .iter()
            .chain(right)
            .fold(0.0, |peak: f32, sample| peak.max(sample.abs()));
        self.peak = self.peak.max(peak);
        self.silent = if peak < SILENT {
            self.silent + keep as u64
        } else {
            0
        };
        self.written += keep as u64;
        output.write(left, right)
    }
}
