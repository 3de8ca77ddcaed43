use super::super::com::references;
use super::super::host::WRONG_THREAD;
use super::super::host::tests::{host, notices};
use super::*;
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::AsRawFd;
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use vst3::Steinberg::Linux::IRunLoop;
use vst3::{Class, ComPtr, ComWrapper};

/// A handler of both kinds that counts its calls and then does one thing more.
#[derive(Default)]
struct Handler {
    calls: AtomicUsize,
    then: Mutex<Then>,
    /// The run loop, not held: the test does.
    host: AtomicPtr<IRunLoop>,
    pipe: Mutex<Option<PipeReader>>,
}

#[derive(Default)]
enum Then {
    #[default]
    Nothing,
    /// Unregisters this timer or event handler, which may be itself.
    RemoveTimer(ComPtr<ITimerHandler>),
    RemoveFd(ComPtr<IEventHandler>),
    /// Unregisters this handler and registers it again.
    Renew(ComPtr<IEventHandler>, FileDescriptor),
}

impl Class for Handler {
    type Interfaces = (IEventHandler, ITimerHandler);
}

impl Handler {
    fn act(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let then = std::mem::take(&mut *self.then.lock().unwrap());
        // SAFETY: null, or the run loop that the test holds.
        let Some(host) = (unsafe { ComRef::from_raw(self.host.load(Ordering::Relaxed)) }) else {
            return;
        };
        // SAFETY: live handlers.
        unsafe {
            match &then {
                Then::Nothing => {}
                Then::RemoveTimer(timer) => assert_eq!(host.unregisterTimer(timer.as_ptr()), kResultOk),
                Then::RemoveFd(handler) => {
                    assert_eq!(host.unregisterEventHandler(handler.as_ptr()), kResultOk);
                }
                Then::Renew(handler, fd) => {
                    assert_eq!(host.unregisterEventHandler(handler.as_ptr()), kResultOk);
                    assert_eq!(host.registerEventHandler(handler.as_ptr(), *fd), kResultOk);
                }
            }
        }
    }
}

impl IEventHandlerTrait for Handler {
    unsafe fn onFDIsSet(&self, fd: FileDescriptor) {
        if let Some(pipe) = &mut *self.pipe.lock().unwrap() {
            assert_eq!(pipe.as_raw_fd(), fd);
            let mut byte = [0];
            pipe.read_exact(&mut byte).unwrap();
            assert_eq!(byte, [42]);
        }
        self.act();
    }
}

impl ITimerHandlerTrait for Handler {
    unsafe fn onTimer(&self) {
        self.act();
    }
}

fn handler(host: &ComPtr<IRunLoop>) -> ComWrapper<Handler> {
    ComWrapper::new(Handler {
        host: AtomicPtr::new(host.as_ptr()),
        ..Handler::default()
    })
}

fn fds(run_loop: &RunLoop) -> Vec<i32> {
    run_loop.watched_fds().iter().map(|watch| watch.fd).collect()
}

fn event(handler: &ComWrapper<Handler>) -> ComPtr<IEventHandler> {
    handler.to_com_ptr().unwrap()
}

fn timer(handler: &ComWrapper<Handler>) -> ComPtr<ITimerHandler> {
    handler.to_com_ptr().unwrap()
}

/// The references that others than the test's wrapper hold.
fn held(handler: &ComWrapper<Handler>) -> usize {
    references(&event(handler)) - 2
}

fn calls(handler: &ComWrapper<Handler>) -> usize {
    handler.calls.load(Ordering::Relaxed)
}

