//! Flush-to-zero for the length of one block.

/// While it lives, denormal numbers are taken and made as zero on this thread; dropping it restores what was.
///
/// Denormals in a decaying filter cost up to a hundred times a normal operation on some processors.
#[derive(Debug)]
pub struct FlushToZero {
    before: Control,
}

#[cfg(target_arch = "x86_64")]
type Control = u32;
#[cfg(target_arch = "aarch64")]
type Control = u64;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
type Control = ();

impl FlushToZero {
    /// Sets flush-to-zero and denormals-are-zero.
    #[must_use]
    pub fn new() -> Self {
        let before = read();
        #[cfg(target_arch = "x86_64")]
        // Bit 15 is flush-to-zero, bit 6 denormals-are-zero (Intel SDM volume 1, 10.2.3).
        write(before | 1 << 15 | 1 << 6);
        #[cfg(target_arch = "aarch64")]
        // Bit 24 is FZ (Arm ARM, FPCR).
        write(before | 1 << 24);
        Self { before }
    }
}

impl Default for FlushToZero {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for FlushToZero {
    fn drop(&mut self) {
        write(self.before);
    }
}

// Miri knows no inline assembly, and other processors have no such switch that we know.
#[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn read() -> Control {
    Control::default()
}
#[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn write(_control: Control) {}

#[cfg(all(target_arch = "x86_64", not(miri)))]
fn read() -> Control {
    let mut control: u32 = 0;
    // SAFETY: `stmxcsr` stores four bytes at the address given, which is that of a local `u32`.
    unsafe {
        core::arch::asm!("stmxcsr [{}]", in(reg) &raw mut control, options(nostack, preserves_flags));
    }
    control
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
fn write(control: Control) {
    // SAFETY: `ldmxcsr` loads four bytes from the address of a local `u32`. The value was read from the register
    // with only defined bits added, so it cannot fault; rounding and exception masks stay as they were.
    unsafe {
        core::arch::asm!("ldmxcsr [{}]", in(reg) &raw const control, options(nostack, readonly, preserves_flags));
    }
}

#[cfg(all(target_arch = "aarch64", not(miri)))]
fn read() -> Control {
    let control: u64;
    // SAFETY: reading FPCR has no effect.
    unsafe { core::arch::asm!("mrs {}, fpcr", out(reg) control, options(nomem, nostack, preserves_flags)) };
    control
}

#[cfg(all(target_arch = "aarch64", not(miri)))]
fn write(control: Control) {
    // SAFETY: the value was read from FPCR with only the FZ bit added; rounding stays as it was.
    unsafe { core::arch::asm!("msr fpcr, {}", in(reg) control, options(nomem, nostack, preserves_flags)) };
}

#[cfg(all(test, target_arch = "x86_64", not(miri)))]
mod tests {
    use super::*;
    use core::hint::black_box;

    #[test]
    fn denormals_flush_only_while_it_lives() {
        let tiny = black_box(f32::MIN_POSITIVE);
        {
            let _flush = FlushToZero::new();
            assert_eq!(black_box(tiny * black_box(0.5)), 0.0);
        }
        assert_ne!(black_box(tiny * black_box(0.5)), 0.0);
    }
}
