//! Plugins that call their host at the wrong time, on the wrong thread, or all the time.

use host::plugin::PluginEvent;
use host::session::{LayerSpec, SessionEvent, Stamp};
use std::time::{Duration, Instant};
use tests::{Fixture, Format, Live, Stage, layer, name_of, plugin, plugin_as, rack, rows, with_params_as};

/// The calls that the plugin named made from wrong threads, as they were reported.
fn wrong_calls(format: Format, events: &[SessionEvent]) -> Vec<&str> {
    let calls = events.iter().filter_map(|event| match event {
        SessionEvent::Plugin {
            name,
            event: PluginEvent::WrongThread(call),
            ..
        } if *name == name_of(format, "wrong-thread") => Some(call.as_str()),
        _ => None,
    });
    calls.collect()
}

/// A layer that plays 0.25, on a channel that nobody plays on.
fn music(format: Format) -> LayerSpec {
    let mut music = layer(vec![with_params_as(format, "watch", &[("Level", 0.25)])]);
    music.settings.channel = Some(15);
    music
}

/// What the plugin calls from a thread of its own, where it must not. From the audio thread it calls the same, and as VST3
/// asks for an object besides, which any other thread may do.
fn broken(format: Format) -> &'static [&'static str] {
    match format {
        Format::Clap => &[
            "params.rescan",
            "latency.changed",
            "state.mark_dirty",
            "audio_ports.rescan",
            "note_ports.rescan",
            "timer_support.register_timer",
        ],
        Format::Vst3 => &[
            "IComponentHandler::beginEdit",
            "IComponentHandler::performEdit",
            "IComponentHandler::endEdit",
            "IComponentHandler::restartComponent",
            "IComponentHandler2::setDirty",
            "IComponentHandler2::startGroupEdit",
            "IComponentHandler2::finishGroupEdit",
            "IComponentHandler2::requestOpenEditor",
        ],
    }
}

/// Checks that what was asked for was named, and done by main all the same.
fn assert_reported_and_served(format: Format, events: &[SessionEvent], from_audio: bool) {
    let calls = wrong_calls(format, events);
    for call in broken(format) {
        assert!(calls.contains(call), "{call} was not reported: {calls:?}");
    }
    assert_eq!(
        calls.contains(&CREATE),
        from_audio && format == Format::Vst3,
        "{calls:?}"
    );
    let told = |wanted: fn(&PluginEvent) -> bool| {
        events
            .iter()
            .any(|event| matches!(event, SessionEvent::Plugin { event, .. } if wanted(event)))
    };
    assert!(told(|event| matches!(event, PluginEvent::Dirty)), "{events:?}");
    if format == Format::Vst3 {
        assert!(
            told(|event| matches!(event, PluginEvent::OpenEditor)),
            "{events:?}"
        );
        let restarted = |event: &SessionEvent| matches!(event, SessionEvent::Reactivated { .. });
        assert!(events.iter().any(restarted), "{events:?}");
    }
}

/// VST3's way to ask the host for a message.
const CREATE: &str = "IHostApplication::createInstance";

rows!(calls_from_the_audio_thread_are_survived_and_reported);

fn calls_from_the_audio_thread_are_survived_and_reported(format: Format) {
    let fixture = Fixture::open_as(format);
    let music = music(format);
    let mut live = Live::new(
        &rack(vec![layer(vec![plugin_as(format, "wrong-thread")]), music]),
        48_000,
        64,
    );
    live.run(Duration::from_millis(50));
    for key in 60..70 {
        live.session.send_midi(Stamp::Now, &[0x90, key, 100]);
        live.run(Duration::from_millis(20));
    }
    live.run(Duration::from_millis(100));
    assert_eq!(fixture.counter("wrong_thread.audio"), 10);
    assert_reported_and_served(format, &live.events, true);
    assert_eq!(
        live.run(Duration::from_millis(100)),
        0.25,
        "the other layer plays on"
    );
    live.session.close(Duration::from_secs(1));
    fixture.assert_gone();
}

rows!(calls_from_a_thread_of_the_plugins_own_are_survived_and_reported);

