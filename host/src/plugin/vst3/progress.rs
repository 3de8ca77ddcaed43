//! Long tasks of a plugin and how far they are, for a progress bar.

use super::host::HostObject;
use super::text;
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use vst3::Steinberg::Vst::IProgress_::{ID, ProgressType};
use vst3::Steinberg::Vst::{IProgressTrait, ParamValue};
use vst3::Steinberg::{kInvalidArgument, kOutOfMemory, kResultFalse, kResultOk, tchar, tresult};

/// Tasks that a plugin may have at once.
const TASKS: usize = 16;
/// Units of a description that are kept.
const TEXT: usize = 128;

const FREE: u8 = 0;
const CLAIMED: u8 = 1;
const RUNNING: u8 = 2;
const FINISHED: u8 = 3;

/// What became of a task since main last looked.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ProgressEvent {
    /// It began.
    Started {
        /// The number that the other events name.
        id: u64,
        /// What it is for.
        kind: ProgressKind,
        /// What the plugin calls it.
        text: Option<String>,
    },
    /// How far it is, 0 to 1: the last figure only, however many there were.
    At {
        /// The task.
        id: u64,
        /// How far.
        value: f64,
    },
    /// It is done.
    Finished {
        /// The task.
        id: u64,
    },
}

/// What a task is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProgressKind {
    /// The rest of a state is loaded while the plugin already plays.
    StateRestoration,
    /// Anything else, started in the plugin's editor.
    Task,
}

/// The tasks of one plugin. Any thread starts, updates and finishes them without waiting; main takes what happened.
pub(super) struct Progress {
    slots: [Slot; TASKS],
    serial: AtomicU32,
}

struct Slot {
    state: AtomicU8,
    id: AtomicU64,
    value: AtomicU64,
    moved: AtomicBool,
    /// Whether main has told of the start.
    told: AtomicBool,
    kind: AtomicU32,
    text: UnsafeCell<[u16; TEXT]>,
}

// SAFETY: a slot's text is written only by the thread that moved its state from FREE to CLAIMED, and read only by main
// after it saw RUNNING or FINISHED, which that thread publishes later; the slot gets FREE again by main alone.
unsafe impl Sync for Progress {}

impl Default for Progress {
    fn default() -> Self {
        Self {
            slots: [const {
                Slot {
                    state: AtomicU8::new(FREE),
                    id: AtomicU64::new(0),
                    value: AtomicU64::new(0),
                    moved: AtomicBool::new(false),
                    told: AtomicBool::new(false),
                    kind: AtomicU32::new(0),
                    text: UnsafeCell::new([0; TEXT]),
                }
            }; TASKS],
            serial: AtomicU32::new(0),
        }
    }
}

