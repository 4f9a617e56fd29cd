//! Recordings whose recorder dies in the middle: the test of it, with as many moments as are asked for.

use crate::sh;
use crate::userspace::{self, Arch, Profile};
use anyhow::{Context as _, Result, ensure};

/// What is left of recordings whose recorder is sent SIGKILL at many moments (needs root).
#[derive(clap::Args)]
pub(crate) struct Survival {
    /// Recorders that are killed
    #[arg(long, default_value_t = 200)]
    moments: u32,
}

impl Survival {
    /// With the static binary that users get; prints the figures.
    pub(crate) fn run(self) -> Result<()> {
        ensure!(sh::is_root(), "recording kills needs root: run with sudo");
        let arch = Arch::ALL.into_iter().find(|arch| arch.is_native());
        let arch = arch.context("oomtrace is not built for this architecture")?;
        let bins = userspace::build_static(arch, Profile::Release, &[userspace::OOMTRACE])?;
        let [tracer] = bins.as_slice() else { anyhow::bail!("one binary was to be built") };
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        println!("load of the machine: {}", load.trim());
        let mut test = sh::cargo();
        test.args([
            "test",
            "--quiet",
            "--package",
            "oomtrace-tests",
            "--test",
            "record",
            "a_recorder_that_is_killed",
        ]);
        test.args(["--", "--nocapture"]).env("OOMTRACE_BIN", tracer);
        sh::run(test.env("OOMTRACE_MOMENTS", self.moments.to_string()))
    }
}
