//! Streams of bytes: what a plugin writes its state to and reads it from.

use super::attributes::AttributeList;
use super::com::{Tally, give, lend, number};
use super::text;
use std::ffi::{CStr, c_void};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use vst3::Steinberg::IBStream_::IStreamSeekMode_;
use vst3::Steinberg::Vst::{
    CString, IAttributeList, IStreamAttributes, IStreamAttributesTrait, PresetAttributes, StateType,
    String128,
};
use vst3::Steinberg::{
    IBStream, IBStreamTrait, ISizeableStream, ISizeableStreamTrait, int32, int64, kInvalidArgument,
    kNotImplemented, kOutOfMemory, kResultFalse, kResultOk, tresult,
};
use vst3::{Class, ComWrapper};

/// Largest stream: no state is that big, and a plugin that writes without end must not take the machine along.
const LARGEST: u64 = 1 << 30;

/// A file in memory. Reading stops at the end and says so by the count, a seek may go beyond the end, and a write
/// there fills the gap with zeros: as files do, and as plugins that were tested on other hosts' streams expect.
///
/// A plugin may keep it and may call it from any thread; calls wait for each other.
pub(super) struct Stream {
    content: Mutex<Content>,
    writable: bool,
    attributes: ComWrapper<AttributeList>,
}

static_assertions::assert_impl_all!(Stream: Send, Sync);

#[derive(Default)]
struct Content {
    bytes: Vec<u8>,
    at: u64,
}

/// What a state is read or written for, as the attribute `StateType` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StateKind {
    /// A project, which a preset of Backline is to a plugin: everything counts.
    Project,
    /// A preset of the plugin: the specification tells it by the attribute's absence.
    Preset,
}

impl Class for Stream {
    type Interfaces = (IBStream, ISizeableStream, IStreamAttributes);
}

impl Stream {
    /// A stream to read these bytes from, at its start, described as a project's. Writing to it is refused.
    pub(super) fn reader(bytes: Vec<u8>) -> ComWrapper<Self> {
        Self::with(Content { bytes, at: 0 }, false)
    }

    /// An empty stream to write to, described as a project's.
    pub(super) fn writer() -> ComWrapper<Self> {
        Self::with(Content::default(), true)
    }

    fn with(content: Content, writable: bool) -> ComWrapper<Self> {
        let stream = Self {
            content: Mutex::new(content),
            writable,
            attributes: AttributeList::new(&Tally::default()),
        };
        stream.describe(StateKind::Project, None);
        ComWrapper::new(stream)
    }

    /// Says what the stream is for, and which file it is from or for, if it is one.
    pub(super) fn describe(&self, kind: StateKind, file: Option<&Path>) {
        let kind = match kind {
            StateKind::Project => Some(StateType::kProject),
            StateKind::Preset => None,
        };
        let path = file.map(|file| file.to_string_lossy().into_owned());
        let name = file
            .and_then(Path::file_name)
            .map(|name| name.to_string_lossy().into_owned());
        let values = [
            (
                PresetAttributes::kStateType,
                kind.map(|kind| key(kind).to_string_lossy().into_owned()),
            ),
            (PresetAttributes::kFilePathStringType, path),
            (PresetAttributes::kFileName, name),
        ];
        for (name, value) in values {
            match value {
                Some(value) => self.attributes.set_text(key(name), &value),
                None => self.attributes.remove(key(name)),
            }
        }
    }

    /// All bytes, wherever the position is.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.content().bytes.clone()
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        // Nothing in here panics half way, so poisoned content is whole.
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A name of the specification.
fn key(name: CString) -> &'static CStr {
    // SAFETY: only constants of the bindings come here, all of which end with a zero.
    unsafe { CStr::from_ptr(name) }
}

impl Content {
    /// Makes the stream `size` long, new bytes zero. Returns whether there is memory for it.
    fn resize(&mut self, size: u64) -> bool {
        let (Ok(len), true) = (usize::try_from(size), size <= LARGEST) else {
            return false;
        };
        if self
            .bytes
            .try_reserve(len.saturating_sub(self.bytes.len()))
            .is_err()
        {
            return false;
        }
        self.bytes.resize(len, 0);
        true
    }

    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }
}

