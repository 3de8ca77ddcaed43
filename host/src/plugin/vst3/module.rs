//! A loaded module: the library of a VST3 plugin, its start and its end.

use super::bundle::Bundle;
use super::factory::Factory;
use super::host::{ModuleContext, Record};
use crate::plugin::{LoadError, binary, library};
use crate::role;
#[cfg(unix)]
use libloading::os::unix as system;
#[cfg(windows)]
use libloading::os::windows as system;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::fs;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use vst3::ComPtr;
use vst3::Steinberg::{FUnknown, IPluginFactory};

/// The name of what every module exports.
pub(super) const ENTRY: &[u8] = b"GetPluginFactory\0";
/// What every module exports.
type GetFactory = unsafe extern "system" fn() -> *mut IPluginFactory;
/// A module's end; on Windows, its start too. The answer is a C++ `bool`, which is taken as the byte that it is.
type Exit = unsafe extern "system" fn() -> u8;
/// A module's start, which is told the loader's handle of the library.
#[cfg(unix)]
type Entry = unsafe extern "system" fn(*mut std::ffi::c_void) -> u8;

// The modules that are loaded, by the library's file.
//
// Only main loads plugins, so the list is main's. (Tests have several threads in that role. Each then starts the
// module for itself, and modules count their starts.)
thread_local! {
    static LOADED: RefCell<Vec<(PathBuf, Weak<Module>)>> = const { RefCell::new(Vec::new()) };
}

/// A loaded module. All plugins made from one library share it, and it ends with the last of them.
pub(in crate::plugin) struct Module {
    // In the order in which they have to go.
    factory: Factory,
    _started: Started,
    /// What the module asks of its host apart from its plugins.
    record: Arc<Record>,
    /// Which of the module's plugins serves that: the number of an [`Instance`](super::Instance), or 0.
    server: Cell<u64>,
    /// Interfaces are objects of the main thread, although their types do not say so.
    _not_send: PhantomData<*const ()>,
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module")
            .field("factory", &self.factory)
            .finish_non_exhaustive()
    }
}

impl Module {
    /// Loads a bundle's library, starts it and tells its factory who the host is, unless it is loaded already.
    ///
    /// # Errors
    ///
    /// The library cannot be loaded, is none for this machine or no VST3 plugin, or its start failed.
    pub(in crate::plugin) fn open(bundle: &Bundle) -> Result<Rc<Self>, LoadError> {
        role::claim_main();
        binary::check(&bundle.binary)?;
        // One library may be reached in several ways, and is one module to the system's loader.
        let place = fs::canonicalize(&bundle.binary).map_err(|source| LoadError::Unreadable {
            file: bundle.binary.clone(),
            source,
        })?;
        let loaded = LOADED.with_borrow_mut(|all| {
            all.retain(|(_, module)| module.strong_count() > 0);
            all.iter()
                .find(|(known, _)| *known == place)
                .and_then(|(_, module)| module.upgrade())
        });
        if let Some(module) = loaded {
            return Ok(module);
        }
        // The list is not borrowed here: a module's code runs, and what it does is its own affair.
        let module = Rc::new(Self::start(bundle)?);
        LOADED.with_borrow_mut(|all| all.push((place, Rc::downgrade(&module))));
        Ok(module)
    }

    /// What the module asks of its host, for the plugin with this number: one of a module's plugins serves it for all.
    pub(super) fn record_for(&self, plugin: u64) -> Option<&Arc<Record>> {
        if self.server.get() == 0 {
            self.server.set(plugin);
        }
        (self.server.get() == plugin).then_some(&self.record)
    }

    /// The plugin with this number goes.
    pub(super) fn leave(&self, plugin: u64) {
        if self.server.get() == plugin {
            self.server.set(0);
        }
    }

    /// What it makes plugins with.
    pub(in crate::plugin) const fn factory(&self) -> &Factory {
        &self.factory
    }

