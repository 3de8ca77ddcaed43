//! Files made by hand, byte by byte, and what becomes of them.

use super::*;
use rt::transport::Transport;

const RATE: f64 = 48_000.0;
const END: &[u8] = &[0, 0xff, 0x2f, 0];

fn file(format: u16, division: u16, tracks: &[&[u8]]) -> Vec<u8> {
    let mut file = b"MThd\0\0\0\x06".to_vec();
    file.extend(format.to_be_bytes());
    file.extend(u16::try_from(tracks.len()).unwrap().to_be_bytes());
    file.extend(division.to_be_bytes());
    for track in tracks {
        file.extend(b"MTrk");
        file.extend(u32::try_from(track.len()).unwrap().to_be_bytes());
        file.extend(*track);
    }
    file
}

fn read(file: &[u8]) -> Result<MidiFile, MidiFileError> {
    parse(file, Path::new("song.mid"))
}

/// What a piece plays in `frames` frames: times, and messages or tempo changes.
fn play(file: &MidiFile, looped: bool, frames: u32) -> Vec<(u32, Heard)> {
    let mut heard = Vec::new();
    let mut piece = file.to_sequence(RATE, looped);
    piece.play(true);
    piece.advance(frames, |at, piece, note| {
        heard.push((
            at,
            match note.what {
                What::Midi(data) => Heard::Midi(data),
                What::SysEx { start, len } => Heard::SysEx(piece.bytes(start, len).to_vec()),
                What::Lyric { channel, start, len } => {
                    let (units, _) = piece.bytes(start, len).as_chunks::<2>();
                    let units: Vec<u16> = units.iter().map(|unit| u16::from_ne_bytes(*unit)).collect();
                    Heard::Lyric(channel, String::from_utf16(&units).unwrap())
                }
                What::Transport(transport) => Heard::Transport(transport),
            },
        ));
    });
    heard
}

#[derive(Clone, Debug, PartialEq)]
enum Heard {
    Midi([u8; 3]),
    SysEx(Vec<u8>),
    Lyric(u8, String),
    Transport(Transport),
}

/// Only the messages of a piece that is played once.
fn messages(file: &MidiFile) -> Vec<(u32, [u8; 3])> {
    let midi = |(at, heard)| match heard {
        Heard::Midi(data) => Some((at, data)),
        _ => None,
    };
    play(file, false, 48_000_000)
        .into_iter()
        .filter_map(midi)
        .collect()
}

fn points(file: &MidiFile) -> Vec<(u32, Transport)> {
    let point = |(at, heard)| match heard {
        Heard::Transport(transport) => Some((at, transport)),
        _ => None,
    };
    play(file, false, 48_000_000)
        .into_iter()
        .filter_map(point)
        .collect()
}

/// Length of a loop: the time at which the first point comes again.
fn loop_length(file: &MidiFile) -> u32 {
    let starts: Vec<u32> = play(file, true, 4_800_000)
        .into_iter()
        .filter(|(_, heard)| matches!(heard, Heard::Transport(point) if point.beats == 0.0))
        .map(|(at, _)| at)
        .collect();
    starts[1]
}

fn track(parts: &[&[u8]]) -> Vec<u8> {
    let mut track = parts.concat();
    track.extend(END);
    track
}

#[test]
fn a_note_of_a_beat_plays_at_the_usual_tempo() {
    let song = read(&file(0, 96, &[&track(&[&[0, 0x90, 60, 100, 96, 0x80, 60, 0]])])).unwrap();
    assert_eq!(messages(&song), [(0, [0x90, 60, 100]), (24_000, [0x80, 60, 0])]);
    assert_eq!(
        (song.notes(), song.length_seconds(), song.tempo()),
        (1, 0.5, 120.0)
    );
    let start = Transport {
        playing: true,
        ..Transport::STOPPED
    };
    assert_eq!(points(&song), [(0, start)]);
}

