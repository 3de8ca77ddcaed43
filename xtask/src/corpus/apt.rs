//! Packages of another Debian release, fetched by the system's apt with folders of its own.
//!
//! The system's mirror is used, so no address is written down here; its package lists, its cache and its hooks are
//! left alone. Signatures are checked with Debian's archive keys as always.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, anyhow, bail};

use crate::run::{output, say};

/// Where Debian's package `debian-archive-keyring` puts its keys, newest name first.
const KEYRINGS: [&str; 2] = [
    "/usr/share/keyrings/debian-archive-keyring.pgp",
    "/usr/share/keyrings/debian-archive-keyring.gpg",
];

/// A user on a system whose apt knows no Debian mirror names one with this variable.
const MIRROR: &str = "BACKLINE_DEBIAN_MIRROR";

/// An apt of our own, with its lists renewed.
#[derive(Debug)]
pub struct Apt {
    folder: PathBuf,
}

impl Apt {
    /// Makes the folders and reads the package list of `suite`.
    ///
    /// The folder may hold the remains of an attempt that was broken off; what was fetched then is used.
    pub fn new(folder: &Path, suite: &str) -> Result<Self> {
        let apt = Self {
            folder: folder.to_path_buf(),
        };
        for part in ["state/lists/partial", "cache/archives/partial"] {
            let part = folder.join(part);
            fs::create_dir_all(&part)
                .with_context(|| format!("Could not make the folder {}", part.display()))?;
        }
        // As if no package were installed: so the whole closure of dependencies is fetched.
        apt.write("state/status", "")?;
        let system = output(Command::new("apt-config").arg("dump"))?;
        apt.write("apt.conf", &configuration(&system, folder)?)?;

        let keyring = KEYRINGS.iter().find(|file| Path::new(file).exists()).context(
            "Debian's archive keys are not installed, and without them the real plugins could be anybody's. \
             Install the package debian-archive-keyring and try again",
        )?;
        let mut failure = anyhow!(
            "apt on this system knows no Debian mirror. Set {MIRROR} to the address of one and try again"
        );
        for mirror in mirrors()? {
            apt.write(
                "sources.list",
                &format!("deb [signed-by={keyring}] {mirror} {suite} main\n"),
            )?;
            match output(apt.get().arg("update")) {
                Ok(_) => return Ok(apt),
                Err(error) => {
                    failure = error.context(format!(
                        "Could not read Debian's package list from {mirror}. Is this machine online? \
                         `cargo xtask test --without-corpus` runs the tests that need no real plugins"
                    ));
                }
            }
        }
        Err(failure)
    }

    /// Fetches packages with all that they depend on. What is here already is not fetched again.
    pub fn download(&self, packages: &[&str]) -> Result<Vec<PathBuf>> {
        output(
            self.get()
                .args(["install", "--download-only", "--yes"])
                .args(packages),
        )
        .context("Could not fetch the packages; the next attempt goes on from here")?;
        let archives = self.folder.join("cache/archives");
        let mut files = Vec::new();
        for entry in
            fs::read_dir(&archives).with_context(|| format!("Could not list {}", archives.display()))?
        {
            let file = entry
                .with_context(|| format!("Could not list {}", archives.display()))?
                .path();
            if file.extension().is_some_and(|e| e == "deb") {
                files.push(file);
            }
        }
        files.sort();
        Ok(files)
    }

    fn get(&self) -> Command {
        let mut command = Command::new("apt-get");
        command
            .env("APT_CONFIG", self.folder.join("apt.conf"))
            .env("DEBIAN_FRONTEND", "noninteractive");
        command.args(["--quiet", "--quiet"]);
        command
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        let file = self.folder.join(name);
        fs::write(&file, text).with_context(|| format!("Could not write {}", file.display()))
    }
}

/// Our configuration: how the system reaches its mirrors (proxies, certificates), and folders of our own.
///
/// The system's other settings stay out, its hooks above all: they would run after our `update` too.
fn configuration(system: &str, folder: &Path) -> Result<String> {
    let folder = std::path::absolute(folder).with_context(|| format!("Where is {}?", folder.display()))?;
    let folder = folder
        .to_str()
        .filter(|text| !text.contains('"'))
        .with_context(|| {
            format!(
                "apt cannot work in a folder named {}; set CARGO_TARGET_DIR to another",
                folder.display()
            )
        })?;
    let inherited = system
        .lines()
        .filter(|line| line.starts_with("Acquire::") && !line.starts_with("Acquire::IndexTargets"))
        .fold(String::new(), |text, line| text + line + "\n");
    Ok(format!(
        r#"{inherited}Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
APT::Architecture "amd64";
APT::Architectures "amd64";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Dir::Etc::Main "/dev/null";
Dir::Etc::Parts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::Etc::SourceList "{folder}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State "{folder}/state";
Dir::State::lists "{folder}/state/lists";
Dir::State::status "{folder}/state/status";
Dir::Cache "{folder}/cache";
Dir::Cache::archives "{folder}/cache/archives";
"#
    ))
}

