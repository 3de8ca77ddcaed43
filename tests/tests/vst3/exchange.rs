//! Blocks that a processor sends its controller through the host, on the thread that the controller asked for.

use crate::stage::{BLOCK, alone, beside, open, vst3};
use std::time::Duration;
use tests::{Live, wait};

const COUNTS: [&str; 4] = [
    "exchange.sent",
    "exchange.missed",
    "exchange.received_main",
    "exchange.received_background",
];

#[test]
fn blocks_reach_a_controller_on_the_main_thread_in_order() {
    let fixture = open();
    beside(vst3("exchange"), |stage| {
        stage.step(&[(0, &[0x90, 60, 100])]);
        assert_eq!(fixture.counter("exchange.opened"), 1);
        stage.play(BLOCK * 99);
        stage.serve();
        assert_eq!(COUNTS.map(|name| fixture.counter(name)), [100, 0, 100, 0]);
        assert_eq!(stage.played[0].last(), Some(&0.1));
    });
    assert_eq!(fixture.counter("exchange.closed"), 1);
    fixture.assert_gone();
}

#[test]
fn blocks_that_nobody_fetches_are_missed_and_the_music_plays() {
    let fixture = open();
    let mut stage = crate::stage::stage(vst3("exchange"));
    let offline = stage.session.offline().unwrap();
    for _ in 0..100 {
        offline.step(None);
    }
    let [sent, missed, ..] = COUNTS.map(|name| fixture.counter(name));
    assert_eq!((sent, missed), (32, 68), "as many as it asked room for");
    // What was kept waiting comes, and then there is room again.
    stage.serve();
    assert_eq!(fixture.counter("exchange.received_main"), 32);
    stage.play(BLOCK * 10);
    assert_eq!(fixture.counter("exchange.received_main"), 42);
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn blocks_reach_a_controller_in_the_background() {
    let fixture = open();
    let mut live = Live::new(&alone(vst3("exchange-background")), 48_000, 256);
    live.run(Duration::from_millis(300));
    live.session.close(Duration::from_secs(1));
    let [sent, missed, on_main, on_background] = COUNTS.map(|name| fixture.counter(name));
    assert!(sent >= 20, "{sent}");
    assert_eq!((missed, on_main), (0, 0));
    // Those of the last moment may find the queue closed.
    assert!(
        (sent.saturating_sub(32)..=sent).contains(&on_background),
        "{on_background} of {sent}"
    );
    assert_eq!(fixture.counter("exchange.closed"), 1);
    fixture.assert_gone();
}

#[test]
fn main_need_not_look_for_blocks_in_the_background() {
    let fixture = open();
    let mut stage = crate::stage::stage(vst3("exchange-background"));
    // The controller says where it wants them.
    stage.serve();
    let offline = stage.session.offline().unwrap();
    for _ in 0..20 {
        offline.step(None);
    }
    wait("the blocks came", Duration::from_secs(5), || {
        fixture.counter("exchange.received_background") == 20
    });
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn a_queue_ends_and_begins_with_its_activation() {
    let fixture = open();
    let mut live = Live::new(&alone(vst3("exchange")), 48_000, 64);
    live.run(Duration::from_millis(50));
    for rate in [44_100, 96_000] {
        live.open(rate, 64);
        live.run(Duration::from_millis(50));
    }
    assert_eq!(fixture.counter("exchange.opened"), 3);
    live.session.close(Duration::from_secs(1));
    assert_eq!(fixture.counter("exchange.closed"), 3);
    fixture.assert_gone();
}
