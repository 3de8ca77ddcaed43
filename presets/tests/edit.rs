//! `set` and `unset` change one key and leave every other byte of the file as it is.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

use presets::{Buffer, EditError, parse, set, set_text, unset, unset_text};

const FILE: &str = r#"# My stage.
format = 1
name = "Stage"   # shown on the panel

[device]         # a wish
  driver   = 'jack'
  buffer=64      # frames
outputs = [ 1,2 ]

[[layer]]
name = "Piano"

[[layer.plugin]]
format = "clap"
id = "org.example.piano"
params = { "Decay" = 0.7, Tone = 1 } # by ear

[[layer]] # the second
name = "Pad"
mute = true
    [[layer.plugin]]
    format = "clap"
    id = "org.example.pad"

[[map]]
cc = 74
to = "Piano/1/Cutoff"

[[master.plugin]]
format = "clap"
id = "org.example.limiter"
# the end
"#;

fn path() -> &'static Path {
    Path::new("p.backline")
}

#[track_caller]
fn sets(key: &str, value: &str, old: &str, new: &str) {
    assert_eq!(FILE.matches(old).count(), 1, "{old}");
    let expected = FILE.replace(old, new);
    assert_eq!(set_text(FILE, path(), key, value).unwrap(), expected);
    // The same file as Windows writes it, and without a line break at its end.
    let windows = |text: &str| format!("\u{feff}{}", text.trim_end().replace('\n', "\r\n"));
    assert_eq!(
        set_text(&windows(FILE), path(), key, value).unwrap(),
        windows(&expected)
    );
}

#[test]
fn a_value_is_replaced_where_it_stands() {
    sets("device.buffer", "32", "buffer=64 ", "buffer=32 ");
    sets("device.buffer", "lowest", "buffer=64 ", "buffer=\"lowest\" ");
    sets("device.buffer", "\"lowest\"", "buffer=64 ", "buffer=\"lowest\" ");
    sets("device.driver", "alsa", "'jack'", "\"alsa\"");
    sets("device.outputs", "[3, 4]", "[ 1,2 ]", "[3, 4]");
    sets("device.outputs.2", "4", "[ 1,2 ]", "[ 1,4 ]");
    sets("layer.2.mute", "false", "mute = true", "mute = false");
    sets("layer.Pad.mute", "false", "mute = true", "mute = false");
    sets("layer.1.plugin.1.params.Decay", "0.8", "0.7", "0.8");
    sets("map.1.cc", "1", "cc = 74", "cc = 1");
}

#[test]
fn a_text_that_looks_like_a_number_is_a_text_where_one_belongs() {
    sets("name", "808", "\"Stage\"", "\"808\"");
    sets("name", "true", "\"Stage\"", "\"true\"");
    sets("name", "1979-05-27", "\"Stage\"", "\"1979-05-27\"");
    sets("name", "\"808\"", "\"Stage\"", "\"808\"");
    sets("name", "Grand [old]", "\"Stage\"", "\"Grand [old]\"");
    sets("layer.Piano.plugin.1.id", "7", "\"org.example.piano\"", "\"7\"");
}

#[test]
fn a_new_key_goes_into_its_table() {
    sets(
        "layer.1.gain-db",
        "-3.5",
        "name = \"Piano\"\n",
        "name = \"Piano\"\ngain-db = -3.5\n",
    );
    sets(
        "layer.1.keys",
        "60",
        "name = \"Piano\"\n",
        "name = \"Piano\"\nkeys = \"60\"\n",
    );
    sets(
        "device.sample-rate",
        "48000",
        "[ 1,2 ]\n",
        "[ 1,2 ]\nsample-rate = 48000\n",
    );
    sets(
        "layer.1.plugin.1.params.Env Mix",
        "2",
        "Tone = 1 }",
        "Tone = 1, \"Env Mix\" = 2 }",
    );
    sets("device.outputs.3", "5", "[ 1,2 ]", "[ 1,2, 5 ]");
    sets(
        "layer.2.plugin.1.params.Cut",
        "2",
        "id = \"org.example.pad\"\n",
        "id = \"org.example.pad\"\nparams = { Cut = 2 }\n",
    );
}