#[test]
fn tempo_changes_in_any_track_count_for_all() {
    let notes = track(&[&[
        0, 0x90, 60, 1, 96, 62, 1, 96, 64, 1, 96, 60, 0, 0, 62, 0, 0, 64, 0,
    ]]);
    // 60 beats a minute from the second beat on, 240 from the third.
    let tempo = track(&[
        &[96, 0xff, 0x51, 3, 0x0f, 0x42, 0x40],
        &[96, 0xff, 0x51, 3, 0x03, 0xd0, 0x90],
    ]);
    let song = read(&file(1, 96, &[&notes, &tempo])).unwrap();
    let times: Vec<u32> = messages(&song).iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [0, 24_000, 72_000, 84_000, 84_000, 84_000]);
    let tempi: Vec<_> = points(&song)
        .iter()
        .map(|(at, point)| (*at, point.tempo, point.beats, point.seconds))
        .collect();
    assert_eq!(
        tempi,
        [
            (0, 120.0, 0.0, 0.0),
            (24_000, 60.0, 1.0, 0.5),
            (72_000, 240.0, 2.0, 1.5)
        ]
    );
}

#[test]
fn bars_are_counted_over_changes_of_metre() {
    // Two bars of 3/4, then 6/8 for a bar and a half, then 4/4.
    let metres = track(&[
        &[0, 0xff, 0x58, 4, 3, 2, 24, 8],
        &[60, 0xff, 0x58, 4, 6, 3, 24, 8],
        &[45, 0xff, 0x58, 4, 4, 2, 24, 8],
        // The tempo changes on the second beat of the bar after.
        &[50, 0xff, 0x51, 3, 0x0f, 0x42, 0x40],
    ]);
    let song = read(&file(1, 10, &[&metres])).unwrap();
    let bars: Vec<_> = points(&song)
        .iter()
        .map(|(_, point)| {
            (
                point.beats,
                point.bar,
                point.bar_start,
                point.numerator,
                point.denominator,
            )
        })
        .collect();
    assert_eq!(
        bars,
        [
            (0.0, 0, 0.0, 3, 4),
            (6.0, 2, 6.0, 6, 8),
            (10.5, 4, 10.5, 4, 4),
            (15.5, 5, 14.5, 4, 4)
        ]
    );
}

#[test]
fn smpte_time_is_independent_of_tempo() {
    let notes = track(&[&[
        0, 0xff, 0x51, 3, 0x0f, 0x42, 0x40, 50, 0x90, 60, 1, 50, 0x80, 60, 0,
    ]]);
    let at = |division: u16| messages(&read(&file(0, division, &[&notes])).unwrap())[0].0;
    assert_eq!(at(u16::from_be_bytes([232, 40])), 2500);
    assert_eq!(at(u16::from_be_bytes([231, 40])), 2400);
    assert_eq!(at(u16::from_be_bytes([226, 40])), 2000);
    // 29.97 frames: 50 ticks of 1.001 / 1200 seconds are 2002 frames.
    assert_eq!(at(u16::from_be_bytes([227, 40])), 2002);
    let song = read(&file(0, u16::from_be_bytes([231, 40]), &[&notes])).unwrap();
    assert_eq!(points(&song)[0].1.tempo, 60.0);
    assert_eq!(loop_length(&song), 4800);
}

#[test]
fn patterns_sound_one_after_the_other() {
    let first = track(&[&[0, 0xff, 0x51, 3, 0x0f, 0x42, 0x40, 0, 0x90, 60, 1, 96, 0xb0, 1, 1]]);
    let second = track(&[&[0, 0x90, 62, 1, 96, 0x80, 62, 0]]);
    let song = read(&file(2, 96, &[&first, &second])).unwrap();
    assert_eq!(
        messages(&song),
        [
            (0, [0x90, 60, 1]),
            (48_000, [0xb0, 1, 1]),
            (48_000, [0x80, 60, 64]),
            (48_000, [0x90, 62, 1]),
            (72_000, [0x80, 62, 0])
        ]
    );
}

