//! A rack as main holds it: the instances behind the processors that the engine plays.

use super::error::{Place, RackError, RackWarning};
use super::restarts::Restarts;
use super::spec::{LayerSpec, MapSpec, PluginSpec, RackSpec};
use crate::lend::lend;
use crate::plugin::{Instance, Param, ParamError, RenderMode};
use rt::Lent;
use rt::rack::{Layer, LayerSettings, MAX_CHAIN, MAX_LAYERS, Map, Rack, Unit};
use rt::wire::{PluginAddress, RackId};

/// A plugin of a loaded rack.
#[derive(Debug)]
pub struct LoadedPlugin {
    /// Where it stands.
    pub address: PluginAddress,
    /// Its main half.
    pub instance: Instance,
    /// It has been asked to leave its chain, to be activated anew.
    pub(super) restarting: bool,
    /// Plain values that it was to take since it was asked to leave, by id: what it is told then may find its place empty.
    pub(super) kept: Vec<(u32, f64)>,
    /// How often it has been activated anew at its own wish.
    pub(super) restarts: Restarts,
}

/// A loaded layer, or the master chain.
#[derive(Debug)]
pub struct LoadedLayer {
    /// Its name; the master chain's is "master".
    pub name: String,
    /// What it listens to and how loud it is.
    pub settings: LayerSettings,
    /// Its plugins.
    pub plugins: Vec<LoadedPlugin>,
}

/// A loaded rack.
#[derive(Debug)]
pub struct LoadedRack {
    /// Its number.
    pub id: RackId,
    /// Its name.
    pub name: String,
    /// Its layers, the master chain last.
    pub layers: Vec<LoadedLayer>,
    /// What of it is not as it was asked for.
    pub warnings: Vec<RackWarning>,
    maps: Vec<Map>,
    ceiling: Option<f32>,
}

impl LoadedLayer {
    /// Frames that its chain takes.
    pub(super) fn latency(&self) -> u32 {
        let latencies = self.plugins.iter().map(|plugin| plugin.instance.latency());
        latencies.fold(0, u32::saturating_add)
    }
}

impl LoadedRack {
    /// Makes every instance of a rack and gives it its state, without activating any.
    pub(super) fn load(id: RackId, spec: &RackSpec, mode: RenderMode) -> Result<Self, RackError> {
        check_size(spec)?;
        let mut layers = Vec::new();
        let mut warnings = Vec::new();
        for (
            number,
            LayerSpec {
                name,
                settings,
                plugins,
            },
        ) in (0..).zip(&spec.layers)
        {
            layers.push(load_layer(number, name, *settings, plugins, mode, &mut warnings)?);
        }
        let settings = LayerSettings {
            gain: spec.master_gain,
            ..LayerSettings::default()
        };
        layers.push(load_layer(
            PluginAddress::MASTER,
            "master",
            settings,
            &spec.master,
            mode,
            &mut warnings,
        )?);
        let mut rack = Self {
            id,
            name: spec.name.clone(),
            layers,
            warnings,
            maps: Vec::new(),
            ceiling: spec.ceiling,
        };
        for map in &spec.maps {
            let resolved = rack.resolve(map)?;
            rack.maps.extend(resolved);
        }
        Ok(rack)
    }

