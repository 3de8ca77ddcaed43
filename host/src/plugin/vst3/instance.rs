//! The main half of one VST3 plugin.

use super::activation::{self, Activated};
use super::class_id::ClassId;
use super::com::MainPtr;
use super::context_menu::Menu;
use super::factory::Class;
use super::host::{Edit, EditStep, HostObject, Record};
use super::module::Module;
use super::objects::Objects;
use super::params::{self, Params};
use super::units::{self, Units};
use super::{buses, facts, flush, library, mapping, serve, state};
#[cfg(unix)]
use crate::plugin::WatchedFd;
use crate::plugin::{
    ActivateError, Descriptor, Facts, LoadError, Param, PluginEvent, ProgramError, ProgramList, RenderMode,
    Source, StateError, VstPreset,
};
use rt::rack::Unit;
use rt::vst3::Controls;
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use vst3::ComWrapper;
use vst3::Steinberg::Vst::{IEditController, IEditControllerTrait, RestartFlags_ as flags};

/// The main half of one VST3 plugin.
pub struct Instance {
    // In the order in which they have to go: a menu that the plugin wants shown, which holds objects of its; the plugin's
    // objects; what they hold of their host; their code.
    menu: Option<Menu>,
    /// None only where the plugin asked to be loaded anew, and that failed.
    pub(super) objects: Option<Objects>,
    host: ComWrapper<HostObject>,
    pub(super) record: Arc<Record>,
    pub(super) module: Rc<Module>,
    /// A number that no other instance has.
    number: u64,
    class: Class,
    file: PathBuf,
    pub(super) descriptor: Descriptor,
    pub(super) params: Params,
    pub(super) units: Units,
    pub(super) mode: RenderMode,
    pub(super) wanted_buses: buses::Wanted,
    /// Normalized values that the processor has not been told yet.
    pub(super) pending: Vec<(u32, f64)>,
    /// Those that went with the present activation and that its processor has not been seen to take.
    initial: Vec<(u32, f64)>,
    /// The last activation.
    activated: Option<Activated>,
    active: bool,
    /// The plugin has asked to be loaded anew, which is done when it is not active.
    pub(super) reload: bool,
    /// The layer that it stands in: its name, and its number from 0.
    pub(super) channel: Option<(String, u32)>,
    /// Parameters that somebody has taken hold of in the editor.
    held: Vec<u32>,
    /// Edits that the plugin made in its editor and nobody has acted on.
    edits: Vec<Edit>,
    /// Long work that the plugin is at: number, words.
    pub(super) tasks: Vec<(u64, String)>,
    /// What there is to tell, besides what the plugin asks for.
    pub(super) told: Vec<PluginEvent>,
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance")
            .field("id", &self.descriptor.id)
            .finish_non_exhaustive()
    }
}

impl Instance {
    pub(in crate::plugin) fn load(source: &Source) -> Result<Self, LoadError> {
        let (module, class, descriptor) = library::open(&source.file, source.which.as_deref())?;
        let record = Record::new();
        let host = HostObject::new(Arc::clone(&record));
        let mut told = Vec::new();
        let objects = Objects::create(
            module.factory(),
            &class,
            (&host, &record),
            &source.file,
            &mut |sentence| told.push(warning(sentence)),
        )?;
        let mut instance = Self {
            menu: None,
            objects: Some(objects),
            host,
            record,
            module,
            number: next_number(),
            class,
            file: source.file.clone(),
            descriptor,
            params: Params::default(),
            units: Units::default(),
            mode: RenderMode::Live,
            wanted_buses: buses::Wanted::default(),
            pending: Vec::new(),
            initial: Vec::new(),
            activated: None,
            active: false,
            reload: false,
            channel: None,
            held: Vec::new(),
            edits: Vec::new(),
            tasks: Vec::new(),
            told,
        };
        instance.read_units();
        Ok(instance)
    }

    /// Takes the plugin's objects down and makes them anew from the same class, in the same state.
    fn load_anew(&mut self) {
        let state = state::save(self).ok().filter(|state| !state.is_empty());
        // What the processor was not told yet is not in its state.
        let pending = std::mem::take(&mut self.pending);
        self.menu = None;
        self.objects = None;
        // What the objects left with their host went with them, and so did their work.
        for (task, text) in self.tasks.drain(..) {
            self.told.push(PluginEvent::Progress {
                task,
                text,
                done: 1.0,
                ended: true,
            });
        }
        self.record = Record::new();
        self.host = HostObject::new(Arc::clone(&self.record));
        let told = &mut self.told;
        let created = Objects::create(
            self.module.factory(),
            &self.class,
            (&self.host, &self.record),
            &self.file,
            &mut |sentence| told.push(warning(sentence)),
        );
        match created {
            Ok(objects) => self.objects = Some(objects),
            Err(error) => self.told.push(warning(error.to_string())),
        }
        self.read_units();
        if let Some(error) = state.and_then(|state| state::load(self, &state, None).err()) {
            self.told.push(warning(error.to_string()));
        }
        for (id, normalized) in pending {
            // It may have other parameters now.
            if self.params.has(id) {
                self.tell_controller(id, normalized);
                self.put_by(id, normalized);
            }
        }
        self.tell_channel();
    }

