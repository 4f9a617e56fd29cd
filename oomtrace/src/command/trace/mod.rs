//! `oomtrace trace`: every OOM kill as it happens.

mod args;

use std::time::Instant;

use anyhow::Result;

use super::terminal::{ColorChoice, Look};
use crate::output::{Output, Owner, Wanted};
use crate::render::{Ndjson, Render, Text, TextStyle};
use crate::trace::{self, Session, Sink};

pub use args::TraceArgs;

/// Columns where the output does not say.
const WIDTH: usize = 100;

/// Traces until told to stop.
///
/// # Errors
/// When nothing can be traced here, or the output can't be written; each names cause and remedy.
pub fn run(args: &TraceArgs) -> Result<()> {
    crate::survive::one_arena();
    // Nothing is started from here that would inherit it; start-up fits into 24 MiB only without them.
    crate::survive::no_huge_pages();
    let output = open(args)?;
    let render = renderer(&output, args.is_ndjson(), args.color);
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
pub(super) fn renderer(output: &Output, is_ndjson: bool, color: ColorChoice) -> Box<dyn Render + Send> {
    if is_ndjson {
        return Box::new(Ndjson::default());
    }
    let look = Look::of(output, color);
    Box::new(Text::new(TextStyle { color: look.color, width: look.width.unwrap_or(WIDTH) }))
}
