//! A table and a value of the tree, each with its whole key, so that a fault can say where it is.

use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Lines;
use crate::error::Fault;
use crate::key::{Key, nearest};
use crate::value::{BadValue, quoted};

/// A table of the file.
pub(crate) struct Table<'d> {
    table: &'d DeTable<'d>,
    key: Key,
    span: Range<usize>,
    lines: &'d Lines<'d>,
}

impl<'d> Table<'d> {
    pub(crate) fn root(table: &'d DeTable<'_>, lines: &'d Lines<'_>) -> Self {
        Self {
            table,
            key: Key::default(),
            span: 0..0,
            lines,
        }
    }

    /// Refuses every key but the known ones.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Fault> {
        // The first in the file, not in the alphabet.
        let strangers = self
            .table
            .keys()
            .filter(|key| !known.contains(&key.get_ref().as_ref()));
        let Some(stranger) = strangers.min_by_key(|key| key.span().start) else {
            return Ok(());
        };
        let name = stranger.get_ref();
        let fix = match nearest(name, known) {
            Some(meant) => format!("the nearest is `{meant}`"),
            None => format!("the keys that can be here are {}", known.join(", ")),
        };
        Err(Fault {
            key: self.key.name(name),
            line: Some(self.lines.position(stranger.span().start).0),
            what: "there is no such key".into(),
            fix,
        })
    }

    pub(crate) fn get(&self, key: &str) -> Option<Field<'d>> {
        let value = self.table.get(key)?;
        Some(Field {
            value,
            key: self.key.name(key),
            lines: self.lines,
        })
    }

    /// A key that has no default.
    pub(crate) fn need(&self, key: &str, fix: &str) -> Result<Field<'d>, Fault> {
        self.get(key).ok_or_else(|| Fault {
            key: self.key.clone(),
            line: Some(self.lines.position(self.span.start).0),
            what: format!("the key `{key}` is missing"),
            fix: fix.into(),
        })
    }

    /// Every key with its value, in the order of the alphabet.
    pub(crate) fn fields(&self) -> Vec<(&'d str, Field<'d>)> {
        let field = |(key, value): (&'d Spanned<_>, &'d Spanned<DeValue<'d>>)| {
            let name: &'d std::borrow::Cow<'d, str> = key.get_ref();
            (
                name.as_ref(),
                Field {
                    value,
                    key: self.key.name(name),
                    lines: self.lines,
                },
            )
        };
        self.table.iter().map(field).collect()
    }
}

/// A value of the file.
pub(crate) struct Field<'d> {
    value: &'d Spanned<DeValue<'d>>,
    key: Key,
    lines: &'d Lines<'d>,
}

impl<'d> Field<'d> {
    pub(crate) fn line(&self) -> Option<usize> {
        Some(self.lines.position(self.value.span().start).0)
    }

    pub(crate) fn fault(&self, what: String, fix: String) -> Fault {
        Fault {
            key: self.key.clone(),
            line: self.line(),
            what,
            fix,
        }
    }

    /// The value as a message shows it.
    pub(crate) fn shown(&self) -> String {
        match self.value.get_ref() {
            DeValue::String(text) => quoted(text),
            DeValue::Integer(number) => short(&number.to_string()),
            DeValue::Float(number) => short(number.as_str()),
            DeValue::Boolean(flag) => flag.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            DeValue::Array(_) => "this".into(),
            DeValue::Table(_) => "this".into(),
        }
    }

    fn wrong_type(&self, rule: &str) -> Fault {
        let kind = match self.value.get_ref() {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "a switch",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.fault(
            format!("{} is {kind}, which does not belong here", self.shown()),
            format!("write {rule}"),
        )
    }

    pub(crate) fn as_text(&self) -> Option<&'d str> {
        self.value.get_ref().as_str()
    }

