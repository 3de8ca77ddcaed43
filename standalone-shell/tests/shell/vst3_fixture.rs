//! A VST3 file of many plugins that do on purpose what few do.

use super::program::{Home, Ran, library, midi, one_note};
use std::fs;

/// The plugin that is at long work, and says so.
const PROGRESS: &str = "424B4C4E565354330000000000000026";
/// The plugin that asks for windows.
const EDIT: &str = "424B4C4E56535433000000000000001F";

fn with_fixture() -> Home {
    let home = Home::new();
    home.plugin(&library("vst3-fixture"), "fixture.vst3");
    home
}

/// A preset of one plugin, whose parameter Ask controller 20 moves from 0 to 15; and a file that asks for these one after
/// the other.
fn asked(class: &str, steps: &[u8]) -> Home {
    let home = with_fixture();
    home.write(
        "p.backline",
        format!(
            "format = 1\n[[layer]]\nname = \"Keys\"\n[[layer.plugin]]\nformat = \"vst3\"\nid = \"{class}\"\n\
             file = \"fixture.vst3\"\n\n[[map]]\ncc = 20\nto = \"Keys/1/Ask\"\n"
        ),
    );
    let ask = |step: &u8| (120, [0xb0, 20, step * 8 + step / 2]);
    home.write("ask.mid", midi(&steps.iter().map(ask).collect::<Vec<_>>()));
    home
}

/// Work begins, goes on and ends.
fn at_work() -> Home {
    asked(PROGRESS, &[1, 2, 3, 0, 0])
}

/// What people are told of the work, where there is no terminal for a bar.
fn told(ran: &Ran) -> Vec<&str> {
    let lines = ran.err.lines().filter(|line| line.starts_with("Keys/1: "));
    lines.collect()
}

const START_AND_END: [&str; 2] = [
    "Keys/1: progress: Loading samples ...",
    "Keys/1: progress: Loading samples is done.",
];

#[test]
fn long_work_is_told_while_playing() {
    let home = at_work();
    let ran = home.run(&[
        "play",
        "p.backline",
        "--midi-file",
        "ask.mid",
        "--driver",
        "null",
        "--for",
        "1.5",
        "--json",
    ]);
    assert_eq!(told(ran.succeeds()), START_AND_END, "{ran:?}");
    let lines = ran.lines();
    let work: Vec<_> = lines
        .iter()
        .filter(|line| line["event"] == "plugin-progress")
        .collect();
    let (first, last) = (work[0], work[work.len() - 1]);
    for line in &work {
        assert_eq!(
            (&line["place"], &line["plugin"]),
            (&"Keys/1".into(), &"progress".into())
        );
        assert_eq!(
            (&line["text"], &line["task"]),
            (&"Loading samples".into(), &first["task"])
        );
    }
    assert_eq!((&first["done"], &first["ended"]), (&0.0.into(), &false.into()));
    assert_eq!((&last["done"], &last["ended"]), (&1.0.into(), &true.into()));
    assert!(work.len() <= 6, "now and then is enough: {work:?}");
}

#[test]
fn long_work_is_told_while_rendering() {
    let home = at_work();
    let ran = home.run(&[
        "render",
        "p.backline",
        "--midi-file",
        "ask.mid",
        "--tail",
        "0",
        "--output",
        "o.wav",
        "--json",
    ]);
    assert_eq!(told(ran.succeeds()), START_AND_END, "{ran:?}");
    assert_eq!(ran.lines().len(), 1, "the summary alone: {ran:?}");
}

#[test]
fn a_wish_for_a_window_is_told_to_who_looks_for_it() {
    let home = asked(EDIT, &[1, 3, 0, 0]);
    let options = [
        "--midi-file",
        "ask.mid",
        "--driver",
        "null",
        "--for",
        "1",
        "--json",
    ];
    let ran = home.run(&[&["play", "p.backline"], &options[..]].concat());
    let wish = ran.succeeds().event("plugin-wish");
    assert_eq!(
        (&wish["place"], &wish["wish"]),
        (&"Keys/1".into(), &"editor".into())
    );
    assert!(!ran.err.contains("wants its editor"), "{ran:?}");
}

