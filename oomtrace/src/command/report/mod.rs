//! `oomtrace report`: makes documents of what was recorded.

mod args;
mod open;
mod records;
mod text;

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::{spooled, terminal::Look};
use crate::evidence::Evidence;
use crate::model::Event;
use crate::output::{Output, Wrote, tell};
use crate::render::{html, junit, markdown, perfetto};

pub use args::{Format, ReportArgs};

/// Reads the files and writes the document.
///
/// # Errors
/// When a file can't be read or holds no record, or the output can't be written; each names cause and remedy.
pub fn run(args: &ReportArgs) -> Result<()> {
    let format = args.format()?;
    format.check(args.output.as_deref())?;
    if format == Format::Json && !args.open && !args.files.is_empty() {
        return records::write(args);
    }
    let read = |file: &PathBuf| Evidence::open(file).map(|evidence| narrowed(evidence, args));
    let evidence = if args.files.is_empty() {
        vec![narrowed(of_spool(args)?, args)]
    } else {
        args.files.iter().map(read).collect::<Result<Vec<_>>>()?
    };
    let page =
        if args.open && args.output.is_none() { Some(open::page(format)?) } else { args.output.clone() };
    let mut output = Output::open(page.as_deref())?;
    let look = Look::of(&output, args.color).laid_out(args.layout);
    let document = render(&evidence, format, look)?;
    if output.block(&document)? == Wrote::All {
        output.finish()?;
    }
    match page.filter(|_| args.open) {
        Some(page) => open::show(&page),
        None => Ok(()),
    }
}

/// What the options ask for; of a `run` first of all its own kills.
fn narrowed(mut evidence: Evidence, args: &ReportArgs) -> Evidence {
    let options = args.narrowing();
    if !options.is_empty() {
        evidence.keep_only(&options, |kill| args.wants(&Event::OomKill(Box::new(kill.clone()))));
        evidence.sigkills.retain(|kill| args.wants(&Event::Sigkill(Box::new(kill.clone()))));
        evidence.userspace_kills.retain(|kill| args.wants(&Event::UserspaceKill(Box::new(kill.clone()))));
        evidence.no_kills.retain(|run| args.wants(&Event::OomNoKill(run.clone())));
        evidence.samples.retain(|sample| args.wants(&Event::Sample(sample.clone())));
    }
    evidence.set_apart();
    evidence
}

/// What the agent's spool holds.
fn of_spool(args: &ReportArgs) -> Result<Evidence> {
    let Some(dir) = spooled::directory(args.state_dir.as_deref()) else {
        bail!(
            "name a recording to report on: there is no spool of `oomtrace agent` in {} (--state-dir)",
            spooled::STATE_DIR
        );
    };
    let stored = spooled::read(&dir, args.since)?;
    spooled::notes(&stored).iter().for_each(|note| tell(note));
    spooled::evidence(&dir, &stored)
}

/// The document that `evidence` makes in `format`.
///
/// # Errors
/// None that a record of ours causes.
pub(in crate::command) fn render(evidence: &[Evidence], format: Format, look: Look) -> Result<Vec<u8>> {
    Ok(match format {
        Format::Text => text::document(evidence, look),
        Format::Html => html::document(evidence).into_bytes(),
        Format::Markdown => markdown::document(evidence).into_bytes(),
        Format::Json => text::records(evidence)?,
        Format::Junit => {
            let suites: Vec<_> = evidence.iter().map(junit::suite).collect();
            junit::document(&suites).into_bytes()
        }
        Format::Perfetto => perfetto::document(evidence),
    })
}
