//! Finds a key in a document, and sets or removes it. Where that fails halfway the document is thrown away.

use toml_edit::{Array, ArrayOfTables, InlineTable, Item, Table, TableLike, Value};

use crate::key::{Key, Segment};

/// Sets the key, or removes it where there is no value. Gives the key with numbers in place of names of
/// entries, as a fault will call it. An error is what is wrong, then what to do.
pub(super) fn edit(root: &mut Table, key: &Key, value: Option<Value>) -> Result<Key, String> {
    let mut edit = Edit {
        key,
        value,
        resolved: key.clone(),
    };
    edit.in_table(root, 0)?;
    Ok(edit.resolved)
}

struct Edit<'k> {
    key: &'k Key,
    /// `None` removes.
    value: Option<Value>,
    resolved: Key,
}

impl Edit<'_> {
    /// `at` is the step of the key that names something in this table.
    fn in_table(&mut self, table: &mut dyn TableLike, at: usize) -> Result<(), String> {
        let name = match &self.key.segments()[at] {
            Segment::Name(name) => name.clone(),
            Segment::Index(index) => index.to_string(),
        };
        let last = self.is_last(at);
        let here = table.contains_key(&name);
        match (last, self.value.clone()) {
            (_, None) if !here => return Err(self.missing(at)),
            (true, None) => {
                table.remove(&name);
                return Ok(());
            }
            (true, Some(value)) if !here => {
                table.insert(&name, Item::Value(value));
                return Ok(());
            }
            (false, Some(_)) if !here => {
                table.insert(&name, beginning(&name));
            }
            _ => {}
        }
        let Some(item) = table.get_mut(&name) else {
            return Err(self.missing(at));
        };
        match (item, self.value.clone()) {
            (Item::Value(old), Some(value)) if last => {
                put(old, value);
                Ok(())
            }
            (_, _) if last => Err(self.many(at)),
            (Item::ArrayOfTables(list), _) => self.in_tables(list, at + 1),
            (Item::Value(Value::Array(list)), _) => self.in_array(list, at + 1),
            (Item::Value(Value::InlineTable(table)), _) => self.in_inline(table, at + 1),
            (item, _) => match item.as_table_like_mut() {
                Some(table) => self.in_table(table, at + 1),
                None => Err(self.nothing_below(at)),
            },
        }
    }

    fn in_inline(&mut self, table: &mut InlineTable, at: usize) -> Result<(), String> {
        let length = table.len();
        self.in_table(table, at)?;
        if table.len() > length {
            join(table.iter_mut().map(|(_, value)| value));
        }
        Ok(())
    }

    fn in_tables(&mut self, list: &mut ArrayOfTables, at: usize) -> Result<(), String> {
        let names = list.iter().map(|table| table.get("name").and_then(Item::as_str));
        let index = self.index(at, list.len(), names)?;
        match (self.is_last(at), self.value.clone()) {
            (true, None) => {
                list.remove(index);
                Ok(())
            }
            (true, Some(Value::InlineTable(table))) if index == list.len() => {
                list.push(table.into_table());
                Ok(())
            }
            (true, Some(_)) => Err(self.many(at)),
            (false, _) => {
                if index == list.len() {
                    list.push(Table::new());
                }
                match list.get_mut(index) {
                    Some(table) => self.in_table(table, at + 1),
                    None => Err(self.missing(at)),
                }
            }
        }
    }

    fn in_array(&mut self, list: &mut Array, at: usize) -> Result<(), String> {
        let names = list
            .iter()
            .map(|value| value.as_inline_table()?.get("name")?.as_str());
        let index = self.index(at, list.len(), names)?;
        match (self.is_last(at), self.value.clone()) {
            (true, None) => {
                list.remove(index);
                Ok(())
            }
            (true, Some(value)) => {
                match list.get_mut(index) {
                    Some(old) => put(old, value),
                    None => {
                        list.push(value);
                        join(list.iter_mut());
                    }
                }
                Ok(())
            }
            (false, _) => {
                if index == list.len() {
                    list.push(InlineTable::new());
                }
                match list.get_mut(index) {
                    Some(Value::InlineTable(table)) => self.in_inline(table, at + 1),
                    _ => Err(self.nothing_below(at)),
                }
            }
        }
    }

    /// The entry that the step names, from 0. One past the end is an entry to be made.
    fn index<'n>(
        &mut self,
        at: usize,
        length: usize,
        names: impl Iterator<Item = Option<&'n str>>,
    ) -> Result<usize, String> {
        match &self.key.segments()[at] {
            Segment::Index(number) => {
                let index = number.checked_sub(1);
                let most = length + usize::from(self.value.is_some());
                index.filter(|index| *index < most).ok_or_else(|| {
                    let list = self.upto(at - 1);
                    format!(
                        "`{list}` has {length} entries, so that there is no entry {number}; they count from 1"
                    )
                })
            }
            Segment::Name(wanted) => {
                let mut found = names
                    .enumerate()
                    .filter(|(_, name)| *name == Some(wanted))
                    .map(|(index, _)| index);
                match (found.next(), found.next()) {
                    (Some(index), None) => {
                        self.resolved.number(at, index);
                        Ok(index)
                    }
                    (None, _) => Err(format!(
                        "no entry of `{}` is named {wanted:?}; use its number from 1",
                        self.upto(at - 1)
                    )),
                    (Some(_), Some(_)) => Err(format!(
                        "several entries of `{}` are named {wanted:?}; use a number from 1",
                        self.upto(at - 1)
                    )),
                }
            }
        }
    }

    fn is_last(&self, at: usize) -> bool {
        at + 1 == self.key.segments().len()
    }

    /// The key up to and with a step, for a message.
    fn upto(&self, at: usize) -> Key {
        self.key.upto(at + 1)
    }

    fn missing(&self, at: usize) -> String {
        format!("it has no `{}`; check the key", self.upto(at))
    }

    fn many(&self, at: usize) -> String {
        format!(
            "`{}` is more than one value; name one of the keys in it",
            self.upto(at)
        )
    }

    fn nothing_below(&self, at: usize) -> String {
        format!(
            "`{}` is a single value with no keys in it; leave out what comes after it",
            self.upto(at)
        )
    }
}

/// What a table or list that is not there yet starts as.
fn beginning(name: &str) -> Item {
    match name {
        "layer" | "plugin" | "map" => Item::ArrayOfTables(ArrayOfTables::new()),
        "device" | "midi" | "master" => Item::Table(Table::new()),
        _ => Item::Value(Value::InlineTable(InlineTable::new())),
    }
}

/// Puts a value in the place of another, between the same spaces and comments.
fn put(old: &mut Value, mut new: Value) {
    *new.decor_mut() = old.decor().clone();
    *old = new;
}

/// Gives the space before the closing bracket, which was the last value's, to the value put after it.
fn join<'v>(values: impl Iterator<Item = &'v mut Value>) {
    let mut values: Vec<_> = values.collect();
    let [.., old, new] = values.as_mut_slice() else {
        return;
    };
    let suffix = old
        .decor()
        .suffix()
        .and_then(|suffix| suffix.as_str())
        .unwrap_or_default()
        .to_owned();
    // Line breaks and comments stay with the value that they were written for.
    if !suffix.is_empty() && suffix.trim_matches([' ', '\t']).is_empty() {
        old.decor_mut().set_suffix("");
        new.decor_mut().set_suffix(suffix);
    }
}
