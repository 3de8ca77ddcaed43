//! A VST3 file: what it holds, and finding a plugin in it.

use super::bundle::Bundle;
use super::class_id::ClassId;
use super::compatibility::Replaced;
use super::factory::{AUDIO, Class};
use super::module::{ENTRY, Module};
use super::module_info::ModuleInfo;
use crate::plugin::{Descriptor, Format, LoadError, binary, library};
use std::path::Path;
use std::rc::Rc;

/// Lists the plugins of a bundle or bare file: from what its maker wrote down, or else from the library itself.
pub(in crate::plugin) fn describe(file: &Path) -> Result<Vec<Descriptor>, LoadError> {
    let bundle = Bundle::resolve(file)?;
    // Nothing of what is written down can be played if the library is for another machine.
    binary::check(&bundle.binary)?;
    let written = bundle.module_info.as_deref().and_then(ModuleInfo::read);
    // Where the library does not speak of its entry, packed or no plugin at all, it has to be asked itself.
    let written = written.filter(|_| binary::mentions(&bundle.binary, ENTRY));
    let (classes, replaced) = match written {
        Some(info) => (info.classes, info.replaced),
        None => listed(Module::open(&bundle)?.as_ref()),
    };
    let plugins = plugins(classes, &replaced, &bundle.root)?;
    Ok(plugins.into_iter().map(|(_, descriptor)| descriptor).collect())
}

/// Loads a bundle or bare file and finds the plugin that is meant: by class id, its own or that of an older plugin
/// which it replaces, by name, or the only one.
pub(super) fn open(file: &Path, which: Option<&str>) -> Result<(Rc<Module>, Class, Descriptor), LoadError> {
    let bundle = Bundle::resolve(file)?;
    let module = Module::open(&bundle)?;
    let (classes, mut replaced) = listed(&module);
    // Few modules have an object that says this too.
    if let Some(info) = bundle.module_info.as_deref().and_then(ModuleInfo::read) {
        replaced.extend(info.replaced);
    }
    let (class, descriptor) = find(classes, &replaced, &bundle.root, which)?;
    Ok((module, class, descriptor))
}

/// Finds the plugin that is meant among a file's classes.
fn find(
    classes: Vec<Class>,
    replaced: &[Replaced],
    file: &Path,
    which: Option<&str>,
) -> Result<(Class, Descriptor), LoadError> {
    let all = plugins(classes, replaced, file)?;
    let wanted = which.and_then(ClassId::parse);
    let is = |text: &str| wanted.is_some() && ClassId::parse(text) == wanted;
    // A class of that very id comes before one that only stands in for it.
    let own = all.iter().any(|(_, descriptor)| is(&descriptor.id));
    library::choose(all, file, which, |descriptor, _| {
        is(&descriptor.id) || (!own && descriptor.replaces.iter().any(|old| is(old)))
    })
}

fn listed(module: &Module) -> (Vec<Class>, Vec<Replaced>) {
    let classes = module.factory().classes();
    let replaced = module.factory().replaced(&classes);
    (classes, replaced)
}

/// The classes that play, and what is said of each.
fn plugins(
    classes: Vec<Class>,
    replaced: &[Replaced],
    file: &Path,
) -> Result<Vec<(Class, Descriptor)>, LoadError> {
    let mut categories: Vec<String> = classes
        .iter()
        .map(|class| format!("\"{}\"", class.category))
        .collect();
    categories.sort();
    categories.dedup();
    let plugins: Vec<_> = classes
        .into_iter()
        .filter(|class| class.category == AUDIO)
        .map(|class| {
            let descriptor = descriptor(&class, replaced, file);
            (class, descriptor)
        })
        .collect();
    if !plugins.is_empty() {
        return Ok(plugins);
    }
    let file = file.to_owned();
    Err(if categories.is_empty() {
        LoadError::Empty { file }
    } else {
        LoadError::NoAudio { file, categories }
    })
}

fn descriptor(class: &Class, replaced: &[Replaced], file: &Path) -> Descriptor {
    let id = class.id.to_string();
    let mut replaces: Vec<String> = replaced
        .iter()
        .filter(|replaced| replaced.new == class.id)
        .flat_map(|replaced| replaced.old.iter().map(ToString::to_string))
        .collect();
    replaces.sort();
    replaces.dedup();
    Descriptor {
        format: Format::Vst3.key().to_owned(),
        name: if class.name.is_empty() {
            id.clone()
        } else {
            class.name.clone()
        },
        id,
        vendor: class.vendor.clone(),
        version: class.version.clone(),
        file: file.to_owned(),
        features: class.sub_categories.clone(),
        replaces,
    }
}

#[cfg(test)]
mod tests;
