//! What sampling costs among many processes and cgroups.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::status::{memory, thread_cpu_ns, used};
use super::subject::{Kind, Subject};
use crate::cgroup::{Cgroup, Hierarchy};
use crate::scenario::PREFIX;

const PATIENCE: Duration = Duration::from_secs(60);
/// All have been looked at and named by then.
const SETTLE: Duration = Duration::from_secs(20);

/// Leaves the tracer alone for `time` among `processes` and `cgroups`, without and with a history.
pub(super) fn measure(tracer: &Path, processes: usize, cgroups: usize, time: Duration) -> Result<()> {
    let name = format!("{PREFIX}{}-sampling", std::process::id());
    let top = Cgroup::new(&Hierarchy::find()?, name.as_bytes())?;
    let below: Vec<Cgroup> = (0..cgroups)
        .map(|at| top.child(format!("unit-{at:04}.service").as_bytes()))
        .collect::<Result<_>>()?;
    let crowd = Crowd::start(&top, processes)?;
    println!("{processes} processes and {cgroups} memory cgroups beside those of the machine");
    passes(tracer, &["--cost", "40"])?;
    passes(tracer, &["--hook-cost", "20"])?;
    one(tracer, &["--no-history"], Duration::from_secs(5))?;
    one(tracer, &[], time)?;
    said(tracer, &["sample", "--cost", "40"])?;
    drop(crowd);
    // Children first.
    drop(below);
    drop(top);
    Ok(())
}

/// CPU time of single passes by iterators and by files, or of the allocation hook per page, as the tracer itself takes it.
fn passes(tracer: &Path, options: &[&str]) -> Result<()> {
    let status = Command::new(tracer).arg("sample").args(options).status().context("can't run the tracer")?;
    anyhow::ensure!(status.success(), "sample {options:?} failed");
    Ok(())
}

fn one(tracer: &Path, options: &[&str], time: Duration) -> Result<()> {
    let mut command = Command::new(tracer);
    command.args(["trace", "--json"]).args(options);
    let mut subject = Subject::start(Kind::Oomtrace, &mut command, Path::new("/dev/null"))?;
    subject.ready(PATIENCE)?;
    std::thread::sleep(SETTLE);
    let pid = subject.pid();
    let sampler = || thread_cpu_ns(pid, "oomtrace-smpl");
    let (begun, all, smpl) = (Instant::now(), used(pid)?.cpu_ns, sampler()?);
    std::thread::sleep(time);
    let (all, smpl) = (used(pid)?.cpu_ns - all, sampler()? - smpl);
    let percent = |ns: u64| 100.0 * Duration::from_nanos(ns).as_secs_f64() / begun.elapsed().as_secs_f64();
    println!(
        "{options:?}: sampler {:.3} % of a CPU, all threads {:.3} %, over {:.0} s",
        percent(smpl),
        percent(all),
        begun.elapsed().as_secs_f64()
    );
    memory("then", pid)?;
    subject.finish(PATIENCE)?;
    Ok(())
}

/// Prints what the tracer itself measures.
pub(super) fn said(tracer: &Path, arguments: &[&str]) -> Result<()> {
    let output = Command::new(tracer).args(arguments).output().context("can't start the tracer")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "{arguments:?}: {}\n{errors}", output.status);
    print!("{}:\n{}", arguments.join(" "), String::from_utf8_lossy(&output.stdout));
    Ok(())
}

/// The processes; they end with this.
struct Crowd(Child);

impl Crowd {
    fn start(cgroup: &Cgroup, number: usize) -> Result<Self> {
        let child = Command::new("/proc/self/exe")
            .arg("workload")
            .arg(cgroup.join())
            .args(["crowd", &number.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .context("can't start the workload")?;
        let mut crowd = Self(child);
        let mut line = String::new();
        let output = crowd.0.stdout.take().context("no output")?;
        BufReader::new(output).read_line(&mut line)?;
        anyhow::ensure!(line.trim_end() == "ready", "the crowd could not be started: {line:?}");
        Ok(crowd)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
