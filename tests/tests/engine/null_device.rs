//! Sessions on the null device: sizes and rates, opening late and anew, what the meters say.

use host::device::{BufferWish, Driver, LoadSnapshot, Wish};
use host::session::{Session, SessionEvent, Stamp};
use std::time::{Duration, Instant};
use tests::{Fixture, Format, Live, at, layer, plugin_as, rack, rows, with_params_as};

rows!(music_plays_at_every_block_size_and_rate);

fn music_plays_at_every_block_size_and_rate(format: Format) {
    for (rate, buffer) in [
        (48_000, 1),
        (48_000, 37),
        (44_100, 256),
        (48_000, 8_192),
        (192_000, 64),
        (8_000, 16),
    ] {
        let fixture = Fixture::open_as(format);
        let mut live = Live::new(&rack(vec![layer(vec![plugin_as(format, "state")])]), rate, buffer);
        let info = live.session.device().unwrap().clone();
        assert_eq!(
            (info.rate, info.buffer, info.driver),
            (rate, buffer, Driver::Null)
        );
        live.session.send_midi(Stamp::Now, &[0x90, 60, 100]);
        let sounds = live.run_until(Duration::from_secs(3), |meters| meters.peak == [0.1, 0.1]);
        assert!(sounds, "{rate} Hz, blocks of {buffer}");
        let (meters, started) = (live.meters, Instant::now());
        let span = u64::from(rate) / if buffer == 1 { 50 } else { 2 };
        let passed = live.run_until(Duration::from_secs(10), |now| now.frames >= meters.frames + span);
        assert!(passed, "{rate} Hz, blocks of {buffer}: {:?}", live.meters);
        let (frames, seconds) = (
            live.meters.frames - meters.frames,
            started.elapsed().as_secs_f64(),
        );
        let ratio = frames as f64 / f64::from(rate) / seconds;
        // Blocks of one frame are more than an unoptimised build on a busy machine can keep up with; most are lost.
        let least = if buffer == 1 { 0.02 } else { 0.7 };
        assert!(
            (least..1.4).contains(&ratio),
            "{rate} Hz, blocks of {buffer}: {ratio} of real time"
        );
        assert_eq!(live.meters.frames, live.meters.blocks * u64::from(buffer));
        assert_eq!(
            (live.meters.faults, live.meters.dropped, live.meters.leaving),
            (0, 0, 0)
        );
        assert_eq!(
            (live.meters.midi_events, live.meters.last_midi),
            (1, [0x90, 60, 100])
        );
        live.session.close(Duration::from_secs(1));
        fixture.assert_gone();
    }
}

rows!(a_rack_loaded_before_there_is_a_device_plays_when_there_is_one);

fn a_rack_loaded_before_there_is_a_device_plays_when_there_is_one(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut session = Session::new();
    let id = session
        .load(&rack(vec![layer(vec![with_params_as(
            format,
            "watch",
            &[("Level", 0.25)],
        )])]))
        .unwrap();
    assert_eq!((session.rate(), session.device()), (None, None));
    assert!(
        !session.send_midi(Stamp::Now, &[0x90, 60, 100]),
        "nobody would ever hear it"
    );
    assert_eq!(fixture.counter("instances.active"), 0);
    let mut live = Live::around(session, 48_000, 64);
    assert_eq!(live.run(Duration::from_millis(150)), 0.25);
    assert!(live.events.contains(&SessionEvent::RackPlaying(id)));
    live.session.close(Duration::from_secs(1));
    fixture.assert_gone();
}

rows!(racks_and_settings_outlive_the_device);

fn racks_and_settings_outlive_the_device(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut live = Live::new(&rack(vec![layer(vec![plugin_as(format, "watch")])]), 44_100, 64);
    live.run(Duration::from_millis(50));
    assert!(
        live.session
            .set_param(at(0, 0), "Level", 0.75, Stamp::Now)
            .unwrap()
    );
    assert_eq!(live.run(Duration::from_millis(100)), 0.75);
    live.open(96_000, 64);
    assert_eq!(live.session.rate(), Some(96_000.0));
    assert_eq!(
        live.run(Duration::from_millis(150)),
        0.75,
        "the value is kept and the sound is back"
    );
    // Another buffer size is no reason to trouble the plugins: longer blocks are split.
    live.open(96_000, 512);
    assert_eq!(live.run(Duration::from_millis(150)), 0.75);
    assert_eq!(fixture.counter("instances.created"), 1);
    let life = fixture.life_of("watch#1");
    assert_eq!(
        life[2..],
        [
            "activate 44100 1 64",
            "start_processing",
            "process",
            "stop_processing",
            "deactivate",
            "activate 96000 1 64",
            "start_processing",
            "process"
        ]
    );
    live.session.close(Duration::from_secs(1));
    fixture.assert_gone();
}

