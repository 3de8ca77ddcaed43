//! Messages between the two halves of a plugin.

use super::attributes::AttributeList;
use super::com::{Counted, Tally, lend};
use super::text;
use std::ffi::CString;
use std::sync::{Mutex, PoisonError};
use vst3::Steinberg::FIDString;
use vst3::Steinberg::Vst::{IAttributeList, IMessage, IMessageTrait};
use vst3::{Class, ComWrapper};

/// A name and a list of attributes. Any thread, one at a time.
pub(super) struct Message {
    id: Mutex<Option<CString>>,
    attributes: ComWrapper<AttributeList>,
    _counted: Counted,
}

static_assertions::assert_impl_all!(Message: Send, Sync);

impl Class for Message {
    type Interfaces = (IMessage,);
}

impl Message {
    /// A message without a name.
    pub(super) fn new(tally: &Tally) -> ComWrapper<Self> {
        ComWrapper::new(Self {
            id: Mutex::default(),
            attributes: AttributeList::new(tally),
            _counted: tally.one(),
        })
    }
}

impl IMessageTrait for Message {
    /// Null before it is set; else good until it is set anew.
    unsafe fn getMessageID(&self) -> FIDString {
        let id = self.id.lock().unwrap_or_else(PoisonError::into_inner);
        id.as_ref().map_or(std::ptr::null(), |id| id.as_ptr())
    }

    unsafe fn setMessageID(&self, id: FIDString) {
        // SAFETY: the plugin passes null or a C string.
        let new = unsafe { text::c_str(id) }.map(CString::from);
        *self.id.lock().unwrap_or_else(PoisonError::into_inner) = new;
    }

    /// Lent: it lives as long as the message, and the caller does not release it.
    unsafe fn getAttributes(&self) -> *mut IAttributeList {
        lend(&self.attributes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::com::references;
    use super::*;
    use vst3::Steinberg::Vst::IAttributeListTrait;
    use vst3::Steinberg::kResultOk;
    use vst3::{ComPtr, ComRef};

    #[test]
    fn a_message_keeps_its_name_and_attributes() {
        let tally = Tally::default();
        let message: ComPtr<IMessage> = Message::new(&tally).to_com_ptr().unwrap();
        assert_eq!(tally.count(), 2);
        // SAFETY: live objects and C strings of this test.
        unsafe {
            assert!(message.getMessageID().is_null());
            let name = CString::new("meter").unwrap();
            message.setMessageID(name.as_ptr());
            drop(name);
            assert_eq!(text::c_str(message.getMessageID()), Some(c"meter"));
            // Its own name is a fair argument.
            message.setMessageID(message.getMessageID());
            assert_eq!(text::c_str(message.getMessageID()), Some(c"meter"));
            message.setMessageID(std::ptr::null());
            assert!(message.getMessageID().is_null());

            let list = ComRef::from_raw(message.getAttributes()).unwrap();
            assert_eq!(list.as_ptr(), message.getAttributes());
            assert_eq!(list.setInt(c"n".as_ptr(), 3), kResultOk);
            // A plugin may keep the list beyond the message.
            let kept = list.to_com_ptr();
            assert_eq!(references(&kept), 2);
            drop(message);
            assert_eq!(references(&kept), 1);
            let mut n = 0;
            assert_eq!(kept.getInt(c"n".as_ptr(), &raw mut n), kResultOk);
            assert_eq!((n, tally.count()), (3, 1));
        }
        assert_eq!(tally.count(), 0);
    }
}
