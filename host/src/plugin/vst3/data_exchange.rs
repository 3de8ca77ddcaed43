//! Blocks of data from a plugin's processor to its controller, for meters and displays.
//!
//! The processor locks a block, writes to it and frees it, within `process`: here that is a few atomic exchanges, with
//! no lock, no allocation and no system call. The controller gets the blocks from main in
//! [`Exchange::deliver`], or, if it asks so, from a thread of the queue's own.
//!
//! The processor opens and closes queues inside its own calls, so nothing of the controller's is called there. What it
//! did is told later and in its order: opened, the blocks, closed. What was sent before the queue was closed still
//! arrives; what was only locked does not.

mod queue;

use super::com::{MainCell, MainPtr, give};
use super::host::{Call, HostObject, Record, WARNING};
use queue::{Batch, Queue};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use vst3::ComPtr;
use vst3::Steinberg::Vst::{
    DataExchangeBlock, DataExchangeBlockID, DataExchangeQueueID, DataExchangeUserContextID, IAudioProcessor,
    IDataExchangeHandlerTrait, IDataExchangeReceiver, IDataExchangeReceiverTrait, InvalidDataExchangeBlockID,
    InvalidDataExchangeQueueID,
};
use vst3::Steinberg::{TBool, kInvalidArgument, kOutOfMemory, kResultFalse, kResultOk, tresult, uint32};

/// Queues that a plugin may have open at once: a power of two.
const QUEUES: usize = 16;
/// Memory of all queues of a plugin, those not yet taken apart included.
const BYTES: usize = 256 << 20;
/// How often a queue's own thread looks for blocks: the audio thread may not wake it.
const POLL: Duration = Duration::from_millis(2);

/// How long a plugin's deactivation waits for blocks that are under way.
const PATIENCE: Duration = Duration::from_millis(200);

/// The queues of one plugin.
#[derive(Default)]
pub(super) struct Exchange {
    slots: [Slot; QUEUES],
    /// Bytes of the queues that live.
    bytes: Arc<AtomicUsize>,
    /// Locks that failed because every block was in use.
    refused: AtomicU32,
    opened: AtomicU32,
    main: Desk,
}

/// A place for a queue that the audio thread can look at without a lock.
#[derive(Default)]
struct Slot {
    /// A count of an `Arc<Queue>`, or null. Written by main.
    queue: AtomicPtr<Queue>,
    /// Threads that may be using what they read from `queue`.
    users: AtomicU32,
}

/// Main's part. A type of its own so that it has a default.
struct Desk(MainCell<Books>);

impl Default for Desk {
    fn default() -> Self {
        Self(MainCell::new(Books::default()))
    }
}

#[derive(Default)]
struct Books {
    receiver: Option<MainPtr<IDataExchangeReceiver>>,
    /// What the controller has not been told yet.
    news: VecDeque<News>,
    /// Queues that the controller knows of.
    told: Vec<Told>,
    /// Queues that are done but that a thread may still be looking at, with their slots.
    leaving: Vec<(usize, Arc<Queue>)>,
    shut: bool,
}

#[derive(Clone)]
enum News {
    Opened(Arc<Queue>),
    Closed(usize, Arc<Queue>),
}

/// A queue that the controller knows of, and how its blocks get there.
struct Told {
    queue: Arc<Queue>,
    receiver: MainPtr<IDataExchangeReceiver>,
    /// Gives its reference to the receiver back, so that it is main that releases it.
    thread: Option<JoinHandle<ComPtr<IDataExchangeReceiver>>>,
}

impl Exchange {
    /// Sets who gets the blocks: the controller, before the two halves are connected. Without one no queue can be
    /// opened, and plugins fall back to messages. Main only.
    pub(super) fn set_receiver(&self, receiver: Option<MainPtr<IDataExchangeReceiver>>) {
        // The one before is released outside of the cell.
        let before = self
            .main
            .0
            .with(|books| std::mem::replace(&mut books.receiver, receiver));
        drop(before);
    }

