//! Support for the integration tests: where plugins lie, racks in few words, and what the fixture plugins saw.
#![expect(clippy::expect_used, reason = "in a test a panic is how it fails")]

pub use host::plugin::Format;

mod fixture;
#[cfg(unix)]
mod jack;
mod places;
mod program;
mod racks;
mod score;
mod stage;

/// Both formats, for tests whose rows they are.
pub const FORMATS: [Format; 2] = [Format::Clap, Format::Vst3];

/// Makes two tests, `NAME::clap` and `NAME::vst3`, of each function named, which takes a [`Format`].
#[macro_export]
macro_rules! rows {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[test]
            fn clap() {
                super::$name($crate::Format::Clap);
            }

            #[test]
            fn vst3() {
                super::$name($crate::Format::Vst3);
            }
        }
    )+};
}

pub use fixture::Fixture;
#[cfg(unix)]
pub use jack::{Heard, JackServer, Recorder, Sender, Sent};
pub use places::{corpus, corpus_of, corpus_program, demo, demo_as, fixture, program};
pub use program::{Playing, Ran, run, wait};
pub use racks::{
    at, demo_plugin, layer, name_of, plugin, plugin_as, rack, with_params, with_params_as, with_params_of,
};
pub use score::midi_file;
pub use stage::{Live, Stage, set_part};
