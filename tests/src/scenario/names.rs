//! Hostile names. The kernel itself refuses a newline in a cgroup's name (EINVAL) and cuts comm to 15 bytes.

use anyhow::Result;

use super::MIB;
use super::judge::{Plan, judge};
use super::stage::Stage;
use super::worker::{Worker, arguments};
use crate::protocol::Verdict;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

const COMMS: &[&[u8]] = &[
    b"line\nbreak",
    b"\x1b[31mred\x1b[0m",
    b"a,pid=1,uid=0",
    b"q\"'`$(id)",
    b"\xff\xfe\x80bad",
    b") total-vm:1kB",
    b"back\\x41slash\\",
    b"",
];

/// A process name of each kind.
pub(super) fn comms(stage: &Stage) -> Result<Verdict> {
    let cgroup = stage.cgroup()?;
    cgroup.limit(4 * MIB)?;
    let watch = stage.watch(&[])?;
    let mut plans = Vec::new();
    for comm in COMMS {
        let option = OsString::from_vec([b"comm=", *comm].concat());
        let mut worker = Worker::start(arguments(&[&cgroup.join(), &option, &"anon", &"8388608"]))?;
        worker.killed()?;
        plans.push(Plan { victim: Some(worker.pid()), comm: Some(comm.to_vec()), ..Plan::memcg() });
    }
    judge(stage.name, &watch.end(plans.len())?, &plans)
}

const NAMES: &[&[u8]] = &[
    b"-\x1b[31mred\x07",
    b"-a,task_memcg=x,task=y",
    b"-q\"'`$(id) <b>&amp;",
    b"-\xff\xfe\x80bad",
    b"-back\\slash |pipe",
];

/// A cgroup name of each kind, the last of 255 bytes.
pub(super) fn cgroups(stage: &Stage) -> Result<Verdict> {
    let mut names: Vec<Vec<u8>> = NAMES.iter().map(|name| [&stage.prefix(), *name].concat()).collect();
    let mut long = stage.prefix();
    long.resize(255, b'n');
    names.push(long);
    let watch = stage.watch(&[])?;
    let mut plans = Vec::new();
    let mut cgroups = Vec::new();
    for name in &names {
        let cgroup = crate::cgroup::Cgroup::new(&stage.hierarchy, name)?;
        cgroup.limit(4 * MIB)?;
        let mut worker = Worker::start(arguments(&[&cgroup.join(), &"anon", &"8388608"]))?;
        worker.killed()?;
        let path = Some(cgroup.path());
        plans.push(Plan { victim: Some(worker.pid()), limit: path.clone(), home: path, ..Plan::memcg() });
        cgroups.push(cgroup);
    }
    judge(stage.name, &watch.end(plans.len())?, &plans)
}
