//! Which older classes a plugin takes the place of: as `moduleinfo.json` says it, or an object of the plugin's that
//! writes the same text.

use super::class_id::ClassId;
use serde::Deserialize;
use std::ffi::c_void;
use std::sync::{Mutex, PoisonError};
use vst3::Steinberg::{
    IBStream, IBStreamTrait, IPluginCompatibility, IPluginCompatibilityTrait, int32, int64, kInvalidArgument,
    kNotImplemented, kResultOk, kResultTrue, tresult,
};
use vst3::{Class, ComPtr, ComWrapper};

/// Most bytes of such a text. A maker's whole catalogue stays far below it.
const MOST_BYTES: usize = 1 << 20;

/// A class that stands in for older ones: a preset that names one of those loads this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::plugin) struct Replaced {
    pub(in crate::plugin) new: ClassId,
    pub(in crate::plugin) old: Vec<ClassId>,
}

/// The same as it is written.
#[derive(Debug, Deserialize)]
pub(super) struct Written {
    #[serde(rename = "New")]
    new: String,
    #[serde(rename = "Old", default)]
    old: Vec<String>,
}

impl Replaced {
    /// Ids that are none are left out.
    pub(super) fn from_written(written: &[Written]) -> Vec<Self> {
        let one = |written: &Written| {
            Some(Self {
                new: ClassId::parse(&written.new)?,
                old: written.old.iter().filter_map(|old| ClassId::parse(old)).collect(),
            })
        };
        written.iter().filter_map(one).collect()
    }
}

/// Lets the plugin's object write its text. Nothing if it refuses or writes something else.
pub(super) fn ask(object: &ComPtr<IPluginCompatibility>) -> Option<Vec<Replaced>> {
    let sink = ComWrapper::new(Sink::default());
    let stream = sink.to_com_ptr::<IBStream>()?;
    // SAFETY: both are living objects, by their types.
    if unsafe { object.getCompatibilityJSON(stream.as_ptr()) } != kResultOk {
        return None;
    }
    let text = sink.0.lock().unwrap_or_else(PoisonError::into_inner);
    super::module_info::read_json(&text).map(|written: Vec<Written>| Replaced::from_written(&written))
}

/// A stream that takes text and gives none.
#[derive(Default)]
struct Sink(Mutex<Vec<u8>>);

impl Class for Sink {
    type Interfaces = (IBStream,);
}

impl IBStreamTrait for Sink {
    unsafe fn read(&self, _buffer: *mut c_void, _bytes: int32, _read: *mut int32) -> tresult {
        kNotImplemented
    }

    unsafe fn write(&self, buffer: *mut c_void, bytes: int32, written: *mut int32) -> tresult {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MOST_BYTES - text.len();
        let Some(count) = usize::try_from(bytes).ok().filter(|&count| count <= room) else {
            return kInvalidArgument;
        };
        if buffer.is_null() && count > 0 {
            return kInvalidArgument;
        }
        // SAFETY: the caller says that so many bytes are there, and gives either no pointer for their number or one to
        // write it to.
        unsafe {
            if count > 0 {
                text.extend_from_slice(std::slice::from_raw_parts(buffer.cast::<u8>(), count));
            }
            if let Some(written) = written.as_mut() {
                *written = bytes;
            }
        }
        kResultTrue
    }

    unsafe fn seek(&self, _place: int64, _mode: int32, _result: *mut int64) -> tresult {
        kNotImplemented
    }

    unsafe fn tell(&self, place: *mut int64) -> tresult {
        let length = self.0.lock().unwrap_or_else(PoisonError::into_inner).len();
        // SAFETY: the caller gives either no pointer or one to write the place to.
        match (unsafe { place.as_mut() }, int64::try_from(length)) {
            (Some(place), Ok(length)) => {
                *place = length;
                kResultOk
            }
            _ => kInvalidArgument,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = "4261636B6C696E65F0E1D2C3B4A59687";
    const OLD: &str = "00000000000000000000000000000001";

    /// A plugin's object that writes a text in two pieces.
    struct Teller(&'static [u8]);

    impl Class for Teller {
        type Interfaces = (IPluginCompatibility,);
    }

    impl IPluginCompatibilityTrait for Teller {
        unsafe fn getCompatibilityJSON(&self, stream: *mut IBStream) -> tresult {
            // SAFETY: the stream is the host's, which lives through the call; the slices tell their true lengths.
            unsafe {
                let stream = vst3::ComRef::from_raw(stream).expect("a stream");
                let (first, second) = self.0.split_at(self.0.len() / 2);
                for piece in [first, second] {
                    let mut written = 0;
                    let length = int32::try_from(piece.len()).expect("short");
                    let buffer = piece.as_ptr().cast_mut().cast::<c_void>();
                    assert_eq!(stream.write(buffer, length, &raw mut written), kResultOk);
                    assert_eq!(written, length);
                }
                let mut place = 0;
                assert_eq!(stream.tell(&raw mut place), kResultOk);
                assert_eq!(usize::try_from(place), Ok(self.0.len()));
                assert_eq!(
                    stream.write(std::ptr::null_mut(), 1, std::ptr::null_mut()),
                    kInvalidArgument
                );
                assert_eq!(
                    stream.write(std::ptr::null_mut(), -1, std::ptr::null_mut()),
                    kInvalidArgument
                );
            }
            kResultOk
        }
    }

    fn told(text: &'static [u8]) -> Option<Vec<Replaced>> {
        let object = ComWrapper::new(Teller(text));
        ask(&object.to_com_ptr().expect("its interface"))
    }

    #[test]
    fn the_plugins_own_text_is_read_and_ids_that_are_none_are_left_out() {
        let text = br#"[
            { "New": "4261636B6C696E65F0E1D2C3B4A59687", "Old": ["00000000000000000000000000000001", "x"], },
            { "New": "nonsense", "Old": [] },
        ]"#;
        let expected = Replaced {
            new: ClassId::parse(NEW).expect("an id"),
            old: vec![ClassId::parse(OLD).expect("an id")],
        };
        assert_eq!(told(text), Some(vec![expected]));
    }

    #[test]
    fn a_text_that_is_broken_says_nothing() {
        for text in [b"".as_slice(), b"[", b"\xff\xfe", b"{}", b"[{}]"] {
            assert_eq!(told(text), None);
        }
    }
}
