//! The suite on this machine, inside of memory cgroups.

use super::Plan;
use crate::sh;
use crate::userspace::{self, Arch, Profile};
use crate::vm::image::GUEST;
use anyhow::{Context as _, Result};
use std::path::Path;

/// Its name is in the records: one that is the same everywhere.
const SCRATCH: &str = "/var/tmp/oombench";

/// Runs what `plan` names; the outcome is a file in `out`.
pub(super) fn run(plan: &Plan, out: &Path) -> Result<()> {
    let arch = Arch::ALL.into_iter().find(|arch| arch.is_native()).context("unknown architecture")?;
    let bins = userspace::build_static(arch, Profile::Release, &[userspace::OOMTRACE, GUEST])?;
    let [oomtrace, guest] = bins.as_slice() else { anyhow::bail!("two binaries were to be built") };
    let file = out.join(format!("native-{}.ndjson", plan.name()));
    let mut command = sh::as_root(guest)?;
    command.arg("oombench").arg(format!("tracer={}", oomtrace.display()));
    command.arg(format!("out={}", file.display()));
    // On a disk: some cases need files that are not in memory.
    command.arg(format!("scratch={SCRATCH}"));
    command.args(plan.words());
    sh::run(&mut command)
}