impl Progress {
    /// Begins a task. `None` when too many run.
    fn start(&self, kind: u32, description: &[u16]) -> Option<u64> {
        let (number, slot) = self.slots.iter().enumerate().find(|(_, slot)| {
            slot.state
                .compare_exchange(FREE, CLAIMED, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
        })?;
        // The slot's number in the lower half finds it again, the serial in the upper tells its tasks apart. Serials
        // begin with 1, because some plugins take 0 for no task.
        let serial = self.serial.fetch_add(1, Ordering::Relaxed).wrapping_add(1).max(1);
        let id = u64::from(serial) << 32 | number as u64;
        let count = description.len().min(TEXT - 1);
        // SAFETY: this thread moved the slot from FREE to CLAIMED, so nobody else touches its text.
        let text = unsafe { &mut *slot.text.get() };
        text[..count].copy_from_slice(&description[..count]);
        text[count] = 0;
        slot.kind.store(kind, Ordering::Relaxed);
        slot.moved.store(false, Ordering::Relaxed);
        slot.told.store(false, Ordering::Relaxed);
        slot.id.store(id, Ordering::Relaxed);
        slot.state.store(RUNNING, Ordering::Release);
        Some(id)
    }

    fn running(&self, id: u64) -> Option<&Slot> {
        let number = usize::try_from(id & u64::from(u32::MAX)).ok()?;
        let slot = self.slots.get(number)?;
        let running = slot.state.load(Ordering::Acquire) == RUNNING && slot.id.load(Ordering::Relaxed) == id;
        running.then_some(slot)
    }

    fn update(&self, id: u64, value: f64) -> bool {
        let Some(slot) = self.running(id) else {
            return false;
        };
        slot.value
            .store(value.clamp(0.0, 1.0).to_bits(), Ordering::Relaxed);
        slot.moved.store(true, Ordering::Release);
        true
    }

    fn finish(&self, id: u64) -> bool {
        self.running(id).is_some_and(|slot| {
            slot.state
                .compare_exchange(RUNNING, FINISHED, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
        })
    }

    /// Takes what happened, each task's in its order. Main only: two readers at once would each see a part.
    pub(super) fn take(&self) -> Vec<ProgressEvent> {
        let mut events = Vec::new();
        for slot in &self.slots {
            let state = slot.state.load(Ordering::Acquire);
            if state != RUNNING && state != FINISHED {
                continue;
            }
            let id = slot.id.load(Ordering::Relaxed);
            if !slot.told.swap(true, Ordering::Relaxed) {
                // SAFETY: the state was RUNNING or FINISHED, so the text is written, and nobody writes it again before
                // this thread sets FREE.
                let text = text::from_wide(unsafe { &*slot.text.get() });
                events.push(ProgressEvent::Started {
                    id,
                    kind: match slot.kind.load(Ordering::Relaxed) {
                        0 => ProgressKind::StateRestoration,
                        _ => ProgressKind::Task,
                    },
                    text: (!text.is_empty()).then_some(text),
                });
            }
            if slot.moved.swap(false, Ordering::Acquire) {
                let value = f64::from_bits(slot.value.load(Ordering::Relaxed));
                events.push(ProgressEvent::At { id, value });
            }
            if state == FINISHED {
                events.push(ProgressEvent::Finished { id });
                slot.state.store(FREE, Ordering::Release);
            }
        }
        events
    }
}

/// A plugin calls this from its editor or from the thread that does the work: the specification names no thread, and
/// here none matters.
impl IProgressTrait for HostObject {
    unsafe fn start(
        &self,
        kind: ProgressType,
        optional_description: *const tchar,
        out_id: *mut ID,
    ) -> tresult {
        if out_id.is_null() {
            return kInvalidArgument;
        }
        // SAFETY: the plugin passes null or a string with its terminator.
        let text = unsafe { text::units(optional_description) }.unwrap_or_default();
        match self.record().progress.start(kind, text) {
            Some(id) => {
                // SAFETY: not null; the plugin's place for a number.
                unsafe { out_id.write(id) };
                kResultOk
            }
            None => kOutOfMemory,
        }
    }

    unsafe fn update(&self, id: ID, norm_value: ParamValue) -> tresult {
        if norm_value.is_nan() {
            return kInvalidArgument;
        }
        match self.record().progress.update(id, norm_value) {
            true => kResultOk,
            false => kResultFalse,
        }
    }

    unsafe fn finish(&self, id: ID) -> tresult {
        match self.record().progress.finish(id) {
            true => kResultOk,
            false => kResultFalse,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::host::tests::host;
    use super::super::text::wide;
    use super::*;
    use vst3::Steinberg::Vst::IProgress;
    use vst3::Steinberg::Vst::IProgress_::ProgressType_::{AsyncStateRestoration, UIBackgroundTask};

    #[test]
    fn a_task_is_told_from_start_to_end_and_coalesced_between() {
        let (record, host) = host::<IProgress>();
        let (mut loading, mut other) = (0, 0);
        // SAFETY: live objects and places of this test.
        unsafe {
            let text = wide("Loading samples");
            assert_eq!(
                host.start(AsyncStateRestoration, text.as_ptr(), &raw mut loading),
                kResultOk
            );
            assert_eq!(
                host.start(UIBackgroundTask, std::ptr::null(), &raw mut other),
                kResultOk
            );
            assert_ne!(loading, other);
            for value in [0.1, 0.2, 0.5] {
                assert_eq!(host.update(loading, value), kResultOk);
            }
        }
        let (id, kind) = (loading, ProgressKind::StateRestoration);
        let text = Some("Loading samples".to_owned());
        let started = ProgressEvent::Started { id, kind, text };
        let (kind, text) = (ProgressKind::Task, None);
        let second = ProgressEvent::Started {
            id: other,
            kind,
            text,
        };
        assert_eq!(
            record.take_progress(),
            [started, ProgressEvent::At { id, value: 0.5 }, second]
        );
        assert_eq!(record.take_progress(), []);
        // SAFETY: live objects of this test.
        unsafe {
            assert_eq!(host.update(loading, 7.0), kResultOk);
            assert_eq!(host.finish(loading), kResultOk);
            assert_eq!(host.finish(loading), kResultFalse);
            assert_eq!(host.update(loading, 0.1), kResultFalse);
        }
        let end = [
            ProgressEvent::At { id, value: 1.0 },
            ProgressEvent::Finished { id },
        ];
        assert_eq!(record.take_progress(), end);
    }

    #[test]
    fn an_old_number_does_not_touch_the_next_task() {
        let (record, host) = host::<IProgress>();
        let (mut first, mut second) = (0, 0);
        // SAFETY: live objects and places of this test.
        unsafe {
            assert_eq!(
                host.start(UIBackgroundTask, std::ptr::null(), &raw mut first),
                kResultOk
            );
            assert_eq!(host.finish(first), kResultOk);
            assert_eq!(record.take_progress().len(), 2);
            assert_eq!(
                host.start(UIBackgroundTask, std::ptr::null(), &raw mut second),
                kResultOk
            );
            assert_eq!(host.update(first, 0.5), kResultFalse);
            assert_eq!(host.finish(first), kResultFalse);
        }
        assert_eq!(record.take_progress().len(), 1);
    }

    #[test]
    fn bad_calls_and_too_many_tasks_are_refused() {
        let (record, host) = host::<IProgress>();
        let mut id = 0;
        // SAFETY: live objects, null, and places of this test.
        unsafe {
            assert_eq!(
                host.start(0, std::ptr::null(), std::ptr::null_mut()),
                kInvalidArgument
            );
            assert_eq!(host.update(99, 0.5), kResultFalse);
            assert_eq!(host.finish(u64::MAX), kResultFalse);
            for _ in 0..TASKS {
                assert_eq!(host.start(1, std::ptr::null(), &raw mut id), kResultOk);
            }
            assert_eq!(host.update(id, f64::NAN), kInvalidArgument);
            assert_eq!(host.start(1, std::ptr::null(), &raw mut id), kOutOfMemory);
        }
        assert_eq!(record.take_progress().len(), TASKS);
    }

    #[test]
    fn tasks_of_many_threads_are_all_told() {
        let (record, host) = host::<IProgress>();
        let rounds = if cfg!(miri) { 5 } else { 500 };
        let (mut started, mut finished) = (0, 0);
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        let text = wide("the same for all");
                        for _ in 0..rounds {
                            let mut id = 0;
                            // SAFETY: live objects and places of this thread.
                            unsafe {
                                while host.start(1, text.as_ptr(), &raw mut id) != kResultOk {
                                    std::thread::yield_now();
                                }
                                assert_eq!(host.update(id, 0.5), kResultOk);
                                assert_eq!(host.finish(id), kResultOk);
                            }
                        }
                    })
                })
                .collect();
            loop {
                let done = workers.iter().all(std::thread::ScopedJoinHandle::is_finished);
                for event in record.take_progress() {
                    match event {
                        ProgressEvent::Started { text, .. } => {
                            assert_eq!(text.as_deref(), Some("the same for all"));
                            started += 1;
                        }
                        ProgressEvent::At { value, .. } => assert!((value - 0.5).abs() < f64::EPSILON),
                        ProgressEvent::Finished { .. } => finished += 1,
                    }
                }
                if done {
                    break;
                }
            }
        });
        assert_eq!((started, finished), (3 * rounds, 3 * rounds));
    }
}
