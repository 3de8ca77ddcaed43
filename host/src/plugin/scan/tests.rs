//! The scan with children that are shell scripts: `$1` is the plugin file, `$2` the answer file.

use super::*;
use crate::plugin::Format;
use std::fs;
use std::time::Instant;
use tempfile::TempDir;

/// Answers with one plugin, whose id is the first line of the file, and notes in `FILE.opened` that it did.
const HONEST: &str = r#"
    echo opened >> "$1.opened"
    printf '{"plugin":{"format":"clap","id":"%s","name":"Named","vendor":"","version":"","file":"","features":[]}}\n{"done":1}\n' \
        "$(head -n 1 "$1")" > "$2"
"#;

struct Bench {
    folder: TempDir,
}

impl Bench {
    /// A folder with plugin files: name and content.
    fn new(files: &[(&str, &str)]) -> Self {
        let bench = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        for (name, content) in files {
            bench.write(name, content);
        }
        bench
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        fs::create_dir_all(self.at(name).parent().expect("a parent")).expect("made");
        fs::write(self.at(name), content).expect("written");
    }

    fn cache(&self) -> Cache {
        Cache::load(self.at("cache.json")).0
    }

    /// How often a file was opened by [`HONEST`].
    fn opened(&self, name: &str) -> usize {
        let log = fs::read_to_string(self.at(&format!("{name}.opened"))).unwrap_or_default();
        log.lines().count()
    }

    fn finder(&self, folders: &[&str]) -> Finder {
        let folders = folders.iter().map(|name| self.at(name)).collect();
        // One at a time, because a child that is no longer needed is killed half way.
        Finder::new(folders, scanner(HONEST).with_jobs(1), self.cache())
    }
}

fn scanner(script: &str) -> Scanner {
    let script = script.to_owned();
    Scanner::new(move || {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &script, "sh"]);
        command
    })
}

