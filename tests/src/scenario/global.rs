//! The whole machine out of memory. Guests only.

use std::fs;

use anyhow::{Context as _, Result, bail, ensure};

use super::judge::{Plan, judge};
use super::stage::{Evidence, Stage};
use super::worker::{Worker, arguments};
use crate::protocol::{Verdict, log};

/// How often the hog may try to be the one who asks.
const TRIES: usize = 3;

/// More than the machine has.
pub(super) fn too_much(stage: &Stage) -> String {
    let machine = stage.machine();
    ((machine.ram_pages + machine.swap_pages) * 2 * machine.page).to_string()
}

/// One process eats the machine; the tracer survives and reports it.
pub(super) fn eaten(stage: &Stage) -> Result<Verdict> {
    let home = stage.cgroup()?;
    let watch = stage.watch(&[])?;
    let mut hog = Worker::start(arguments(&[&home.join(), &"comm=hog", &"anon", &too_much(stage)]))?;
    hog.killed()?;
    let evidence = watch.end(1)?;
    let plan = Plan { victim: Some(hog.pid()), home: Some(home.path()), ..Plan::global() };
    judge(stage.name, &evidence, &[plan])
}

/// Asked for by SysRq-f: no allocation, order -1, a kernel worker as trigger.
pub(super) fn sysrq(stage: &Stage) -> Result<Verdict> {
    let home = stage.cgroup()?;
    let mut holder = Worker::start(arguments(&[&home.join(), &"adj=500", &"anon", &"33554432"]))?;
    holder.ready()?;
    let watch = stage.watch(&[])?;
    fs::write("/proc/sysrq-trigger", "f").context("no SysRq")?;
    holder.killed()?;
    let evidence = watch.end(1)?;
    let plan = Plan { victim: Some(holder.pid()), home: Some(home.path()), ..Plan::global() };
    judge(stage.name, &evidence, &[plan])
}

/// `vm.oom_kill_allocating_task`: the kernel scores nobody and kills who asked.
///
/// Unless that is one that may not be killed, the tracer or this: then it scores after all, and the hog has to be the first
/// to ask once more.
pub(super) fn allocating_task(stage: &Stage) -> Result<Verdict> {
    let home = stage.cgroup()?;
    for _ in 0..TRIES {
        let watch = stage.watch(&[])?;
        fs::write("/proc/sys/vm/oom_kill_allocating_task", "1").context("no oom_kill_allocating_task")?;
        let mut hog = Worker::start(arguments(&[&home.join(), &"anon", &too_much(stage)]))?;
        let killed = hog.killed();
        fs::write("/proc/sys/vm/oom_kill_allocating_task", "0")?;
        killed?;
        let evidence = watch.end(1)?;
        let report = evidence.reports.first().context("a report was waited for")?;
        let message = report.killed.first().map(|killed| killed.message.as_str());
        if message == Some("Out of memory") && report.trigger_pid != Some(hog.pid()) {
            log(stage.name, &format!("{:?} asked first", report.trigger_pid));
            continue;
        }
        ensure!(message == Some("Out of memory (oom_kill_allocating_task)"), "the kernel says {message:?}");
        return judge_allocating(stage, &evidence, hog.pid());
    }
    bail!("the hog was never the first to ask")
}

fn judge_allocating(stage: &Stage, evidence: &Evidence, hog: u32) -> Result<Verdict> {
    let plan = Plan { victim: Some(hog), trigger: Some(hog), ..Plan::global() };
    judge(stage.name, evidence, &[plan])
}
