//! A full ring loses no note-off, no pedal-up and no panic.

use host::device::{Callback, CallbackParts, Offline};
use host::lend::lend;
use host::link::Link;
use host::plugin::Instance;
use host::session::{Command, LayerSettings, RackId, SessionEvent, Stamp};
use rt::rack::{Layer, Rack};
use rt::wire::Handover;
use tests::{Fixture, Format, Stage, demo_plugin, layer, plugin_as, rack, rows};

/// More commands than a lane holds.
const FLOOD: usize = 10_000;
/// A key that is held through the flood.
const HELD: u8 = 120;

rows!(releases_get_through_mains_full_ring);

fn releases_get_through_mains_full_ring(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut stage = Stage::new(&rack(vec![layer(vec![plugin_as(format, "state")])]), 64);
    for key in 0..128 {
        assert!(stage.session.send_midi(Stamp::Now, &[0x90, key, 100]));
    }
    let taken = (0..FLOOD)
        .filter(|_| stage.session.send_midi(Stamp::Now, &[0xb0, 1, 2]))
        .count();
    assert!(taken < FLOOD, "the ring was meant to be full");
    assert!(
        !stage.session.send_midi(Stamp::Now, &[0x90, 1, 100]),
        "a note that will not sound is said so"
    );
    for key in 0..128 {
        assert!(stage.session.send_midi(Stamp::Now, &[0x80, key, 64]));
    }
    assert!(stage.play(64)[0] == 0.1);
    stage.play(6_400);
    assert_eq!(stage.played[0].last(), Some(&0.0), "no note hangs");
    assert_eq!(stage.meters.dropped, (FLOOD - taken + 1) as u64);
    drop(stage);
    fixture.assert_gone();
}

rows!(a_pedal_up_gets_through_a_full_ring);

fn a_pedal_up_gets_through_a_full_ring(format: Format) {
    let mut stage = Stage::new(&rack(vec![layer(vec![demo_plugin(format, "demo-synth")])]), 64);
    for message in [[0xb0, 64, 127], [0x90, 60, 100], [0x80, 60, 0]] {
        assert!(stage.session.send_midi(Stamp::Now, &message));
    }
    stage.play(24_000);
    let heard = stage.played[0][20_000..].iter().any(|sample| sample.abs() > 0.01);
    assert!(heard, "the pedal holds the note");
    while stage.session.send_midi(Stamp::Now, &[0xb0, 1, 0]) {}
    assert!(stage.session.send_midi(Stamp::Now, &[0xb0, 64, 0]));
    stage.play(48_000 * 4);
    assert!(
        stage.played[0][stage.position() - 64..]
            .iter()
            .all(|sample| sample.abs() < 1e-4)
    );
}

rows!(a_panic_gets_through_a_full_ring);

fn a_panic_gets_through_a_full_ring(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut stage = Stage::new(&rack(vec![layer(vec![plugin_as(format, "state")])]), 64);
    assert!(stage.session.send_midi(Stamp::Now, &[0x90, 60, 100]));
    stage.play(64);
    while stage.session.send_midi(Stamp::Now, &[0xb0, 1, 0]) {}
    assert!(stage.session.send(Stamp::Now, Command::Panic));
    stage.play(64 * 200);
    assert_eq!(stage.played[0].last(), Some(&0.0));
    assert!(stage.events.contains(&SessionEvent::PanicDone));
    drop(stage);
    fixture.assert_gone();
}

rows!(releases_get_through_the_full_rings_of_other_threads);

/// Two threads play through lanes of their own, as MIDI ports do, faster than the engine is stepped. Each holds a note and
/// plays others on its own channel; at the end none sounds.
fn releases_get_through_the_full_rings_of_other_threads(format: Format) {
    let fixture = Fixture::open_as(format);
    let (mut link, engine) = Link::build(48_000.0, 64);
    let mut instance = Instance::load(&plugin_as(format, "state").source).unwrap();
    let unit = lend(instance.activate(48_000.0, 64).unwrap());
    let chain = |units: Vec<_>| Layer::new(LayerSettings::default(), lend(units.into_boxed_slice()));
    let rack = Rack {
        id: RackId(1),
        layers: lend(vec![chain(vec![Some(unit)])].into_boxed_slice()),
        master: chain(Vec::new()),
        maps: lend(Box::new([])),
        ceiling: None,
    };
    link.hand_over(Handover::Rack(lend(Box::new(rack)))).unwrap();
    let mut lanes = [link.open_lane().unwrap(), link.open_lane().unwrap()];
    let slot = link.slot(engine);
    let callback = Callback::new(CallbackParts {
        slot,
        rate: 48_000,
        load: Default::default(),
        midi_out: None,
        guard: None,
    });
    let mut offline = Offline::new(callback, 48_000, 64);

    for (channel, lane) in (0..).zip(&mut lanes) {
        assert!(lane.send_midi(Stamp::Now, &[0x90 | channel, HELD, 100]));
    }
    offline.step(None);
    assert!(
        offline.step(None)[0].iter().all(|&sample| sample == 0.1),
        "both hold a note"
    );

    let dropped = std::thread::scope(|scope| {
        let players = (0_u8..).zip(lanes).map(|(channel, mut lane)| {
            scope.spawn(move || {
                for number in 0..FLOOD {
                    let key = (number % 100) as u8;
                    lane.send_midi(Stamp::Now, &[0x90 | channel, key, 100]);
                    lane.send_midi(Stamp::Now, &[0xb0 | channel, 1, key]);
                    assert!(lane.send_midi(Stamp::Now, &[0x80 | channel, key, 64]));
                }
                assert!(lane.send_midi(Stamp::Now, &[0x80 | channel, HELD, 64]));
                lane.dropped()
            })
        });
        let players: Vec<_> = players.collect();
        while players.iter().any(|player| !player.is_finished()) {
            offline.step(None);
            std::thread::sleep(std::time::Duration::from_micros(200));
        }
        players
            .into_iter()
            .map(|player| player.join().unwrap())
            .sum::<u32>()
    });
    assert!(dropped > 0, "the rings were meant to be full");
    for _ in 0..100 {
        offline.step(None);
        while link.report().is_some() {}
    }
    assert!(
        offline.step(None)[0].iter().all(|&sample| sample == 0.0),
        "no note hangs"
    );

    drop(offline);
    let mut engine = link.take_home(std::time::Duration::from_secs(1)).unwrap();
    let mut retired = Vec::new();
    {
        let _audio = host::role::Audio::enter();
        engine.dismantle(|thing| retired.push(thing));
    }
    while let Some(thing) = link.retired() {
        retired.push(thing);
    }
    drop(retired);
    drop(engine);
    assert!(instance.deactivate());
    drop(instance);
    fixture.assert_gone();
}
