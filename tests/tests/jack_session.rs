//! Sessions on real JACK servers: every frame of what goes in and out, servers that change, die and come back.
#![cfg(target_os = "linux")]

use host::session::{SessionEvent, Stamp};
use std::time::{Duration, Instant};
use tests::{Fixture, Heard, JackServer, Live, Recorder, Sender, Sent, at, layer, plugin, rack, with_params};

/// Most that a server's clients may need for anything.
const SOON: Duration = Duration::from_secs(5);
const CLOSING: Duration = Duration::from_secs(2);

/// Serves the session until `done`.
fn serve(live: &mut Live, what: &str, mut done: impl FnMut(&mut Live) -> bool) {
    tests::wait(what, SOON, || {
        live.run(Duration::from_millis(20));
        done(live)
    });
}

/// Serves the session for `frames` more frames of the recording.
fn record(live: &mut Live, recorder: &Recorder, frames: u64) {
    let until = recorder.frames() + frames;
    serve(live, "the recording goes on", |_| recorder.frames() >= until);
}

/// Plays for a while and gives the events, once one of them is `wanted`.
fn events_until(live: &mut Live, what: &str, wanted: impl Fn(&SessionEvent) -> bool) -> Vec<SessionEvent> {
    serve(live, what, |live| live.events.iter().any(&wanted));
    std::mem::take(&mut live.events)
}

/// Where messages were sent, as frames of a recording, with what `watch` makes of each on one side.
fn expected(heard: &Heard, sent: &[Sent], side: usize) -> Vec<(usize, f32)> {
    let audible = sent.iter().filter_map(|(time, message)| {
        let level = match (side, &message[..]) {
            (_, [0x90, _, velocity]) => f32::from(*velocity) / 127.0,
            (_, [0x80, ..]) => -0.5,
            (1, [0xb0, _, value]) => f32::from(*value) / 127.0,
            _ => return None,
        };
        Some((heard.frame(*time), level))
    });
    audible.collect()
}

fn assert_near(heard: &[(usize, f32)], expected: &[(usize, f32)], what: &str) {
    let frames = |list: &[(usize, f32)]| list.iter().map(|&(frame, _)| frame).collect::<Vec<_>>();
    assert_eq!(frames(heard), frames(expected), "{what}");
    for (heard, expected) in heard.iter().zip(expected) {
        assert!(
            (heard.1 - expected.1).abs() < 1e-6,
            "{what}: {heard:?}, not {expected:?}"
        );
    }
}

#[test]
fn midi_comes_in_and_goes_out_at_its_frame() {
    let fixture = Fixture::open();
    let server = JackServer::start();
    let mut live = server.play(&rack(vec![layer(vec![plugin("watch")])]));
    let (sender, recorder) = (Sender::start(&server), Recorder::start(&server));
    record(&mut live, &recorder, 480);

    let long: Vec<u8> = [0xf0, 0x7d]
        .into_iter()
        .chain((0..200).map(|byte| byte % 128))
        .chain([0xf7])
        .collect();
    let mut messages: Vec<(u32, Vec<u8>)> = vec![
        (3, vec![0xf0, 0x7e, 0x7f, 0x09, 0x01, 0xf7]),
        (3, vec![0xb0, 74, 100]),
        (40, vec![0xe0, 0, 80]),
        (77, long),
    ];
    // Every frame of a block, in different blocks, and neighbours in one block.
    for number in 0..32_u8 {
        let start = 200 + u32::from(number) * 97;
        messages.push((start, vec![0x90, 40 + number, 100 - number]));
        messages.push((start + 1, vec![0xb0, 1, number + 1]));
        messages.push((start + 50, vec![0x80, 40 + number, 0]));
    }
    let messages: Vec<(u32, &[u8])> = messages.iter().map(|(time, bytes)| (*time, &bytes[..])).collect();
    let sent = sender.send(&messages);
    assert_eq!(sent.len(), messages.len());
    record(&mut live, &recorder, 480);
    serve(&mut live, "all messages are counted", |live| {
        live.meters.midi_events == messages.len() as u64
    });
    assert_eq!(live.meters.dropped, 0);
    let heard = recorder.stop();

    for side in [0, 1] {
        assert_near(
            &heard.other_than(side, 0.0),
            &expected(&heard, &sent, side),
            "what sounds",
        );
    }
    // The plugin says again what it hears, but for the ends of notes.
    let echoes = sent.iter().filter(|(_, message)| message[0] != 0x80);
    let echoes: Vec<_> = echoes
        .map(|(time, message)| (heard.frame(*time), message.clone()))
        .collect();
    assert_eq!(heard.midi, echoes);

    drop(sender);
    live.session.close(CLOSING);
    fixture.assert_gone();
}

