//! Limits of memory cgroups: whose, and how far above the victim.

use anyhow::{Result, ensure};

use super::MIB;
use super::judge::{Plan, judge};
use super::stage::{Stage, Watch};
use super::worker::{Worker, arguments};
use crate::cgroup::Cgroup;
use crate::protocol::Verdict;

/// One process runs into the limit of its own memory cgroup, as another user than root.
pub(super) fn own_limit(stage: &Stage) -> Result<Verdict> {
    let cgroup = stage.cgroup()?;
    cgroup.limit(16 * MIB)?;
    let watch = stage.watch(&[])?;
    let mut worker = Worker::start(arguments(&[&cgroup.join(), &"uid=1234", &"anon", &"33554432"]))?;
    finish(stage, watch, &mut worker, &cgroup, &cgroup, &Plan::memcg())
}

/// The end of every scenario in which one worker dies of its own allocation.
pub(super) fn finish(
    stage: &Stage,
    watch: Watch<'_>,
    worker: &mut Worker,
    limit: &Cgroup,
    home: &Cgroup,
    plan: &Plan,
) -> Result<Verdict> {
    worker.killed()?;
    let evidence = watch.end(1)?;
    ensure!(home.kills() == Some(1), "the cgroup counts {:?} kills instead of 1", home.kills());
    let pid = worker.pid();
    let plan = Plan {
        victim: plan.victim.or(Some(pid)),
        trigger: plan.trigger.or(Some(pid)),
        limit: Some(limit.path()),
        home: Some(home.path()),
        ..plan.clone()
    };
    judge(stage.name, &evidence, &[plan])
}

/// The limit is one level above the victim.
pub(super) fn limit_1_above(stage: &Stage) -> Result<Verdict> {
    limit_above(stage, 1)
}

/// The limit is two levels above the victim.
pub(super) fn limit_2_above(stage: &Stage) -> Result<Verdict> {
    limit_above(stage, 2)
}

/// The limit is five levels above the victim.
pub(super) fn limit_5_above(stage: &Stage) -> Result<Verdict> {
    limit_above(stage, 5)
}

fn limit_above(stage: &Stage, levels: usize) -> Result<Verdict> {
    // Children first: they are removed in this order too.
    let mut line = vec![stage.cgroup()?];
    for level in 1..=levels {
        let child = line[0].child(format!("level-{level}").as_bytes())?;
        line.insert(0, child);
    }
    let top = &line[levels];
    top.limit(16 * MIB)?;
    let watch = stage.watch(&[])?;
    let mut worker = Worker::start(arguments(&[&line[0].join(), &"anon", &"33554432"]))?;
    finish(stage, watch, &mut worker, top, &line[0], &Plan::memcg())
}

/// A small process hits the limit, a big one that holds still is killed.
pub(super) fn other_victim(stage: &Stage) -> Result<Verdict> {
    let cgroup = stage.cgroup()?;
    cgroup.limit(24 * MIB)?;
    let mut big = Worker::start(arguments(&[&cgroup.join(), &"comm=big", &"anon", &"14680064"]))?;
    big.ready()?;
    let watch = stage.watch(&[])?;
    let mut small = Worker::start(arguments(&[&cgroup.join(), &"comm=small", &"anon", &"14680064"]))?;
    big.killed()?;
    let evidence = watch.end(1 + usize::from(small.followed()?))?;
    let plan = Plan {
        victim: Some(big.pid()),
        comm: Some(b"big".to_vec()),
        trigger: Some(small.pid()),
        limit: Some(cgroup.path()),
        home: Some(cgroup.path()),
        ..Plan::memcg()
    };
    judge(stage.name, &evidence, &[plan])
}

/// `memory.oom.group`: all 20 members die of one kill, and the kernel logs and counts the chosen one twice.
pub(super) fn oom_group(stage: &Stage) -> Result<Verdict> {
    let cgroup = stage.cgroup()?;
    cgroup.limit(48 * MIB)?;
    cgroup.write("memory.oom.group", "1")?;
    let mut members = Vec::new();
    for at in 1..20 {
        let comm = format!("comm=member-{at}");
        members.push(Worker::start(arguments(&[&cgroup.join(), &comm, &"anon", &"1048576"]))?);
    }
    for member in &mut members {
        member.ready()?;
    }
    let watch = stage.watch(&[])?;
    let mut hog = Worker::start(arguments(&[&cgroup.join(), &"comm=hog", &"anon", &"67108864"]))?;
    hog.killed()?;
    for member in &mut members {
        member.killed()?;
    }
    let evidence = watch.end(1)?;
    let plan = Plan {
        victim: Some(hog.pid()),
        trigger: Some(hog.pid()),
        limit: Some(cgroup.path()),
        killed: 21,
        ..Plan::memcg()
    };
    judge(stage.name, &evidence, &[plan])
}

/// `memory.max` lowered below the usage by a process outside: the writer is the trigger.
pub(super) fn lowered_limit(stage: &Stage) -> Result<Verdict> {
    let cgroup = stage.cgroup()?;
    cgroup.write("memory.max", "max")?;
    let mut holder = Worker::start(arguments(&[&cgroup.join(), &"anon", &"25165824"]))?;
    holder.ready()?;
    let watch = stage.watch(&[])?;
    let file = cgroup.file("memory.max");
    let mut writer = Worker::start(arguments(&[&"comm=writer", &"write", &file, &"8388608"]))?;
    writer.ready()?;
    writer.go()?;
    let plan = Plan { trigger: Some(writer.pid()), ..Plan::memcg() };
    finish(stage, watch, &mut holder, &cgroup, &cgroup, &plan)
}