#[test]
fn hanging_notes_and_pedals_end_with_the_piece() {
    let hanging = track(&[&[0, 0x93, 60, 1, 0, 0xb3, 64, 127]]);
    let longer = track(&[&[96, 0xb0, 1, 2]]);
    let song = read(&file(1, 96, &[&hanging, &longer])).unwrap();
    assert_eq!(
        messages(&song)[3..],
        [(24_000, [0x83, 60, 64]), (24_000, [0xb3, 64, 0])]
    );
}

#[test]
fn a_repeated_note_ends_before_it_begins_again() {
    // The second track ends the note of the first at the tick of its next note-on, and has a note without length.
    let first = track(&[&[0, 0x90, 60, 1, 10, 0xb0, 1, 1, 0, 0x90, 60, 2]]);
    let second = track(&[&[10, 0x80, 60, 0, 0, 0x90, 62, 1, 0, 0x80, 62, 0, 10, 0x90, 60, 0]]);
    let song = read(&file(1, 96, &[&first, &second])).unwrap();
    let order: Vec<[u8; 3]> = messages(&song).iter().map(|(_, data)| *data).collect();
    assert_eq!(
        order,
        [
            [0x90, 60, 1],
            [0xb0, 1, 1],
            [0x80, 60, 0],
            [0x90, 60, 2],
            [0x90, 62, 1],
            [0x80, 62, 0],
            [0x90, 60, 0]
        ]
    );
}

#[test]
fn a_note_without_length_ends_after_it_began() {
    // A whole note first: what it left behind must not move the second note-off.
    let song = read(&file(
        0,
        96,
        &[&track(&[&[
            0, 0x90, 60, 1, 10, 0x80, 60, 0, 10, 0x90, 60, 2, 0, 0x80, 60, 0, 10, 0xb0, 1, 1,
        ]])],
    ))
    .unwrap();
    let order: Vec<[u8; 3]> = messages(&song).iter().map(|(_, data)| *data).collect();
    assert_eq!(order[2..], [[0x90, 60, 2], [0x80, 60, 0], [0xb0, 1, 1]]);
}

#[test]
fn all_channel_messages_are_played() {
    let song = read(&file(
        0,
        96,
        &[&track(&[&[
            0, 0xa1, 5, 6, 0, 0xb1, 7, 8, 0, 0xc1, 9, 0, 0xd1, 10, 0, 0xe1, 0x7f, 0x01,
        ]])],
    ))
    .unwrap();
    let played: Vec<[u8; 3]> = messages(&song).iter().map(|(_, data)| *data).collect();
    assert_eq!(
        played,
        [
            [0xa1, 5, 6],
            [0xb1, 7, 8],
            [0xc1, 9, 0],
            [0xd1, 10, 0],
            [0xe1, 0x7f, 0x01]
        ]
    );
}

#[test]
fn system_exclusive_is_joined_and_escapes_are_cut() {
    let song = read(&file(
        0,
        96,
        &[&track(&[
            &[0, 0xf0, 3, 1, 2, 0xf7],
            // In two parts, the second of which comes half a beat later.
            &[0, 0xf0, 2, 3, 4],
            &[48, 0xf7, 2, 5, 0xf7],
            // An end byte forgotten.
            &[0, 0xf0, 1, 6],
            &[48, 0xf7, 4, 0x90, 60, 1, 0xfa],
            &[0, 0xf7, 1, 0xf8],
        ])],
    ))
    .unwrap();
    let heard: Vec<_> = play(&song, false, 48_000).into_iter().skip(1).collect();
    assert_eq!(
        heard,
        [
            (0, Heard::SysEx(vec![0xf0, 1, 2, 0xf7])),
            (12_000, Heard::SysEx(vec![0xf0, 3, 4, 5, 0xf7])),
            (24_000, Heard::SysEx(vec![0xf0, 6, 0xf7])),
            (24_000, Heard::Midi([0x90, 60, 1])),
            (24_000, Heard::Midi([0xfa, 0, 0])),
            (24_000, Heard::Midi([0x80, 60, 64])),
        ]
    );
}

