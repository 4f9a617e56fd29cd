//! `oomtrace trace`: every OOM kill as it happens.

mod args;

use std::time::Instant;

use anyhow::Result;

use super::options::Format;
use super::terminal::Look;
use crate::output::{Output, Owner, Wanted};
use crate::render::{Ndjson, Render, Text};
use crate::trace::{self, Session, Sink};

pub use args::TraceArgs;

/// Traces until told to stop.
///
/// # Errors
/// When nothing can be traced here, or the output can't be written; each names cause and remedy.
pub fn run(args: &TraceArgs) -> Result<()> {
    crate::survive::one_arena();
    // Nothing is started from here that would inherit it; start-up fits into 24 MiB only without them.
    crate::survive::no_huge_pages();
    let is_ndjson = args.chosen()? == Format::Ndjson;
    let output = open(args)?;
    let look = Look::of(&output, args.color).laid_out(args.layout);
    let render = renderer(is_ndjson, Look { verbose: args.verbose > 0, ..look });
    let settings = args.settings();
    let session = Session::open(&settings)?;
    trace::run(session, &settings, Some(Sink { output, render }), None).map(|_| ())
}

/// Opens the output, before anything is traced: signals still end a wait for a FIFO's reader, and so does `--duration`.
fn open(args: &TraceArgs) -> Result<Output> {
    let Some(path) = &args.output else { return Output::open(None) };
    let until = args.duration.and_then(|duration| Instant::now().checked_add(duration));
    Output::open_for(path, &Owner::of_process()?, Wanted::Emptied, until)
}

/// NDJSON, or text as the output asks for.
pub(super) fn renderer(is_ndjson: bool, look: Look) -> Box<dyn Render + Send> {
    if is_ndjson {
        return Box::new(Ndjson::default());
    }
    Box::new(Text::new(look.style()))
}
