use super::super::com::references;
use super::super::host::WRONG_THREAD;
use super::super::host::tests::{host, notices};
use super::*;
use crate::role;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::thread::ThreadId;
use vst3::Steinberg::Vst::IDataExchangeHandler;
use vst3::{Class, ComWrapper};

#[derive(Clone, Debug, PartialEq)]
enum Heard {
    Opened(u32, u32),
    Closed(u32),
    /// The context, the first four bytes of each block, and whether it came on a background thread.
    Blocks(u32, Vec<u32>, bool),
}

/// A controller that writes down what it hears.
#[derive(Default)]
struct Controller {
    background: AtomicBool,
    /// Overwrites the array that it is given.
    spoils: AtomicBool,
    /// How long it takes over a delivery.
    slow: Duration,
    heard: Mutex<Vec<Heard>>,
    threads: Mutex<Vec<ThreadId>>,
}

impl Class for Controller {
    type Interfaces = (IDataExchangeReceiver,);
}

impl Controller {
    fn hear(&self, heard: Heard) {
        self.heard.lock().unwrap().push(heard);
    }

    fn take(&self) -> Vec<Heard> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }
}

impl IDataExchangeReceiverTrait for Controller {
    unsafe fn queueOpened(&self, context: u32, block_size: u32, background: *mut TBool) {
        self.hear(Heard::Opened(context, block_size));
        // SAFETY: the host's place, which it must have set before.
        unsafe {
            assert_eq!(background.read(), 0);
            background.write(u8::from(self.background.load(Ordering::Relaxed)));
        }
    }

    unsafe fn queueClosed(&self, context: u32) {
        self.hear(Heard::Closed(context));
    }

    unsafe fn onDataExchangeBlocksReceived(
        &self,
        context: u32,
        count: u32,
        blocks: *mut DataExchangeBlock,
        on_background: TBool,
    ) {
        std::thread::sleep(self.slow);
        // SAFETY: the host passes that many blocks, each of at least four bytes here.
        let values = unsafe {
            let blocks = std::slice::from_raw_parts_mut(blocks, count as usize);
            let values = blocks
                .iter()
                .map(|block| block.data.cast::<u32>().read())
                .collect();
            if self.spoils.load(Ordering::Relaxed) {
                blocks.fill(NO_BLOCK);
            }
            values
        };
        self.threads.lock().unwrap().push(std::thread::current().id());
        self.hear(Heard::Blocks(context, values, on_background != 0));
    }
}

struct Setup {
    record: Arc<Record>,
    host: ComPtr<IDataExchangeHandler>,
    controller: ComWrapper<Controller>,
}

fn setup(controller: Controller) -> Setup {
    let (record, host) = host();
    let controller = ComWrapper::new(controller);
    let receiver = controller.to_com_ptr().map(MainPtr::new);
    record.exchange.set_receiver(receiver);
    Setup {
        record,
        host,
        controller,
    }
}

impl Setup {
    fn open(&self, size: u32, blocks: u32, alignment: u32, context: u32) -> Result<u32, tresult> {
        let mut id = 0;
        // SAFETY: live objects, and a place of this function.
        let result = unsafe {
            self.host.openQueue(
                std::ptr::null_mut(),
                size,
                blocks,
                alignment,
                context,
                &raw mut id,
            )
        };
        if result == kResultOk {
            return Ok(id);
        }
        assert_eq!(id, InvalidDataExchangeQueueID);
        Err(result)
    }

    fn lock(&self, id: u32) -> Result<DataExchangeBlock, tresult> {
        lock(&self.host, id)
    }

    /// Sends one block that begins with `value`.
    fn send(&self, id: u32, value: u32) {
        send(&self.host, id, value).unwrap();
    }

    fn close(&self, id: u32) -> tresult {
        // SAFETY: a live object.
        unsafe { self.host.closeQueue(id) }
    }

    fn deliver(&self) -> Vec<Heard> {
        self.record.deliver();
        self.controller.take()
    }

    fn receivers(&self) -> usize {
        // One of them is the test's own wrapper, one the pointer made here.
        references(&self.controller.to_com_ptr::<IDataExchangeReceiver>().unwrap()) - 2
    }
}

