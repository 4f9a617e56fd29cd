//! The same kill with hooks denied one by one, and without type information.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::MIB;
use super::judge::Plan;
use super::memcg::finish;
use super::stage::{Stage, owned};
use super::worker::{Worker, arguments};
use crate::compare::Rung;
use crate::protocol::Verdict;
use crate::tracer::Options;

const BTF: &str = "/sys/kernel/btf/vmlinux";

/// One kill, seen by a tracer that also reads the kernel's log.
fn kill(stage: &Stage, options: &Options, rung: Option<Rung>) -> Result<Verdict> {
    let cgroup = stage.cgroup()?;
    cgroup.limit(16 * MIB)?;
    let watch = stage.watch_with(options)?;
    let mut worker = Worker::start(arguments(&[&cgroup.join(), &"uid=1234", &"anon", &"33554432"]))?;
    finish(stage, watch, &mut worker, &cgroup, &cgroup, &Plan { rung, ..Plan::memcg() })
}

/// All that can be denied.
pub(super) const NO_HOOKS: &[&str] =
    &["fentry", "kprobe", "tp_btf", "raw_tp", "tp", "signal", "exit", "candidates"];

/// With these denied.
pub(super) fn without(probes: &[&str]) -> Options {
    let arguments: Vec<&str> = probes.iter().flat_map(|probe| ["--without-probe", *probe]).collect();
    Options { arguments: owned(&arguments), ..Options::default() }
}

/// Hooks and log together: the log adds what no hook has and changes nothing else.
pub(super) fn with_log(stage: &Stage) -> Result<Verdict> {
    kill(stage, &Options::default(), None)
}

/// fentry denied: kprobe, and nothing from the log.
pub(super) fn kprobe(stage: &Stage) -> Result<Verdict> {
    let mut options = without(&["fentry"]);
    options.masks.push((PathBuf::from("/dev/kmsg"), PathBuf::from("/dev/null")));
    kill(stage, &options, Some(Rung::Full))
}

/// No control of the kill: the typed tracepoint.
pub(super) fn tp_btf(stage: &Stage) -> Result<Verdict> {
    kill(stage, &without(&["fentry", "kprobe"]), Some(Rung::Mark))
}

/// The raw tracepoint.
pub(super) fn raw_tp(stage: &Stage) -> Result<Verdict> {
    kill(stage, &without(&["fentry", "kprobe", "tp_btf"]), Some(Rung::Mark))
}

/// The tracepoint as every kernel has it.
pub(super) fn tp(stage: &Stage) -> Result<Verdict> {
    let mut options = without(&["fentry", "kprobe", "tp_btf", "raw_tp"]);
    options.tracefs = unmounted_tracefs();
    kill(stage, &options, Some(Rung::Pid))
}

/// Classic tracepoints need tracefs, which a development machine need not have mounted.
fn unmounted_tracefs() -> Option<PathBuf> {
    let place = PathBuf::from("/sys/kernel/tracing");
    (!place.join("events").exists()).then_some(place)
}

/// No hook: the kernel's log.
pub(super) fn kernel_log(stage: &Stage) -> Result<Verdict> {
    kill(stage, &without(NO_HOOKS), Some(Rung::Log))
}

/// No SIGKILL, its delivery, exit or scoring seen: less is known, what is known stays right.
pub(super) fn no_extras(stage: &Stage) -> Result<Verdict> {
    kill(stage, &without(&["signal", "startup", "exit", "candidates"]), None)
}

/// A kernel that does not show its types.
pub(super) fn no_btf(stage: &Stage) -> Result<Verdict> {
    kill(stage, &hidden_types(stage)?, Some(Rung::Pid))
}

/// The same, with the types given in a file.
pub(super) fn btf_file(stage: &Stage) -> Result<Verdict> {
    let copy = stage.directory.join("vmlinux.btf");
    std::fs::copy(BTF, &copy).context("this kernel has no types")?;
    let arguments = owned(&["--btf", &copy.to_string_lossy()]);
    kill(stage, &Options { arguments, ..hidden_types(stage)? }, None)
}

fn hidden_types(stage: &Stage) -> Result<Options> {
    let empty = stage.directory.join("empty");
    std::fs::write(&empty, "")?;
    Ok(Options {
        masks: vec![(PathBuf::from(BTF), empty)],
        tracefs: unmounted_tracefs(),
        ..Options::default()
    })
}
