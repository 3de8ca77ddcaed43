//! MIDI: ports that come and go, messages out, standard MIDI files.

pub mod out;
