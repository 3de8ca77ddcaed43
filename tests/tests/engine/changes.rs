//! Latency and ports that change while playing: one plugin is activated anew, everything else plays on.

use host::plugin::PluginEvent;
use host::session::{LayerSettings, LayerSpec, SessionEvent, Stamp};
use std::time::{Duration, Instant};
use tests::{Fixture, Format, Live, Stage, at, layer, plugin_as, rack, rows, with_params_as};

/// A layer heard on one side alone.
fn on_side(pan: f32, mut layer: LayerSpec) -> LayerSpec {
    layer.settings = LayerSettings {
        pan,
        ..LayerSettings::default()
    };
    layer
}

/// What a layer with a level of 0.25 plays, on the right alone.
fn beside(format: Format) -> LayerSpec {
    on_side(
        1.0,
        layer(vec![with_params_as(format, "watch", &[("Level", 0.25)])]),
    )
}

fn reactivated(events: &[SessionEvent]) -> Vec<(String, u32)> {
    let found = events.iter().filter_map(|event| match event {
        SessionEvent::Reactivated { place, latency, .. } => Some((place.to_string(), *latency)),
        _ => None,
    });
    found.collect()
}

rows!(a_new_latency_is_taken_while_the_other_layers_play);

fn a_new_latency_is_taken_while_the_other_layers_play(format: Format) {
    let fixture = Fixture::open_as(format);
    let delayed = on_side(
        -1.0,
        layer(vec![
            with_params_as(format, "watch", &[("Level", 0.5)]),
            plugin_as(format, "effect"),
        ]),
    );
    let mut stage = Stage::new(&rack(vec![delayed, beside(format)]), 64);
    stage.play(6_400);
    assert_eq!(stage.session.rack().unwrap().latency(), 64);
    for latency in [1_000, 0, 8_192] {
        assert!(
            stage
                .session
                .set_param(at(0, 1), "Latency", f64::from(latency), Stamp::Now)
                .unwrap()
        );
        stage.play(19_200);
        assert_eq!(
            reactivated(&stage.take_events()),
            [("Layer/2".to_owned(), latency)]
        );
        assert_eq!(stage.session.rack().unwrap().latency(), latency);
        assert_eq!(stage.played[0].last(), Some(&0.5), "it sounds again");
    }
    assert!(
        stage.played[1].iter().all(|&sample| sample == 0.25),
        "the other layer never stopped"
    );
    // A VST3 plugin whose parameters are set hears of them in an activation of its own.
    let told = if format == Format::Vst3 { 2 } else { 0 };
    assert_eq!(fixture.counter("activations"), 3 + 3 + told);
    // Told once for each new value, from within `activate`; it was no reason for another round.
    assert_eq!(fixture.counter("host.latency_changed"), 3);
    let life = fixture.life_of("effect#2");
    assert_eq!(
        life[2..9],
        [
            "activate 48000 1 64",
            "start_processing",
            "process",
            "stop_processing",
            "deactivate",
            "activate 48000 1 64",
            "start_processing"
        ]
    );
    drop(stage);
    fixture.assert_gone();
}

rows!(a_plugin_goes_and_comes_without_a_click);

fn a_plugin_goes_and_comes_without_a_click(format: Format) {
    let _turn = Fixture::open_as(format);
    let delayed = layer(vec![
        with_params_as(format, "watch", &[("Level", 0.5)]),
        with_params_as(format, "effect", &[("Latency", 0.0)]),
    ]);
    let mut stage = Stage::new(&rack(vec![delayed]), 64);
    stage.play(6_400);
    assert!(
        stage
            .session
            .set_param(at(0, 1), "Latency", 1.0, Stamp::Now)
            .unwrap()
    );
    stage.play(19_200);
    assert_eq!(reactivated(&stage.events).len(), 1);
    // Level to silence or back within 64 frames is the steepest ramp there is.
    assert!(
        stage.greatest_step(64) <= 0.5 / 63.0,
        "{}",
        stage.greatest_step(64)
    );
}

rows!(ports_come_and_go_while_the_other_layers_play);

fn ports_come_and_go_while_the_other_layers_play(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut multi = on_side(-1.0, layer(vec![plugin_as(format, "multi")]));
    multi.settings.pan = 0.0;
    let mut stage = Stage::new(&rack(vec![multi, beside(format)]), 64);
    let heard = |stage: &Stage| {
        [
            stage.played[0].last().copied().unwrap(),
            stage.played[1].last().copied().unwrap(),
        ]
    };
    let expect = |ports: u32| {
        let levels = [[0.1_f32, 0.2], [0.3, 0.3], [0.4, 0.5], [0.6, 0.6]];
        let [left, right] = levels[..ports as usize]
            .iter()
            .fold([0.0; 2], |[l, r], port| [l + port[0], r + port[1]]);
        [left, right + 0.25]
    };
    stage.step(&[(0, &[0x90, 60, 100])]);
    stage.play(640);
    assert_eq!(heard(&stage), expect(3));
    for ports in [4, 1, 2, 3] {
        assert!(
            stage
                .session
                .set_param(at(0, 0), "Ports", f64::from(ports), Stamp::Now)
                .unwrap()
        );
        stage.play(9_600);
        assert_eq!(reactivated(&stage.take_events()), [("Layer/1".to_owned(), 0)]);
        // The plugin has forgotten its notes with its activation.
        stage.step(&[(0, &[0x90, 60, 100])]);
        stage.play(640);
        assert_eq!(heard(&stage), expect(ports), "{ports} ports");
    }
    assert_eq!(fixture.counter("host.audio_ports_rescan"), 4);
    assert!(
        stage.played[1].iter().all(|&sample| sample >= 0.25),
        "the other layer never stopped"
    );
    drop(stage);
    fixture.assert_gone();
}

