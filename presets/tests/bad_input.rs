//! Every kind of broken preset gets one sentence that says where it is broken, how, and what to do.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;

use presets::{LoadError, State, load, parse};

fn sentence(text: &str) -> String {
    let sentence = parse(text, Path::new("p.backline")).unwrap_err().to_string();
    assert_eq!(sentence.lines().count(), 1, "{sentence}");
    sentence
}

/// Checks the whole sentence but for the file in front of it.
#[track_caller]
fn says(text: &str, expected: &str) {
    assert_eq!(
        sentence(text).strip_prefix("preset p.backline").unwrap(),
        expected
    );
}

fn plugin(line: &str) -> String {
    format!(
        "format = 1\n[[layer]]\n[[layer.plugin]]\nformat = \"clap\"\nid = \"org.example.piano\"\n{line}\n"
    )
}

#[test]
fn a_syntax_error_has_line_column_and_reason() {
    says(
        "format = 1\nname = Piano\n",
        ", line 2, column 8: this is not TOML: string values must be quoted, expected literal string; mend it there",
    );
    says(
        "format = 1\nformat = 1\n",
        ", line 2, column 1: this is not TOML: the key `format` is there twice; mend it there",
    );
    assert!(sentence("format = 1\r\n\u{e4}\u{f6} = 1").contains("line 2, column 1:"));
    assert!(sentence("format = 1\n[device\n").contains("line 2, column 8: this is not TOML: unclosed table"));
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    for text in [
        "a.".repeat(100_000) + "a = 1",
        "a = ".to_owned() + &"[".repeat(100_000),
        "[".repeat(100_000),
    ] {
        assert!(matches!(
            parse(&text, Path::new("p")),
            Err(LoadError::Syntax { .. })
        ));
    }
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_likely_one() {
    says(
        "format = 1\nnmae = \"x\"\n",
        ", line 2, `nmae`: there is no such key; the nearest is `name`",
    );
    says(
        "format = 1\n\n[[layer]]\n[[layer]]\nvolume = 3\n",
        ", line 5, `layer.2.volume`: there is no such key; the keys that can be here are name, keys, velocity, \
         channel, transpose, gain-db, pan, mute, plugin",
    );
    says(
        "format = 1\n[device]\nsample_rate = 48000\n",
        ", line 3, `device.sample_rate`: there is no such key; the nearest is `sample-rate`",
    );
    says(
        &plugin("param = { x = 1 }"),
        ", line 6, `layer.1.plugin.1.param`: there is no such key; the nearest is `params`",
    );
    says(
        "format = 1\nmaster.plugin = [{ format = \"clap\", id = \"x\", bypass = true }]\n",
        ", line 2, `master.plugin.1.bypass`: there is no such key; the keys that can be here are format, id, file, \
         state, program, params",
    );
}

#[test]
fn the_first_of_several_unknown_keys_is_named() {
    assert!(sentence("format = 1\nzzz = 1\naaa = 1\n").contains("line 2, `zzz`"));
}

#[test]
fn a_wrong_type_is_named_with_what_belongs_there() {
    for (text, expected) in [
        (
            "format = 1\nname = 3\n",
            ", line 2, `name`: 3 is a whole number, which does not belong here; write the preset's name, in \
             quotation marks",
        ),
        (
            "format = 1\n[[layer]]\ngain-db = \"loud\"\n",
            ", line 3, `layer.1.gain-db`: \"loud\" is text, which does not belong here; write a gain in dB from -120 \
             to 24",
        ),
        (
            "format = 1\n[[layer]]\nmute = 1\n",
            ", line 3, `layer.1.mute`: 1 is a whole number, which does not belong here; write true or false",
        ),
        (
            "format = 1\ndevice = 5\n",
            ", line 2, `device`: 5 is a whole number, which does not belong here; write [device]",
        ),
        (
            "format = 1\n[layer]\nname = \"x\"\n",
            ", line 2, `layer`: one table is not a list of tables; write [[layer]] with two brackets",
        ),
        (
            "format = 1\n[midi]\ninputs = \"Keys\"\n",
            ", line 3, `midi.inputs`: \"Keys\" is text, which does not belong here; write port names, as in \
             [\"Keystation 61\"]",
        ),
        (
            "format = 1\n[midi]\ninputs = [\n  \"Keys\",\n  3,\n]\n",
            ", line 5, `midi.inputs.2`: 3 is a whole number, which does not belong here; write a port's name, in \
             quotation marks",
        ),
        (
            "format = 1\nlayer = [1]\n",
            ", line 2, `layer.1`: 1 is a whole number, which does not belong here; write [[layer]]",
        ),
        (
            "format = \"1\"\n",
            ", line 1, `format`: \"1\" is text, which does not belong here; write the number of the format",
        ),
        (
            "format = 1\n[device]\nbuffer = true\n",
            ", line 3, `device.buffer`: true is a switch, which does not belong here; write \"lowest\" or frames from 1 \
             to 8192",
        ),
    ] {
        says(text, expected);
    }
    says(
        &plugin("params = { \"Decay\" = \"long\" }"),
        ", line 6, `layer.1.plugin.1.params.Decay`: \"long\" is text, which does not belong here; write the parameter's \
         plain value as a number",
    );
}

#[test]
fn a_value_out_of_range_is_named_with_its_range() {
    for (line, key, fix) in [
        (
            "[device]\nsample-rate = 7999",
            "device.sample-rate",
            "a sample rate in Hz from 8000 to 768000",
        ),
        (
            "[device]\nsample-rate = 768001",
            "device.sample-rate",
            "a sample rate in Hz from 8000 to 768000",
        ),
        (
            "[device]\nbuffer = 0",
            "device.buffer",
            "\"lowest\" or frames from 1 to 8192",
        ),
        (
            "[device]\nbuffer = 8193",
            "device.buffer",
            "\"lowest\" or frames from 1 to 8192",
        ),
        (
            "[device]\nbuffer = -1",
            "device.buffer",
            "\"lowest\" or frames from 1 to 8192",
        ),
        (
            "[device]\noutputs = [0]",
            "device.outputs.1",
            "an output channel from 1 to 1024",
        ),
        (
            "[device]\ninputs = [1, 99999999999999999999]",
            "device.inputs.2",
            "an input channel from 1 to 1024",
        ),
        (
            "[[layer]]\nchannel = 17",
            "layer.1.channel",
            "a MIDI channel from 1 to 16",
        ),
        (
            "[[layer]]\nchannel = 0",
            "layer.1.channel",
            "a MIDI channel from 1 to 16",
        ),
        (
            "[[layer]]\ntranspose = -49",
            "layer.1.transpose",
            "semitones from -48 to 48",
        ),
        (
            "[[layer]]\ntranspose = 300",
            "layer.1.transpose",
            "semitones from -48 to 48",
        ),
        (
            "[[layer]]\ngain-db = 24.5",
            "layer.1.gain-db",
            "a gain in dB from -120 to 24",
        ),
        (
            "[[layer]]\ngain-db = -inf",
            "layer.1.gain-db",
            "a gain in dB from -120 to 24",
        ),
        (
            "[[layer]]\ngain-db = nan",
            "layer.1.gain-db",
            "a gain in dB from -120 to 24",
        ),
        ("[[layer]]\npan = -1.01", "layer.1.pan", "a place from -1 to 1"),
        (
            "[master]\nlimiter-db = 1",
            "master.limiter-db",
            "a ceiling in dBFS from -60 to 0",
        ),
        (
            "[master]\ngain-db = 1e9",
            "master.gain-db",
            "a gain in dB from -120 to 24",
        ),
        (
            "[[map]]\ncc = 128\nto = \"a/1/b\"",
            "map.1.cc",
            "a controller's number from 0 to 127",
        ),
    ] {
        let sentence = sentence(&format!("format = 1\n{line}\n"));
        assert!(sentence.contains(&format!("line 3, `{key}`: ")), "{sentence}");
        assert!(sentence.contains(" is out of range; write "), "{sentence}");
        assert!(sentence.ends_with(fix), "{sentence}");
    }
    let sentence = sentence(&plugin("params = { a = inf }"));
    assert!(
        sentence.contains("`layer.1.plugin.1.params.a`: inf is out of range"),
        "{sentence}"
    );
}

#[test]
fn a_text_that_is_none_of_the_known_ones_is_named() {
    for (line, end) in [
        (
            "[device]\ndriver = \"mme\"",
            "`device.driver`: \"mme\" is no driver; write \"asio\", \"wasapi\", \"jack\", \"alsa\" or \"null\"",
        ),
        (
            "[device]\nbuffer = \"low\"",
            "`device.buffer`: \"low\" is no buffer size; write \"lowest\" or frames from 1 to 8192",
        ),
        (
            "[device]\nrelease = \"idle\"",
            "`device.release`: \"idle\" does not say when to release the device; write \"never\", \"background\", or \
             seconds of silence from 1 to 86400 as in \"idle 60s\"",
        ),
        (
            "[[layer]]\nkeys = \"A0..H9\"",
            "`layer.1.keys`: \"H9\" is no key; write notes or numbers as in \"A0..C8\" or \"21..108\" (middle C is C4 or \
             60, all keys are C-1..G9)",
        ),
        (
            "[[layer]]\nkeys = \"C8..A0\"",
            "`layer.1.keys`: the range \"C8..A0\" begins above its end; write \"A0..C8\"",
        ),
        (
            "[[layer]]\nvelocity = \"0..1\"",
            "`layer.1.velocity`: \"0\" is no velocity; write velocities from 1 to 127 as in \"1..127\"",
        ),
        (
            "[[layer]]\nname = \"a/b\"",
            "`layer.1.name`: \"a/b\" has a `/`, which parts layer, plugin and parameter in a map; use another sign",
        ),
        (
            "[[layer]]\nname = \"master\"",
            "`layer.1.name`: \"master\" is what maps call the master chain; give the layer another name",
        ),
        (
            "[device]\nname = \" \"",
            "`device.name`: the text is empty; write the device's name, or remove the key",
        ),
        (
            "[device]\noutputs = [1, 2, 1]",
            "`device.outputs`: channel 1 is there twice; name each output once",
        ),
    ] {
        says(&format!("format = 1\n{line}\n"), &format!(", line 3, {end}"));
    }
}

#[test]
fn a_missing_key_is_named_with_its_table() {
    says(
        "format = 1\n\n[[layer]]\n[[layer.plugin]]\nformat = \"clap\"\n",
        ", line 4, `layer.1.plugin.1`: the key `id` is missing; write the plugin's id, which `backline scan` lists",
    );
    says(
        "format = 1\n[[map]]\ncc = 1\n",
        ", line 2, `map.1`: the key `to` is missing; write the parameter, as in `to = \"Piano/1/Cutoff\"`",
    );
}

#[test]
fn a_map_without_a_parameter_or_with_half_a_range_is_refused() {
    let map = |line: &str| sentence(&format!("format = 1\n[[map]]\ncc = 1\n{line}\n"));
    assert!(
        map("to = \"Cutoff\"")
            .contains("line 4, `map.1.to`: \"Cutoff\" names no parameter; write the layer's name")
    );
    assert!(
        map("to = \"a/1/b\"\nrange = [1]")
            .contains("line 5, `map.1.range`: 1 values are not two; write the param")
    );
    assert!(map("to = \"a/1/b\"\nrange = [0, nan]").contains("`map.1.range.2`: nan is out of range"));
}

#[test]
fn a_vst3_id_is_32_hex_digits() {
    let text = "format = 1\n[[layer]]\n[[layer.plugin]]\nformat = \"vst3\"\nid = \"org.example\"\n";
    says(
        text,
        ", line 5, `layer.1.plugin.1.id`: \"org.example\" is no VST3 class id; write its 32 hex digits, which `backline \
         scan` lists",
    );
    assert!(
        parse(
            &text.replace("org.example", "0123456789abcdefABCDEF0123456789"),
            Path::new("p")
        )
        .is_ok()
    );
}

#[test]
fn a_missing_format_is_said() {
    says(
        "name = \"x\"\n",
        ": the key `format` is missing; write `format = 1` on its first line",
    );
    says(
        "fromat = 1\nname = \"x\"\n",
        ": the key `format` is missing; rename `fromat` if that is it",
    );
}

#[test]
fn a_newer_format_is_said_before_anything_else_is_judged() {
    for format in ["2", "4000000000", "99999999999999999999999"] {
        says(
            &format!("# from tomorrow\nformat = {format}\nhologram = true\n"),
            &format!(
                ", line 2: it has format {format}, so a newer Backline wrote it, and this one reads formats up to 1; \
                 update Backline"
            ),
        );
    }
}

#[test]
fn a_format_before_the_first_is_out_of_range() {
    says(
        "format = 0\n",
        ", line 1, `format`: 0 is out of range; write `format = 1`",
    );
    assert!(sentence("format = -3\n").contains("`format`: -3 is out of range"));
}

#[test]
fn a_state_that_is_not_base64_is_told_from_one_that_does_not_decompress() {
    let sentence_of = |state: &str| sentence(&plugin(&format!("state = \"{state}\"")));
    let base64 = sentence_of("%%%");
    assert!(
        base64.contains("line 6, `layer.1.plugin.1.state`: the state is not base64 ("),
        "{base64}"
    );
    assert!(
        base64.ends_with("; copy it again whole, or remove the key to get the plugin's default"),
        "{base64}"
    );
    let zstd = sentence_of("aGVsbG8gd29ybGQ=");
    assert!(
        zstd.contains("line 6, `layer.1.plugin.1.state`: the state does not decompress as zstd ("),
        "{zstd}"
    );
    let empty = sentence_of("");
    assert!(empty.contains("the state is empty; remove the key"), "{empty}");
}

#[test]
fn a_state_may_be_wrapped_over_lines() {
    let state = State::from(
        (0..9_999_u32)
            .map(|n| (n * n).to_le_bytes()[1])
            .collect::<Vec<_>>(),
    );
    let mut wrapped = String::from("state = '''\n");
    for line in state.to_text().unwrap().as_bytes().chunks(64) {
        writeln!(wrapped, "    {}", str::from_utf8(line).unwrap()).unwrap();
    }
    let preset = parse(&plugin(&(wrapped + "'''")), Path::new("p")).unwrap();
    assert_eq!(preset.layers[0].plugins[0].state, Some(state));
}

#[test]
fn a_compressed_bomb_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..257 {
        std::io::Write::write_all(&mut encoder, &zeros).unwrap();
    }
    let packed = encoder.finish().unwrap();
    assert!(packed.len() < 100_000, "the bomb is small: {}", packed.len());
    let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, packed);
    let sentence = sentence(&plugin(&format!("state = \"{text}\"")));
    assert!(
        sentence
            .contains("line 6, `layer.1.plugin.1.state`: the state unfolds to more than 256 MB, the limit; "),
        "{sentence}"
    );
}

