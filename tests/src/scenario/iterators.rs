//! Samples by iterators against the same by files, and both against what the scenario made.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::MIB;
use super::stage::Stage;
use super::worker::{Worker, arguments};
use crate::protocol::Verdict;
use crate::sys;

/// What the process of known size holds.
const HELD: u64 = 32 * MIB;

/// A process of known size in a cgroup of its own, seen both ways.
pub(super) fn same(stage: &Stage) -> Result<Verdict> {
    let Some(tracer) = &stage.tracer else { return Ok(Verdict::Skip("no tracer to sample with".into())) };
    let cgroup = stage.cgroup()?;
    cgroup.limit(128 * MIB)?;
    let mut worker = Worker::start(arguments(&[&cgroup.join(), &"comm=held", &"anon", &HELD.to_string()]))?;
    worker.ready()?;
    let path = String::from_utf8(cgroup.path()).context("our own name")?;
    let output = Command::new(tracer).args(["sample", &path]).output().context("sampling")?;
    if !output.status.success() {
        bail!("sampling failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let lines = output.stdout.split(|b| *b == b'\n').filter(|line| !line.is_empty());
    let samples: Vec<Value> = lines.map(serde_json::from_slice).collect::<Result<_, _>>()?;
    let [hooked, files] = samples.as_slice() else { bail!("{} samples instead of two", samples.len()) };
    let mut wrong = Vec::new();
    for sample in [hooked, files] {
        let source = sample["source"].as_str().unwrap_or_default();
        wrong.extend(process(sample, worker.pid(), &path).into_iter().map(|w| format!("{source}: {w}")));
    }
    wrong.extend(kinds(hooked, files));
    wrong.extend(compare(hooked, files, worker.pid(), &path));
    worker.alive()?;
    if wrong.is_empty() {
        let count = hooked["processes"]["samples"].as_array().map_or(0, Vec::len);
        return Ok(Verdict::Pass(format!("{} and files agree; {count} processes", hooked["source"])));
    }
    Ok(Verdict::Fail(wrong.join("; ")))
}

/// The iterators that this kernel has to have: tasks since 5.8, cgroups since 6.1.
fn kinds(hooked: &Value, files: &Value) -> Vec<String> {
    let expected = if sys::kernel_version() >= (6, 1) { "iterators" } else { "mixed" };
    let mut wrong = Vec::new();
    for (sample, expected) in [(hooked, expected), (files, "files")] {
        if sample["source"] != expected {
            wrong.push(format!(
                "source {} instead of {expected} (hooks {})",
                sample["source"], sample["hooks"]
            ));
        }
    }
    if hooked["exited"]["samples"].as_array().is_none_or(Vec::is_empty) {
        wrong.push("no exit was seen".into());
    }
    wrong
}

/// Since 6.2 a counter's cheap read may lack what each CPU has not handed in: up to `max(32, 2 * CPUs)` pages of each CPU.
/// Before, each thread may hold back 64 faults.
fn slack() -> u64 {
    let cpus = sys::possible_cpus();
    cpus.max(2) * 64.max(2 * cpus) * sys::page_size()
}

/// One sample against what is known of the process.
fn process(sample: &Value, pid: u32, path: &str) -> Vec<String> {
    let Some(found) = find(sample, "processes", "pid", &Value::from(pid)) else {
        return vec!["the process is missing".into()];
    };
    let mut wrong = Vec::new();
    let anon = found["anon"].as_u64().unwrap_or(0);
    // The program's own heap and stack are below 2 MiB.
    if anon + slack() < HELD || anon > HELD + 2 * MIB + slack() {
        wrong.push(format!("anon {anon} of {HELD}"));
    }
    if found["comm"] != "held" || found["threads"] != 1 {
        wrong.push(format!("comm {} threads {}", found["comm"], found["threads"]));
    }
    let Some(cgroup) = find(sample, "cgroups", "path", &Value::from(path)) else {
        wrong.push(format!("the cgroup {path} is missing"));
        return wrong;
    };
    if cgroup["id"] != found["cgroup"] {
        wrong.push(format!("cgroup {} instead of {}", found["cgroup"], cgroup["id"]));
    }
    if cgroup["limit"] != 128 * MIB || cgroup["usage"].as_u64().is_none_or(|usage| usage < HELD - MIB) {
        wrong.push(format!("limit {} usage {}", cgroup["limit"], cgroup["usage"]));
    }
    if find(sample, "processes_of", "pid", &Value::from(pid)).is_none() {
        wrong.push("the process is missing among those of its cgroup".into());
    }
    wrong
}

/// Field by field: what nobody changes is equal, sizes are within what counters hold back.
fn compare(hooked: &Value, files: &Value, pid: u32, path: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut fields = |what: &str, a: Option<&Value>, b: Option<&Value>, exact: &[&str], near: &[&str]| {
        let (Some(a), Some(b)) = (a, b) else { return };
        for name in exact.iter().filter(|name| a[**name] != b[**name]) {
            wrong.push(format!("{what} {name}: {} and by files {}", a[*name], b[*name]));
        }
        for name in near {
            let (a, b) = (a[*name].as_u64().unwrap_or(0), b[*name].as_u64().unwrap_or(0));
            if a.abs_diff(b) > slack() {
                wrong.push(format!("{what} {name}: {a} and by files {b}"));
            }
        }
    };
    let exact =
        ["ppid", "uid", "cgroup", "comm", "oom_score_adj", "threads", "major_faults", "page_tables", "exe"];
    let by_pid = |sample| find(sample, "processes", "pid", &Value::from(pid));
    fields("process", by_pid(hooked), by_pid(files), &exact, &["anon", "file", "shmem", "swap"]);
    let by_path = |sample| find(sample, "cgroups", "path", &Value::from(path));
    let exact = ["id", "parent", "limit", "high", "limit_hits", "high_hits", "oom_kills"];
    fields("cgroup", by_path(hooked), by_path(files), &exact, &["usage", "swap", "anon"]);
    wrong.extend(starts(hooked, files));
    wrong
}

/// Every process of both samples started at the same tick, and none that lives on is in one of them alone.
fn starts(hooked: &Value, files: &Value) -> Vec<String> {
    let of = |sample: &Value| -> BTreeMap<u64, u64> {
        let samples = sample["processes"]["samples"].as_array().cloned().unwrap_or_default();
        samples
            .iter()
            .filter_map(|p| Some((p["pid"].as_u64()?, p["start_ns"].as_u64()? / 10_000_000)))
            .collect()
    };
    let (hooked, files) = (of(hooked), of(files));
    let alive = |pid: &u64| std::path::Path::new(&format!("/proc/{pid}/exe")).read_link().is_ok();
    let absent = files.keys().filter(|pid| !hooked.contains_key(pid) && alive(pid));
    let mut wrong: Vec<String> = absent.map(|pid| format!("{pid} is missing in the iterator's")).collect();
    for (pid, start) in &hooked {
        if files.get(pid).is_some_and(|other| other != start) {
            wrong.push(format!("{pid} started at {start} and {:?}", files.get(pid)));
        }
    }
    wrong
}

fn find<'v>(sample: &'v Value, list: &str, key: &str, value: &Value) -> Option<&'v Value> {
    sample[list]["samples"].as_array()?.iter().find(|entry| entry[key] == *value)
}