/// The mirrors to try, the likeliest first.
fn mirrors() -> Result<Vec<String>> {
    if let Ok(mirror) = env::var(MIRROR) {
        return Ok(vec![mirror]);
    }
    let format = "$(REPO_URI) $(RELEASE) $(ORIGIN)";
    let targets =
        output(Command::new("apt-get").args(["indextargets", "--format", format, "Created-By: Packages"]))?;
    let mut mirrors = from_targets(&targets);
    if mirrors.is_empty() {
        // Apt lists targets only where its package lists have been fetched; what it would fetch it always tells.
        say("The system has no package lists yet; taking the mirror from its sources.");
        mirrors = from_uris(&output(Command::new("apt-get").args(["--print-uris", "update"]))?);
    }
    if mirrors.iter().any(|mirror| mirror.contains(char::is_whitespace)) {
        bail!("Could not understand the mirrors that apt names: {mirrors:?}.");
    }
    Ok(mirrors)
}

/// Mirrors from lines of address, release and origin.
///
/// Archives of other makers are left out, and so are those of security updates: they hold no whole release.
fn from_targets(text: &str) -> Vec<String> {
    let targets = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (address, release) = (words.next()?, words.next()?);
        // An origin that apt does not know is printed as it was asked for.
        let debian = words
            .next()
            .is_none_or(|origin| origin == "Debian" || origin.starts_with("$("));
        (debian && !release.contains("-security")).then_some(address)
    });
    distinct(targets)
}

/// Mirrors from the addresses of the index files that `apt-get --print-uris update` lists.
fn from_uris(text: &str) -> Vec<String> {
    let addresses = text.lines().filter_map(|line| {
        let (mirror, rest) = line.strip_prefix('\'')?.split_once("dists/")?;
        (!rest.split('/').next()?.contains("-security")).then_some(mirror)
    });
    distinct(addresses)
}

fn distinct<'a>(addresses: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for address in addresses {
        if !all.iter().any(|known| known == address) {
            all.push(address.to_owned());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_debians_and_holds_whole_releases() {
        let targets = "\
            http://security.example/debian-security/ bookworm-security Debian\n\
            https://packages.example/node/ nodistro Node\n\
            http://mirror.example/debian/ bookworm Debian\n\
            http://mirror.example/debian/ bookworm-updates Debian\n\
            http://local.example/ stable $(ORIGIN)\n\n";
        assert_eq!(
            from_targets(targets),
            ["http://mirror.example/debian/", "http://local.example/"]
        );
        assert!(from_targets("").is_empty());
    }

    #[test]
    fn the_mirror_is_found_without_package_lists() {
        let uris = "\
            'http://mirror.example/debian/dists/bookworm/InRelease' mirror.example_InRelease 0 \n\
            'http://mirror.example/debian/dists/bookworm-updates/InRelease' mirror.example_InRelease 0 \n\
            'http://mirror.example/debian-security/dists/bookworm-security/InRelease' mirror.example_InRelease 0 \n\
            Reading package lists...\n";
        assert_eq!(from_uris(uris), ["http://mirror.example/debian/"]);
    }

    #[test]
    fn proxies_are_kept_and_hooks_are_not() {
        let system = "APT::Update::Post-Invoke:: \"rm -rf\";\n\
            Acquire::http::Proxy \"http://proxy.example:3142\";\n\
            Acquire::IndexTargets::deb::DEP-11 \"\";\n\
            Dir::State \"var/lib/apt\";\n";
        let text = configuration(system, Path::new("/out/corpus/apt")).unwrap();
        assert!(text.starts_with("Acquire::http::Proxy \"http://proxy.example:3142\";\nAcquire::Languages"));
        assert!(!text.contains("Post-Invoke") && !text.contains("DEP-11") && !text.contains("var/lib/apt"));
        assert!(text.contains("Dir::State \"/out/corpus/apt/state\";"));
    }

    #[test]
    fn a_folder_that_breaks_the_configuration_is_refused() {
        assert!(configuration("", Path::new("/a\"b")).is_err());
    }
}