#[test]
fn ten_thousand_layers_are_refused() {
    let text = "format = 1\n".to_owned() + &"[[layer]]\n".repeat(10_000);
    says(
        &text,
        ", line 18, `layer`: 10000 of [[layer]] are more than 16, the limit; keep 16 at most",
    );
    assert_eq!(
        parse(
            &("format = 1\n".to_owned() + &"[[layer]]\n".repeat(16)),
            Path::new("p")
        )
        .unwrap()
        .layers
        .len(),
        16
    );
}

#[test]
fn a_file_that_would_swamp_the_parser_is_refused_unparsed() {
    for (text, what) in [
        ("x.y=1\n".repeat(250_001), "500000 keys, values, tables and dots"),
        (
            "[[layer]]\n".repeat(1_000_000),
            "500000 keys, values, tables and dots",
        ),
        ("\n".repeat(2_000_001), "2000000 lines"),
    ] {
        let sentence = parse(&text, Path::new("p.backline")).unwrap_err().to_string();
        let expected = "could not read the preset p.backline: it has more than ";
        assert_eq!(
            sentence,
            format!("{expected}{what}, the limit; check that it is a preset at all")
        );
        assert!(presets::set_text(&text, Path::new("p.backline"), "name", "x").is_err());
    }
}

#[test]
fn a_chain_has_at_most_sixteen_plugins() {
    let one = "[[layer.plugin]]\nformat = \"clap\"\nid = \"x\"\n";
    let text = |count| "format = 1\n[[layer]]\n".to_owned() + &one.repeat(count);
    assert!(parse(&text(16), Path::new("p")).is_ok());
    says(
        &text(17),
        ", line 51, `layer.1.plugin`: 17 of [[layer.plugin]] are more than 16, the limit; keep 16 at most",
    );
}

