//! The contained scenarios on a development machine.

use anyhow::{Context as _, Result, bail, ensure};

use crate::cgroup::{Hierarchy, Version};
use crate::runner::{Settings, Tally, run_all};
use crate::scenario::{Boot, SCENARIOS, Scenario, find};
use crate::sys;

/// Runs the named scenarios, or all that this machine's cgroup version allows; the tracer is `OOMTRACE_BIN`, and
/// `OOMTRACE_TRACER=none` looks at the kernel's reports alone.
///
/// # Errors
/// When it is not root, has no memory controller or no tracer, or a name is not of a contained scenario.
pub fn native(names: &[String]) -> Result<Tally> {
    ensure!(sys::is_root(), "real OOM kills need root: run with sudo");
    let hierarchy = Hierarchy::find()?;
    let boot = if hierarchy.version == Version::V1 { Boot::V1 } else { Boot::V2 };
    let kernel_only = std::env::var("OOMTRACE_TRACER").is_ok_and(|value| value == "none");
    let tracer = if kernel_only {
        None
    } else {
        Some(std::env::var_os("OOMTRACE_BIN").context("OOMTRACE_BIN does not name the tracer")?.into())
    };
    let scenarios = if names.is_empty() { all(boot) } else { named(names, boot)? };
    Ok(run_all(&scenarios, &Settings { tracer, native: true }))
}

fn all(boot: Boot) -> Vec<&'static Scenario> {
    SCENARIOS.iter().filter(|scenario| scenario.contained && scenario.boot == boot).collect()
}

fn named(names: &[String], boot: Boot) -> Result<Vec<&'static Scenario>> {
    let mut found = Vec::new();
    for name in names.iter().flat_map(|names| names.split(',')) {
        let scenario = find(name).with_context(|| format!("no scenario {name}"))?;
        if !scenario.contained {
            bail!("{name} is not contained in a memory cgroup: it runs in guests only");
        }
        if scenario.boot != boot {
            bail!("{name} needs cgroup {}, this machine has {boot}", scenario.boot);
        }
        found.push(scenario);
    }
    Ok(found)
}
