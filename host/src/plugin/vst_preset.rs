//! `.vstpreset`: the container in which VST3 hosts exchange what a plugin saved. It is the state of a VST3 plugin too.

mod file;
mod info;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

/// What a file starts with.
const HEADER: &[u8; 4] = b"VST3";
/// What the list of chunks starts with.
const LIST: &[u8; 4] = b"List";
/// The version that is written. Like the SDK's reader, ours takes any.
const VERSION: i32 = 1;
/// Bytes of a class id: 16 bytes of it as hex digits.
const CLASS: usize = 32;
/// Header, version, class id and the place of the list.
const HEADER_SIZE: usize = 4 + 4 + CLASS + 8;
/// An entry of the list: id, place and size of a chunk.
const ENTRY_SIZE: usize = 4 + 8 + 8;
/// What the files of the format before VST3, `.fxp` and `.fxb`, start with.
const VST2: &[u8; 4] = b"CcnK";

/// The content of a `.vstpreset` file, as `vstpresetfile.cpp` of Steinberg's SDK lays it out: a header, the chunks, and a
/// list that says where each chunk is. Numbers are little-endian.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VstPreset {
    /// The class id of the plugin's processor: 32 hex digits in capitals.
    pub class: String,
    /// Chunk `Comp`: what the component saved.
    pub component: Vec<u8>,
    /// Chunk `Cont`: what the edit controller saved, if it was asked.
    pub controller: Option<Vec<u8>>,
    /// Chunk `Prog`: the id of a program list or unit in four bytes, and the data of one program of it.
    pub program: Option<Vec<u8>>,
    /// Chunk `Info`: what the preset is called and is for, as the XML that Steinberg calls `MetaInfo`.
    pub info: Option<String>,
}

/// Why a `.vstpreset` file or state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum VstPresetError {
    /// The file cannot be read.
    #[error("The VST3 preset {} cannot be read: {reason}. Check the path.", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why, without a full stop.
        reason: String,
    },
    /// The bytes are something else, or damaged.
    #[error("{} is no VST3 preset that can be used: {reason}. {advice}.", subject(.file.as_ref()))]
    Broken {
        /// The file, if they came from one.
        file: Option<PathBuf>,
        /// Why, without a full stop.
        reason: String,
        /// What to do, without a full stop.
        advice: &'static str,
    },
    /// There is a file of that name.
    #[error("The file {} is there already. Name another, or replace it with --force.", file.display())]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// The file cannot be written.
    #[error("The VST3 preset {} cannot be written: {reason}. Nothing was left behind; check the folder and the free space.", file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// Why, without a full stop.
        reason: String,
    },
}

fn subject(file: Option<&PathBuf>) -> String {
    file.map_or_else(|| "The state".to_owned(), |file| file.display().to_string())
}

fn broken(reason: impl Into<String>, advice: &'static str) -> VstPresetError {
    VstPresetError::Broken {
        file: None,
        reason: reason.into(),
        advice,
    }
}

fn damaged(reason: impl Into<String>) -> VstPresetError {
    broken(reason, "Copy it again whole, or save it anew where it was made")
}

impl VstPreset {
    /// Whether bytes start as such a file does. They may be damaged all the same.
    #[must_use]
    pub fn is_vst_preset(bytes: &[u8]) -> bool {
        bytes.starts_with(HEADER)
    }

    /// Reads the bytes of a file. Where a chunk is there twice the first counts, as in the SDK; chunks of other kinds are
    /// left out.
    ///
    /// # Errors
    ///
    /// Bytes that are something else or cut off, that name a place outside themselves, or that hold no state.
    pub fn read(bytes: &[u8]) -> Result<Self, VstPresetError> {
        if bytes.is_empty() {
            return Err(damaged("it is empty"));
        }
        if bytes.starts_with(VST2) {
            return Err(broken(
                "it is a preset in the older format of VST2 (.fxp or .fxb)",
                "Load it where it was made, with the plugin's VST3 version, and save it as a .vstpreset",
            ));
        }
        if !Self::is_vst_preset(bytes) {
            return Err(broken("it does not start as one", "Give a .vstpreset file"));
        }
        let header = bytes.first_chunk::<HEADER_SIZE>();
        let header = header.ok_or_else(|| damaged("it is cut off within its header"))?;
        let (class, list) = header[8..].split_at(CLASS);
        let class = class_id(class).ok_or_else(|| damaged("the class id in it is not 32 hex digits"))?;
        let entries = Entries::find(bytes, list)?;

        let component = entries.chunk(b"Comp")?;
        let program = entries.chunk(b"Prog")?;
        let component = component.ok_or_else(|| {
            let advice = "Save the plugin's whole state as a .vstpreset instead";
            if program.is_some() {
                broken("it holds a single program and not the plugin's state", advice)
            } else {
                broken("it holds no component state (chunk Comp)", advice)
            }
        })?;
        let info = entries.chunk(b"Info")?;
        Ok(Self {
            class,
            component: component.to_vec(),
            controller: entries.chunk(b"Cont")?.map(<[u8]>::to_vec),
            program: program.map(<[u8]>::to_vec),
            info: info.map(|text| String::from_utf8_lossy(text).into_owned()),
        })
    }