#[test]
fn loops_are_whole_bars() {
    // A bar of 4/4 at 120 beats a minute is 96,000 frames.
    let ends_at = |ticks: u16, metre: &[u8]| {
        let long = [
            0x80 | u8::try_from(ticks >> 7).unwrap(),
            u8::try_from(ticks & 0x7f).unwrap(),
        ];
        let end = [metre, &long, &[0xff, 0x2f, 0]].concat();
        loop_length(&read(&file(0, 96, &[&end])).unwrap())
    };
    assert_eq!(ends_at(384, &[]), 96_000);
    assert_eq!(ends_at(382, &[]), 96_000);
    assert_eq!(ends_at(386, &[]), 96_000);
    assert_eq!(ends_at(387, &[]), 192_000);
    assert_eq!(ends_at(1, &[]), 96_000);
    assert_eq!(ends_at(300, &[0, 0xff, 0x58, 4, 7, 3, 24, 8]), 84_000);
    // Bars of 5/128 are 15 ticks: 3750 frames.
    assert_eq!(ends_at(40, &[0, 0xff, 0x58, 4, 5, 7, 24, 8]), 11_250);
}

#[test]
fn riff_files_and_foreign_chunks_are_read() {
    let mut inner = file(0, 96, &[&track(&[&[0, 0x90, 60, 1, 96, 0x80, 60, 0]])]);
    let foreign = b"XFIH\0\0\0\x03abc";
    inner.splice(14..14, *foreign);
    inner.extend(b"XFKM\0\0\x01\0cut");
    assert_eq!(read(&inner).unwrap().notes(), 1);
    let mut riff = b"RIFF\0\0\0\0RMIDabcd\x03\0\0\0xyz\0data".to_vec();
    riff.extend(u32::try_from(inner.len()).unwrap().to_le_bytes());
    riff.extend(&inner);
    assert_eq!(read(&riff).unwrap().notes(), 1);
    riff.truncate(30);
    assert!(read(&riff).is_err());
}

#[test]
fn senseless_metas_change_nothing() {
    let metas = [
        0, 0xff, 0x51, 3, 0, 0, 0, 0, 0xff, 0x58, 4, 0, 2, 24, 8, 0, 0xff, 0x58, 4, 4, 200, 24, 8, 96, 0xff,
        0x51, 1, 9,
    ];
    let song = read(&file(0, 96, &[&track(&[&metas])])).unwrap();
    assert_eq!(points(&song).len(), 1);
    assert_eq!(song.length_seconds(), 0.5);
}

#[test]
fn a_piece_that_never_ends_is_refused_without_work() {
    let far: Vec<u8> = (0..2000)
        .flat_map(|_| [0xff, 0xff, 0xff, 0x7f, 0xb0, 1, 1])
        .collect();
    let error = read(&file(0, 1, &[&track(&[&far])])).unwrap_err();
    assert!(matches!(error, MidiFileError::TooLong { .. }), "{error}");
}

#[test]
fn a_crowd_at_one_tick_is_ordered_in_good_time() {
    let mut crowd = Vec::new();
    for _ in 0..200_000 {
        crowd.extend([0, 0x90, 60, 1, 0, 0x80, 60, 0]);
    }
    let started = std::time::Instant::now();
    let song = read(&file(
        1,
        96,
        &[&track(&[&[0, 0x90, 60, 9, 1, 0xb0, 1, 1], &crowd])],
    ))
    .unwrap();
    assert_eq!(song.notes(), 200_001);
    assert!(started.elapsed() < std::time::Duration::from_secs(10));
}

