//! The order in which plugins live, on whichever thread the host plays them.

use host::device::{BufferWish, Driver, Wish};
use host::plugin::RenderMode;
use host::session::{RackError, Session, SessionEvent, Stamp};
use std::time::Duration;
use tests::{
    Fixture, Format, Live, Stage, demo_plugin, layer, name_of, plugin_as, rack, rows, with_params_as,
};

/// The life of one `watch`, from the first load of its library to the last.
fn life(format: Format) -> &'static [&'static str] {
    match format {
        Format::Clap => &[
            "entry init",
            "watch#1 create",
            "watch#1 init",
            "watch#1 activate 48000 1 64",
            "watch#1 start_processing",
            "watch#1 process",
            "watch#1 stop_processing",
            "watch#1 deactivate",
            "watch#1 destroy",
            "entry deinit",
        ],
        Format::Vst3 => &[
            "entry init",
            "factory setHostContext",
            "watch#1 create",
            "watch#1 init",
            "watch.controller/1 create",
            "watch.controller/1 init",
            "watch#1 connect",
            "watch.controller/1 connect",
            "watch#1 activate 48000 1 64",
            "watch#1 start_processing",
            "watch#1 process",
            "watch#1 stop_processing",
            "watch#1 deactivate",
            "watch#1 disconnect",
            "watch.controller/1 disconnect",
            "watch#1 terminate",
            "watch.controller/1 terminate",
            "watch.controller/1 destroy",
            "watch#1 destroy",
            "entry deinit",
        ],
    }
}

rows!(a_plugin_on_the_offline_device_lives_in_order);

fn a_plugin_on_the_offline_device_lives_in_order(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut stage = Stage::new(&rack(vec![layer(vec![plugin_as(format, "watch")])]), 64);
    stage.play(256);
    drop(stage);
    assert_eq!(fixture.trace(), life(format));
    fixture.assert_gone();
}

rows!(a_plugin_on_a_real_time_thread_lives_in_order);

fn a_plugin_on_a_real_time_thread_lives_in_order(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut live = Live::new(&rack(vec![layer(vec![plugin_as(format, "watch")])]), 48_000, 64);
    assert!(live.run_until(Duration::from_secs(2), |meters| meters.blocks >= 50));
    live.session.close(Duration::from_secs(1));
    assert_eq!(fixture.trace(), life(format));
    assert!(fixture.counter("process.calls") >= 50);
    fixture.assert_gone();
}

rows!(a_whole_rack_is_taken_apart_in_order);

/// All processors of a rack are stopped before the first instance is deactivated, and all are deactivated before the
/// library is let go.
fn a_whole_rack_is_taken_apart_in_order(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut spec = rack(vec![
        layer(vec![plugin_as(format, "watch"), plugin_as(format, "effect")]),
        layer(vec![plugin_as(format, "tail")]),
    ]);
    spec.master = vec![plugin_as(format, "effect")];
    let mut stage = Stage::new(&spec, 37);
    stage.play(200);
    let _before = fixture.lives();
    drop(stage);
    assert_eq!(
        fixture.lives(),
        [
            "watch#1 stop_processing",
            "effect#2 stop_processing",
            "tail#3 stop_processing",
            "effect#4 stop_processing",
            "watch#1 deactivate",
            "effect#2 deactivate",
            "tail#3 deactivate",
            "effect#4 deactivate",
            "watch#1 destroy",
            "effect#2 destroy",
            "tail#3 destroy",
            "effect#4 destroy",
            "entry deinit",
        ]
    );
    fixture.assert_gone();
}

rows!(a_swap_takes_the_old_rack_apart_once_it_is_silent);

fn a_swap_takes_the_old_rack_apart_once_it_is_silent(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut stage = Stage::new(&rack(vec![layer(vec![plugin_as(format, "watch")])]), 480);
    stage.play(4_800);
    let first = stage.session.rack().unwrap().id;
    let second = stage
        .session
        .load(&rack(vec![layer(vec![plugin_as(format, "state")])]))
        .unwrap();
    stage.play(4_800);
    assert_eq!(
        stage.session.rack_count(),
        2,
        "the old rack leaves once it has been silent"
    );
    stage.play(110_000);
    assert_eq!(stage.session.rack_count(), 1);
    let told: Vec<_> = stage.take_events();
    assert!(told.contains(&SessionEvent::RackPlaying(second)), "{told:?}");
    assert!(told.contains(&SessionEvent::RackGone(first)), "{told:?}");
    drop(stage);
    assert_eq!(
        fixture.lives(),
        [
            "entry init",
            "watch#1 create",
            "watch#1 init",
            "watch#1 activate 48000 1 480",
            "watch#1 start_processing",
            "watch#1 process",
            "state#2 create",
            "state#2 init",
            "state#2 activate 48000 1 480",
            "state#2 start_processing",
            "state#2 process",
            "watch#1 stop_processing",
            "watch#1 deactivate",
            "watch#1 destroy",
            "state#2 stop_processing",
            "state#2 deactivate",
            "state#2 destroy",
            "entry deinit",
        ]
    );
    fixture.assert_gone();
}