    pub(crate) fn text(&self, rule: &str) -> Result<&'d str, Fault> {
        self.as_text().ok_or_else(|| match self.value.get_ref() {
            DeValue::Array(_) | DeValue::Table(_) => self.wrong_type(rule),
            _ => self.wrong_type(&format!("{rule}, in quotation marks")),
        })
    }

    /// A text that a type of ours reads.
    pub(crate) fn parsed<T: FromStr<Err = BadValue>>(&self, rule: &str) -> Result<T, Fault> {
        self.text(rule)?
            .parse()
            .map_err(|BadValue { what, fix }| self.fault(what, fix))
    }

    pub(crate) fn flag(&self) -> Result<bool, Fault> {
        self.value
            .get_ref()
            .as_bool()
            .ok_or_else(|| self.wrong_type("true or false"))
    }

    /// Any whole number; `None` for one that is too large for the machine.
    pub(crate) fn any_integer(&self, rule: &str) -> Result<Option<i64>, Fault> {
        let number = self
            .value
            .get_ref()
            .as_integer()
            .ok_or_else(|| self.wrong_type(rule))?;
        Ok(i64::from_str_radix(number.as_str(), number.radix()).ok())
    }

    pub(crate) fn whole<T>(&self, range: RangeInclusive<T>, rule: &str) -> Result<T, Fault>
    where
        T: TryFrom<i64> + PartialOrd + fmt::Display,
    {
        let rule = format!("{rule} from {} to {}", range.start(), range.end());
        let number = self
            .any_integer(&rule)?
            .and_then(|number| T::try_from(number).ok());
        number
            .filter(|number| range.contains(number))
            .ok_or_else(|| self.out_of_range(&rule))
    }

    pub(crate) fn number(&self, range: RangeInclusive<f64>, rule: &str) -> Result<f64, Fault> {
        let rule = format!("{rule} from {} to {}", range.start(), range.end());
        let number = self.any_number(&rule)?;
        if range.contains(&number) {
            Ok(number)
        } else {
            Err(self.out_of_range(&rule))
        }
    }

    /// A number that is neither infinite nor NaN.
    pub(crate) fn finite(&self, rule: &str) -> Result<f64, Fault> {
        let number = self.any_number(rule)?;
        if number.is_finite() {
            Ok(number)
        } else {
            Err(self.out_of_range(rule))
        }
    }

    fn any_number(&self, rule: &str) -> Result<f64, Fault> {
        match self.value.get_ref() {
            DeValue::Float(number) => number.as_str().parse().map_err(|_| self.wrong_type(rule)),
            #[expect(
                clippy::cast_precision_loss,
                reason = "a whole number of this size is no parameter's value"
            )]
            DeValue::Integer(_) => Ok(self
                .any_integer(rule)?
                .map_or(f64::INFINITY, |number| number as f64)),
            _ => Err(self.wrong_type(rule)),
        }
    }

    fn out_of_range(&self, rule: &str) -> Fault {
        self.fault(
            format!("{} is out of range", self.shown()),
            format!("write {rule}"),
        )
    }

    pub(crate) fn list(&self, most: usize, rule: &str) -> Result<Vec<Self>, Fault> {
        let array = self
            .value
            .get_ref()
            .as_array()
            .ok_or_else(|| self.wrong_type(rule))?;
        if array.len() > most {
            let what = format!("{} entries are more than {most}, the limit", array.len());
            return Err(self.fault(what, format!("write {rule}")));
        }
        let field = |(at, value)| Self {
            value,
            key: self.key.entry(at),
            lines: self.lines,
        };
        Ok(array.iter().enumerate().map(field).collect())
    }

    pub(crate) fn table(&self, header: &str) -> Result<Table<'d>, Fault> {
        let table = self
            .value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.wrong_type(header))?;
        Ok(Table {
            table,
            key: self.key.clone(),
            span: self.value.span(),
            lines: self.lines,
        })
    }

    /// The tables of a list such as `[[layer]]`, at most so many.
    pub(crate) fn tables(&self, most: usize, header: &str) -> Result<Vec<Table<'d>>, Fault> {
        let value = self.value.get_ref();
        if value.is_table() {
            let what = "one table is not a list of tables".into();
            return Err(self.fault(what, format!("write {header} with two brackets")));
        }
        let array = value.as_array().ok_or_else(|| self.wrong_type(header))?;
        if let Some(first) = array.get(most) {
            let fault = Self {
                value: first,
                key: self.key.clone(),
                lines: self.lines,
            };
            let what = format!("{} of {header} are more than {most}, the limit", array.len());
            return Err(fault.fault(what, format!("keep {most} at most")));
        }
        let table = |(at, value)| {
            Self {
                value,
                key: self.key.entry(at),
                lines: self.lines,
            }
            .table(header)
        };
        array.iter().enumerate().map(table).collect()
    }
}

fn short(number: &str) -> String {
    const MOST: usize = 24;
    if number.len() <= MOST {
        number.to_owned()
    } else {
        format!("{}...", &number[..MOST])
    }
}