#[test]
fn a_missing_table_is_made() {
    let text = set_text("format = 1\n", path(), "midi.inputs", "Keystation 61").unwrap();
    assert_eq!(text, "format = 1\n\n[midi]\ninputs = [\"Keystation 61\"]\n");
    let text = set_text(FILE, path(), "master.gain-db", "-1").unwrap();
    assert_eq!(
        text.replacen("[master]\ngain-db = -1\n\n", "", 1)
            .replacen("\n\n\n", "\n\n", 1),
        FILE
    );
    assert_eq!(parse(&text, path()).unwrap().master.gain_db, -1.0);
}

#[test]
fn one_more_than_the_last_adds_an_entry() {
    let text = set_text(FILE, path(), "layer.3.name", "Strings").unwrap();
    let preset = parse(&text, path()).unwrap();
    assert_eq!(
        preset
            .layers
            .iter()
            .map(|layer| layer.name.as_str())
            .collect::<Vec<_>>(),
        ["Piano", "Pad", "Strings"]
    );
    let text = set_text(
        &text,
        path(),
        "layer.Strings.plugin.1",
        "{ format = \"clap\", id = \"x\" }",
    )
    .unwrap();
    let text = set_text(&text, path(), "map.2", "{ cc = 1, to = \"Strings/1/y\" }").unwrap();
    let preset = parse(&text, path()).unwrap();
    assert_eq!(
        (preset.layers[2].plugins[0].id.as_str(), preset.maps.len()),
        ("x", 2)
    );
    assert!(text.starts_with(&FILE[..FILE.find("[[map]]").unwrap()]), "{text}");
}

#[test]
fn dotted_and_inline_tables_are_edited_too() {
    let text =
        "format = 1\ndevice.driver = \"jack\" # d\nmaster = { gain-db = -1 }\nlayer = [{ name = \"a\" }]\n";
    let text = set_text(text, path(), "device.buffer", "32").unwrap();
    let text = set_text(&text, path(), "master.limiter-db", "-1").unwrap();
    let text = set_text(&text, path(), "layer.a.pan", "0.5").unwrap();
    let text = set_text(&text, path(), "layer.2.name", "b").unwrap();
    let preset = parse(&text, path()).unwrap();
    assert_eq!(preset.device.buffer, Some(Buffer::Frames(32)));
    assert_eq!(
        (preset.master.gain_db, preset.master.limiter_db),
        (-1.0, Some(-1.0))
    );
    assert_eq!((preset.layers[0].pan, preset.layers[1].name.as_str()), (0.5, "b"));
    assert!(text.contains("device.driver = \"jack\" # d\n"), "{text}");
}

#[test]
fn a_key_is_removed_with_its_line() {
    let removed = |key: &str| unset_text(FILE, path(), key).unwrap();
    assert_eq!(removed("layer.Pad.mute"), FILE.replace("mute = true\n", ""));
    assert_eq!(removed("device.outputs"), FILE.replace("outputs = [ 1,2 ]\n", ""));
    assert_eq!(
        removed("layer.1.plugin.1.params.Decay"),
        FILE.replace(" \"Decay\" = 0.7,", "")
    );
    assert_eq!(parse(&removed("layer.2"), path()).unwrap().layers.len(), 1);
    assert_eq!(
        parse(&removed("device"), path()).unwrap().device,
        Default::default()
    );
}

#[track_caller]
fn refuses(result: Result<String, EditError>, expected: &str) {
    assert_eq!(result.unwrap_err().to_string(), expected);
}

#[test]
fn a_bad_value_says_what_belongs_there() {
    let set = |key, value| set_text(FILE, path(), key, value);
    refuses(
        set("device.buffer", "99999"),
        "could not set `device.buffer` to \"99999\" in the preset p.backline: 99999 is out of range; write \"lowest\" \
         or frames from 1 to 8192; the file is as it was",
    );
    refuses(
        set("device.buffer", "tiny"),
        "could not set `device.buffer` to \"tiny\" in the preset p.backline: \"tiny\" is no buffer size; write \
         \"lowest\" or frames from 1 to 8192; the file is as it was",
    );
    refuses(
        set("layer.Pad.mute", "maybe"),
        "could not set `layer.Pad.mute` to \"maybe\" in the preset p.backline: \"maybe\" is text, \
         which does not belong here; write true or false; the file is as it was",
    );
    refuses(
        set("layer.1.plugin.1.params.Decay", "long"),
        "could not set `layer.1.plugin.1.params.Decay` to \"long\" in the preset p.backline: \"long\" is text, which \
         does not belong here; write the parameter's plain value as a number; the file is as it was",
    );
    refuses(
        set("format", "2"),
        "could not set `format` to \"2\" in the preset p.backline: it is the number of the file's format, which is 1; \
         the file is as it was",
    );
}

