//! Words of a MIDI file, told to plugins that sing.

use host::midi::file;
use host::plugin::Format::Vst3;
use std::path::Path;
use tests::{Fixture, Stage, layer, plugin_as, rack};

/// A track with a word before a note and one behind it, a beat of 96 ticks apart.
fn song() -> Vec<u8> {
    let track: &[&[u8]] = &[
        &[0, 0xff, 0x05, 2],
        b"La",
        &[0, 0x90, 60, 100, 48, 0x80, 60, 0],
        &[48, 0x90, 62, 100, 0, 0xff, 0x05, 2],
        b"lu",
        &[48, 0x80, 62, 0, 0, 0xff, 0x2f, 0],
    ];
    let track = track.concat();
    let mut file = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk".to_vec();
    file.extend(u32::try_from(track.len()).unwrap().to_be_bytes());
    file.extend(track);
    file
}

#[test]
fn lyrics_reach_only_plugins_that_take_text() {
    let song = file::parse(&song(), Path::new("song.mid")).unwrap();
    for (class, texts) in [("note-expression", 2), ("watch", 0)] {
        let fixture = Fixture::open_as(Vst3);
        let mut stage = Stage::new(&rack(vec![layer(vec![plugin_as(Vst3, class)])]), 64);
        assert!(stage.session.play_file(&song, false));
        stage.play(96_000);
        assert_eq!(fixture.counter("events.note_on"), 2, "{class}");
        assert_eq!(fixture.counter("events.note_text"), texts, "{class}");
        drop(stage);
        fixture.assert_gone();
    }
}
