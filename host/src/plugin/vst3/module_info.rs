//! `moduleinfo.json`: what a bundle's maker wrote down about its classes, so that nobody has to load the library to list
//! them. It is JSON5: the development kit's own tool leaves commas behind the last entries.

use super::class_id::ClassId;
use super::compatibility::{Replaced, Written};
use super::factory::{AUDIO, Class};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Most bytes that are read. A hundred classes take some 50 kB.
const MOST_BYTES: u64 = 4 << 20;
/// Most brackets within brackets. The format needs five.
const DEEPEST: usize = 64;

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::plugin) struct ModuleInfo {
    pub(in crate::plugin) classes: Vec<Class>,
    pub(in crate::plugin) replaced: Vec<Replaced>,
}

#[derive(Deserialize)]
struct WholeFile {
    #[serde(rename = "Factory Info", default)]
    factory: WrittenFactory,
    #[serde(rename = "Classes")]
    classes: Vec<WrittenClass>,
    #[serde(rename = "Compatibility", default)]
    compatibility: Vec<Written>,
}

#[derive(Default, Deserialize)]
struct WrittenFactory {
    #[serde(rename = "Vendor", default)]
    vendor: String,
}

#[derive(Deserialize)]
struct WrittenClass {
    #[serde(rename = "CID")]
    id: String,
    #[serde(rename = "Category")]
    category: String,
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "Vendor", default)]
    vendor: String,
    #[serde(rename = "Version", default)]
    version: String,
    #[serde(rename = "SDKVersion", default)]
    sdk_version: String,
    #[serde(rename = "Sub Categories", default)]
    sub_categories: Vec<String>,
    #[serde(rename = "Class Flags", default)]
    flags: u32,
}

impl ModuleInfo {
    /// Reads a file. Nothing if it cannot be read, is broken, or names no class that plays: then the library itself has
    /// to be asked.
    pub(in crate::plugin) fn read(file: &Path) -> Option<Self> {
        let mut bytes = Vec::new();
        File::open(file)
            .ok()?
            .take(MOST_BYTES + 1)
            .read_to_end(&mut bytes)
            .ok()?;
        (bytes.len() as u64 <= MOST_BYTES)
            .then(|| Self::parse(&bytes))
            .flatten()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let file: WholeFile = read_json(bytes)?;
        let vendor = file.factory.vendor;
        let mut classes: Vec<Class> = Vec::new();
        for class in file.classes {
            let class = Class {
                // One id that is none makes the rest doubtful.
                id: ClassId::parse(&class.id).filter(|id| !id.is_zero())?,
                category: class.category,
                name: class.name,
                vendor: if class.vendor.is_empty() {
                    vendor.clone()
                } else {
                    class.vendor
                },
                version: class.version,
                sdk_version: class.sdk_version,
                sub_categories: class.sub_categories,
                flags: class.flags,
            };
            if !classes.iter().any(|known| known.id == class.id) {
                classes.push(class);
            }
        }
        classes.iter().any(|class| class.category == AUDIO).then(|| Self {
            replaced: Replaced::from_written(&file.compatibility),
            classes,
        })
    }
}

/// Reads JSON5, with or without a byte order mark.
pub(super) fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let text = str::from_utf8(bytes).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    (depth(text) <= DEEPEST).then(|| json5::from_str(text).ok())?
}

/// How deep brackets lie within brackets, at most: the parser goes as deep as they do, and has only one stack for it.
/// Brackets in texts and comments are counted too, which makes no difference to a file that is meant well.
fn depth(text: &str) -> usize {
    let mut now = 0_usize;
    let mut most = 0;
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => now += 1,
            b']' | b'}' => now = now.saturating_sub(1),
            _ => {}
        }
        most = most.max(now);
    }
    most
}

#[cfg(test)]
mod tests;
