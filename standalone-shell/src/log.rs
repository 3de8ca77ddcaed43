//! The program's own log: quiet unless `BACKLINE_LOG` asks for it.

use crate::output;
use std::io::{self, IsTerminal};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The variable that says what is logged: a level, or levels by module, as in `debug` or `host=debug,info`.
const VARIABLE: &str = "BACKLINE_LOG";

/// Whether the user asked for a log.
pub fn is_wanted() -> bool {
    std::env::var_os(VARIABLE).is_some_and(|value| !value.is_empty())
}

/// Sends the log to standard error, if it is wanted.
pub fn install() {
    let Some(value) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) else {
        return;
    };
    let filter = match value.to_string_lossy().parse::<Targets>() {
        Ok(filter) => filter,
        Err(error) => {
            return output::warn(&format!(
                "{VARIABLE} is not understood ({error}), so nothing is logged; write a level such as debug, or levels \
                 by module such as host=debug,info."
            ));
        }
    };
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_filter(filter);
    // It fails only where somebody else has installed a log before, and nobody has.
    drop(tracing_subscriber::registry().with(layer).try_init());
}
