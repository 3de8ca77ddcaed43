//! No block allocates or frees, whatever happens.

use crate::allocator::{blocks, guard, take_excuses, take_offences};
use crate::exercise::exercise;
use host::device::{BufferWish, Driver, Wish};
use host::plugin::RenderMode;
use host::session::Session;
use std::time::{Duration, Instant};
use tests::{FORMATS, Fixture, Format, rows};

fn assert_none(what: &str) {
    let (offences, first) = take_offences();
    assert_eq!(
        offences, 0,
        "{what}: {offences} on the audio thread; the first was {first}"
    );
}

/// A message is a few allocations, and nothing else is excused: as VST3 the plugin asks for one with one note.
fn assert_excused(formats: &[Format]) {
    let excuses = take_excuses();
    if formats.contains(&Format::Vst3) {
        assert!((1..20).contains(&excuses), "{excuses}");
    } else {
        assert_eq!(excuses, 0);
    }
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

rows!(
    no_block_on_the_offline_device_allocates,
    no_block_on_a_real_time_thread_allocates
);

fn no_block_on_the_offline_device_allocates(format: Format) {
    offline(&[format]);
}

fn no_block_on_a_real_time_thread_allocates(format: Format) {
    on_a_real_time_thread(&[format]);
}

#[test]
fn no_block_of_chains_of_both_formats_on_the_offline_device_allocates() {
    offline(&FORMATS);
}

#[test]
fn no_block_of_chains_of_both_formats_on_a_real_time_thread_allocates() {
    on_a_real_time_thread(&FORMATS);
}

fn offline(formats: &[Format]) {
    let fixtures = Fixture::open_both();
    for block in [1, 37, 1_024] {
        let before = blocks();
        let mut session = Session::new();
        session.set_block_guard(guard);
        session.open_offline(48_000, block, RenderMode::Live).unwrap();
        let input = vec![0.1; block];
        exercise(formats, &mut session, |session, milliseconds| {
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
        fixtures.iter().for_each(Fixture::assert_gone);
    }
    assert_excused(formats);
}

fn on_a_real_time_thread(formats: &[Format]) {
    let fixtures = Fixture::open_both();
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
    exercise(formats, &mut session, |session, milliseconds| {
        let until = Instant::now() + Duration::from_millis(milliseconds);
        while Instant::now() < until {
            session.tick(Instant::now());
            session.wait(Duration::from_millis(2));
        }
    });
    session.close(Duration::from_secs(1));
    assert!(blocks() - before > 500, "the guard was used");
    assert_none("the null device");
    assert_excused(formats);
    fixtures.iter().for_each(Fixture::assert_gone);
}
