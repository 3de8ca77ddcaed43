//! Which devices there are, and what one can do.

use super::{DeviceError, Driver, cpal, null};

/// A device as a list shows it, without having opened it.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Its driver.
    pub driver: Driver,
    /// What to give as the name to open it.
    pub name: String,
    /// In a few words: what it is.
    pub kind: String,
    /// Whether the driver picks it if asked for none.
    pub default: bool,
}

/// What a device can do, as far as its driver tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Described {
    /// Its driver.
    pub driver: Driver,
    /// Its name.
    pub name: String,
    /// Ranges of rates in frames per second, from the lowest; a single rate is a range of one.
    pub rates: Vec<(u32, u32)>,
    /// Least and greatest block size in frames; `None` where the driver does not tell.
    pub buffers: Option<(u32, u32)>,
    /// Number of input channels.
    pub inputs: u16,
    /// Number of output channels.
    pub outputs: u16,
    /// Rate and block size that it would run with if asked for none, or does run with; `None` if not known.
    pub now: Option<(u32, u32)>,
}

/// Lists the devices of one driver, or of all drivers of this system. A driver that cannot be used gives its reason
/// instead. Opens no device; asking JACK means to connect to its server for a moment.
#[must_use]
pub fn list(driver: Option<Driver>) -> Vec<Result<Listed, DeviceError>> {
    match driver {
        Some(driver) => of_driver(driver),
        None => Driver::ALL
            .into_iter()
            .filter(|&driver| is_for_this_system(driver))
            .flat_map(of_driver)
            .collect(),
    }
}

/// Probes one device. This may open it for a moment, so not for a device that plays.
///
/// # Errors
///
/// A driver or device that is not there or refuses.
pub fn describe(driver: Driver, name: &str) -> Result<Described, DeviceError> {
    match driver {
        Driver::Null => null::describe(name),
        #[cfg(unix)]
        Driver::Jack => super::jack::describe(name),
        driver if Some(driver) == cpal::DRIVER => cpal::describe(name),
        driver => Err(absent(driver)),
    }
}

fn of_driver(driver: Driver) -> Vec<Result<Listed, DeviceError>> {
    match driver {
        Driver::Null => vec![Ok(null::listed())],
        #[cfg(unix)]
        Driver::Jack => vec![super::jack::listed()],
        driver if Some(driver) == cpal::DRIVER => match cpal::listed() {
            Ok(devices) => devices.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        },
        driver => vec![Err(absent(driver))],
    }
}

fn is_for_this_system(driver: Driver) -> bool {
    match driver {
        Driver::Null => true,
        Driver::Jack => cfg!(unix),
        driver => Some(driver) == cpal::DRIVER,
    }
}

/// The error for a driver that this build or system has not.
pub(super) fn absent(driver: Driver) -> DeviceError {
    let reason = match driver {
        Driver::Asio if cfg!(windows) => "this build of Backline has no ASIO",
        Driver::Asio | Driver::Wasapi => "it is a driver of Windows",
        Driver::Alsa => "it is a driver of Linux",
        Driver::Jack => "Backline uses JACK on Linux only",
        Driver::Null => "it is missing",
    };
    DeviceError::NoDriver {
        driver,
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_null_device_is_always_there() {
        let devices = list(None);
        assert!(
            devices
                .iter()
                .flatten()
                .any(|device| device.driver == Driver::Null)
        );
        let all = list(Some(Driver::Null));
        assert_eq!(all.len(), 1);
        let null = describe(Driver::Null, "null").unwrap();
        assert_eq!(
            (null.rates, null.buffers),
            (vec![(8_000, 768_000)], Some((1, 8_192)))
        );
        assert!(describe(Driver::Null, "zero").is_err());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn drivers_of_other_systems_say_so() {
        for driver in [Driver::Asio, Driver::Wasapi] {
            let [Err(error)] = &list(Some(driver))[..] else {
                panic!("{driver} is listed");
            };
            assert_eq!(
                error.to_string(),
                format!(
                    "{driver} cannot be used on this system: it is a driver of Windows. `backline devices` lists \
                     what can."
                )
            );
            assert!(describe(driver, "x").is_err());
        }
        let everything = list(None);
        let told = everything.iter().flatten().map(|device| device.driver);
        assert!(told.into_iter().all(is_for_this_system));
    }
}
