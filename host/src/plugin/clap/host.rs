//! The host's side of one CLAP plugin: every call only records, whatever thread it comes from.
//!
//! A plugin may call any of this from the wrong thread, and clack does not check. So there is no cell and no lock
//! here: what is recorded lies in atomics, main-thread extensions included, and a call from the wrong thread is posted
//! as a notice besides being served.

use super::note_ports::HostNotePorts;
use crate::role;
use clack_extensions::audio_ports::{AudioPortRescanFlags, HostAudioPorts, HostAudioPortsImpl};
use clack_extensions::event_registry::{HostEventRegistry, HostEventRegistryImpl};
use clack_extensions::latency::{HostLatency, HostLatencyImpl};
use clack_extensions::log::{HostLog, HostLogImpl, LogSeverity};
use clack_extensions::note_name::{HostNoteName, HostNoteNameImpl};
use clack_extensions::note_ports::{HostNotePortsImpl, NoteDialects, NotePortRescanFlags};
use clack_extensions::params::{
    HostParams, HostParamsImplMainThread, HostParamsImplShared, ParamClearFlags, ParamRescanFlags,
};
use clack_extensions::preset_discovery::HostPresetLoadImpl;
use clack_extensions::preset_discovery::prelude::{HostPresetLoad, Location};
use clack_extensions::state::{HostState, HostStateImpl};
use clack_extensions::tail::{HostTail, HostTailImpl};
use clack_extensions::thread_check::{HostThreadCheck, HostThreadCheckImpl};
use clack_extensions::timer::{HostTimer, HostTimerImpl, TimerId};
use clack_extensions::voice_info::{HostVoiceInfo, HostVoiceInfoImpl};
use clack_host::events::spaces::EventSpaceId;
use clack_host::host::{
    AudioProcessorHandler, HostError, HostExtensions, HostHandlers, MainThreadHandler, SharedHandler,
};
use clack_host::utils::ClapId;
use rt::claim::Board;
use std::ffi::CStr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// What a plugin may ask for, a bit each.
pub(super) mod ask {
    pub(crate) const RESTART: u32 = 1;
    pub(crate) const PROCESS: u32 = 1 << 1;
    pub(crate) const CALLBACK: u32 = 1 << 2;
    pub(crate) const FLUSH: u32 = 1 << 3;
    pub(crate) const LATENCY: u32 = 1 << 4;
    pub(crate) const PARAM_VALUES: u32 = 1 << 5;
    pub(crate) const PARAM_LIST: u32 = 1 << 6;
    pub(crate) const PARAM_ALL: u32 = 1 << 7;
    pub(crate) const AUDIO_PORTS: u32 = 1 << 8;
    pub(crate) const NOTE_PORTS: u32 = 1 << 9;
    pub(crate) const DIRTY: u32 = 1 << 10;
    pub(crate) const NOTE_INFO: u32 = 1 << 11;
    pub(crate) const PRESET: u32 = 1 << 12;
    pub(crate) const TAIL: u32 = 1 << 13;
}

/// Tag of a notice about a call from the wrong thread; lower tags are log severities.
pub(super) const WRONG_THREAD: u8 = 100;

/// Timers that a plugin may have.
const TIMERS: usize = 64;
/// File descriptors that a plugin may watch.
#[cfg(unix)]
const FDS: usize = 64;
/// Parameters whose clearing main has not looked at yet.
const CLEARED: usize = 64;

/// Ties clack's three handlers together.
pub(super) struct ClapHost;

/// What any thread may write and main reads.
pub(super) struct Shared {
    asked: AtomicU32,
    notices: Board,
    /// A timer's number in the upper half and its period in milliseconds in the lower; 0 for none.
    timers: [AtomicU64; TIMERS],
    next_timer: AtomicU32,
    /// A descriptor plus one in the upper half and its flags in the lower; 0 for none.
    #[cfg(unix)]
    fds: [AtomicU64; FDS],
    /// A parameter's id plus one; 0 for none.
    cleared: [AtomicU64; CLEARED],
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            asked: AtomicU32::new(0),
            notices: Board::new(),
            timers: [const { AtomicU64::new(0) }; TIMERS],
            next_timer: AtomicU32::new(1),
            #[cfg(unix)]
            fds: [const { AtomicU64::new(0) }; FDS],
            cleared: [const { AtomicU64::new(0) }; CLEARED],
        }
    }
}