#[test]
fn a_pipe_is_watched_and_read() {
    let (record, host) = host::<IRunLoop>();
    let (reader, mut writer): (PipeReader, PipeWriter) = pipe().unwrap();
    let fd = reader.as_raw_fd();
    let one = handler(&host);
    *one.pipe.lock().unwrap() = Some(reader);
    // SAFETY: live objects.
    unsafe {
        assert_eq!(host.registerEventHandler(event(&one).as_ptr(), fd), kResultOk);
        assert_eq!(
            host.registerEventHandler(event(&one).as_ptr(), fd),
            kResultOk,
            "twice is once"
        );
    }
    assert_eq!(held(&one), 1);
    let watched = record.run_loop.watched_fds();
    let expected = WatchedFd {
        fd,
        read: true,
        write: false,
        error: true,
    };
    assert_eq!(watched, [expected]);
    for round in 1..=3 {
        writer.write_all(&[42]).unwrap();
        let mut poll = [libc::pollfd {
            fd: watched[0].fd,
            events: libc::POLLIN,
            revents: 0,
        }];
        // SAFETY: an array of one.
        assert_eq!(unsafe { libc::poll(poll.as_mut_ptr(), 1, 1000) }, 1);
        record.run_loop.fd_ready(fd);
        assert_eq!(calls(&one), round);
    }
    record.run_loop.fd_ready(fd + 1000);
    assert_eq!(calls(&one), 3);
    // SAFETY: live objects.
    unsafe {
        assert_eq!(host.unregisterEventHandler(event(&one).as_ptr()), kResultOk);
        assert_eq!(host.unregisterEventHandler(event(&one).as_ptr()), kResultFalse);
    }
    assert_eq!((held(&one), fds(&record.run_loop)), (0, vec![]));
}

#[test]
fn a_handler_may_unregister_itself_and_others_while_it_is_called() {
    let (record, host) = host::<IRunLoop>();
    let [first, second, third] = [(); 3].map(|()| handler(&host));
    // SAFETY: live objects. No descriptor is read from, so any number will do.
    unsafe {
        for one in [&first, &second, &third] {
            assert_eq!(host.registerEventHandler(event(one).as_ptr(), 7), kResultOk);
        }
        assert_eq!(host.registerEventHandler(event(&second).as_ptr(), 3), kResultOk);
    }
    assert_eq!(fds(&record.run_loop), [3, 7]);
    *first.then.lock().unwrap() = Then::RemoveFd(event(&second));
    *third.then.lock().unwrap() = Then::RemoveFd(event(&third));
    record.run_loop.fd_ready(7);
    assert_eq!([&first, &second, &third].map(calls), [1, 0, 1]);
    assert_eq!([&first, &second, &third].map(held), [1, 0, 0]);
    assert_eq!(fds(&record.run_loop), [7]);

    *first.then.lock().unwrap() = Then::Renew(event(&first), 7);
    record.run_loop.fd_ready(7);
    assert_eq!(
        calls(&first),
        2,
        "one that registers anew waits for the next time"
    );
    record.run_loop.fd_ready(7);
    assert_eq!((calls(&first), held(&first)), (3, 1));
}

#[test]
fn timers_fire_at_their_time_and_late_ones_once() {
    let (record, host) = host::<IRunLoop>();
    let run_loop = &record.run_loop;
    let [slow, fast] = [(); 2].map(|()| handler(&host));
    assert_eq!(run_loop.next_timer(), None);
    let before = Instant::now();
    // SAFETY: live objects.
    unsafe {
        assert_eq!(host.registerTimer(timer(&slow).as_ptr(), 100), kResultOk);
        assert_eq!(host.registerTimer(timer(&fast).as_ptr(), 1), kResultOk);
    }
    let after = Instant::now();
    let millis = Duration::from_millis;
    let due = run_loop.next_timer().unwrap();
    assert!(
        (before + millis(5)..=after + millis(5)).contains(&due),
        "slowed to 5 ms"
    );
    run_loop.serve_timers(due - Duration::from_nanos(1));
    assert_eq!([&slow, &fast].map(calls), [0, 0]);
    run_loop.serve_timers(due);
    assert_eq!([&slow, &fast].map(calls), [0, 1]);
    assert_eq!(run_loop.next_timer(), Some(due + millis(5)), "it keeps its beat");

    let late = after + millis(1000);
    run_loop.serve_timers(late);
    run_loop.serve_timers(late);
    assert_eq!([&slow, &fast].map(calls), [1, 2], "once however late");
    assert_eq!(run_loop.next_timer(), Some(late + millis(5)));
    // SAFETY: live objects.
    unsafe {
        assert_eq!(host.unregisterTimer(timer(&fast).as_ptr()), kResultOk);
        assert_eq!(host.unregisterTimer(timer(&fast).as_ptr()), kResultFalse);
    }
    assert_eq!(run_loop.next_timer(), Some(late + millis(100)));
    assert_eq!([&slow, &fast].map(held), [1, 0]);
}

