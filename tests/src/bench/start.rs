//! Starting, and what it costs to wait.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::figure::{ms, spread};
use super::status::{memory, used};
use super::subject::{Kind, Subject};

const PATIENCE: Duration = Duration::from_secs(30);
/// What start-up does in the background is over then.
const SETTLE: Duration = Duration::from_secs(3);

/// Starts it `runs` times, then leaves it alone for `idle`.
pub(super) fn measure(tracer: &Path, runs: usize, idle: Duration) -> Result<()> {
    let (mut attached, mut told, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    let start = || {
        let errors = Path::new("/dev/null");
        Subject::start(Kind::Oomtrace, Command::new(tracer).args(["trace", "--json"]), errors)
    };
    for _ in 0..runs {
        let mut subject = start()?;
        let line = subject.ready(PATIENCE)?;
        let header: serde_json::Value = serde_json::from_str(&line.text)?;
        let header = header["boottime_ns"].as_u64().context("the header has no boottime_ns")?;
        attached.push(ms(subject.started, header));
        told.push(ms(subject.started, line.at));
        cpu.push(ms(0, used(subject.pid())?.cpu_ns));
        subject.finish(PATIENCE)?;
    }
    println!("start to attached: {}", spread(&attached, "ms"));
    println!("start to header:   {}", spread(&told, "ms"));
    println!("CPU time of it:    {}", spread(&cpu, "ms"));
    let mut subject = start()?;
    subject.ready(PATIENCE)?;
    let pid = subject.pid();
    memory("at the header", pid)?;
    std::thread::sleep(SETTLE);
    memory("3 s later", pid)?;
    let before = used(pid)?;
    std::thread::sleep(idle);
    let after = used(pid)?;
    println!(
        "{} s without a kill: {:.2} ms on a CPU, {} waits, {} interruptions, {} threads",
        idle.as_secs(),
        ms(before.cpu_ns, after.cpu_ns),
        after.voluntary - before.voluntary,
        after.involuntary - before.involuntary,
        after.threads
    );
    memory("after it", pid)?;
    // Others may have made kills, which it then worked on.
    let rest = subject.finish(PATIENCE)?;
    rest.last().into_iter().for_each(|line| println!("{}", line.text));
    Ok(())
}
