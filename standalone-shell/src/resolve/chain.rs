//! Plugins that were named one by one, and the `.vstpreset` files that go with them.

use super::Plugins;
use crate::cli::{Chain, is_vst_preset};
use crate::failure::one_line;
use anyhow::{anyhow, bail};
use host::plugin::{Format, LoadError, StateError, VstPreset};
use host::session::PluginSpec;
use std::path::{Path, PathBuf};

/// Digits of a VST3 class id.
const CLASS: usize = 32;

/// A chain of plugins, found.
#[derive(Debug)]
pub struct Chosen {
    /// The plugins.
    pub plugins: Vec<PluginSpec>,
    /// The file that the first one's state is from.
    pub state: Option<StateFile>,
}

/// A `.vstpreset` file that was named for a plugin.
#[derive(Debug)]
pub struct StateFile {
    /// The file.
    pub file: PathBuf,
    /// What it holds.
    pub preset: VstPreset,
}

impl StateFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// It is not there, or no `.vstpreset` file.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            preset: VstPreset::read_file(file)?,
            file: file.to_owned(),
        })
    }

    /// The file's name without its ending, which is what people call the sound.
    pub fn name(&self) -> String {
        let stem = self.file.file_stem();
        stem.map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
    }

    /// The plugin that it is for: its name where the file tells it, and its id.
    pub fn plugin(&self) -> String {
        let class = &self.preset.class;
        match self.preset.attribute("PlugInName") {
            Some(name) => format!("{} ({class})", one_line(&name)),
            None => class.clone(),
        }
    }

    /// Why a plugin did not load that was picked by this file's class id; nothing if that is another reason.
    pub fn explain(&self, error: &LoadError) -> Option<anyhow::Error> {
        let LoadError::NoSuchPlugin { file, which, known } = error else {
            return None;
        };
        self.preset.is_for(which).then(|| {
            anyhow!(
                "{} is for the plugin {}, which {} does not hold; it holds {}. Name the file of that plugin.",
                self.file.display(),
                self.plugin(),
                file.display(),
                known.join(", ")
            )
        })
    }
}

impl StateFile {
    /// Why a plugin that was named did not take this file's state; nothing if that is another reason.
    pub fn explain_state(&self, error: &StateError) -> Option<anyhow::Error> {
        let (name, class, here) = match error {
            StateError::OtherPlugin { name, class, here } => (name, class, here),
            StateError::Refused { name, .. } => {
                return Some(anyhow!(
                    "The plugin {} refused the state in {}. It may come from another version of the plugin; export it anew \
                     from there, or leave it out.",
                    one_line(name),
                    self.file.display()
                ));
            }
            _ => return None,
        };
        self.preset.is_for(class).then(|| {
            anyhow!(
                "{} is for the plugin {}, and not for {} ({here}). Name that plugin, or leave out --state.",
                self.file.display(),
                self.plugin(),
                one_line(name)
            )
        })
    }
}

/// Finds the plugins of a chain, and reads the states that were named with them.
///
/// # Errors
///
/// A plugin that is not found, a `.vstpreset` file that cannot be read or is for another plugin.
pub fn choose(chain: &Chain, plugins: &mut Plugins) -> anyhow::Result<Chosen> {
    let Chain {
        plugins: names,
        state,
        program,
    } = chain;
    let mut chosen = Chosen {
        plugins: Vec::new(),
        state: None,
    };
    for (index, name) in names.iter().enumerate() {
        let own = Some(Path::new(name)).filter(|file| is_vst_preset(file));
        let given = state.as_deref().filter(|_| index == 0);
        let file = own.or(given).map(StateFile::read).transpose()?;
        let mut spec = match &file {
            Some(file) if own.is_some() => PluginSpec::new(plugins.of_state(file)?),
            _ => PluginSpec::new(plugins.named(name)?),
        };
        if let Some(file) = &file {
            fit(&mut spec, file)?;
        }
        if index == 0 {
            spec.program.clone_from(program);
            spec.program_is_a_must = program.is_some();
            chosen.state = file;
        }
        chosen.plugins.push(spec);
    }
    Ok(chosen)
}

/// Gives a plugin the state of a file, which has to be for it as far as that can be told without loading it.
fn fit(spec: &mut PluginSpec, state: &StateFile) -> anyhow::Result<()> {
    let source = &mut spec.source;
    if Format::of_file(&source.file) == Some(Format::Clap) {
        bail!(
            "{} is for the VST3 plugin {}, and {} is a CLAP plugin. Name the plugin's .vst3 file.",
            state.file.display(),
            state.plugin(),
            source.file.display()
        );
    }
    match &source.which {
        Some(which) if is_class(which) && !state.preset.is_for(which) => bail!(
            "{} is for the plugin {}, and not for {which}. Name that plugin, or leave out --state.",
            state.file.display(),
            state.plugin()
        ),
        Some(_) => {}
        // A file may hold several plugins; the state tells which.
        None => source.which = Some(state.preset.class.clone()),
    }
    spec.state = Some(state.preset.write());
    Ok(())
}

