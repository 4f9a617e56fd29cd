//! When a victim is gone: with its last thread, which gives the memory back.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::MIB;
use super::judge::{Plan, judge, verdict};
use super::stage::Stage;
use super::worker::{Worker, arguments};
use crate::protocol::Verdict;
use crate::sys;
use crate::tracer::Stream;

/// Enough that giving it back takes long on an emulated machine.
const LIMIT: u64 = 192 * MIB;
const TAKEN: &str = "402653184";
const THREADS: &str = "16";
/// From the record's time, that of the decision, to the SIGKILL, with which the time to the exit begins.
const REPORT_NS: u64 = 50_000_000;
/// From then on a task's exit is told before its memory is given back.
const EXIT_FIRST: (u32, u32) = (6, 16);

/// The victim has threads that are gone long before the one that gives the memory back.
pub(super) fn of_many_threads(stage: &Stage) -> Result<Verdict> {
    let cgroup = stage.cgroup()?;
    cgroup.limit(LIMIT)?;
    let watch = stage.watch(&[])?;
    let mut crowd = Worker::start(arguments(&[&cgroup.join(), &"comm=crowd", &"threads", &THREADS, &TAKEN]))?;
    crowd.ready()?;
    let usage = Usage::follow(cgroup.usage_file());
    crowd.go()?;
    crowd.killed()?;
    let in_use_ns = usage.last_in_use_ns().context("the memory was never in use")?;
    let evidence = watch.end(1)?;
    let plan = Plan {
        victim: Some(crowd.pid()),
        trigger: Some(crowd.pid()),
        limit: Some(cgroup.path()),
        home: Some(cgroup.path()),
        ..Plan::memcg()
    };
    let judged = judge(stage.name, &evidence, &[plan])?;
    let (Verdict::Pass(agreed), Some(stream)) = (&judged, &evidence.stream) else { return Ok(judged) };
    let record = *stream.kills().first().context("a record was compared")?;
    let Some(after_ns) = kill_to_exit_ns(record, stream) else {
        return Ok(verdict(stage.name, &evidence, stream, 0, &["victim.kill_to_exit_ns: missing".into()]));
    };
    let exit_ns = record["boottime_ns"].as_u64().unwrap_or(0) + after_ns + REPORT_NS;
    if sys::kernel_version() >= EXIT_FIRST {
        return Ok(Verdict::Pass(format!("{agreed}; gone after {} ms", after_ns / 1_000_000)));
    }
    if exit_ns >= in_use_ns {
        return Ok(Verdict::Pass(format!(
            "{agreed}; gone after {} ms, {} ms after half of its memory was free",
            after_ns / 1_000_000,
            (exit_ns - in_use_ns) / 1_000_000
        )));
    }
    let early = format!(
        "victim.kill_to_exit_ns: record {after_ns}, and half of its memory was in use {} ms later",
        (in_use_ns - exit_ns) / 1_000_000
    );
    Ok(verdict(stage.name, &evidence, stream, 0, &[early]))
}

/// As the record has it, or an update of it.
fn kill_to_exit_ns(record: &Value, stream: &Stream) -> Option<u64> {
    let updates = stream.of("update").filter(|update| update["id"] == record["id"]);
    let late = updates.filter_map(|update| update.pointer("/exits/0/kill_to_exit_ns")?.as_u64()).next();
    late.or_else(|| record.pointer("/victims/0/kill_to_exit_ns")?.as_u64())
}

/// Watches how much memory a cgroup uses.
struct Usage(JoinHandle<Option<u64>>);

impl Usage {
    /// Until it has been above half of the limit and is below it again.
    fn follow(file: PathBuf) -> Self {
        Self(std::thread::spawn(move || {
            let mut last = None;
            loop {
                let now = sys::boottime_ns();
                match read(&file) {
                    Some(usage) if usage >= LIMIT / 2 => last = Some(now),
                    Some(_) if last.is_none() => {}
                    _ => return last,
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        }))
    }

    /// When half of the limit was in use for the last time, in ns since boot.
    fn last_in_use_ns(self) -> Option<u64> {
        self.0.join().ok().flatten()
    }
}

fn read(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}
