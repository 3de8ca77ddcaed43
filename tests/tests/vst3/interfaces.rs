//! The smaller interfaces: progress, menus, channel context, presentation latency, prefetching.

use crate::stage::{BLOCK, LEVEL, beside, instance, load, open, set, stage, told, vst3, with};
use host::plugin::{MenuEntryKind, PluginEvent};
use tests::{Stage, layer, rack};

fn ask(stage: &mut Stage, what: u8) {
    set(stage, "Ask", what.into());
    stage.play(2 * BLOCK);
}

#[test]
fn long_work_is_told_with_its_words_until_it_ends() {
    let fixture = open();
    beside(vst3("progress"), |stage| {
        let told = |stage: &mut Stage| {
            let progress = told(stage).into_iter().filter_map(|event| match event {
                PluginEvent::Progress {
                    task,
                    text,
                    done,
                    ended,
                } => Some((task, text, done, ended)),
                _ => None,
            });
            progress.collect::<Vec<_>>()
        };
        ask(stage, 1);
        let started = told(stage);
        let (task, text, ..) = started[0].clone();
        assert_eq!(text, "Loading samples");
        assert_eq!(started[0].2, 0.0);
        assert!(
            started.iter().any(|(_, _, done, ended)| *done == 0.5 && !ended),
            "{started:?}"
        );
        assert!(fixture.counter("progress.updates") >= 3);
        ask(stage, 2);
        assert!(told(stage).iter().all(|(.., ended)| !ended));
        ask(stage, 3);
        let ended = told(stage);
        assert!(
            ended
                .iter()
                .any(|(_, text, done, ended)| text == "Loading samples" && *done == 1.0 && *ended),
            "{ended:?}"
        );
        assert!(fixture.counter("progress.ends") >= 1);
        ask(stage, 4);
        let next = told(stage);
        assert!(
            next.iter().all(|(number, ..)| *number > task),
            "each has its number: {next:?}"
        );
    });
    fixture.assert_gone();
}

#[test]
fn a_menu_is_told_shown_and_chosen_from() {
    let fixture = open();
    beside(vst3("context-menu"), |stage| {
        assert!(instance(stage).take_menu().is_none());
        ask(stage, 1);
        assert!(fixture.counter("menu.created") >= 1);
        assert!(
            !told(stage).contains(&PluginEvent::Menu),
            "it was made, not shown"
        );
        ask(stage, 2);
        assert!(told(stage).contains(&PluginEvent::Menu));
        let menu = instance(stage).take_menu().unwrap();
        assert!(instance(stage).take_menu().is_none(), "it is taken once");
        assert_eq!((menu.at, menu.param), ((10, 10), Some(LEVEL)));
        let entries = menu.entries();
        assert_eq!(entries.len(), 1);
        assert_eq!((entries[0].tag, entries[0].name.as_str()), (4711, "Fixture"));
        assert_eq!(
            (entries[0].kind, entries[0].disabled, entries[0].checked),
            (MenuEntryKind::Item, false, false)
        );
        assert!(!menu.choose(1), "there is no such line");
        assert_eq!(fixture.counter("menu.executed"), 0);
        assert!(menu.choose(0));
        assert_eq!(fixture.counter("menu.executed"), 1);
        drop(menu);
        ask(stage, 3);
    });
    fixture.assert_gone();
}

#[test]
fn a_menu_that_nobody_shows_goes_with_its_plugin() {
    let fixture = open();
    let mut stage = stage(vst3("context-menu"));
    ask(&mut stage, 1);
    ask(&mut stage, 2);
    ask(&mut stage, 3);
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn a_controller_is_told_which_layer_it_stands_in() {
    let fixture = open();
    let stage = stage(vst3("channel-info"));
    assert_eq!(fixture.counter("channel_info.calls"), 1);
    // Three texts with their lengths, two numbers of the channel, and the plugin's place in it.
    assert_eq!(fixture.counter("channel_info.attributes"), 9);
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn a_plugin_hears_how_long_its_sound_is_under_way() {
    let fixture = open();
    let samples = |plugins: Vec<host::session::PluginSpec>| {
        // Latencies that are set come with the first block, and each takes its plugin a restart.
        Stage::new(&rack(vec![layer(plugins)]), BLOCK).play(12_800);
        assert!(fixture.counter("presentation.calls") >= 1);
        fixture.counter("presentation.samples")
    };
    assert_eq!(samples(vec![vst3("presentation")]), 0);
    let delayed = |latency| with("effect", &[("Latency", latency)]);
    assert_eq!(
        samples(vec![vst3("presentation"), delayed(100.0), delayed(1_000.0)]),
        1_100
    );
    assert_eq!(samples(vec![vst3("presentation"), vst3("heavy")]), 100_000);
    fixture.assert_gone();
}

#[test]
fn a_new_latency_behind_a_plugin_is_told_to_it() {
    let fixture = open();
    let mut stage = Stage::new(
        &rack(vec![layer(vec![vst3("presentation"), vst3("effect")])]),
        BLOCK,
    );
    assert_eq!(fixture.counter("presentation.samples"), 64);
    stage
        .session
        .set_param(tests::at(0, 1), "Latency", 500.0, host::session::Stamp::Now)
        .unwrap();
    stage.play(6_400);
    assert_eq!(fixture.counter("presentation.samples"), 500);
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn whether_a_plugin_can_be_processed_ahead_is_told_as_it_is_now() {
    let fixture = open();
    let mut never = load("presentation");
    assert_eq!(never.facts().prefetchable, Some("never"));
    drop(never);
    assert_eq!(load("watch").facts().prefetchable, None);
    beside(vst3("prefetchable"), |stage| {
        assert_eq!(instance(stage).facts().prefetchable, Some("yet"));
        ask(stage, 1);
        stage.play(6_400);
        // Its owner asks again once it is active anew.
        assert!(crate::stage::reactivated(&stage.events) >= 1);
        assert_eq!(instance(stage).facts().prefetchable, Some("not-yet"));
    });
    fixture.assert_gone();
}