rows!(dropping_without_closing_while_a_device_runs_is_as_orderly);

fn dropping_without_closing_while_a_device_runs_is_as_orderly(format: Format) {
    let fixture = Fixture::open_as(format);
    let spec = rack(vec![layer(vec![
        plugin_as(format, "tail"),
        plugin_as(format, "effect"),
    ])]);
    let mut live = Live::new(&spec, 48_000, 32);
    live.session.send_midi(Stamp::Now, &[0x90, 60, 100]);
    assert!(live.run_until(Duration::from_secs(2), |meters| meters.peak[0] > 0.1));
    drop(live);
    let trace = fixture.lives();
    assert_eq!(
        trace[trace.len() - 7..],
        [
            "tail#1 stop_processing",
            "effect#2 stop_processing",
            "tail#1 deactivate",
            "effect#2 deactivate",
            "tail#1 destroy",
            "effect#2 destroy",
            "entry deinit",
        ]
    );
    fixture.assert_gone();
}

rows!(a_session_that_never_had_a_device_lets_go_of_its_plugins);

fn a_session_that_never_had_a_device_lets_go_of_its_plugins(format: Format) {
    let fixture = Fixture::open_as(format);
    let mut session = Session::new();
    session
        .load(&rack(vec![layer(vec![plugin_as(format, "watch")])]))
        .unwrap();
    session
        .load(&rack(vec![layer(vec![plugin_as(format, "effect")])]))
        .unwrap();
    assert_eq!(
        fixture.counter("instances.alive"),
        1,
        "a rack that no engine has is replaced"
    );
    drop(session);
    assert_eq!(fixture.counter("activations"), 0);
    fixture.assert_gone();
}

/// Plugins that load, and then do not run.
fn refusals(format: Format) -> &'static [&'static str] {
    match format {
        Format::Clap => &["fail-activate", "fail-start"],
        Format::Vst3 => &["fail-setup", "fail-activate"],
    }
}

/// Loads `bad` beside what plays; gives the error. What plays must go on sample for sample, and nothing must be left
/// of the rack that failed.
fn fails_beside_music(format: Format, fixture: &Fixture, bad: &str) -> RackError {
    let music = rack(vec![layer(vec![with_params_as(
        format,
        "watch",
        &[("Level", 0.25)],
    )])]);
    let mut stage = Stage::new(&music, 64);
    stage.play(640);
    let alive = fixture.counter("instances.alive");
    let spec = rack(vec![
        layer(vec![plugin_as(format, "state"), plugin_as(format, bad)]),
        layer(vec![plugin_as(format, "tail")]),
    ]);
    let error = stage.session.load(&spec).unwrap_err();
    stage.play(6_400);
    assert!(
        stage
            .played
            .iter()
            .all(|side| side.iter().all(|&sample| sample == 0.25)),
        "{bad}: what played goes on"
    );
    assert_eq!(
        fixture.counter("instances.alive"),
        alive,
        "{bad}: all of the failed rack is gone"
    );
    assert_eq!(stage.session.rack_count(), 1);
    stage.session.send_midi(Stamp::Now, &[0xb0, 7, 127]);
    stage.play(64);
    assert!(
        stage.played[1][stage.position() - 64..].contains(&1.25),
        "{bad}: what played still listens"
    );
    drop(stage);
    fixture.assert_gone();
    error
}

rows!(a_plugin_that_fails_to_start_leaves_what_plays_alone);

