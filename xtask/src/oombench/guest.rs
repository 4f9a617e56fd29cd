//! The suite in a guest with cgroup v2.

use super::Plan;
use super::programs;
use crate::vm::{Custom, ext4, tool};
use crate::{paths, sh};
use anyhow::{Context as _, Result};
use std::path::Path;
use std::process::Command;

/// Global kills fill it.
const MEMORY_MIB: u32 = 768;
/// There has to be room for the limits, and beside them for the programs' own text.
const MEMORY_WITH_PROGRAMS_MIB: u32 = 2560;

/// Boots `kernel`, runs what `plan` names, and takes the outcome off the guest's disk into `out`.
pub(super) fn run(plan: &Plan, kernel: &str, kvm: bool, out: &Path) -> Result<()> {
    let guest = Custom::prepare(kernel, false)?;
    let programs = plan.suites.iter().any(|suite| suite != "A");
    let scratch = tempfile::tempdir_in(paths::target())?;
    let disk = scratch.path().join("disk");
    if programs {
        std::fs::copy(programs::disk(&guest)?, &disk).context("cannot copy the disk")?;
    } else {
        ext4(&scratch.path().join("empty"), &disk, "600M")?;
    }
    let memory = if programs { MEMORY_WITH_PROGRAMS_MIB } else { MEMORY_MIB };
    let asked = format!("oomtrace.oombench={}", plan.words().join(";"));
    // A case without its kill is an outcome, and counted as such in the scores.
    if let Err(error) = guest.run(&disk, memory, &asked, kvm) {
        eprintln!("warning: {error:#}");
    }
    let file = out.join(format!("{kernel}-{}.ndjson", plan.name()));
    let ask = format!("dump /out.ndjson {}", file.display());
    sh::output(Command::new(tool("debugfs")).arg("-R").arg(ask).arg(&disk))?;
    std::fs::metadata(&file).map(drop).context("the guest left no outcome on its disk")
}
