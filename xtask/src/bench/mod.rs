//! `bench`: figures of oomtrace itself.

mod size;
mod startup;

use anyhow::Result;

/// Measure oomtrace.
#[derive(clap::Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Bytes of the stripped static binary
    Size(size::Size),
    /// Start to attached, and resident memory then (needs root)
    Startup(startup::Startup),
}

impl Bench {
    pub(crate) fn run(self) -> Result<()> {
        match self.what {
            What::Size(task) => task.run(),
            What::Startup(task) => task.run(),
        }
    }
}
