//! One plugin by itself as it plays, on a clock and without a device.

use crate::bench::{Bench, Fed, SOON, assert_no_complaint, file_of, text};
use crate::plugins::Plugin;
use host::plugin::Format;
use serde_json::json;
use tests::Playing;

/// Plays to small blocks until the last note has ended, and ends as it should.
pub fn check(format: Format, plugin: Plugin) {
    let Some(bench) = Bench::of_corpus() else { return };
    let file = file_of(format, plugin.name).unwrap();
    let words = [
        &["play", "--plugin", text(&file), "--driver", "null"][..],
        &["--buffer", "32", "--midi-file", text(&bench.notes)],
        &["--for", "1.5", "--no-gui"],
    ]
    .concat();
    let mut playing = Playing::start(&bench.program, bench.folder.path(), None, &words);
    let started = playing.wait_for("started", SOON, |_| true);
    assert_eq!(started["buffer"], 32, "{started}");
    let ran = playing.end(SOON);
    assert_no_complaint(&ran);
    let lines = ran.json();
    let ended = lines.last().unwrap();
    assert_eq!(
        (&ended["event"], &ended["reason"], &ended["faults"]),
        (&json!("ended"), &json!("time"), &json!(0)),
        "{ran}"
    );
    // A busy machine makes blocks late, and after late ones the clock starts anew.
    assert!(ended["blocks"].as_u64() > Some(500), "{ended}");
    assert_eq!(ended["midi_events"], 6, "{ended}");
    if plugin.fed == Fed::Notes {
        assert!(
            lines
                .iter()
                .any(|line| line["event"] == "status" && line["peak_db"].as_f64() > Some(-40.0)),
            "{ran}"
        );
    }
    assert!(!lines.iter().any(|line| line["event"] == "plugin-fault"), "{ran}");
}
