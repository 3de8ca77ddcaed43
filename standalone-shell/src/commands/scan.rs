//! `backline scan`.

use crate::cli::{Scan, ScanFile};
use crate::{failure, output, resolve, words};
use anyhow::bail;
use host::plugin::scan::{Progress, Scanned, child_main, find_files, standard_folders};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// Lists the plugins that there are.
pub fn run(scan: &Scan) -> anyhow::Result<()> {
    let folders = if scan.paths.is_empty() {
        standard_folders()
    } else {
        absolute(&scan.paths)?
    };
    let found = find_files(&folders);
    found.notes.iter().for_each(|note| output::warn(note));
    let mut cache = resolve::load_cache();

    let bar = progress_bar(found.files.len());
    let scanned = resolve::scanner().scan_cached(&found.files, &mut cache, scan.fresh, &mut |progress| {
        match progress {
            Progress::Opening(file) => bar.set_message(file.display().to_string()),
            Progress::Done(_) => bar.inc(1),
        }
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    if let Err(error) = cache.save() {
        output::warn(&error.to_string());
    }
    if scan.json {
        print_json(&scanned)
    } else {
        print(&scanned, &folders)
    }
}

/// Opens a plugin file on behalf of the process that scans.
pub fn child(scan: &ScanFile) -> anyhow::Result<()> {
    match child_main(&scan.file, &scan.answer) {
        0 => Ok(()),
        _ => Err(failure::Told.into()),
    }
}

/// A folder that somebody named has to be there.
fn absolute(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let absolute = |path: &PathBuf| {
        if let Err(error) = std::fs::metadata(path) {
            bail!(
                "The folder {} cannot be searched: {error}. Check --path.",
                path.display()
            );
        }
        Ok(std::path::absolute(path)?)
    };
    paths.iter().map(absolute).collect()
}

fn progress_bar(files: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("Scanning {pos}/{len} [{bar:30}] {wide_msg}");
    let style = style
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ");
    ProgressBar::new(files as u64).with_style(style)
}

fn print_json(scanned: &[Scanned]) -> anyhow::Result<()> {
    for Scanned { file, result, .. } in scanned {
        match result {
            Ok(plugins) => plugins.iter().try_for_each(output::print_json)?,
            Err(error) => output::print_json(&json!({ "file": file.to_string_lossy(), "error": error }))?,
        }
    }
    Ok(())
}

fn print(scanned: &[Scanned], folders: &[PathBuf]) -> anyhow::Result<()> {
    let plugins = scanned
        .iter()
        .filter_map(|scanned| scanned.result.as_ref().ok())
        .flatten();
    let rows: Vec<_> = plugins
        .map(|plugin| {
            [
                &plugin.format,
                &plugin.name,
                &plugin.vendor,
                &plugin.version,
                &plugin.id,
            ]
            .map(|cell| failure::one_line(cell))
            .into_iter()
            .chain([plugin.file.display().to_string()])
            .collect()
        })
        .collect();
    output::print(&words::columns(&rows))?;
    for error in scanned.iter().filter_map(|scanned| scanned.result.as_ref().err()) {
        output::warn(error);
    }
    if rows.is_empty() {
        let folders: Vec<_> = folders
            .iter()
            .map(|folder| folder.display().to_string())
            .collect();
        output::say(&format!(
            "There are no plugins in {}. Name other folders with --path, or in CLAP_PATH, which serves both formats.",
            folders.join(", ")
        ));
    }
    Ok(())
}
