//! Its options.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use super::target::Target;
use crate::command::{options::Format, terminal::ColorChoice, when};

/// Options of `why`.
#[derive(Clone, Debug, Args)]
pub struct WhyArgs {
    /// A process id; the name of a process, executable, unit or container; the path of a cgroup; or the first 12 or more digits
    /// of a container id
    #[arg(value_name = "PID|NAME|CGROUP|CONTAINER", value_parser = Target::parse)]
    pub target: Target,
    /// A recording of `record`, `run --evidence` or `trace --json`, also compressed (can be repeated)
    #[arg(long, value_name = "FILE")]
    pub evidence: Vec<PathBuf>,
    /// A kernel log as `explain` reads it, oldest first (can be repeated)
    #[arg(long = "log", value_name = "FILE")]
    pub logs: Vec<PathBuf>,
    /// Also search this machine: its kernel log, counters and processes. This is the default without files, and with recordings of
    /// the current boot
    #[arg(long)]
    pub here: bool,
    /// Directory of the agent's spool, which is searched with this machine [default: /var/lib/oomtrace]
    #[arg(long, value_name = "DIR", env = "OOMTRACE_STATE_DIR")]
    pub state_dir: Option<PathBuf>,
    /// Only deaths since then: how long ago (90s, 15m, 2h, 3d), a date, or a time like 2026-11-23T14:03:00Z
    #[arg(long, value_name = "TIME", value_parser = when::parse)]
    pub since: Option<Timestamp>,
    /// Time zone of the logs where they name none: UTC, local, or a name like Europe/Paris
    #[arg(long, value_name = "ZONE")]
    pub tz: Option<String>,
    /// Output format (default: by the extension of --output, else text)
    #[arg(short, long, value_enum)]
    pub format: Option<Format>,
    /// Same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// When to use colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
}

impl WhyArgs {
    /// True when answers are to be JSON.
    ///
    /// # Errors
    /// The output's extension is that of another format, or unknown.
    pub fn is_ndjson(&self) -> anyhow::Result<bool> {
        Ok(Format::chosen(self.format, self.json, self.output.as_deref())? == Format::Ndjson)
    }
}
