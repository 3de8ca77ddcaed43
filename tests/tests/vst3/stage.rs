//! What the tests of this folder share: stages with one plugin, and a neighbour that must not be disturbed.

use host::midi::file;
use host::plugin::Format::Vst3;
use host::plugin::{Instance, PluginEvent};
use host::session::{Body, LayerSettings, LayerSpec, PluginSpec, RackSpec, SessionEvent, Stamp};
use tests::{Fixture, Stage, at, layer, midi_file, plugin, plugin_as, rack};

/// Frames of a block.
pub const BLOCK: usize = 64;

/// The parameter Level, -1 to 1, of most classes.
pub const LEVEL: u32 = 0x8000_0001;

/// What the classes saw, for one test at a time.
pub fn open() -> Fixture {
    Fixture::open_as(Vst3)
}

/// A class by its name.
pub fn vst3(name: &str) -> PluginSpec {
    plugin_as(Vst3, name)
}

/// A class with parameters set by name.
pub fn with(name: &str, params: &[(&str, f64)]) -> PluginSpec {
    let params = params.iter().map(|&(name, value)| (name.to_owned(), value));
    PluginSpec {
        params: params.collect(),
        ..vst3(name)
    }
}

/// A rack of one plugin.
pub fn alone(plugin: PluginSpec) -> RackSpec {
    rack(vec![layer(vec![plugin])])
}

/// A stage of one plugin.
pub fn stage(plugin: PluginSpec) -> Stage {
    Stage::new(&alone(plugin), BLOCK)
}

/// An instance without a session, not active.
pub fn load(name: &str) -> Instance {
    Instance::load(&vst3(name).source).unwrap()
}

/// The first plugin of a stage.
pub fn instance(stage: &mut Stage) -> &mut Instance {
    let rack = stage.session.rack_mut().unwrap();
    &mut rack.plugin_mut(at(0, 0)).unwrap().instance
}

/// Sets a parameter of the first plugin at the next block.
pub fn set(stage: &mut Stage, name: &str, value: f64) {
    assert!(
        stage
            .session
            .set_param(at(0, 0), name, value, Stamp::Now)
            .unwrap()
    );
}

/// What plugins told, in order; all other events are dropped.
pub fn told(stage: &mut Stage) -> Vec<PluginEvent> {
    let events = stage.take_events().into_iter().filter_map(|event| match event {
        SessionEvent::Plugin { event, .. } => Some(event),
        _ => None,
    });
    events.collect()
}

/// The warnings among what plugins told.
pub fn warnings(stage: &mut Stage) -> Vec<String> {
    let lines = told(stage).into_iter().filter_map(|event| match event {
        PluginEvent::Log("warning", text) => Some(text),
        _ => None,
    });
    lines.collect()
}

/// Whether a text is one line of whole sentences.
pub fn is_told_well(text: &str) -> bool {
    !text.contains('\n') && text.ends_with('.') && !text.contains("..")
}

/// The values and gestures of parameters among what happened.
pub fn edits(stage: &mut Stage) -> Vec<Body> {
    let bodies = stage.take_events().into_iter().filter_map(|event| match event {
        SessionEvent::Param { body, .. } => Some(body),
        _ => None,
    });
    bodies.collect()
}

/// How often a plugin was activated anew at its own wish.
pub fn reactivated(events: &[SessionEvent]) -> usize {
    let is = |event: &&SessionEvent| matches!(event, SessionEvent::Reactivated { .. });
    events.iter().filter(is).count()
}

/// A CLAP instrument on the right alone, which a piece plays on a channel of its own.
fn neighbour() -> LayerSpec {
    let mut layer = layer(vec![plugin("watch")]);
    layer.settings = LayerSettings {
        pan: 1.0,
        channel: Some(15),
        ..LayerSettings::default()
    };
    layer
}

/// A stage of a rack whose piece, for the neighbour alone, never ends.
fn with_music(rack: &RackSpec) -> Stage {
    let mut stage = Stage::new(rack, BLOCK);
    let folder = tempfile::tempdir().unwrap();
    // A note every 5 ms, each let go before the next.
    let notes = (0..400_u32).flat_map(|number| {
        let (key, start) = (
            50 + (number % 20).to_le_bytes()[0],
            0.001 + f64::from(number) * 0.005,
        );
        [(start, [0x9f, key, 100]), (start + 0.003, [0x8f, key, 0])]
    });
    let notes: Vec<_> = notes.collect();
    let notes: Vec<(f64, &[u8])> = notes
        .iter()
        .map(|(time, note)| (*time, note.as_slice()))
        .collect();
    let file = midi_file(folder.path(), "music.mid", &notes);
    let bytes = std::fs::read(&file).unwrap();
    assert!(
        stage
            .session
            .play_file(&file::parse(&bytes, &file).unwrap(), true)
    );
    stage
}

/// Plays `act` with a plugin on the left, which hears the first channel, and beside it a neighbour on the right.
///
/// Fails the test unless the neighbour is heard as it is when it plays alone, sample by sample.
pub fn beside(spec: PluginSpec, act: impl FnOnce(&mut Stage)) {
    let mut left = layer(vec![spec]);
    left.settings = LayerSettings {
        pan: -1.0,
        channel: Some(0),
        ..LayerSettings::default()
    };
    let mut stage = with_music(&rack(vec![left, neighbour()]));
    act(&mut stage);
    undisturbed(&stage);
}

/// Plays `act` with the neighbour alone, which must not be disturbed by it.
pub fn with_neighbour(act: impl FnOnce(&mut Stage)) {
    let mut stage = with_music(&rack(vec![neighbour()]));
    act(&mut stage);
    undisturbed(&stage);
}

fn undisturbed(stage: &Stage) {
    let mut reference = with_music(&rack(vec![neighbour()]));
    reference.play(stage.position());
    let (heard, alone) = (&stage.played[1], &reference.played[1]);
    let notes = alone.iter().filter(|sample| **sample != 0.0).count();
    assert!(notes >= stage.position() / 1_000, "the neighbour plays: {notes}");
    let differs = heard.iter().zip(alone).position(|(heard, alone)| heard != alone);
    assert_eq!(
        differs, None,
        "the neighbour is heard otherwise from that frame on"
    );
}
