//! Standard MIDI files of all shapes: nothing panics, nothing drifts, nothing is half played.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use host::midi::file::{MidiFile, parse};
use midly::num::{u4, u7, u15, u24, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind};
use proptest::prelude::*;
use rt::sequence::What;
use std::path::Path;

fn read(bytes: &[u8]) -> Result<MidiFile, String> {
    parse(bytes, Path::new("made-up.mid")).map_err(|error| error.to_string())
}

/// Plays a piece once, and a few rounds of it as a loop, and returns the times and messages of the first.
fn play(file: &MidiFile, rate: f64) -> Vec<(u64, [u8; 3])> {
    let mut piece = file.to_sequence(rate, true);
    piece.play(true);
    for _ in 0..4 {
        piece.advance(100_000, |_, _, _| {});
    }
    let mut heard = Vec::new();
    let mut piece = file.to_sequence(rate, false);
    piece.play(true);
    let mut position = 0;
    while piece.is_playing() {
        let block = 1 << 24;
        piece.advance(block, |at, piece, note| match note.what {
            What::Midi(data) => heard.push((position + u64::from(at), data)),
            What::SysEx { start, len } | What::Lyric { start, len, .. } => {
                assert_eq!(piece.bytes(start, len).len(), len as usize)
            }
            What::Transport(point) => assert!(point.playing && point.tempo > 0.0 && point.bar >= 0),
        });
        position += u64::from(block);
    }
    heard
}

/// What a track of a made-up file holds.
#[derive(Clone, Debug)]
enum Step {
    Tempo(u32),
    Metre(u8, u8),
    Controller(u8),
    Note(u8),
    SysEx(Vec<u8>),
}

fn step() -> impl Strategy<Value = (u32, Step)> {
    let what = prop_oneof![
        (1_u32..1 << 24).prop_map(Step::Tempo),
        (1..20_u8, 0..7_u8).prop_map(|(upper, lower)| Step::Metre(upper, lower)),
        (0..128_u8).prop_map(Step::Controller),
        (0..128_u8).prop_map(Step::Note),
        prop::collection::vec(0..128_u8, 0..9).prop_map(Step::SysEx),
    ];
    (prop_oneof![Just(0), 0..2000_u32], what)
}

fn written(ticks: u16, tracks: &[Vec<(u32, Step)>]) -> Vec<u8> {
    let mut file = Smf::new(Header::new(Format::Parallel, Timing::Metrical(u15::new(ticks))));
    let mut pools: Vec<Vec<u8>> = Vec::new();
    for (_, step) in tracks.iter().flatten() {
        if let Step::SysEx(data) = step {
            pools.push([data, &[0xf7][..]].concat());
        }
    }
    let mut pool = pools.iter();
    for track in tracks {
        let mut events = Vec::new();
        for (delta, step) in track {
            let midi = |message| TrackEventKind::Midi {
                channel: u4::new(3),
                message,
            };
            let mut push = |delta: u32, kind| {
                events.push(TrackEvent {
                    delta: u28::new(delta),
                    kind,
                });
            };
            match step {
                Step::Tempo(micros) => push(
                    *delta,
                    TrackEventKind::Meta(MetaMessage::Tempo(u24::new(*micros))),
                ),
                Step::Metre(upper, lower) => push(
                    *delta,
                    TrackEventKind::Meta(MetaMessage::TimeSignature(*upper, *lower, 24, 8)),
                ),
                Step::Controller(value) => push(
                    *delta,
                    midi(MidiMessage::Controller {
                        controller: u7::new(1),
                        value: u7::new(*value),
                    }),
                ),
                Step::Note(key) => {
                    let (key, vel) = (u7::new(*key), u7::new(64));
                    push(*delta, midi(MidiMessage::NoteOn { key, vel }));
                    push(5, midi(MidiMessage::NoteOff { key, vel }));
                }
                Step::SysEx(_) => push(*delta, TrackEventKind::SysEx(pool.next().unwrap())),
            }
        }
        events.push(TrackEvent {
            delta: u28::new(7),
            kind: TrackEventKind::Meta(MetaMessage::EndOfTrack),
        });
        file.tracks.push(events);
    }
    let mut bytes = Vec::new();
    file.write_std(&mut bytes).unwrap();
    bytes
}

/// Values at ticks.
type Ticks<T> = Vec<(u64, T)>;

