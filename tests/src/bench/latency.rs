//! From a kill to what the user sees of it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::figure::{ms, spread};
use super::status::memory;
use super::subject::{Kind, Line, Subject};
use super::victims::{Victim, Victims};

/// The victims' cgroup.
const LIMIT: u64 = 16 << 20;
/// A report that takes longer is missing.
const PATIENCE: Duration = Duration::from_secs(5);
/// Late updates come within this time.
const SETTLE: Duration = Duration::from_secs(2);

/// One kill and its report.
struct Sample {
    victim: Victim,
    line: Line,
    record: Value,
}

impl Sample {
    fn kernel(&self) -> u64 {
        self.record["boottime_ns"].as_u64().unwrap_or_default()
    }
}

/// Makes `kills`, one at a time, `pause` apart, and prints how long each step took.
pub(super) fn measure(tracer: &Path, kills: usize, pause: Duration) -> Result<()> {
    let errors = std::env::temp_dir().join(format!("oomtrace-bench-{}.err", std::process::id()));
    let mut command = Command::new(tracer);
    let mut subject = Subject::start(Kind::Oomtrace, command.args(["trace", "--json"]), &errors)?;
    subject.ready(PATIENCE)?;
    let mut victims = Victims::new(LIMIT)?;
    // Start-up goes on in the background for a moment: the kernel's symbols.
    std::thread::sleep(Duration::from_secs(2));
    memory("before the kills", subject.pid())?;
    let mut samples = Vec::new();
    for _ in 0..kills {
        std::thread::sleep(pause);
        let victim = victims.kill()?;
        let line = subject.report(victim.pid, PATIENCE)?;
        let line = line.with_context(|| format!("no report of process {}", victim.pid))?;
        let record = serde_json::from_str(&line.text)?;
        samples.push(Sample { victim, line, record });
    }
    std::thread::sleep(SETTLE);
    memory("after the kills", subject.pid())?;
    let rest = subject.finish(PATIENCE)?;
    let _ = std::fs::remove_file(errors);
    ensure!(samples.iter().all(|sample| sample.kernel() > 0), "a record has no boottime_ns");
    print(&samples, &rest);
    Ok(())
}

fn print(samples: &[Sample], rest: &[Line]) {
    let of = |step: &dyn Fn(&Sample) -> Option<f64>| -> String {
        spread(&samples.iter().filter_map(step).collect::<Vec<_>>(), "ms")
    };
    println!("page fault to kill: {}", of(&|sample| Some(ms(sample.victim.last_fault, sample.kernel()))));
    println!(
        "kill to received:   {}",
        of(&|sample| Some(ms(0, sample.record["system"]["age_ns"].as_u64()?)))
    );
    println!(
        "kill to exit:       {}",
        of(&|sample| Some(ms(0, sample.record["victims"][0]["kill_to_exit_ns"].as_u64()?)))
    );
    println!("kill to line:       {}", of(&|sample| Some(ms(sample.kernel(), sample.line.at))));
    let open =
        samples.iter().filter(|sample| sample.record["victims"][0]["kill_to_exit_ns"].is_null()).count();
    println!("lines written before the victim was gone: {open}");
    if let Some(footer) = rest.iter().find(|line| line.text.contains("\"type\":\"footer\"")) {
        println!("{}", footer.text);
    }
}
