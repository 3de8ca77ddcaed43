//! Attribute lists: what messages carry and streams are described with.

use super::com::{Counted, Tally};
use super::text;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_void};
use std::sync::{Mutex, MutexGuard, PoisonError};
use vst3::Steinberg::Vst::IAttributeList_::AttrID;
use vst3::Steinberg::Vst::{IAttributeList, IAttributeListTrait, TChar};
use vst3::Steinberg::{int64, kInvalidArgument, kResultFalse, kResultOk, tresult, uint32};
use vst3::{Class, ComWrapper};

/// Values by name. A name holds one value, of the kind that was written last; reading it as another kind fails.
///
/// Any thread, one at a time. It allocates, as messages always do: the specification keeps both off the audio thread.
pub(super) struct AttributeList {
    values: Mutex<BTreeMap<CString, Value>>,
    _counted: Counted,
}

enum Value {
    Int(i64),
    Float(f64),
    /// Without a terminator.
    Text(Vec<TChar>),
    /// A box of its own, so that its address stays when the map moves.
    Binary(Box<[u8]>),
}

static_assertions::assert_impl_all!(AttributeList: Send, Sync);

impl Class for AttributeList {
    type Interfaces = (IAttributeList,);
}

impl AttributeList {
    /// An empty list.
    pub(super) fn new(tally: &Tally) -> ComWrapper<Self> {
        ComWrapper::new(Self {
            values: Mutex::default(),
            _counted: tally.one(),
        })
    }

    /// Sets a text.
    pub(super) fn set_text(&self, name: &CStr, text: &str) {
        let value = Value::Text(text.encode_utf16().collect());
        self.values().insert(name.to_owned(), value);
    }

    /// The text of that name.
    pub(super) fn text(&self, name: &CStr) -> Option<String> {
        match self.values().get(name)? {
            Value::Text(text) => Some(text::from_wide(text)),
            _ => None,
        }
    }

    /// Takes a value out.
    pub(super) fn remove(&self, name: &CStr) {
        self.values().remove(name);
    }

    fn values(&self) -> MutexGuard<'_, BTreeMap<CString, Value>> {
        // Nothing in here panics half way, so a poisoned map is whole.
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// # Safety
    ///
    /// `name` is null or a C string.
    unsafe fn set(&self, name: AttrID, value: Value) -> tresult {
        // SAFETY: this function's contract.
        match unsafe { text::c_str(name) } {
            Some(name) => {
                self.values().insert(name.to_owned(), value);
                kResultOk
            }
            None => kInvalidArgument,
        }
    }

    /// Gives the value of that name to `take`, which tells whether it is of its kind.
    ///
    /// # Safety
    ///
    /// `name` is null or a C string.
    unsafe fn get(&self, name: AttrID, take: impl FnOnce(&Value) -> bool) -> tresult {
        // SAFETY: this function's contract.
        let Some(name) = (unsafe { text::c_str(name) }) else {
            return kInvalidArgument;
        };
        match self.values().get(name) {
            Some(value) if take(value) => kResultOk,
            _ => kResultFalse,
        }
    }
}

impl IAttributeListTrait for AttributeList {
    unsafe fn setInt(&self, id: AttrID, value: int64) -> tresult {
        // SAFETY: the plugin passes a C string.
        unsafe { self.set(id, Value::Int(value)) }
    }

    unsafe fn getInt(&self, id: AttrID, value: *mut int64) -> tresult {
        if value.is_null() {
            return kInvalidArgument;
        }
        let take = |found: &Value| {
            let Value::Int(found) = found else { return false };
            // SAFETY: not null; the plugin passes a place for an integer.
            unsafe { value.write(*found) };
            true
        };
        // SAFETY: the plugin passes a C string.
        unsafe { self.get(id, take) }
    }

    unsafe fn setFloat(&self, id: AttrID, value: f64) -> tresult {
        // SAFETY: the plugin passes a C string.
        unsafe { self.set(id, Value::Float(value)) }
    }

    unsafe fn getFloat(&self, id: AttrID, value: *mut f64) -> tresult {
        if value.is_null() {
            return kInvalidArgument;
        }
        let take = |found: &Value| {
            let Value::Float(found) = found else { return false };
            // SAFETY: not null; the plugin passes a place for a float.
            unsafe { value.write(*found) };
            true
        };
        // SAFETY: the plugin passes a C string.
        unsafe { self.get(id, take) }
    }

    unsafe fn setString(&self, id: AttrID, string: *const TChar) -> tresult {
        // SAFETY: the plugin passes a string with its terminator.
        match unsafe { text::units(string) } {
            // SAFETY: the plugin passes a C string.
            Some(units) => unsafe { self.set(id, Value::Text(units.to_vec())) },
            None => kInvalidArgument,
        }
    }

    unsafe fn getString(&self, id: AttrID, string: *mut TChar, size_in_bytes: uint32) -> tresult {
        let room = usize::try_from(size_in_bytes).unwrap_or(0) / size_of::<TChar>();
        if string.is_null() || room == 0 {
            return kInvalidArgument;
        }
        let take = |found: &Value| {
            let Value::Text(found) = found else { return false };
            let count = found.len().min(room - 1);
            // SAFETY: not null; the plugin passes a place for `room` units, and `count` is less.
            unsafe {
                string.copy_from_nonoverlapping(found.as_ptr(), count);
                string.add(count).write(0);
            }
            true
        };
        // SAFETY: the plugin passes a C string.
        unsafe { self.get(id, take) }
    }

