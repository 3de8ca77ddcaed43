//! Every class of the fixture, played for a moment: the host keeps the rules and nothing stays behind.

use host::plugin::Format::Vst3;
use host::plugin::{Source, describe};
use host::session::PluginSpec;
use tests::{Fixture, Stage, fixture, layer, rack};

/// Classes that cannot be played, which is looked at elsewhere.
const FAIL: [&str; 3] = ["fail-init", "fail-setup", "fail-activate"];

#[test]
fn every_class_plays_and_goes() {
    let file = fixture("vst3-fixture");
    let mut played = 0;
    for class in describe(&file).unwrap() {
        if FAIL.contains(&class.name.as_str()) {
            continue;
        }
        let fixture = Fixture::open_as(Vst3);
        let plugin = PluginSpec::new(Source {
            file: file.clone(),
            which: Some(class.id),
        });
        let mut stage = Stage::new(&rack(vec![layer(vec![plugin])]), 64);
        stage.step(&[(3, &[0x90, 60, 100]), (9, &[0xb0, 1, 64]), (20, &[0xb0, 20, 64])]);
        stage.play(640);
        stage.step(&[(7, &[0x80, 60, 64]), (8, &[0xe0, 0, 96]), (9, &[0xd0, 30, 0])]);
        stage.play(640);
        drop(stage);
        println!("{}", class.name);
        fixture.assert_gone();
        played += 1;
    }
    assert!(played > 40, "{played}");
}
