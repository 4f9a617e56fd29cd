//! The same kill with hooks denied one by one, and without type information.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::MIB;
use super::judge::Plan;
use super::memcg::finish;
use super::stage::Stage;
use super::worker::{Worker, arguments};
use crate::compare::Rung;
use crate::protocol::Verdict;
use crate::sys;

const BTF: &str = "/sys/kernel/btf/vmlinux";

/// One kill with these options on this rung.
fn kill(stage: &Stage, options: &[&str], rung: Option<Rung>) -> Result<Verdict> {
    let cgroup = stage.cgroup()?;
    cgroup.limit(16 * MIB)?;
    let watch = stage.watch(options)?;
    let mut worker = Worker::start(arguments(&[&cgroup.join(), &"uid=1234", &"anon", &"33554432"]))?;
    finish(stage, watch, &mut worker, &cgroup, &cgroup, &Plan { rung, ..Plan::memcg() })
}

fn without(stage: &Stage, probes: &[&str], rung: Option<Rung>) -> Result<Verdict> {
    let options: Vec<&str> = probes.iter().flat_map(|probe| ["--without-probe", *probe]).collect();
    kill(stage, &options, rung)
}

/// fentry denied: kprobe.
pub(super) fn kprobe(stage: &Stage) -> Result<Verdict> {
    without(stage, &["fentry"], Some(Rung::Full))
}

/// No control of the kill: the typed tracepoint.
pub(super) fn tp_btf(stage: &Stage) -> Result<Verdict> {
    without(stage, &["fentry", "kprobe"], Some(Rung::Mark))
}

/// The raw tracepoint.
pub(super) fn raw_tp(stage: &Stage) -> Result<Verdict> {
    without(stage, &["fentry", "kprobe", "tp_btf"], Some(Rung::Mark))
}

/// The tracepoint as every kernel has it.
pub(super) fn tp(stage: &Stage) -> Result<Verdict> {
    without(stage, &["fentry", "kprobe", "tp_btf", "raw_tp"], Some(Rung::Pid))
}

/// No hook: the kernel's log.
pub(super) fn kernel_log(stage: &Stage) -> Result<Verdict> {
    without(
        stage,
        &["fentry", "kprobe", "tp_btf", "raw_tp", "tp", "signal", "exit", "candidates"],
        Some(Rung::Log),
    )
}

/// No SIGKILL, exit or scoring seen: less is known, what is known stays right.
pub(super) fn no_extras(stage: &Stage) -> Result<Verdict> {
    without(stage, &["signal", "exit", "candidates"], None)
}

/// A kernel that does not show its types.
pub(super) fn no_btf(stage: &Stage) -> Result<Verdict> {
    hidden(stage, |stage| kill(stage, &[], Some(Rung::Pid)))
}

/// The same, with the types given in a file.
pub(super) fn btf_file(stage: &Stage) -> Result<Verdict> {
    let copy = stage.directory.join("vmlinux.btf");
    std::fs::copy(BTF, &copy).context("this kernel has no types")?;
    let option = copy.to_string_lossy().into_owned();
    hidden(stage, |stage| kill(stage, &["--btf", &option], None))
}

fn hidden(stage: &Stage, run: impl FnOnce(&Stage) -> Result<Verdict>) -> Result<Verdict> {
    let empty = stage.directory.join("empty");
    std::fs::write(&empty, "")?;
    sys::bind_mount(&empty, Path::new(BTF)).context("can't hide the kernel's types")?;
    let result = run(stage);
    sys::unmount(Path::new(BTF))?;
    result
}
