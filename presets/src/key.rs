//! The whole key of a value: `layer.2.gain-db`. What messages print and what [`set`](crate::set) takes.

use std::fmt;
use std::str::FromStr;

/// One step of a [`Key`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// A key of a table, or an entry of a list by its `name`.
    Name(String),
    /// An entry of a list, from 1. A table's key that looks like a number is one too: parameters go by id.
    Index(usize),
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => index.fmt(f),
            Self::Name(name) if name.is_empty() || name.contains(['.', '"', '\n']) => write!(f, "{name:?}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// A path of names and numbers from 1, joined by dots. A name with a dot stands in quotation marks:
/// `layer.Piano.plugin.1.params."Env. Decay"`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Key(Vec<Segment>);

/// A text that is no [`Key`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no key; write names and numbers with dots between, as in layer.1.gain-db")]
pub struct BadKey(String);

impl Key {
    /// The steps from the file's top.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Whether this is the file as a whole.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn name(&self, name: &str) -> Self {
        self.with(Segment::Name(name.to_owned()))
    }

    /// `index` counts from 0, as lists do in memory.
    pub(crate) fn entry(&self, index: usize) -> Self {
        self.with(Segment::Index(index + 1))
    }

    /// What the key is in, and its last step; none for the file as a whole.
    pub fn split_last(&self) -> Option<(Self, &Segment)> {
        let (last, rest) = self.0.split_last()?;
        Some((Self(rest.to_vec()), last))
    }

    /// The first steps of it.
    pub(crate) fn upto(&self, steps: usize) -> Self {
        Self(self.0.iter().take(steps).cloned().collect())
    }

    /// Puts a list's entry, from 0, in the place of a step.
    pub(crate) fn number(&mut self, step: usize, index: usize) {
        if let Some(segment) = self.0.get_mut(step) {
            *segment = Segment::Index(index + 1);
        }
    }

    /// Whether this is `other` or something in it.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        // By their text: a parameter's id is a name to the reader and a number to who typed it.
        let (this, other) = (self.to_string(), other.to_string());
        this.strip_prefix(&other)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    fn with(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            segment.fmt(f)?;
        }
        Ok(())
    }
}

impl FromStr for Key {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let bad = || BadKey(text.to_owned());
        let mut segments = Vec::new();
        let mut rest = text;
        loop {
            let segment;
            (segment, rest) = match rest.strip_prefix('"') {
                Some(quoted) => {
                    let (name, rest) = unquote(quoted).ok_or_else(bad)?;
                    (Segment::Name(name), rest)
                }
                None => {
                    let (name, rest) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
                    let name = name.trim();
                    if name.is_empty() {
                        return Err(bad());
                    }
                    // Only the plain spelling is an index: "01" and "+1" are names.
                    let index = name
                        .parse()
                        .ok()
                        .filter(|index: &usize| index.to_string() == name);
                    (
                        index.map_or_else(|| Segment::Name(name.to_owned()), Segment::Index),
                        rest,
                    )
                }
            };
            segments.push(segment);
            match rest.strip_prefix('.') {
                Some(more) => rest = more,
                None if rest.is_empty() => return Ok(Self(segments)),
                None => return Err(bad()),
            }
        }
    }
}

/// Reads up to the closing quotation mark, and gives what comes after it.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '"' => return Some((name, chars.as_str())),
            '\\' => match chars.next()? {
                'n' => name.push('\n'),
                plain => name.push(plain),
            },
            plain => name.push(plain),
        }
    }
}

/// The known name that a typing slip most likely meant.
pub(crate) fn nearest<'k>(typed: &str, known: &[&'k str]) -> Option<&'k str> {
    // Longer than any key, so no slip; comparing it would be work for nothing.
    const LONGEST: usize = 32;
    if typed.len() > LONGEST {
        return None;
    }
    let plain = typed.to_lowercase().replace('_', "-");
    let distance = |key: &str| {
        if key == plain || (plain.len() >= 3 && (key.starts_with(&plain) || plain.starts_with(key))) {
            0
        } else {
            edits(&plain, key)
        }
    };
    let most = if plain.chars().count() < 4 { 1 } else { 2 };
    known
        .iter()
        .map(|key| (distance(key), *key))
        .filter(|(far, _)| *far <= most)
        .min()
        .map(|(_, key)| key)
}

/// Letters to insert, delete, replace or swap with their neighbour to get from `a` to `b`.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // Of the table of all beginnings of `a` against all of `b`, the last three rows.
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let mut best = (above[j] + usize::from(a[i] != b[j]))
                .min(above[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_round_trip() {
        for text in [
            "name",
            "layer.1.gain-db",
            "layer.Piano.mute",
            "a.\"b.c\".2",
            "a.\"q\\\"\".x",
            "a.b c.1",
        ] {
            assert_eq!(text.parse::<Key>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", ".", "a.", ".a", "a..b", "a.\"b", "a.\"b\"c"] {
            assert!(text.parse::<Key>().is_err(), "{text}");
        }
    }

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let known = ["map", "name", "gain-db", "sample-rate", "mute", "keys"];
        for (typed, meant) in [
            ("nmae", "name"),
            ("gain", "gain-db"),
            ("gain_db", "gain-db"),
            ("Mute", "mute"),
            ("key", "keys"),
        ] {
            assert_eq!(nearest(typed, &known), Some(meant), "{typed}");
        }
        for typed in ["volume", "x", "", "reverb"] {
            assert_eq!(nearest(typed, &known), None, "{typed}");
        }
    }
}