    /// The bytes of a file: chunks in the order of the SDK's `savePreset`, so that `Info` comes last, which the SDK
    /// needs to change it in place. A class that is not 32 characters long is cut, or filled with spaces, and no reader
    /// will take it.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let Self {
            class,
            component,
            controller,
            program,
            info,
        } = self;
        let chunks = [
            (b"Comp", Some(component.as_slice())),
            (b"Cont", controller.as_deref()),
            (b"Prog", program.as_deref()),
            (b"Info", info.as_deref().map(str::as_bytes)),
        ];
        let chunks: Vec<_> = chunks
            .into_iter()
            .filter_map(|(id, data)| Some((id, data?)))
            .collect();
        let data: usize = chunks.iter().map(|(_, data)| data.len()).sum();
        let list = HEADER_SIZE + data;

        let mut bytes = Vec::with_capacity(list + 8 + chunks.len() * ENTRY_SIZE);
        bytes.extend_from_slice(HEADER);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend(class.bytes().chain(std::iter::repeat(b' ')).take(CLASS));
        bytes.extend_from_slice(&size(list));
        for (_, data) in &chunks {
            bytes.extend_from_slice(data);
        }
        bytes.extend_from_slice(LIST);
        // Four at most.
        bytes.extend_from_slice(&[chunks.len().to_le_bytes()[0], 0, 0, 0]);
        let mut offset = HEADER_SIZE;
        for (id, data) in chunks {
            bytes.extend_from_slice(id);
            bytes.extend_from_slice(&size(offset));
            bytes.extend_from_slice(&size(data.len()));
            offset += data.len();
        }
        bytes
    }

    /// Whether it belongs to the plugin with that class id, in capitals or small letters.
    #[must_use]
    pub fn is_for(&self, class: &str) -> bool {
        self.class.eq_ignore_ascii_case(class)
    }
}

/// A length or place as the format writes it.
const fn size(bytes: usize) -> [u8; 8] {
    // No slice is longer than `isize::MAX`, so this is never negative to who reads it as signed.
    (bytes as u64).to_le_bytes()
}

/// A length or place of the format, if memory could have it at all.
fn position(bytes: &[u8]) -> Option<usize> {
    usize::try_from(i64::from_le_bytes(bytes.try_into().ok()?)).ok()
}

fn class_id(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then(|| text.to_ascii_uppercase())
}

/// The list of chunks in the bytes that they lie in.
struct Entries<'a> {
    bytes: &'a [u8],
    entries: &'a [u8],
}

impl<'a> Entries<'a> {
    /// Finds the list that begins at `place`.
    fn find(bytes: &'a [u8], place: &[u8]) -> Result<Self, VstPresetError> {
        let list = position(place)
            .and_then(|at| bytes.get(at..))
            .ok_or_else(|| damaged("its list of chunks lies beyond its end, so it is cut off"))?;
        let rest = list
            .strip_prefix(LIST)
            .ok_or_else(|| damaged("there is no list of chunks where its header says"))?;
        let (count, entries) = rest
            .split_first_chunk::<4>()
            .ok_or_else(|| damaged("it is cut off within its list of chunks"))?;
        let count = usize::try_from(i32::from_le_bytes(*count))
            .map_err(|_| damaged("the length of its list of chunks is below 0"))?;
        let entries = count
            .checked_mul(ENTRY_SIZE)
            .and_then(|length| entries.get(..length))
            .ok_or_else(|| damaged(format!("it is cut off within its list of {count} chunks")))?;
        Ok(Self { bytes, entries })
    }

    /// The first chunk of a kind.
    fn chunk(&self, id: &[u8; 4]) -> Result<Option<&'a [u8]>, VstPresetError> {
        let mut entries = self.entries.chunks_exact(ENTRY_SIZE);
        let Some(entry) = entries.find(|entry| entry.starts_with(id)) else {
            return Ok(None);
        };
        let (offset, size) = entry[4..].split_at(8);
        let chunk = position(offset)
            .zip(position(size))
            .and_then(|(offset, size)| self.bytes.get(offset..offset.checked_add(size)?));
        chunk.map(Some).ok_or_else(|| {
            damaged(format!(
                "its chunk {} lies beyond its end, so it is cut off",
                String::from_utf8_lossy(id)
            ))
        })
    }
}
