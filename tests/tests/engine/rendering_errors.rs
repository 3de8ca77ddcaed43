//! Renderings that fail: what is said, and that nothing is left behind.

use crate::rendering::{job, left_behind, write_input};
use host::render::{Job, RenderError, Tail, WavError, render};
use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use tempfile::TempDir;
use tests::{Fixture, Format, layer, plugin_as, rack, rows};

/// Renders what must fail; gives the sentence. Nothing may be left in the folder but what was there.
fn fails(folder: &TempDir, job: &Job) -> (RenderError, String) {
    let mut before = left_behind(folder);
    let error = render(job, |_| ControlFlow::Continue(())).unwrap_err();
    let mut after = left_behind(folder);
    before.sort();
    after.sort();
    assert_eq!(before, after);
    let text = error.to_string();
    (error, text)
}

#[test]
fn inputs_that_cannot_be_used_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.wav");
    let job = Job {
        input: Some(input.clone()),
        rate: Some(48_000),
        ..job(&folder, rack(vec![layer(vec![])]))
    };
    let shown = input.display();
    let (_, text) = fails(&folder, &job);
    assert!(
        text.starts_with(&format!("The WAV file {shown} cannot be read: ")),
        "{text}"
    );

    write_input(&input, 44_100, 2, 100);
    let (error, text) = fails(&folder, &job);
    assert!(
        matches!(
            error,
            RenderError::Wav(WavError::Rate {
                found: 44_100,
                wanted: 48_000,
                ..
            })
        ),
        "{error:?}"
    );
    assert_eq!(
        text,
        format!(
            "The WAV file {shown} has 44100 Hz and the rendering 48000 Hz. Leave out --rate, or convert the file."
        )
    );

    write_input(&input, 48_000, 2, 0);
    let (error, text) = fails(&folder, &job);
    assert!(
        matches!(error, RenderError::Wav(WavError::Empty { .. })),
        "{error:?}"
    );
    assert!(text.contains("0 samples"), "{text}");

    write_input(&input, 48_000, 2, 10_000);
    let whole = fs::read(&input).unwrap();
    for length in [0, 3, 20, 43, 5_000, whole.len() - 1] {
        fs::write(&input, &whole[..length]).unwrap();
        let (error, text) = fails(&folder, &job);
        assert!(
            matches!(error, RenderError::Wav(WavError::Read { .. })),
            "{length} bytes: {error:?}"
        );
        assert!(
            text.starts_with(&format!("The WAV file {shown} cannot be read: ")),
            "{text}"
        );
    }
    fs::write(&input, b"This is a letter and no sound at all.").unwrap();
    let (_, text) = fails(&folder, &job);
    assert!(text.contains("it is no WAV file"), "{text}");
}

#[test]
fn outputs_that_cannot_be_written_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let spec = rack(vec![layer(vec![])]);
    let nowhere = folder.path().join("no/such/folder/out.wav");
    let taken = folder.path().join("taken.wav");
    fs::create_dir(&taken).unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let mut bad = vec![nowhere, taken, file.join("out.wav"), folder.path().join("")];
    if cfg!(target_os = "linux") {
        // Nobody may make files there, not even root.
        bad.push(PathBuf::from("/proc/out.wav"));
    }
    for output in bad {
        let shown = output.display().to_string();
        let (error, text) = fails(
            &folder,
            &Job {
                output,
                ..job(&folder, spec.clone())
            },
        );
        assert!(
            matches!(error, RenderError::Wav(WavError::Write { .. })),
            "{shown}: {error:?}"
        );
        assert!(
            text.starts_with(&format!("The WAV file {shown} cannot be written: ")),
            "{text}"
        );
    }
}

rows!(settings_out_of_range_and_racks_that_do_not_run_leave_no_file);

fn settings_out_of_range_and_racks_that_do_not_run_leave_no_file(format: Format) {
    let fixture = Fixture::open_as(format);
    let folder = tempfile::tempdir().unwrap();
    let spec = || rack(vec![layer(vec![plugin_as(format, "watch")])]);
    let bad = [
        Job {
            rate: Some(7_999),
            ..job(&folder, spec())
        },
        Job {
            rate: Some(768_001),
            ..job(&folder, spec())
        },
        Job {
            block: 0,
            ..job(&folder, spec())
        },
        Job {
            block: 8_193,
            ..job(&folder, spec())
        },
        Job {
            tail: Tail::Seconds(-1.0),
            ..job(&folder, spec())
        },
        Job {
            tail: Tail::Seconds(f64::NAN),
            ..job(&folder, spec())
        },
        Job {
            tail: Tail::Seconds(1e9),
            ..job(&folder, spec())
        },
    ];
    for job in &bad {
        let (error, _) = fails(&folder, job);
        assert!(matches!(error, RenderError::Range { .. }), "{error:?}");
    }
    fs::write(folder.path().join("out.wav"), "what was there").unwrap();
    let last = match format {
        Format::Clap => "fail-start",
        Format::Vst3 => "fail-setup",
    };
    for name in ["fail-init", "fail-activate", last] {
        let (_, text) = fails(
            &folder,
            &job(&folder, rack(vec![layer(vec![plugin_as(format, name)])])),
        );
        assert!(text.starts_with("Layer/1: The plugin "), "{text}");
    }
    assert_eq!(
        fs::read(folder.path().join("out.wav")).unwrap(),
        b"what was there"
    );
    fixture.assert_gone();
}