rows!(a_device_that_does_not_open_leaves_the_rack_for_the_next);

fn a_device_that_does_not_open_leaves_the_rack_for_the_next(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut live = Live::new(
        &rack(vec![layer(vec![with_params_as(
            format,
            "watch",
            &[("Level", 0.25)],
        )])]),
        48_000,
        64,
    );
    live.run(Duration::from_millis(50));
    let wish = Wish {
        driver: Some(Driver::Null),
        name: Some("nowhere".to_owned()),
        ..Wish::default()
    };
    let error = live.session.open(&wish).unwrap_err();
    assert_eq!(
        error.to_string(),
        "null has no device named \"nowhere\"; it has \"null\"."
    );
    assert_eq!(live.session.rack_count(), 1);
    live.open(48_000, 128);
    assert_eq!(live.run(Duration::from_millis(150)), 0.25);
    live.session.close(Duration::from_secs(1));
    fixture.assert_gone();
}

rows!(loads_are_plausible);

fn loads_are_plausible(format: Format) {
    let _turn = Fixture::open_as(format);
    let mut live = Live::new(&rack(vec![layer(vec![plugin_as(format, "watch")])]), 48_000, 128);
    live.run(Duration::from_millis(300));
    let first = live.session.load_since(&LoadSnapshot::default());
    live.run(Duration::from_millis(700));
    let second = live.session.load_since(&first);
    let blocks = second.total - first.total;
    assert!(
        (100..=400).contains(&blocks),
        "{blocks} blocks in 0.7 s, 262 expected"
    );
    assert!(
        second.mean > 0.0 && second.mean <= second.p999 + 0.005 && second.p999 <= second.max,
        "{second:?}"
    );
    assert!(second.mean < 0.5, "an idle rack: {}", second.mean);
    live.session.close(Duration::from_secs(1));
}

rows!(closing_fades_and_ends_within_its_limit);

/// Closing fades first, so that nobody hears a click.
fn closing_fades_and_ends_within_its_limit(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut live = Live::new(
        &rack(vec![layer(vec![with_params_as(
            format,
            "watch",
            &[("Level", 0.5)],
        )])]),
        48_000,
        64,
    );
    live.run(Duration::from_millis(50));
    let frames = fixture.counter("process.frames");
    let started = Instant::now();
    live.session.close(Duration::from_secs(2));
    assert!(
        started.elapsed() < Duration::from_millis(1_000),
        "{:?}",
        started.elapsed()
    );
    assert!(
        fixture.counter("process.frames") - frames >= 2_400,
        "the plugin played through a fade of 50 ms"
    );
    fixture.assert_gone();
}

rows!(time_stamps_keep_their_distance);

fn time_stamps_keep_their_distance(format: Format) {
    use host::clock::monotonic_nanos;
    let fixture = Fixture::open_as(format);
    let wish = Wish {
        driver: Some(Driver::Null),
        rate: Some(48_000),
        buffer: Some(BufferWish::Frames(64)),
        ..Wish::default()
    };
    let mut session = Session::new();
    session
        .load(&rack(vec![layer(vec![plugin_as(format, "watch")])]))
        .unwrap();
    session.open(&wish).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    // 20 commands of the last and the coming milliseconds: all are taken, in their order, none twice.
    let now = monotonic_nanos();
    for step in 0..20_u8 {
        assert!(session.send_midi(
            Stamp::Nanos(now + i64::from(step) * 500_000),
            &[0x90, step, 1 + step]
        ));
    }
    let until = Instant::now() + Duration::from_secs(2);
    while fixture.counter("events.note_on") < 20 && Instant::now() < until {
        session.tick(Instant::now());
        session.wait(Duration::from_millis(5));
    }
    assert!(
        monotonic_nanos() >= now + 19 * 500_000,
        "the last was not played before its time"
    );
    assert_eq!(fixture.counter("events.note_on"), 20);
    session.close(Duration::from_secs(1));
    fixture.assert_gone();
}
