//! What runs beside a trace, and what the trace does for it.

use std::time::Duration;

use anyhow::Result;

use crate::model::{Event, Incident};

/// What happens beside a trace has been reported after this time.
pub(super) const LINGER: Duration = Duration::from_secs(2);

/// Is told of a kill as soon as its records are complete, before anything is read or worked out for it, and whether the
/// filters are sure of it. It is called in a thread that takes its memory from the pool ([`crate::survive::use_pool`]).
pub type First = Box<dyn FnMut(&Incident, bool) + Send>;

/// Something that happens while the trace runs. It is given a way to ask whether the trace has been told to stop, and
/// has to return soon after that.
pub type During = Box<dyn FnOnce(&dyn Fn() -> bool) -> Result<()> + Send>;

/// Is told of every event before it is written. It must not block for long: events wait behind it.
pub type Tap = Box<dyn FnMut(&Event) + Send>;

/// What runs beside a trace, and what the trace does for it.
pub struct Beside {
    /// What happens meanwhile.
    pub during: During,
    /// Is told of every event.
    pub tap: Option<Tap>,
    /// Goes on in a new file at SIGHUP, and is given the end of the old one; without it SIGHUP ends the trace.
    pub reopen: Option<Tap>,
    /// Is told of a kill before anything is worked out for it.
    pub first: Option<First>,
    /// The trace goes on for so long after `during`, for records that come late.
    pub linger: Duration,
    /// Signals are handled by `during`, and end the trace only through it.
    pub own_signals: bool,
}

impl From<During> for Beside {
    fn from(during: During) -> Self {
        Self { during, tap: None, reopen: None, first: None, linger: LINGER, own_signals: false }
    }
}