    /// How many blocks the plugin did not get since the last call, because all of a queue were in use.
    pub(super) fn take_refused(&self) -> u32 {
        self.refused.swap(0, Ordering::Relaxed)
    }

    /// Tells the controller what happened, and gives it the blocks that no thread of a queue's own brings. Main only,
    /// outside of any call of the plugin's.
    pub(super) fn deliver(&self, record: &Record) {
        self.tell(record, false);
        let waiting = self.main.0.with(|books| {
            let of_main = books.told.iter().filter(|told| told.thread.is_none());
            of_main
                .map(|told| (told.queue.clone(), told.receiver.clone()))
                .collect::<Vec<_>>()
        });
        for (queue, receiver) in waiting.unwrap_or_default() {
            Batch::default().bring(&queue, &receiver, false);
        }
        self.reclaim();
    }

    /// As [`deliver`](Self::deliver), and waits until the queues' own threads have brought what was sent, as they do within
    /// a few milliseconds. A controller that takes longer over its blocks is not waited for.
    pub(super) fn deliver_all(&self, record: &Record) {
        self.deliver(record);
        let until = Instant::now() + PATIENCE;
        let waiting = |books: &mut Books| {
            let mut threads = books.told.iter().filter(|told| told.thread.is_some());
            threads.any(|told| told.queue.has_sent())
        };
        while self.main.0.with(waiting).unwrap_or(false) && Instant::now() < until {
            std::thread::sleep(POLL);
        }
    }

    /// Closes what is open, tells the controller all that it has not been told, and takes no more. Main only. Waits for
    /// the queues' threads.
    pub(super) fn shut_down(&self, record: &Record) {
        if self.main.0.with(|books| books.shut = true).is_none() {
            return;
        }
        for number in 0..QUEUES {
            self.close_slot(number);
        }
        self.tell(record, true);
        self.set_receiver(None);
        self.reclaim();
    }

    /// Tells the controller of queues opened and closed, in that order. A queue whose thread is still at work keeps
    /// what comes after it waiting, unless `wait`.
    fn tell(&self, record: &Record, wait: bool) {
        while let Some(news) = self.main.0.with(|books| books.news.front().cloned()).flatten() {
            match news {
                News::Opened(queue) => self.tell_opened(queue, record),
                News::Closed(slot, queue) => {
                    if !self.tell_closed(&queue, wait) {
                        return;
                    }
                    self.main.0.with(|books| books.leaving.push((slot, queue)));
                }
            }
            // Whatever the controller did meanwhile was added behind.
            self.main.0.with(|books| books.news.pop_front());
        }
    }

    fn tell_opened(&self, queue: Arc<Queue>, record: &Record) {
        let Some(receiver) = self.main.0.with(|books| books.receiver.clone()).flatten() else {
            return;
        };
        let mut background: TBool = 0;
        // SAFETY: a live receiver, on main, outside of the cell; the place is this function's.
        unsafe { receiver.queueOpened(queue.context, queue.block_size, &raw mut background) };
        let thread = (background != 0).then(|| spawn(queue.clone(), &receiver));
        let thread = thread.and_then(|thread| {
            let warn = |error: &std::io::Error| {
                let text = format!("no thread for the plugin's data exchange, so main does it: {error}");
                record.notice(WARNING, &text);
            };
            thread.inspect_err(warn).ok()
        });
        let told = Told {
            queue,
            receiver,
            thread,
        };
        self.main.0.with(|books| books.told.push(told));
    }