    /// Reads units and parameters, whose groups they are.
    pub(super) fn read_units(&mut self) {
        self.units = Units::read(self.controller());
        self.read_params();
    }

    pub(super) fn read_params(&mut self) {
        self.params = Params::read(self.controller(), &self.units);
        self.units.lists.retain(|list| list.id != units::NONE);
        // A plugin without units may have programs all the same: the steps of a parameter, with its words for names.
        if self.units.lists.is_empty()
            && let Some((param, controller)) = self.params.main_program().zip(self.controller())
        {
            let list = Units::list_of(param, controller);
            self.units.lists.extend(list);
        }
    }

    /// Reads again what a state or program has changed, before anybody looks for a parameter by name.
    fn reread_if_asked(&mut self) {
        let asked =
            flags::kParamTitlesChanged | flags::kParamIDMappingChanged | flags::kMidiCCAssignmentChanged;
        if self.record.take_restart(!asked) != 0 {
            self.read_units();
            self.read_assignments();
            self.told.push(PluginEvent::ParamList);
        }
    }

    /// Reads the assignments of controllers again, while the processor plays on.
    pub(super) fn read_assignments(&mut self) {
        if let Some(controls) = self.controls() {
            mapping::read(self.controller(), &self.params, controls);
        }
    }

    /// Reads again which note expressions the plugin takes.
    pub(super) fn read_expressions(&self) {
        if let Some(controls) = self.controls() {
            mapping::read_expressions(self.controller(), controls);
        }
    }

    pub(super) fn controller(&self) -> Option<&MainPtr<IEditController>> {
        self.objects.as_ref()?.controller.as_ref()
    }

    /// What the last activation shares with its audio half.
    pub(super) fn controls(&self) -> Option<&Arc<Controls>> {
        self.activated.as_ref().map(|activated| &activated.controls)
    }

    /// Whether the plugin takes the place of an older class, and with it its states.
    pub(super) fn replaces(&self, class: &str) -> bool {
        let replaced = &self.descriptor.replaces;
        replaced.iter().any(|old| old.eq_ignore_ascii_case(class))
    }

    pub(in crate::plugin) const fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The sentences of [`Objects::create`], as long as nobody has served the plugin.
    pub(in crate::plugin) fn lacks(&self) -> Vec<String> {
        let sentences = self.told.iter().filter_map(|event| match event {
            PluginEvent::Log("warning", text) => Some(text.clone()),
            _ => None,
        });
        sentences.collect()
    }

    pub(in crate::plugin) fn facts(&mut self) -> Facts {
        facts::facts(self)
    }

    pub(in crate::plugin) fn params(&self) -> &[Param] {
        &self.params.all
    }

    /// The parameter that an older version of the plugin, or one whose place it takes, had under this id.
    pub(in crate::plugin) fn renumbered(&self, old: u32) -> Option<&Param> {
        let own = std::iter::once(self.descriptor.id.as_str());
        let mut classes = own.chain(self.descriptor.replaces.iter().map(String::as_str));
        classes.find_map(|class| {
            let id = params::renumbered(self.controller()?, &ClassId::parse(class)?, old)?;
            self.params.get(id)
        })
    }

    pub(in crate::plugin) fn program_lists(&self) -> &[ProgramList] {
        &self.units.lists
    }

    pub(in crate::plugin) fn value(&mut self, id: u32) -> Option<f64> {
        self.params.get(id)?;
        let controller = self.controller()?;
        // SAFETY: main thread, initialised.
        let normalized = unsafe { controller.getParamNormalized(id) };
        Some(params::plain(controller, id, normalized))
    }

    pub(in crate::plugin) fn text(&mut self, id: u32, value: f64) -> Option<String> {
        let controller = self.controller()?;
        let normalized = params::normalized(controller, id, value);
        self.params.words(controller, id, normalized)
    }

    pub(in crate::plugin) fn processor_value(&self, id: u32, plain: f64) -> f64 {
        self.controller()
            .map_or(plain, |controller| params::normalized(controller, id, plain))
    }

    pub(in crate::plugin) fn plain_value(&self, id: u32, normalized: f64) -> f64 {
        self.controller()
            .map_or(normalized, |controller| params::plain(controller, id, normalized))
    }