impl Shared {
    fn ask(&self, what: u32) {
        self.asked.fetch_or(what, Ordering::Release);
    }

    /// Takes all that was asked for, except the bits of `keep`.
    pub(super) fn take_asked(&self, keep: u32) -> u32 {
        self.asked.fetch_and(keep, Ordering::Acquire) & !keep
    }

    /// Whether something waits that the plugin needs soon.
    pub(super) fn notices(&self) -> &Board {
        &self.notices
    }

    /// Posts a notice when a call that belongs to main comes from elsewhere.
    fn main_only(&self, call: &str) {
        if !role::is_main() {
            self.notices.post(WRONG_THREAD, call);
        }
    }

    /// The timers there are: number and period in milliseconds.
    pub(super) fn timers(&self) -> impl Iterator<Item = (u32, u32)> {
        self.timers
            .iter()
            .map(|slot| slot.load(Ordering::Acquire))
            .filter(|&timer| timer != 0)
            .map(halves)
    }

    /// The file descriptors watched: number and flags.
    #[cfg(unix)]
    pub(super) fn fds(&self) -> impl Iterator<Item = (i32, u32)> {
        let watched = self
            .fds
            .iter()
            .map(|slot| slot.load(Ordering::Acquire))
            .filter(|&fd| fd != 0);
        watched
            .map(halves)
            .filter_map(|(fd, flags)| Some((i32::try_from(fd).ok()? - 1, flags)))
    }

    /// Takes the ids of parameters that were cleared.
    pub(super) fn take_cleared(&self) -> impl Iterator<Item = u32> {
        let cleared = self.cleared.iter().map(|slot| slot.swap(0, Ordering::Acquire));
        cleared.filter_map(|id| u32::try_from(id.checked_sub(1)?).ok())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the halves of a word")]
const fn halves(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

/// Puts a word into a free slot. Returns whether there was one.
fn claim(slots: &[AtomicU64], word: u64) -> bool {
    slots.iter().any(|slot| {
        slot.compare_exchange(0, word, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    })
}

/// Replaces the word whose upper half is `key`. Returns whether there was one.
fn replace(slots: &[AtomicU64], key: u32, word: u64) -> bool {
    slots.iter().any(|slot| {
        let present = slot.load(Ordering::Acquire);
        present != 0
            && halves(present).0 == key
            && slot
                .compare_exchange(present, word, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
    })
}

impl SharedHandler<'_> for Shared {
    fn request_restart(&self) {
        self.ask(ask::RESTART);
    }

    fn request_process(&self) {
        self.ask(ask::PROCESS);
    }

    fn request_callback(&self) {
        self.ask(ask::CALLBACK);
    }
}

impl HostLogImpl for Shared {
    fn log(&self, severity: LogSeverity, message: &str) {
        let tag = match severity {
            LogSeverity::Debug => 0,
            LogSeverity::Info => 1,
            LogSeverity::Warning => 2,
            LogSeverity::Error => 3,
            LogSeverity::Fatal => 4,
            LogSeverity::HostMisbehaving => 5,
            LogSeverity::PluginMisbehaving => 6,
        };
        self.notices.post(tag, message);
    }
}

/// The word for a log severity's tag.
pub(super) const fn severity(tag: u8) -> &'static str {
    match tag {
        0 => "debug",
        1 => "info",
        2 => "warning",
        3 => "error",
        4 => "fatal",
        5 => "host-misbehaving",
        _ => "plugin-misbehaving",
    }
}

impl HostThreadCheckImpl for Shared {
    fn is_main_thread(&self) -> bool {
        role::is_main()
    }

    fn is_audio_thread(&self) -> bool {
        role::is_audio()
    }
}

impl HostParamsImplShared for Shared {
    fn request_flush(&self) {
        self.ask(ask::FLUSH);
    }
}

/// The handler for calls that belong to main. It holds nothing but the shared half, so that a call from another
/// thread can do no harm.
pub(super) struct MainThread<'a>(pub(super) &'a Shared);

impl<'a> MainThreadHandler<'a> for MainThread<'a> {}

impl HostParamsImplMainThread for MainThread<'_> {
    fn rescan(&self, flags: ParamRescanFlags) {
        self.0.main_only("params.rescan");
        if flags.intersects(ParamRescanFlags::VALUES | ParamRescanFlags::TEXT) {
            self.0.ask(ask::PARAM_VALUES);
        }
        if flags.contains(ParamRescanFlags::INFO) {
            self.0.ask(ask::PARAM_LIST);
        }
        if flags.contains(ParamRescanFlags::ALL) {
            self.0.ask(ask::PARAM_ALL);
        }
    }

    fn clear(&self, param_id: ClapId, _flags: ParamClearFlags) {
        self.0.main_only("params.clear");
        if !claim(&self.0.cleared, u64::from(param_id.get()) + 1) {
            // So many at once are as good as all.
            self.0.ask(ask::PARAM_LIST);
        }
    }
}

impl HostStateImpl for MainThread<'_> {
    fn mark_dirty(&self) {
        self.0.main_only("state.mark_dirty");
        self.0.ask(ask::DIRTY);
    }
}

