//! A session put through all that may happen while it plays.

use host::midi::file::{self, MidiFile};
use host::session::{Command, LayerSettings, LayerSpec, MapSpec, PluginSpec, RackSpec, Session, Stamp};
use std::iter::Cycle;
use std::path::Path;
use std::slice::Iter;
use tests::{Format, at, demo_plugin, layer, plugin_as, rack, set_part};

/// Plugins of the formats given, in turn.
struct Turns<'a>(Cycle<Iter<'a, Format>>);

impl<'a> Turns<'a> {
    fn of(formats: &'a [Format]) -> Self {
        Self(formats.iter().cycle())
    }

    fn next(&mut self) -> Format {
        *self.0.next().unwrap()
    }

    fn demo(&mut self, name: &str) -> PluginSpec {
        demo_plugin(self.next(), name)
    }

    fn plugin(&mut self, name: &str) -> PluginSpec {
        plugin_as(self.next(), name)
    }
}

/// An instrument with effects, a layer that speaks, several outputs, maps and the limiter.
pub fn busy_rack(formats: &[Format]) -> RackSpec {
    let mut a = Turns::of(formats);
    let mut spec = rack(vec![
        layer(vec![
            a.demo("demo-synth"),
            a.plugin("effect"),
            a.demo("demo-gain"),
        ]),
        layer(vec![a.plugin("noports"), a.plugin("watch"), a.plugin("mono")]),
        layer(vec![a.plugin("multi"), a.plugin("sidechain")]),
        layer(vec![a.plugin("tail")]),
    ]);
    spec.master = vec![a.plugin("effect")];
    spec.ceiling = Some(0.5);
    let map = |cc, plugin, param: &str| MapSpec {
        cc,
        channel: None,
        plugin,
        param: param.to_owned(),
        range: None,
    };
    spec.maps = vec![map(74, at(0, 0), "Cutoff"), map(20, at(1, 1), "Level")];
    spec
}

/// The channel that [`flood`] leaves alone.
const LAST_CHANNEL: u8 = 15;

/// A layer for each plugin that breaks a rule or asks for much.
fn rude_rack(formats: &[Format]) -> RackSpec {
    let names = [
        "nan",
        "fail-process",
        "flood",
        "wrong-thread",
        "storm",
        "timer",
        "stuck",
        "stuck-hard",
        "many-params",
    ];
    let mut turns = Turns::of(formats);
    let layers = names.into_iter().map(|name| layer(vec![turns.plugin(name)]));
    let mut layers: Vec<LayerSpec> = layers.collect();
    // Each of its notes says 100,000 things.
    layers[2].settings.channel = Some(LAST_CHANNEL);
    // What it does wrong is told with a stack trace each.
    layers[3].settings.channel = Some(LAST_CHANNEL);
    rack(layers)
}

/// A layer for each VST3 plugin that uses what no CLAP plugin has.
fn vst3_rack() -> RackSpec {
    let names = [
        "context",
        "double-only",
        "edit",
        "exchange",
        "exchange-background",
        "keyswitch",
        "messages",
        "midi-learn",
        "midi-mapping2",
        "not-implemented",
        "note-expression",
        "prefetchable",
        "presentation",
        "single",
        "units",
    ];
    rack(
        names
            .into_iter()
            .map(|name| layer(vec![plugin_as(Format::Vst3, name)]))
            .collect(),
    )
}

fn phrase() -> MidiFile {
    file::parse(presets::factory_phrase(), Path::new("stage-synth.mid")).unwrap()
}

