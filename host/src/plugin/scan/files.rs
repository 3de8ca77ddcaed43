//! Where plugins lie.

use crate::plugin::Format;
use std::collections::HashSet;
use std::env;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// Folders deeper than this below a given one are left out. Makers use two or three levels.
const DEEPEST: usize = 16;

/// Where plugins are looked for when nobody says where: the folders of the path variable `CLAP_PATH`, relative ones
/// from the current folder, then those that the CLAP and VST3 specifications name for this system, the user's own before the system's, and last the one beside
/// this program. They need not exist.
#[must_use]
pub fn standard_folders() -> Vec<PathBuf> {
    let program = env::current_exe().ok();
    let beside = program.as_deref().and_then(Path::parent);
    folders_from(|name| env::var_os(name), env::home_dir(), beside)
}

fn folders_from(
    variable: impl Fn(&str) -> Option<OsString>,
    home: Option<PathBuf>,
    program: Option<&Path>,
) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = variable("CLAP_PATH")
        .iter()
        .flat_map(env::split_paths)
        // Empty entries, which `absolute` refuses, mean nothing here.
        .filter_map(|path| std::path::absolute(path).ok())
        .collect();
    if cfg!(windows) {
        let local = variable("LOCALAPPDATA").map(|base| PathBuf::from(base).join("Programs").join("Common"));
        let common = variable("COMMONPROGRAMFILES").map(PathBuf::from);
        for kind in ["CLAP", "VST3"] {
            folders.extend(
                [&local, &common]
                    .into_iter()
                    .flatten()
                    .map(|base| base.join(kind)),
            );
        }
        folders.extend(program.map(|program| program.join("VST3")));
    } else if cfg!(target_os = "macos") {
        for kind in ["CLAP", "VST3"] {
            let below = Path::new("Library/Audio/Plug-Ins").join(kind);
            folders.extend(home.as_ref().map(|home| home.join(&below)));
            folders.push(Path::new("/").join(below));
        }
    } else {
        for kind in ["clap", "vst3"] {
            folders.extend(home.as_ref().map(|home| home.join(format!(".{kind}"))));
            folders.push(Path::new("/usr/local/lib").join(kind));
            folders.push(Path::new("/usr/lib").join(kind));
        }
        folders.extend(program.map(|program| program.join("vst3")));
    }
    let mut seen = HashSet::new();
    folders.retain(|folder| folder.is_absolute() && seen.insert(folder.clone()));
    folders
}

/// What [`find_files`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundFiles {
    /// Plugin files and bundles, as absolute paths: folder by folder in the order given, sorted within each. A file
    /// that can be reached in several ways is listed where it was met first.
    pub files: Vec<PathBuf>,
    /// A sentence for each thing that had to be left out.
    pub notes: Vec<String>,
}

/// Lists the plugin files in folders and all that is below them, opening none. Symbolic links are followed. A folder
/// that does not exist has no files; what cannot be read is left out with a note. A plugin file among `folders` is
/// listed itself.
#[must_use]
pub fn find_files(folders: &[PathBuf]) -> FoundFiles {
    let mut walk = Walk::default();
    for folder in folders {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
        match fs::metadata(&folder) {
            Ok(metadata) => walk.visit(folder, &metadata, 0),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => walk.note(&folder, &error.to_string()),
        }
    }
    walk.found
}

/// Whether this names a plugin, going by its name and by what kind of thing it is.
pub(super) fn is_plugin(path: &Path, metadata: &Metadata) -> bool {
    match Format::of_file(path) {
        // A device or a pipe of that name would block whoever opens it.
        Some(_) if metadata.is_file() => true,
        Some(Format::Vst3) => metadata.is_dir(),
        Some(Format::Clap) => cfg!(target_os = "macos") && metadata.is_dir(),
        None => false,
    }
}

#[derive(Default)]
struct Walk {
    found: FoundFiles,
    /// Canonical paths of the folders and files met, which is what ends a loop of links.
    met: HashSet<PathBuf>,
}

impl Walk {
    fn note(&mut self, path: &Path, reason: &str) {
        self.found.notes.push(format!(
            "{} was left out of the search for plugins: {reason}.",
            path.display()
        ));
    }

    fn visit(&mut self, path: PathBuf, metadata: &Metadata, depth: usize) {
        let is_plugin = is_plugin(&path, metadata);
        if !is_plugin && !metadata.is_dir() {
            return;
        }
        match fs::canonicalize(&path) {
            Ok(canonical) => {
                if !self.met.insert(canonical) {
                    return;
                }
            }
            Err(error) => return self.note(&path, &error.to_string()),
        }
        if is_plugin {
            self.found.files.push(path);
        } else if depth == DEEPEST {
            self.note(&path, &format!("it lies more than {DEEPEST} folders deep"));
        } else {
            self.descend(&path, depth);
        }
    }

