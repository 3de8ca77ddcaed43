//! The `Info` chunk: a flat list of attributes as XML.

use super::VstPreset;

/// Characters that XML writes as words, each with its word.
const ESCAPES: [(char, &str); 5] = [
    ('&', "&amp;"),
    ('<', "&lt;"),
    ('>', "&gt;"),
    ('"', "&quot;"),
    ('\'', "&apos;"),
];

impl VstPreset {
    /// Writes the `Info` chunk that hosts look into to list presets by plugin: `name` and `vendor` as the plugin's
    /// factory has them, `category` as `Instrument|Synth`. The attributes are those of the SDK's `PresetAttributes`; an
    /// empty one is left out.
    pub fn describe(&mut self, name: &str, vendor: &str, category: &str) {
        let attributes = [
            ("MediaType", "VstPreset"),
            ("PlugInCategory", category),
            ("PlugInName", name),
            ("PlugInVendor", vendor),
        ];
        let mut text = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<MetaInfo>\r\n".to_owned();
        for (id, value) in attributes {
            if !value.is_empty() {
                text.push_str(&format!(
                    "\t<Attribute id=\"{id}\" value=\"{}\" type=\"string\" flags=\"writeProtected\"/>\r\n",
                    escaped(value)
                ));
            }
        }
        text.push_str("</MetaInfo>\r\n");
        self.info = Some(text);
    }

    /// An attribute of the `Info` chunk, as `PlugInName`. Programs write its elements under different names
    /// (`Attribute`, `Attr`), so only `id` and `value` are looked at.
    #[must_use]
    pub fn attribute(&self, id: &str) -> Option<String> {
        let elements = self.info.as_deref()?.split('<').skip(1);
        let inside = elements.filter_map(|element| element.split_once('>').map(|(inside, _)| inside));
        let found = inside
            .filter(|inside| quoted(inside, "id").is_some_and(|found| found == id))
            .find_map(|inside| quoted(inside, "value"));
        found.map(unescaped).filter(|value| !value.trim().is_empty())
    }
}

/// What stands in quotation marks behind `key=` in the inside of an element.
fn quoted<'a>(inside: &'a str, key: &str) -> Option<&'a str> {
    let mut rest = inside.split_once(char::is_whitespace)?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let mark = after.chars().next().filter(|mark| ['"', '\''].contains(mark))?;
        let (value, behind) = after[1..].split_once(mark)?;
        if name.trim() == key {
            return Some(value);
        }
        rest = behind;
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match ESCAPES.iter().find(|(plain, _)| *plain == sign) {
            Some((_, word)) => escaped.push_str(word),
            // XML has no way to write the others.
            None if sign.is_control() => escaped.push(' '),
            None => escaped.push(sign),
        }
    }
    escaped
}

fn unescaped(text: &str) -> String {
    // The ampersand last, or what it hides would be taken for another word.
    ESCAPES.iter().rev().fold(text.to_owned(), |text, (plain, word)| {
        text.replace(word, plain.encode_utf8(&mut [0; 4]))
    })
}
