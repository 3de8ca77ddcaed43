//! What ships inside the program is sound.

use std::path::Path;

use midly::{Format, MetaMessage, MidiMessage, Smf, Timing, TrackEventKind};

#[test]
fn every_factory_preset_loads_without_a_problem() {
    for preset in presets::factory() {
        let loaded = presets::parse(preset.text, Path::new(preset.name)).unwrap();
        assert_eq!(loaded.problems(), [], "{}", preset.name);
        assert!(!loaded.name.is_empty());
        let chains = loaded
            .layers
            .iter()
            .map(|layer| &layer.plugins)
            .chain([&loaded.master.plugins]);
        for plugin in chains.flatten() {
            let file = plugin
                .id
                .strip_prefix("org.backline.")
                .map(|name| format!("{name}.clap"));
            assert_eq!(plugin.file, file, "{}", preset.name);
        }
        let again = presets::parse(&loaded.to_toml().unwrap(), Path::new(preset.name)).unwrap();
        assert_eq!(again, loaded);
    }
}

#[test]
fn every_file_of_the_folder_is_built_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("factory");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| {
            Some(
                entry
                    .unwrap()
                    .file_name()
                    .to_str()?
                    .strip_suffix(".backline")?
                    .to_owned(),
            )
        })
        .collect();
    let mut names: Vec<_> = presets::factory().iter().map(|preset| preset.name).collect();
    assert_eq!(names[0], "stage-synth", "the first is the newcomer's first sound");
    files.sort();
    names.sort_unstable();
    assert_eq!(files, names);
}

#[test]
fn the_phrase_loops_over_eight_bars() {
    let bytes = presets::factory_phrase();
    assert!(bytes.len() < 4096);
    let file = Smf::parse(bytes).unwrap();
    assert_eq!(file.header.format, Format::Parallel);
    let Timing::Metrical(ticks) = file.header.timing else {
        panic!("a tempo map wants ticks per quarter")
    };
    let end = u32::from(ticks.as_int()) * 4 * 8;
    let (mut notes, mut tempos, mut bends, mut pedal) = (0, 0, 0, 0);
    for track in &file.tracks {
        let (mut at, mut held, mut down, mut bent) = (0, [0_i32; 128], false, false);
        for event in track {
            at += event.delta.as_int();
            match event.kind {
                TrackEventKind::Meta(MetaMessage::Tempo(_)) => tempos += 1,
                TrackEventKind::Meta(MetaMessage::EndOfTrack) => assert_eq!(at, end),
                TrackEventKind::Midi { message, .. } => match message {
                    MidiMessage::NoteOn { key, vel } => {
                        assert!(vel > 0);
                        held[usize::from(key.as_int())] += 1;
                        notes += 1;
                    }
                    MidiMessage::NoteOff { key, .. } => held[usize::from(key.as_int())] -= 1,
                    MidiMessage::Controller { controller, value } if controller == 64 => {
                        down = value >= 64;
                        pedal += 1;
                    }
                    MidiMessage::PitchBend { bend } => {
                        bent = bend.as_int() != 0;
                        bends += 1;
                    }
                    _ => {}
                },
                _ => {}
            }
            assert!(
                held.iter().all(|count| (0..=1).contains(count)),
                "a note is struck while it is held"
            );
        }
        assert!(
            held.iter().all(|count| *count == 0) && !down && !bent,
            "the loop begins as it began"
        );
    }
    assert!(
        notes > 60 && tempos > 1 && bends > 8 && pedal == 16,
        "{notes} {tempos} {bends} {pedal}"
    );
}