#[test]
fn errors_name_the_file_and_what_to_do() {
    let good = file(1, 96, &[&track(&[&[0, 0x90, 60, 1]]), &track(&[])]);
    let with = |edit: &dyn Fn(&mut Vec<u8>)| {
        let mut file = good.clone();
        edit(&mut file);
        read(&file).unwrap_err().to_string()
    };
    let cases = [
        (with(&|file| file.clear()), "is empty"),
        (with(&|file| file[0] = b'X'), "not a standard MIDI file"),
        (with(&|file| file.truncate(3)), "cut off in its header"),
        (
            with(&|file| file.truncate(24)),
            "cut off in the middle of track 1 of 2",
        ),
        (with(&|file| file.truncate(30)), "cut off behind track 1 of 2"),
        (with(&|file| file[9] = 3), "unknown format 3"),
        (with(&|file| file[13] = 0), "division 0x0000"),
        (with(&|file| file[12] = 0xe9), "division 0xe960"),
        (
            with(&|file| file.drain(14..).for_each(drop)),
            "cut off behind track 0 of 2",
        ),
        (with(&|file| file[23] = 0xf4), "track 1"),
        (
            with(&|file| {
                file.truncate(14);
                file[11] = 0;
            }),
            "has no tracks",
        ),
    ];
    for (sentence, part) in cases {
        assert!(
            sentence.contains(part) && sentence.contains("song.mid"),
            "{part}: {sentence}"
        );
    }
    assert!(
        with(&|file| file[23] = 0xf4).contains("byte 22"),
        "{}",
        with(&|file| file[23] = 0xf4)
    );
    // A length that runs out of its track.
    let runs_out = file(0, 96, &[&[0, 0x90, 60, 1, 0, 0xff, 1, 100, b'a']]);
    assert!(matches!(
        read(&runs_out),
        Err(MidiFileError::Damaged {
            track: 1,
            offset: 26,
            ..
        })
    ));
}

#[test]
fn files_are_read_from_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.mid");
    assert!(matches!(load(&path), Err(MidiFileError::Unreadable { .. })));
    assert!(matches!(
        load(folder.path()),
        Err(MidiFileError::Unreadable { .. })
    ));
    std::fs::write(&path, file(0, 96, &[END])).unwrap();
    assert_eq!(load(&path).unwrap().notes(), 0);
    File::create(&path).unwrap().set_len(LONGEST_FILE + 1).unwrap();
    assert!(matches!(load(&path), Err(MidiFileError::TooLarge { .. })));
}

#[test]
fn lyrics_go_to_the_notes_that_they_are_for() {
    let words = |text: &[u8]| {
        let mut meta = vec![0xff, 0x05, u8::try_from(text.len()).unwrap()];
        meta.extend(text);
        meta
    };
    let track: Vec<u8> = [
        &[0][..],
        // Before their note, in Latin-1.
        &words(b"Kl\xe4-"),
        &[0, 0x93, 60, 100, 96, 0x83, 60, 0, 0],
        // Between two notes, in UTF-8.
        &words("nge ♪".as_bytes()),
        &[96, 0x94, 62, 100, 96, 0x84, 62, 0, 0],
        // Behind the last note: nobody's.
        &words(b"."),
        END,
    ]
    .concat();
    let heard: Vec<_> = play(&read(&file(0, 96, &[&track])).unwrap(), false, 480_000)
        .into_iter()
        .filter(|(_, heard)| !matches!(heard, Heard::Transport(_)))
        .collect();
    let lyric = |channel, text: &str| Heard::Lyric(channel, format!("{text}\0"));
    assert_eq!(
        heard,
        [
            (0, Heard::Midi([0x93, 60, 100])),
            (0, lyric(3, "Klä-")),
            (24_000, Heard::Midi([0x83, 60, 0])),
            (48_000, Heard::Midi([0x94, 62, 100])),
            (48_000, lyric(4, "nge ♪")),
            (72_000, Heard::Midi([0x84, 62, 0])),
        ]
    );
}
