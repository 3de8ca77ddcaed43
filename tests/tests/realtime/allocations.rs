//! No block allocates or frees, whatever happens.

use crate::allocator::{blocks, guard, take_offences};
use crate::exercise::exercise;
use host::device::{BufferWish, Driver, Wish};
use host::plugin::RenderMode;
use host::session::Session;
use std::time::{Duration, Instant};
use tests::Fixture;

fn assert_none(what: &str) {
    let (offences, first) = take_offences();
    assert_eq!(
        offences, 0,
        "{what}: {offences} on the audio thread; the first was {first}"
    );
}

#[test]
fn the_guard_sees_what_it_must_not() {
    let _turn = Fixture::open();
    let before = blocks();
    guard(&mut || drop(std::hint::black_box(Box::new(7))));
    let (offences, first) = take_offences();
    assert_eq!((offences, blocks() - before), (2, 1));
    assert!(first.starts_with("an allocation of 4 bytes:"), "{first}");
    drop(std::hint::black_box(Box::new(7)));
    assert_none("outside the guard");
}

#[test]
fn no_block_on_the_offline_device_allocates() {
    let fixture = Fixture::open();
    for block in [1, 37, 1_024] {
        let before = blocks();
        let mut session = Session::new();
        session.set_block_guard(guard);
        session.open_offline(48_000, block, RenderMode::Live).unwrap();
        let input = vec![0.1; block];
        exercise(&mut session, |session, milliseconds| {
            // As many blocks as the time holds, and with short ones one a millisecond, which tells as much.
            for _ in 0..(milliseconds * 48).div_ceil(block as u64).min(milliseconds) {
                session.offline().unwrap().step(Some([&input, &input]));
                session.tick(Instant::now());
            }
        });
        assert!(blocks() - before > 100, "the guard was used");
        // Blocks of a device may be longer than the plugins were told; they are split.
        let mut long = [vec![0.0; 3_000], vec![0.0; 3_000]];
        let [left, right] = &mut long;
        session.offline().unwrap().step_into(None, [left, right]);
        drop(session);
        assert_none(&format!("blocks of {block}"));
        fixture.assert_gone();
    }
}

#[test]
fn no_block_on_a_real_time_thread_allocates() {
    let fixture = Fixture::open();
    let before = blocks();
    let mut session = Session::new();
    session.set_block_guard(guard);
    let wish = Wish {
        driver: Some(Driver::Null),
        rate: Some(48_000),
        buffer: Some(BufferWish::Frames(64)),
        ..Wish::default()
    };
    session.open(&wish).unwrap();
    exercise(&mut session, |session, milliseconds| {
        let until = Instant::now() + Duration::from_millis(milliseconds);
        while Instant::now() < until {
            session.tick(Instant::now());
            session.wait(Duration::from_millis(2));
        }
    });
    session.close(Duration::from_secs(1));
    assert!(blocks() - before > 500, "the guard was used");
    assert_none("the null device");
    fixture.assert_gone();
}
