//! From a wish to a device.

use super::{DeviceError, Driver, Null, Opened, Wish, cpal, list};
use std::fmt;

/// An open device, and why it is silent if it is.
pub struct Chosen {
    /// The device.
    pub device: Box<dyn Opened>,
    /// Why the device is the null device although nobody wished for that: a whole sentence.
    pub silent_because: Option<String>,
}

impl Chosen {
    fn wished(device: impl Opened + 'static) -> Self {
        Self {
            device: Box::new(device),
            silent_because: None,
        }
    }
}

impl fmt::Debug for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chosen")
            .field("info", self.device.info())
            .field("silent_because", &self.silent_because)
            .finish()
    }
}

/// Opens the device that a wish names.
///
/// A wish without a driver but with a name gets the first driver that has a device of that name. Without either it
/// gets JACK if a server runs, else the sound card that the system prefers (ALSA, WASAPI), else the null device with
/// a sentence that says why. No server is ever started, and a server or card that is there but cannot do what is
/// wished is an error, not a reason to take another.
///
/// # Errors
///
/// A driver or device that is not there, that refuses, or that cannot do what is wished.
pub fn open(wish: &Wish) -> Result<Chosen, DeviceError> {
    match (wish.driver, &wish.name) {
        (Some(driver), _) => open_with(driver, wish),
        (None, Some(name)) => open_with(driver_of(name)?, wish),
        (None, None) => best(wish),
    }
}

fn open_with(driver: Driver, wish: &Wish) -> Result<Chosen, DeviceError> {
    match driver {
        Driver::Null => Null::open(wish).map(Chosen::wished),
        #[cfg(unix)]
        Driver::Jack => super::jack::Jack::open(wish).map(Chosen::wished),
        driver if Some(driver) == cpal::DRIVER => cpal::Cpal::open(wish).map(Chosen::wished),
        driver => Err(list::absent(driver)),
    }
}

/// The first driver that has a device of that name.
fn driver_of(name: &str) -> Result<Driver, DeviceError> {
    let mut known = Vec::new();
    for device in list(None).into_iter().flatten() {
        if device.name == name {
            return Ok(device.driver);
        }
        if !known.contains(&device.name) {
            known.push(device.name);
        }
    }
    Err(DeviceError::Nowhere {
        name: name.to_owned(),
        known,
    })
}

fn best(wish: &Wish) -> Result<Chosen, DeviceError> {
    let mut reasons = Vec::new();
    #[cfg(unix)]
    match super::jack::Jack::open(wish) {
        Ok(device) => return Ok(Chosen::wished(device)),
        Err(DeviceError::NoDriver { reason, .. }) => reasons.push(reason),
        Err(DeviceError::Failed { reason, .. }) => reasons.push(format!("JACK failed ({reason})")),
        Err(error) => return Err(error),
    }
    if let Some(driver) = cpal::DRIVER {
        match cpal::Cpal::open(wish) {
            Ok(device) => return Ok(Chosen::wished(device)),
            Err(DeviceError::NoDriver { .. } | DeviceError::NoDevice { .. }) => {
                reasons.push(format!("{driver} has no device"));
            }
            Err(DeviceError::Failed { reason, .. }) => {
                reasons.push(format!("{driver}'s device cannot be opened ({reason})"));
            }
            Err(error) => return Err(error),
        }
    }
    // The channels wished are those of a card; the null device has none that matter.
    let wish = Wish {
        inputs: Vec::new(),
        ..wish.clone()
    };
    Ok(Chosen {
        device: Box::new(Null::open(&wish)?),
        silent_because: Some(format!("No sound: {}.", reasons.join(", and "))),
    })
}
