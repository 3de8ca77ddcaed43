use std::fmt;
use std::str::FromStr;

use super::{BadValue, quoted, serialize_as_text};

/// A parameter that a MIDI control moves: `"Piano/1/Cutoff"`, `"master/1/Ceiling"`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// Where the plugin is.
    pub chain: TargetChain,
    /// The plugin's place in its chain, from 1.
    pub plugin: usize,
    /// The parameter's name or id. It may hold `/`.
    pub parameter: String,
}

/// A chain of plugins by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TargetChain {
    /// A layer's, by the layer's name, or by its number from 1 where no layer has that name.
    Layer(String),
    /// The master chain, written `master`.
    Master,
}

impl TargetChain {
    /// What the file calls the master chain.
    pub const MASTER: &str = "master";
}

impl fmt::Display for TargetChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layer(name) => f.pad(name),
            Self::Master => f.pad(Self::MASTER),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.chain, self.plugin, self.parameter)
    }
}

impl FromStr for Target {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let bad = |what: String| {
            BadValue::new(
                what,
                "write the layer's name (or master), the plugin's number from 1 and the parameter's name or id, \
                 as in \"Piano/1/Cutoff\"",
            )
        };
        let mut parts = text.splitn(3, '/');
        let (Some(chain), Some(plugin), Some(parameter)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad(format!("{} names no parameter", quoted(text))));
        };
        let plugin = match plugin.trim().parse() {
            Ok(number) if number > 0 => number,
            _ => {
                return Err(bad(format!(
                    "{} in {} is no plugin's number",
                    quoted(plugin),
                    quoted(text)
                )));
            }
        };
        if chain.trim().is_empty() || parameter.trim().is_empty() {
            return Err(bad(format!("{} has an empty part", quoted(text))));
        }
        let chain = match chain {
            TargetChain::MASTER => TargetChain::Master,
            name => TargetChain::Layer(name.to_owned()),
        };
        Ok(Self {
            chain,
            plugin,
            parameter: parameter.to_owned(),
        })
    }
}

serialize_as_text!(Target);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_may_hold_slashes() {
        let target: Target = "Piano/2/A/B Mix".parse().unwrap();
        assert_eq!(target.chain, TargetChain::Layer("Piano".into()));
        assert_eq!((target.plugin, target.parameter.as_str()), (2, "A/B Mix"));
        assert_eq!(target.to_string(), "Piano/2/A/B Mix");
    }

    #[test]
    fn master_is_the_master_chain() {
        assert_eq!(
            "master/1/Gain".parse::<Target>().unwrap().chain,
            TargetChain::Master
        );
    }

    #[test]
    fn what_names_no_parameter_is_refused() {
        for text in [
            "",
            "Piano",
            "Piano/1",
            "Piano/0/x",
            "Piano/one/x",
            "/1/x",
            "Piano/1/",
            "Piano/-1/x",
        ] {
            let sentence = text.parse::<Target>().unwrap_err().to_string();
            assert!(sentence.contains("as in \"Piano/1/Cutoff\""), "{sentence}");
        }
    }
}