fn go_on(_: Progress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The sentence for the only file of a scan.
fn failure(script: &str, limit: Duration) -> Scanned {
    let bench = Bench::new(&[("x.clap", "")]);
    let file = bench.at("x.clap");
    let mut all = scanner(script)
        .with_limit(limit)
        .scan(std::slice::from_ref(&file), &mut go_on);
    assert_eq!(all.len(), 1);
    let scanned = all.remove(0);
    assert_eq!(scanned.file, file);
    let sentence = scanned.result.as_ref().expect_err("a failure");
    assert!(sentence.contains("x.clap"), "{sentence}");
    scanned
}

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(300);

#[test]
fn a_child_that_crashes_is_listed_with_its_signal() {
    for script in [
        "kill -SEGV $$",
        // Half way through its answer.
        r#"echo '{"plugin":{"format":"clap","id":"a","name":"","vendor":"","version":"","file":"","features":[]}}' > "$2"
           kill -SEGV $$"#,
    ] {
        let scanned = failure(script, LONG);
        let sentence = scanned.result.expect_err("a failure");
        assert!(
            sentence.contains("crashed while being opened (signal 11)"),
            "{sentence}"
        );
        assert!(scanned.lasting);
    }
}

#[test]
fn a_child_that_hangs_is_killed_with_all_that_it_started() {
    let began = Instant::now();
    let bench = Bench::new(&[("x.clap", "")]);
    // The grandchild would write its mark two seconds later.
    let script = r#"(sleep 2; echo alive > "$1.mark") & sleep 60"#;
    let scanned = scanner(script)
        .with_limit(SHORT)
        .scan(&[bench.at("x.clap")], &mut go_on);
    let sentence = scanned[0].result.as_ref().expect_err("a failure");
    assert!(sentence.contains("still not open after 0.3 s"), "{sentence}");
    assert!(scanned[0].lasting);
    assert!(began.elapsed() < Duration::from_secs(2));
    thread::sleep(Duration::from_millis(2500));
    assert!(!bench.at("x.clap.mark").exists());
}

#[test]
fn what_a_child_leaves_behind_does_not_outlive_it() {
    let bench = Bench::new(&[("x.clap", "id")]);
    let script = format!(r#"{HONEST} (sleep 1; echo alive > "$1.mark") &"#);
    let scanned = scanner(&script).scan(&[bench.at("x.clap")], &mut go_on);
    assert!(scanned[0].result.is_ok());
    thread::sleep(Duration::from_millis(1500));
    assert!(!bench.at("x.clap.mark").exists());
}

#[test]
fn an_answer_that_is_garbage_or_missing_is_listed_with_the_exit_code() {
    for (script, code) in [
        ("echo garbage > \"$2\"; exit 3", "exit code 3"),
        ("exit 0", "exit code 0"),
        ("head -c 100000 /dev/urandom > \"$2\"", "exit code 0"),
    ] {
        let sentence = failure(script, LONG).result.expect_err("a failure");
        assert!(
            sentence.contains(code) && sentence.contains("ended the process"),
            "{sentence}"
        );
    }
}

#[test]
fn an_endless_answer_is_cut_off() {
    let began = Instant::now();
    let scanned = failure("yes > \"$2\"", LONG);
    let sentence = scanned.result.expect_err("a failure");
    assert!(sentence.contains("more than 8 MB"), "{sentence}");
    assert!(began.elapsed() < LONG);
}

#[test]
fn what_a_plugin_prints_disturbs_nothing() {
    let bench = Bench::new(&[("x.clap", "id")]);
    let script = format!(
        "head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; {HONEST} echo '{{\"done\":7}}'; cat < /dev/zero | head -c 1000"
    );
    let scanned = scanner(&script).scan(&[bench.at("x.clap")], &mut go_on);
    let plugins = scanned[0].result.as_ref().expect("a plugin");
    assert_eq!(plugins[0].id, "id");
    assert_eq!(plugins[0].file, bench.at("x.clap"));
}

#[test]
fn an_answer_stands_even_if_the_child_crashes_or_hangs_afterwards() {
    for end in ["kill -SEGV $$", "sleep 60"] {
        let bench = Bench::new(&[("x.clap", "id")]);
        let scanned = scanner(&format!("{HONEST}{end}"))
            .with_limit(Duration::from_secs(2))
            .scan(&[bench.at("x.clap")], &mut go_on);
        assert!(scanned[0].result.is_ok(), "{end}: {scanned:?}");
    }
}

#[test]
fn a_command_that_does_not_exist_is_no_fault_of_the_file() {
    let bench = Bench::new(&[("x.clap", "")]);
    let mut cache = bench.cache();
    let scanner = Scanner::new(|| Command::new("/nowhere/backline"));
    let scanned = scanner.scan_cached(&[bench.at("x.clap")], &mut cache, false, &mut go_on);
    assert!(!scanned[0].lasting);
    let sentence = scanned[0].result.as_ref().expect_err("a failure");
    assert!(sentence.contains("no process could be started"), "{sentence}");
    assert_eq!(cache.get(&bench.at("x.clap")), None);
}

#[test]
fn a_bad_file_among_good_ones_costs_only_itself_and_the_order_stays() {
    let names = ["1.clap", "2.clap", "3.clap", "4.clap", "5.clap"];
    let bench = Bench::new(&names.map(|name| (name, "id")));
    let files = names.map(|name| bench.at(name));
    let script = format!(
        r#"case "$1" in *1.clap) sleep 0.2;; *2.clap) kill -ABRT $$;; *4.clap) sleep 60;; esac; {HONEST}"#
    );
    for jobs in [0, 2, 9] {
        let mut opening = 0;
        let scanned = scanner(&script)
            .with_limit(Duration::from_secs(2))
            .with_jobs(jobs)
            .scan(&files, &mut |progress| {
                opening += usize::from(matches!(progress, Progress::Opening(_)));
                ControlFlow::Continue(())
            });
        let listed: Vec<_> = scanned.iter().map(|scanned| scanned.file.clone()).collect();
        assert_eq!(listed, files);
        let good: Vec<_> = scanned.iter().map(|scanned| scanned.result.is_ok()).collect();
        assert_eq!(good, [true, false, true, false, true]);
        assert_eq!(opening, 5);
    }
}

#[test]
fn no_zombie_is_left() {
    let bench = Bench::new(&[("x.clap", "id")]);
    let script = format!("echo $$ > \"$1.pid\"; {HONEST}");
    drop(scanner(&script).scan(&[bench.at("x.clap")], &mut go_on));
    let pid: libc::pid_t = fs::read_to_string(bench.at("x.clap.pid"))
        .expect("a pid")
        .trim()
        .parse()
        .expect("a number");
    // SAFETY: signal 0 only asks whether the process exists; a zombie does.
    assert_eq!(unsafe { libc::kill(pid, 0) }, -1);
}

#[test]
fn a_scan_can_be_ended_and_its_children_die_with_it() {
    let bench = Bench::new(&[("1.clap", "id"), ("2.clap", "id"), ("3.clap", "id")]);
    let files = ["1.clap", "2.clap", "3.clap"].map(|name| bench.at(name));
    let script = format!(r#"case "$1" in *1.clap) sleep 2; echo alive > "$1.mark";; esac; {HONEST}"#);
    let mut cache = bench.cache();
    let scanned = scanner(&script)
        .with_jobs(2)
        .scan_cached(&files, &mut cache, false, &mut |progress| match progress {
            Progress::Done(_) => ControlFlow::Break(()),
            Progress::Opening(_) => ControlFlow::Continue(()),
        });
    assert_eq!(scanned.len(), 1);
    assert_eq!(scanned[0].file, files[1]);
    assert!(cache.get(&files[1]).is_some());
    assert_eq!((cache.get(&files[0]), cache.get(&files[2])), (None, None));
    thread::sleep(Duration::from_millis(2500));
    assert!(!bench.at("1.clap.mark").exists());
}

#[test]
fn known_files_are_not_opened_again_unless_they_changed_or_it_is_asked_for() {
    let bench = Bench::new(&[("x.clap", "one"), ("y.clap", "crash")]);
    let files = [bench.at("x.clap"), bench.at("y.clap")];
    let script = format!(r#"{HONEST} grep -q crash "$1" && {{ : > "$2"; kill -SEGV $$; }}; exit 0"#);
    let scan = |fresh| {
        let mut cache = bench.cache();
        let scanned = scanner(&script).scan_cached(&files, &mut cache, fresh, &mut go_on);
        cache.save().expect("saved");
        assert_eq!(scanned.len(), 2);
        assert!(scanned[1].result.is_err());
        scanned[0].result.as_ref().expect("a plugin")[0].id.clone()
    };
    assert_eq!(scan(false), "one");
    assert_eq!(scan(false), "one");
    assert_eq!((bench.opened("x.clap"), bench.opened("y.clap")), (1, 1));
    bench.write("x.clap", "another");
    assert_eq!(scan(false), "another");
    assert_eq!((bench.opened("x.clap"), bench.opened("y.clap")), (2, 1));
    assert_eq!(scan(true), "another");
    assert_eq!((bench.opened("x.clap"), bench.opened("y.clap")), (3, 2));
}

fn wanted(id: &str) -> Wanted<'_> {
    Wanted {
        id,
        format: Some(Format::Clap),
        hint: None,
        preset_folder: None,
    }
}

#[test]
fn a_hint_that_is_there_is_taken_unopened() {
    let bench = Bench::new(&[("presets/plugins/x.clap", "id")]);
    let folder = bench.at("presets");
    let absolute = bench.at("presets/plugins/x.clap");
    for hint in [
        Path::new("plugins/x.clap"),
        Path::new(r"plugins\x.clap"),
        &absolute,
    ] {
        let source = bench
            .finder(&[])
            .find(
                &Wanted {
                    hint: Some(hint),
                    preset_folder: Some(&folder),
                    ..wanted("id")
                },
                &mut go_on,
            )
            .expect("found");
        assert_eq!(source.which.as_deref(), Some("id"));
        assert_eq!(source.file.canonicalize().ok(), absolute.canonicalize().ok());
    }
    assert_eq!(bench.opened("presets/plugins/x.clap"), 0);
}

#[test]
fn a_hint_that_is_gone_is_searched_for_by_name_then_by_id() {
    let bench = Bench::new(&[
        ("a/other.clap", "other"),
        ("a/x.clap", "not it"),
        ("b/x.clap", "id"),
        ("b/moved.clap", "moved"),
    ]);
    let mut finder = bench.finder(&["a", "b"]);
    let mut find = |id: &str, hint: &str| {
        let hinted = Wanted {
            hint: Some(Path::new(hint)),
            ..wanted(id)
        };
        finder.find(&hinted, &mut go_on).map(|source| source.file)
    };
    assert_eq!(
        find("id", r"C:\gone\X.clap").expect("found"),
        bench.at("b/x.clap")
    );
    assert_eq!(bench.opened("a/other.clap"), 0);
    assert_eq!(find("moved", "y.clap").expect("found"), bench.at("b/moved.clap"));
    assert_eq!(find("other", "y.clap").expect("found"), bench.at("a/other.clap"));
    for file in ["a/other.clap", "a/x.clap", "b/x.clap", "b/moved.clap"] {
        assert_eq!(bench.opened(file), 1, "{file}");
    }
}

#[test]
fn plugins_beside_the_preset_are_found_behind_the_installed_ones_and_not_below() {
    let bench = Bench::new(&[
        ("a/both.clap", "both"),
        ("stick/both.clap", "both"),
        ("stick/x.clap", "id"),
        ("stick/deep/y.clap", "deep"),
    ]);
    let mut finder = bench.finder(&["a"]);
    let stick = bench.at("stick");
    let mut find = |id: &str, hint: Option<&str>| {
        let wanted = Wanted {
            hint: hint.map(Path::new),
            preset_folder: Some(&stick),
            ..wanted(id)
        };
        finder.find(&wanted, &mut go_on).map(|source| source.file)
    };
    assert_eq!(find("id", None).expect("found"), bench.at("stick/x.clap"));
    assert_eq!(
        find("id", Some("/gone/x.clap")).expect("found"),
        bench.at("stick/x.clap")
    );
    assert_eq!(find("both", None).expect("found"), bench.at("a/both.clap"));
    let sentence = find("deep", None).expect_err("below").to_string();
    assert!(sentence.contains(&stick.display().to_string()), "{sentence}");
}

#[test]
fn a_hint_known_to_hold_another_plugin_is_not_taken() {
    let bench = Bench::new(&[("a/x.clap", "another"), ("a/y.clap", "id")]);
    let mut finder = bench.finder(&["a"]);
    let hint = bench.at("a/x.clap");
    let hinted = Wanted {
        hint: Some(&hint),
        ..wanted("id")
    };
    let mut find = |wanted| finder.find(&wanted, &mut go_on).expect("found").file;
    assert_eq!(find(wanted("another")), hint);
    assert_eq!(find(hinted), bench.at("a/y.clap"));
}

#[test]
fn of_two_builds_that_of_the_first_folder_is_found_even_if_only_the_other_is_known() {
    let bench = Bench::new(&[("system/x.clap", "id")]);
    let mut finder = bench.finder(&["mine", "system"]);
    let file = finder.find(&wanted("id"), &mut go_on).expect("found").file;
    assert_eq!(file, bench.at("system/x.clap"));
    finder.save().expect("saved");
    bench.write("mine/x.clap", "id");
    let file = bench
        .finder(&["mine", "system"])
        .find(&wanted("id"), &mut go_on)
        .expect("found")
        .file;
    assert_eq!(file, bench.at("mine/x.clap"));
}

#[test]
fn what_is_not_found_is_answered_with_folders_near_matches_and_what_to_do() {
    let bench = Bench::new(&[("a/x.clap", "org.example.piano"), ("a/bad.clap", "")]);
    let script = format!(r#"case "$1" in *bad.clap) kill -SEGV $$;; esac; {HONEST}"#);
    let mut finder = Finder::new(
        vec![bench.at("a"), bench.at("none")],
        scanner(&script),
        bench.cache(),
    );
    let hinted = Wanted {
        hint: Some(Path::new("bad.clap")),
        ..wanted("org.example.Pianos")
    };
    let sentence = finder.find(&hinted, &mut go_on).expect_err("absent").to_string();
    for words in [
        "No CLAP plugin with the id \"org.example.Pianos\"",
        &bench.at("a").display().to_string(),
        &bench.at("none").display().to_string(),
        "bad.clap crashed while being opened (signal 11)",
        "One file there could not be opened; `backline scan` says why.",
        "Perhaps it is one of these: org.example.piano (Named).",
        "CLAP_PATH",
    ] {
        assert!(sentence.contains(words), "{words}: {sentence}");
    }
}

#[test]
fn other_formats_are_left_alone_and_vst3_ids_have_no_case() {
    let bench = Bench::new(&[
        ("a/x.vst3", "0123456789ABCDEF0123456789ABCDEF"),
        ("a/x.clap", "id"),
    ]);
    let script = HONEST.replace("\"clap\"", "\"vst3\"");
    let mut finder = Finder::new(vec![bench.at("a")], scanner(&script), bench.cache());
    let vst3 = Wanted {
        format: Some(Format::Vst3),
        ..wanted("0123456789abcdef0123456789abcdef")
    };
    let file = finder.find(&vst3, &mut go_on).expect("found").file;
    assert_eq!(file, bench.at("a/x.vst3"));
    assert_eq!(bench.opened("a/x.clap"), 0);
}

#[test]
fn an_id_that_was_replaced_finds_the_plugin_itself_or_else_the_one_that_replaces_it() {
    const OLD: &str = "000000000000000000000000000000AB";
    let bench = Bench::new(&[("a/new.vst3", "0123456789ABCDEF0123456789ABCDEF")]);
    let replaces = format!("\"features\":[],\"replaces\":[\"{OLD}\"]");
    let script = HONEST
        .replace("\"clap\"", "\"vst3\"")
        .replace("\"features\":[]", &replaces);
    let finder = || Finder::new(vec![bench.at("a")], scanner(&script).with_jobs(1), bench.cache());
    let new = bench.at("a/new.vst3");
    let id = OLD.to_lowercase();
    let old = Wanted {
        format: Some(Format::Vst3),
        ..wanted(&id)
    };
    let hinted = Wanted {
        hint: Some(&new),
        ..old
    };
    let mut first = finder();
    assert_eq!(first.find(&old, &mut go_on).expect("found").file, new);
    // A hint is taken also where the file's plugins are known.
    assert_eq!(first.find(&hinted, &mut go_on).expect("found").file, new);
    let another = Wanted {
        id: "000000000000000000000000000000ac",
        ..old
    };
    first
        .find(&another, &mut go_on)
        .expect_err("no plugin replaces it");

    bench.write("a/old.vst3", OLD);
    assert_eq!(
        finder().find(&old, &mut go_on).expect("found").file,
        bench.at("a/old.vst3")
    );
}

#[test]
fn a_search_can_be_ended() {
    let bench = Bench::new(&[("a/x.clap", "id")]);
    let ended = bench
        .finder(&["a"])
        .find(&wanted("id"), &mut |_| ControlFlow::Break(()));
    assert!(matches!(ended, Err(FindError::Ended { .. })));
    assert_eq!(bench.opened("a/x.clap"), 0);
}
