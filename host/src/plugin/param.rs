//! Parameters as people name them.

/// One parameter of a plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The plugin's id of it, stable between versions.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Its group, with `/` between levels; empty for none.
    pub module: String,
    /// Least plain value.
    pub min: f64,
    /// Greatest plain value.
    pub max: f64,
    /// Plain value at the start.
    pub default: f64,
    /// Number of steps between least and greatest value, if it has steps.
    pub steps: Option<u32>,
    /// Whether the host must not change it.
    pub read_only: bool,
    /// Whether it is not to be shown.
    pub hidden: bool,
    /// Whether it is the plugin's bypass.
    pub bypass: bool,
    /// Whether it can be modulated.
    pub modulatable: bool,
}

/// Why a name means no parameter.
#[derive(Debug, thiserror::Error)]
pub enum ParamError {
    /// There is none.
    #[error("The plugin {plugin} has no parameter \"{name}\". {}", suggestion(.near))]
    Unknown {
        /// The plugin.
        plugin: String,
        /// The name or id.
        name: String,
        /// Names that look like it.
        near: Vec<String>,
    },
    /// There are several.
    #[error("The plugin {plugin} has {} parameters named \"{name}\"; use an id instead: {}.", ids.len(), ids.join(", "))]
    Ambiguous {
        /// The plugin.
        plugin: String,
        /// The name.
        name: String,
        /// The ids of those that go by it.
        ids: Vec<String>,
    },
    /// Only the plugin itself may change it.
    #[error("The parameter \"{name}\" of {plugin} is read-only: it shows something and cannot be set.")]
    ReadOnly {
        /// The plugin.
        plugin: String,
        /// The parameter.
        name: String,
    },
    /// The value is out of its range.
    #[error("The parameter \"{name}\" of {plugin} takes {min} to {max}, not {value}.")]
    Range {
        /// The plugin.
        plugin: String,
        /// The parameter.
        name: String,
        /// Least value.
        min: f64,
        /// Greatest value.
        max: f64,
        /// The value asked for.
        value: f64,
    },
}

fn suggestion(near: &[String]) -> String {
    match near {
        [] => "`backline plugin` lists those that it has.".to_owned(),
        [one] => format!("Did you mean \"{one}\"?"),
        many => format!("Did you mean one of {}?", many.join(", ")),
    }
}

/// Reads an id as `backline plugin` prints it: decimal, or hexadecimal after `0x`.
#[must_use]
pub fn parse_param_id(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Finds a parameter: by exact name, by name without regard to case, by `module/name`, by id.
pub(super) fn find<'a>(params: &'a [Param], name: &str, plugin: &str) -> Result<&'a Param, ParamError> {
    let wanted = name.trim();
    let full = |param: &Param| format!("{}/{}", param.module, param.name);
    let rules: [&dyn Fn(&Param) -> bool; 5] = [
        &|param| param.name == wanted,
        &|param| full(param) == wanted,
        &|param| param.name.trim().eq_ignore_ascii_case(wanted),
        &|param| full(param).eq_ignore_ascii_case(wanted),
        &|param| parse_param_id(wanted) == Some(param.id),
    ];
    for rule in rules {
        let mut found = params.iter().filter(|param| rule(param));
        match (found.next(), found.next()) {
            (Some(param), None) => return Ok(param),
            (Some(_), Some(_)) => {
                let ids = params
                    .iter()
                    .filter(|param| rule(param))
                    .map(|param| param.id.to_string())
                    .collect();
                return Err(ParamError::Ambiguous {
                    plugin: plugin.to_owned(),
                    name: wanted.to_owned(),
                    ids,
                });
            }
            (None, _) => {}
        }
    }
    let lower = wanted.to_lowercase();
    let near = params
        .iter()
        .filter(|param| !param.hidden)
        .map(|param| param.name.trim())
        .filter(|name| {
            let name = name.to_lowercase();
            !lower.is_empty() && (name.contains(&lower) || !name.is_empty() && lower.contains(&name))
        })
        .take(5)
        .map(str::to_owned)
        .collect();
    Err(ParamError::Unknown {
        plugin: plugin.to_owned(),
        name: wanted.to_owned(),
        near,
    })
}

impl Param {
    /// Checks that the parameter may be set to a value.
    ///
    /// # Errors
    ///
    /// It is read-only, or the value lies outside of its range or is no number.
    pub fn check(&self, value: f64, plugin: &str) -> Result<f64, ParamError> {
        if self.read_only {
            return Err(ParamError::ReadOnly {
                plugin: plugin.to_owned(),
                name: self.name.clone(),
            });
        }
        if (self.min..=self.max).contains(&value) {
            return Ok(value);
        }
        Err(ParamError::Range {
            plugin: plugin.to_owned(),
            name: self.name.clone(),
            min: self.min,
            max: self.max,
            value,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn param(id: u32, name: &str, module: &str) -> Param {
        Param {
            id,
            name: name.to_owned(),
            module: module.to_owned(),
            min: 0.0,
            max: 1.0,
            default: 0.0,
            steps: None,
            read_only: false,
            hidden: false,
            bypass: false,
            modulatable: false,
        }
    }

    #[test]
    fn names_come_before_ids_and_modules_tell_twins_apart() {
        let params = [
            param(1, "Cutoff", "A"),
            param(2, "Cutoff", "B"),
            param(3, "7", ""),
            param(7, "Gain", ""),
        ];
        let id = |name: &str| find(&params, name, "P").map(|param| param.id).ok();
        assert_eq!(id("B/Cutoff"), Some(2));
        assert_eq!(id("b/cutoff"), Some(2));
        assert_eq!(id("gain "), Some(7));
        assert_eq!(id("7"), Some(3));
        assert_eq!(id("0x1"), Some(1));
        let ambiguous = find(&params, "Cutoff", "P")
            .expect_err("two go by that name")
            .to_string();
        assert!(ambiguous.contains("use an id instead: 1, 2"), "{ambiguous}");
        let unknown = find(&params, "Cut", "P")
            .expect_err("none goes by that name")
            .to_string();
        assert!(unknown.contains("Did you mean"), "{unknown}");
    }

    #[test]
    fn values_are_checked() {
        assert!(param(1, "A", "").check(1.0, "P").is_ok());
        for bad in [1.1, -0.1, f64::NAN, f64::INFINITY] {
            assert!(param(1, "A", "").check(bad, "P").is_err());
        }
        let shown = Param {
            read_only: true,
            ..param(1, "A", "")
        };
        assert!(matches!(shown.check(0.5, "P"), Err(ParamError::ReadOnly { .. })));
    }
}
