//! One queue: its blocks, who has which, and how they get to the receiver.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use vst3::ComPtr;
use vst3::Steinberg::Vst::{DataExchangeBlock, IDataExchangeReceiver, IDataExchangeReceiverTrait};
use vst3::Steinberg::{kInvalidArgument, kOutOfMemory, tresult};

/// Blocks that a queue may have.
const BLOCKS: u32 = 4096;
/// Largest alignment of a block in bytes: a page.
const ALIGNMENT: usize = 4096;
/// Smallest one: what other hosts' allocators give to plugins that ask for none and then store numbers.
const LEAST_ALIGNMENT: usize = 16;

const FREE: u8 = 0;
const LOCKED: u8 = 1;
const SENT: u8 = 2;

/// A queue, from its opening until nobody looks at it any more.
pub(super) struct Queue {
    /// The number that the plugin knows it by.
    pub(super) id: u32,
    /// The number that the plugin's two halves know it by.
    pub(super) context: u32,
    /// Bytes of a block.
    pub(super) block_size: u32,
    memory: Memory,
    holds: Box<[Hold]>,
    /// Where the next lock looks first.
    next: AtomicU32,
    /// Blocks sent so far.
    sent: AtomicU64,
    closed: AtomicBool,
}

/// Who has a block. A ring of block numbers would do as well, but one end of it may have to wait for the other: here the
/// audio thread never waits for one that the system has put to sleep half way.
#[derive(Default)]
struct Hold {
    state: AtomicU8,
    /// Its place in the order of sending.
    order: AtomicU64,
}

/// The blocks, one behind the other.
struct Memory {
    start: NonNull<u8>,
    layout: Layout,
    /// Bytes from one block to the next.
    stride: usize,
    total: Arc<AtomicUsize>,
}

// SAFETY: this only hands out addresses; who may write to a block at what time is settled by its state, which moves by
// atomic exchanges.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Drop for Memory {
    fn drop(&mut self) {
        self.total.fetch_sub(self.layout.size(), Ordering::Relaxed);
        // SAFETY: allocated with this very layout, and freed once.
        unsafe { dealloc(self.start.as_ptr(), self.layout) };
    }
}

impl Queue {
    /// A queue of so many blocks of so many bytes, aligned to so many, a power of two; 0 is for whatever. Takes at most
    /// `room` bytes and counts them in `total`.
    ///
    /// # Errors
    ///
    /// What to answer a plugin that asks for nothing or too much.
    pub(super) fn new(
        id: u32,
        context: u32,
        (block_size, blocks, alignment): (u32, u32, u32),
        room: usize,
        total: &Arc<AtomicUsize>,
    ) -> Result<Self, tresult> {
        let size = usize::try_from(block_size).map_err(|_| kOutOfMemory)?;
        let count = usize::try_from(blocks).map_err(|_| kOutOfMemory)?;
        let alignment = usize::try_from(alignment.max(1)).map_err(|_| kInvalidArgument)?;
        if size == 0 || count == 0 || alignment > ALIGNMENT || !alignment.is_power_of_two() {
            return Err(kInvalidArgument);
        }
        let alignment = alignment.max(LEAST_ALIGNMENT);
        let stride = size.checked_next_multiple_of(alignment).ok_or(kOutOfMemory)?;
        let bytes = stride.checked_mul(count).filter(|&bytes| bytes <= room);
        let (Some(bytes), true) = (bytes, blocks <= BLOCKS) else {
            return Err(kOutOfMemory);
        };
        let layout = Layout::from_size_align(bytes, alignment).map_err(|_| kOutOfMemory)?;
        // SAFETY: the layout is of at least one byte.
        let start = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or(kOutOfMemory)?;
        total.fetch_add(bytes, Ordering::Relaxed);
        Ok(Self {
            id,
            context,
            block_size,
            memory: Memory {
                start,
                layout,
                stride,
                total: total.clone(),
            },
            holds: (0..count).map(|_| Hold::default()).collect(),
            next: AtomicU32::new(0),
            sent: AtomicU64::new(0),
            closed: AtomicBool::new(false),
        })
    }

