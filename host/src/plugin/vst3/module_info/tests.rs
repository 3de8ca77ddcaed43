use super::*;

const SYNTH: &str = "4261636B6C696E65F0E1D2C3B4A59687";

/// As the development kit's tool writes it, commas and all.
const WHOLE: &str = r#"{
  "Name": "Two",
  "Version": "1.2.3",
  "Factory Info": {
    "Vendor": "The maker",
    "URL": "https://example.org",
    "E-Mail": "mailto:info@example.org",
    "Flags": { "Unicode": true, "Classes Discardable": false, "Component Non Discardable": false, },
  },
  "Compatibility": [
    { "New": "4261636B6C696E65F0E1D2C3B4A59687", "Old": ["00000000000000000000000000000001",], },
  ],
  "Classes": [
    {
      "CID": "4261636B6C696E65F0E1D2C3B4A59687",
      "Category": "Audio Module Class",
      "Name": "Two",
      "Vendor": "Another maker",
      "Version": "1.2.3",
      "SDKVersion": "VST 3.7.8",
      "Sub Categories": ["Instrument", "Synth",],
      "Class Flags": 1,
      "Cardinality": 2147483647,
      "Snapshots": [],
    },
    {
      "CID": "4261636b6c696e65f0e1d2c3b4a59688",
      "Category": "Component Controller Class",
      "Name": "TwoController",
    },
  ],
}"#;

fn parse(text: &str) -> Option<ModuleInfo> {
    ModuleInfo::parse(text.as_bytes())
}

#[test]
fn a_whole_file_is_read() {
    let info = parse(WHOLE).expect("sound");
    let [synth, controller] = info.classes.as_slice() else {
        panic!("two classes: {info:?}");
    };
    let expected = Class {
        id: ClassId::parse(SYNTH).expect("an id"),
        category: AUDIO.to_owned(),
        name: "Two".to_owned(),
        vendor: "Another maker".to_owned(),
        version: "1.2.3".to_owned(),
        sdk_version: "VST 3.7.8".to_owned(),
        sub_categories: vec!["Instrument".to_owned(), "Synth".to_owned()],
        flags: 1,
    };
    assert_eq!(*synth, expected);
    assert_eq!(controller.category, "Component Controller Class");
    assert_eq!(controller.vendor, "The maker");
    let [replaced] = info.replaced.as_slice() else {
        panic!("one class replaces: {info:?}");
    };
    assert_eq!(replaced.new, expected.id);
    assert_eq!(replaced.old[0].to_string(), format!("{}1", "0".repeat(31)));
}

#[test]
fn what_may_be_missing_may_be_missing_and_json5_is_read() {
    let text = format!(
        "\u{feff}// a comment\n{{ Classes: [ {{ CID: '{{{SYNTH}}}', /* another */ Category: 'Audio Module Class', \
         Name: 'Two', Unknown: [0x10, +.5, null], }}, ], }}"
    );
    let info = parse(&text).expect("sound");
    assert_eq!(info.classes[0].id.to_string(), SYNTH);
    assert_eq!(info.classes[0].vendor, "");
    assert_eq!(info.replaced, Vec::new());
}

#[test]
fn a_class_listed_twice_is_one() {
    let class = WHOLE
        .split_once("\"Classes\": [")
        .and_then(|(_, rest)| rest.split_once("},\n"))
        .expect("a class")
        .0;
    let info = parse(&format!("{{ Classes: [ {class} }}, {class} }} ] }}")).expect("sound");
    assert_eq!(info.classes.len(), 1);
}

#[test]
fn a_file_that_is_broken_anywhere_says_nothing() {
    for end in 0..WHOLE.len() {
        assert_eq!(parse(&WHOLE[..end]), None, "{end}");
    }
    let deep = format!("{{ \"Snapshots\": {} ", "[".repeat(200_000));
    for text in [
        WHOLE.replace("\"CID\"", "\"Id\"").as_str(),
        &WHOLE.replace("\"Name\": \"TwoController\",", ""),
        &WHOLE.replace(SYNTH, "no id"),
        &WHOLE.replace(SYNTH, &"0".repeat(32)),
        &WHOLE.replace(AUDIO, "Test Class"),
        &WHOLE.replace("[\"Instrument\", \"Synth\",]", "7"),
        "{}",
        "{ Classes: [] }",
        "[]",
        &deep,
    ] {
        assert_eq!(parse(text), None, "{}", &text[..text.len().min(200)]);
    }
    assert_eq!(ModuleInfo::parse(b"{ Classes: [ \xff ] }"), None);
}

#[test]
fn a_file_that_is_absent_or_endless_says_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("moduleinfo.json");
    assert_eq!(ModuleInfo::read(&file), None);
    std::fs::write(&file, WHOLE).expect("written");
    assert!(ModuleInfo::read(&file).is_some());
    let room = usize::try_from(MOST_BYTES).expect("a size");
    std::fs::write(&file, format!("{WHOLE}{}", " ".repeat(room))).expect("written");
    assert_eq!(ModuleInfo::read(&file), None);
}
