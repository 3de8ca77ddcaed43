//! What main and the audio thread share.

use super::super::{CONTROLLERS, Controls, Mirrored};
use super::plugin::{Rig, Setup, at, controls};
use super::std::collections::BTreeMap;
use super::std::sync::atomic::AtomicU64;
use super::std::vec::Vec;
use crate::events::Body;
use crate::lend::testing::{lend, slice};

#[test]
fn ten_thousand_parameters_are_mirrored() {
    let count: u32 = if cfg!(miri) { 200 } else { 10_000 };
    // Ids as plugins have them: counted up, and hashes beyond 2^31.
    let ids: Vec<u32> = (0..count)
        .map(|n| {
            if n % 2 == 0 {
                n
            } else {
                n.wrapping_mul(0x8088_405f) | 1 << 31
            }
        })
        .collect();
    let shared = controls(&ids);
    shared.drain(|_, _, _| panic!("news of nothing"));
    for (n, &id) in (0..count).zip(&ids) {
        shared.note(id, 0.25, n % 3 == 0);
        shared.note(id, f64::from(n) / f64::from(count), n % 3 == 1);
    }
    shared.note(u32::MAX, 0.5, true);
    shared.note(count + 1, 0.5, true);
    shared.tell_news();
    let mut news = BTreeMap::new();
    shared.drain(|id, value, from_plugin| assert!(news.insert(id, (value, from_plugin)).is_none()));
    assert_eq!(news.len(), ids.len());
    for (n, id) in (0..count).zip(&ids) {
        assert_eq!(news[id], (f64::from(n) / f64::from(count), n % 3 == 1), "{id}");
    }
    shared.drain(|_, _, _| panic!("news told twice"));
    shared.note(ids[1], -0.0, false);
    shared.tell_news();
    shared.drain(|id, value, from_plugin| assert_eq!((id, value, from_plugin), (ids[1], 0.0, false)));
    shared.note(ids[1], f64::NAN, true);
    shared.tell_news();
    shared.drain(|_, _, _| panic!("no number is no news"));
}

#[test]
fn a_full_mirror_passes_the_rest_over() {
    let ids = 0..100;
    let shared = Controls::new(
        slice(64, Mirrored::default()),
        lend([AtomicU64::new(0)].into()),
        ids.clone(),
    );
    ids.for_each(|id| shared.note(id, 1.0, true));
    shared.tell_news();
    let mut count = 0;
    shared.drain(|_, _, _| count += 1);
    assert_eq!(count, 64);
}

#[test]
fn main_reads_while_audio_writes() {
    let shared = controls(&[1, 2, 3]);
    let last = if cfg!(miri) { 100 } else { 100_000 };
    super::std::thread::scope(|scope| {
        scope.spawn(|| {
            (1..=last).for_each(|n| {
                shared.note(2, f64::from(n) / f64::from(last), false);
                shared.tell_news();
            })
        });
        let mut seen = 0.0;
        while seen < 1.0 {
            shared.drain(|id, value, _| {
                assert!(id == 2 && value >= seen, "{id} {value} after {seen}");
                seen = value;
            });
        }
    });
}

#[test]
fn controllers_are_learned_when_that_is_wanted() {
    let mut rig = Rig::new(Setup::default());
    let moved = [
        [0xb0, 0, 1],
        [0xbf, 127, 1],
        [0xd3, 1, 0],
        [0xe4, 1, 1],
        [0xe4, 2, 2],
    ];
    let moved = at(0, &moved.map(|data| Body::Midi { port: 0, data }));
    rig.play_one(&moved);
    rig.controls.take_learned(|_, _| panic!("not wanted"));
    rig.controls.set_learns(true);
    rig.play_one(&moved);
    let mut learned = Vec::new();
    rig.controls
        .take_learned(|channel, controller| learned.push((channel, controller)));
    assert_eq!(learned, [(0, 0), (3, 128), (4, 129), (15, 127)]);
    rig.controls.take_learned(|_, _| panic!("learned twice"));
}

#[test]
fn the_map_has_a_place_for_every_controller_and_no_more() {
    let shared = controls(&[]);
    let last = u8::try_from(CONTROLLERS - 1).unwrap();
    shared.set_map(15, last, Some(7));
    assert_eq!(shared.mapped(15, last), Some(7));
    shared.set_map(16, 0, Some(8));
    shared.set_map(0, last + 1, Some(8));
    assert_eq!((shared.mapped(16, 0), shared.mapped(0, last + 1)), (None, None));
    shared.set_map(15, last, None);
    assert_eq!(shared.mapped(15, last), None);
}
