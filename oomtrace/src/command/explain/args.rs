//! Options of `explain`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use jiff::Timestamp;

use crate::command::report::Format;
use crate::command::terminal::ColorChoice;
use crate::command::when;
use crate::filter::Filter;

/// Options of `explain`.
#[derive(Clone, Debug, Default, Args)]
pub struct ExplainArgs {
    /// Logs, oldest first, or - for standard input: dmesg, the journal, syslog, consoles, JSON, also compressed. Default: this
    /// machine's ring buffer and journal
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Output format (default: by the extension of --output, else text). json is written as kills are found; the other formats
    /// but text are one document that keeps 20,000 kills, the first 200 of them in full, and says what it leaves out
    #[arg(short, long, value_enum)]
    pub format: Option<Format>,
    /// Same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Time zone of the log where it names none: UTC, local, or a name like Europe/Paris
    #[arg(long, value_name = "ZONE")]
    pub tz: Option<String>,
    /// Only kills since then: how long ago (90s, 15m, 2h, 3d), a date, or a time like 2026-11-23T14:03:00Z
    #[arg(long, value_name = "TIME", value_parser = when::parse)]
    pub since: Option<Timestamp>,
    /// Only kills until then, in the same forms
    #[arg(long, value_name = "TIME", value_parser = when::parse)]
    pub until: Option<Timestamp>,
    /// Only the last N kills of those that the other options select
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub last: Option<u32>,
    /// Text: print the newest N kills in full, the others in the overview only (default: all of up to 3, else 1)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1000), conflicts_with = "all")]
    pub limit: Option<u32>,
    /// Text: print all kills in full
    #[arg(long)]
    pub all: bool,
    /// Do not start a pager on a terminal ($OOMTRACE_PAGER, $PAGER or less)
    #[arg(long)]
    pub no_pager: bool,
    /// When to use colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
    /// Print only the reports, all of them in full, without overview and totals
    #[arg(short, long)]
    pub quiet: bool,
    /// Exit with 1 if anything in the logs could not be read or is known to be missing
    #[arg(long)]
    pub strict: bool,
    /// Print more to standard error
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Which kills to report
    #[command(flatten)]
    pub filter: Filter,
}

impl ExplainArgs {
    /// The format that was asked for, or that the output's name asks for.
    ///
    /// # Errors
    /// Neither says which.
    pub fn format(&self) -> Result<Format> {
        Ok(Format::chosen(self.format, self.json, self.output.as_deref())?.unwrap_or_default())
    }

    /// How many kills a text has in full; `None` where their number decides.
    pub(super) fn whole(&self) -> Option<usize> {
        let asked = self.limit.or(self.last).map(|kills| kills as usize);
        if self.all { Some(usize::MAX) } else { asked.or(self.quiet.then_some(usize::MAX)) }
    }
}