fn calls_from_a_thread_of_the_plugins_own_are_survived_and_reported(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut live = Live::new(
        &rack(vec![layer(vec![plugin_as(format, "wrong-thread")])]),
        48_000,
        64,
    );
    live.session.send_midi(Stamp::Now, &[0xb0, 1, 1]);
    let until = Instant::now() + Duration::from_secs(2);
    while fixture.counter("wrong_thread.foreign") == 0 && Instant::now() < until {
        live.run(Duration::from_millis(10));
    }
    live.run(Duration::from_millis(100));
    assert_reported_and_served(format, &live.events, false);
    live.session.close(Duration::from_secs(1));
    fixture.assert_gone();
}

rows!(main_in_the_audio_role_is_not_the_main_thread);

/// On the main thread, while it steps the offline device, the same calls are wrong too.
fn main_in_the_audio_role_is_not_the_main_thread(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut stage = Stage::new(&rack(vec![layer(vec![plugin_as(format, "wrong-thread")])]), 64);
    stage.step(&[(3, &[0x90, 60, 100])]);
    stage.play(6_400);
    assert_eq!(fixture.counter("wrong_thread.audio"), 1);
    assert_reported_and_served(format, &stage.events, true);
    let calls = wrong_calls(format, &stage.events);
    let created = usize::from(format == Format::Vst3);
    assert_eq!(calls.len(), broken(format).len() + created, "{calls:?}");
    drop(stage);
    fixture.assert_gone();
}

/// How often main called a plugin because it had asked for that, which is CLAP's alone.
fn callbacks(fixture: &Fixture, format: Format) -> Option<u64> {
    (format == Format::Clap).then(|| fixture.counter("main_thread.calls"))
}

rows!(timers_and_descriptors_are_served_in_time);

fn timers_and_descriptors_are_served_in_time(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut live = Live::new(&rack(vec![layer(vec![plugin_as(format, "timer")])]), 48_000, 64);
    assert_eq!(
        (fixture.counter("host.timers"), fixture.counter("host.fds")),
        (1, 1)
    );
    live.run(Duration::from_millis(200));
    let (timers, bytes, called) = (
        fixture.counter("timer.calls"),
        fixture.counter("fd.bytes"),
        callbacks(&fixture, format),
    );
    let started = Instant::now();
    live.run(Duration::from_secs(2));
    let seconds = started.elapsed().as_secs_f64();
    // A timer of 20 ms, a byte every 20 ms at the earliest, a callback every 50 ms at the earliest. A busy machine
    // delays the plugin's own thread, so fewer come of the latter two.
    let timers = (fixture.counter("timer.calls") - timers) as f64 / seconds;
    let bytes = (fixture.counter("fd.bytes") - bytes) as f64 / seconds;
    let called = callbacks(&fixture, format).map(|calls| (calls - called.unwrap_or(0)) as f64 / seconds);
    assert!(
        (40.0..=51.0).contains(&timers),
        "{timers} timer calls a second, 50 expected"
    );
    assert!(
        (25.0..=51.0).contains(&bytes),
        "{bytes} bytes a second, up to 50 expected"
    );
    assert!(
        called.is_none_or(|called| (10.0..=21.0).contains(&called)),
        "{called:?} callbacks a second, up to 20 expected"
    );
    live.session.close(Duration::from_secs(1));
    fixture.assert_gone();
}

rows!(plugins_are_served_without_a_device_too);

fn plugins_are_served_without_a_device_too(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut session = host::session::Session::new();
    session
        .load(&rack(vec![layer(vec![plugin_as(format, "timer")])]))
        .unwrap();
    let until = Instant::now() + Duration::from_millis(500);
    while Instant::now() < until {
        session.tick(Instant::now());
        session.wait(Duration::from_millis(100));
    }
    assert!(
        fixture.counter("timer.calls") >= 15,
        "{}",
        fixture.counter("timer.calls")
    );
    assert!(
        fixture.counter("fd.calls") >= 8,
        "{}",
        fixture.counter("fd.calls")
    );
    let called = callbacks(&fixture, format);
    assert!(called.is_none_or(|calls| calls >= 4), "{called:?}");
    drop(session);
    fixture.assert_gone();
}