fn lock(host: &ComPtr<IDataExchangeHandler>, id: u32) -> Result<DataExchangeBlock, tresult> {
    let mut block = NO_BLOCK;
    // SAFETY: a live object, and a place of this function.
    let result = unsafe { host.lockBlock(id, &raw mut block) };
    assert_eq!(block.data.is_null(), result != kResultOk);
    if result == kResultOk {
        Ok(block)
    } else {
        Err(result)
    }
}

fn send(host: &ComPtr<IDataExchangeHandler>, id: u32, value: u32) -> Result<(), tresult> {
    let block = lock(host, id)?;
    // SAFETY: a locked block of at least four bytes; a live object.
    unsafe {
        block.data.cast::<u32>().write(value);
        assert_eq!(host.freeBlock(id, block.blockID, 1), kResultOk);
    }
    Ok(())
}

fn blocks(context: u32, values: &[u32], background: bool) -> Heard {
    Heard::Blocks(context, values.to_vec(), background)
}

#[test]
fn blocks_arrive_on_main_after_the_queue_and_before_its_end() {
    let setup = setup(Controller::default());
    let id = setup.open(64, 3, 32, 7).unwrap();
    assert_eq!(setup.controller.take(), [], "nothing is called inside openQueue");
    let audio = role::Audio::enter();
    setup.send(id, 1);
    setup.send(id, 2);
    drop(audio);
    assert_eq!(setup.deliver(), [Heard::Opened(7, 64), blocks(7, &[1, 2], false)]);
    assert_eq!(setup.deliver(), []);
    let audio = role::Audio::enter();
    setup.send(id, 3);
    let kept = setup.lock(id).unwrap();
    drop(audio);
    assert_eq!(setup.close(id), kResultOk);
    assert_eq!(setup.controller.take(), [], "nothing is called inside closeQueue");
    assert_eq!(setup.lock(id).err(), Some(kInvalidArgument));
    // SAFETY: a live object.
    let result = unsafe { setup.host.freeBlock(id, kept.blockID, 1) };
    assert_eq!(result, kInvalidArgument);
    assert_eq!(setup.deliver(), [blocks(7, &[3], false), Heard::Closed(7)]);
    assert_eq!(setup.close(id), kResultFalse);
    assert_eq!(
        (
            setup.receivers(),
            setup.record.exchange.bytes.load(Ordering::Relaxed)
        ),
        (1, 0)
    );
}

#[test]
fn a_full_queue_refuses_and_counts() {
    let setup = setup(Controller::default());
    let id = setup.open(5, 2, 4096, 1).unwrap();
    let _audio = role::Audio::enter();
    let locked = [setup.lock(id).unwrap(), setup.lock(id).unwrap()];
    for block in &locked {
        assert_eq!((block.size, block.data.addr() % 4096), (5, 0));
    }
    assert_ne!(locked[0].data, locked[1].data);
    assert_eq!(setup.lock(id).err(), Some(kOutOfMemory));
    assert_eq!(setup.lock(id).err(), Some(kOutOfMemory));
    assert_eq!(
        (
            setup.record.exchange.take_refused(),
            setup.record.exchange.take_refused()
        ),
        (2, 0)
    );
    // SAFETY: a live object.
    unsafe {
        // Not sent, so free at once, and only once.
        assert_eq!(setup.host.freeBlock(id, locked[0].blockID, 0), kResultOk);
        assert_eq!(setup.host.freeBlock(id, locked[0].blockID, 0), kResultFalse);
        assert_eq!(setup.host.freeBlock(id, 99, 1), kResultFalse);
        assert_eq!(
            setup.host.freeBlock(id, InvalidDataExchangeBlockID, 1),
            kResultFalse
        );
        assert_eq!(setup.host.lockBlock(id, std::ptr::null_mut()), kInvalidArgument);
    }
    assert_eq!(setup.lock(id).unwrap().blockID, locked[0].blockID);
}

#[test]
fn a_receiver_that_spoils_its_array_loses_no_block() {
    let setup = setup(Controller::default());
    setup.controller.spoils.store(true, Ordering::Relaxed);
    let id = setup.open(16, 2, 8, 1).unwrap();
    for round in 0..5 {
        setup.send(id, round);
        setup.send(id, round + 100);
        assert_eq!(
            setup.deliver().last(),
            Some(&blocks(1, &[round, round + 100], false))
        );
    }
}

