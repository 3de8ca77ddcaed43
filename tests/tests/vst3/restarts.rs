//! `restartComponent`: every flag acted on after the call has returned, from wherever it came, and storms weathered.

use crate::stage::{BLOCK, beside, instance, open, reactivated, set, stage, told, vst3, with};
use host::plugin::PluginEvent;
use host::session::SessionEvent;
use tests::Stage;

/// The flags of `restartComponent`, as `ivsteditcontroller.h` numbers them.
const RELOAD: u32 = 1;
const IO: u32 = 1 << 1;
const VALUES: u32 = 1 << 2;
const LATENCY: u32 = 1 << 3;
const TITLES: u32 = 1 << 4;
const MIDI: u32 = 1 << 5;
const EXPRESSION: u32 = 1 << 6;
const IO_TITLES: u32 = 1 << 7;
const PREFETCH: u32 = 1 << 8;
const ROUTING: u32 = 1 << 9;
const KEYSWITCH: u32 = 1 << 10;
const IDS: u32 = 1 << 11;

/// More restarts than a host that limits them may allow at once.
const MOST: usize = 20;

/// A sounding `restart`, with its flags set.
fn sounding(flags: u32) -> Stage {
    let mut stage = stage(with("restart", &[("Flags", flags.into())]));
    stage.step(&[(0, &[0x90, 60, 100])]);
    stage.play(640);
    assert_eq!(stage.played[0].last(), Some(&0.1));
    stage.take_events();
    stage
}

#[test]
fn each_flag_has_its_effect() {
    let fixture = open();
    for (flags, anew, event) in [
        (IO, true, None),
        (VALUES, false, Some(PluginEvent::ParamValues)),
        (LATENCY, true, None),
        (TITLES, false, Some(PluginEvent::ParamList)),
        (MIDI, false, None),
        (EXPRESSION, false, Some(PluginEvent::NoteInfo)),
        (IO_TITLES, false, Some(PluginEvent::NoteInfo)),
        (PREFETCH, true, None),
        (ROUTING, false, Some(PluginEvent::NoteInfo)),
        (KEYSWITCH, false, Some(PluginEvent::NoteInfo)),
        (IDS, false, Some(PluginEvent::ParamList)),
        (0, false, None),
        // What nobody knows yet.
        (1 << 20, false, None),
    ] {
        // The parameter has room for the flags that there are.
        let mut stage = sounding(flags & 0xfff);
        let activations = fixture.counter("activations");
        set(&mut stage, "Ask", 1.0);
        stage.play(6_400);
        assert_eq!(reactivated(&stage.events) > 0, anew, "{flags:#x}");
        assert_eq!(fixture.counter("activations") > activations, anew, "{flags:#x}");
        let told = told(&mut stage);
        match event {
            Some(event) => assert!(
                !told.is_empty() && told.iter().all(|one| *one == event),
                "{flags:#x}: {told:?}"
            ),
            None => assert_eq!(told, [], "{flags:#x}"),
        }
        if !anew {
            assert!(
                stage.played[0][1..].iter().all(|&sample| sample == 0.1),
                "{flags:#x}: the note sounds on"
            );
        }
        drop(stage);
        fixture.assert_gone();
    }
    assert_eq!(fixture.counter("controllers.created"), 13, "none was made anew");
}

#[test]
fn all_flags_at_once_are_one_restart() {
    let fixture = open();
    beside(
        with("restart", &[("Flags", f64::from(0xfff ^ RELOAD))]),
        |stage| {
            stage.play(640);
            stage.take_events();
            set(stage, "Ask", 1.0);
            stage.play(6_400);
            assert!(
                (1..=2).contains(&reactivated(&stage.events)),
                "{:?}",
                stage.events
            );
            let told = told(stage);
            for event in [
                PluginEvent::ParamValues,
                PluginEvent::ParamList,
                PluginEvent::NoteInfo,
            ] {
                assert!(told.contains(&event), "{event:?}: {told:?}");
            }
            stage.step(&[(0, &[0x90, 61, 100])]);
            stage.play(640);
            assert_eq!(stage.played[0].last(), Some(&0.1), "it plays again");
        },
    );
    fixture.assert_gone();
}