#[test]
fn a_timer_may_stop_itself_and_others_while_it_fires() {
    let (record, host) = host::<IRunLoop>();
    let [first, second, third] = [(); 3].map(|()| handler(&host));
    // SAFETY: live objects.
    unsafe {
        for one in [&first, &second, &third] {
            assert_eq!(host.registerTimer(timer(one).as_ptr(), 10), kResultOk);
        }
    }
    *first.then.lock().unwrap() = Then::RemoveTimer(timer(&second));
    *third.then.lock().unwrap() = Then::RemoveTimer(timer(&third));
    record
        .run_loop
        .serve_timers(Instant::now() + Duration::from_secs(1));
    assert_eq!([&first, &second, &third].map(calls), [1, 0, 1]);
    assert_eq!([&first, &second, &third].map(held), [1, 0, 0]);
}

#[test]
fn bad_registrations_are_refused() {
    let (record, host) = host::<IRunLoop>();
    let one = handler(&host);
    // SAFETY: live objects or null.
    unsafe {
        assert_eq!(
            host.registerEventHandler(std::ptr::null_mut(), 1),
            kInvalidArgument
        );
        assert_eq!(
            host.registerEventHandler(event(&one).as_ptr(), -1),
            kInvalidArgument
        );
        assert_eq!(host.registerTimer(std::ptr::null_mut(), 10), kInvalidArgument);
        assert_eq!(host.registerTimer(timer(&one).as_ptr(), 0), kInvalidArgument);
        assert_eq!(host.unregisterEventHandler(std::ptr::null_mut()), kResultFalse);
        assert_eq!(host.unregisterTimer(std::ptr::null_mut()), kResultFalse);
        assert_eq!(host.registerTimer(timer(&one).as_ptr(), u64::MAX), kResultOk);
        assert!(record.run_loop.next_timer().is_some());
        let results: Vec<_> = (0..300)
            .map(|fd| host.registerEventHandler(event(&one).as_ptr(), fd))
            .collect();
        assert_eq!((results[0], results[299]), (kResultOk, kOutOfMemory));
    }
    record.close_queues();
    record.let_go();
    assert_eq!(
        (held(&one), fds(&record.run_loop), record.run_loop.next_timer()),
        (0, vec![], None)
    );
    // SAFETY: live objects.
    unsafe {
        assert_eq!(host.registerEventHandler(event(&one).as_ptr(), 1), kOutOfMemory);
        assert_eq!(host.registerTimer(timer(&one).as_ptr(), 10), kOutOfMemory);
    }
    assert_eq!(held(&one), 0);
}

#[test]
fn other_threads_are_refused_and_told_of() {
    let (record, host) = host::<IRunLoop>();
    let one = handler(&host);
    // SAFETY: live objects.
    unsafe { assert_eq!(host.registerTimer(timer(&one).as_ptr(), 10), kResultOk) };
    let (events, timers) = (event(&one), timer(&one));
    std::thread::scope(|scope| {
        // SAFETY: live objects.
        scope.spawn(|| unsafe {
            assert_eq!(host.registerEventHandler(events.as_ptr(), 1), kResultFalse);
            assert_eq!(host.unregisterEventHandler(events.as_ptr()), kResultFalse);
            assert_eq!(host.registerTimer(timers.as_ptr(), 10), kResultFalse);
            assert_eq!(host.unregisterTimer(timers.as_ptr()), kResultFalse);
            assert!(record.run_loop.watched_fds().is_empty());
            record
                .run_loop
                .serve_timers(Instant::now() + Duration::from_secs(1));
        });
    });
    drop((events, timers));
    assert_eq!((calls(&one), held(&one)), (0, 1));
    assert_eq!(notices(&record), [(WRONG_THREAD, "IRunLoop".to_owned())]);
}
