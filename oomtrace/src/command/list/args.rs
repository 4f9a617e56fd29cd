//! Its options.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use crate::command::{terminal::ColorChoice, when};

/// Options of `list`.
#[derive(Clone, Debug, Default, Args)]
pub struct ListArgs {
    /// Only since then: how long ago (90s, 15m, 2h, 3d), a date, or a time like 2026-11-23T14:03:00Z
    #[arg(long, value_name = "TIME", value_parser = when::parse)]
    pub since: Option<Timestamp>,
    /// Directory of the spool [default: /var/lib/oomtrace]
    #[arg(long, value_name = "DIR", env = "OOMTRACE_STATE_DIR")]
    pub state_dir: Option<PathBuf>,
    /// Instead of kills: the highest memory of each cgroup, and when that was
    #[arg(long)]
    pub peaks: bool,
    /// One JSON object per line
    #[arg(long)]
    pub json: bool,
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// When to use colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
}