/// Notes, controllers, bends, pressure and system exclusive, and parameters of several plugins: more than the ways have
/// room for.
fn flood(session: &mut Session) {
    for number in 0..6_000_u32 {
        let [low, high, ..] = (number * 37).to_le_bytes();
        let (channel, key, value) = (low % LAST_CHANNEL, high & 0x7f, low & 0x7f);
        let message = [
            [0x90, key, value],
            [0xb0, key, value],
            [0xe0, value, key],
            [0xa0, key, value],
            [0xd0, key, 0],
            [0xc0, key, 0],
        ];
        let [status, first, second] = message[number as usize % 6];
        session.send_midi(Stamp::Now, &[status | channel, first, second]);
        if number % 50 == 0 {
            session.send_midi(Stamp::Now, &[0xf0, 0x7d, key, value, 0xf7]);
            let places = [
                (at(0, 0), "Cutoff"),
                (at(1, 1), "Level"),
                (at(0, 1), "Gain"),
                (at(u8::MAX, 0), "Gain"),
            ];
            for (place, name) in places {
                // Racks differ; a parameter that one does not have is no matter here.
                let _ = set_part(session, place, name, f64::from(value) / 127.0, Stamp::Now);
            }
        }
    }
    for key in 0..128 {
        session.send_midi(Stamp::Now, &[0x80, key, 0]);
    }
}

/// Does it all with plugins of the formats given, in turn. `play` plays about as many milliseconds as it is told and serves
/// main.
pub fn exercise(formats: &[Format], session: &mut Session, mut play: impl FnMut(&mut Session, u64)) {
    let rude = rude_rack(formats);
    let busy = busy_rack(formats);
    session.load(&busy).unwrap();
    play(session, 50);

    // A piece, replaced in the middle, stopped and started.
    assert!(session.play_file(&phrase(), true));
    play(session, 200);
    assert!(session.play_file(&phrase(), true));
    play(session, 100);
    session.send(Stamp::Now, Command::Play(false));
    play(session, 20);
    session.send(Stamp::Now, Command::Play(true));
    play(session, 100);

    // Settings that glide, fades.
    for round in 0..4_u8 {
        let id = session.rack().unwrap().id;
        let gain = f32::from(round) / 4.0;
        let settings = LayerSettings {
            gain,
            pan: gain - 0.5,
            mute: round == 2,
            ..LayerSettings::default()
        };
        session.send(
            Stamp::Now,
            Command::Layer {
                rack: id,
                layer: round,
                settings,
            },
        );
        session.send(
            Stamp::Now,
            Command::Fade {
                to: 1.0 - gain,
                frames: 300,
            },
        );
        play(session, 20);
    }
    session.send(Stamp::Now, Command::Fade { to: 1.0, frames: 0 });

    flood(session);
    play(session, 100);

    // Swaps with notes held, more than may leave at once.
    for key in 60..72 {
        session.send_midi(Stamp::Now, &[0x90, key, 100]);
        session.load(&busy).unwrap();
        play(session, 10);
        if key % 4 == 0 {
            flood(session);
        }
    }

    // Latency and ports change; a plugin is taken out and put back.
    for (place, name, value) in [
        (at(0, 1), "Latency", 500.0),
        (at(2, 0), "Ports", 4.0),
        (at(u8::MAX, 0), "Latency", 0.0),
    ] {
        assert!(session.set_param(place, name, value, Stamp::Now).unwrap());
        play(session, 60);
    }
    session.send(Stamp::Now, Command::Panic);
    play(session, 300);

    // Faults, floods of output, calls on wrong threads, notes that hang, and panics.
    session.load(&rude).unwrap();
    for key in [1, 2, 3, 5, 7, 60] {
        session.send_midi(Stamp::Now, &[0x90, key, 100]);
        play(session, 60);
        session.send_midi(Stamp::Now, &[0x80, key, 0]);
        play(session, 20);
    }
    session.send_midi(Stamp::Now, &[0xb0 | LAST_CHANNEL, 1, 1]);
    session.send_midi(Stamp::Now, &[0x90 | LAST_CHANNEL, 60, 1]);
    flood(session);
    play(session, 60);
    session.send(Stamp::Now, Command::Panic);
    play(session, 400);
    if formats.contains(&Format::Vst3) {
        session.load(&vst3_rack()).unwrap();
        for key in 20..30 {
            session.send_midi(Stamp::Now, &[0x90, key, 100]);
            session.send_midi(Stamp::Now, &[0xa0, key, 30]);
            play(session, 20);
        }
        flood(session);
        play(session, 60);
        session.send(Stamp::Now, Command::Panic);
        play(session, 200);
    }
    session.load(&busy).unwrap();
    play(session, 400);
}
