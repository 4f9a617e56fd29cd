//! How fast an old log is read, beside grep on the same file.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::{paths, sh};

/// Read a log of a gigabyte: `oomtrace explain` and `grep -i 'killed process'`, in turn.
#[derive(clap::Args)]
pub(crate) struct Explain {
    /// Size of the log
    #[arg(long, default_value_t = 1024)]
    mib: u64,
    /// Kills in it
    #[arg(long, default_value_t = 10)]
    kills: u64,
    /// Runs of each; the fastest counts
    #[arg(long, default_value_t = 5)]
    runs: u32,
}

/// What a run took.
#[derive(Clone, Copy)]
struct Took {
    wall: Duration,
    cpu: Duration,
    peak_kib: i64,
}

impl Explain {
    pub(crate) fn run(self) -> Result<()> {
        sh::run(sh::cargo().args(["build", "--release", "--package", "oomtrace"]))?;
        let oomtrace = paths::target().join("release/oomtrace");
        let log = self.log()?;
        let bytes = std::fs::metadata(&log)?.len();
        let (mut best_ours, mut best_grep) = (None, None);
        for _ in 0..self.runs.max(1) {
            keep(
                &mut best_ours,
                measure(Command::new(&oomtrace).args(["explain", "--json"]).arg(&log), self.kills)?,
            );
            let mut grep = Command::new("grep");
            grep.env("LC_ALL", "C").args(["-i", "-a", "killed process"]).arg(&log);
            keep(&mut best_grep, measure(&mut grep, self.kills)?);
        }
        println!("{bytes} bytes, {} kills, best of {} runs", self.kills, self.runs);
        for (name, took) in [("oomtrace explain", best_ours), ("grep -i", best_grep)] {
            let Took { wall, cpu, peak_kib } = took.context("there was no run")?;
            let rate = bytes as f64 / 1e6 / cpu.as_secs_f64().max(1e-6);
            println!(
                "{name:<17} {:.2} s, CPU {:.2} s ({rate:.0} MB/s), peak {peak_kib} KiB",
                wall.as_secs_f64(),
                cpu.as_secs_f64()
            );
        }
        std::fs::remove_file(&log).context("the log can't be removed")
    }

    /// Lines of a syslog file, with whole reports at equal distances.
    fn log(&self) -> Result<PathBuf> {
        let path = paths::target().join("bench-explain.log");
        let report = report(&paths::root().join("oomtrace/tests/fixtures/klog/6.18-v1-memcg.kmsg"))?;
        let file = File::create(&path).with_context(|| format!("{} can't be written", path.display()))?;
        let mut out = BufWriter::with_capacity(1 << 20, file);
        let (total, mut written, mut reported, mut number) = (self.mib << 20, 0, 0, 0_u64);
        while written < total {
            number += 1;
            let line = format!(
                "Nov 23 {:02}:{:02}:{:02} web-3 app[{}]: GET /item/{number} 200 {} ms, {} bytes of memory in cache, worker {} is idle\n",
                number / 3600 % 24,
                number / 60 % 60,
                number % 60,
                number % 4000,
                number % 97,
                number * 7919 % 65_536,
                number % 16
            );
            out.write_all(line.as_bytes())?;
            written += line.len() as u64;
            if reported < self.kills && written >= (reported + 1) * total / (self.kills + 1) {
                // Each of another time, so that it is another kill.
                let text =
                    report.replace("HH:MM", &format!("{:02}:{:02}", number / 3600 % 24, reported % 60));
                out.write_all(text.as_bytes())?;
                written += text.len() as u64;
                reported += 1;
            }
        }
        out.flush()?;
        Ok(path)
    }
}

/// A captured report as syslog has it.
fn report(capture: &Path) -> Result<String> {
    let text =
        std::fs::read_to_string(capture).with_context(|| format!("{} can't be read", capture.display()))?;
    let lines = text
        .lines()
        .filter_map(|line| line.split_once(';'))
        .map(|(_, text)| format!("Nov 23 HH:MM:30 web-3 kernel: {text}\n"));
    Ok(lines.collect())
}

fn keep(best: &mut Option<Took>, took: Took) {
    if best.is_none_or(|best| took.cpu < best.cpu) {
        *best = Some(took);
    }
}

/// Runs it and checks that it found what is there.
fn measure(command: &mut Command, kills: u64) -> Result<Took> {
    let found = paths::target().join("bench-explain.out");
    let begin = Instant::now();
    let child = command.stdin(Stdio::null()).stdout(File::create(&found)?).spawn()?;
    let (usage, status) = wait(&child)?;
    let wall = begin.elapsed();
    ensure!(status == 0, "{} ended with status {status}", sh::line(command));
    let lines = std::fs::read_to_string(&found)?;
    let count = lines
        .lines()
        .filter(|line| line.contains("\"type\":\"oom_kill\"") || line.contains("Killed process"))
        .count() as u64;
    ensure!(count == kills, "{} found {count} of {kills} kills", sh::line(command));
    let time = |time: libc::timeval| {
        Duration::from_micros(u64::try_from(time.tv_sec * 1_000_000 + time.tv_usec).unwrap_or(0))
    };
    Ok(Took { wall, cpu: time(usage.ru_utime) + time(usage.ru_stime), peak_kib: usage.ru_maxrss })
}

fn wait(child: &std::process::Child) -> Result<(libc::rusage, i32)> {
    let pid = i32::try_from(child.id())?;
    let (mut status, mut usage) = (0, MaybeUninit::<libc::rusage>::zeroed());
    // SAFETY: both live until the call returns, and the child is ours and not waited for elsewhere.
    let waited = unsafe { libc::wait4(pid, &raw mut status, 0, usage.as_mut_ptr()) };
    ensure!(waited == pid, "waiting failed: {}", std::io::Error::last_os_error());
    // SAFETY: integers, for which zeros and the kernel's answer are valid.
    Ok((unsafe { usage.assume_init() }, status))
}