/// Ticks of the controllers of all tracks and of the tempi, worked out anew.
fn ticks(tracks: &[Vec<(u32, Step)>]) -> (Ticks<u8>, Ticks<u32>) {
    let (mut controllers, mut tempi) = (Vec::new(), vec![(0, 500_000)]);
    for track in tracks {
        let mut tick = 0;
        for (delta, step) in track {
            tick += u64::from(*delta);
            match step {
                Step::Controller(value) => controllers.push((tick, *value)),
                Step::Tempo(micros) => tempi.push((tick, *micros)),
                Step::Note(_) => tick += 5,
                _ => {}
            }
        }
    }
    controllers.sort_by_key(|&(tick, _)| tick);
    tempi.sort_by_key(|&(tick, _)| tick);
    (controllers, tempi)
}

/// The frame nearest to a tick at a whole rate, in whole numbers: the last of the tempi at a tick counts from there.
fn frame(tick: u64, tempi: &[(u64, u32)], per_quarter: u16, rate: u32) -> u64 {
    let mut micros: u128 = 0;
    for (number, &(from, tempo)) in tempi.iter().enumerate() {
        let until = tempi.get(number + 1).map_or(tick, |next| next.0.min(tick));
        micros += u128::from(until.saturating_sub(from)) * u128::from(tempo);
    }
    let second = u128::from(per_quarter) * 1_000_000;
    u64::try_from((micros * u128::from(rate) * 2 + second) / (2 * second)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_event_lies_at_its_sample(
        per_quarter in 1_u16..2000,
        tracks in prop::collection::vec(prop::collection::vec(step(), 0..30), 1..5),
        rate in prop::sample::select(vec![44_100_u32, 48_000, 96_000, 192_000, 11_025]),
    ) {
        let (controllers, tempi) = ticks(&tracks);
        match read(&written(per_quarter, &tracks)) {
            Ok(file) => {
                let heard: Vec<(u64, u8)> = play(&file, f64::from(rate))
                    .into_iter()
                    .filter(|(_, data)| data[0] == 0xb3)
                    .map(|(at, data)| (at, data[2]))
                    .collect();
                let expected: Vec<(u64, u8)> = controllers
                    .iter()
                    .map(|&(tick, value)| (frame(tick, &tempi, per_quarter, rate), value))
                    .collect();
                prop_assert_eq!(heard, expected);
            }
            Err(error) => prop_assert!(error.contains("hours"), "{}", error),
        }
    }

    #[test]
    fn notes_on_and_off_balance(
        tracks in prop::collection::vec(prop::collection::vec(step(), 0..40), 1..4),
    ) {
        let notes = tracks.iter().flatten().filter(|(_, step)| matches!(step, Step::Note(_))).count();
        let file = read(&written(960, &tracks)).unwrap();
        prop_assert_eq!(file.notes(), notes);
        let mut sounding = [0_i32; 128];
        for (_, [status, key, _]) in play(&file, 48_000.0) {
            match status {
                0x93 => sounding[usize::from(key)] += 1,
                0x83 => sounding[usize::from(key)] -= 1,
                _ => {}
            }
            prop_assert!(sounding[usize::from(key)] >= 0, "key {} ends before it begins", key);
        }
        prop_assert_eq!(sounding, [0; 128]);
    }

    #[test]
    fn a_file_cut_off_anywhere_is_an_error(
        tracks in prop::collection::vec(prop::collection::vec(step(), 0..12), 1..4),
    ) {
        let whole = written(96, &tracks);
        prop_assert!(read(&whole).is_ok());
        for len in 0..whole.len() {
            let cut = read(&whole[..len]);
            prop_assert!(
                cut.as_ref().is_err_and(|error| error.contains("cut off") || len == 0),
                "{} of {} bytes: {:?}", len, whole.len(), cut.err()
            );
        }
    }

    #[test]
    fn any_bytes_are_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(file) = read(&bytes) {
            play(&file, 48_000.0);
        }
    }

    #[test]
    fn any_track_is_an_answer(
        format in 0_u16..4,
        division in any::<u16>(),
        body in prop::collection::vec(any::<u8>(), 0..200),
        rate in prop_oneof![Just(48_000.0), any::<f64>()],
    ) {
        let mut file = b"MThd\0\0\0\x06".to_vec();
        file.extend([format.to_be_bytes(), [0, 1], division.to_be_bytes()].concat());
        file.extend(b"MTrk");
        file.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
        file.extend(&body);
        if let Ok(file) = read(&file) {
            let mut piece = file.to_sequence(rate, true);
            piece.play(true);
            piece.advance(10_000, |_, _, _| {});
        }
    }

    #[test]
    fn a_damaged_file_is_an_answer(
        tracks in prop::collection::vec(prop::collection::vec(step(), 0..20), 1..4),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut file = written(96, &tracks);
        for (place, byte) in damage {
            let place = place.index(file.len());
            file[place] = byte;
        }
        if let Ok(file) = read(&file) {
            let mut piece = file.to_sequence(48_000.0, true);
            piece.play(true);
            piece.advance(100_000, |_, _, _| {});
        }
    }
}
