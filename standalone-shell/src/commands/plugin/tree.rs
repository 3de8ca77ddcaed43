//! Units as a tree, whatever the plugin says of their parents.

use host::plugin::PluginUnit;

/// Every unit once, each behind the one that it is a part of, with its depth.
pub fn of(units: &[PluginUnit]) -> Vec<(usize, &PluginUnit)> {
    let mut walk = Walk {
        units,
        found: Vec::with_capacity(units.len()),
    };
    let is_root = |unit: &&PluginUnit| {
        unit.parent
            .is_none_or(|parent| units.iter().all(|other| other.id != parent))
    };
    units.iter().filter(is_root).for_each(|root| walk.add(root));
    // Those that are parts of each other, in a circle.
    units.iter().for_each(|unit| walk.add(unit));
    walk.found
}

struct Walk<'a> {
    units: &'a [PluginUnit],
    found: Vec<(usize, &'a PluginUnit)>,
}

impl<'a> Walk<'a> {
    /// Adds a unit and all its parts. Not by calling itself: a plugin may have any number of levels.
    fn add(&mut self, unit: &'a PluginUnit) {
        let mut waiting = vec![(0, unit)];
        while let Some((depth, unit)) = waiting.pop() {
            if self.found.iter().any(|(_, known)| std::ptr::eq(*known, unit)) {
                continue;
            }
            self.found.push((depth, unit));
            let parts = self
                .units
                .iter()
                .rev()
                .filter(|part| part.parent == Some(unit.id));
            waiting.extend(parts.map(|part| (depth + 1, part)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(units: &[(i32, Option<i32>)]) -> Vec<(usize, i32)> {
        let units: Vec<_> = units
            .iter()
            .map(|&(id, parent)| PluginUnit {
                id,
                parent,
                name: String::new(),
                program_list: None,
            })
            .collect();
        of(&units)
            .into_iter()
            .map(|(depth, unit)| (depth, unit.id))
            .collect()
    }

    #[test]
    fn parts_come_behind_their_unit() {
        let units = [(3, Some(1)), (0, None), (1, Some(0)), (2, Some(0)), (4, Some(3))];
        assert_eq!(shown(&units), [(0, 0), (1, 1), (2, 3), (3, 4), (1, 2)]);
    }

    #[test]
    fn every_unit_is_shown_once() {
        assert_eq!(
            shown(&[(5, Some(9)), (6, Some(5))]),
            [(0, 5), (1, 6)],
            "the parent is not there"
        );
        assert_eq!(shown(&[(1, Some(2)), (2, Some(1))]), [(0, 1), (1, 2)], "a circle");
        assert_eq!(shown(&[(1, Some(1))]), [(0, 1)], "its own parent");
        assert_eq!(shown(&[(1, None), (1, None)]), [(0, 1), (0, 1)], "one id twice");
        assert!(shown(&[]).is_empty());
    }
}
