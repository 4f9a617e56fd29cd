//! What /proc says about a running tracer.

use std::fs;

use anyhow::{Context as _, Result};

/// `VmRSS` and the like in KiB.
pub(super) fn kib(pid: u32, key: &str) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let value =
        text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')?.split_whitespace().next());
    value.with_context(|| format!("no {key}"))?.parse().context("not a number")
}

/// What all threads have used so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Used {
    /// Nanoseconds on a CPU.
    pub(super) cpu_ns: u64,
    /// Times it waited.
    pub(super) voluntary: u64,
    /// Times it was interrupted by others.
    pub(super) involuntary: u64,
    pub(super) threads: usize,
}

/// Sums over /proc/PID/task; a thread that ends meanwhile is left out.
pub(super) fn used(pid: u32) -> Result<Used> {
    let mut used = Used::default();
    for entry in fs::read_dir(format!("/proc/{pid}/task"))?.flatten() {
        let read = |name: &str| fs::read_to_string(entry.path().join(name)).unwrap_or_default();
        let (times, status) = (read("schedstat"), read("status"));
        let count = |key: &str| -> u64 {
            let value = status.lines().find_map(|line| line.strip_prefix(key)?.trim().parse().ok());
            value.unwrap_or_default()
        };
        used.cpu_ns += times.split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(0);
        used.voluntary += count("voluntary_ctxt_switches:");
        used.involuntary += count("nonvoluntary_ctxt_switches:");
        used.threads += 1;
    }
    Ok(used)
}

/// Nanoseconds on a CPU of the threads of this name.
pub(super) fn thread_cpu_ns(pid: u32, name: &str) -> Result<u64> {
    let mut used = 0;
    for entry in fs::read_dir(format!("/proc/{pid}/task"))?.flatten() {
        let read = |file: &str| fs::read_to_string(entry.path().join(file)).unwrap_or_default();
        if read("comm").trim_end() == name {
            used += read("schedstat").split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(0);
        }
    }
    Ok(used)
}

/// Prints what it occupies.
pub(super) fn memory(when: &str, pid: u32) -> Result<()> {
    const KEYS: [&str; 6] = ["VmRSS", "VmHWM", "VmLck", "RssAnon", "RssFile", "RssShmem"];
    let values =
        KEYS.iter().map(|key| Ok(format!("{key} {}", kib(pid, key)?))).collect::<Result<Vec<_>>>()?;
    println!("memory {when} (KiB): {}", values.join(", "));
    Ok(())
}
