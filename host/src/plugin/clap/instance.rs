//! The main half of one CLAP plugin.

use super::host::{ClapHost, MainThread, Shared, WRONG_THREAD, ask, severity};
use super::{activation, library};
use crate::plugin::{
    ActivateError, AudioPort, Descriptor, Facts, LoadError, NotePort, Param, PluginEvent, RenderMode, Source,
    StateError,
};
use clack_extensions::audio_ports::{AudioPortFlags, AudioPortInfoBuffer, PluginAudioPorts};
use clack_extensions::gui::{GuiApiType, GuiConfiguration, PluginGui};
use clack_extensions::latency::PluginLatency;
use clack_extensions::note_name::{NoteNameBuffer, PluginNoteName};
use clack_extensions::note_ports::{NoteDialect, NoteDialects, NotePortInfoBuffer, PluginNotePorts};
use clack_extensions::params::{ParamInfoBuffer, ParamInfoFlags, PluginParams};
use clack_extensions::preset_discovery::prelude::{Location, PluginPresetLoad};
use clack_extensions::render::PluginRender;
use clack_extensions::state::PluginState;
use clack_extensions::tail::PluginTail;
use clack_extensions::timer::{PluginTimer, TimerId};
use clack_extensions::voice_info::PluginVoiceInfo;
use clack_host::events::event_types::ParamValueEvent;
use clack_host::events::io::{EventBuffer, InputEvents, OutputEvents};
use clack_host::events::{Match, Pckn};
use clack_host::host::HostInfo;
use clack_host::plugin::{PluginInstance, PluginInstanceError};
use clack_host::utils::ClapId;
use rt::rack::Unit;
use std::ffi::CString;
use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

/// The extensions of a plugin that Backline uses, looked up once.
pub(super) struct Extensions {
    pub(super) audio_ports: Option<PluginAudioPorts>,
    pub(super) note_ports: Option<PluginNotePorts>,
    pub(super) latency: Option<PluginLatency>,
    pub(super) tail: Option<PluginTail>,
    params: Option<PluginParams>,
    state: Option<PluginState>,
    timer: Option<PluginTimer>,
    #[cfg(unix)]
    posix_fd: Option<clack_extensions::posix_fd::PluginPosixFd>,
    render: Option<PluginRender>,
    preset_load: Option<PluginPresetLoad>,
    voice_info: Option<PluginVoiceInfo>,
    note_name: Option<PluginNoteName>,
    gui: Option<PluginGui>,
}

