//! Racks in few words.

use host::plugin::{Format, Source};
use host::session::{LayerSettings, LayerSpec, PluginAddress, PluginSpec, RackSpec};

/// A plugin of `clap-fixture` by the end of its id, as `watch`; or a CLAP file by its path.
#[must_use]
pub fn plugin(name: &str) -> PluginSpec {
    PluginSpec::new(if name.contains('/') {
        Source {
            file: name.into(),
            which: None,
        }
    } else {
        Source {
            file: super::fixture("clap-fixture"),
            which: Some(format!("org.backline.fixture.{name}")),
        }
    })
}

/// A plugin of a format's fixture by the name that both formats know it by, as `watch`.
#[must_use]
pub fn plugin_as(format: Format, name: &str) -> PluginSpec {
    match format {
        Format::Clap => plugin(name),
        Format::Vst3 => PluginSpec::new(Source {
            file: super::fixture("vst3-fixture"),
            which: Some(name.to_owned()),
        }),
    }
}

/// A layer of these plugins that hears everything.
#[must_use]
pub fn layer(plugins: Vec<PluginSpec>) -> LayerSpec {
    LayerSpec {
        name: "Layer".to_owned(),
        settings: LayerSettings::default(),
        plugins,
    }
}

/// A rack of these layers.
#[must_use]
pub fn rack(layers: Vec<LayerSpec>) -> RackSpec {
    RackSpec {
        name: "Rack".to_owned(),
        layers,
        master_gain: 1.0,
        ..RackSpec::default()
    }
}

/// A plugin with parameters set by name.
#[must_use]
pub fn with_params(name: &str, params: &[(&str, f64)]) -> PluginSpec {
    PluginSpec {
        params: params
            .iter()
            .map(|&(name, value)| (name.to_owned(), value))
            .collect(),
        ..plugin(name)
    }
}

/// The place of a plugin: layer and number in its chain, both from 0.
#[must_use]
pub const fn at(layer: u8, place: u8) -> PluginAddress {
    PluginAddress { layer, place }
}
