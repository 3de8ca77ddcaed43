//! On a machine with or without a sound card.

use super::*;
use crate::device::testing::Rig;
use crate::device::{BufferWish, Driver, describe, list};
use std::time::Instant;

#[test]
fn a_card_that_does_not_exist_is_answered_with_those_that_do() {
    let wish = Wish {
        name: Some("hw:CARD=NoSuchCard".to_owned()),
        ..Wish::default()
    };
    let error = Cpal::open(&wish).unwrap_err();
    let DeviceError::NoDevice { driver, known, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(driver, Driver::Alsa);
    let names: Vec<String> = list(Some(Driver::Alsa))
        .into_iter()
        .flatten()
        .map(|device| device.name)
        .collect();
    assert_eq!(known, names);
}

/// ALSA's own null device, which is there without any card. It is not listed, for it has no clock: it calls as fast
/// as it can, which is all that a test needs.
fn null(buffer: Option<BufferWish>, inputs: Vec<u16>) -> Wish {
    Wish {
        driver: Some(Driver::Alsa),
        name: Some("null".to_owned()),
        rate: Some(44_100),
        buffer,
        outputs: vec![5, 6],
        inputs,
        ..Wish::default()
    }
}

#[test]
fn a_stream_runs_with_inputs_and_without_and_gives_the_engine_back() {
    for (buffer, inputs) in [
        (Some(BufferWish::Frames(64)), vec![]),
        (Some(BufferWish::Lowest), vec![1, 2]),
        (None, vec![]),
    ] {
        let opened = Cpal::open(&null(buffer, inputs.clone())).unwrap();
        let info = opened.info.clone();
        assert_eq!((info.rate, info.outputs), (44_100, 6));
        assert_eq!(usize::from(info.inputs), inputs.len());
        match buffer {
            Some(BufferWish::Frames(frames)) => assert_eq!(info.buffer, frames),
            Some(BufferWish::Lowest) => assert_eq!(info.buffer, 16),
            None => assert!(info.buffer > 0),
        }
        let mut rig = Rig::new(&info);
        let mut running = Box::new(opened).start(rig.callback()).unwrap();
        let until = Instant::now() + Duration::from_secs(5);
        while rig.blocks() < 100 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
        assert!(rig.blocks() >= 100, "{info}");
        while let Some(event) = running.poll() {
            assert!(!matches!(event, DeviceEvent::Lost(_)), "{event:?}");
        }
        let before = Instant::now();
        drop(running);
        assert!(before.elapsed() < Duration::from_secs(3));
        rig.engine_comes_home();
    }
}

#[test]
fn a_device_that_is_dropped_unstarted_leaves_nothing() {
    let opened = Cpal::open(&null(None, Vec::new())).unwrap();
    let before = Instant::now();
    drop(opened);
    assert!(before.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_probe_tells_ranges_that_make_sense() {
    let null = describe(Driver::Alsa, "null").unwrap();
    assert_eq!(null.rates, [(4_000, 768_000)]);
    assert_eq!(null.buffers, Some((1, 8_192)));
    assert!(null.inputs > 0 && null.outputs > 0);
    let wish = Wish {
        rate: Some(1_000_000),
        ..self::null(None, Vec::new())
    };
    assert_eq!(
        Cpal::open(&wish).unwrap_err().to_string(),
        "ALSA device \"null\" cannot run at 1000000 Hz; it offers 4000 to 768000 Hz."
    );
}