    fn descend(&mut self, folder: &Path, depth: usize) {
        let mut paths = Vec::new();
        match fs::read_dir(folder) {
            Ok(entries) => {
                for entry in entries {
                    match entry {
                        Ok(entry) => paths.push(entry.path()),
                        Err(error) => self.note(folder, &format!("it could not be read to the end: {error}")),
                    }
                }
            }
            Err(error) => return self.note(folder, &error.to_string()),
        }
        paths.sort();
        for path in paths {
            match fs::metadata(&path) {
                Ok(metadata) => self.visit(path, &metadata, depth + 1),
                // Broken links lie everywhere; only one that should be a plugin is worth a line.
                Err(error) if Format::of_file(&path).is_some() => self.note(&path, &error.to_string()),
                Err(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_path_variable_comes_first_then_the_users_folders_then_the_systems() {
        let folders = folders_from(
            |name| (name == "CLAP_PATH").then(|| "/a:relative::/usr/lib/clap".into()),
            Some("/users/me".into()),
            Some(Path::new("/opt/backline")),
        );
        let relative = std::path::absolute("relative").expect("a current folder");
        let expected = [
            "/a",
            relative.to_str().expect("UTF-8"),
            "/usr/lib/clap",
            "/users/me/.clap",
            "/usr/local/lib/clap",
            "/users/me/.vst3",
            "/usr/local/lib/vst3",
            "/usr/lib/vst3",
            "/opt/backline/vst3",
        ];
        assert_eq!(folders, expected.map(PathBuf::from));
    }

    fn touch(path: &Path) {
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, "").expect("written");
    }

    fn names(found: &FoundFiles, root: &Path) -> Vec<String> {
        let short = |file: &PathBuf| {
            file.strip_prefix(root)
                .expect("below the root")
                .display()
                .to_string()
        };
        found.files.iter().map(short).collect()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn bundles_are_one_entry_and_folders_are_sorted_one_by_one() {
        let root = tempfile::tempdir().expect("a temporary folder");
        for file in [
            "2/b.CLAP",
            "2/a.clap",
            "2/readme.txt",
            "2/Deep/er/c.clap",
            "2/Named.clap/d.clap",
            "1/E.vst3/Contents/x86_64-linux/E.vst3",
            "1/E.vst3/Contents/Resources/inner.clap",
            "1/bare.vst3",
        ] {
            touch(&root.path().join(file));
        }
        let found = find_files(&["2", "1", "absent"].map(|name| root.path().join(name)));
        let expected = [
            "2/Deep/er/c.clap",
            "2/Named.clap/d.clap",
            "2/a.clap",
            "2/b.CLAP",
            "1/E.vst3",
            "1/bare.vst3",
        ];
        assert_eq!(names(&found, root.path()), expected);
        assert_eq!(found.notes, Vec::<String>::new());
        let file = root.path().join("2/a.clap");
        assert_eq!(find_files(std::slice::from_ref(&file)).files, [file]);
    }

    #[cfg(unix)]
    #[test]
    fn loops_and_second_ways_to_a_file_are_survived() {
        use std::os::unix::fs::symlink;
        let root = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| root.path().join(name);
        touch(&at("a/x.clap"));
        symlink(at("a"), at("a/loop")).expect("linked");
        symlink(at("a"), at("b")).expect("linked");
        symlink(at("a/x.clap"), at("a/y.clap")).expect("linked");
        symlink(at("nowhere"), at("a/z.clap")).expect("linked");
        symlink(at("nowhere"), at("a/harmless")).expect("linked");
        let found = find_files(&[at(""), at("b")]);
        assert_eq!(names(&found, root.path()), ["a/x.clap"]);
        assert_eq!(found.notes.len(), 1, "{:?}", found.notes);
        assert!(found.notes[0].contains("z.clap"));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_too_deep_or_no_file_is_left_out() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let mut deep = root.path().to_owned();
        for _ in 0..=DEEPEST {
            deep.push("d");
        }
        touch(&deep.join("x.clap"));
        let socket = root.path().join("socket.clap");
        let _listening = std::os::unix::net::UnixListener::bind(&socket).expect("bound");
        let found = find_files(&[root.path().to_owned()]);
        assert_eq!(found.files, Vec::<PathBuf>::new());
        assert_eq!(found.notes.len(), 1, "{:?}", found.notes);
        assert!(found.notes[0].contains("16 folders deep"));
    }

    #[cfg(unix)]
    #[test]
    fn an_unreadable_folder_is_noted_and_the_rest_is_listed() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().expect("a temporary folder");
        touch(&root.path().join("a/x.clap"));
        touch(&root.path().join("b/y.clap"));
        let closed = root.path().join("a");
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).expect("closed");
        // The superuser reads it all the same; then there is nothing to note.
        let readable = fs::read_dir(&closed).is_ok();
        let found = find_files(&[root.path().to_owned()]);
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("opened");
        assert_eq!(found.notes.len(), usize::from(!readable));
        assert!(found.files.contains(&root.path().join("b/y.clap")));
    }
}
