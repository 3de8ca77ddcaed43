//! toml_edit prints a document as it was written, but for byte order mark, CRLF, and a missing line break at
//! the end. So its result is laid over the text as it was: what it did not change keeps its bytes.

/// The text, with what is between `before` and `after` of the same document changed in it.
pub(super) fn splice(text: &str, before: &str, after: &str) -> String {
    let ended = text.ends_with('\n');
    let mut work = text.to_owned();
    if !ended {
        work.push_str(ending(text));
    }
    let mut result = merge(&work, before, after);
    if !ended && result.ends_with('\n') {
        result.pop();
        if result.ends_with('\r') {
            result.pop();
        }
    }
    result
}

fn merge(text: &str, before: &str, after: &str) -> String {
    let (plain, new) = (normal(text), normal(after));
    let ending = ending(text);
    if plain != normal(before) {
        // It moved something that we did not ask for: dotted keys of one table that stood apart. Its text
        // is right, so take it whole.
        let mark = if text.starts_with(MARK) { "\u{feff}" } else { "" };
        return format!("{mark}{}", new.replace('\n', ending));
    }
    let mut head = common(plain.bytes(), new.bytes());
    while !plain.is_char_boundary(head) || !new.is_char_boundary(head) {
        head -= 1;
    }
    let mut tail = common(plain[head..].bytes().rev(), new[head..].bytes().rev());
    while !plain.is_char_boundary(plain.len() - tail) || !new.is_char_boundary(new.len() - tail) {
        tail -= 1;
    }
    let [from, to] = places(text, [head, plain.len() - tail]);
    let middle = new[head..new.len() - tail].replace('\n', ending);
    [&text[..from], &middle, &text[to..]].concat()
}

fn ending(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

const MARK: char = '\u{feff}';

fn normal(text: &str) -> String {
    text.strip_prefix(MARK).unwrap_or(text).replace("\r\n", "\n")
}

fn common(a: impl Iterator<Item = u8>, b: impl Iterator<Item = u8>) -> usize {
    a.zip(b).take_while(|(a, b)| a == b).count()
}

/// Where offsets of the normal form are in the text. `wanted` ascends.
fn places(text: &str, wanted: [usize; 2]) -> [usize; 2] {
    let mark = if text.starts_with(MARK) {
        MARK.len_utf8()
    } else {
        0
    };
    let bytes = text.as_bytes();
    let (mut at, mut plain) = (mark, 0);
    wanted.map(|wanted| {
        while plain < wanted && at < bytes.len() {
            at += if bytes[at..].starts_with(b"\r\n") { 2 } else { 1 };
            plain += 1;
        }
        at
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_change_is_taken() {
        let text = "\u{feff}a = 1\r\nb = '''\n\u{e4}\r\n'''\r\nc = 3";
        let printed = "a = 1\nb = '''\n\u{e4}\r\n'''\nc = 3\n";
        for (old, new, expected) in [
            ("a = 1\n", "a = 10\n", text.replace("a = 1", "a = 10")),
            (
                "a = 1\n",
                "a = 1\nx = 2\n",
                text.replace("a = 1\r\n", "a = 1\r\nx = 2\r\n"),
            ),
            (
                "c = 3\n",
                "c = 3\nd = 4\n",
                text.replace("c = 3", "c = 3\r\nd = 4"),
            ),
            ("c = 3\n", "c = \u{f6}\n", text.replace('3', "\u{f6}")),
            ("\u{e4}", "\u{f6}", text.replace('\u{e4}', "\u{f6}")),
            ("a = 1\n", "", text.replace("a = 1\r\n", "")),
        ] {
            assert_eq!(splice(text, printed, &printed.replacen(old, new, 1)), expected);
        }
    }

    #[test]
    fn a_text_that_was_moved_about_keeps_its_line_endings_and_its_mark() {
        assert_eq!(
            splice("\u{feff}a\r\nb\r\n", "b\na\n", "b\na\nc\n"),
            "\u{feff}b\r\na\r\nc\r\n"
        );
    }
}
