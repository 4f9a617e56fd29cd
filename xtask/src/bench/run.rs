//! `oomtrace run -- CMD` beside the bare command.

use super::measure;
use anyhow::Result;

/// What `oomtrace run` costs a command, side by side with the bare one (needs root).
#[derive(clap::Args)]
pub(crate) struct Run {
    /// Rounds of three runs (bare, in a memory cgroup, under `run`), for each of two commands; a run takes half a second
    #[arg(long, default_value_t = 60)]
    rounds: u32,
    #[command(flatten)]
    how: measure::How,
}

impl Run {
    pub(crate) fn run(self) -> Result<()> {
        measure::measure(&self.how, "run", &[self.rounds])
    }
}