#[test]
fn sound_goes_through_an_effect_and_comes_out_later_by_its_latency() {
    let fixture = Fixture::open();
    let server = JackServer::start();
    let mut live = server.play(&rack(vec![layer(vec![with_params("effect", &[("Gain", 2.0)])])]));
    let (sender, recorder) = (Sender::start(&server), Recorder::start(&server));
    record(&mut live, &recorder, 26_400);
    let heard = recorder.stop();
    let latency = live.session.rack().unwrap().latency();
    assert_eq!(latency, 64);
    let due = sender
        .impulses()
        .into_iter()
        .map(|time| heard.frame(time.wrapping_add(latency)));
    // At the very beginning of a recording not all is connected.
    let whole = 2_400..24_000;
    let due: Vec<usize> = due.filter(|frame| whole.contains(frame)).collect();
    assert!(due.len() > 20, "{due:?}");
    for (side, level) in [(0, 1.0), (1, -0.5)] {
        let expected: Vec<_> = due.iter().map(|&frame| (frame, level)).collect();
        let heard = heard
            .other_than(side, 0.0)
            .into_iter()
            .filter(|(frame, _)| whole.contains(frame));
        assert_eq!(heard.collect::<Vec<_>>(), expected, "side {side}");
    }
    drop(sender);
    live.session.close(CLOSING);
    fixture.assert_gone();
}

#[test]
fn sound_goes_on_through_changes_of_the_buffer_size() {
    let fixture = Fixture::open();
    let server = JackServer::start();
    let mut live = server.play(&rack(vec![layer(vec![with_params("watch", &[("Level", 0.25)])])]));
    let recorder = Recorder::start(&server);
    record(&mut live, &recorder, 4_800);
    for frames in [256, 64] {
        live.events.clear();
        recorder.client().set_buffer_size(frames).unwrap();
        let told = events_until(
            &mut live,
            "the change is told",
            |event| matches!(event, SessionEvent::DeviceChanged(info) if info.buffer == frames),
        );
        assert!(
            !told
                .iter()
                .any(|event| matches!(event, SessionEvent::DeviceLost { .. })),
            "{told:?}"
        );
        assert_eq!(live.session.device().unwrap().buffer, frames);
        record(&mut live, &recorder, 24_000);
        assert_eq!(recorder.peak(), 0.25, "with blocks of {frames} frames");
    }
    let heard = recorder.stop();
    // At the very beginning the recorder is not connected. From then on nothing is missing but the frames that the
    // server's own clock skips at a change.
    let begin = heard.audio[0].iter().position(|&sample| sample == 0.25).unwrap();
    let gaps = heard
        .other_than(0, 0.25)
        .into_iter()
        .filter(|&(frame, _)| frame > begin)
        .count();
    assert_eq!(gaps, heard.skipped, "frames of silence");
    // Plugins were activated for blocks of 32 frames: none was longer, and nothing was activated anew.
    assert_eq!(fixture.counter("activations"), 1);
    live.session.close(CLOSING);
    fixture.assert_gone();
}

#[test]
fn a_killed_server_is_lost_and_one_that_comes_again_is_played_on() {
    let fixture = Fixture::open();
    let mut server = JackServer::start();
    let spec = rack(vec![
        layer(vec![plugin("tail")]),
        layer(vec![plugin("watch"), plugin("effect")]),
    ]);
    let mut live = server.play(&spec);
    // A note whose end the server's death will swallow.
    live.session.send_midi(Stamp::Now, &[0x90, 60, 100]);
    serve(&mut live, "it plays", |live| live.meters.peak[0] >= 0.5);
    let id = live.session.rack().unwrap().id;
    live.events.clear();
    server.kill();
    let killed = Instant::now();
    let told = events_until(&mut live, "the loss is told", |event| {
        matches!(event, SessionEvent::DeviceLost { .. })
    });
    assert!(
        killed.elapsed() < Duration::from_secs(2),
        "told after {:?}",
        killed.elapsed()
    );
    let SessionEvent::DeviceLost { name, reason } = &told[0] else {
        panic!("{told:?}")
    };
    assert_eq!(name, server.name());
    assert!(reason.contains("ended"), "{reason}");

    // The rack stays, and listens to who sets it up.
    live.run(Duration::from_millis(2_200));
    assert_eq!(live.events, [], "nothing more is told while there is no server");
    assert!(live.session.device().is_none());
    assert_eq!(live.session.rack().unwrap().id, id);
    assert_eq!(
        (
            fixture.counter("instances.active"),
            fixture.counter("activations")
        ),
        (3, 3)
    );
    live.session.set_param(at(1, 1), "Gain", 2.0, Stamp::Now).unwrap();

    server.start_again(48_000, 32);
    let told = events_until(&mut live, "the device is back", |event| {
        matches!(event, SessionEvent::DeviceBack(_))
    });
    // What was held is let go, not cut: its tail takes two seconds.
    live.run(Duration::from_millis(3_000));
    let back = told.iter().find_map(|event| match event {
        SessionEvent::DeviceBack(info) => Some(info),
        _ => None,
    });
    assert_eq!(
        back.map(|info| (info.rate, info.buffer)),
        Some((48_000, 32)),
        "{told:?}"
    );
    let (sender, recorder) = (Sender::start(&server), Recorder::start(&server));
    let sent = sender.send(&[(0, &[0xb0, 7, 127])]);
    record(&mut live, &recorder, 480);
    let heard = recorder.stop();
    assert_eq!(heard.other_than(0, 0.0), [], "the note that was held is let go");
    assert_eq!(
        heard.other_than(1, 0.0),
        [(heard.frame(sent[0].0) + 64, 2.0)],
        "it listens and has what it was told"
    );
    // The same engine plays the same rack: nothing was activated anew.
    assert_eq!(fixture.counter("activations"), 3);
    assert_eq!(live.session.rack().unwrap().id, id);

    drop(sender);
    live.session.close(CLOSING);
    fixture.assert_gone();
}