    /// Finds the parameter that a map moves; none if the plugin has none such, which is a warning.
    fn resolve(&mut self, spec: &MapSpec) -> Result<Option<Map>, RackError> {
        let &MapSpec {
            cc,
            channel,
            plugin,
            ref param,
            range,
        } = spec;
        let place = self.place(plugin);
        let Some(loaded) = self.plugin(plugin) else {
            return Err(RackError::NoPlugin { cc, place });
        };
        let name = &loaded.instance.descriptor().name;
        let param = match loaded.instance.find_param(param) {
            Ok(param) => param,
            Err(error) => {
                let text = format!("{error} Controller {cc} is not mapped.");
                self.warnings.push(RackWarning { place, text });
                return Ok(None);
            }
        };
        if param.read_only {
            let error = ParamError::ReadOnly {
                plugin: name.clone(),
                name: param.name.clone(),
            };
            let text = format!("{error} Controller {cc} is not mapped.");
            self.warnings.push(RackWarning { place, text });
            return Ok(None);
        }
        let (low, high) = range.unwrap_or((param.min, param.max));
        let beyond = [low, high]
            .into_iter()
            .find_map(|value| param.check(value, name).err());
        let (low, high) = (within(param, low), within(param, high));
        let in_processor = |plain| loaded.instance.processor_value(param.id, plain);
        let map = Map {
            cc,
            channel,
            plugin,
            id: param.id,
            // CLAP's pointer for a parameter ends with the next rescan, and a map outlives that; none is always right.
            cookie: 0,
            low: in_processor(low),
            high: in_processor(high),
            steps: param
                .steps
                .filter(|&steps| steps > 0)
                .map_or((0.0, 0.0), |steps| {
                    let (first, last) = (in_processor(param.min), in_processor(param.max));
                    (first, (last - first) / f64::from(steps))
                }),
        };
        if let Some(error) = beyond {
            let text = format!("{error} Controller {cc} moves it from {low} to {high}.");
            self.warnings.push(RackWarning { place, text });
        }
        Ok(Some(map))
    }

    /// Activates every plugin and puts the audio halves together. Should one fail, the others are deactivated.
    pub(super) fn activate(&mut self, rate: f64, max_block: usize) -> Result<Lent<Rack>, RackError> {
        let mut layers = Vec::new();
        let mut failed = None;
        'all: for index in 0..self.layers.len() {
            let mut chain = Vec::new();
            for plugin in 0..self.layers[index].plugins.len() {
                let loaded = &mut self.layers[index].plugins[plugin];
                match loaded.instance.activate(rate, max_block) {
                    Ok(unit) => chain.push(Some(lend(unit))),
                    Err(source) => {
                        let place = self.place(self.layers[index].plugins[plugin].address);
                        failed = Some(RackError::Activate { place, source });
                        layers.push(new_layer(self.layers[index].settings, chain));
                        break 'all;
                    }
                }
            }
            layers.push(new_layer(self.layers[index].settings, chain));
        }
        if let Some(error) = failed {
            drop(layers);
            self.deactivate();
            return Err(error);
        }
        // PANIC: `load` pushes the master chain last, so there is at least one.
        #[expect(clippy::expect_used, reason = "the master chain is always there")]
        let master = layers.pop().expect("the master chain");
        Ok(lend(Box::new(Rack {
            id: self.id,
            layers: lend(layers.into_boxed_slice()),
            master,
            maps: lend(self.maps.clone().into_boxed_slice()),
            ceiling: self.ceiling,
        })))
    }

    /// Deactivates every plugin. Their audio halves must have been dropped; returns whether they all had.
    pub(super) fn deactivate(&mut self) -> bool {
        let mut all = true;
        for plugin in self.plugins_mut() {
            all &= plugin.instance.deactivate();
        }
        all
    }

    /// Every plugin, layer by layer, the master chain last.
    pub fn plugins(&self) -> impl Iterator<Item = &LoadedPlugin> {
        self.layers.iter().flat_map(|layer| &layer.plugins)
    }

    /// Every plugin, layer by layer, the master chain last.
    pub fn plugins_mut(&mut self) -> impl Iterator<Item = &mut LoadedPlugin> {
        self.layers.iter_mut().flat_map(|layer| &mut layer.plugins)
    }

    /// The plugin at an address.
    #[must_use]
    pub fn plugin(&self, at: PluginAddress) -> Option<&LoadedPlugin> {
        self.plugins().find(|plugin| plugin.address == at)
    }

    /// The plugin at an address.
    pub fn plugin_mut(&mut self, at: PluginAddress) -> Option<&mut LoadedPlugin> {
        self.plugins_mut().find(|plugin| plugin.address == at)
    }

    /// An address in words.
    #[must_use]
    pub fn place(&self, at: PluginAddress) -> Place {
        place(
            self.layers
                .get(usize::from(at.layer))
                .map_or("master", |layer| layer.name.as_str()),
            at,
        )
    }

    /// Frames from input to output: the longest layer and the master chain.
    #[must_use]
    pub fn latency(&self) -> u32 {
        let Some((master, layers)) = self.layers.split_last() else {
            return 0;
        };
        let longest = layers.iter().map(LoadedLayer::latency).max().unwrap_or(0);
        longest.saturating_add(master.latency())
    }
}

