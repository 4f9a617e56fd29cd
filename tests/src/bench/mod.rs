//! Measuring: `oomtrace-guest bench NAME ...`. Figures go to standard output, one a line; nothing here passes or fails.

mod figure;
mod latency;
mod peers;
mod run;
mod sampling;
mod slowdown;
mod soak;
mod start;
mod status;
mod subject;
mod victims;

pub use peers::in_guest as peers;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use crate::sys;

/// `latency TRACER KILLS PAUSE_MS`, `start TRACER RUNS IDLE_SECONDS`, `sampling TRACER PROCESSES CGROUPS SECONDS`,
/// `soak TRACER SECONDS PAUSE_MS`, `slowdown TRACER ROUNDS PASSES` or `run TRACER PAIRS`.
///
/// # Errors
/// When it is not root, the arguments are not these, or the tracer fails.
pub fn main(arguments: impl Iterator<Item = OsString>) -> Result<()> {
    ensure!(sys::is_root(), "tracing needs root: run with sudo");
    let arguments: Vec<OsString> = arguments.collect();
    let number = |at: usize| -> Result<u64> {
        let text = arguments.get(at).context("an argument is missing")?.to_string_lossy().into_owned();
        text.parse().with_context(|| format!("not a number: {text}"))
    };
    let tracer = PathBuf::from(arguments.get(1).context("no tracer named")?);
    let count = usize::try_from(number(2)?)?;
    load();
    match arguments[0].to_str() {
        Some("latency") => latency::measure(&tracer, count, Duration::from_millis(number(3)?)),
        Some("start") => start::measure(&tracer, count, Duration::from_secs(number(3)?)),
        Some("sampling") => {
            let cgroups = usize::try_from(number(3)?)?;
            sampling::measure(&tracer, count, cgroups, Duration::from_secs(number(4)?))
        }
        Some("soak") => {
            soak::measure(&tracer, Duration::from_secs(number(2)?), Duration::from_millis(number(3)?))
        }
        Some("run") => run::measure(&tracer, count),
        Some("slowdown") => slowdown::measure(&tracer, count, usize::try_from(number(3)?)?),
        _ => bail!("no benchmark {}", arguments[0].to_string_lossy()),
    }?;
    load();
    Ok(())
}

/// What else the machine does: figures of a busy one can't be compared with those of a quiet one.
fn load() {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split_whitespace().take(3).collect();
    println!("load average {} on {} CPUs", load.join(" "), sys::possible_cpus());
}
