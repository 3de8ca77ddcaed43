//! What an instance tells of itself: functions, key switches, interfaces, buses.

use crate::stage::{BLOCK, alone, load, open, stage, vst3};
use host::plugin::{AudioPort, Instance, Keyswitch};
use tests::Stage;

#[test]
fn parameters_named_by_their_purpose_are_told() {
    let fixture = open();
    assert_eq!(
        load("functions").facts().functions,
        [("low latency mode", 2), ("dry/wet mix", 1)]
    );
    assert!(fixture.counter("function_name.gets") >= 2);
    assert!(load("channel-info").facts().functions.is_empty());
    fixture.assert_gone();
}

#[test]
fn key_switches_are_told_and_played() {
    let fixture = open();
    let switch = |number: i32| Keyswitch {
        name: format!("Switch {number}"),
        keys: (23 + number, 23 + number),
    };
    assert_eq!(load("keyswitch").facts().keyswitches, [1, 2, 3].map(switch));
    let mut stage = stage(vst3("keyswitch"));
    for (key, level) in [(24, 0.1), (26, 0.3), (25, 0.2)] {
        stage.step(&[
            (0, &[0x90, key, 100]),
            (1, &[0x80, key, 0]),
            (2, &[0x90, 60, 100]),
        ]);
        assert_eq!(stage.played[0].last(), Some(&level), "{key}");
        stage.step(&[(0, &[0x80, 60, 0])]);
    }
    drop(stage);
    fixture.assert_gone();
}

#[test]
fn facts_name_the_interfaces_that_a_plugin_has() {
    let fixture = open();
    for (name, has, has_not) in [
        (
            "watch",
            &["IMidiMapping", "IConnectionPoint", "IEditController2"][..],
            &["IUnitInfo"][..],
        ),
        ("midi-learn", &["IMidiMapping", "IMidiLearn"], &["IMidiMapping2"]),
        (
            "midi-mapping2",
            &["IMidiMapping2", "IMidiLearn2"],
            &["IMidiLearn"],
        ),
        ("exchange", &["IDataExchangeReceiver"], &["IInfoListener"]),
        (
            "channel-info",
            &["IInfoListener", "IParameterFunctionName"],
            &["IUnitInfo"],
        ),
        (
            "note-expression",
            &["INoteExpressionController", "IKeyswitchController"],
            &["IMidiMapping"],
        ),
        (
            "context",
            &[
                "IAudioPresentationLatency",
                "IPrefetchableSupport",
                "IProcessContextRequirements",
            ],
            &["IMidiMapping"],
        ),
        ("single", &["IEditController", "IMidiMapping"], &["IInfoListener"]),
    ] {
        let found = load(name).facts().extensions;
        assert!(
            has.iter().all(|wanted| found.contains(wanted)),
            "{name}: {found:?}"
        );
        assert!(
            has_not.iter().all(|other| !found.contains(other)),
            "{name}: {found:?}"
        );
    }
    assert_eq!(
        load("note-expression").facts().note_expressions,
        ["Volume", "Tuning", "Grit", "Text", "Phoneme"]
    );
    fixture.assert_gone();
}

#[test]
fn buses_are_told_with_their_layouts() {
    let fixture = open();
    let ports = |instance: &mut Instance| {
        let facts = instance.facts();
        let told = |ports: &[AudioPort]| {
            let one = |port: &AudioPort| {
                (
                    port.name.clone(),
                    port.channels,
                    port.main,
                    port.layout.clone().unwrap(),
                )
            };
            ports.iter().map(one).collect::<Vec<_>>()
        };
        (told(&facts.audio_inputs), told(&facts.audio_outputs))
    };
    let bus = |name: &str, channels, main, layout: &str| (name.to_owned(), channels, main, layout.to_owned());
    let stereo = || bus("Main", 2, true, "stereo");
    assert_eq!(
        ports(&mut load("sidechain")),
        (
            vec![stereo(), bus("Side Chain", 2, false, "stereo")],
            vec![stereo()]
        )
    );
    assert_eq!(
        ports(&mut load("multi")).1,
        [
            stereo(),
            bus("Mono", 1, false, "mono"),
            bus("Stereo", 2, false, "stereo")
        ]
    );
    let mut notes = load("noports");
    let facts = notes.facts();
    assert_eq!((facts.note_inputs.len(), facts.note_outputs.len()), (1, 1));
    drop(notes);
    drop(Stage::new(&alone(vst3("multi")), BLOCK));
    fixture.assert_gone();
}
