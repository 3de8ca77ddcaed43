//! A look at a library's header, so that a file for another machine is told from one that is broken.

use super::LoadError;
use memchr::memmem;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// What this program was built for, in the words of [`machine`].
const HERE: &str = if cfg!(target_arch = "x86_64") {
    "a 64-bit x86 system"
} else if cfg!(target_arch = "aarch64") {
    "a 64-bit ARM system"
} else {
    "another system"
};

const ELF: &str = "Linux";
const PE: &str = "Windows";
const MACH: &str = "macOS";
const SYSTEM: &str = if cfg!(windows) {
    PE
} else if cfg!(target_os = "macos") {
    MACH
} else {
    ELF
};

/// Checks that a file is a library for this system, as far as its header tells.
///
/// # Errors
///
/// It cannot be read, is no library, or is one for another machine.
pub(super) fn check(file: &Path) -> Result<(), LoadError> {
    let unreadable = |source| LoadError::Unreadable {
        file: file.to_owned(),
        source,
    };
    let metadata = fs::metadata(file).map_err(unreadable)?;
    if !metadata.is_file() && !metadata.is_dir() {
        // To open a pipe would wait for whoever writes to it.
        return Err(not_a_plugin(file, "it is a device or a pipe"));
    }
    let mut open = File::open(file).map_err(unreadable)?;
    if metadata.is_dir() {
        // A CLAP bundle is a folder only on macOS. Of a VST3 bundle, the library in it is what is checked.
        return if SYSTEM == MACH {
            Ok(())
        } else {
            Err(not_a_plugin(file, "it is a folder"))
        };
    }
    let mut head = [0_u8; 64];
    let read = open.read(&mut head).map_err(unreadable)?;
    if read == 0 {
        return Err(not_a_plugin(file, "it is empty"));
    }
    let is_elf = head.starts_with(&[0x7f, b'E', b'L', b'F']);
    if is_elf && read < head.len() {
        return Err(not_a_plugin(file, "it is cut off; copy it again"));
    }
    let (system, machine) = match head {
        [0x7f, b'E', b'L', b'F', class, ..] => {
            // The loader maps what the headers tell and dies of a page that is not there.
            if class == 2 && metadata.len() < elf_length(&head) {
                return Err(not_a_plugin(file, "it is cut off; copy it again"));
            }
            let machine = match u16::from_le_bytes([head[18], head[19]]) {
                62 if class == 2 => "64-bit x86",
                3 => "32-bit x86",
                183 => "64-bit ARM",
                40 => "32-bit ARM",
                _ => "another processor",
            };
            (ELF, machine)
        }
        [b'M', b'Z', ..] => {
            let at = u32::from_le_bytes([head[60], head[61], head[62], head[63]]);
            let mut pe = [0_u8; 6];
            open.seek(SeekFrom::Start(u64::from(at)))
                .and_then(|_| open.read_exact(&mut pe))
                .map_err(|_| not_a_plugin(file, "its Windows header is cut off"))?;
            let machine = match u16::from_le_bytes([pe[4], pe[5]]) {
                0x8664 => "64-bit x86",
                0x014c => "32-bit x86",
                0xaa64 => "64-bit ARM",
                _ => "another processor",
            };
            (PE, machine)
        }
        [0xcf, 0xfa, 0xed, 0xfe, ..] | [0xca, 0xfe, 0xba, 0xbe, ..] => (MACH, "Apple's processors"),
        _ => return Err(not_a_plugin(file, "it is not a program library")),
    };
    if system == SYSTEM && HERE.contains(machine) {
        return Ok(());
    }
    let built_for = format!("{system} on {machine}");
    Err(LoadError::OtherMachine {
        file: file.to_owned(),
        built_for,
        here: HERE,
    })
}

/// Whether these bytes are anywhere in a file, as the name of every function is that a library offers. False too where
/// it cannot be read.
pub(super) fn mentions(file: &Path, bytes: &[u8]) -> bool {
    const AT_ONCE: usize = 1 << 20;
    let Ok(mut open) = File::open(file) else {
        return false;
    };
    let mut read = Vec::with_capacity(AT_ONCE + bytes.len());
    loop {
        match (&mut open).take(AT_ONCE as u64).read_to_end(&mut read) {
            Ok(1..) if memmem::find(&read, bytes).is_some() => return true,
            // The name may lie across the end of what was read.
            Ok(1..) => drop(read.drain(..read.len().saturating_sub(bytes.len()))),
            _ => return false,
        }
    }
}

/// Least length of a 64-bit ELF file: the end of its section headers, which linkers put last.
fn elf_length(head: &[u8; 64]) -> u64 {
    let half = |at: usize| u64::from(u16::from_le_bytes([head[at], head[at + 1]]));
    let start = head[40..48]
        .iter()
        .rev()
        .fold(0, |value: u64, &byte| value << 8 | u64::from(byte));
    start.saturating_add(half(58) * half(60))
}

fn not_a_plugin(file: &Path, reason: &str) -> LoadError {
    LoadError::NotAPlugin {
        file: file.to_owned(),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod tests {
    use super::*;

    fn checked(bytes: &[u8]) -> Result<(), String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("x.clap");
        fs::write(&file, bytes).expect("written");
        check(&file).map_err(|error| error.to_string())
    }

    fn elf(class: u8, machine: u8) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..5].copy_from_slice(&[0x7f, b'E', b'L', b'F', class]);
        bytes[18] = machine;
        bytes
    }

    #[test]
    fn a_name_is_found_also_across_the_pieces_that_are_read() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("x.vst3");
        for at in [0, (1 << 20) - 3, (1 << 20) + 5, 3 << 20] {
            let mut bytes = vec![b'x'; 3 << 20];
            bytes.splice(at.min(bytes.len()).., *b"Entry\0");
            fs::write(&file, bytes).expect("written");
            assert!(mentions(&file, b"Entry\0"), "{at}");
            assert!(!mentions(&file, b"Entrx\0"), "{at}");
        }
        assert!(!mentions(&folder.path().join("absent"), b"x"));
    }

    #[test]
    fn each_kind_of_wrong_file_gets_its_own_sentence() {
        assert!(checked(&elf(2, 62)).is_ok());
        let mut cut = elf(2, 62);
        // Two section headers of 64 bytes, which begin where the file ends.
        cut[40] = 64;
        cut[58] = 64;
        cut[60] = 2;
        for (bytes, words) in [
            (cut, "it is cut off"),
            (elf(2, 62)[..20].to_vec(), "it is cut off"),
            (elf(2, 183), "Linux on 64-bit ARM"),
            (elf(1, 3), "Linux on 32-bit x86"),
            (b"MZ".to_vec(), "cut off"),
            (vec![0xcf, 0xfa, 0xed, 0xfe, 0, 0, 0, 0], "macOS"),
            (b"hello".to_vec(), "not a program library"),
            (Vec::new(), "it is empty"),
        ] {
            let sentence = checked(&bytes).expect_err("refused");
            assert!(sentence.contains(words), "{sentence}");
        }
    }
}