    /// Returns whether the controller knows now that the queue is closed.
    fn tell_closed(&self, queue: &Arc<Queue>, wait: bool) -> bool {
        let told = self.main.0.with(|books| {
            let its = |told: &Told| Arc::ptr_eq(&told.queue, queue);
            Some(books.told.remove(books.told.iter().position(its)?))
        });
        let Some(told) = told.flatten() else {
            // There was nobody to tell that it was opened.
            return true;
        };
        if !wait && told.thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            self.main.0.with(|books| books.told.push(told));
            return false;
        }
        let Told { receiver, thread, .. } = told;
        match thread {
            // The thread has brought all blocks before it ended.
            Some(thread) => drop(thread.join()),
            None => {
                let mut batch = Batch::default();
                while batch.bring(queue, &receiver, false) > 0 {}
            }
        }
        // SAFETY: a live receiver, on main, outside of the cell.
        unsafe { receiver.queueClosed(queue.context) };
        true
    }

    /// Frees the queues that nobody looks at any more.
    fn reclaim(&self) {
        self.main.0.with(|books| {
            // A thread raises the count before it reads a slot's pointer, which is no longer this queue's: at a count of
            // none, nobody has it, and nobody gets it.
            books
                .leaving
                .retain(|(slot, _)| self.slots[*slot].users.load(Ordering::SeqCst) != 0);
        });
    }

    fn open(&self, block_size: u32, blocks: u32, alignment: u32, context: u32) -> Result<u32, tresult> {
        let free = |slot: &Slot| slot.queue.load(Ordering::SeqCst).is_null();
        let able = self.main.0.with(|books| match books.receiver {
            _ if books.shut => Err(kResultFalse),
            None => Err(kInvalidArgument),
            Some(_) => self.slots.iter().position(free).ok_or(kOutOfMemory),
        });
        let slot = able.unwrap_or(Err(kResultFalse))?;
        // The slot's number in the lower bits finds it again; the count above tells its queues apart. It stays below
        // the number that means none.
        let opened = self.opened.fetch_add(1, Ordering::Relaxed) & 0x03FF_FFFF;
        let id = opened << QUEUES.trailing_zeros() | u32::try_from(slot).unwrap_or(0);
        let room = BYTES.saturating_sub(self.bytes.load(Ordering::Relaxed));
        let queue = Queue::new(id, context, (block_size, blocks, alignment), room, &self.bytes)?;
        let queue = Arc::new(queue);
        self.main
            .0
            .with(|books| books.news.push_back(News::Opened(queue.clone())));
        self.slots[slot]
            .queue
            .store(Arc::into_raw(queue).cast_mut(), Ordering::SeqCst);
        Ok(id)
    }

    fn close(&self, id: u32) -> bool {
        let number = slot_of(id);
        let is_open = self.slots[number].with(|queue| queue.id == id).unwrap_or(false);
        is_open && self.close_slot(number)
    }

    /// Main only: it alone writes to a slot. Returns whether a queue was there.
    fn close_slot(&self, number: usize) -> bool {
        if self.main.0.with(|_| ()).is_none() {
            return false;
        }
        let queue = self.slots[number]
            .queue
            .swap(std::ptr::null_mut(), Ordering::SeqCst);
        if queue.is_null() {
            return false;
        }
        // SAFETY: the pointer is the slot's count of the Arc, which the swap has taken out.
        let queue = unsafe { Arc::from_raw(queue.cast_const()) };
        queue.close();
        self.main
            .0
            .with(|books| books.news.push_back(News::Closed(number, queue)));
        true
    }

    /// Works with the queue of that number. `None` if there is none. Any thread, without waiting.
    fn with<R>(&self, id: u32, work: impl FnOnce(&Queue) -> R) -> Option<R> {
        self.slots[slot_of(id)]
            .with(|queue| (queue.id == id).then(|| work(queue)))
            .flatten()
    }
}

const fn slot_of(id: u32) -> usize {
    id as usize & (QUEUES - 1)
}

impl Slot {
    fn with<R>(&self, work: impl FnOnce(&Queue) -> R) -> Option<R> {
        self.users.fetch_add(1, Ordering::SeqCst);
        // SAFETY: null, or a queue that is not freed while the count of users is up: main takes the pointer out first
        // and frees the queue once it saw a count of none after that.
        let queue = unsafe { self.queue.load(Ordering::SeqCst).as_ref() };
        let result = queue.map(work);
        self.users.fetch_sub(1, Ordering::SeqCst);
        result
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        for slot in &mut self.slots {
            let queue = *slot.queue.get_mut();
            if !queue.is_null() {
                // SAFETY: the slot's count of the Arc; nobody else can reach it any more.
                let queue = unsafe { Arc::from_raw(queue.cast_const()) };
                // Lets a thread of its own end.
                queue.close();
            }
        }
        // The threads that are left are waited for here, so that their receivers are released on main. Elsewhere the
        // books leak, and the receivers with them.
        self.main.0.with(|books| {
            for thread in books.told.iter_mut().filter_map(|told| told.thread.take()) {
                drop(thread.join());
            }
        });
    }
}

