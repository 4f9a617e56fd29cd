//! `oomtrace list`: the kills in the agent's spool, one line each.

mod args;
mod peaks;
mod rows;

use anyhow::{Result, anyhow};

use super::spooled;
use super::terminal::Look;
use crate::evidence::Evidence;
use crate::output::{Output, Wrote, tell};
use crate::render::{Ndjson, Render as _};

pub use args::ListArgs;

/// Prints the list.
///
/// # Errors
/// There is no spool, or it can't be read; names the remedy.
pub fn run(args: &ListArgs) -> Result<()> {
    let dir = spooled::directory(args.state_dir.as_deref()).ok_or_else(|| {
        anyhow!(
            "there is no spool in {}: start `oomtrace agent`, or name its directory with --state-dir",
            spooled::STATE_DIR
        )
    })?;
    let stored = spooled::read(&dir, args.since)?;
    let mut output = Output::open(args.output.as_deref())?;
    let look = Look::of(&output, args.color);
    let text = if args.peaks {
        peaks::table(&stored.peaks, args.json)?
    } else if args.json {
        let mut text = Vec::new();
        let evidence = spooled::evidence(&dir, &stored)?;
        for event in rows::events(evidence) {
            Ndjson::new().event(&event, &mut text)?;
        }
        text
    } else {
        rows::table(&spooled::evidence(&dir, &stored)?, look)
    };
    if output.block(&text)? == Wrote::All {
        output.finish()?;
    }
    spooled::notes(&stored).iter().for_each(|note| tell(note));
    Ok(())
}