/// The main half of one CLAP plugin.
pub struct Instance {
    // In the order in which they have to go: the instance before the descriptor of what it was made from. The entry,
    // and with it the library, is kept by the instance.
    pub(super) plugin: PluginInstance<ClapHost>,
    pub(super) extensions: Extensions,
    pub(super) descriptor: Descriptor,
    pub(super) latency: u32,
    /// Tail in frames at the rate of the last activation; `None` is for ever.
    pub(super) tail: Option<u32>,
    pub(super) rate: f64,
    params: Vec<Param>,
    /// Timers and when each is due next.
    due: Vec<(u32, Instant)>,
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
        let entry = library::open(&source.file)?;
        let (id, descriptor) = library::find(&entry, &source.file, source.which.as_deref())?;
        // PANIC: none of these words holds a zero byte.
        #[expect(clippy::expect_used, reason = "constant text without a zero byte")]
        let info = HostInfo::new("Backline", "Backline", "", env!("CARGO_PKG_VERSION")).expect("constant");
        let plugin = PluginInstance::<ClapHost>::new(
            |()| Shared::default(),
            |shared| MainThread(shared),
            &entry,
            &id,
            &info,
        );
        let mut plugin = plugin.map_err(|error| LoadError::Init {
            file: source.file.clone(),
            id: descriptor.id.clone(),
            reason: match error {
                PluginInstanceError::InstantiationFailed => "its init reported failure".to_owned(),
                PluginInstanceError::PluginNotFound => "the factory made no instance of it".to_owned(),
                other => other.to_string(),
            },
        })?;
        let handle = plugin.plugin_handle();
        let extensions = Extensions {
            audio_ports: handle.get_extension(),
            note_ports: handle.get_extension(),
            latency: handle.get_extension(),
            tail: handle.get_extension(),
            params: handle.get_extension(),
            state: handle.get_extension(),
            timer: handle.get_extension(),
            #[cfg(unix)]
            posix_fd: handle.get_extension(),
            render: handle.get_extension(),
            preset_load: handle.get_extension(),
            voice_info: handle.get_extension(),
            note_name: handle.get_extension(),
            gui: handle.get_extension(),
        };
        let mut instance = Self {
            plugin,
            extensions,
            descriptor,
            latency: 0,
            tail: Some(0),
            rate: 48_000.0,
            params: Vec::new(),
            due: Vec::new(),
        };
        instance.read_params();
        Ok(instance)
    }

    pub(in crate::plugin) const fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    pub(in crate::plugin) fn params(&self) -> &[Param] {
        &self.params
    }

    pub(in crate::plugin) const fn latency(&self) -> u32 {
        self.latency
    }

    pub(in crate::plugin) fn tail(&self) -> Option<Duration> {
        Some(Duration::from_secs_f64(f64::from(self.tail?) / self.rate))
    }

    pub(in crate::plugin) fn is_active(&self) -> bool {
        self.plugin.is_active()
    }

    pub(in crate::plugin) fn activate(
        &mut self,
        rate: f64,
        max_block: usize,
    ) -> Result<Box<Unit>, ActivateError> {
        activation::activate(self, rate, max_block)
    }

    pub(in crate::plugin) fn deactivate(&mut self) -> bool {
        match self.plugin.try_deactivate() {
            Ok(()) | Err(PluginInstanceError::DeactivatedPlugin) => true,
            Err(_) => false,
        }
    }

    fn read_params(&mut self) {
        self.params.clear();
        let Some(params) = self.extensions.params else {
            return;
        };
        let handle = self.plugin.plugin_handle();
        let mut buffer = ParamInfoBuffer::new();
        for index in 0..params.count(&handle) {
            let Some(info) = params.get_info(&handle, index, &mut buffer) else {
                continue;
            };
            let flag = |flag| info.flags.contains(flag);
            let stepped = flag(ParamInfoFlags::IS_STEPPED);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a float cast saturates"
            )]
            let steps = stepped.then(|| (info.max_value - info.min_value).trunc() as u32);
            self.params.push(Param {
                id: info.id.get(),
                name: String::from_utf8_lossy(info.name).into_owned(),
                module: String::from_utf8_lossy(info.module).into_owned(),
                min: info.min_value,
                max: info.max_value,
                default: info.default_value,
                steps,
                read_only: flag(ParamInfoFlags::IS_READONLY),
                hidden: flag(ParamInfoFlags::IS_HIDDEN),
                bypass: flag(ParamInfoFlags::IS_BYPASS),
                modulatable: flag(ParamInfoFlags::IS_MODULATABLE),
            });
        }
    }

    pub(in crate::plugin) fn value(&mut self, id: u32) -> Option<f64> {
        self.extensions
            .params?
            .get_value(&self.plugin.plugin_handle(), ClapId::from_raw(id)?)
    }

    pub(in crate::plugin) fn text(&mut self, id: u32, value: f64) -> Option<String> {
        let mut buffer = [0_u8; 256];
        let params = self.extensions.params?;
        let handle = self.plugin.plugin_handle();
        let text = params
            .value_to_text(&handle, ClapId::from_raw(id)?, value, &mut buffer)
            .ok()?;
        Some(String::from_utf8_lossy(text).into_owned())
    }

    pub(in crate::plugin) fn set_values(&mut self, values: &[(u32, f64)]) -> bool {
        let Some(params) = self.extensions.params else {
            return values.is_empty();
        };
        let Some(mut handle) = self.plugin.inactive_plugin_handle() else {
            return false;
        };
        let mut events = EventBuffer::with_capacity(values.len());
        for &(id, value) in values {
            let Some(id) = ClapId::from_raw(id) else { continue };
            events.push(&ParamValueEvent::new(
                0,
                id,
                Pckn {
                    port_index: Match::All,
                    channel: Match::All,
                    key: Match::All,
                    note_id: Match::All,
                },
                value,
            ));
        }
        params.flush(
            &mut handle,
            &InputEvents::from_buffer(&events),
            &mut OutputEvents::void(),
        );
        true
    }

    pub(in crate::plugin) fn save_state(&mut self) -> Result<Vec<u8>, StateError> {
        let mut bytes = Vec::new();
        let Some(state) = self.extensions.state else {
            return Ok(bytes);
        };
        match state.save(&self.plugin.plugin_handle(), &mut bytes) {
            Ok(()) => Ok(bytes),
            Err(_) => Err(StateError::Save {
                name: self.descriptor.name.clone(),
            }),
        }
    }

    pub(in crate::plugin) fn load_state(&mut self, state: &[u8]) -> Result<(), StateError> {
        let name = || self.descriptor.name.clone();
        let Some(extension) = self.extensions.state else {
            return Err(StateError::None { name: name() });
        };
        let mut reader = state;
        extension
            .load(&self.plugin.plugin_handle(), &mut reader)
            .map_err(|_| StateError::Refused {
                name: name(),
                bytes: state.len(),
            })
    }

    pub(in crate::plugin) fn load_preset_file(
        &mut self,
        file: &Path,
        key: Option<&str>,
    ) -> Result<(), StateError> {
        let name = self.descriptor.name.clone();
        let failed = |reason: &str| StateError::Preset {
            name: name.clone(),
            file: file.to_owned(),
            reason: reason.to_owned(),
        };
        let extension = self
            .extensions
            .preset_load
            .ok_or_else(|| failed("it cannot load presets from files"))?;
        let path = file.to_str().and_then(|path| CString::new(path).ok());
        let path = path.ok_or_else(|| failed("its path is not text that a plugin could read"))?;
        let key = key
            .map(CString::new)
            .transpose()
            .map_err(|_| failed("the load key holds a zero byte"))?;
        extension
            .load_from_location(
                &self.plugin.plugin_handle(),
                Location::File { path: &path },
                key.as_deref(),
            )
            .map_err(|_| failed("it refused the file"))
    }

    pub(in crate::plugin) fn set_render_mode(&mut self, mode: RenderMode) -> bool {
        use clack_extensions::render::RenderMode as Clap;
        let Some(render) = self.extensions.render else {
            return mode == RenderMode::Live;
        };
        let handle = self.plugin.plugin_handle();
        let mode = match mode {
            RenderMode::Live => Clap::Realtime,
            // A plugin bound to hardware that runs in real time must not be told otherwise.
            RenderMode::Offline if render.has_realtime_requirement(&handle) => return false,
            RenderMode::Offline => Clap::Offline,
        };
        render.set(&handle, mode).is_ok()
    }

    pub(in crate::plugin) fn serve(&mut self, now: Instant) -> Vec<PluginEvent> {
        let mut events = Vec::new();
        let shared =
            |plugin: &PluginInstance<ClapHost>, keep| plugin.access_shared_handler(|s| s.take_asked(keep));
        let asked = shared(&self.plugin, 0);
        if asked & ask::CALLBACK != 0 {
            self.plugin.call_on_main_thread_callback();
        }
        self.serve_timers(now);
        let restart = ask::RESTART | ask::LATENCY | ask::AUDIO_PORTS | ask::NOTE_PORTS | ask::PARAM_ALL;
        if asked & restart != 0 && self.plugin.is_active() {
            events.push(PluginEvent::Restart);
        }
        if asked & (ask::PARAM_LIST | ask::PARAM_ALL) != 0 {
            self.read_params();
            events.push(PluginEvent::ParamList);
        }
        if asked & ask::PARAM_VALUES != 0 {
            events.push(PluginEvent::ParamValues);
        }
        if asked & ask::FLUSH != 0 && !self.set_values(&[]) {
            // An active plugin is flushed by its next block, for which it may have to be woken.
            events.push(PluginEvent::Process);
        }
        if asked & (ask::PROCESS | ask::TAIL) != 0 {
            events.push(PluginEvent::Process);
        }
        if asked & ask::DIRTY != 0 {
            events.push(PluginEvent::Dirty);
        }
        if asked & ask::NOTE_INFO != 0 {
            events.push(PluginEvent::NoteInfo);
        }
        if asked & ask::PRESET != 0 {
            events.push(PluginEvent::PresetLoaded);
        }
        self.plugin.access_shared_handler(|shared| {
            events.extend(shared.take_cleared().map(PluginEvent::ParamCleared));
            let lost = shared.notices().take(|tag, text| {
                events.push(match tag {
                    WRONG_THREAD => PluginEvent::WrongThread(text.to_owned()),
                    tag => PluginEvent::Log(severity(tag), text.to_owned()),
                });
            });
            if lost > 0 {
                events.push(PluginEvent::Log(
                    "warning",
                    format!("{lost} lines came too fast and were lost"),
                ));
            }
        });
        events
    }

    fn serve_timers(&mut self, now: Instant) {
        let mut wanted = Vec::new();
        self.plugin
            .access_shared_handler(|shared| wanted.extend(shared.timers()));
        self.due
            .retain(|(id, _)| wanted.iter().any(|(wanted, _)| wanted == id));
        for &(id, period) in &wanted {
            let period = Duration::from_millis(u64::from(period));
            let Some((_, due)) = self.due.iter_mut().find(|(known, _)| *known == id) else {
                self.due.push((id, now + period));
                continue;
            };
            if *due > now {
                continue;
            }
            // One call however late: a burst would help nobody.
            *due = (*due + period).max(now);
            if let Some(timer) = self.extensions.timer {
                timer.on_timer(&self.plugin.plugin_handle(), TimerId(id));
            }
        }
    }

    pub(in crate::plugin) fn next_timer(&self) -> Option<Instant> {
        self.due.iter().map(|&(_, due)| due).min()
    }

    #[cfg(unix)]
    pub(in crate::plugin) fn watched_fds(&self) -> Vec<crate::plugin::WatchedFd> {
        use clack_extensions::posix_fd::FdFlags;
        let mut watched = Vec::new();
        self.plugin.access_shared_handler(|shared| {
            watched.extend(shared.fds().map(|(fd, flags)| {
                let has = |flag: FdFlags| flags & flag.bits() != 0;
                crate::plugin::WatchedFd {
                    fd,
                    read: has(FdFlags::READ),
                    write: has(FdFlags::WRITE),
                    error: has(FdFlags::ERROR),
                }
            }));
        });
        watched
    }

    #[cfg(unix)]
    pub(in crate::plugin) fn fd_ready(&mut self, ready: crate::plugin::WatchedFd) {
        use clack_extensions::posix_fd::FdFlags;
        let mut flags = FdFlags::empty();
        flags.set(FdFlags::READ, ready.read);
        flags.set(FdFlags::WRITE, ready.write);
        flags.set(FdFlags::ERROR, ready.error);
        if let Some(extension) = self.extensions.posix_fd {
            extension.on_fd(&self.plugin.plugin_handle(), ready.fd, flags);
        }
    }

    pub(in crate::plugin) fn facts(&mut self) -> Facts {
        let handle = self.plugin.plugin_handle();
        let extensions = &self.extensions;
        let audio = |input| {
            let Some(ports) = extensions.audio_ports else {
                return Vec::new();
            };
            let mut buffer = AudioPortInfoBuffer::new();
            let all = 0..ports.count(&handle, input);
            all.filter_map(|index| {
                let port = ports.get(&handle, index, input, &mut buffer)?;
                Some(AudioPort {
                    name: String::from_utf8_lossy(port.name).into_owned(),
                    channels: port.channel_count,
                    main: port.flags.contains(AudioPortFlags::IS_MAIN),
                    active: true,
                    layout: port.port_type.map(|kind| kind.0.to_string_lossy().into_owned()),
                })
            })
            .collect()
        };
        let notes = |input| {
            let Some(ports) = extensions.note_ports else {
                return Vec::new();
            };
            let mut buffer = NotePortInfoBuffer::new();
            let all = 0..ports.count(&handle, input);
            all.filter_map(|index| {
                let port = ports.get(&handle, index, input, &mut buffer)?;
                Some(NotePort {
                    name: String::from_utf8_lossy(port.name).into_owned(),
                    dialects: dialects(port.supported_dialects),
                    preferred: port.preferred_dialect.map(dialect),
                })
            })
            .collect()
        };
        let names = extensions.note_name.map(|names| {
            let mut buffer = NoteNameBuffer::new();
            (0..u32::try_from(names.count(&handle)).unwrap_or(u32::MAX))
                .filter_map(|index| {
                    let name = names.get(&handle, index, &mut buffer)?;
                    let key = name
                        .key
                        .into_specific()
                        .and_then(|key| i16::try_from(key).ok())
                        .unwrap_or(-1);
                    Some((key, String::from_utf8_lossy(name.name).into_owned()))
                })
                .collect()
        });
        let has = [
            ("audio-ports", extensions.audio_ports.is_some()),
            ("gui", extensions.gui.is_some()),
            ("latency", extensions.latency.is_some()),
            ("note-name", extensions.note_name.is_some()),
            ("note-ports", extensions.note_ports.is_some()),
            ("params", extensions.params.is_some()),
            ("preset-load", extensions.preset_load.is_some()),
            ("render", extensions.render.is_some()),
            ("state", extensions.state.is_some()),
            ("tail", extensions.tail.is_some()),
            ("timer-support", extensions.timer.is_some()),
            ("voice-info", extensions.voice_info.is_some()),
        ];
        let editor = extensions.gui.is_some_and(|gui| {
            GuiApiType::default_for_current_platform().is_some_and(|api_type| {
                let embedded = GuiConfiguration {
                    api_type,
                    is_floating: false,
                };
                let floating = GuiConfiguration {
                    api_type,
                    is_floating: true,
                };
                gui.is_api_supported(&handle, embedded) || gui.is_api_supported(&handle, floating)
            })
        });
        Facts {
            audio_inputs: audio(true),
            audio_outputs: audio(false),
            note_inputs: notes(true),
            note_outputs: notes(false),
            extensions: has
                .into_iter()
                .filter_map(|(name, has)| has.then_some(name))
                .collect(),
            editor,
            voices: extensions
                .voice_info
                .and_then(|voices| voices.get(&handle))
                .map(|voices| (voices.voice_count, voices.voice_capacity)),
            note_names: names.unwrap_or_default(),
            units: Vec::new(),
            program_lists: Vec::new(),
            keyswitches: Vec::new(),
            note_expressions: Vec::new(),
            functions: Vec::new(),
            prefetchable: None,
        }
    }
}

fn dialects(all: NoteDialects) -> Vec<&'static str> {
    [
        NoteDialect::Clap,
        NoteDialect::Midi,
        NoteDialect::MidiMpe,
        NoteDialect::Midi2,
    ]
    .into_iter()
    .filter(|&one| all.supports(one))
    .map(dialect)
    .collect()
}

const fn dialect(one: NoteDialect) -> &'static str {
    match one {
        NoteDialect::Clap => "clap",
        NoteDialect::Midi => "midi",
        NoteDialect::MidiMpe => "midi-mpe",
        NoteDialect::Midi2 => "midi2",
    }
}