impl HostLatencyImpl for MainThread<'_> {
    fn changed(&self) {
        self.0.main_only("latency.changed");
        self.0.ask(ask::LATENCY);
    }
}

impl HostAudioPortsImpl for MainThread<'_> {
    fn is_rescan_flag_supported(&self, _flag: AudioPortRescanFlags) -> bool {
        self.0.main_only("audio_ports.is_rescan_flag_supported");
        true
    }

    fn rescan(&self, flags: AudioPortRescanFlags) {
        self.0.main_only("audio_ports.rescan");
        if flags.requires_deactivate() {
            self.0.ask(ask::AUDIO_PORTS);
        }
    }
}

impl HostNotePortsImpl for MainThread<'_> {
    fn supported_dialects(&self) -> NoteDialects {
        self.0.main_only("note_ports.supported_dialects");
        NoteDialects::CLAP | NoteDialects::MIDI
    }

    fn rescan(&self, flags: NotePortRescanFlags) {
        self.0.main_only("note_ports.rescan");
        if flags.contains(NotePortRescanFlags::ALL) {
            self.0.ask(ask::NOTE_PORTS);
        }
    }
}

impl HostNoteNameImpl for MainThread<'_> {
    fn changed(&self) {
        self.0.main_only("note_name.changed");
        self.0.ask(ask::NOTE_INFO);
    }
}

impl HostVoiceInfoImpl for MainThread<'_> {
    fn changed(&self) {
        self.0.main_only("voice_info.changed");
        self.0.ask(ask::NOTE_INFO);
    }
}

impl HostTimerImpl for MainThread<'_> {
    fn register_timer(&self, period_ms: u32) -> Result<TimerId, HostError> {
        self.0.main_only("timer_support.register_timer");
        let id = self.0.next_timer.fetch_add(1, Ordering::Relaxed);
        // The loop looks every few milliseconds; CLAP lets a host slow a timer down.
        let period = period_ms.max(5);
        if claim(&self.0.timers, u64::from(id) << 32 | u64::from(period)) {
            Ok(TimerId(id))
        } else {
            Err(HostError::Message("all timers are taken"))
        }
    }

    fn unregister_timer(&self, timer_id: TimerId) -> Result<(), HostError> {
        self.0.main_only("timer_support.unregister_timer");
        if replace(&self.0.timers, timer_id.0, 0) {
            Ok(())
        } else {
            Err(HostError::Message("there is no such timer"))
        }
    }
}

