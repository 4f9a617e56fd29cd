//! What manages a process's memory, told by its executable, its arguments and a few named variables.

pub mod environment;
mod go;
mod kind;
mod settings;
#[cfg(test)]
mod tests;
mod variables;

#[cfg(test)]
pub(crate) use go::head as go_head;
pub(crate) use go::is_go;

use crate::model::{Runtime, RuntimeKind};

/// What is known of a process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traces<'a> {
    /// Path of the executable.
    pub exe: Option<&'a [u8]>,
    /// Arguments.
    pub cmdline: &'a [Vec<u8>],
    /// What [`environment::keep`] kept; `None` when the environment was not read.
    pub environment: Option<&'a [u8]>,
    /// The executable was built by Go.
    pub is_go: bool,
}

/// The runtime; `None` when neither executable nor arguments are known.
#[must_use]
pub fn detect(traces: &Traces<'_>) -> Option<Runtime> {
    if traces.exe.is_none() && traces.cmdline.is_empty() {
        return None;
    }
    let kind = match kind::of(traces.exe, traces.cmdline) {
        // GOMEMLIMIT means nothing to anything else.
        RuntimeKind::Native if traces.is_go || traces.environment.is_some_and(environment::has_go) => {
            RuntimeKind::Go
        }
        kind => kind,
    };
    let settings = settings::of(kind, traces.cmdline, traces.environment.unwrap_or_default());
    Some(Runtime { kind, settings, environment_read: traces.environment.is_some() })
}