    unsafe fn setBinary(&self, id: AttrID, data: *const c_void, size_in_bytes: uint32) -> tresult {
        let Ok(len) = usize::try_from(size_in_bytes) else {
            return kInvalidArgument;
        };
        let bytes = if len == 0 {
            Box::default()
        } else if data.is_null() {
            return kInvalidArgument;
        } else {
            // SAFETY: not null; the plugin passes that many bytes.
            Box::from(unsafe { std::slice::from_raw_parts(data.cast::<u8>(), len) })
        };
        // SAFETY: the plugin passes a C string.
        unsafe { self.set(id, Value::Binary(bytes)) }
    }

    unsafe fn getBinary(&self, id: AttrID, data: *mut *const c_void, size_in_bytes: *mut uint32) -> tresult {
        if data.is_null() || size_in_bytes.is_null() {
            return kInvalidArgument;
        }
        let take = |found: &Value| {
            let Value::Binary(found) = found else { return false };
            let Ok(len) = uint32::try_from(found.len()) else {
                return false;
            };
            // SAFETY: neither is null; the plugin passes places for both. The bytes stay where they are until the value
            // is written anew or the list dies, as the specification has it.
            unsafe {
                data.write(found.as_ptr().cast());
                size_in_bytes.write(len);
            }
            true
        };
        // SAFETY: the plugin passes a C string.
        unsafe { self.get(id, take) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::com::references;
    use super::*;
    use vst3::ComPtr;

    fn list() -> (Tally, ComPtr<IAttributeList>) {
        let tally = Tally::default();
        let list = AttributeList::new(&tally).to_com_ptr().unwrap();
        (tally, list)
    }

    const A: AttrID = c"a".as_ptr();

    #[test]
    fn every_kind_is_read_back_and_no_other() {
        let (tally, list) = list();
        let (mut int, mut float, mut data, mut size) = (0, 0.0, std::ptr::null(), 7);
        let mut units = [1_u16; 8];
        // SAFETY: all addresses are of this test's variables.
        unsafe {
            assert_eq!(list.getInt(A, &raw mut int), kResultFalse);
            assert_eq!(list.setInt(A, i64::MIN), kResultOk);
            assert_eq!(list.getInt(A, &raw mut int), kResultOk);
            assert_eq!(int, i64::MIN);
            assert_eq!(list.getFloat(A, &raw mut float), kResultFalse);
            assert_eq!(list.getString(A, units.as_mut_ptr(), 16), kResultFalse);
            assert_eq!(list.getBinary(A, &raw mut data, &raw mut size), kResultFalse);

            assert_eq!(list.setFloat(A, 0.5), kResultOk);
            assert_eq!(list.getInt(A, &raw mut int), kResultFalse);
            assert_eq!(list.getFloat(A, &raw mut float), kResultOk);
            assert_eq!(float.to_bits(), 0.5_f64.to_bits());

            assert_eq!(list.setBinary(A, [1_u8, 2, 3].as_ptr().cast(), 3), kResultOk);
            assert_eq!(list.getBinary(A, &raw mut data, &raw mut size), kResultOk);
            // Other values come and go; this one's bytes stay.
            for name in [c"b", c"c", c"d", c"e"] {
                assert_eq!(list.setInt(name.as_ptr(), 0), kResultOk);
            }
            assert_eq!(std::slice::from_raw_parts(data.cast::<u8>(), 3), [1, 2, 3]);
            assert_eq!(list.setBinary(A, std::ptr::null(), 0), kResultOk);
            assert_eq!(list.getBinary(A, &raw mut data, &raw mut size), kResultOk);
            assert_eq!(size, 0);
        }
        assert_eq!(references(&list), 1);
        drop(list);
        assert_eq!(tally.count(), 0);
    }

    #[test]
    fn a_string_is_cut_to_the_room_and_always_ends() {
        let (_tally, list) = list();
        let mut units = [9_u16; 6];
        // SAFETY: all addresses are of this test's variables; sizes are theirs or less.
        unsafe {
            assert_eq!(list.setString(A, text::wide("Backline").as_ptr()), kResultOk);
            assert_eq!(list.getString(A, units.as_mut_ptr(), 9), kResultOk);
            assert_eq!(units, [66, 97, 99, 0, 9, 9]);
            assert_eq!(list.getString(A, units.as_mut_ptr(), 12), kResultOk);
            assert_eq!(text::from_wide(&units), "Backl");
            assert_eq!(list.getString(A, units.as_mut_ptr(), 1), kInvalidArgument);
        }
    }

    #[test]
    fn null_is_refused_everywhere() {
        let (_tally, list) = list();
        let null = std::ptr::null();
        let (mut int, mut float, mut data, mut size) = (0, 0.0, std::ptr::null(), 0);
        // SAFETY: null, or addresses of this test's variables.
        unsafe {
            assert_eq!(list.setInt(null, 1), kInvalidArgument);
            assert_eq!(list.getInt(null, &raw mut int), kInvalidArgument);
            assert_eq!(list.getFloat(null, &raw mut float), kInvalidArgument);
            assert_eq!(list.setString(A, std::ptr::null()), kInvalidArgument);
            assert_eq!(list.setBinary(A, std::ptr::null(), 1), kInvalidArgument);
            assert_eq!(list.getInt(A, std::ptr::null_mut()), kInvalidArgument);
            assert_eq!(list.getFloat(A, std::ptr::null_mut()), kInvalidArgument);
            assert_eq!(list.getString(A, std::ptr::null_mut(), 8), kInvalidArgument);
            assert_eq!(
                list.getBinary(A, std::ptr::null_mut(), &raw mut size),
                kInvalidArgument
            );
            assert_eq!(
                list.getBinary(A, &raw mut data, std::ptr::null_mut()),
                kInvalidArgument
            );
        }
    }
}