    /// Tells the controller a value that the processor has or is about to get, so that text and editor follow.
    pub(in crate::plugin) fn tell_controller(&mut self, id: u32, normalized: f64) {
        self.collect_edits();
        if let Some(controller) = self.controller() {
            // SAFETY: main thread, initialised.
            unsafe { controller.setParamNormalized(id, normalized) };
        }
        // Some controllers answer by editing the same parameter, which would go round for ever.
        while let Some(edit) = self.record.take_edit() {
            if edit.id != id {
                self.edits.push(edit);
            }
        }
    }

    /// Whether the controller has that very value. Telling it again is no help, and sets off what some do at each press of
    /// a button that is a parameter.
    fn controller_has(&self, id: u32, normalized: f64) -> bool {
        self.controller().is_some_and(|controller| {
            // SAFETY: main thread, initialised.
            unsafe { controller.getParamNormalized(id) }.to_bits() == normalized.to_bits()
        })
    }

    /// Takes edits out of the record, behind those that were taken before.
    fn collect_edits(&mut self) {
        let record = &self.record;
        self.edits.extend(std::iter::from_fn(|| record.take_edit()));
    }

    /// Takes all edits, oldest first.
    pub(super) fn take_edits(&mut self) -> Vec<Edit> {
        self.collect_edits();
        for edit in &self.edits {
            match edit.what {
                EditStep::Begin => self.held.push(edit.id),
                EditStep::End => self.held.retain(|held| *held != edit.id),
                EditStep::Value(_) => {}
            }
        }
        std::mem::take(&mut self.edits)
    }

    /// Tells the controller what its processor was told or has said, and notes the latter for the plugin's owner.
    pub(super) fn hear_processor(&mut self) {
        let Some(controls) = self.controls() else { return };
        let mut news = Vec::new();
        controls.drain(|id, value, from_plugin| news.push((id, value, from_plugin)));
        for (id, value, from_plugin) in news {
            self.initial.retain(|(known, _)| *known != id);
            // Under somebody's hand the controller knows better than what its processor was told a moment ago.
            let held = !from_plugin && self.held.contains(&id);
            if !held && !self.controller_has(id, value) {
                self.tell_controller(id, value);
            }
            if from_plugin {
                let value = self.plain_value(id, value);
                self.told.push(PluginEvent::Param(id, value));
            }
        }
    }

    pub(in crate::plugin) fn set_values(&mut self, values: &[(u32, f64)]) -> bool {
        if self.active {
            return false;
        }
        for &(id, plain) in values {
            let normalized = self.processor_value(id, plain);
            self.tell_controller(id, normalized);
            self.put_by(id, normalized);
        }
        true
    }

    /// Keeps a value for the first block of the next activation: a processor hears of values in no other way.
    pub(super) fn put_by(&mut self, id: u32, normalized: f64) {
        if self.params.get(id).is_none() {
            return;
        }
        match self.pending.iter_mut().find(|(known, _)| *known == id) {
            Some((_, value)) => *value = normalized,
            None => self.pending.push((id, normalized)),
        }
    }

    /// Chooses a program. Only for an instance that is not active.
    pub(in crate::plugin) fn select_program(&mut self, wanted: &str) -> Result<(), ProgramError> {
        let program = self.units.find(wanted, &self.descriptor.name)?;
        let users = self.units.users(program.list);
        let mut params: Vec<_> = users.filter_map(|unit| self.params.program_of(unit)).collect();
        if params.is_empty() {
            // A plugin with one list may leave out which unit it is for.
            let only = self.units.lists.len() == 1;
            params.extend(self.params.main_program().filter(|_| only));
        }
        #[expect(clippy::cast_precision_loss, reason = "the number of a program")]
        let value = |param: &Param| {
            let steps = param
                .steps
                .map_or(program.count.saturating_sub(1), |steps| steps as usize);
            (program.index as f64 / steps.max(1) as f64).min(1.0)
        };
        let values: Vec<_> = params.iter().map(|param| (param.id, value(param))).collect();
        if values.is_empty() {
            return Err(ProgramError::NotOffered {
                name: self.descriptor.name.clone(),
                program: wanted.to_owned(),
            });
        }
        for (id, normalized) in values {
            self.tell_controller(id, normalized);
            self.put_by(id, normalized);
        }
        self.reread_if_asked();
        Ok(())
    }

    pub(in crate::plugin) fn save_state(&mut self) -> Result<Vec<u8>, StateError> {
        if !self.active && !self.pending.is_empty() && !flush::before_saving(self) {
            return Err(StateError::Save {
                name: self.descriptor.name.clone(),
            });
        }
        state::save(self)
    }

    pub(in crate::plugin) fn load_state(&mut self, bytes: &[u8]) -> Result<(), StateError> {
        state::load(self, bytes, None)?;
        self.reread_if_asked();
        Ok(())
    }

