//! From start to attached: until the stream's first record, which oomtrace writes when its probes are in place.

use crate::{paths, sh};
use anyhow::{Context as _, Result, ensure};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Start to attached, and resident memory then (needs root).
#[derive(clap::Args)]
pub(crate) struct Startup {
    /// How often it is started
    #[arg(long, default_value_t = 20)]
    runs: usize,
}

impl Startup {
    pub(crate) fn run(self) -> Result<()> {
        ensure!(self.runs > 0, "--runs 0 measures nothing");
        ensure!(sh::is_root(), "loading BPF programs needs root: run with sudo");
        sh::run(sh::cargo().args([
            "build",
            "--quiet",
            "--release",
            "--package",
            "oomtrace",
            "--bin",
            "oomtrace",
        ]))?;
        let runs = (0..self.runs).map(|_| start()).collect::<Result<Vec<_>>>()?;
        let mut times: Vec<Duration> = runs.iter().map(|(time, _)| *time).collect();
        times.sort();
        let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
        println!("start to attached: p50 {:.1} ms, p99 {:.1} ms ({} runs)", at(50), at(99), times.len());
        let resident = runs.iter().map(|(_, kib)| *kib).max().unwrap_or_default();
        println!("resident memory after attach: at most {resident} KiB");
        Ok(())
    }
}

/// Time to the first line and resident memory in KiB.
fn start() -> Result<(Duration, u64)> {
    let begin = Instant::now();
    let mut child = std::process::Command::new(paths::target().join("release/oomtrace"))
        .args(["trace", "--json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start oomtrace")?;
    let measured = first_line(&mut child).map(|()| (begin.elapsed(), resident(child.id())));
    child.kill()?;
    child.wait()?;
    let (time, resident) = measured?;
    Ok((time, resident?))
}

fn first_line(child: &mut Child) -> Result<()> {
    let stdout = child.stdout.take().context("oomtrace has no output")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    ensure!(!line.is_empty(), "oomtrace ended before it was attached");
    Ok(())
}

fn resident(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let value = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let value = value.and_then(|value| value.split_whitespace().next()).context("no VmRSS")?;
    value.parse().context("VmRSS is not a number")
}
