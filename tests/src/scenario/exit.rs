//! When a victim is gone: with its last thread, which gives the memory back.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::MIB;
use super::judge::{Plan, judge, verdict};
use super::log_time::{Clock, KILLED};
use super::stage::Stage;
use super::worker::{Worker, arguments};
use crate::protocol::Verdict;
use crate::sys;
use crate::tracer::Stream;

/// Enough that giving it back takes long on an emulated machine.
const LIMIT: u64 = 192 * MIB;
const TAKEN: &str = "402653184";
const THREADS: &str = "16";
/// From then on a task's exit is told before its memory is given back.
const EXIT_FIRST: (u32, u32) = (6, 16);

/// The victim has threads that are gone long before the one that gives the memory back.
pub(super) fn of_many_threads(stage: &Stage) -> Result<Verdict> {
    let cgroup = stage.cgroup()?;
    cgroup.limit(LIMIT)?;
    let watch = stage.watch(&[])?;
    let mut crowd = Worker::start(arguments(&[&cgroup.join(), &"comm=crowd", &"threads", &THREADS, &TAKEN]))?;
    crowd.ready()?;
    let clock = Clock::mark()?;
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
    let ms = |ns: i128| ns / 1_000_000;
    let gone = format!("{agreed}; gone after {} ms", ms(after_ns.into()));
    if sys::kernel_version() >= EXIT_FIRST {
        return Ok(Verdict::Pass(gone));
    }
    // The time begins with the SIGKILL, which is sent before the line is written.
    let exit_ns = clock.latest_of(&evidence.log, KILLED)? + i128::from(after_ns);
    let after_half = exit_ns - i128::from(in_use_ns);
    if after_half >= 0 {
        return Ok(Verdict::Pass(format!("{gone}, {} ms after half of its memory", ms(after_half))));
    }
    let early = format!(
        "victim.kill_to_exit_ns: record {after_ns}, and half of its memory was in use {} ms later",
        ms(-after_half)
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
struct Usage {
    thread: JoinHandle<Option<u64>>,
    over: Arc<AtomicBool>,
}

impl Usage {
    /// Until told that it is over.
    fn follow(file: PathBuf) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            let mut last = None;
            while !told.load(Ordering::Acquire) {
                let now = sys::boottime_ns();
                if read(&file) >= Some(LIMIT / 2) {
                    last = Some(now);
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            last
        });
        Self { thread, over }
    }

    /// When half of the limit was in use for the last time, in ns since boot.
    fn last_in_use_ns(self) -> Option<u64> {
        self.over.store(true, Ordering::Release);
        self.thread.join().ok().flatten()
    }
}

fn read(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}
