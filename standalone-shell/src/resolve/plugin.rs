//! Finding plugins' files.

use super::{OpenPreset, StateFile};
use crate::{child, folders, output};
use anyhow::anyhow;
use host::plugin::scan::{
    Cache, Finder, PluginArgument, Progress, Scanner, Wanted, parse_plugin_argument, standard_folders,
};
use host::plugin::{Format, Source};
use indicatif::{ProgressBar, ProgressStyle};
use presets::{Plugin, PluginFormat};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Finds plugins for one command. Nothing is read or searched before it has to be.
#[derive(Debug, Default)]
pub struct Plugins {
    finder: Option<Finder>,
}

impl Plugins {
    pub fn new() -> Self {
        Self::default()
    }

    /// The plugin that somebody named in one word: a file, or an id to be searched for.
    ///
    /// # Errors
    ///
    /// No file holds a plugin of that id. A file that was named is not looked at.
    pub fn named(&mut self, text: &str) -> anyhow::Result<Source> {
        match parse_plugin_argument(text) {
            PluginArgument::File(source) => Ok(source),
            PluginArgument::Id(id) => self.find(&Wanted {
                id: &id,
                format: None,
                hint: None,
                preset_folder: None,
            }),
        }
    }

    /// The plugin that a `.vstpreset` file is for, searched for by its class id.
    ///
    /// # Errors
    ///
    /// No file holds it.
    pub fn of_state(&mut self, state: &StateFile) -> anyhow::Result<Source> {
        let wanted = Wanted {
            id: &state.preset.class,
            format: Some(Format::Vst3),
            hint: None,
            preset_folder: state.file.parent(),
        };
        self.find(&wanted).map_err(|error| {
            anyhow!(
                "{} is for the plugin {}. {error}",
                state.file.display(),
                state.plugin()
            )
        })
    }

    /// A preset's plugin: the file that it hints at, if that is there; else it is searched for.
    ///
    /// # Errors
    ///
    /// No file holds it.
    pub fn of_preset(&mut self, plugin: &Plugin, opened: &OpenPreset) -> anyhow::Result<Source> {
        let format = match plugin.format {
            PluginFormat::Clap => Format::Clap,
            PluginFormat::Vst3 => Format::Vst3,
        };
        self.find(&Wanted {
            id: &plugin.id,
            format: Some(format),
            hint: plugin.file.as_deref().map(Path::new),
            preset_folder: opened.folder.as_deref(),
        })
    }

    fn find(&mut self, wanted: &Wanted<'_>) -> anyhow::Result<Source> {
        let finder = self.finder.get_or_insert_with(|| {
            let cache = load_cache();
            Finder::new(standard_folders(), scanner(), cache)
        });
        let mut bar = None;
        let mut opened = false;
        let found = finder.find(wanted, &mut |progress| {
            if let Progress::Opening(file) = progress {
                opened = true;
                searching(&mut bar, wanted.id, file);
            }
            ControlFlow::Continue(())
        });
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        if opened {
            finder.notes().iter().for_each(|note| output::warn(note));
            if let Err(error) = finder.save() {
                output::warn(&error.to_string());
            }
        }
        Ok(found?)
    }
}

/// Shows on a terminal which file is being opened: the first search may take a while.
fn searching(bar: &mut Option<ProgressBar>, id: &str, file: &Path) {
    let bar = bar.get_or_insert_with(|| {
        let style = ProgressStyle::with_template("{spinner} {wide_msg}");
        ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
    });
    bar.set_message(format!("Looking for {id}: {}", file.display()));
    bar.tick();
}

/// What earlier scans found.
pub fn load_cache() -> Cache {
    // Without a home there is nowhere to keep it for long.
    let file = folders::scan_cache().unwrap_or_else(|| std::env::temp_dir().join("backline-plugins.json"));
    let (cache, note) = Cache::load(file);
    if let Some(note) = note {
        output::warn(&note);
    }
    cache
}

/// Opens plugin files in child processes of this very program.
pub fn scanner() -> Scanner {
    let program = child::program();
    Scanner::new(move || {
        let mut command = Command::new(&program);
        command.arg("scan-file");
        command
    })
}

/// What a preset writes as the hint to a plugin's file: its name alone where it lies in a standard folder, its path
/// from the preset's folder where it lies below that, else the whole path.
pub fn hint(file: &Path, preset_folder: &Path) -> String {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let file = absolute(file);
    let beside = file.strip_prefix(absolute(preset_folder)).map(Path::to_owned);
    let is_standard = standard_folders()
        .iter()
        .any(|folder| file.parent() == Some(folder.as_path()));
    let name = file.file_name().map(PathBuf::from).filter(|_| is_standard);
    let hint = beside.ok().or(name).unwrap_or(file);
    // Presets travel between systems, and every system reads this one.
    hint.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_as_short_as_it_can_be() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert_eq!(hint(&at("plugins/a.clap"), folder.path()), "plugins/a.clap");
        assert_eq!(
            hint(&at("a.clap"), &at("presets")),
            at("a.clap").display().to_string()
        );
        if let Some(standard) = standard_folders().first() {
            assert_eq!(hint(&standard.join("a.clap"), folder.path()), "a.clap");
        }
    }

    #[test]
    fn a_file_that_was_named_is_not_searched_for() {
        let source = Plugins::new().named("absent/a.clap#x").unwrap();
        assert_eq!(
            (source.file.as_path(), source.which.as_deref()),
            (Path::new("absent/a.clap"), Some("x"))
        );
    }
}