/// Starts the thread that brings a queue's blocks. It ends when the queue is closed and empty.
fn spawn(
    queue: Arc<Queue>,
    receiver: &MainPtr<IDataExchangeReceiver>,
) -> std::io::Result<JoinHandle<ComPtr<IDataExchangeReceiver>>> {
    // The controller asked for the blocks on another thread, so its receiver may go there.
    let receiver = ComPtr::clone(receiver);
    let work = move || {
        let mut batch = Batch::default();
        loop {
            // Looked at first: nothing is sent after a close.
            let closed = queue.is_closed();
            if batch.bring(&queue, &receiver, true) == 0 {
                if closed {
                    return receiver;
                }
                std::thread::sleep(POLL);
            }
        }
    };
    std::thread::Builder::new()
        .name("vst3-exchange".to_owned())
        .spawn(work)
}

impl IDataExchangeHandlerTrait for HostObject {
    /// On main only, as the specification says; refused elsewhere.
    unsafe fn openQueue(
        &self,
        _processor: *mut IAudioProcessor,
        block_size: uint32,
        num_blocks: uint32,
        alignment: uint32,
        user_context_id: DataExchangeUserContextID,
        out_id: *mut DataExchangeQueueID,
    ) -> tresult {
        // SAFETY: null, or the plugin's place for a number.
        if !unsafe { give(out_id, InvalidDataExchangeQueueID) } {
            return kInvalidArgument;
        }
        let record = self.record();
        if !record.main_only(Call::OpenQueue) {
            return kResultFalse;
        }
        match record
            .exchange
            .open(block_size, num_blocks, alignment, user_context_id)
        {
            Ok(id) => {
                // SAFETY: not null; the plugin's place for a number.
                unsafe { give(out_id, id) };
                kResultOk
            }
            Err(result) => result,
        }
    }

    /// On main only, as the specification says; refused elsewhere.
    unsafe fn closeQueue(&self, queue_id: DataExchangeQueueID) -> tresult {
        let record = self.record();
        if record.main_only(Call::CloseQueue) && record.exchange.close(queue_id) {
            return kResultOk;
        }
        kResultFalse
    }

    unsafe fn lockBlock(&self, queue_id: DataExchangeQueueID, block: *mut DataExchangeBlock) -> tresult {
        let record = self.record();
        record.audio_only(Call::LockBlock);
        if block.is_null() {
            return kInvalidArgument;
        }
        let (locked, result) = match record.exchange.with(queue_id, Queue::lock) {
            Some(Some(block)) => (block, kResultOk),
            Some(None) => {
                record.exchange.refused.fetch_add(1, Ordering::Relaxed);
                (NO_BLOCK, kOutOfMemory)
            }
            None => (NO_BLOCK, kInvalidArgument),
        };
        // SAFETY: not null; the plugin's place for a block.
        unsafe { give(block, locked) };
        result
    }

    unsafe fn freeBlock(
        &self,
        queue_id: DataExchangeQueueID,
        block_id: DataExchangeBlockID,
        send_to_controller: TBool,
    ) -> tresult {
        let record = self.record();
        record.audio_only(Call::FreeBlock);
        let free = |queue: &Queue| queue.free(block_id, send_to_controller != 0);
        match record.exchange.with(queue_id, free) {
            Some(true) => kResultOk,
            Some(false) => kResultFalse,
            None => kInvalidArgument,
        }
    }
}

const NO_BLOCK: DataExchangeBlock = DataExchangeBlock {
    data: std::ptr::null_mut(),
    size: 0,
    blockID: InvalidDataExchangeBlockID,
};

#[cfg(test)]
mod tests;
