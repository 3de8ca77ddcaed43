//! What a plugin told its host, from whatever thread, until main takes it.

use super::super::com::{MainCell, Tally};
use super::super::context_menu::Menu;
use super::super::data_exchange::Exchange;
use super::super::progress::{Progress, ProgressEvent};
#[cfg(target_os = "linux")]
use super::super::run_loop::RunLoop;
use crate::clock::monotonic_nanos;
use crate::role;
use crossbeam_queue::ArrayQueue;
use rt::claim::Board;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

/// What a plugin may ask for, a bit each.
pub(crate) mod ask {
    /// Its state is no longer the one saved last.
    pub(crate) const DIRTY: u32 = 1;
    /// More edits than the queue holds: all values are to be read anew.
    pub(crate) const VALUES: u32 = 1 << 1;
    /// Which unit belongs to which bus changed.
    pub(crate) const UNIT_BY_BUS: u32 = 1 << 2;
    /// More changes of program lists than the queue holds: all lists are to be read anew.
    pub(crate) const PROGRAM_LISTS: u32 = 1 << 3;
    /// It wants its editor opened.
    pub(crate) const OPEN_EDITOR: u32 = 1 << 4;
}

/// Tag of a notice about a call from the wrong thread.
pub(crate) const WRONG_THREAD: u8 = 100;
/// Tag of a notice about something that did not work.
pub(crate) const WARNING: u8 = 2;

/// Edits that main has not looked at yet.
const EDITS: usize = 4096;
/// Wishes for a bus, and changes of a program list, that main has not looked at yet.
const WISHES: usize = 64;
/// No unit was selected.
const NO_UNIT: i64 = i64::MIN;
/// No group of edits is open.
const NO_GROUP: i64 = i64::MIN;

/// One step of an edit in the plugin's editor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Edit {
    /// When it was made, in nanoseconds of [`monotonic_nanos`]. All edits of a group have the time of its start, as the
    /// specification wants it.
    pub(crate) at: i64,
    /// The parameter.
    pub(crate) id: u32,
    /// The step.
    pub(crate) what: EditStep,
}

/// What happens to a parameter in an edit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum EditStep {
    /// The user takes hold of it.
    Begin,
    /// A new normalized value, 0 to 1.
    Value(f64),
    /// The user lets go of it.
    End,
}

/// A bus that the plugin wants switched on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BusWish {
    /// `kAudio` or `kEvent`.
    pub(crate) media: i32,
    /// `kInput` or `kOutput`.
    pub(crate) direction: i32,
    /// Which of them.
    pub(crate) index: i32,
    /// On or off.
    pub(crate) active: bool,
}

/// A program list that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProgramChange {
    /// The list's id.
    pub(crate) list: i32,
    /// The program that changed; `None` is for all of them.
    pub(crate) program: Option<i32>,
}

/// A call that belongs to one thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Call {
    CreateInstance,
    BeginEdit,
    PerformEdit,
    EndEdit,
    RestartComponent,
    SetDirty,
    RequestOpenEditor,
    StartGroupEdit,
    FinishGroupEdit,
    CreateContextMenu,
    MenuItems,
    Popup,
    RequestBusActivation,
    NotifyUnitSelection,
    NotifyProgramListChange,
    NotifyUnitByBusChange,
    OpenQueue,
    CloseQueue,
    LockBlock,
    FreeBlock,
    #[cfg(target_os = "linux")]
    RunLoop,
}

impl Call {
    const fn name(self) -> &'static str {
        match self {
            Self::CreateInstance => "IHostApplication::createInstance",
            Self::BeginEdit => "IComponentHandler::beginEdit",
            Self::PerformEdit => "IComponentHandler::performEdit",
            Self::EndEdit => "IComponentHandler::endEdit",
            Self::RestartComponent => "IComponentHandler::restartComponent",
            Self::SetDirty => "IComponentHandler2::setDirty",
            Self::RequestOpenEditor => "IComponentHandler2::requestOpenEditor",
            Self::StartGroupEdit => "IComponentHandler2::startGroupEdit",
            Self::FinishGroupEdit => "IComponentHandler2::finishGroupEdit",
            Self::CreateContextMenu => "IComponentHandler3::createContextMenu",
            Self::MenuItems => "IContextMenu::addItem, removeItem or getItem",
            Self::Popup => "IContextMenu::popup",
            Self::RequestBusActivation => "IComponentHandlerBusActivation::requestBusActivation",
            Self::NotifyUnitSelection => "IUnitHandler::notifyUnitSelection",
            Self::NotifyProgramListChange => "IUnitHandler::notifyProgramListChange",
            Self::NotifyUnitByBusChange => "IUnitHandler2::notifyUnitByBusChange",
            Self::OpenQueue => "IDataExchangeHandler::openQueue",
            Self::CloseQueue => "IDataExchangeHandler::closeQueue",
            Self::LockBlock => "IDataExchangeHandler::lockBlock",
            Self::FreeBlock => "IDataExchangeHandler::freeBlock",
            #[cfg(target_os = "linux")]
            Self::RunLoop => "IRunLoop",
        }
    }
}

