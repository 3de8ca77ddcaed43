//! A file with every key in it means what the documentation says, and a file with none has the defaults.

use std::path::Path;

use presets::{Buffer, Driver, KeyRange, PluginFormat, Preset, Release, TargetChain, VelocityRange, parse};

const EVERYTHING: &str = r#"
format = 1
name = "Stage piano"

[device]
driver = "asio"
name = "Babyface Pro FS"
sample-rate = 48000
buffer = "lowest"
inputs = [3]
outputs = [1, 2]
release = "idle 60s"

[midi]
inputs = ["Keystation 61"]
outputs = ["Synth"]

[[layer]]
name = "Piano"
keys = "A0..C8"
velocity = "10..127"
channel = 16
transpose = -12
gain-db = -3
pan = 0.25
mute = true

[[layer.plugin]]
format = "clap"
id = "org.example.piano"
file = "Piano.clap"
params = { "Decay" = 0.7, 12 = 3 }

[[layer.plugin]]
format = "vst3"
id = "0123456789ABCDEF0123456789ABCDEF"
program = "Factory/Grand Piano"

[[map]]
cc = 74
channel = 1
to = "Piano/1/Cutoff"
range = [20.0, 18000]

[master]
gain-db = 1.5
limiter-db = -0.5

[[master.plugin]]
format = "clap"
id = "org.example.limiter"
"#;

#[test]
fn every_key_arrives() {
    let preset = parse(EVERYTHING, Path::new("p")).unwrap();
    assert_eq!(preset.name, "Stage piano");
    let device = &preset.device;
    assert_eq!(
        (device.driver, device.name.as_deref()),
        (Some(Driver::Asio), Some("Babyface Pro FS"))
    );
    assert_eq!(
        (device.sample_rate, device.buffer),
        (Some(48_000), Some(Buffer::Lowest))
    );
    assert_eq!(
        (device.inputs.as_deref(), device.outputs.as_deref()),
        (Some(&[3][..]), Some(&[1, 2][..]))
    );
    assert_eq!(device.release, Release::Idle { seconds: 60 });
    assert_eq!(preset.midi.inputs, Some(vec!["Keystation 61".into()]));
    assert_eq!(preset.midi.outputs, ["Synth"]);
    let layer = &preset.layers[0];
    assert_eq!(layer.name, "Piano");
    assert_eq!(layer.keys, KeyRange { low: 21, high: 108 });
    assert_eq!(layer.velocity, VelocityRange { low: 10, high: 127 });
    assert_eq!(
        (layer.channel, layer.transpose, layer.mute),
        (Some(16), -12, true)
    );
    assert_eq!((layer.gain_db, layer.pan), (-3.0, 0.25));
    let plugin = &layer.plugins[0];
    assert_eq!(
        (plugin.format, plugin.id.as_str()),
        (PluginFormat::Clap, "org.example.piano")
    );
    assert_eq!(
        (plugin.file.as_deref(), &plugin.state),
        (Some("Piano.clap"), &None)
    );
    assert_eq!(
        plugin.params.iter().collect::<Vec<_>>(),
        [(&"12".to_owned(), &3.0), (&"Decay".to_owned(), &0.7)]
    );
    assert_eq!(layer.plugins[1].format, PluginFormat::Vst3);
    assert_eq!(layer.plugins[1].program.as_deref(), Some("Factory/Grand Piano"));
    let map = &preset.maps[0];
    assert_eq!(
        (map.cc, map.channel, map.range),
        (74, Some(1), Some([20.0, 18_000.0]))
    );
    assert_eq!(map.to.chain, TargetChain::Layer("Piano".into()));
    assert_eq!((map.to.plugin, map.to.parameter.as_str()), (1, "Cutoff"));
    assert_eq!(
        (preset.master.gain_db, preset.master.limiter_db),
        (1.5, Some(-0.5))
    );
    assert_eq!(preset.master.plugins[0].id, "org.example.limiter");
    assert_eq!(preset.problems().len(), 1, "its only layer is muted");
}

#[test]
fn a_file_of_one_line_has_the_defaults() {
    let preset = parse("format = 1", Path::new("p")).unwrap();
    assert_eq!(preset, Preset::default());
    assert_eq!(preset.to_toml().unwrap(), "format = 1\n");
    let preset = parse("format = 1\n[[layer]]\n", Path::new("p")).unwrap();
    assert_eq!(preset.layers[0].keys, KeyRange { low: 0, high: 127 });
    assert_eq!(preset.layers[0].velocity, VelocityRange { low: 1, high: 127 });
    assert_eq!(preset.to_toml().unwrap(), "format = 1\n\n[[layer]]\n");
}

#[test]
fn it_is_written_the_way_the_documentation_writes_it() {
    let preset = parse(EVERYTHING, Path::new("p")).unwrap();
    let expected = EVERYTHING
        .trim_start()
        .replace("gain-db = -3\n", "gain-db = -3.0\n")
        .replace("18000]", "18000.0]")
        .replace("{ \"Decay\" = 0.7, 12 = 3 }", "{ 12 = 3.0, Decay = 0.7 }");
    assert_eq!(preset.to_toml().unwrap(), expected);
}

#[test]
fn a_preset_that_could_not_be_loaded_is_not_written() {
    let mut preset = parse(EVERYTHING, Path::new("p")).unwrap();
    preset.layers[0].pan = f64::NAN;
    let sentence = preset.to_toml().unwrap_err().to_string();
    assert_eq!(
        sentence,
        "`layer.1.pan`: nan is out of range; write a place from -1 to 1"
    );
    preset.layers = vec![Default::default(); 17];
    let sentence = preset.to_toml().unwrap_err().to_string();
    assert_eq!(
        sentence,
        "`layer`: 17 of [[layer]] are more than 16, the limit; keep 16 at most"
    );
}