#[test]
fn a_bad_key_says_which_there_are() {
    let set = |key, value| set_text(FILE, path(), key, value);
    refuses(
        set("device.bufer", "32"),
        "could not set `device.bufer` to \"32\" in the preset p.backline: there is no such key; the nearest is `buffer`; \
         the file is as it was",
    );
    refuses(
        set("layer.4.mute", "true"),
        "could not set `layer.4.mute` to \"true\" in the preset p.backline: `layer` has 2 entries, so that there is no \
         entry 4; they count from 1; the file is as it was",
    );
    refuses(
        set("layer.0.mute", "true"),
        "could not set `layer.0.mute` to \"true\" in the preset p.backline: `layer` has 2 entries, so that there is no \
         entry 0; they count from 1; the file is as it was",
    );
    refuses(
        set("layer.Organ.mute", "true"),
        "could not set `layer.Organ.mute` to \"true\" in the preset p.backline: no entry of `layer` is named \"Organ\"; \
         use its number from 1; the file is as it was",
    );
    refuses(
        set("device.buffer.size", "1"),
        "could not set `device.buffer.size` to \"1\" in the preset p.backline: `device.buffer` is a single value with \
         no keys in it; leave out what comes after it; the file is as it was",
    );
    refuses(
        set("layer.1", "3"),
        "could not set `layer.1` to \"3\" in the preset p.backline: `layer.1` is more than one value; name one of the \
         keys in it; the file is as it was",
    );
    refuses(
        set("a..b", "1"),
        "\"a..b\" is no key; write names and numbers with dots between, as in layer.1.gain-db",
    );
    refuses(
        unset_text(FILE, path(), "device.release"),
        "could not remove `device.release` in the preset p.backline: it has no `device.release`; check the key; the \
         file is as it was",
    );
    refuses(
        unset_text(FILE, path(), "format"),
        "could not remove `format` in the preset p.backline: it is the number of the file's format, which is 1; the \
         file is as it was",
    );
}

#[test]
fn a_file_that_is_broken_elsewhere_says_where_and_one_that_is_mended_is_saved() {
    let broken = FILE.replace("cc = 74", "cc = 740");
    refuses(
        set_text(&broken, path(), "device.buffer", "32"),
        "preset p.backline, line 26, `map.1.cc`: 740 is out of range; write a controller's number from 0 to 127",
    );
    assert_eq!(set_text(&broken, path(), "map.1.cc", "74").unwrap(), FILE);
    assert!(matches!(
        set_text("format = ", path(), "name", "x"),
        Err(EditError::Load(_))
    ));
}

#[test]
fn a_file_is_changed_on_the_disk_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.backline");
    let previous = folder.path().join("p.backline~");
    fs::write(&file, FILE).unwrap();

    set(&file, "device.buffer", "0").unwrap_err();
    set(&file, "nonsense", "0").unwrap_err();
    assert_eq!(fs::read_to_string(&file).unwrap(), FILE);
    assert!(!previous.exists());

    set(&file, "device.buffer", "32").unwrap();
    let changed = FILE.replace("buffer=64", "buffer=32");
    assert_eq!(fs::read_to_string(&file).unwrap(), changed);
    assert_eq!(fs::read_to_string(&previous).unwrap(), FILE);

    // Nothing changes, so the previous version is still the one before the change.
    set(&file, "device.buffer", "32").unwrap();
    assert_eq!(fs::read_to_string(&previous).unwrap(), FILE);

    unset(&file, "device.buffer").unwrap();
    assert_eq!(fs::read_to_string(&previous).unwrap(), changed);
    assert_eq!(
        parse(&fs::read_to_string(&file).unwrap(), &file)
            .unwrap()
            .device
            .buffer,
        None
    );
}

#[test]
fn changes_that_come_at_once_are_all_kept_and_leave_nothing_behind() {
    const AT_ONCE: usize = 8;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.backline");
    fs::write(&file, FILE).unwrap();
    std::thread::scope(|threads| {
        for number in 0..AT_ONCE {
            let file = &file;
            threads.spawn(move || {
                let key = format!("layer.1.plugin.1.params.P{number}");
                set(file, &key, &format!("0.{number}")).unwrap();
            });
        }
    });
    let text = fs::read_to_string(&file).unwrap();
    for number in 0..AT_ONCE {
        assert!(text.contains(&format!("P{number}")), "{number}: {text}");
    }
    // The preset and its previous version.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}
