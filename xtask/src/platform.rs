//! Systems that bundles can be laid out for.

use std::path::PathBuf;

use anyhow::{Result, bail};

/// The operating system and processor that a plugin is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Linux, with the name of the processor as both Rust and VST3 write it.
    Linux(&'static str),
    /// Windows on x86_64.
    Windows,
}

impl Platform {
    /// The platform of a target triple.
    pub fn of_target(triple: &str) -> Result<Self> {
        let arch = triple.split('-').next().unwrap_or_default();
        match (arch, triple.contains("-linux-"), triple.contains("-windows-")) {
            ("x86_64", true, _) => Ok(Self::Linux("x86_64")),
            ("aarch64", true, _) => Ok(Self::Linux("aarch64")),
            ("x86_64", _, true) => Ok(Self::Windows),
            _ => bail!(
                "Bundles cannot be laid out for `{triple}`: x86_64 and aarch64 Linux and x86_64 Windows are known."
            ),
        }
    }

    /// The platform that xtask itself runs on.
    pub fn host() -> Result<Self> {
        Self::of_target(&format!(
            "{}-unknown-{}-",
            std::env::consts::ARCH,
            std::env::consts::OS
        ))
    }

    /// Where the two formats of the plugin `name` lie below the bundle folder: CLAP, then VST3.
    ///
    /// A CLAP plugin is one file. A VST3 plugin is a folder laid out as the VST3 documentation's "VST 3 Bundle
    /// Format" says: the library is in `Contents/PROCESSOR-SYSTEM`.
    pub fn bundle(self, name: &str) -> [PathBuf; 2] {
        let contents = PathBuf::from(format!("{name}.vst3")).join("Contents");
        let vst3 = match self {
            Self::Linux(arch) => contents.join(format!("{arch}-linux")).join(format!("{name}.so")),
            Self::Windows => contents.join("x86_64-win").join(format!("{name}.vst3")),
        };
        [format!("{name}.clap").into(), vst3]
    }

    /// What a dynamic library's file name ends with.
    pub fn library_extension(self) -> &'static str {
        match self {
            Self::Linux(_) => "so",
            Self::Windows => "dll",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn linux_bundles() {
        let platform = Platform::of_target("x86_64-unknown-linux-gnu").unwrap();
        let [clap, vst3] = platform.bundle("demo-gain");
        assert_eq!(clap, Path::new("demo-gain.clap"));
        assert_eq!(
            vst3,
            Path::new("demo-gain.vst3/Contents/x86_64-linux/demo-gain.so")
        );
        let [_, vst3] = Platform::of_target("aarch64-unknown-linux-musl")
            .unwrap()
            .bundle("demo-synth");
        assert_eq!(
            vst3,
            Path::new("demo-synth.vst3/Contents/aarch64-linux/demo-synth.so")
        );
    }

    #[test]
    fn windows_bundles() {
        for triple in ["x86_64-pc-windows-gnu", "x86_64-pc-windows-msvc"] {
            let platform = Platform::of_target(triple).unwrap();
            let [clap, vst3] = platform.bundle("demo-gain");
            assert_eq!(clap, Path::new("demo-gain.clap"));
            assert_eq!(
                vst3,
                Path::new("demo-gain.vst3/Contents/x86_64-win/demo-gain.vst3")
            );
            assert_eq!(platform.library_extension(), "dll");
        }
    }

    #[test]
    fn other_systems_are_named_in_the_error() {
        for triple in ["aarch64-apple-darwin", "i686-pc-windows-msvc", "nonsense"] {
            assert!(
                Platform::of_target(triple)
                    .unwrap_err()
                    .to_string()
                    .contains(triple)
            );
        }
    }

    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    #[test]
    fn this_machine_is_known() {
        assert_eq!(Platform::host().unwrap(), Platform::Linux("x86_64"));
    }
}
