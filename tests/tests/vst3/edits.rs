//! Edits by a controller, as from an editor: heard at once, told to the session, and bounded.

use crate::stage::{BLOCK, LEVEL, beside, edits, instance, load, open, set, stage, told, vst3, with};
use host::plugin::PluginEvent;
use host::session::{Body, SessionEvent};
use std::time::Instant;
use tests::Stage;

/// Asks the controller of `edit` for something, and plays until it has been heard.
fn ask(stage: &mut Stage, what: u8) {
    set(stage, "Ask", what.into());
    stage.play(3 * BLOCK);
}

fn param(body: &Body) -> Option<(u32, f64)> {
    match *body {
        Body::Param { id, value, .. } => Some((id, value)),
        _ => None,
    }
}

/// The level that is heard now.
fn level(stage: &Stage) -> f32 {
    *stage.played[0].last().unwrap()
}

#[test]
fn an_edit_is_heard_at_once_and_told_with_its_gesture() {
    let fixture = open();
    let mut stage = stage(vst3("edit"));
    stage.play(640);
    ask(&mut stage, 1);
    assert_eq!(level(&stage), 0.5);
    let bodies = edits(&mut stage);
    assert_eq!(bodies.len(), 3, "once: {bodies:?}");
    assert_eq!(bodies[0], Body::GestureBegin { id: LEVEL });
    assert_eq!(param(&bodies[1]), Some((LEVEL, 0.5)));
    assert_eq!(bodies[2], Body::GestureEnd { id: LEVEL });
    assert_eq!(instance(&mut stage).value(LEVEL), Some(0.5));
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn an_edit_without_a_gesture_and_a_gesture_without_an_edit_are_taken() {
    let fixture = open();
    let mut stage = stage(vst3("edit"));
    ask(&mut stage, 5);
    assert_eq!(level(&stage), 0.75, "0.875 of -1 to 1");
    assert!(
        edits(&mut stage)
            .iter()
            .any(|body| param(body) == Some((LEVEL, 0.75)))
    );
    ask(&mut stage, 11);
    assert!(edits(&mut stage).contains(&Body::GestureBegin { id: LEVEL }));
    ask(&mut stage, 12);
    assert!(edits(&mut stage).contains(&Body::GestureEnd { id: LEVEL }));
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn edits_of_a_group_happen_at_one_time() {
    let fixture = open();
    let mut stage = stage(vst3("edit"));
    ask(&mut stage, 4);
    assert!(fixture.counter("host.group_edit") >= 1);
    assert_eq!(level(&stage), -0.5, "0.25 of -1 to 1");
    let values: Vec<_> = edits(&mut stage).iter().filter_map(param).collect();
    // The group's other edit is of Ask, within the call that sets Ask: an answer to it would go round for ever.
    assert!(
        values.contains(&(LEVEL, -0.5)) && values.iter().all(|(id, _)| *id == LEVEL),
        "{values:?}"
    );
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn values_that_are_none_and_parameters_that_do_not_exist_disturb_nothing() {
    let fixture = open();
    beside(with("edit", &[("Level", 0.25)]), |stage| {
        stage.play(640);
        ask(stage, 10);
        assert_eq!(level(stage), 0.25, "what is no number is no value");
        ask(stage, 6);
        assert_eq!(level(stage), 0.25, "there is no such parameter");
        assert!(
            edits(stage)
                .iter()
                .all(|body| param(body).is_none_or(|(id, _)| id != 99)),
            "nobody is told of it"
        );
        ask(stage, 7);
        assert_eq!(level(stage), 1.0, "2.0 is brought into the range");
    });
    fixture.assert_gone();
}

#[test]
fn edits_before_the_first_block_come_with_it() {
    let fixture = open();
    let mut session = host::session::Session::new();
    session
        .load(&crate::stage::alone(with("edit", &[("Ask", 1.0)])))
        .unwrap();
    // Served before a device is there.
    session.tick(Instant::now());
    let mut stage = Stage::around(session, BLOCK);
    stage.step(&[]);
    assert_eq!(stage.played[0], [0.5; BLOCK]);
    drop(stage);
    // And not served at all.
    let mut stage = crate::stage::stage(with("edit", &[("Ask", 1.0)]));
    stage.play(3 * BLOCK);
    assert_eq!(level(&stage), 0.5);
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn edits_of_an_inactive_plugin_are_in_its_state() {
    let fixture = open();
    let mut first = load("edit");
    first.set_values(&[(100, 1.0)]);
    first.serve(Instant::now());
    let state = first.save_state().unwrap();
    drop(first);
    let mut second = load("edit");
    second.load_state(&state).unwrap();
    assert_eq!(second.value(LEVEL), Some(0.5));
    drop(second);
    fixture.assert_gone();
}

#[test]
fn requests_and_announcements_are_told() {
    let fixture = open();
    let mut stage = stage(vst3("edit"));
    for (what, event) in [
        (2, PluginEvent::Dirty),
        (3, PluginEvent::OpenEditor),
        (8, PluginEvent::ParamValues),
        (9, PluginEvent::ParamList),
    ] {
        ask(&mut stage, what);
        let told = told(&mut stage);
        assert!(told.contains(&event), "{what}: {told:?}");
    }
    // Other values: read anew when somebody looks. Other names: known by them.
    let instance = instance(&mut stage);
    assert_eq!(instance.value(LEVEL), Some(0.25));
    assert_eq!(instance.find_param("Level Renamed").unwrap().id, LEVEL);
    assert!(
        instance
            .params()
            .iter()
            .all(|param| param.name.ends_with(" Renamed"))
    );
    set(&mut stage, "Level Renamed", -0.5);
    stage.play(BLOCK);
    assert_eq!(level(&stage), -0.5);
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn what_the_processor_says_of_a_parameter_reaches_controller_and_session() {
    let fixture = open();
    let mut stage = stage(vst3("watch"));
    // Controller 20 sets Level, of which the processor tells by itself.
    stage.step(&[(10, &[0xb0, 20, 127])]);
    stage.serve();
    let values: Vec<_> = edits(&mut stage).iter().filter_map(param).collect();
    assert!(values.contains(&(LEVEL, 1.0)), "in plain values: {values:?}");
    assert_eq!(instance(&mut stage).value(LEVEL), Some(1.0));
    assert_eq!(
        instance(&mut stage).value(0x9000_0000 + 20),
        Some(1.0),
        "and so does what the controller itself moved"
    );
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn what_the_host_sets_reaches_the_controller() {
    let fixture = open();
    let mut stage = stage(vst3("watch"));
    set(&mut stage, "Level", 0.5);
    assert_eq!(instance(&mut stage).value(LEVEL), Some(0.5), "at once");
    stage.play(640);
    assert_eq!(instance(&mut stage).value(LEVEL), Some(0.5), "and for good");
    let echoed = stage
        .events
        .iter()
        .filter(|event| matches!(event, SessionEvent::Param { .. }));
    assert_eq!(echoed.count(), 0, "who sets it knows it");
    assert_eq!(
        fixture.counter("controller.values"),
        1,
        "a controller that has a value is not told it again"
    );
    drop(stage);
    fixture.assert_gone();
}
