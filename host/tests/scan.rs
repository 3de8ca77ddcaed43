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

/// Files that are no libraries of theirs: a text in each format, a folder, and a library in the wrong format.
const OTHERS: usize = 4;

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

/// Builds packages, and gives where the library of one lies.
fn build(packages: &[&str]) -> impl Fn(&str) -> PathBuf + use<> {
    let built = built();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--target-dir"]);
    cargo.arg(built.parent().expect("the target folder"));
    for package in packages {
        cargo.args(["-p", package]);
    }
    if built.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.status().expect("cargo runs").success());
    move |package| {
        built.join(format!(
            "{}{}{}",
            std::env::consts::DLL_PREFIX,
            package.replace('-', "_"),
            std::env::consts::DLL_SUFFIX
        ))
    }
}

/// A folder with the fixtures under the names of plugins, built if need be.
fn plugins() -> TempDir {
    let packages = FIXTURES.map(|fixture| format!("clap-{fixture}"));
    let library = build(&packages.each_ref().map(String::as_str));
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (fixture, package) in FIXTURES.iter().zip(&packages) {
        let copy = folder.path().join(format!("{fixture}.clap"));
        std::fs::copy(library(package), copy).expect("copied");
    }
    std::fs::write(folder.path().join("text.clap"), "hello").expect("written");
    std::fs::write(folder.path().join("text.vst3"), "hello").expect("written");
    std::fs::create_dir(folder.path().join("folder.vst3")).expect("made");
    let clap = folder.path().join("no-factory.clap");
    std::fs::copy(clap, folder.path().join("no-module.vst3")).expect("copied");
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
    assert_eq!(found.files.len(), FIXTURES.len() + OTHERS);
    let (mut cache, _) = Cache::load(folder.path().join("cache.json"));
    let scanned = scanner().scan_cached(&found.files, &mut cache, false, &mut go_on);
    for (name, words, lasting) in [
        ("empty-factory.clap", "its factory is empty", true),
        ("init-fails.clap", "refused to initialise", false),
        ("no-entry.clap", "without `clap_entry`", true),
        ("no-factory.clap", "has no plugin factory", true),
        ("hang-scan.clap", "still not open after 2 s", true),
        ("text.clap", "not a program library", true),
        ("text.vst3", "not a program library", true),
        ("folder.vst3", "a folder without `Contents`", true),
        ("no-module.vst3", "without `GetPluginFactory`", true),
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
    assert_eq!(opened, [folder.path().join("init-fails.clap")]);
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

/// A bundle of a demo plugin, as `NAME.vst3` in a folder, with what is written of it.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn bundle(folder: &Path, name: &str, library: &Path, info: Option<&str>) -> PathBuf {
    let contents = folder.join(format!("{name}.vst3/Contents"));
    let binary = contents.join(format!("x86_64-linux/{name}.so"));
    std::fs::create_dir_all(binary.parent().expect("a parent")).expect("made");
    std::fs::create_dir(contents.join("Resources")).expect("made");
    std::fs::copy(library, &binary).expect("copied");
    if let Some(info) = info {
        std::fs::write(contents.join("Resources/moduleinfo.json"), info).expect("written");
    }
    binary
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn vst3_bundles_and_files_are_listed_and_opened_again_when_what_is_in_them_changed() {
    const GAIN: &str = "4261636B6C696E6544656D6F47616931";
    const SYNTH: &str = "4261636B6C696E6544656D6F53796E31";
    let library = build(&["demo-gain", "demo-synth"]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let binary = bundle(folder.path(), "gain", &library("demo-gain"), None);
    let info = format!(
        "{{ Classes: [ {{ CID: '{SYNTH}', Category: 'Audio Module Class', Name: 'As written', }}, ], }}"
    );
    bundle(folder.path(), "synth", &library("demo-synth"), Some(&info));
    std::fs::copy(library("demo-synth"), at("bare.vst3")).expect("copied");
    std::fs::copy(library("demo-gain"), at("gain.clap")).expect("copied");

    let (mut cache, _) = Cache::load(at("cache.json"));
    let files = find_files(&[folder.path().to_owned()]).files;
    assert_eq!(
        files,
        ["bare.vst3", "gain.clap", "gain.vst3", "synth.vst3"].map(at)
    );
    let mut scan = || {
        let mut opened = Vec::new();
        let scanned = scanner().scan_cached(&files, &mut cache, false, &mut |progress| {
            if let Progress::Opening(file) = progress {
                opened.push(file.to_owned());
            }
            ControlFlow::Continue(())
        });
        let plugins: Vec<_> = scanned
            .into_iter()
            .flat_map(|scanned| scanned.result.expect("plugins"))
            .map(|plugin| (plugin.format, plugin.id, plugin.name, plugin.file))
            .collect();
        (opened, plugins)
    };
    let (opened, plugins) = scan();
    assert_eq!(opened, files);
    let found: Vec<_> = plugins
        .iter()
        .map(|(format, id, _, file)| (format.as_str(), id.as_str(), file.clone()))
        .collect();
    assert_eq!(found[0], ("vst3", SYNTH, at("bare.vst3")));
    assert_eq!((found[1].0, &found[1].2), ("clap", &at("gain.clap")));
    assert_eq!(found[2], ("vst3", GAIN, at("gain.vst3")));
    assert_eq!(found[3], ("vst3", SYNTH, at("synth.vst3")));
    assert_eq!(plugins[3].2, "As written");

    let (opened, again) = scan();
    assert_eq!((opened, again), (Vec::new(), plugins));

    // Another build of the library, and another text about it.
    std::fs::copy(library("demo-synth"), binary).expect("copied");
    let info = info.replace("As written", "As rewritten");
    std::fs::write(at("synth.vst3/Contents/Resources/moduleinfo.json"), info).expect("written");
    let (opened, plugins) = scan();
    assert_eq!(opened, ["gain.vst3", "synth.vst3"].map(at));
    assert_eq!(
        (plugins[2].1.as_str(), plugins[3].2.as_str()),
        (SYNTH, "As rewritten")
    );
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