fn place(layer: &str, at: PluginAddress) -> Place {
    Place {
        layer: layer.to_owned(),
        number: usize::from(at.place) + 1,
    }
}

fn new_layer(settings: LayerSettings, chain: Vec<Option<Lent<Unit>>>) -> Layer {
    Layer::new(settings, lend(chain.into_boxed_slice()))
}

fn check_size(spec: &RackSpec) -> Result<(), RackError> {
    let check = |what, count, most| {
        if count > most {
            Err(RackError::TooMany { what, count, most })
        } else {
            Ok(())
        }
    };
    check("The rack has too many layers", spec.layers.len(), MAX_LAYERS)?;
    check(
        "The master chain has too many plugins",
        spec.master.len(),
        MAX_CHAIN,
    )?;
    spec.layers
        .iter()
        .try_for_each(|layer| check("A layer has too many plugins", layer.plugins.len(), MAX_CHAIN))
}

fn load_layer(
    number: u8,
    name: &str,
    settings: LayerSettings,
    plugins: &[PluginSpec],
    mode: RenderMode,
    warnings: &mut Vec<RackWarning>,
) -> Result<LoadedLayer, RackError> {
    let plugins = (0..).zip(plugins).map(|(index, spec)| {
        let address = PluginAddress {
            layer: number,
            place: index,
        };
        let mut instance = load_plugin(spec, &place(name, address), mode, warnings)?;
        instance.set_channel(name, u32::from(number));
        Ok(LoadedPlugin {
            address,
            instance,
            restarting: false,
            kept: Vec::new(),
            restarts: Restarts::default(),
        })
    });
    Ok(LoadedLayer {
        name: name.to_owned(),
        settings,
        plugins: plugins.collect::<Result<_, _>>()?,
    })
}

fn load_plugin(
    spec: &PluginSpec,
    place: &Place,
    mode: RenderMode,
    warnings: &mut Vec<RackWarning>,
) -> Result<Instance, RackError> {
    let state_failed = |source| RackError::State {
        place: place.clone(),
        source,
    };
    let mut warn = |text: String| {
        let place = place.clone();
        warnings.push(RackWarning { place, text });
    };
    let mut instance = Instance::load(&spec.source).map_err(|source| RackError::Load {
        place: place.clone(),
        source,
    })?;
    // Also told by the plugin's events, but those are for who looks for a fault.
    instance.lacks().into_iter().for_each(&mut warn);
    instance.set_render_mode(mode);
    if let Some(file) = &spec.preset {
        instance.load_preset_file(file, None).map_err(state_failed)?;
    }
    if let Some(state) = &spec.state {
        instance.load_state(state).map_err(state_failed)?;
    }
    if let Some(program) = &spec.program {
        match instance.select_program(program) {
            Ok(()) => {}
            Err(source) if spec.program_is_a_must => {
                let place = place.clone();
                return Err(RackError::Program { place, source });
            }
            Err(source) => warn(format!("{source} Until then it plays as its state has it.")),
        }
    }
    let values: Vec<_> = spec
        .params
        .iter()
        .filter_map(|(name, value)| chosen_value(&instance, name, *value, &mut warn))
        .collect();
    if !values.is_empty() {
        instance.set_values(&values);
    }
    Ok(instance)
}

/// The id and value to set for a parameter as it was asked for; none if the plugin has none such that can be set.
fn chosen_value(
    instance: &Instance,
    name: &str,
    value: f64,
    warn: &mut impl FnMut(String),
) -> Option<(u32, f64)> {
    let param = match instance.find_param(name) {
        Ok(param) => param,
        Err(error) => {
            warn(format!("{error} The value is left out."));
            return None;
        }
    };
    let Err(error) = param.check(value, &instance.descriptor().name) else {
        return Some((param.id, value));
    };
    if value.is_nan() || param.read_only {
        warn(format!("{error} The value is left out."));
        return None;
    }
    let value = within(param, value);
    warn(format!("{error} It is set to {value}."));
    Some((param.id, value))
}

/// The nearest value that a parameter takes. Not `clamp`, which panics for a plugin whose range is upside down.
const fn within(param: &Param, value: f64) -> f64 {
    value.max(param.min).min(param.max)
}