fn is_class(text: &str) -> bool {
    text.len() == CLASS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASS_ID: &str = "0123456789ABCDEF0123456789ABCDEF";

    fn state(folder: &Path, describe: bool) -> PathBuf {
        let mut preset = VstPreset {
            class: CLASS_ID.to_owned(),
            component: b"state".to_vec(),
            ..VstPreset::default()
        };
        if describe {
            preset.describe("Grand", "Maker", "Instrument");
        }
        let file = folder.join("Warm Pad.vstpreset");
        preset.save(&file, true).unwrap();
        file
    }

    fn chain(plugin: &str, state: &Path) -> Chain {
        Chain {
            plugins: vec![plugin.to_owned(), "b.clap".to_owned()],
            state: Some(state.to_owned()),
            program: Some("3".to_owned()),
        }
    }

    #[test]
    fn a_state_goes_to_the_first_plugin_without_a_search() {
        let folder = tempfile::tempdir().unwrap();
        let file = state(folder.path(), false);
        let chosen = choose(&chain("absent/a.vst3", &file), &mut Plugins::new()).unwrap();
        let [first, second] = &chosen.plugins[..] else {
            panic!("{chosen:?}");
        };
        assert_eq!(first.source.which.as_deref(), Some(CLASS_ID));
        assert_eq!(
            VstPreset::read(first.state.as_deref().unwrap())
                .unwrap()
                .component,
            b"state"
        );
        assert_eq!(
            (first.program.as_deref(), first.program_is_a_must),
            (Some("3"), true)
        );
        assert_eq!(
            (&second.state, &second.program, second.program_is_a_must),
            (&None, &None, false)
        );
        assert_eq!(chosen.state.unwrap().name(), "Warm Pad");
        // By name the file itself has to tell.
        let named = choose(&chain("absent/a.vst3#Grand", &file), &mut Plugins::new()).unwrap();
        assert_eq!(named.plugins[0].source.which.as_deref(), Some("Grand"));
    }

    #[test]
    fn a_state_for_another_plugin_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = state(folder.path(), true);
        let refused = |plugin: &str| {
            let chosen = choose(&chain(plugin, &file), &mut Plugins::new());
            chosen.unwrap_err().to_string()
        };
        let clap = refused("absent/a.clap");
        assert!(
            clap.contains("Warm Pad.vstpreset is for the VST3 plugin Grand (0123")
                && clap.contains("a.clap is a CLAP"),
            "{clap}"
        );
        let other = refused("absent/a.vst3#0123456789ABCDEF0123456789ABCDE0");
        assert!(
            other.contains("not for 0123456789ABCDEF0123456789ABCDE0"),
            "{other}"
        );
    }

    #[test]
    fn a_state_that_the_plugin_refuses_is_told_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFile::read(&state(folder.path(), true)).unwrap();
        let refused = StateError::Refused {
            name: "Grand".to_owned(),
            bytes: 3,
        };
        let told = state.explain_state(&refused).unwrap().to_string();
        assert!(
            told.contains("Grand refused the state in ") && told.contains("Warm Pad.vstpreset"),
            "{told}"
        );
        assert!(!told.contains("remove `state`"), "{told}");
        let none = StateError::None {
            name: "Grand".to_owned(),
        };
        assert!(state.explain_state(&none).is_none());
    }

    #[test]
    fn a_file_that_does_not_hold_the_plugin_is_told_with_the_state() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFile::read(&state(folder.path(), true)).unwrap();
        let error = |which: &str| LoadError::NoSuchPlugin {
            file: "a.vst3".into(),
            which: which.to_owned(),
            known: vec!["FEDC".to_owned()],
        };
        let told = state.explain(&error(CLASS_ID)).unwrap().to_string();
        assert!(
            told.contains("Warm Pad.vstpreset is for the plugin Grand (0123")
                && told.contains("it holds FEDC."),
            "{told}"
        );
        assert!(state.explain(&error("Grand")).is_none());
        let other = |class: &str| StateError::OtherPlugin {
            name: "Upright".to_owned(),
            class: class.to_owned(),
            here: "FEDC".to_owned(),
        };
        let told = state.explain_state(&other(CLASS_ID)).unwrap().to_string();
        assert!(
            told.contains("Grand (0123") && told.contains("not for Upright (FEDC)"),
            "{told}"
        );
        assert!(state.explain_state(&other("FEDC")).is_none());
    }
}
