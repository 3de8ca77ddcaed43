//! A preset by file or by the name of a factory preset.

use crate::cli::is_vst_preset;
use anyhow::bail;
use presets::{EXTENSION, Preset};
use std::path::{Path, PathBuf};

/// A preset and where it came from.
#[derive(Debug)]
pub struct OpenPreset {
    /// What it says.
    pub preset: Preset,
    /// What to call it: its name, or that of its file.
    pub name: String,
    /// How the user named it.
    pub path: PathBuf,
    /// The folder that plugin files are looked for in first.
    pub folder: Option<PathBuf>,
    /// Whether it is part of the program.
    pub is_factory: bool,
}

impl OpenPreset {
    /// What it says but hardly means, in whole sentences.
    pub fn warnings(&self) -> Vec<String> {
        let told = self.preset.problems().into_iter();
        told.map(|problem| format!("preset {}, {problem}.", self.path.display()))
            .collect()
    }
}

/// Opens a preset file; a name that is no file may be that of a factory preset.
///
/// # Errors
///
/// It cannot be read, or is broken.
pub fn open(path: &Path) -> anyhow::Result<OpenPreset> {
    check_kind(path)?;
    if let Some(extension) = path.extension().and_then(|extension| extension.to_str())
        && ["clap", "vst3"]
            .iter()
            .any(|format| extension.eq_ignore_ascii_case(format))
    {
        bail!(
            "{} is a plugin, not a preset. Play it with --plugin {}.",
            path.display(),
            path.display()
        );
    }
    if !path.exists() {
        if let Some(factory) = factory(path) {
            return open_factory(factory, path);
        }
        if is_bare_name(path) {
            bail!(
                "There is no file, factory preset or command \"{}\". The factory presets are {}; `backline help` lists \
                 the commands.",
                path.display(),
                factory_names()
            );
        }
    }
    let preset = presets::load(path)?;
    Ok(OpenPreset {
        name: name_of(&preset, path),
        preset,
        path: path.to_owned(),
        folder: path.parent().map(Path::to_owned),
        is_factory: false,
    })
}

fn open_factory(factory: &presets::FactoryPreset, path: &Path) -> anyhow::Result<OpenPreset> {
    let preset = presets::parse(factory.text, path)?;
    // The demo plugins may lie beside the program, where the preset's own folder would be.
    let folder = std::env::current_exe()
        .ok()
        .and_then(|program| Some(program.parent()?.to_owned()));
    Ok(OpenPreset {
        name: name_of(&preset, path),
        preset,
        path: path.to_owned(),
        folder,
        is_factory: true,
    })
}

fn name_of(preset: &Preset, path: &Path) -> String {
    if preset.name.is_empty() {
        path.file_stem()
            .unwrap_or(path.as_os_str())
            .to_string_lossy()
            .into_owned()
    } else {
        preset.name.clone()
    }
}

/// The factory preset of that name, with or without the extension.
fn factory(path: &Path) -> Option<&'static presets::FactoryPreset> {
    let text = path.to_str()?;
    let name = text.strip_suffix(&format!(".{EXTENSION}")).unwrap_or(text);
    presets::factory().iter().find(|factory| factory.name == name)
}

fn factory_names() -> String {
    presets::factory()
        .iter()
        .map(|factory| factory.name)
        .collect::<Vec<_>>()
        .join(", ")
}

/// A word without folder or extension: more likely a slip than a file.
fn is_bare_name(path: &Path) -> bool {
    path.extension().is_none() && path.components().count() == 1
}

/// Tells a VST3 plugin's preset, by its name, from one of ours.
///
/// # Errors
///
/// It is one.
pub fn check_kind(path: &Path) -> anyhow::Result<()> {
    if is_vst_preset(path) {
        bail!(
            "{} is a VST3 plugin's preset, not one of Backline's. Play it with `backline {}`, see its plugin with \
             `backline plugin {}`, or make a preset with `backline preset new --plugin {}`.",
            path.display(),
            path.display(),
            path.display(),
            path.display()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factory_presets_go_by_name() {
        for name in ["stage-synth", "stage-synth.backline"] {
            let opened = open(Path::new(name)).unwrap();
            assert_eq!(opened.name, "Stage synth");
            assert!(opened.is_factory);
            assert!(opened.warnings().is_empty());
        }
    }

    #[test]
    fn a_file_comes_before_a_factory_preset() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stage-synth.backline");
        std::fs::write(&path, "format = 1\n").unwrap();
        let opened = open(&path).unwrap();
        assert_eq!((opened.name.as_str(), opened.is_factory), ("stage-synth", false));
        assert_eq!(opened.folder.as_deref(), Some(folder.path()));
        assert_eq!(opened.warnings().len(), 1);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let bare = open(Path::new("stage-sinth")).unwrap_err().to_string();
        assert!(
            bare.contains("\"stage-sinth\"") && bare.contains("stage-synth, "),
            "{bare}"
        );
        let vst3 = open(Path::new("Grand.vstpreset")).unwrap_err().to_string();
        assert!(vst3.contains("preset new --plugin Grand.vstpreset"), "{vst3}");
        let file = open(Path::new("absent/Piano.backline")).unwrap_err().to_string();
        assert!(
            file.contains("could not read the preset absent/Piano.backline"),
            "{file}"
        );
    }
}
