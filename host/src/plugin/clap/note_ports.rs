//! The host's side of CLAP's note-ports extension.
//!
//! clack-extensions 0.2.0 has one too, but it gives plugins the address of a pointer to the functions, not that of the
//! functions (`RawExtensionImplementation::new(&&..)`): a plugin that calls one of them jumps into data.

use super::host::ClapHost;
use clack_extensions::note_ports::{HostNotePortsImpl, NotePortRescanFlags};
use clack_host::extensions::prelude::*;
use clap_sys::ext::note_ports::{CLAP_EXT_NOTE_PORTS, clap_host_note_ports, clap_note_dialect};
use clap_sys::host::clap_host;
use std::ffi::CStr;

/// The extension, to be registered in place of clack's.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct HostNotePorts(RawExtension<HostExtensionSide, clap_host_note_ports>);

// SAFETY: the type is a pointer to the struct that CLAP knows by this identifier.
unsafe impl Extension for HostNotePorts {
    const IDENTIFIERS: &[&CStr] = &[CLAP_EXT_NOTE_PORTS];
    type ExtensionSide = HostExtensionSide;

    unsafe fn from_raw(raw: RawExtension<HostExtensionSide>) -> Self {
        // SAFETY: the caller promises that the pointer is to this extension's struct.
        Self(unsafe { raw.cast() })
    }
}

// SAFETY: the struct is the one that CLAP knows by the identifier, and its functions have CLAP's signatures.
unsafe impl ExtensionImplementation<ClapHost> for HostNotePorts {
    const IMPLEMENTATION: RawExtensionImplementation =
        RawExtensionImplementation::new(&clap_host_note_ports {
            supported_dialects: Some(supported_dialects),
            rescan: Some(rescan),
        });
}

unsafe extern "C" fn supported_dialects(host: *const clap_host) -> clap_note_dialect {
    // SAFETY: the plugin passes the host that it was made with. The handler holds no cells, so that a call from a wrong
    // thread does no harm.
    let dialects = unsafe {
        HostWrapper::<ClapHost>::handle_main_thread(host, |host| Ok(host.supported_dialects().bits()))
    };
    dialects.unwrap_or(0)
}

unsafe extern "C" fn rescan(host: *const clap_host, flags: u32) {
    // SAFETY: as above.
    unsafe {
        HostWrapper::<ClapHost>::handle_main_thread(host, |host| {
            host.rescan(NotePortRescanFlags::from_bits_truncate(flags));
            Ok(())
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_are_given_the_functions_themselves() {
        let given = HostNotePorts::IMPLEMENTATION
            .as_ptr()
            .cast::<clap_host_note_ports>();
        // SAFETY: the pointer comes from a static of this type.
        let given = unsafe { given.as_ref() };
        let dialects: unsafe extern "C" fn(*const clap_host) -> clap_note_dialect = supported_dialects;
        let again: unsafe extern "C" fn(*const clap_host, u32) = rescan;
        assert_eq!(
            given.supported_dialects.map(|given| given as usize),
            Some(dialects as usize)
        );
        assert_eq!(given.rescan.map(|given| given as usize), Some(again as usize));
    }
}
