//! Devices that are not there or cannot do what is asked.

use super::program::Home;

fn refused(words: &[&str], code: i32, expected: &[&str]) {
    let home = Home::new().with_demos();
    home.run(&[&["play", "stage-synth", "--for", "1"], words].concat())
        .fails_with(code, expected);
}

#[test]
fn name_that_does_not_exist() {
    refused(
        &["--driver", "null", "--device", "absent"],
        1,
        &["no device named \"absent\"", "it has \"null\""],
    );
    refused(&["--device", "absent"], 1, &["\"absent\"", "\"null\""]);
}

#[test]
fn driver_of_another_system() {
    let driver = if cfg!(windows) { "alsa" } else { "asio" };
    refused(
        &["--driver", driver],
        1,
        &["cannot be used on this system", "backline devices"],
    );
    refused(
        &["--driver", "pulse"],
        2,
        &["\"pulse\"", "asio, wasapi, jack, alsa and null"],
    );
}

#[test]
fn rate_and_buffer_out_of_range() {
    for rate in ["7999", "768001", "0", "-1", "fast", "99999999999"] {
        refused(
            &["--driver", "null", &format!("--rate={rate}")],
            2,
            &["--rate", "8000 to 768000 Hz", rate],
        );
    }
    for buffer in ["0", "8193", "-1", "small"] {
        refused(
            &["--driver", "null", &format!("--buffer={buffer}")],
            2,
            &["--buffer", "1 to 8192 frames", buffer],
        );
    }
}

#[test]
fn a_preset_wishes_a_device_that_is_not_there() {
    let home = Home::new().with_demos();
    home.write(
        "p.backline",
        "format = 1\n[device]\ndriver = \"null\"\nname = \"Babyface\"\n",
    );
    home.run(&["play", "p.backline", "--for", "1"])
        .fails_with(1, &["\"Babyface\"", "\"null\""]);
    // The command line picks another, and the wish stays in the file.
    home.run(&["play", "p.backline", "--device", "null", "--for", "0.1"])
        .succeeds();
}

#[test]
fn devices_are_listed_and_probed() {
    let home = Home::new();
    let lines = home.run(&["devices", "--json"]).succeeds().lines();
    let null = lines
        .iter()
        .find(|line| line["driver"] == "null")
        .expect("the null device");
    assert_eq!(null["name"], "null");
    assert!(null["kind"].is_string() && null["default"].is_boolean());
    let probed = home
        .run(&["devices", "--driver", "null", "--probe", "null", "--json"])
        .succeeds()
        .lines()
        .remove(0);
    assert_eq!(probed["rates"], serde_json::json!([[8000, 768_000]]));
    assert_eq!(probed["buffers"], serde_json::json!([1, 8192]));
    assert!(
        home.run(&["devices", "--probe", "null"])
            .succeeds()
            .out
            .contains("8000 to 768000 Hz")
    );
    home.run(&["devices", "--driver", "null", "--probe", "absent"])
        .fails_with(1, &["\"absent\"", "\"null\""]);
    home.run(&["devices", "--probe", "absent"])
        .fails_with(1, &["\"absent\"", "\"null\""]);
}
