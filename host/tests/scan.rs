//! The scan over real libraries: the fixture plugins that crash, hang or break the rules, each opened in a child
//! process, which is this very program started once more.

#![expect(clippy::expect_used, reason = "a test ends where its bench breaks")]

use host::plugin::scan::{Cache, Finder, Progress, Scanned, Scanner, Wanted, child_main, find_files};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Says that this process is to be a child. The test of that name is all that it runs.
const CHILD: &str = "BACKLINE_TEST_SCAN_CHILD";

const FIXTURES: [&str; 8] = [
    "bad-descriptor",
    "crash-scan",
    "empty-factory",
    "fixture",
    "hang-scan",
    "init-fails",
    "no-entry",
    "no-factory",
];

#[test]
fn child() {
    if std::env::var_os(CHILD).is_some() {
        let paths: Vec<PathBuf> = std::env::args_os().map(PathBuf::from).collect();
        let [.., file, answer] = paths.as_slice() else {
            panic!("two paths expected");
        };
        std::process::exit(child_main(file, answer).into());
    }
}

fn scanner() -> Scanner {
    Scanner::new(|| {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command
            .env(CHILD, "1")
            .args(["child", "--exact", "--nocapture", "--test-threads=1"]);
        command
    })
    .with_limit(Duration::from_secs(2))
}

/// The folder that libraries are built into: this program lies in its `deps`.
fn built() -> PathBuf {
    let program = std::env::current_exe().expect("this program");
    let deps = program.parent().expect("a folder");
    deps.parent().expect("a folder").to_owned()
}

/// A folder with the fixtures under the names of plugins, built if need be.
fn plugins() -> TempDir {
    let built = built();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--target-dir"]);
    cargo.arg(built.parent().expect("the target folder"));
    for fixture in FIXTURES {
        cargo.args(["-p", &format!("clap-{fixture}")]);
    }
    if built.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.status().expect("cargo runs").success());
    let folder = tempfile::tempdir().expect("a temporary folder");
    for fixture in FIXTURES {
        let library = format!("clap_{}", fixture.replace('-', "_"));
        let library = format!(
            "{}{library}{}",
            std::env::consts::DLL_PREFIX,
            std::env::consts::DLL_SUFFIX
        );
        let copy = folder.path().join(format!("{fixture}.clap"));
        std::fs::copy(built.join(library), copy).expect("copied");
    }
    std::fs::write(folder.path().join("text.clap"), "hello").expect("written");
    std::fs::write(folder.path().join("later.vst3"), "hello").expect("written");
    folder
}

fn of<'a>(all: &'a [Scanned], name: &str) -> &'a Scanned {
    all.iter()
        .find(|scanned| scanned.file.file_name().is_some_and(|found| found == name))
        .expect("scanned")
}

fn go_on(_: Progress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn each_file_is_listed_with_its_plugins_or_with_what_is_wrong_with_it() {
    let folder = plugins();
    let found = find_files(&[folder.path().to_owned()]);
    assert_eq!(found.files.len(), FIXTURES.len() + 2);
    let (mut cache, _) = Cache::load(folder.path().join("cache.json"));
    let scanned = scanner().scan_cached(&found.files, &mut cache, false, &mut go_on);
    for (name, words, lasting) in [
        ("empty-factory.clap", "its factory is empty", true),
        ("init-fails.clap", "refused to initialise", false),
        ("no-entry.clap", "without `clap_entry`", true),
        ("no-factory.clap", "has no plugin factory", true),
        ("hang-scan.clap", "still not open after 2 s", true),
        ("text.clap", "not a program library", true),
        ("later.vst3", "cannot play yet", false),
        (
            "crash-scan.clap",
            if cfg!(unix) {
                "crashed while being opened (signal 11)"
            } else {
                "crashed while being opened (exception 0xc0000005)"
            },
            true,
        ),
    ] {
        let scanned = of(&scanned, name);
        let sentence = scanned.result.as_ref().expect_err(name);
        assert!(sentence.contains(words), "{name}: {sentence}");
        assert_eq!(scanned.lasting, lasting, "{name}");
    }
    let good = of(&scanned, "bad-descriptor.clap")
        .result
        .as_ref()
        .expect("plugins");
    let ids: Vec<_> = good.iter().map(|plugin| plugin.id.as_str()).collect();
    assert_eq!(
        ids,
        ["no-name", "not-utf8", "good"].map(|id| format!("org.backline.fixture.{id}"))
    );
    assert!(
        good.iter()
            .all(|plugin| plugin.file == folder.path().join("bad-descriptor.clap"))
    );

    // The second time nothing is opened but what may have been mended from outside.
    let began = Instant::now();
    let mut opened = Vec::new();
    let again = scanner().scan_cached(&found.files, &mut cache, false, &mut |progress| {
        if let Progress::Opening(file) = progress {
            opened.push(file.to_owned());
        }
        ControlFlow::Continue(())
    });
    assert_eq!(again, scanned);
    let passing = ["init-fails.clap", "later.vst3"].map(|name| folder.path().join(name));
    assert_eq!(opened, passing);
    assert!(began.elapsed() < Duration::from_secs(2));

    // And every plugin is found by its id, past all the broken files.
    let mut finder = Finder::new(vec![folder.path().to_owned()], scanner(), cache);
    let source = finder
        .find(
            &Wanted {
                id: "org.backline.fixture.good",
                format: None,
                hint: Some(Path::new("moved-away.clap")),
                preset_folder: Some(folder.path()),
            },
            &mut go_on,
        )
        .expect("found");
    assert_eq!(source.file, folder.path().join("bad-descriptor.clap"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_child_ends_when_its_parent_is_gone() {
    let folder = plugins();
    let answer = folder.path().join("answer");
    std::fs::write(&answer, "").expect("written");
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .env(CHILD, "1")
        .args(["child", "--exact", "--nocapture", "--test-threads=1"])
        .args([&folder.path().join("hang-scan.clap"), &answer])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("started");
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().expect("asked").is_none(), "it hangs");
    // What the system does when the parent dies.
    drop(child.stdin.take());
    let began = Instant::now();
    while child.try_wait().expect("asked").is_none() {
        if began.elapsed() > Duration::from_secs(5) {
            child.kill().expect("killed");
            panic!("the child is still there");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
