//! How components and controllers come up, are joined, and go down, as the fixture saw it.

use crate::stage::{load, open, stage, vst3};
use std::time::Duration;
use tests::Live;

/// The calls of a life from its making to its end, of a stage that played a little.
///
/// What is terminated may be let go of in any order.
fn traced(name: &str) -> Vec<String> {
    let fixture = open();
    let mut stage = stage(vst3(name));
    stage.play(640);
    drop(stage);
    fixture.assert_gone();
    fixture
        .trace()
        .into_iter()
        .filter(|line| line.contains('#') || line.contains('/'))
        .filter(|line| !line.ends_with(" destroy"))
        .collect()
}

fn without_numbers(lines: &[String], component: &str) -> Vec<String> {
    let lines = lines.iter().map(|line| {
        let (who, call) = line.split_once(' ').unwrap();
        let who = if who.starts_with(&format!("{component}.controller/")) {
            "controller"
        } else {
            "component"
        };
        format!("{who} {call}")
    });
    lines.collect()
}

#[test]
fn a_component_and_its_controller_are_joined_and_parted_in_order() {
    assert_eq!(
        without_numbers(&traced("watch"), "watch"),
        [
            "component create",
            "component init",
            "controller create",
            "controller init",
            "component connect",
            "controller connect",
            "component activate 48000 1 64",
            "component start_processing",
            "component process",
            "component stop_processing",
            "component deactivate",
            "component disconnect",
            "controller disconnect",
            "component terminate",
            "controller terminate",
        ]
    );
}

#[test]
fn a_single_component_is_initialised_and_terminated_once() {
    assert_eq!(
        without_numbers(&traced("single"), "single"),
        [
            "component create",
            "component init",
            "component activate 48000 1 64",
            "component start_processing",
            "component process",
            "component stop_processing",
            "component deactivate",
            "component terminate",
        ]
    );
}

#[test]
fn single_and_separate_sound_the_same() {
    let fixture = open();
    let [single, separate] = ["single", "watch"].map(|name| {
        let mut stage = stage(vst3(name));
        stage.step(&[(3, &[0x90, 60, 100]), (9, &[0xb0, 20, 77]), (20, &[0xb0, 7, 64])]);
        stage.step(&[
            (5, &[0x80, 60, 0]),
            (6, &[0xe0, 0, 96]),
            (7, &[0xf0, 0x7d, 1, 0xf7]),
        ]);
        stage.play(640);
        let level = crate::stage::instance(&mut stage).value(crate::stage::LEVEL);
        assert_eq!(level, Some(2.0 * (0.5 + 0.5 * f64::from(77_u8) / 127.0) - 1.0));
        (stage.played.clone(), stage.said.clone())
    });
    assert_eq!(single, separate);
    fixture.assert_gone();
}

#[test]
fn a_controller_begins_in_its_components_state() {
    let fixture = open();
    let mut separate = load("watch");
    assert_eq!(fixture.counter("controller.component_states"), 1);
    assert_eq!(separate.value(2), Some(1.0));
    separate.set_values(&[(2, 3.0)]);
    let state = separate.save_state().unwrap();
    drop(separate);
    let mut other = load("watch");
    other.load_state(&state).unwrap();
    assert_eq!(fixture.counter("controller.component_states"), 3);
    assert_eq!(other.value(2), Some(3.0), "the controller follows its component");
    drop(other);
    fixture.assert_gone();
}

#[test]
fn messages_go_both_ways_with_attributes_of_every_kind() {
    let fixture = open();
    let instance = load("messages");
    // The controller greets as it hears of its component's state, and is answered.
    let counts =
        || ["messages.sent", "messages.received", "messages.replies"].map(|name| fixture.counter(name));
    assert_eq!(counts(), [2, 2, 1]);
    drop(instance);
    let mut stage = stage(vst3("messages"));
    // And the component as it is activated.
    assert_eq!(counts(), [2 + 4, 2 + 4, 1 + 2]);
    stage.step(&[(10, &[0x90, 60, 100])]);
    assert_eq!(stage.played[0][10..], [0.1; 54]);
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn many_instances_of_a_module_share_it_and_part_in_any_order() {
    let fixture = open();
    let mut instances: Vec<_> = (0..8)
        .map(|number| load(["watch", "single", "messages", "units"][number % 4]))
        .collect();
    assert_eq!(fixture.counter("entry.alive"), 1, "the module is entered once");
    assert_eq!(fixture.counter("instances.alive"), 8);
    for place in [3, 0, 5, 2, 1, 0, 1, 0] {
        drop(instances.remove(place));
    }
    fixture.assert_gone();
    let trace = fixture.trace();
    let entries = |call: &str| trace.iter().filter(|line| *line == call).count();
    assert_eq!(
        (entries("entry init"), entries("entry deinit")),
        (1, 1),
        "{trace:?}"
    );
    assert!(entries("factory setHostContext") >= 1);
}

#[test]
fn timers_and_descriptors_are_served_while_it_lives() {
    let fixture = open();
    let mut live = Live::new(&crate::stage::alone(vst3("timer")), 48_000, 64);
    assert_eq!(
        (fixture.counter("host.timers"), fixture.counter("host.fds")),
        (
            u64::from(cfg!(target_os = "linux")),
            u64::from(cfg!(target_os = "linux"))
        )
    );
    live.run(Duration::from_millis(500));
    let calls = ["timer.calls", "fd.calls", "fd.bytes"].map(|name| fixture.counter(name));
    if cfg!(target_os = "linux") {
        // Every 20 ms; the machine may be busy.
        assert!((5..=26).contains(&calls[0]), "{calls:?}");
        assert!((3..=26).contains(&calls[2]) && calls[1] > 0, "{calls:?}");
    }
    live.session.close(Duration::from_secs(1));
    fixture.assert_gone();
}
