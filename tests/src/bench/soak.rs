//! Kills for a long time: nothing may be lost, and nothing may grow.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::status::{Used, kib, used};
use super::subject::{Kind, Subject};
use super::victims::Victims;
use crate::counters::vmstat_kills;

/// The victims' cgroup.
const LIMIT: u64 = 16 << 20;
/// A report that takes longer is missing.
const PATIENCE: Duration = Duration::from_secs(10);
/// Lines of figures.
const STEPS: u32 = 10;

/// Makes a kill every `pause` for `time`, and prints what was reported and what the tracer occupies on the way.
pub(super) fn measure(tracer: &Path, time: Duration, pause: Duration) -> Result<()> {
    let errors = Path::new("/dev/null");
    let counted = vmstat_kills().context("no oom_kill in /proc/vmstat")?;
    let mut subject = Subject::start(Kind::Oomtrace, Command::new(tracer).args(["trace", "--json"]), errors)?;
    subject.ready(PATIENCE)?;
    let mut victims = Victims::new(LIMIT)?;
    let (begin, step) = (Instant::now(), time / STEPS);
    let (mut made, mut reported) = (0_u64, 0_u64);
    let mut figures = Figures::at(subject.pid(), begin)?;
    let (mut next, mut next_figures) = (begin, begin + step);
    while begin.elapsed() < time {
        let victim = victims.kill()?;
        made += 1;
        reported += u64::from(subject.report(victim.pid, PATIENCE)?.is_some());
        if Instant::now() >= next_figures {
            next_figures += step;
            figures = figures.print_next(subject.pid(), made)?;
        }
        // A kill that took long is not made up for.
        next = (next + pause).max(Instant::now());
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    let rest = subject.finish(PATIENCE)?;
    let footer = rest.last().context("no footer")?;
    let footer: Value = serde_json::from_str(&footer.text)?;
    println!(
        "{made} kills made, {reported} reported; /proc/vmstat counted {}",
        vmstat_kills().unwrap_or(0).saturating_sub(counted)
    );
    println!("footer: {footer}");
    Ok(())
}

/// What the tracer occupies at a moment.
struct Figures {
    at: Instant,
    begin: Instant,
    used: Used,
}

impl Figures {
    fn at(pid: u32, begin: Instant) -> Result<Self> {
        Ok(Self { at: Instant::now(), begin, used: used(pid)? })
    }

    /// Prints what has become of it since then, and gives how it is now.
    fn print_next(&self, pid: u32, made: u64) -> Result<Self> {
        let now = Self::at(pid, self.begin)?;
        let cpu_ns = now.used.cpu_ns.saturating_sub(self.used.cpu_ns);
        let passed = now.at.duration_since(self.at).as_nanos().max(1);
        let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd"))?.count();
        println!(
            "{:>5} s, {made:>5} kills: {} KiB resident, {} KiB anonymous, {descriptors} descriptors, {} threads, {:.2} % of a CPU",
            now.at.duration_since(self.begin).as_secs(),
            kib(pid, "VmRSS")?,
            kib(pid, "RssAnon")?,
            now.used.threads,
            cpu_ns as f64 * 100.0 / passed as f64
        );
        Ok(now)
    }
}
