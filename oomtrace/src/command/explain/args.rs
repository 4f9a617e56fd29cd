//! Options of `explain`.

use std::path::PathBuf;

use clap::Args;

use crate::command::report::Format;
use crate::command::terminal::ColorChoice;
use crate::filter::Filter;

/// Options of `explain`.
#[derive(Clone, Debug, Default, Args)]
pub struct ExplainArgs {
    /// Logs, oldest first, or - for standard input: dmesg, the journal, syslog, consoles, JSON, also compressed. Default: this
    /// machine's ring buffer and journal
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Output format (default: by the extension of --output, else text). Text and json are written as kills are found; the
    /// others are one document that keeps 20,000 kills, the first 200 of them in full, and says what it leaves out
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
    /// When to use colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
    /// Print only the reports, without overview and totals
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
    pub fn format(&self) -> anyhow::Result<Format> {
        let chosen = Format::chosen(self.format, self.json, self.output.as_deref())?;
        Ok(chosen.unwrap_or_default())
    }
}
