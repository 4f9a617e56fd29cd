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
mod stream;
mod symbols;
mod who;
mod worker;

use std::time::Instant;

use anyhow::Result;

use super::cli::{Format, TraceArgs};
use crate::output::{Output, Owner, Wanted};

pub use first::First;
pub(super) use run::STOP;
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
    Format::chosen(args.format, args.json, args.output.as_deref())?;
    let output = open(args)?;
    let session = Session::open(args)?;
    run::run(session, args, Some(output), None).map(|_| ())
}

/// Traces while `during` runs in the background; used by `demo`. `during` is called once the probes are attached.
///
/// # Errors
/// Those of [`run`] and of `during`.
pub fn run_during(args: &TraceArgs, during: During) -> Result<Ended> {
    crate::survive::one_arena();
    let output = open(args)?;
    let session = Session::open(args)?;
    run::run(session, args, Some(output), Some(during.into()))
}

/// Traces with an open session while something runs beside it, and writes to `output` if there is one; used by `run`.
///
/// # Errors
/// Those of [`run`] and of what runs beside.
pub fn run_beside(
    session: Session,
    args: &TraceArgs,
    output: Option<Output>,
    beside: Beside,
) -> Result<Ended> {
    run::run(session, args, output, Some(beside))
}

/// From now on signals end the program at once, as they do before a trace.
pub fn let_signals_end() {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: no handler is installed.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Opens the output, before anything is traced: signals still end a wait for a FIFO's reader, and so does `--duration`.
fn open(args: &TraceArgs) -> Result<Output> {
    let Some(path) = &args.output else { return Output::open(None) };
    let until = args.duration.and_then(|duration| Instant::now().checked_add(duration));
    Output::open_for(path, &Owner::of_process()?, Wanted::Emptied, until)
}
