//! Benchmarks on this machine: the guest's program measures, as root.

use crate::sh;
use crate::userspace::{self, Arch, Profile};
use crate::vm::image::GUEST;
use anyhow::{Context as _, Result};

/// Kill to received, kill to line (needs root; kills only in a memory cgroup of its own).
#[derive(clap::Args)]
pub(crate) struct Latency {
    /// Kills, one at a time
    #[arg(long, default_value_t = 200)]
    kills: u32,
    /// Milliseconds between them
    #[arg(long, default_value_t = 200)]
    pause: u32,
    #[command(flatten)]
    how: How,
}

/// How a benchmark runs.
#[derive(clap::Args)]
pub(super) struct How {
    /// Let all that is measured run before everything else on the machine (chrt --fifo 1): what a quiet machine shows
    #[arg(long)]
    undisturbed: bool,
}

impl Latency {
    pub(crate) fn run(self) -> Result<()> {
        measure(&self.how, "latency", &[self.kills, self.pause])
    }
}

/// Start to attached, resident memory, CPU while nothing happens (needs root).
#[derive(clap::Args)]
pub(crate) struct Startup {
    /// How often it is started
    #[arg(long, default_value_t = 20)]
    runs: u32,
    /// Seconds it is left alone
    #[arg(long, default_value_t = 60)]
    idle: u32,
    #[command(flatten)]
    how: How,
}

impl Startup {
    pub(crate) fn run(self) -> Result<()> {
        measure(&self.how, "start", &[self.runs, self.idle])
    }
}

/// What sampling costs: CPU time and memory on a large machine, slowdown of a program that touches pages (needs root).
#[derive(clap::Args)]
pub(crate) struct Sampling {
    /// Processes that do nothing
    #[arg(long, default_value_t = 2000)]
    processes: u32,
    /// Memory cgroups
    #[arg(long, default_value_t = 1000)]
    cgroups: u32,
    /// Seconds it is left alone among them
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Rounds of touching pages without, with and again without it; 0 leaves them out
    #[arg(long, default_value_t = 10)]
    rounds: u32,
    #[command(flatten)]
    how: How,
}

impl Sampling {
    pub(crate) fn run(self) -> Result<()> {
        measure(&self.how, "sampling", &[self.processes, self.cgroups, self.seconds])?;
        if self.rounds > 0 { measure(&self.how, "slowdown", &[self.rounds, 12]) } else { Ok(()) }
    }
}

/// A kill every 0.2 s for a long time: what is lost, and whether anything grows (needs root).
#[derive(clap::Args)]
pub(crate) struct Soak {
    /// Minutes
    #[arg(long, default_value_t = 10)]
    minutes: u32,
    /// Milliseconds between two kills
    #[arg(long, default_value_t = 200)]
    pause: u32,
    #[command(flatten)]
    how: How,
}

impl Soak {
    pub(crate) fn run(self) -> Result<()> {
        measure(&self.how, "soak", &[self.minutes * 60, self.pause])
    }
}

/// With the static binary that users get.
pub(super) fn measure(how: &How, what: &str, numbers: &[u32]) -> Result<()> {
    let arch = Arch::ALL.into_iter().find(|arch| arch.is_native());
    let arch = arch.context("oomtrace is not built for this architecture")?;
    let bins = userspace::build_static(arch, Profile::Release, &[userspace::OOMTRACE, GUEST])?;
    let [tracer, guest] = bins.as_slice() else { anyhow::bail!("two binaries were to be built") };
    let mut command = if how.undisturbed { sh::as_root("chrt")? } else { sh::as_root(guest)? };
    if how.undisturbed {
        command.args(["--fifo", "1"]).arg(guest);
    }
    command.args(["bench", what]).arg(tracer).args(numbers.iter().map(ToString::to_string));
    sh::run(&mut command)
}