#[test]
fn a_server_that_comes_again_at_another_rate_has_the_plugins_activated_for_it() {
    let fixture = Fixture::open();
    let mut server = JackServer::start();
    let mut live = server.play(&rack(vec![layer(vec![plugin("watch")])]));
    live.session
        .set_param(at(0, 0), "Level", 0.25, Stamp::Now)
        .unwrap();
    serve(&mut live, "it plays", |live| live.meters.peak[0] == 0.25);
    let _before = fixture.trace();
    server.kill();
    events_until(&mut live, "the loss is told", |event| {
        matches!(event, SessionEvent::DeviceLost { .. })
    });

    server.start_again(44_100, 128);
    let told = events_until(&mut live, "the device is back", |event| {
        matches!(event, SessionEvent::DeviceBack(_))
    });
    assert!(
        told.iter()
            .any(|event| matches!(event, SessionEvent::DeviceBack(info) if info.rate == 44_100)),
        "{told:?}"
    );
    assert_eq!(live.session.rate(), Some(44_100.0));
    let recorder = Recorder::start(&server);
    serve(&mut live, "it plays again, with the same values", |_| {
        recorder.peak() == 0.25
    });
    assert_eq!(recorder.client().sample_rate(), 44_100);
    drop(recorder);
    let trace = fixture.trace();
    assert_eq!(
        trace[..4],
        [
            "watch#1 stop_processing",
            "watch#1 deactivate",
            "watch#1 activate 44100 1 128",
            "watch#1 start_processing",
        ],
        "{trace:?}"
    );
    live.session.close(CLOSING);
    fixture.assert_gone();
}

#[test]
fn a_held_note_goes_on_through_a_change_of_racks() {
    let fixture = Fixture::open();
    let server = JackServer::start();
    let mut live = server.play(&rack(vec![layer(vec![plugin("tail")])]));
    let (sender, recorder) = (Sender::start(&server), Recorder::start(&server));
    let on = sender.send(&[(0, &[0x90, 60, 100])]);
    serve(&mut live, "the note sounds", |_| recorder.peak() == 0.5);

    let next = rack(vec![layer(vec![with_params("watch", &[("Level", 0.25)])])]);
    let id = live.session.load(&next).unwrap();
    serve(&mut live, "both sound", |_| recorder.peak() == 0.75);
    record(&mut live, &recorder, 4_800);
    let off = sender.send(&[(0, &[0x80, 60, 0])]);
    serve(&mut live, "the old rack has left", |live| {
        live.session.rack_count() == 1
    });
    assert_eq!(live.session.rack().unwrap().id, id);
    record(&mut live, &recorder, 480);
    let heard = recorder.stop();

    let (on, off) = (heard.frame(on[0].0), heard.frame(off[0].0));
    let side = &heard.audio[0];
    assert!(side[..on].iter().all(|&sample| sample == 0.0));
    let joined = side
        .iter()
        .position(|&sample| sample == 0.75)
        .expect("both racks at once");
    assert!(
        side[on..joined].iter().all(|&sample| sample == 0.5),
        "the note alone"
    );
    assert!(
        side[joined..off].iter().all(|&sample| sample == 0.75),
        "the note and the new rack"
    );
    // The note's end reached the rack that it belongs to, which then rang for two seconds.
    assert!(
        side[off + 48_000] > 0.25 && side[off + 48_000] < 0.3,
        "{}",
        side[off + 48_000]
    );
    assert_eq!(side.last(), Some(&0.25));
    // The new rack heard the end of no note that it did not begin.
    assert!(side[off..].iter().all(|&sample| sample >= 0.25));

    drop(sender);
    live.session.close(CLOSING);
    fixture.assert_gone();
}