    fn start(bundle: &Bundle) -> Result<Self, LoadError> {
        let file = &bundle.binary;
        let library = load(file)?;
        // SAFETY: this is the function's signature, by the specification.
        let get_factory = unsafe { library.get::<GetFactory>(ENTRY) };
        let get_factory = *get_factory.map_err(|_| LoadError::NotAPlugin {
            file: file.clone(),
            reason: "it is a library without `GetPluginFactory`".to_owned(),
        })?;
        let started = Started::new(library).ok_or_else(|| LoadError::EntryInit { file: file.clone() })?;
        #[cfg(unix)]
        library::keep(&library::absolute(file)?);
        // SAFETY: the module was started, on this thread, and its library is loaded. The function gives a reference
        // that is ours to release, or null.
        let factory = unsafe { ComPtr::from_raw(get_factory()) };
        let factory = Factory::new(factory.ok_or_else(|| LoadError::NoFactory { file: file.clone() })?);
        let record = Record::new();
        let context = ModuleContext::new(Arc::clone(&record));
        if let Some(context) = context.to_com_ptr::<FUnknown>() {
            factory.set_host_context(&context);
        }
        Ok(Self {
            factory,
            _started: started,
            record,
            server: Cell::new(0),
            _not_send: PhantomData,
        })
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        // Nothing is told to a module that goes, so what it registered is let go while its code is there.
        self.record.let_go();
    }
}

/// A library whose start succeeded. Dropping it ends the module.
struct Started {
    exit: Option<Exit>,
    // Closed after the end.
    _library: system::Library,
}

impl Started {
    /// Starts a module; `None` if it refuses.
    #[cfg(unix)]
    fn new(library: system::Library) -> Option<Self> {
        let handle = library.into_raw();
        // SAFETY: the handle was taken from a library just now. The signatures are those of the specification. That
        // wants both functions to be there, and the hosts of its makers refuse a module that lacks one; other hosts load
        // it, and there are plugins that were tested only there. A module without a start has nothing to start.
        unsafe {
            let library = system::Library::from_raw(handle);
            let entry = library.get::<Entry>(b"ModuleEntry\0").ok().map(|entry| *entry);
            let exit = library.get::<Exit>(b"ModuleExit\0").ok().map(|exit| *exit);
            Self::after(entry.is_none_or(|entry| entry(handle) != 0), exit, library)
        }
    }

    /// Starts a module; `None` if it refuses. Both functions are optional here.
    #[cfg(windows)]
    fn new(library: system::Library) -> Option<Self> {
        // SAFETY: the signatures are those of the specification.
        unsafe {
            let entry = library.get::<Exit>(b"InitDll\0").ok().map(|entry| *entry);
            let exit = library.get::<Exit>(b"ExitDll\0").ok().map(|exit| *exit);
            Self::after(entry.is_none_or(|entry| entry() != 0), exit, library)
        }
    }

    /// What is left after the start was tried. Of a module that refused, the end is not called and the library goes for
    /// good, so that the next attempt finds it as the first did: modules count their starts and do nothing in the second.
    fn after(succeeded: bool, exit: Option<Exit>, library: system::Library) -> Option<Self> {
        succeeded.then(|| Self {
            exit,
            _library: library,
        })
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if let Some(exit) = self.exit {
            // SAFETY: the library is loaded, its start succeeded, and nothing that was made of it is left: instances keep
            // the module, whose factory went first. A failure leaves nothing to be done.
            unsafe { exit() };
        }
    }
}

#[cfg(unix)]
fn load(file: &Path) -> Result<system::Library, LoadError> {
    let path = library::absolute(file)?;
    // Every function that the library names is looked up now: the audio thread must not wait for the loader. A library
    // that names one which does not exist may work all the same, as long as nobody calls it.
    // SAFETY: loading a library runs its code, which nothing can make safe. The user picked this file, or it is being
    // scanned in a child process.
    let library = unsafe {
        system::Library::open(Some(&path), libc::RTLD_NOW | libc::RTLD_LOCAL)
            .or_else(|_| system::Library::open(Some(&path), libc::RTLD_LAZY | libc::RTLD_LOCAL))
    };
    library.map_err(|error| refused(file, &path, &error))
}

#[cfg(windows)]
fn load(file: &Path) -> Result<system::Library, LoadError> {
    let path = library::absolute(file)?;
    // The libraries that a plugin brings along lie beside it, not beside this program.
    // SAFETY: loading a library runs its code, which nothing can make safe. The user picked this file, or it is being
    // scanned in a child process.
    let library = unsafe { system::Library::load_with_flags(&path, system::LOAD_WITH_ALTERED_SEARCH_PATH) };
    library.map_err(|error| refused(file, &path, &error))
}

fn refused(file: &Path, path: &Path, error: &libloading::Error) -> LoadError {
    LoadError::Loader {
        file: file.to_owned(),
        reason: library::refusal(path, error),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