#[test]
fn a_restart_asked_for_by_another_thread_is_made() {
    let fixture = open();
    let mut stage = sounding(LATENCY | TITLES);
    set(&mut stage, "Ask", 2.0);
    tests::wait(
        "the plugin's thread called",
        std::time::Duration::from_secs(5),
        || fixture.counter("host.restart_component") > 0,
    );
    stage.play(6_400);
    assert!(reactivated(&stage.events) >= 1);
    let told = told(&mut stage);
    assert!(told.contains(&PluginEvent::ParamList), "{told:?}");
    assert!(
        told.contains(&PluginEvent::WrongThread(
            "IComponentHandler::restartComponent".to_owned()
        )),
        "{told:?}"
    );
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn a_thousand_calls_at_once_are_one_restart() {
    let fixture = open();
    beside(with("restart", &[("Flags", LATENCY.into())]), |stage| {
        stage.play(640);
        set(stage, "Ask", 3.0);
        stage.play(6_400);
        assert!(fixture.counter("host.restart_component") >= 1_000);
        assert!(
            (1..=2).contains(&reactivated(&stage.events)),
            "{:?}",
            stage.events
        );
    });
    fixture.assert_gone();
}

fn put_off(stage: &Stage) -> usize {
    let is = |event: &&SessionEvent| {
        matches!(event, SessionEvent::Plugin { event: PluginEvent::Log("warning", text), .. }
            if text == "It asks to be restarted over and over. It is let wait, so that it can be heard.")
    };
    stage.events.iter().filter(is).count()
}

/// `storm` asks in every block, and within `initialize`.
#[test]
fn in_a_storm_the_sound_goes_on() {
    let fixture = open();
    beside(vst3("storm"), |stage| {
        assert!(
            fixture.counter("host.restart_component") >= 1,
            "within initialize"
        );
        stage.step(&[(0, &[0x90, 60, 100])]);
        stage.play(48_000);
        let anew = reactivated(&stage.events);
        assert!((1..=MOST).contains(&anew), "{anew} times in a second");
        assert_eq!(put_off(stage), 1, "told once: {:?}", told(stage));
        // Once it waits it is heard; a note from before went with its restart.
        stage.step(&[(0, &[0x90, 62, 100])]);
        stage.play(24_000);
        let start = stage.position() - 24_000;
        assert!(stage.played[0][start..].iter().all(|&sample| sample == 0.1));
    });
    fixture.assert_gone();
}

#[test]
fn in_a_storm_of_every_flag_from_two_threads_the_sound_goes_on() {
    let fixture = open();
    beside(vst3("storm"), |stage| {
        for _ in 0..160 {
            stage.step(&[(0, &[0x90, 7, 100]), (1, &[0x90, 8, 100])]);
            stage.play(BLOCK * 10);
        }
        // Every flag: the plugin was made anew each time that it was restarted.
        assert!(fixture.counter("instances.created") >= 2);
        assert!((1..=MOST).contains(&reactivated(&stage.events)));
        let start = stage.position() - 640;
        assert!(stage.played[0][start..].iter().all(|&sample| sample == 0.1));
    });
    fixture.assert_gone();
}

#[test]
fn a_wish_that_was_put_off_is_granted_in_its_time() {
    let fixture = open();
    let mut stage = sounding(LATENCY);
    for _ in 0..=MOST {
        set(&mut stage, "Ask", 1.0);
        stage.play(6_400);
    }
    assert!((1..=MOST).contains(&reactivated(&stage.events)));
    assert_eq!(put_off(&stage), 1, "{:?}", stage.events);
    // Twenty seconds later, by main's clock: nobody has asked since.
    let later = std::time::Instant::now() + std::time::Duration::from_secs(21);
    stage.take_events();
    let events = stage.session.tick(later);
    stage.events.extend(events);
    stage.play(6_400);
    assert_eq!(reactivated(&stage.events), 1);
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn a_new_latency_and_new_buses_are_taken_while_the_neighbour_plays() {
    let fixture = open();
    beside(vst3("effect"), |stage| {
        for latency in [1_000_u32, 0, 8_192] {
            set(stage, "Latency", latency.into());
            stage.play(6_400);
            assert_eq!(instance(stage).latency(), latency);
            assert_eq!(stage.session.rack().unwrap().latency(), latency);
        }
        assert_eq!(reactivated(&stage.events), 3);
        assert_eq!(fixture.counter("host.latency_changed"), 3);
    });
    beside(vst3("multi"), |stage| {
        for ports in [4_usize, 1, 2] {
            set(stage, "Ports", f64::from(u32::try_from(ports).unwrap()));
            stage.play(6_400);
            assert_eq!(instance(stage).facts().audio_outputs.len(), ports);
            stage.step(&[(0, &[0x90, 60, 100])]);
            stage.play(640);
            // Panned hard, so that both sides are heard on the left.
            assert!(stage.played[0].last().is_some_and(|&sample| sample > 0.0));
            stage.step(&[(0, &[0x80, 60, 100])]);
        }
        assert_eq!(fixture.counter("host.audio_ports_rescan"), 3);
    });
    fixture.assert_gone();
}
