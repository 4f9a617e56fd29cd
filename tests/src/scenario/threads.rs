//! A machine with very many threads: samples take long, kills are told in full all the same.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::MIB;
use super::judge::{Plan, judge, verdict};
use super::stage::{Stage, keyed_kb};
use super::worker::{Worker, arguments};
use crate::protocol::{Verdict, log};

const THREADS: u64 = 50_000;
/// What the kernel keeps for each of them: a stack of 16 KiB, a task of 8 to 12 KiB, and what hangs on it.
const EACH: u64 = 32 << 10;
/// Making them takes long on an emulated machine.
const PATIENCE: Duration = Duration::from_secs(300);
/// What the victim takes at a time, how often, and how long it waits: there have to be samples meanwhile.
const STEP: &str = "2097152";
const STEPS: usize = 24;
const PAUSE: Duration = Duration::from_millis(500);
/// Time between samples, unless asked otherwise: processes, cgroups.
const USUAL_MS: [(&str, u64); 2] = [("process_interval_ms", 1000), ("interval_ms", 100)];

/// A process with 50,000 threads rests; another one grows into its limit.
pub(super) fn many(stage: &Stage) -> Result<Verdict> {
    let needed = THREADS * EACH + 256 * MIB;
    if keyed_kb("/proc/meminfo", "MemAvailable:") << 10 < needed {
        return Ok(Verdict::Skip(format!("{THREADS} threads need {} MiB", needed / MIB)));
    }
    for limit in ["pid_max", "threads-max"] {
        let file = format!("/proc/sys/kernel/{limit}");
        fs::write(&file, (2 * THREADS).to_string()).with_context(|| format!("can't raise {file}"))?;
    }
    let began = Instant::now();
    let mut crowd = Worker::start(arguments(&[&"comm=crowd", &"threads", &THREADS.to_string()]))?;
    ensure!(crowd.line_within(PATIENCE)?.as_deref() == Some("ready"), "the threads are not made in time");
    let threads = keyed_kb(&format!("/proc/{}/status", crowd.pid()), "Threads:");
    ensure!(threads == THREADS + 1, "the process has {threads} threads");
    log(stage.name, &format!("{THREADS} threads in {:.0?}", began.elapsed()));

    let top = stage.cgroup()?;
    top.limit(32 * MIB)?;
    let watch = stage.watch(&[])?;
    let mut steps = arguments(&[&top.join(), &"comm=grower", &"anon"]);
    steps.extend(std::iter::repeat_n(STEP.into(), STEPS));
    let mut grower = Worker::start(steps)?;
    while grower.ready().is_ok() {
        std::thread::sleep(PAUSE);
        grower.go()?;
    }
    grower.killed()?;
    crowd.alive()?;
    let evidence = watch.end(1)?;
    let plan = Plan {
        victim: Some(grower.pid()),
        trigger: Some(grower.pid()),
        limit: Some(top.path()),
        home: Some(top.path()),
        ..Plan::memcg()
    };
    let judged = judge(stage.name, &evidence, &[plan])?;
    let Verdict::Pass(agreed) = judged else { return Ok(judged) };
    let stream = evidence.stream.as_ref().context("a record was compared")?;
    let history = &stream.kills().first().context("a record was compared")?["history"];
    let mut findings = Vec::new();
    sampled(history, &mut findings);
    if findings.is_empty() {
        let told = format!("{agreed}; {}; {}", intervals(history), history["notes"]);
        return Ok(Verdict::Pass(told));
    }
    findings.push(format!("history: {history}"));
    Ok(verdict(stage.name, &evidence, stream, 0, &findings))
}

fn intervals(history: &Value) -> String {
    let told: Vec<String> = USUAL_MS.iter().map(|(field, _)| format!("{field} {}", history[field])).collect();
    told.join(", ")
}

/// The victim was followed, and samples that were further apart than usual are owned up to.
fn sampled(history: &Value, findings: &mut Vec<String>) {
    let entities = history["entities"].as_array().into_iter().flatten();
    let cgroups = entities.filter(|entity| entity["kind"] == "cgroup");
    // The last point is the kill's own.
    if !cgroups.into_iter().any(|cgroup| cgroup["points"].as_array().is_some_and(|points| points.len() >= 2))
    {
        findings.push("no cgroup was sampled before the kill".into());
    }
    let notes: Vec<&str> =
        history["notes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let owned_up = notes.iter().any(|note| note.contains("further apart") || note.contains("sampled"));
    for (field, usual) in USUAL_MS {
        // A late pass or two are no news.
        if history[field].as_u64().is_none_or(|told| told > 2 * usual) && !owned_up {
            findings.push(format!("history.{field}: {}, and no note tells why: {notes:?}", history[field]));
        }
    }
}