#[test]
fn impossible_queues_are_refused() {
    let setup = setup(Controller::default());
    for (size, count, alignment) in [(0, 1, 1), (1, 0, 1), (1, 1, 3), (1, 1, 8192), (1, 1, u32::MAX)] {
        assert_eq!(setup.open(size, count, alignment, 0), Err(kInvalidArgument));
    }
    for (size, count) in [(u32::MAX, 1), (u32::MAX, 4096), (1, 4097), (65_537, 4096)] {
        assert_eq!(setup.open(size, count, 16, 0), Err(kOutOfMemory));
    }
    // SAFETY: a live object and null.
    let result = unsafe {
        setup
            .host
            .openQueue(std::ptr::null_mut(), 1, 1, 1, 0, std::ptr::null_mut())
    };
    assert_eq!(result, kInvalidArgument);
    for id in [0, 5, u32::MAX, InvalidDataExchangeQueueID] {
        assert_eq!(setup.close(id), kResultFalse);
        assert_eq!(setup.lock(id).err(), Some(kInvalidArgument));
    }
    let ids: Vec<u32> = (0..16)
        .map(|context| setup.open(8, 1, 0, context).unwrap())
        .collect();
    assert_eq!(setup.open(8, 1, 0, 16), Err(kOutOfMemory));
    assert_eq!(setup.close(ids[3]), kResultOk);
    let again = setup.open(8, 1, 0, 16).unwrap();
    assert!(!ids.contains(&again), "an old number must not reach a new queue");
    assert_eq!(setup.lock(ids[3]).err(), Some(kInvalidArgument));
    assert_eq!(setup.deliver().len(), 18);
    setup.record.close_queues();
    assert_eq!(setup.controller.take().len(), 16);
    assert_eq!(setup.open(8, 1, 0, 0), Err(kResultFalse));
    assert_eq!(
        (
            setup.receivers(),
            setup.record.exchange.bytes.load(Ordering::Relaxed)
        ),
        (0, 0)
    );
}

#[test]
fn without_a_receiver_there_is_no_queue() {
    let (record, host) = host::<IDataExchangeHandler>();
    let controller = ComWrapper::new(Controller::default());
    let setup = Setup {
        record,
        host,
        controller,
    };
    assert_eq!(setup.open(8, 1, 0, 0), Err(kInvalidArgument));
    assert_eq!(setup.deliver(), []);
}

#[test]
fn a_queue_opened_again_is_told_in_order() {
    let setup = setup(Controller::default());
    let first = setup.open(8, 1, 0, 5).unwrap();
    setup.send(first, 1);
    assert_eq!(setup.close(first), kResultOk);
    let second = setup.open(16, 1, 0, 5).unwrap();
    setup.send(second, 2);
    let expected = [
        Heard::Opened(5, 8),
        blocks(5, &[1], false),
        Heard::Closed(5),
        Heard::Opened(5, 16),
        blocks(5, &[2], false),
    ];
    assert_eq!(setup.deliver(), expected);
}

#[test]
fn wrong_threads_are_refused_or_served_and_told_of() {
    let setup = setup(Controller::default());
    let id = setup.open(8, 2, 0, 5).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(setup.open(8, 1, 0, 6), Err(kResultFalse));
            assert_eq!(setup.close(id), kResultFalse);
        });
    });
    setup.send(id, 1);
    assert_eq!(setup.deliver(), [Heard::Opened(5, 8), blocks(5, &[1], false)]);
    let told = notices(&setup.record);
    assert!(told.iter().all(|(tag, _)| *tag == WRONG_THREAD));
    let calls: Vec<_> = told
        .iter()
        .map(|(_, call)| call.trim_start_matches("IDataExchangeHandler::"))
        .collect();
    assert_eq!(calls, ["openQueue", "closeQueue", "lockBlock", "freeBlock"]);
}