/// Each key of `timer` asks for one thing, from the audio thread or from a thread of the plugin's own.
#[test]
fn every_request_is_served_from_whichever_thread_it_comes() {
    let fixture = Fixture::open();
    let mut live = Live::new(&rack(vec![layer(vec![plugin("timer")])]), 48_000, 64);
    for key in 10..=18 {
        live.session.send_midi(Stamp::Now, &[0x90, key, 100]);
        live.run(Duration::from_millis(60));
        live.session.send_midi(Stamp::Now, &[0x80, key, 100]);
    }
    live.run(Duration::from_millis(150));
    assert_eq!(fixture.counter("host.request_restart"), 2);
    assert_eq!(fixture.counter("host.request_process"), 2);
    let restarted = live
        .events
        .iter()
        .filter(|event| matches!(event, SessionEvent::Reactivated { .. }))
        .count();
    assert_eq!((restarted, fixture.counter("activations")), (2, 3));
    let logged = |text: &str| {
        live.events.iter().any(|event| {
            matches!(event, SessionEvent::Plugin { event: PluginEvent::Log("info", line), .. } if line == text)
        })
    };
    for key in 10..=18 {
        assert!(
            logged(&format!("fixture: note {key} on the audio thread")),
            "{key}: {:?}",
            live.events
        );
    }
    assert!(logged("fixture: logged from a thread of the plugin's own"));
    live.session.close(Duration::from_secs(1));
    fixture.assert_gone();
}

rows!(a_storm_of_requests_is_weathered);

/// A restart asked for in every block: the plugin goes in and out, the layer beside it never stops.
fn a_storm_of_requests_is_weathered(format: Format) {
    let fixture = Fixture::open_as(format);
    let music = music(format);
    let mut live = Live::new(
        &rack(vec![layer(vec![plugin_as(format, "storm")]), music.clone()]),
        48_000,
        64,
    );
    live.session.send_midi(Stamp::Now, &[0x90, 7, 100]);
    live.run(Duration::from_millis(700));
    let restarts = live
        .events
        .iter()
        .filter(|event| matches!(event, SessionEvent::Reactivated { .. }));
    let restarts = restarts.count();
    assert!(
        (2..=16).contains(&restarts),
        "it asks for one in each block, and is let wait when it has had sixteen: {restarts}"
    );
    assert!(callbacks(&fixture, format).is_none_or(|calls| calls > 5));
    live.session.load(&rack(vec![music])).unwrap();
    assert_eq!(live.run(Duration::from_millis(200)).min(0.25), 0.25);
    live.session.close(Duration::from_secs(1));
    fixture.assert_gone();

    let mut stage = Stage::new(&rack(vec![layer(vec![plugin_as(format, "storm")])]), 64);
    for _ in 0..300 {
        stage.step(&[(0, &[0x90, 7, 1])]);
    }
    drop(stage);
    fixture.assert_gone();
}

rows!(a_flood_of_output_events_is_cut_off);

/// A plugin that says more than there is room for loses what is too much, and nothing else happens.
fn a_flood_of_output_events_is_cut_off(format: Format) {
    let fixture = Fixture::open_as(format);
    let music = music(format);
    let mut stage = Stage::new(
        &rack(vec![
            layer(vec![plugin_as(format, "flood"), plugin_as(format, "state")]),
            music,
        ]),
        64,
    );
    for _ in 0..20 {
        stage.step(&[(5, &[0x90, 60, 100])]);
    }
    assert!(fixture.counter("out.refused") > 0 && fixture.counter("out.pushed") > 1_000);
    stage.play(9_600);
    assert!(stage.meters.dropped > 0, "{:?}", stage.meters);
    let whole = |side: &Vec<f32>| {
        side.iter()
            .all(|&sample| sample == 0.25 || (sample - 0.35).abs() < 1e-6)
    };
    assert!(stage.played.iter().all(whole));
    drop(stage);
    fixture.assert_gone();
}
