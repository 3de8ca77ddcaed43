//! The safety stage: bad blocks, the limiter, fades.

use super::plugin::Sound;
use super::std::vec::Vec;
use super::*;
use crate::processor::Status;
use crate::wire::Fault;

/// Plays 512 good frames, `bad` blocks of `block` frames of a bad value or status, and good ones again.
fn with_fault(
    block: usize,
    before: &[&Plugin],
    sound: Sound,
    status: Status,
    bad: usize,
) -> (Vec<f32>, Vec<FromEngine>, u64) {
    let plugin = Plugin::new(Sound::Level(0.5));
    let chain: Vec<&Plugin> = before.iter().copied().chain([&plugin]).collect();
    let mut rig = Rig::playing(rack(1, &chain));
    let mut out = rig.left(512, block);
    plugin.state().sound = sound;
    plugin.state().status = status;
    out.extend(rig.left(block * bad, block));
    plugin.state().sound = Sound::Level(0.5);
    plugin.state().status = Status::Continue;
    out.extend(rig.left(512, block));
    (out, rig.reports(), rig.engine.home.faults)
}

#[test]
fn a_bad_block_is_silence_with_ramps_counted_and_named_once_a_run() {
    let faults = [
        (Sound::Level(f32::NAN), Status::Continue, Fault::NotANumber),
        (
            Sound::Level(f32::NEG_INFINITY),
            Status::Continue,
            Fault::NotANumber,
        ),
        (Sound::Level(15.9), Status::Continue, Fault::TooLoud),
        (Sound::Level(0.5), Status::Failed, Fault::Process),
    ];
    let beside = Plugin::new(Sound::Level(0.25));
    for (sound, status, fault) in faults.into_iter().take(if cfg!(miri) { 1 } else { 4 }) {
        for (block, bad) in [(64, 3), (8, 1), (1, 5)]
            .into_iter()
            .take(if cfg!(miri) { 1 } else { 3 })
        {
            for before in [&[][..], &[&beside]] {
                let (out, reports, count) = with_fault(block, before, sound, status, bad);
                #[expect(clippy::cast_precision_loss, reason = "none or one")]
                let rest = 0.25 * before.len() as f32;
                let context = std::format!("{fault:?}, block {block}, behind {}", before.len());
                assert!(out.iter().all(|sample| sample.is_finite()), "{context}");
                assert!(
                    greatest_step(rest + 0.5, &out) < 0.02,
                    "{context}: {}",
                    greatest_step(rest + 0.5, &out)
                );
                assert_eq!(out.last(), Some(&(rest + 0.5)), "{context}");
                if bad * block >= 64 {
                    let silent = out.iter().filter(|sample| **sample == rest).count();
                    assert!(silent >= bad * block - 64, "{context}");
                }
                let plugin = at(0, if before.is_empty() { 0 } else { 1 });
                assert_eq!(
                    reports,
                    [FromEngine::Fault {
                        rack: RackId(1),
                        plugin,
                        fault
                    }],
                    "{context}"
                );
                assert_eq!(count, bad as u64, "{context}");
            }
        }
    }
}

#[test]
fn a_run_of_different_faults_is_one_run() {
    let plugin = Plugin::new(Sound::Level(f32::NAN));
    let mut rig = Rig::playing(rack(1, &[&plugin]));
    rig.block(64);
    plugin.state().sound = Sound::Level(20.0);
    rig.block(64);
    assert_eq!(rig.reports().len(), 1);
    plugin.state().sound = Sound::Level(0.0);
    rig.block(64);
    plugin.state().sound = Sound::Level(20.0);
    rig.block(64);
    assert_eq!(rig.reports().len(), 1);
}

#[test]
fn a_failed_block_says_nothing() {
    let plugin = Plugin::new(Sound::Octave);
    let mut rig = Rig::playing(rack(1, &[&plugin]));
    plugin.state().status = Status::Failed;
    rig.midi([0x90, 60, 100]);
    rig.block(64);
    assert!(rig.engine.midi_out().is_empty());
}

#[test]
fn twenty_four_decibels_are_loud_and_no_fault() {
    let plugin = Plugin::new(Sound::Level(15.8));
    let mut rig = Rig::playing(rack(1, &[&plugin]));
    assert_eq!(rig.block(64)[0], [15.8; 64]);
    assert!(rig.reports().is_empty());
}

#[test]
fn the_limiter_keeps_the_ceiling_and_leaves_without_a_step() {
    let plugin = Plugin::new(Sound::Level(2.0));
    let mut limited = rack(1, &[&plugin]);
    limited.ceiling = Some(0.9);
    let mut rig = Rig::playing(limited);
    rig.engine.rate = RATE;
    assert!(rig.left(256, 32).iter().all(|sample| *sample <= 0.9));
    // The next rack has none; the gain comes back along its curve.
    let quiet = Plugin::new(Sound::Level(0.0));
    plugin.state().sound = Sound::Level(0.5);
    let before = rig.left(32, 32)[31];
    rig.swap(rack(2, &[&quiet]));
    let out = rig.left(8_192, 64);
    assert!(greatest_step(before, &out) < 0.001);
    assert_eq!(out.last(), Some(&0.5));
}

#[test]
fn a_ceiling_that_makes_no_sense_limits_nothing() {
    let plugin = Plugin::new(Sound::Level(0.5));
    for ceiling in [0.0, -1.0, f32::NAN] {
        let mut odd = rack(1, &[&plugin]);
        odd.ceiling = Some(ceiling);
        let mut rig = Rig::playing(odd);
        assert_eq!(rig.block(16)[0], [0.5; 16]);
    }
}

#[test]
fn a_fade_is_straight_ends_with_a_word_and_stays() {
    let plugin = Plugin::new(Sound::Level(1.0));
    for block in [1, 30, 64] {
        let mut rig = Rig::playing(rack(1, &[&plugin]));
        rig.send(Command::Fade { to: 0.0, frames: 100 });
        let out = rig.left(200, block);
        assert!((out[49] - 0.5).abs() < 1e-5);
        assert_eq!(out[99..], [0.0; 101]);
        assert_eq!(rig.reports(), [FromEngine::Faded]);
        rig.send(Command::Fade { to: 1.0, frames: 0 });
        assert_eq!(rig.left(64, block)[1..], [1.0; 63]);
        assert_eq!(rig.reports(), [FromEngine::Faded]);
    }
}
