//! Who is chosen, and what belongs to it.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use super::MIB;
use super::judge::{Plan, judge, sums, verdict};
use super::memcg::finish;
use super::stage::Stage;
use super::worker::{Worker, arguments};
use crate::protocol::Verdict;
use crate::sys;

/// The leader has exited, a thread allocates: the kernel names the process once and the thread once.
pub(super) fn leader_exited(stage: &Stage) -> Result<Verdict> {
    let cgroup = stage.cgroup()?;
    cgroup.limit(16 * MIB)?;
    let watch = stage.watch(&[])?;
    let mut worker = Worker::start(arguments(&[&cgroup.join(), &"leader-exit", &"33554432"]))?;
    let thread = worker.line()?.parse().context("no thread id")?;
    worker.ready()?;
    wait_for_zombie(thread, worker.pid())?;
    worker.go()?;
    let plan = Plan {
        thread: Some(thread),
        trigger: Some(thread),
        comm: Some(b"survivor".to_vec()),
        ..Plan::memcg()
    };
    finish(stage, watch, &mut worker, &cgroup, &cgroup, &plan)
}

fn wait_for_zombie(thread: u32, leader: u32) -> Result<()> {
    let ended = wait_for(leader, |state| state == Some('Z'));
    ensure!(ended, "the leader {leader} of thread {thread} has not exited");
    Ok(())
}

/// Waits until the state of a process's leader is as wanted; it has none once it is gone.
fn wait_for(pid: u32, wanted: impl Fn(Option<char>) -> bool) -> bool {
    for _ in 0..1000 {
        if wanted(sys::state(pid)) {
            return true;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    false
}

/// Two processes share the memory: one is chosen, the other dies with it and is not in the log.
pub(super) fn shared_mm(stage: &Stage) -> Result<Verdict> {
    let cgroup = stage.cgroup()?;
    cgroup.limit(16 * MIB)?;
    let watch = stage.watch(&[])?;
    let mut worker = Worker::start(arguments(&[&cgroup.join(), &"share-mm", &"33554432"]))?;
    let other: u32 = worker.line()?.parse().context("no process id")?;
    worker.killed()?;
    // The chosen one may be the one that nobody waits for.
    ensure!(wait_for(other, |state| matches!(state, None | Some('Z' | 'X'))), "{other} lives on");
    let evidence = watch.end(1)?;
    let chosen = evidence.reports.first().and_then(|report| report.choice.as_ref()).map(|choice| choice.pid);
    let pair = [worker.pid(), other];
    ensure!(chosen.is_some_and(|pid| pair.contains(&pid)), "chosen: {chosen:?}, not one of {pair:?}");
    // Both score the same; the later one in the kernel's list wins.
    let shared = pair.into_iter().find(|pid| Some(*pid) != chosen);
    let plan = Plan { victim: chosen, shared, limit: Some(cgroup.path()), ..Plan::memcg() };
    judge(stage.name, &evidence, &[plan])
}

/// `oom_score_adj` makes the smallest process the victim and spares the biggest.
pub(super) fn score_adj(stage: &Stage) -> Result<Verdict> {
    let cgroup = stage.cgroup()?;
    cgroup.limit(32 * MIB)?;
    let start = |options: &[&dyn AsRef<std::ffi::OsStr>]| {
        let mut all: Vec<&dyn AsRef<std::ffi::OsStr>> = Vec::new();
        let join = cgroup.join();
        all.push(&join);
        all.extend_from_slice(options);
        Worker::start(arguments(&all))
    };
    let mut small = start(&[&"comm=small", &"adj=800", &"anon", &"6291456"])?;
    // Only CAP_SYS_RESOURCE may lower it, which a development machine may lack; then it is spared for its size.
    let (adj, size) = if stage.native { ("adj=0", "10485760") } else { ("adj=-1000", "15728640") };
    let mut spared = start(&[&"comm=spared", &adj, &"anon", &size])?;
    small.ready()?;
    spared.ready()?;
    let watch = stage.watch(&[])?;
    let trigger_size = if stage.native { "18874368" } else { "13631488" };
    let mut trigger = start(&[&"comm=trigger", &"adj=100", &"anon", &trigger_size])?;
    small.killed()?;
    let evidence = watch.end(1 + usize::from(trigger.followed()?))?;
    spared.alive()?;
    let plan = Plan {
        victim: Some(small.pid()),
        trigger: Some(trigger.pid()),
        limit: Some(cgroup.path()),
        ..Plan::memcg()
    };
    judge(stage.name, &evidence, &[plan])
}

/// Shared memory: it is the victim's, but killing does not need to free it.
pub(super) fn shmem(stage: &Stage) -> Result<Verdict> {
    let cgroup = stage.cgroup()?;
    cgroup.limit(16 * MIB)?;
    let watch = stage.watch(&[])?;
    let mut worker = Worker::start(arguments(&[&cgroup.join(), &"shmem", &"33554432"]))?;
    finish(stage, watch, &mut worker, &cgroup, &cgroup, &Plan::memcg())
}

/// A mapped file that can't be reclaimed (ramfs).
pub(super) fn file_mapped(stage: &Stage) -> Result<Verdict> {
    let cgroup = stage.cgroup()?;
    cgroup.limit(16 * MIB)?;
    let target = stage.directory.join("ramfs");
    std::fs::create_dir_all(&target)?;
    sys::mount("ramfs", &target, "ramfs", "").context("can't mount ramfs")?;
    let result = file_in(stage, &cgroup, &target.join("file"));
    sys::unmount(&target)?;
    result
}

fn file_in(stage: &Stage, cgroup: &crate::cgroup::Cgroup, file: &Path) -> Result<Verdict> {
    let watch = stage.watch(&[])?;
    let mut worker = Worker::start(arguments(&[&cgroup.join(), &"file", &file, &"33554432"]))?;
    finish(stage, watch, &mut worker, cgroup, cgroup, &Plan::memcg())
}

/// Nobody may be killed: the charge fails, and that is no incident.
pub(super) fn nothing_killable(stage: &Stage) -> Result<Verdict> {
    let cgroup = stage.cgroup()?;
    cgroup.limit(8 * MIB)?;
    let watch = stage.watch(&[])?;
    let mut worker = Worker::start(arguments(&[&cgroup.join(), &"adj=-1000", &"shmem-write", &"16777216"]))?;
    let status = worker.end()?;
    let evidence = watch.stop()?;
    ensure!(status.code() == Some(libc::ENOMEM), "the write ended with {status}, not ENOMEM");
    ensure!(evidence.vmstat == Some(0), "somebody was killed: {:?}", evidence.vmstat);
    ensure!(evidence.unkillable, "the kernel did not say that nothing is killable");
    let Some(stream) = &evidence.stream else {
        return Ok(Verdict::Skip(
            "the kernel's report is as planned; without a tracer nothing is compared".into(),
        ));
    };
    let mut findings = Vec::new();
    if !stream.kills().is_empty() {
        findings.push(format!("records: {} for no kill", stream.kills().len()));
    }
    sums(&evidence, stream, &mut findings);
    Ok(verdict(stage.name, &evidence, stream, 4, &findings))
}
