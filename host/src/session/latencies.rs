//! Tells plugins how long their sound has been under way and will be, which some show beside what they hear.

use super::{LoadedLayer, LoadedRack, Session};

impl Session {
    /// Tells the plugins of the current rack, which are active. Without a device that tells its latencies they are 0,
    /// which by the specification means unknown too.
    pub(super) fn tell_latencies(&mut self) {
        let (input, output) = self
            .device()
            .map_or((0, 0), |info| (info.latency_in, info.latency_out));
        if let Some(rack) = self.rack_mut() {
            tell(rack, input, output);
        }
    }
}

/// Walks each chain from the device's input to its output.
fn tell(rack: &mut LoadedRack, device_input: u32, device_output: u32) {
    let Some((master, layers)) = rack.layers.split_last_mut() else {
        return;
    };
    let longest = layers.iter().map(LoadedLayer::latency).max().unwrap_or(0);
    let behind_layers = device_output.saturating_add(master.latency());
    for layer in layers {
        tell_chain(layer, device_input, behind_layers);
    }
    tell_chain(master, device_input.saturating_add(longest), device_output);
}

fn tell_chain(layer: &mut LoadedLayer, mut input: u32, output: u32) {
    let mut behind = output.saturating_add(layer.latency());
    for plugin in &mut layer.plugins {
        let own = plugin.instance.latency();
        behind = behind.saturating_sub(own);
        plugin.instance.set_presentation_latency(input, behind);
        input = input.saturating_add(own);
    }
}
