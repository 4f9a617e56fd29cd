//! `oomtrace trace`: every OOM kill as it happens.

mod cgroup_path;
mod counts;
mod events;
mod first;
mod history;
mod job;
mod kernel_log;
mod prepare;
mod run;
mod session;
mod sigkill;
mod source;
mod stop;
mod symbols;
mod who;
mod worker;

use anyhow::Result;

use super::cli::TraceArgs;

pub use first::First;
pub use run::{Beside, During, Ended, Tap};
pub use session::Session;

/// Traces until told to stop.
///
/// # Errors
/// When nothing can be traced here, or the output can't be written; each names cause and remedy.
pub fn run(args: &TraceArgs) -> Result<()> {
    crate::survive::one_arena();
    // Nothing is started from here that would inherit it; start-up fits into 24 MiB only without them.
    crate::survive::no_huge_pages();
    let session = Session::open(args)?;
    run::run(session, args, None).map(|_| ())
}

/// Traces while `during` runs in the background; used by `demo`. `during` is called once the probes are attached.
///
/// # Errors
/// Those of [`run`] and of `during`.
pub fn run_during(args: &TraceArgs, during: During) -> Result<Ended> {
    crate::survive::one_arena();
    let session = Session::open(args)?;
    run::run(session, args, Some(during.into()))
}

/// Traces with an open session while something runs beside it; used by `run`.
///
/// # Errors
/// Those of [`run`] and of what runs beside.
pub fn run_beside(session: Session, args: &TraceArgs, beside: Beside) -> Result<Ended> {
    run::run(session, args, Some(beside))
}
