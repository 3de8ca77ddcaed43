//! The device: what the command line asks for, else what the preset wishes.

use crate::cli::Play;
use host::device::{BufferWish, Driver, Wish};
use presets::{Buffer, Device, Midi};

/// One wish out of a command line and a preset. What the command line says counts.
///
/// A name and channels belong to a driver: a preset's are left out when the command line picks another driver or
/// device.
pub fn wish(play: &Play, device: &Device, midi: &Midi) -> Wish {
    let wished = device.driver.map(driver);
    let same_driver = play.driver.is_none() || play.driver == wished;
    let same_device = same_driver && (play.device.is_none() || play.device == device.name);
    let name = device.name.clone().filter(|_| same_driver);
    let channels = |list: &Option<Vec<u16>>| list.clone().filter(|_| same_device).unwrap_or_default();
    Wish {
        driver: play.driver.or(wished),
        name: play.device.clone().or(name),
        rate: play.rate.or(device.sample_rate),
        buffer: play.buffer.or_else(|| device.buffer.map(buffer)),
        outputs: channels(&device.outputs),
        inputs: channels(&device.inputs),
        midi: super::midi::named(&play.midi, midi),
    }
}

fn driver(driver: presets::Driver) -> Driver {
    match driver {
        presets::Driver::Asio => Driver::Asio,
        presets::Driver::Wasapi => Driver::Wasapi,
        presets::Driver::Jack => Driver::Jack,
        presets::Driver::Alsa => Driver::Alsa,
        presets::Driver::Null => Driver::Null,
    }
}

fn buffer(buffer: Buffer) -> BufferWish {
    match buffer {
        Buffer::Lowest => BufferWish::Lowest,
        Buffer::Frames(frames) => BufferWish::Frames(frames),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Command, parse};

    fn wished(line: &str) -> Wish {
        let device = Device {
            driver: Some(presets::Driver::Asio),
            name: Some("Babyface".to_owned()),
            sample_rate: Some(96_000),
            buffer: Some(Buffer::Lowest),
            outputs: Some(vec![3, 4]),
            ..Device::default()
        };
        let words = format!("backline play p.backline {line}");
        match parse(words.split_whitespace().map(Into::into)) {
            Ok(Command::Play(play)) => wish(&play, &device, &Midi::default()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_preset_wishes_what_the_command_line_leaves_open() {
        let wish = wished("");
        assert_eq!(wish.driver, Some(Driver::Asio));
        assert_eq!(wish.name.as_deref(), Some("Babyface"));
        assert_eq!((wish.rate, wish.buffer), (Some(96_000), Some(BufferWish::Lowest)));
        assert_eq!(wish.outputs, [3, 4]);
    }

    #[test]
    fn another_driver_has_other_devices_and_channels() {
        let wish = wished("--driver jack --buffer 64 --rate 48000");
        assert_eq!((wish.driver, wish.name), (Some(Driver::Jack), None));
        assert_eq!(
            (wish.rate, wish.buffer),
            (Some(48_000), Some(BufferWish::Frames(64)))
        );
        assert!(wish.outputs.is_empty());
    }

    #[test]
    fn another_device_has_other_channels() {
        let wish = wished("--device Fireface");
        assert_eq!(
            (wish.driver, wish.name.as_deref()),
            (Some(Driver::Asio), Some("Fireface"))
        );
        assert!(wish.outputs.is_empty());
        assert_eq!(wished("--driver asio").outputs, [3, 4]);
    }
}