#[cfg(unix)]
impl clack_extensions::posix_fd::HostPosixFdImpl for MainThread<'_> {
    fn register_fd(&self, fd: i32, flags: clack_extensions::posix_fd::FdFlags) -> Result<(), HostError> {
        self.0.main_only("posix_fd_support.register_fd");
        let key = fd_key(fd)?;
        let word = u64::from(key) << 32 | u64::from(flags.bits());
        if replace(&self.0.fds, key, word) || claim(&self.0.fds, word) {
            Ok(())
        } else {
            Err(HostError::Message("all places for file descriptors are taken"))
        }
    }

    fn modify_fd(&self, fd: i32, flags: clack_extensions::posix_fd::FdFlags) -> Result<(), HostError> {
        self.0.main_only("posix_fd_support.modify_fd");
        let key = fd_key(fd)?;
        let word = u64::from(key) << 32 | u64::from(flags.bits());
        if replace(&self.0.fds, key, word) {
            Ok(())
        } else {
            Err(HostError::Message("the descriptor is not watched"))
        }
    }

    fn unregister_fd(&self, fd: i32) -> Result<(), HostError> {
        self.0.main_only("posix_fd_support.unregister_fd");
        let key = fd_key(fd)?;
        if replace(&self.0.fds, key, 0) {
            Ok(())
        } else {
            Err(HostError::Message("the descriptor is not watched"))
        }
    }
}

#[cfg(unix)]
fn fd_key(fd: i32) -> Result<u32, HostError> {
    u32::try_from(fd)
        .map(|fd| fd + 1)
        .map_err(|_| HostError::Message("a file descriptor cannot be negative"))
}

impl HostPresetLoadImpl for MainThread<'_> {
    fn on_error(&self, _location: Location, _key: Option<&CStr>, os_error: i32, message: Option<&CStr>) {
        self.0.main_only("preset_load.on_error");
        match message
            .and_then(|message| message.to_str().ok())
            .filter(|message| !message.is_empty())
        {
            Some(message) => self.0.notices.post(3, message),
            None => self.0.notices.post(
                3,
                &format!("loading a preset failed with system error {os_error}"),
            ),
        }
    }

    fn loaded(&self, _location: Location, _key: Option<&CStr>) {
        self.0.main_only("preset_load.loaded");
        self.0.ask(ask::PRESET);
    }
}

// SAFETY: the trait asks that equal names get equal ids and different names different ones; only the core space has
// an id here.
unsafe impl HostEventRegistryImpl for MainThread<'_> {
    fn query(&self, _space_name: &CStr) -> Option<EventSpaceId> {
        self.0.main_only("event_registry.query");
        // Backline reads no events but CLAP's own, so no other space gets a number.
        None
    }
}

/// The handler for calls that belong to the audio thread.
pub(super) struct AudioThread<'a>(pub(super) &'a Shared);

impl<'a> AudioProcessorHandler<'a> for AudioThread<'a> {}

impl HostTailImpl for AudioThread<'_> {
    fn changed(&mut self) {
        self.0.ask(ask::TAIL);
    }
}

impl HostHandlers for ClapHost {
    type Shared<'a> = Shared;
    type MainThread<'a> = MainThread<'a>;
    type AudioProcessor<'a> = AudioThread<'a>;

    fn declare_extensions(builder: &mut HostExtensions<Self>, _shared: &Shared) {
        builder
            .register::<HostAudioPorts>()
            .register::<HostEventRegistry>()
            .register::<HostLatency>()
            .register::<HostLog>()
            .register::<HostNoteName>()
            .register::<HostNotePorts>()
            .register::<HostParams>()
            .register::<HostPresetLoad>()
            .register::<HostState>()
            .register::<HostTail>()
            .register::<HostThreadCheck>()
            .register::<HostTimer>()
            .register::<HostVoiceInfo>();
        #[cfg(unix)]
        builder.register::<clack_extensions::posix_fd::HostPosixFd>();
    }
}
