//! A part of the machine out of memory: the nodes of a cpuset, the nodes of a memory policy.

use std::path::Path;

use anyhow::Result;

use super::judge::{Plan, judge};
use super::stage::Stage;
use super::worker::{Worker, arguments};
use crate::protocol::Verdict;

fn second_node() -> bool {
    Path::new("/sys/devices/system/node/node1").exists()
}

fn skip() -> Verdict {
    Verdict::Skip("this machine has one memory node".into())
}

/// More than one node has.
fn too_much(stage: &Stage) -> String {
    (stage.machine().ram_pages * stage.machine().page).to_string()
}

/// A cpuset bound to the second node.
pub(super) fn cpuset(stage: &Stage) -> Result<Verdict> {
    if !second_node() {
        return Ok(skip());
    }
    let home = stage.cgroup()?;
    home.write("cpuset.mems", "1")?;
    let watch = stage.watch(&[])?;
    let mut hog = Worker::start(arguments(&[&home.join(), &"comm=hog", &"anon", &too_much(stage)]))?;
    hog.killed()?;
    let evidence = watch.end(1)?;
    let plan = Plan {
        constraint: "CONSTRAINT_CPUSET",
        victim: Some(hog.pid()),
        home: Some(home.path()),
        ..Plan::global()
    };
    judge(stage.name, &evidence, &[plan])
}

/// A memory policy that binds to the second node.
pub(super) fn memory_policy(stage: &Stage) -> Result<Verdict> {
    if !second_node() {
        return Ok(skip());
    }
    let home = stage.cgroup()?;
    let watch = stage.watch(&[])?;
    let mut hog =
        Worker::start(arguments(&[&home.join(), &"nodes=2", &"comm=hog", &"anon", &too_much(stage)]))?;
    hog.killed()?;
    let evidence = watch.end(1)?;
    let plan = Plan {
        constraint: "CONSTRAINT_MEMORY_POLICY",
        victim: Some(hog.pid()),
        home: Some(home.path()),
        ..Plan::global()
    };
    judge(stage.name, &evidence, &[plan])
}