#[test]
fn a_file_of_no_bytes_is_said_to_be_empty() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.backline");
    fs::write(&path, "").unwrap();
    let shown = path.display();
    assert_eq!(
        load(&path).unwrap_err().to_string(),
        format!(
            "preset {shown} is empty: even the key `format` is missing; take its previous version {shown}~ if there \
             is one, or write a new one with `backline preset new`"
        )
    );
    fs::write(&path, "\u{feff}\r\n \n").unwrap();
    assert!(matches!(load(&path), Err(LoadError::Empty { .. })));
}

#[test]
fn a_file_of_100_mb_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.backline");
    // Sparse: were it read, it would be 100 MB of zero bytes, and that is another error.
    File::create(&path).unwrap().set_len(100 * 1024 * 1024).unwrap();
    assert_eq!(
        load(&path).unwrap_err().to_string(),
        format!(
            "could not read the preset {}: it is larger than 64 MB, the limit; check that it is a preset at all",
            path.display()
        )
    );
}

#[cfg(unix)]
#[test]
fn a_file_without_a_length_is_bounded_too() {
    assert!(matches!(
        load(Path::new("/dev/zero")),
        Err(LoadError::TooLarge { .. })
    ));
}

#[test]
fn a_file_that_is_no_text_is_refused_with_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.backline");
    fs::write(&path, b"format = 1\nname = \"caf\xe9\"\n").unwrap();
    let sentence = load(&path).unwrap_err().to_string();
    assert!(
        sentence.contains("p.backline, line 2: the file is not UTF-8 text; save it as UTF-8"),
        "{sentence}"
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let sentence = load(&folder.path().join("none.backline"))
        .unwrap_err()
        .to_string();
    assert!(sentence.starts_with("could not read the preset "), "{sentence}");
    assert!(sentence.contains("none.backline: "), "{sentence}");
    assert!(
        sentence.ends_with("; check the spelling and the folder"),
        "{sentence}"
    );
    assert!(matches!(load(folder.path()), Err(LoadError::Read { .. })));
}

#[test]
fn a_byte_order_mark_and_windows_line_endings_are_read() {
    let preset = parse(
        "\u{feff}format = 1\r\nname = \"x\"\r\n[device]\r\nbuffer = 32\r\n",
        Path::new("p"),
    )
    .unwrap();
    assert_eq!(preset.name, "x");
    assert_eq!(preset.device.buffer, Some(presets::Buffer::Frames(32)));
}