fn a_plugin_that_fails_to_start_leaves_what_plays_alone(format: Format) {
    let fixture = Fixture::open_as(format);
    let error = fails_beside_music(format, &fixture, "fail-init");
    assert!(matches!(error, RackError::Load { .. }), "{error:?}");
    let id = match format {
        Format::Clap => "org.backline.fixture.fail-init",
        Format::Vst3 => "424B4C4E56535433000000000000000E",
    };
    assert!(
        error
            .to_string()
            .starts_with(&format!("Layer/2: The plugin {id} of ")),
        "{error}"
    );
    for &bad in refusals(format) {
        let error = fails_beside_music(format, &fixture, bad);
        let told = match error {
            RackError::Activate { .. } => "refuses to run at 48000 Hz with blocks of up to 64 frames",
            RackError::Start { .. } => "refused to start processing.",
            other => panic!("{other:?}"),
        };
        let told = format!("Layer/2: The plugin {} {told}", name_of(format, bad));
        assert!(error.to_string().starts_with(&told), "{error}");
        assert_eq!(matches!(error, RackError::Start { .. }), bad == "fail-start");
    }
}

/// What VST3's `setProcessing` answers means nothing: many plugins do not implement it, and play.
#[test]
fn a_vst3_plugin_that_does_not_agree_to_process_plays() {
    let fixture = Fixture::open_as(Format::Vst3);
    let spec = rack(vec![layer(vec![plugin_as(Format::Vst3, "fail-start")])]);
    let mut stage = Stage::new(&spec, 64);
    stage.step(&[(7, &[0x90, 60, 100])]);
    assert_eq!(stage.played[0][..7], [0.0; 7]);
    assert_eq!(stage.played[0][7..], [0.1; 57]);
    drop(stage);
    fixture.assert_gone();
}

rows!(a_plugin_that_fails_on_a_running_device_leaves_what_plays_alone);

fn a_plugin_that_fails_on_a_running_device_leaves_what_plays_alone(format: Format) {
    for bad in ["fail-init"].iter().chain(refusals(format)) {
        let fixture = Fixture::open_as(format);
        let music = rack(vec![layer(vec![with_params_as(
            format,
            "watch",
            &[("Level", 0.25)],
        )])]);
        let mut live = Live::new(&music, 48_000, 64);
        let spec = rack(vec![layer(vec![
            plugin_as(format, "state"),
            plugin_as(format, bad),
        ])]);
        assert!(live.session.load(&spec).is_err(), "{bad}");
        assert_eq!(live.session.rack_count(), 1);
        assert_eq!(live.run(Duration::from_millis(200)), 0.25, "{bad}");
        live.session.close(Duration::from_secs(1));
        fixture.assert_gone();
    }
}

rows!(opening_a_device_tells_of_a_rack_that_does_not_run);

/// A rack that waited for a device and then does not run on it is an error of opening, not silence.
fn opening_a_device_tells_of_a_rack_that_does_not_run(format: Format) {
    for bad in refusals(format) {
        let told = format!("Layer/2: The plugin {} ", name_of(format, bad));
        let fixture = Fixture::open_as(format);
        let mut session = Session::new();
        session
            .load(&rack(vec![layer(vec![
                plugin_as(format, "state"),
                plugin_as(format, bad),
            ])]))
            .unwrap();
        let error = session.open_offline(48_000, 64, RenderMode::Live).unwrap_err();
        assert!(error.to_string().starts_with(&told), "{error}");
        drop(session);
        fixture.assert_gone();

        let mut session = Session::new();
        session
            .load(&rack(vec![layer(vec![
                plugin_as(format, "state"),
                plugin_as(format, bad),
            ])]))
            .unwrap();
        let wish = Wish {
            driver: Some(Driver::Null),
            buffer: Some(BufferWish::Frames(64)),
            ..Wish::default()
        };
        let error = session.open(&wish).unwrap_err();
        assert!(error.to_string().starts_with(&told), "{error}");
        drop(session);
        fixture.assert_gone();
    }
}

#[cfg(target_os = "linux")]
rows!(a_librarys_code_stays_when_its_last_plugin_has_gone);

/// A thread that runs down may still have something of a plugin's code to call, whose last instance is gone.
#[cfg(target_os = "linux")]
fn a_librarys_code_stays_when_its_last_plugin_has_gone(format: Format) {
    let file = format!("/demo-gain.{}", format.key());
    let mapped = || {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        maps.lines().any(|line| line.ends_with(&file))
    };
    let gain = demo_plugin(format, "demo-gain");
    for _ in 0..2 {
        let mut stage = Stage::new(&rack(vec![layer(vec![gain.clone()])]), 64);
        stage.play(64);
        drop(stage);
        assert!(mapped());
    }
}