/// What waits for main, with a ring for the audio thread alone: in a ring that others write to as well it could have to
/// wait for one that the system has put to sleep half way.
struct Wishes<T>([ArrayQueue<T>; 2]);

impl<T> Wishes<T> {
    fn new(most: usize) -> Self {
        Self([ArrayQueue::new(most), ArrayQueue::new(most)])
    }

    /// Returns whether there was room.
    fn push(&self, wish: T) -> bool {
        self.0[usize::from(role::is_audio())].push(wish).is_ok()
    }

    /// Takes the oldest, those of the audio thread after all others.
    fn pop(&self) -> Option<T> {
        self.0.iter().find_map(ArrayQueue::pop)
    }
}

/// What any thread may write and main reads: of one plugin instance.
pub(crate) struct Record {
    restart: AtomicU32,
    asked: AtomicU32,
    edits: Wishes<Edit>,
    group: AtomicI64,
    buses: Wishes<BusWish>,
    unit: AtomicI64,
    programs: Wishes<ProgramChange>,
    notices: Board,
    /// The calls that came from the wrong thread since main last looked, a bit each.
    wrong: AtomicU32,
    pub(crate) progress: Progress,
    /// The menus to be shown; none are taken any more after the end.
    pub(crate) menus: MainCell<Option<Vec<Menu>>>,
    pub(crate) exchange: Exchange,
    #[cfg(target_os = "linux")]
    pub(crate) run_loop: RunLoop,
    /// The objects of this host that live, itself and what it made.
    pub(crate) objects: Tally,
}

static_assertions::assert_impl_all!(Record: Send, Sync);

