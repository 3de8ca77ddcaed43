//! Plugins that play what nobody should hear, fail, take too long, or do not stop.

use host::device::LoadSnapshot;
use host::session::{Command, Fault, LayerSettings, LayerSpec, SessionEvent, Stamp};
use std::time::Duration;
use tests::{Fixture, Format, Live, Stage, layer, name_of, plugin_as, rack, rows, with_params_as};

/// The plugin on the left alone, and on the right a layer that plays 0.25.
fn beside_music(format: Format, name: &str) -> Vec<LayerSpec> {
    let side = |pan, channel, plugin| {
        let mut layer = layer(vec![plugin]);
        layer.settings = LayerSettings {
            pan,
            channel,
            ..LayerSettings::default()
        };
        layer
    };
    // The music listens to a channel that nobody plays on.
    vec![
        side(-1.0, None, plugin_as(format, name)),
        side(1.0, Some(15), with_params_as(format, "watch", &[("Level", 0.25)])),
    ]
}

fn faults(stage: &mut Stage) -> Vec<(String, Fault)> {
    let told = stage.take_events().into_iter().filter_map(|event| match event {
        SessionEvent::Fault { place, name, fault } => Some((format!("{place} {name}"), fault)),
        _ => None,
    });
    told.collect()
}

rows!(bad_numbers_and_dangerous_levels_become_silence);

fn bad_numbers_and_dangerous_levels_become_silence(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut stage = Stage::new(&rack(beside_music(format, "nan")), 64);
    stage.play(4_800);
    let tone = stage.greatest_step(0);
    assert!(stage.played[0].iter().any(|sample| sample.abs() > 0.009));
    let mut replaced = 0;
    for (key, fault) in [
        (1, Fault::NotANumber),
        (2, Fault::NotANumber),
        (3, Fault::TooLoud),
    ] {
        let start = stage.position();
        stage.step(&[(10, &[0x90, key, 100])]);
        stage.play(6_400 - 64);
        // From the fault's block to that of the note-off, both replaced as a whole.
        stage.step(&[(10, &[0x80, key, 0])]);
        replaced += 101;
        assert_eq!(
            faults(&mut stage),
            [(format!("Layer/1 {}", name_of(format, "nan")), fault)],
            "told once"
        );
        assert!(
            stage.played[0][start + 256..start + 6_400]
                .iter()
                .all(|&sample| sample == 0.0),
            "silence, key {key}"
        );
        stage.play(6_400);
        let after = &stage.played[0][stage.position() - 3_200..];
        assert!(
            after.iter().any(|sample| sample.abs() > 0.009),
            "it is heard again after key {key}"
        );
    }
    assert!(stage.played.iter().flatten().all(|sample| sample.abs() <= 0.25));
    assert!(
        stage.played[1].iter().all(|&sample| sample == 0.25),
        "the other layer plays on"
    );
    let step = stage.played[0]
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(0.0, f32::max);
    assert!(
        step < tone + 0.01 / 32.0,
        "ramps, not clicks: {step}, the tone itself has {tone}"
    );
    assert_eq!(stage.meters.faults, replaced);
    drop(stage);
    fixture.assert_gone();
}

rows!(a_block_that_fails_is_not_heard);

fn a_block_that_fails_is_not_heard(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut stage = Stage::new(&rack(beside_music(format, "fail-process")), 512);
    stage.step(&[(0, &[0x90, 60, 100])]);
    stage.play(5_120);
    stage.step(&[(0, &[0x90, 5, 100])]);
    stage.play(512 * 30 - 512);
    stage.step(&[(0, &[0x80, 5, 100])]);
    stage.play(5_120);
    let told = faults(&mut stage);
    assert_eq!(told.len(), 10, "one for each run of bad blocks: {told:?}");
    let expected = (
        format!("Layer/1 {}", name_of(format, "fail-process")),
        Fault::Process,
    );
    assert!(told.iter().all(|told| *told == expected), "{told:?}");
    assert_eq!(stage.meters.faults, 10);
    assert!(
        stage.played[0]
            .iter()
            .all(|&sample| (0.0..=0.1).contains(&sample)),
        "nothing of the bad blocks"
    );
    assert!(stage.played[0][512 * 12..512 * 41].contains(&0.0));
    assert_eq!(stage.played[0].last(), Some(&0.1));
    let step = stage.played[0][512..]
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(0.0, f32::max);
    assert!(step <= 0.1 / 63.0, "{step}");
    assert!(
        stage.played[1].iter().all(|&sample| sample == 0.25),
        "the other layer plays on"
    );
    drop(stage);
    fixture.assert_gone();
}

rows!(a_slow_plugin_is_late_and_counted_and_the_device_goes_on);

fn a_slow_plugin_is_late_and_counted_and_the_device_goes_on(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut live = Live::new(&rack(beside_music(format, "slow")), 48_000, 256);
    live.run(Duration::from_millis(300));
    let before = live.session.load_since(&LoadSnapshot::default());
    live.session.send_midi(Stamp::Now, &[0x90, 6, 100]);
    live.run(Duration::from_millis(300));
    let slow = live.session.load_since(&before);
    assert!(
        slow.late >= before.late + 10,
        "late blocks: {} and then {}",
        before.late,
        slow.late
    );
    assert!(slow.max >= 3.0 && slow.p999 >= 2.0, "{} {}", slow.max, slow.p999);
    live.session.send_midi(Stamp::Now, &[0x80, 6, 100]);
    live.run(Duration::from_millis(200));
    let settled = live.session.load_since(&slow);
    live.run(Duration::from_millis(300));
    let after = live.session.load_since(&settled);
    assert!(
        after.total > settled.total + 20,
        "blocks come again at their rate"
    );
    assert!(after.mean < 1.0, "{}", after.mean);
    assert_eq!(live.run(Duration::from_millis(100)), 0.25);
    live.session.close(Duration::from_secs(1));
    fixture.assert_gone();
}

