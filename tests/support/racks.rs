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

/// A demonstration plugin, as `demo-synth`, in a format.
#[must_use]
pub fn demo_plugin(format: Format, name: &str) -> PluginSpec {
    PluginSpec::new(Source {
        file: super::demo_as(format, name),
        which: None,
    })
}

/// How a plugin of a format's fixture calls itself: `Fixture Fail Init` as CLAP, `fail-init` as VST3.
#[must_use]
pub fn name_of(format: Format, name: &str) -> String {
    if format == Format::Vst3 {
        return name.to_owned();
    }
    let words = name.split('-').map(|word| match word {
        "nan" => "NaN".to_owned(),
        word => word[..1].to_uppercase() + &word[1..],
    });
    format!("Fixture {}", words.collect::<Vec<_>>().join(" "))
}

/// A plugin of `clap-fixture` with parameters set by name.
#[must_use]
pub fn with_params(name: &str, params: &[(&str, f64)]) -> PluginSpec {
    with_params_as(Format::Clap, name, params)
}

/// A plugin of a format's fixture with parameters set by name.
#[must_use]
pub fn with_params_as(format: Format, name: &str, params: &[(&str, f64)]) -> PluginSpec {
    with_params_of(plugin_as(format, name), params)
}

/// A plugin with parameters set by name.
#[must_use]
pub fn with_params_of(plugin: PluginSpec, params: &[(&str, f64)]) -> PluginSpec {
    PluginSpec {
        params: params
            .iter()
            .map(|&(name, value)| (name.to_owned(), value))
            .collect(),
        ..plugin
    }
}

/// The place of a plugin: layer and number in its chain, both from 0.
#[must_use]
pub const fn at(layer: u8, place: u8) -> PluginAddress {
    PluginAddress { layer, place }
}