#[test]
fn a_file_of_many_plugins_is_named_with_one_of_them() {
    let home = with_fixture();
    for plugin in ["fixture.vst3", "fixture.vst3#Grand"] {
        home.run(&["play", "--plugin", plugin, "--driver", "null"])
            .fails_with(
                1,
                &[
                    "fixture.vst3 holds",
                    "watch (424B4C4E565354330000000000000001)",
                    "more",
                ],
            );
    }
    for plugin in [
        "fixture.vst3#units",
        "fixture.vst3#424b4c4e565354330000000000000021",
    ] {
        let told = home.run(&["plugin", plugin, "--json"]);
        assert_eq!(told.succeeds().lines()[0]["name"], "units");
    }
    // A state tells which of them it is for.
    home.run(&[
        "preset",
        "new",
        "--plugin",
        "fixture.vst3#units",
        "--output",
        "u.backline",
    ])
    .succeeds();
    home.run(&["preset", "set", "u.backline", "--export", "u.vstpreset"])
        .succeeds();
    let played = [
        "--plugin",
        "fixture.vst3",
        "--state",
        "u.vstpreset",
        "--driver",
        "null",
        "--for",
        "0.1",
    ];
    home.run(&played).succeeds();
    for command in [&["play", "--driver", "null"][..], &["preset", "new", "--force"]] {
        let plugin = ["--plugin", "fixture.vst3#watch", "--state", "u.vstpreset"];
        home.run(&[command, &plugin].concat()).fails_with(
            1,
            &["u.vstpreset is for the plugin units (424B", "not for watch (424B"],
        );
    }
}

#[test]
fn programs_are_chosen_by_name_and_number() {
    let home = with_fixture();
    home.write("note.mid", one_note(60));
    let plugin = "fixture.vst3#units";
    let level = |program: &[&str]| {
        let words = [
            "render",
            "--plugin",
            plugin,
            "--midi-file",
            "note.mid",
            "--tail",
            "0",
            "--json",
        ];
        let ran = home.run(&[&words[..], program, &["--output", "o.wav"]].concat());
        ran.succeeds().lines()[0]["peak_db"].as_f64().expect("a level")
    };
    let decibels = |level: f64| 20.0 * level.log10();
    for (program, expected) in [
        (&[][..], 0.11),
        (&["--program", "Loud"], 0.41),
        (&["--program", "upper programs/hard"], 0.31),
        (&["--program", "Lower Programs/Open"], 0.13),
    ] {
        let told = level(program);
        assert!((told - decibels(expected)).abs() < 0.1, "{program:?}: {told} dB");
    }
    for (program, words) in [
        ("Warm", &["no program \"Warm\"", "Soft"][..]),
        ("9", &["no program \"9\""]),
    ] {
        home.run(&[
            "play",
            "--plugin",
            plugin,
            "--program",
            program,
            "--driver",
            "null",
        ])
        .fails_with(1, words);
    }
    let text = home.run(&["plugin", plugin]);
    for line in [
        "4 programs of Upper Programs",
        "  4  Loud",
        "    Upper (programs of Upper Programs)",
    ] {
        assert!(text.succeeds().out.lines().any(|told| told == line), "{text:?}");
    }
}

#[test]
fn a_plugin_without_its_controller_plays_with_a_warning() {
    let home = with_fixture();
    let plugin = "fixture.vst3#no-controller";
    home.run(&["preset", "new", "--plugin", plugin, "--output", "p.backline"])
        .succeeds();
    for command in [
        &["play", "--plugin", plugin, "--driver", "null", "--for", "0.1"][..],
        &["render", "--plugin", plugin, "--tail", "0.1", "--output", "o.wav"],
        &["plugin", plugin],
        &["preset", "check", "p.backline"],
        &["preset", "new", "--plugin", plugin, "--output", "n.backline"],
    ] {
        let ran = home.run(command);
        let warnings = ran
            .succeeds()
            .err
            .lines()
            .filter(|line| line.starts_with("warning: "));
        let count = warnings
            .filter(|line| line.contains("so that it plays without parameters"))
            .count();
        assert_eq!(count, 1, "{ran:?}");
    }
    assert!(fs::metadata(home.at("o.wav")).is_ok_and(|file| file.len() > 1000));
}