/// Plays a note that never ends and panics; gives the frames from the panic to silence.
fn panic_until_silent(stage: &mut Stage, ask: impl FnOnce(&mut Stage)) -> usize {
    stage.step(&[(0, &[0x90, 60, 100])]);
    stage.step(&[(0, &[0x80, 60, 100])]);
    stage.play(6_400);
    assert_eq!(stage.played[0].last(), Some(&0.25), "it is stuck");
    stage.take_events();
    ask(stage);
    let start = stage.position();
    stage.play(48_000);
    let last = stage.played[0].iter().rposition(|&sample| sample != 0.0).unwrap();
    last + 1 - start
}

/// How often the plugin was told to forget what sounds: VST3 has no other way than to end processing and begin again.
fn resets(fixture: &Fixture, format: Format) -> u64 {
    match format {
        Format::Clap => fixture.counter("resets"),
        Format::Vst3 => fixture.counter("starts") - fixture.counter("activations"),
    }
}

fn by_command(stage: &mut Stage) {
    assert!(stage.session.send(Stamp::Now, Command::Panic));
}

rows!(a_panic_resets_what_note_offs_do_not_end);

fn a_panic_resets_what_note_offs_do_not_end(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut stage = Stage::new(&rack(vec![layer(vec![plugin_as(format, "stuck")])]), 64);
    let frames = panic_until_silent(&mut stage, by_command);
    assert!(frames <= 2 * 64, "{frames} frames until the reset");
    assert!(
        stage.events.contains(&SessionEvent::PanicDone),
        "{:?}",
        stage.events
    );
    assert_eq!((resets(&fixture, format), fixture.counter("activations")), (1, 1));
    // A system reset from a keyboard does the same, and afterwards the plugin plays again.
    let by_message = |stage: &mut Stage| stage.step(&[(0, &[0xff])]);
    assert!(panic_until_silent(&mut stage, by_message) <= 2 * 64);
    drop(stage);
    fixture.assert_gone();
}

rows!(a_panic_activates_anew_what_a_reset_does_not_end);

fn a_panic_activates_anew_what_a_reset_does_not_end(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut layers = vec![
        layer(vec![plugin_as(format, "stuck-hard")]),
        layer(vec![plugin_as(format, "stuck")]),
    ];
    layers[1].settings.mute = true;
    let mut stage = Stage::new(&rack(layers), 64);
    let frames = panic_until_silent(&mut stage, by_command);
    assert!(frames < 48_000 / 2, "{frames} frames until it is silent");
    let stuck =
        |event: &SessionEvent| matches!(event, SessionEvent::PanicStuck { place, .. } if place.number == 1);
    assert_eq!(
        stage.events.iter().filter(|event| stuck(event)).count(),
        1,
        "{:?}",
        stage.events
    );
    assert!(
        stage
            .events
            .iter()
            .any(|event| matches!(event, SessionEvent::Reactivated { .. }))
    );
    assert_eq!(
        fixture.counter("activations"),
        3,
        "the one that was reset stays active"
    );
    assert!(
        panic_until_silent(&mut stage, by_command) < 48_000 / 2,
        "it plays again, and is stuck again"
    );
    drop(stage);
    fixture.assert_gone();
}

rows!(a_panic_silences_the_racks_that_leave_too);

fn a_panic_silences_the_racks_that_leave_too(format: Format) {
    let fixture = Fixture::open_as(format);
    let spec = rack(vec![layer(vec![plugin_as(format, "stuck-hard")])]);
    let mut stage = Stage::new(&spec, 64);
    for _ in 0..3 {
        stage.step(&[(0, &[0x90, 60, 100])]);
        stage.session.load(&spec).unwrap();
    }
    stage.play(640);
    assert_eq!(stage.played[0].last(), Some(&0.75));
    by_command(&mut stage);
    stage.play(24_000);
    assert_eq!(stage.played[0].last(), Some(&0.0));
    stage.play(24_000);
    assert_eq!(stage.session.rack_count(), 1);
    drop(stage);
    fixture.assert_gone();
}

rows!(a_panic_is_heard_on_a_real_time_thread);

fn a_panic_is_heard_on_a_real_time_thread(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut live = Live::new(
        &rack(vec![layer(vec![plugin_as(format, "stuck-hard")])]),
        48_000,
        64,
    );
    live.session.send_midi(Stamp::Now, &[0x90, 60, 100]);
    assert_eq!(live.run(Duration::from_millis(100)), 0.25);
    assert!(live.session.send(Stamp::Now, Command::Panic));
    live.run(Duration::from_millis(600));
    assert_eq!(live.run(Duration::from_millis(100)), 0.0);
    live.session.send_midi(Stamp::Now, &[0x90, 60, 100]);
    assert_eq!(live.run(Duration::from_millis(100)), 0.25, "it plays again");
    live.session.close(Duration::from_secs(1));
    fixture.assert_gone();
}
