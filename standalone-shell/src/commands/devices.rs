//! `backline devices`.

use crate::child::{self, Outcome};
use crate::cli::{Devices, ProbeDevice};
use crate::{output, words};
use anyhow::{Context, bail};
use host::device::{self, Described, Driver};
use host::midi::ports;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// How long a probe may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Lists devices, or probes one.
pub fn run(devices: &Devices) -> anyhow::Result<()> {
    match &devices.probe {
        Some(name) => probe(name, devices),
        None => list(devices),
    }
}

fn list(devices: &Devices) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for listed in device::list(devices.driver) {
        match listed {
            Ok(listed) if devices.json => output::print_json(&json!({
                "driver": listed.driver.key(),
                "name": listed.name,
                "kind": listed.kind,
                "default": listed.default,
            }))?,
            Ok(listed) => {
                let default = if listed.default { "default" } else { "" };
                rows.push(
                    [listed.driver.key(), &listed.name, &listed.kind, default]
                        .map(str::to_owned)
                        .to_vec(),
                );
            }
            Err(error) => failed.push(error),
        }
    }
    if devices.driver.is_none() {
        for (kind, names) in [("input", ports::list_inputs()), ("output", ports::list_outputs())] {
            // MIDI that does not work at all is told when it is played, not in a list of what there is.
            for name in names.unwrap_or_default() {
                if devices.json {
                    output::print_json(
                        &json!({ "driver": "midi", "name": name, "kind": kind, "default": false }),
                    )?;
                } else {
                    rows.push(vec!["midi".to_owned(), name, kind.to_owned()]);
                }
            }
        }
    }
    output::print(&words::columns(&rows))?;
    // Asked for one driver, what is wrong with it is the answer; in the list of all it is a remark.
    let only = devices.driver.is_some() && failed.len() == 1;
    for error in failed {
        if devices.json {
            let driver = driver_of(&error);
            output::print_json(&json!({ "driver": driver, "error": error.to_string() }))?;
        } else if only {
            return Err(error.into());
        } else {
            output::say(&format!("note: {error}"));
        }
    }
    Ok(())
}

fn driver_of(error: &device::DeviceError) -> Option<&'static str> {
    match error {
        device::DeviceError::NoDriver { driver, .. }
        | device::DeviceError::NoDevice { driver, .. }
        | device::DeviceError::Unsupported { driver, .. }
        | device::DeviceError::Failed { driver, .. } => Some(driver.key()),
        device::DeviceError::Nowhere { .. } => None,
    }
}

/// What a probe finds, as it travels from the child and as `--json` prints it.
#[derive(Debug, Serialize, Deserialize)]
struct Probed {
    driver: String,
    name: String,
    rates: Vec<(u32, u32)>,
    buffers: Option<(u32, u32)>,
    inputs: u16,
    outputs: u16,
    rate: Option<u32>,
    buffer: Option<u32>,
}

fn probe(name: &str, devices: &Devices) -> anyhow::Result<()> {
    let driver = match devices.driver {
        Some(driver) => driver,
        None => find(name)?,
    };
    let what = format!("The {driver} device \"{name}\"");
    let text = match child::run(&["probe-device", driver.key(), "--", name], LIMIT)? {
        Outcome::Done(text) => text,
        Outcome::Failed(sentence) => bail!("{sentence}"),
        Outcome::Crashed(how) => bail!("{what} cannot be probed: {how} in its driver. Update the driver."),
        Outcome::TimedOut => bail!(
            "{what} cannot be probed: its driver did not answer within {} s. Unplug it and plug it in again.",
            LIMIT.as_secs()
        ),
    };
    if devices.json {
        return output::print(&text);
    }
    let probed: Probed = serde_json::from_str(&text)
        .with_context(|| format!("{what} was probed, but the answer could not be read. Probe it again."))?;
    output::print(&words::columns(&rows(&probed)))
}

/// The driver that has a device of that name.
fn find(name: &str) -> anyhow::Result<Driver> {
    let listed: Vec<_> = device::list(None).into_iter().flatten().collect();
    if let Some(found) = listed.iter().find(|listed| listed.name == name) {
        return Ok(found.driver);
    }
    let known = listed.into_iter().map(|listed| listed.name).collect();
    Err(device::DeviceError::Nowhere {
        name: name.to_owned(),
        known,
    }
    .into())
}

fn rows(probed: &Probed) -> Vec<Vec<String>> {
    let range = |(low, high): (u32, u32)| {
        if low == high {
            low.to_string()
        } else {
            format!("{low} to {high}")
        }
    };
    let rates: Vec<_> = probed.rates.iter().copied().map(range).collect();
    let now = probed.rate.zip(probed.buffer);
    [
        ("driver", probed.driver.clone()),
        ("name", probed.name.clone()),
        (
            "rates",
            if rates.is_empty() {
                "not told".to_owned()
            } else {
                format!("{} Hz", rates.join(", "))
            },
        ),
        (
            "buffers",
            probed.buffers.map_or_else(
                || "not told".to_owned(),
                |buffers| format!("{} frames", range(buffers)),
            ),
        ),
        ("inputs", probed.inputs.to_string()),
        ("outputs", probed.outputs.to_string()),
        (
            "runs at",
            now.map_or_else(
                || "not told".to_owned(),
                |(rate, buffer)| format!("{rate} Hz, {buffer} frames"),
            ),
        ),
    ]
    .into_iter()
    .map(|(key, value)| vec![key.to_owned(), value])
    .collect()
}

/// Probes a device on behalf of another process.
pub fn child(probe: &ProbeDevice) -> anyhow::Result<()> {
    let Described {
        driver,
        name,
        rates,
        buffers,
        inputs,
        outputs,
        now,
    } = device::describe(probe.driver, &probe.name)?;
    output::print_json(&Probed {
        driver: driver.key().to_owned(),
        name,
        rates,
        buffers,
        inputs,
        outputs,
        rate: now.map(|(rate, _)| rate),
        buffer: now.map(|(_, buffer)| buffer),
    })
}