    pub(in crate::plugin) fn load_preset_file(
        &mut self,
        file: &Path,
        _key: Option<&str>,
    ) -> Result<(), StateError> {
        let preset = VstPreset::read_file(file).map_err(|source| StateError::Unreadable {
            name: self.descriptor.name.clone(),
            source,
        })?;
        state::load(self, &preset.write(), Some(file))?;
        self.reread_if_asked();
        Ok(())
    }

    pub(in crate::plugin) const fn set_render_mode(&mut self, mode: RenderMode) -> bool {
        // Every plugin has to know both; it is told with the next activation.
        self.mode = mode;
        true
    }

    pub(in crate::plugin) fn activate(
        &mut self,
        rate: f64,
        max_block: usize,
    ) -> Result<Box<Unit>, ActivateError> {
        if std::mem::take(&mut self.reload) {
            self.load_anew();
        }
        if !self.pending.is_empty() {
            flush::before_activation(self, rate);
        }
        activation::activate(self, rate, max_block)
    }

    /// Notes what an activation gave.
    pub(super) fn activated(&mut self, activated: Activated) {
        // What was told of the last activation is known.
        let known = self.activated.as_ref().and_then(|last| last.sentence.as_ref());
        if known != activated.sentence.as_ref() {
            self.told.extend(activated.sentence.clone().map(warning));
        }
        self.initial = std::mem::take(&mut self.pending);
        self.activated = Some(activated);
        self.active = true;
    }

    pub(in crate::plugin) fn deactivate(&mut self) -> bool {
        if !self.active {
            return true;
        }
        if self
            .controls()
            .is_some_and(|controls| Arc::strong_count(controls) > 1)
        {
            return false;
        }
        // By the specification every block of data arrives before the plugin is deactivated.
        self.record.deliver_all();
        self.active = false;
        self.hear_processor();
        // An activation that never came to its first block leaves its values to the next.
        for (id, value) in std::mem::take(&mut self.initial) {
            if !self.pending.iter().any(|(known, _)| *known == id) {
                self.pending.push((id, value));
            }
        }
        if let Some(objects) = &self.objects {
            activation::deactivate(objects);
        }
        true
    }

    pub(in crate::plugin) const fn is_active(&self) -> bool {
        self.active
    }

    pub(in crate::plugin) fn latency(&self) -> u32 {
        self.activated.as_ref().map_or(0, |activated| activated.latency)
    }

    pub(in crate::plugin) fn tail(&self) -> Option<Duration> {
        let Some(activated) = &self.activated else {
            return Some(Duration::ZERO);
        };
        Some(Duration::from_secs_f64(
            f64::from(activated.tail?) / activated.rate,
        ))
    }

    pub(in crate::plugin) fn serve(&mut self, now: Instant) -> Vec<PluginEvent> {
        serve::serve(self, now)
    }

    /// What main serves for the plugin: its own record, and its module's if this plugin stands for that.
    pub(super) fn records(&self) -> impl Iterator<Item = &Arc<Record>> {
        std::iter::once(&self.record).chain(self.module.record_for(self.number))
    }

    pub(in crate::plugin) fn next_timer(&self) -> Option<Instant> {
        #[cfg(target_os = "linux")]
        return self
            .records()
            .filter_map(|record| record.run_loop.next_timer())
            .min();
        #[cfg(not(target_os = "linux"))]
        None
    }

    #[cfg(unix)]
    pub(in crate::plugin) fn watched_fds(&self) -> Vec<WatchedFd> {
        #[cfg(target_os = "linux")]
        return self
            .records()
            .flat_map(|record| record.run_loop.watched_fds())
            .collect();
        #[cfg(not(target_os = "linux"))]
        Vec::new()
    }

    #[cfg(unix)]
    pub(in crate::plugin) fn fd_ready(&mut self, ready: WatchedFd) {
        #[cfg(target_os = "linux")]
        self.records()
            .for_each(|record| record.run_loop.fd_ready(ready.fd));
        #[cfg(not(target_os = "linux"))]
        let _ = ready;
    }

    /// Keeps the newest menu until somebody shows it. Returns whether there is a new one.
    pub(super) fn keep_menu(&mut self, mut menus: Vec<Menu>) -> bool {
        let newest = menus.pop();
        let new = newest.is_some();
        if new {
            self.menu = newest;
        }
        new
    }

    pub(in crate::plugin) const fn take_menu(&mut self) -> Option<Menu> {
        self.menu.take()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.module.leave(self.number);
        // Rather leak the plugin than take it down under a processor that is still about.
        if !self.deactivate() {
            std::mem::forget(self.menu.take());
            std::mem::forget(self.objects.take());
            std::mem::forget(self.host.clone());
            std::mem::forget(Rc::clone(&self.module));
        }
    }
}

fn next_number() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

/// A sentence for the plugin's log.
pub(super) const fn warning(sentence: String) -> PluginEvent {
    PluginEvent::Log("warning", sentence)
}
