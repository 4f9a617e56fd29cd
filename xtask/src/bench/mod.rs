//! `bench`: figures of oomtrace itself and of its peers. docs/benchmarks.md has results.

mod explain;
mod measure;
mod peers;
mod run;
mod size;
mod survival;

use crate::vm::Vm;
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
    /// Start to attached, resident memory, CPU while nothing happens (needs root)
    Startup(measure::Startup),
    /// Kill to received, kill to line (needs root; kills only in a memory cgroup of its own)
    Latency(measure::Latency),
    /// What sampling costs: CPU time and memory on a large machine, slowdown of a program that touches pages (needs root)
    Sampling(measure::Sampling),
    /// A kill every 0.2 s for a long time: what is lost, and whether anything grows (needs root)
    Soak(measure::Soak),
    /// A thousand kills as fast as possible in a guest: with the usual ring buffer and with one of a page
    Storm,
    /// What is left of recordings whose recorder is sent SIGKILL at many moments (needs root)
    Survival(survival::Survival),
    /// What `oomtrace run` costs a command, side by side with the bare one (needs root)
    Run(run::Run),
    /// Read a log of a gigabyte, beside grep
    Explain(explain::Explain),
    /// Compare with bpftrace's oomkill.bt and bcc's oomkill in one guest
    Peers(peers::Peers),
}

impl Bench {
    pub(crate) fn run(self) -> Result<()> {
        match self.what {
            What::Size(task) => task.run(),
            What::Startup(task) => task.run(),
            What::Latency(task) => task.run(),
            What::Sampling(task) => task.run(),
            What::Soak(task) => task.run(),
            What::Storm => {
                Vm::of(vec!["x86_64-6.12".into()], vec!["storm".into(), "storm-small-ring".into()]).run()
            }
            What::Survival(task) => task.run(),
            What::Run(task) => task.run(),
            What::Explain(task) => task.run(),
            What::Peers(task) => task.run(),
        }
    }
}