impl IBStreamTrait for Stream {
    unsafe fn read(&self, buffer: *mut c_void, num_bytes: int32, num_bytes_read: *mut int32) -> tresult {
        let wanted = usize::try_from(num_bytes);
        let (Ok(wanted), false) = (wanted, buffer.is_null() && num_bytes != 0) else {
            // SAFETY: null, or the plugin's place for a count.
            unsafe { give(num_bytes_read, 0) };
            return kInvalidArgument;
        };
        let mut content = self.content();
        let start = usize::try_from(content.at).unwrap_or(usize::MAX);
        let rest = content.bytes.get(start..).unwrap_or_default();
        let some = &rest[..wanted.min(rest.len())];
        if !some.is_empty() {
            // SAFETY: the plugin's buffer holds `wanted` bytes, and `some` is at most that.
            unsafe {
                buffer
                    .cast::<u8>()
                    .copy_from_nonoverlapping(some.as_ptr(), some.len())
            };
        }
        let count = some.len();
        content.at += count as u64;
        // SAFETY: null, or the plugin's place for a count.
        unsafe { give(num_bytes_read, int32::try_from(count).unwrap_or(num_bytes)) };
        kResultOk
    }

    unsafe fn write(&self, buffer: *mut c_void, num_bytes: int32, num_bytes_written: *mut int32) -> tresult {
        // SAFETY: null, or the plugin's place for a count.
        unsafe { give(num_bytes_written, 0) };
        let wanted = usize::try_from(num_bytes);
        let (Ok(wanted), false) = (wanted, buffer.is_null() && num_bytes != 0) else {
            return kInvalidArgument;
        };
        if !self.writable {
            return kNotImplemented;
        }
        let mut content = self.content();
        let end = content.at.saturating_add(wanted as u64);
        if wanted == 0 {
            return kResultOk;
        }
        if end > content.size() && !content.resize(end) {
            return kOutOfMemory;
        }
        let (Ok(start), Ok(stop)) = (usize::try_from(content.at), usize::try_from(end)) else {
            return kOutOfMemory;
        };
        // SAFETY: the plugin's buffer holds `wanted` bytes, and is not this stream's own memory.
        let bytes = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), wanted) };
        content.bytes[start..stop].copy_from_slice(bytes);
        content.at = end;
        // SAFETY: null, or the plugin's place for a count.
        unsafe { give(num_bytes_written, num_bytes) };
        kResultOk
    }

    unsafe fn seek(&self, pos: int64, mode: int32, result: *mut int64) -> tresult {
        let mut content = self.content();
        let from = if mode == number(IStreamSeekMode_::kIBSeekSet) {
            Some(0)
        } else if mode == number(IStreamSeekMode_::kIBSeekCur) {
            Some(content.at)
        } else if mode == number(IStreamSeekMode_::kIBSeekEnd) {
            Some(content.size())
        } else {
            None
        };
        // A position is told as a signed number, so none is beyond that.
        let at = from
            .and_then(|from| from.checked_add_signed(pos))
            .and_then(|at| int64::try_from(at).ok());
        let Some(at) = at else {
            // SAFETY: null, or the plugin's place for a position.
            unsafe { give(result, int64::try_from(content.at).unwrap_or(int64::MAX)) };
            return kInvalidArgument;
        };
        content.at = at.unsigned_abs();
        // SAFETY: null, or the plugin's place for a position.
        unsafe { give(result, at) };
        kResultOk
    }

    unsafe fn tell(&self, pos: *mut int64) -> tresult {
        let at = int64::try_from(self.content().at).unwrap_or(int64::MAX);
        // SAFETY: null, or the plugin's place for a position.
        match unsafe { give(pos, at) } {
            true => kResultOk,
            false => kInvalidArgument,
        }
    }
}

impl ISizeableStreamTrait for Stream {
    unsafe fn getStreamSize(&self, size: *mut int64) -> tresult {
        let len = int64::try_from(self.content().size()).unwrap_or(int64::MAX);
        // SAFETY: null, or the plugin's place for a size.
        match unsafe { give(size, len) } {
            true => kResultOk,
            false => kInvalidArgument,
        }
    }

    /// The position stays, as a file's does; one beyond the new end reads nothing.
    unsafe fn setStreamSize(&self, size: int64) -> tresult {
        let Ok(size) = u64::try_from(size) else {
            return kInvalidArgument;
        };
        if !self.writable {
            return kNotImplemented;
        }
        match self.content().resize(size) {
            true => kResultOk,
            false => kOutOfMemory,
        }
    }
}

impl IStreamAttributesTrait for Stream {
    unsafe fn getFileName(&self, name: *mut String128) -> tresult {
        if name.is_null() {
            return kInvalidArgument;
        }
        let Some(file) = self.attributes.text(key(PresetAttributes::kFileName)) else {
            return kResultFalse;
        };
        // SAFETY: not null; the plugin passes a place for 128 units.
        unsafe { give(name, text::wide(&file)) };
        kResultOk
    }

    /// Lent: it lives as long as the stream.
    unsafe fn getAttributes(&self) -> *mut IAttributeList {
        lend(&self.attributes)
    }
}

#[cfg(test)]
mod tests;
