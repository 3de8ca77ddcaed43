use std::ops::Range;

/// Finds the line of a byte of the text.
pub(crate) struct Lines<'t> {
    text: &'t str,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let ends = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| at + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(ends).collect(),
        }
    }

    /// Line and column of a byte, both from 1, the column in characters. Bytes past the end are at the end.
    pub(crate) fn position(&self, at: usize) -> (usize, usize) {
        let at = at.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= at);
        let before = self.text.get(self.starts[line - 1]..at).unwrap_or_default();
        (line, 1 + before.trim_start_matches('\u{feff}').chars().count())
    }

    /// A piece of the text; empty where the range is none.
    pub(crate) fn text(&self, range: Range<usize>) -> &'t str {
        self.text.get(range).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_one_and_columns_in_characters() {
        let lines = Lines::new("\u{feff}ab\r\n\u{e4}x\n\nend");
        assert_eq!(lines.position(0), (1, 1));
        assert_eq!(lines.position(3), (1, 1));
        assert_eq!(lines.position(4), (1, 2));
        assert_eq!(lines.position(7), (2, 1));
        assert_eq!(lines.position(9), (2, 2));
        assert_eq!(lines.position(11), (3, 1));
        assert_eq!(lines.position(12), (4, 1));
        assert_eq!(lines.position(usize::MAX), (4, 4));
        assert_eq!(Lines::new("").position(0), (1, 1));
    }
}
