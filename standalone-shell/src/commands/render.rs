//! `backline render`.

use crate::cli::Render;
use crate::report::{Work, Works, remarks};
use crate::signals::Signals;
use crate::{output, resolve, words};
use host::render::{Bits, Job, RenderError, Summary, Watched, render_watched};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::json;
use std::io::{IsTerminal, stderr};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

/// Steps of the progress bar.
const STEPS: f64 = 1000.0;

/// Renders to a WAV file.
pub fn run(options: &Render) -> anyhow::Result<()> {
    let Render {
        rack,
        midi_file,
        input,
        output,
        rate,
        block,
        tail,
        bits,
        json,
    } = options;
    let midi = midi_file.as_deref().map(resolve::midi_file).transpose()?;
    let resolved = resolve::resolve(rack)?;
    resolved.warnings.iter().for_each(|warning| output::warn(warning));
    // The input's own rate comes before the preset's, which is a wish for a device.
    let wished = resolved.preset.device.sample_rate.filter(|_| input.is_none());
    let job = Job {
        rack: resolved.rack,
        midi,
        input: input.clone(),
        output: output.clone(),
        rate: rate.or(wished),
        block: *block,
        tail: *tail,
        bits: *bits,
    };
    let bars = MultiProgress::new();
    let bar = bars.add(progress_bar());
    let mut works = Works::new(stderr().is_terminal().then(|| bars.clone()));
    let signals = Signals::install()?;
    let summary = render_watched(&job, |Watched { part, events }| {
        // The one line of --json is the summary; where there is no bar, people get lines.
        for work in events.iter().filter_map(Work::of) {
            let told = works.take(&work, Instant::now());
            if let Some(sentence) = told.and_then(|told| told.sentence) {
                output::say(&sentence);
            }
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a part of the bar's length"
        )]
        bar.set_position((part * STEPS) as u64);
        if signals.asked_to_end() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    bar.finish_and_clear();
    let summary = summary.map_err(|error| match error {
        RenderError::Rack(error) => resolve::explained(error, resolved.state.as_ref()),
        other => other.into(),
    })?;
    let warnings = summary.warnings.iter().map(ToString::to_string);
    warnings.for_each(|warning| output::warn(&warning));
    remarks(&summary.events)
        .iter()
        .for_each(|remark| output::warn(remark));
    tell(&summary, output, *bits, *json)
}

fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("Rendering [{bar:40}] {percent}% {elapsed}");
    let style = style
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ");
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small whole number"
    )]
    ProgressBar::new(STEPS as u64).with_style(style)
}

fn tell(summary: &Summary, file: &Path, bits: Bits, json: bool) -> anyhow::Result<()> {
    #[expect(clippy::cast_precision_loss, reason = "a length to look at")]
    let sound = summary.frames as f64 / f64::from(summary.rate);
    let peak = words::decibels(f64::from(summary.peak));
    let realtime = sound / summary.seconds.max(1e-9);
    let clipped = summary.peak > 1.0 && bits != Bits::Float32;
    if json {
        return output::print_json(&json!({
            "output": file.to_string_lossy(),
            "rate": summary.rate,
            "frames": summary.frames,
            "seconds": words::rounded(sound, 6),
            "peak_db": words::rounded(peak, 2),
            "clipped": clipped,
            "latency": summary.latency,
            "took": words::rounded(summary.seconds, 6),
            "realtime": words::rounded(realtime, 2),
        }));
    }
    output::say(&format!(
        "{}: {} at {} Hz, peak {}, {realtime:.1} times as fast as live.",
        file.display(),
        words::duration(sound),
        summary.rate,
        words::level(peak)
    ));
    if clipped {
        output::warn(&format!(
            "The sound goes {peak:.1} dB above full scale and was clipped; lower the preset's gain, or write --bits 32f."
        ));
    }
    Ok(())
}
