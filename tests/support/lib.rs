//! Support for the integration tests: where plugins lie, racks in few words, and what the fixture plugins saw.

mod fixture;
mod places;
mod racks;
mod stage;

pub use fixture::Fixture;
pub use places::{corpus, corpus_program, demo, fixture, program};
pub use racks::{at, layer, plugin, rack, with_params};
pub use stage::{Live, Stage};