#[test]
fn a_background_queue_has_a_thread_of_its_own() {
    let setup = setup(Controller {
        background: AtomicBool::new(true),
        ..Controller::default()
    });
    let id = setup.open(8, 4, 0, 9).unwrap();
    assert_eq!(setup.deliver(), [Heard::Opened(9, 8)]);
    assert_eq!(setup.receivers(), 3, "the exchange, the queue and its thread");
    let count = if cfg!(miri) { 20 } else { 2000 };
    std::thread::scope(|scope| {
        // The audio thread: it retries, so that all numbers arrive.
        scope.spawn(|| {
            let _audio = role::Audio::enter();
            for value in 0..count {
                while let Err(result) = send(&setup.host, id, value) {
                    assert_eq!(result, kOutOfMemory);
                    std::thread::yield_now();
                }
            }
        });
    });
    // Main brings nothing itself.
    assert_eq!(setup.close(id), kResultOk);
    let mut heard = Vec::new();
    while heard.last() != Some(&Heard::Closed(9)) {
        heard.extend(setup.deliver());
    }
    let mut values: Vec<u32> = Vec::new();
    for event in &heard[..heard.len() - 1] {
        let Heard::Blocks(9, some, true) = event else {
            panic!("{event:?}")
        };
        values.extend(some);
    }
    assert!(values.into_iter().eq(0..count), "all arrive, in order");
    let me = std::thread::current().id();
    assert!(
        setup
            .controller
            .threads
            .lock()
            .unwrap()
            .iter()
            .all(|&thread| thread != me)
    );
    assert_eq!(setup.receivers(), 1);
    assert!(notices(&setup.record).is_empty());
}

#[test]
fn closing_waits_for_no_thread_but_the_end_does() {
    let setup = setup(Controller {
        background: AtomicBool::new(true),
        slow: Duration::from_millis(50),
        ..Controller::default()
    });
    let id = setup.open(8, 4, 0, 9).unwrap();
    assert_eq!(setup.deliver(), [Heard::Opened(9, 8)]);
    setup.send(id, 1);
    assert_eq!(setup.close(id), kResultOk);
    // The next queue waits for the end of this one.
    setup.open(8, 1, 0, 9).unwrap();
    assert_eq!(setup.deliver(), []);
    setup.record.close_queues();
    let expected = [
        blocks(9, &[1], true),
        Heard::Closed(9),
        Heard::Opened(9, 8),
        Heard::Closed(9),
    ];
    assert_eq!(setup.controller.take(), expected);
    assert_eq!(
        (
            setup.receivers(),
            setup.record.exchange.bytes.load(Ordering::Relaxed)
        ),
        (0, 0)
    );
}

#[test]
fn a_record_dropped_with_open_queues_ends_their_threads() {
    let setup = setup(Controller {
        background: AtomicBool::new(true),
        ..Controller::default()
    });
    let id = setup.open(8, 4, 0, 9).unwrap();
    setup.deliver();
    setup.send(id, 1);
    let bytes = setup.record.exchange.bytes.clone();
    let Setup {
        record,
        host,
        controller,
    } = setup;
    drop((record, host));
    assert_eq!(controller.take(), [blocks(9, &[1], true)]);
    assert_eq!(bytes.load(Ordering::Relaxed), 0);
    assert_eq!(
        references(&controller.to_com_ptr::<IDataExchangeReceiver>().unwrap()),
        2
    );
}

#[test]
fn main_may_close_while_another_thread_is_at_a_block() {
    let setup = setup(Controller::default());
    let rounds = if cfg!(miri) { 10 } else { 1000 };
    let open = AtomicU32::new(InvalidDataExchangeQueueID);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _audio = role::Audio::enter();
            while !done.load(Ordering::Acquire) {
                let id = open.load(Ordering::Acquire);
                let mut block = NO_BLOCK;
                // SAFETY: live objects. The block is not written to: its queue may be gone, as the plugin breaks the
                // rule that none is closed while it processes.
                unsafe {
                    if setup.host.lockBlock(id, &raw mut block) == kResultOk {
                        setup.host.freeBlock(id, block.blockID, 1);
                    }
                }
            }
        });
        for round in 0..rounds {
            let id = setup.open(64, 4, 16, round).unwrap();
            open.store(id, Ordering::Release);
            setup.deliver();
            assert_eq!(setup.close(id), kResultOk);
            setup.deliver();
        }
        done.store(true, Ordering::Release);
    });
    setup.deliver();
    assert_eq!(setup.record.exchange.bytes.load(Ordering::Relaxed), 0);
}