impl Record {
    /// An empty record, which belongs to the calling thread: main.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            restart: AtomicU32::new(0),
            asked: AtomicU32::new(0),
            edits: Wishes::new(EDITS),
            group: AtomicI64::new(NO_GROUP),
            buses: Wishes::new(WISHES),
            unit: AtomicI64::new(NO_UNIT),
            programs: Wishes::new(WISHES),
            notices: Board::new(),
            wrong: AtomicU32::new(0),
            progress: Progress::default(),
            menus: MainCell::new(Some(Vec::new())),
            exchange: Exchange::default(),
            #[cfg(target_os = "linux")]
            run_loop: RunLoop::default(),
            objects: Tally::default(),
        })
    }

    pub(crate) fn ask(&self, what: u32) {
        self.asked.fetch_or(what, Ordering::Release);
    }

    /// Takes back what was asked for and main has not seen.
    pub(crate) fn unask(&self, what: u32) {
        self.asked.fetch_and(!what, Ordering::Release);
    }

    /// Takes all that was asked for, the bits of [`ask`], except those of `keep`.
    pub(crate) fn take_asked(&self, keep: u32) -> u32 {
        self.asked.fetch_and(keep, Ordering::Acquire) & !keep
    }

    pub(crate) fn restart(&self, flags: i32) {
        self.restart.fetch_or(flags.cast_unsigned(), Ordering::Release);
    }

    /// Takes the flags of all `restartComponent` calls (`RestartFlags_`), except those of `keep`.
    pub(crate) fn take_restart(&self, keep: i32) -> i32 {
        let keep = keep.cast_unsigned();
        (self.restart.fetch_and(keep, Ordering::Acquire) & !keep).cast_signed()
    }

    pub(crate) fn edit(&self, id: u32, what: EditStep) {
        let at = match self.group.load(Ordering::Relaxed) {
            NO_GROUP => monotonic_nanos(),
            start => start,
        };
        if !self.edits.push(Edit { at, id, what }) {
            self.ask(ask::VALUES);
        }
    }

    /// Opens or closes a group of edits. Returns whether it was the other way before.
    pub(crate) fn group(&self, open: bool) -> bool {
        let (from, to) = match open {
            true => (NO_GROUP, monotonic_nanos()),
            false => (self.group.load(Ordering::Relaxed), NO_GROUP),
        };
        from != to
            && self
                .group
                .compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// Takes the next edit, oldest first. Where [`ask::VALUES`] is asked too, later ones are missing.
    pub(crate) fn take_edit(&self) -> Option<Edit> {
        self.edits.pop()
    }

    /// Returns whether there was room.
    pub(crate) fn wish_bus(&self, wish: BusWish) -> bool {
        self.buses.push(wish)
    }

    /// Takes the next wish for a bus, oldest first.
    pub(crate) fn take_bus(&self) -> Option<BusWish> {
        self.buses.pop()
    }

    pub(crate) fn select_unit(&self, unit: i32) {
        self.unit.store(i64::from(unit), Ordering::Release);
    }

    /// Takes the unit that was selected last.
    pub(crate) fn take_unit(&self) -> Option<i32> {
        i32::try_from(self.unit.swap(NO_UNIT, Ordering::Acquire)).ok()
    }

    pub(crate) fn change_programs(&self, change: ProgramChange) {
        if !self.programs.push(change) {
            self.ask(ask::PROGRAM_LISTS);
        }
    }

    /// Takes the next change of a program list, oldest first. Where [`ask::PROGRAM_LISTS`] is asked too, later ones are
    /// missing.
    pub(crate) fn take_programs(&self) -> Option<ProgramChange> {
        self.programs.pop()
    }

    /// Takes what became of long tasks.
    pub(crate) fn take_progress(&self) -> Vec<ProgressEvent> {
        self.progress.take()
    }

    /// Takes the menus that the plugin wants shown. Main only; empty elsewhere.
    pub(crate) fn take_menus(&self) -> Vec<Menu> {
        self.menus
            .with(|menus| menus.as_mut().map(std::mem::take))
            .flatten()
            .unwrap_or_default()
    }

    /// Brings blocks of the plugin's processor to its controller. Main only, outside of any call of the plugin's.
    pub(crate) fn deliver(&self) {
        self.exchange.deliver(self);
    }

    /// As [`deliver`](Self::deliver), and waits until all that was sent has arrived.
    pub(crate) fn deliver_all(&self) {
        self.exchange.deliver_all(self);
    }

    /// Posts a line for the log.
    pub(crate) fn notice(&self, tag: u8, text: &str) {
        self.notices.post(tag, text);
    }

    /// Takes the lines for the log, oldest first: tag ([`WRONG_THREAD`] with the call's name, [`WARNING`]) and text.
    /// Returns how many were lost. Main only.
    pub(crate) fn take_notices(&self, each: impl FnMut(u8, &str)) -> u32 {
        self.wrong.store(0, Ordering::Relaxed);
        self.notices.take(each)
    }

    /// Posts a notice when a call that belongs to main comes from elsewhere: one for each call until main looks, as
    /// some plugins do it every block. Returns whether it came from main.
    pub(crate) fn main_only(&self, call: Call) -> bool {
        let right = role::is_main();
        self.check(call, right);
        right
    }

    /// As [`main_only`](Self::main_only) for a call that belongs to the audio thread.
    pub(crate) fn audio_only(&self, call: Call) {
        self.check(call, role::is_audio());
    }

    /// As [`main_only`](Self::main_only) for a call that belongs to any but the audio thread, as it allocates.
    pub(crate) fn not_audio(&self, call: Call) {
        self.check(call, !role::is_audio());
    }

    fn check(&self, call: Call, right: bool) {
        if right {
            return;
        }
        let bit = 1 << (call as u32);
        if self.wrong.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
            self.notices.post(WRONG_THREAD, call.name());
        }
    }

    /// Closes the queues that the plugin left open, and opens no more. On main, before the controller is terminated, which
    /// hears of it; waits for the threads that the queues have.
    pub(crate) fn close_queues(&self) {
        self.exchange.shut_down(self);
    }

    /// Lets go of all that the plugin gave and did not take back: the handlers of its run loop and its menus; and takes no
    /// more. On main, once its objects are terminated, which is where they take things back, and while its library is
    /// loaded.
    pub(crate) fn let_go(&self) {
        #[cfg(target_os = "linux")]
        self.run_loop.shut_down();
        // Released outside of the cell: their targets may call back as they go.
        drop(self.menus.with(Option::take));
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("objects", &self.objects.count())
            .finish_non_exhaustive()
    }
}
