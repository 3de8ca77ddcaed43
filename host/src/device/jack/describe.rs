//! What servers there are, and what one can do.

use super::super::{Described, DeviceError, Driver, Listed, Wish};
use super::client::{close, connect, default_server, no_device, within_limit};
use super::wiring::{physical_inputs, physical_outputs};

/// The default server, if it runs. JACK has no way to ask for the names of others.
pub(in super::super) fn listed() -> Result<Listed, DeviceError> {
    let connected = connect("Backline-probe", None).map_err(|absent| no_device(&Wish::default(), absent))?;
    let kind = format!(
        "a JACK server at {} Hz, {} frames",
        connected.client.sample_rate(),
        connected.client.buffer_size()
    );
    close(connected);
    Ok(Listed {
        driver: Driver::Jack,
        name: default_server(),
        kind,
        default: true,
    })
}

/// What the server `name` does now; it alone decides on its rate and buffer size.
pub(in super::super) fn describe(name: &str) -> Result<Described, DeviceError> {
    let wish = Wish {
        name: Some(name.to_owned()),
        ..Wish::default()
    };
    let connected = connect("Backline-probe", Some(name)).map_err(|absent| no_device(&wish, absent))?;
    let its_name = name.to_owned();
    within_limit(name, "probing", move || {
        let client = &connected.client;
        let rate = client.sample_rate();
        let count = |ports: Vec<String>| u16::try_from(ports.len()).unwrap_or(u16::MAX);
        Described {
            driver: Driver::Jack,
            name: its_name,
            rates: vec![(rate, rate)],
            buffers: None,
            inputs: count(physical_inputs(client)),
            outputs: count(physical_outputs(client)),
            now: Some((rate, client.buffer_size())),
        }
    })
}