rows!(changes_are_taken_on_a_real_time_thread);

/// Sixteen follow each other as fast as they are asked for. The next has to wait, for the plugin would be heard no more.
fn changes_are_taken_on_a_real_time_thread(format: Format) {
    let fixture = Fixture::open_as(format);
    let delayed = layer(vec![
        with_params_as(format, "watch", &[("Level", 0.5)]),
        plugin_as(format, "effect"),
    ]);
    let mut live = Live::new(&rack(vec![delayed]), 48_000, 64);
    let ask = |live: &mut Live, latency: u32| {
        let value = f64::from(latency);
        let set = live.session.set_param(at(0, 1), "Latency", value, Stamp::Now);
        assert!(set.unwrap());
    };
    for latency in 1..=16 {
        ask(&mut live, latency);
        let asked = Instant::now();
        while live.session.rack().unwrap().latency() != latency {
            assert!(asked.elapsed() < Duration::from_secs(2), "{latency}");
            live.run(Duration::from_millis(10));
        }
    }
    ask(&mut live, 17);
    live.run(Duration::from_millis(200));
    assert_eq!(live.session.rack().unwrap().latency(), 16);
    let put_off = |event: &&SessionEvent| {
        matches!(event, SessionEvent::Plugin { event: PluginEvent::Log("warning", text), .. }
            if text.starts_with("It asks to be restarted over and over."))
    };
    assert_eq!(live.events.iter().filter(put_off).count(), 1, "{:?}", live.events);
    assert_eq!(reactivated(&live.events).len(), 16);
    assert_eq!(live.run(Duration::from_millis(100)), 0.5);
    live.session.close(Duration::from_secs(1));
    fixture.assert_gone();
}

rows!(a_change_across_a_swap_leaves_nothing_behind);

/// A plugin of a rack that is leaving may ask too; and one may ask just as its rack is swapped.
fn a_change_across_a_swap_leaves_nothing_behind(format: Format) {
    let fixture = Fixture::open_as(format);
    let spec = rack(vec![layer(vec![
        plugin_as(format, "tail"),
        plugin_as(format, "effect"),
    ])]);
    let mut stage = Stage::new(&spec, 64);
    stage.step(&[(0, &[0x90, 60, 100])]);
    for latency in 0..12 {
        stage
            .session
            .set_param(at(0, 1), "Latency", f64::from(latency * 100), Stamp::Now)
            .unwrap();
        if latency % 3 == 2 {
            stage.session.load(&spec).unwrap();
        }
        stage.play(64 * latency as usize);
    }
    stage.step(&[(0, &[0x80, 60, 0])]);
    stage.play(48_000 * 5);
    assert_eq!(stage.session.rack_count(), 1);
    assert_eq!(fixture.counter("instances.alive"), 2);
    drop(stage);
    fixture.assert_gone();
}

rows!(a_plugin_that_comes_too_late_for_its_rack_is_let_go);

/// A rack may be gone while one of its plugins, activated anew, still waits behind other racks for the engine. The
/// plugin comes back unused, and nothing is left of either.
fn a_plugin_that_comes_too_late_for_its_rack_is_let_go(format: Format) {
    let fixture = Fixture::open_as(format);
    let spec = rack(vec![layer(vec![
        plugin_as(format, "tail"),
        plugin_as(format, "effect"),
    ])]);
    let mut stage = Stage::new(&spec, 64);
    stage.step(&[(0, &[0x90, 60, 100])]);
    let first = stage.session.rack().unwrap().id;
    assert!(
        stage
            .session
            .set_param(at(0, 1), "Latency", 10.0, Stamp::Now)
            .unwrap()
    );
    stage.step(&[]);
    // Four may leave at once; the others wait until the first has been faded.
    for _ in 0..7 {
        stage.session.load(&spec).unwrap();
    }
    while !stage.events.contains(&SessionEvent::RackGone(first)) {
        stage.step(&[(0, &[0x90, 60, 100])]);
        assert!(stage.position() < 96_000, "the first rack leaves");
    }
    assert_eq!(reactivated(&stage.events), [("Layer/2".to_owned(), 10)]);
    stage.step(&[(0, &[0x80, 60, 0])]);
    stage.play(48_000 * 5);
    assert_eq!(
        (stage.session.rack_count(), fixture.counter("instances.alive")),
        (1, 2)
    );
    drop(stage);
    fixture.assert_gone();
}
