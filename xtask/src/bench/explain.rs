//! How fast an old log is read, beside grep, zcat and zstdcat on the same file.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::{paths, sh};

/// Read a log of a gigabyte: `oomtrace explain` and `grep -i 'killed process'`, in turn; the same compressed, beside zcat and zstdcat;
/// and one of a third of the size with "out of memory" in each line.
#[derive(clap::Args, Clone, Copy)]
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
        let explain = |log: &Path| {
            let mut command = Command::new(&oomtrace);
            command.args(["explain", "--json"]).arg(log);
            command
        };
        let mut grep = Command::new("grep");
        grep.env("LC_ALL", "C").args(["-i", "-a", "killed process"]).arg(&log);
        self.compare(&log, explain(&log), "grep -i", Some((grep, true)))?;
        for (program, undo, ending) in [("gzip", "zcat", "gz"), ("zstd", "zstdcat", "zst")] {
            let packed = packed(program, &log, ending)?;
            let mut other = Command::new(undo);
            other.arg(&packed);
            self.compare(&packed, explain(&packed), undo, Some((other, false)))?;
            std::fs::remove_file(&packed)?;
        }
        std::fs::remove_file(&log).context("the log can't be removed")?;
        let dense = self.dense()?;
        Self { kills: 0, ..self }.compare(&dense, explain(&dense), "", None)?;
        std::fs::remove_file(&dense).context("the log can't be removed")
    }

    /// Both in turn, the fastest of each told; the other one's kills are counted where it finds them.
    fn compare(
        self,
        log: &Path,
        mut ours: Command,
        name: &str,
        mut other: Option<(Command, bool)>,
    ) -> Result<()> {
        let (mut best_ours, mut best_other) = (None, None);
        for _ in 0..self.runs.max(1) {
            keep(&mut best_ours, measure(&mut ours, Some(self.kills))?);
            if let Some((other, finds)) = &mut other {
                keep(&mut best_other, measure(other, finds.then_some(self.kills))?);
            }
        }
        let file = log.file_name().unwrap_or_default().to_string_lossy();
        println!("{file}: {} bytes, {} kills, best of {} runs", log.metadata()?.len(), self.kills, self.runs);
        for (name, took) in [("oomtrace explain", best_ours), (name, best_other)] {
            let Some(Took { wall, cpu, peak_kib }) = took else { continue };
            println!(
                "  {name:<17} {:.2} s, CPU {:.2} s, peak {peak_kib} KiB",
                wall.as_secs_f64(),
                cpu.as_secs_f64()
            );
        }
        Ok(())
    }

    /// Lines of a program that runs out of memory again and again, a third of the size.
    fn dense(self) -> Result<PathBuf> {
        let path = paths::target().join("bench-explain-dense.log");
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&path)?);
        let (total, mut written, mut number) = ((self.mib << 20) / 3, 0, 0_u64);
        while written < total {
            number += 1;
            let (hour, minute, second) = (number / 3600 % 24, number / 60 % 60, number % 60);
            let line = format!(
                "Nov 23 {hour:02}:{minute:02}:{second:02} web-3 app[{}]: request {number} failed: worker ran out of memory\n",
                number % 4000
            );
            out.write_all(line.as_bytes())?;
            written += line.len() as u64;
        }
        out.flush()?;
        Ok(path)
    }

    /// Lines of a syslog file, with whole reports at equal distances.
    fn log(self) -> Result<PathBuf> {
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

/// The log, compressed as the program does it by default.
fn packed(program: &str, log: &Path, ending: &str) -> Result<PathBuf> {
    let packed = log.with_extension(ending);
    let mut command = Command::new(program);
    command.arg("-c").arg(log).stdout(File::create(&packed)?);
    ensure!(command.status()?.success(), "{} failed", sh::line(&command));
    Ok(packed)
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

/// Runs it and checks that it found what is there, where it looks for that.
fn measure(command: &mut Command, kills: Option<u64>) -> Result<Took> {
    let found = paths::target().join("bench-explain.out");
    let to = if kills.is_some() { Stdio::from(File::create(&found)?) } else { Stdio::null() };
    let begin = Instant::now();
    let child = command.stdin(Stdio::null()).stdout(to).spawn()?;
    let (usage, status) = wait(&child)?;
    let wall = begin.elapsed();
    ensure!(status == 0, "{} ended with status {status}", sh::line(command));
    if let Some(kills) = kills {
        let lines = std::fs::read_to_string(&found)?;
        let is_kill = |line: &&str| line.contains("\"type\":\"oom_kill\"") || line.contains("Killed process");
        let count = lines.lines().filter(is_kill).count() as u64;
        ensure!(count == kills, "{} found {count} of {kills} kills", sh::line(command));
    }
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