    fn block(&self, number: u32) -> DataExchangeBlock {
        let offset = self.memory.stride * number as usize;
        DataExchangeBlock {
            // SAFETY: the number is that of a hold, and the memory was made for as many blocks as there are holds.
            data: unsafe { self.memory.start.add(offset) }.as_ptr().cast(),
            size: self.block_size,
            blockID: number,
        }
    }

    /// Moves a block from one state to the next. Returns whether it was in that state.
    fn shift(&self, number: u32, from: u8, to: u8) -> bool {
        self.holds.get(number as usize).is_some_and(|hold| {
            hold.state
                .compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
        })
    }

    fn numbers(&self) -> std::ops::Range<u32> {
        0..u32::try_from(self.holds.len()).unwrap_or(u32::MAX)
    }

    /// Locks a block for the processor. `None` if all are in use. Neither waits nor allocates.
    pub(super) fn lock(&self) -> Option<DataExchangeBlock> {
        let count = self.numbers().end;
        let first = self.next.load(Ordering::Relaxed);
        let mut numbers = self.numbers().map(|step| (first + step) % count);
        let number = numbers.find(|&number| self.shift(number, FREE, LOCKED))?;
        self.next.store((number + 1) % count, Ordering::Relaxed);
        Some(self.block(number))
    }

    /// Takes a locked block back, to be sent or not. Returns whether it was locked. Neither waits nor allocates.
    pub(super) fn free(&self, number: u32, send: bool) -> bool {
        let Some(hold) = self.holds.get(number as usize) else {
            return false;
        };
        if !send {
            return self.shift(number, LOCKED, FREE);
        }
        // Only who holds the block comes here, so the number is settled before the state publishes it.
        if hold.state.load(Ordering::Acquire) == LOCKED {
            hold.order
                .store(self.sent.fetch_add(1, Ordering::Release), Ordering::Relaxed);
        }
        self.shift(number, LOCKED, SENT)
    }

    /// The blocks that were sent, in their order.
    fn take_sent(&self, numbers: &mut Vec<u32>) {
        let hold = |&number: &u32| &self.holds[number as usize];
        // Those sent while this looks wait for the next time: one of them might be seen without the one before it.
        let end = self.sent.load(Ordering::Acquire);
        let due = |hold: &Hold| {
            hold.state.load(Ordering::Acquire) == SENT && hold.order.load(Ordering::Relaxed) < end
        };
        numbers.clear();
        numbers.extend(self.numbers().filter(|number| due(hold(number))));
        numbers.sort_unstable_by_key(|number| hold(number).order.load(Ordering::Relaxed));
    }

    /// Whether a block that was sent has not been brought yet.
    pub(super) fn has_sent(&self) -> bool {
        self.holds
            .iter()
            .any(|hold| hold.state.load(Ordering::Acquire) == SENT)
    }

    /// Nothing is sent after this.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

/// Blocks on their way to a receiver, in memory that is used again.
#[derive(Default)]
pub(super) struct Batch {
    numbers: Vec<u32>,
    blocks: Vec<DataExchangeBlock>,
}

impl Batch {
    /// Brings what was sent to the receiver, at most all blocks of the queue once, and makes them free again. Returns
    /// how many. One thread at a time for each queue.
    pub(super) fn bring(
        &mut self,
        queue: &Queue,
        receiver: &ComPtr<IDataExchangeReceiver>,
        on_background: bool,
    ) -> usize {
        queue.take_sent(&mut self.numbers);
        if self.numbers.is_empty() {
            return 0;
        }
        self.blocks.clear();
        self.blocks
            .extend(self.numbers.iter().map(|&number| queue.block(number)));
        let count = u32::try_from(self.blocks.len()).unwrap_or(u32::MAX);
        // SAFETY: a live receiver, called on the thread that it asked for; the array lives through the call.
        unsafe {
            receiver.onDataExchangeBlocksReceived(
                queue.context,
                count,
                self.blocks.as_mut_ptr(),
                u8::from(on_background),
            );
        }
        // By our own numbers, whatever the receiver did to the array.
        for &number in &self.numbers {
            queue.shift(number, SENT, FREE);
        }
        self.numbers.len()
    }
}
