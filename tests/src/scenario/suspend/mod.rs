//! The machine sleeps while one process grows: nothing is made of the time asleep, and kills are where they were. Guests
//! only.

mod nap;

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::MIB;
use super::history::{entities, points, process};
use super::judge::{Plan, judge, verdict};
use super::ladder::{NO_HOOKS, without};
use super::log_time::Clock;
use super::stage::Stage;
use super::worker::{Worker, arguments};
use crate::protocol::Verdict;
use crate::tracer::Tracer;
use nap::Nap;

/// What the grower takes at a time, how often before it sleeps, and how often at all.
const STEP: &str = "2097152";
const BEFORE: usize = 10;
const STEPS: usize = 32;
/// It has grown by more than this after that when it is killed; less of it may have been sampled.
const SAMPLED: u64 = 8 * MIB;
/// An emulated machine takes its samples far apart.
const PAUSE: Duration = Duration::from_millis(800);
/// printk's clock is none that can be read; a kill that only the log tells of is placed by reckoning. Where that clock ran on, it
/// is placed when its report was read: after a second of silence, by a tracer that a busy machine may keep waiting.
const RECKONED_NS: u64 = 4_000_000_000;

/// Times are told in whole ms, and a pass takes a while.
const ROUNDED_MS: u64 = 100;

/// S3 in the middle of the growth.
pub(super) fn to_ram(stage: &Stage) -> Result<Verdict> {
    let Some(binary) = &stage.tracer else {
        return Ok(Verdict::Skip("without a tracer nothing is compared".into()));
    };
    if let Some(why) = nap::lacks() {
        return Ok(Verdict::Skip(why));
    }
    let top = stage.cgroup()?;
    top.limit(48 * MIB)?;
    let (eager, brief) = (top.child(b"eager")?, top.child(b"brief")?);
    let watch = stage.watch(&[])?;
    // Another one that has only the log to go by.
    let directory = stage.directory.join("log");
    fs::create_dir_all(&directory)?;
    let mut by_log = Tracer::start(binary, &directory, &without(NO_HOOKS))?;

    let mut gone = Worker::start(arguments(&[&brief.join(), &"comm=brief", &"anon", &"16777216"]))?;
    gone.ready()?;
    let mut steps = arguments(&[&eager.join(), &"comm=grower", &"anon"]);
    steps.extend(std::iter::repeat_n(STEP.into(), STEPS));
    let mut grower = Worker::start(steps)?;
    for _ in 0..BEFORE {
        grower.ready()?;
        std::thread::sleep(PAUSE);
        grower.go()?;
    }
    drop(gone);
    std::thread::sleep(PAUSE);
    let nap = nap::sleep()?;
    let clock = Clock::mark()?;
    while grower.ready().is_ok() {
        std::thread::sleep(PAUSE);
        grower.go()?;
    }
    grower.killed()?;
    let evidence = watch.end(1)?;
    by_log.wait_for("the kill", |stream| !stream.kills().is_empty())?;
    let by_log = by_log.finish()?;
    let plan = Plan {
        victim: Some(grower.pid()),
        trigger: Some(grower.pid()),
        limit: Some(top.path()),
        home: Some(eager.path()),
        ..Plan::memcg()
    };
    let judged = judge(stage.name, &evidence, &[plan])?;
    let Verdict::Pass(agreed) = judged else { return Ok(judged) };
    let stream = evidence.stream.as_ref().context("a record was compared")?;
    let mut findings = Vec::new();
    for (who, stream, slack) in [("hooks", stream, 0), ("log", &by_log, RECKONED_NS)] {
        let record = *stream.kills().first().context("no record")?;
        let mut found = Vec::new();
        clock.compare(record, &evidence.log, slack, &mut found)?;
        awake(record, grower.pid(), nap, &mut found);
        // By the log alone it may stay open who it was, and likewise where it was hardly sampled.
        let owed = who == "hooks" && followed(record, grower.pid());
        if owed && record["diagnosis"].get("culprit").is_none() {
            found.push(format!("nobody is named: {}", record["diagnosis"]));
        }
        findings.extend(found.into_iter().map(|found| format!("by {who}: {found}")));
    }
    if findings.is_empty() {
        return Ok(Verdict::Pass(format!("{agreed}; slept for {} ms", nap.for_ns / 1_000_000)));
    }
    Ok(verdict(stage.name, &evidence, stream, 0, &findings))
}

/// Sampling went on, and nothing is told from before the machine was awake again.
fn awake(record: &Value, victim: u32, nap: Nap, findings: &mut Vec<String>) {
    let Some(awake) = record["boottime_ns"].as_u64().and_then(|kill| kill.checked_sub(nap.over_ns())) else {
        return findings.push("the kill was before the machine was awake".into());
    };
    let (awake_ms, asleep_ms) = (awake / 1_000_000, nap.for_ns / 1_000_000);
    let history = &record["history"];
    for entity in entities(record) {
        let early = |(t, _): &(i64, u64)| t.unsigned_abs() > awake_ms;
        if points(entity).iter().any(early) {
            findings.push(format!("awake for {awake_ms} ms, and there is more: {entity}"));
        }
    }
    if history["span_ms"].as_u64().is_none_or(|span| span > awake_ms) {
        findings.push(format!("history.span_ms: {}, awake for {awake_ms} ms", history["span_ms"]));
    }
    let notes: Vec<&str> =
        history["notes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let sparse = notes.iter().any(|note| note.contains("further apart"));
    // A busy machine may have sampled processes once since, between which and nothing there is no interval.
    let limit =
        |entity: &&Value| entity["kind"] == "cgroup" && entity["path"] == record["scope"]["memcg"]["path"];
    let sampled =
        [("interval_ms", entities(record).find(limit)), ("process_interval_ms", process(record, victim))];
    for (field, grown) in sampled {
        let interval = history[field].as_u64();
        let missing = interval.is_none() && field == "interval_ms";
        // They may really have been that far apart: then what grew all the time has such a gap.
        let widest = grown.and_then(|entity| widest_gap(&points(entity), awake_ms)).unwrap_or(0);
        let told = |interval: u64| interval == 0 || interval >= asleep_ms && widest + ROUNDED_MS < interval;
        if missing || interval.is_some_and(told) {
            findings.push(format!("history.{field}: {}, asleep for {asleep_ms} ms", history[field]));
        }
    }
    if !notes.iter().any(|note| note.contains("the machine slept for")) {
        findings.push(format!("history.notes does not tell of it: {}", history["notes"]));
    }
    let grown = process(record, victim).map(points).unwrap_or_default();
    let growth = grown.first().zip(grown.last()).map(|(first, last)| last.1.saturating_sub(first.1));
    if grown.is_empty() || (followed(record, victim) || !sparse) && growth < Some(SAMPLED) {
        findings.push(format!("what the victim has grown by since: {grown:?}"));
    }
    rate(record, awake_ms, &grown, findings);
}

/// The longest time without a point since the machine was awake.
fn widest_gap(points: &[(i64, u64)], awake_ms: u64) -> Option<u64> {
    let ages = points.iter().map(|(t, _)| t.unsigned_abs());
    let before = std::iter::once(awake_ms).chain(ages.clone());
    before.zip(ages).map(|(before, age)| before.saturating_sub(age)).max()
}

/// Whether the victim was sampled for at least half of the time for which its cgroup was: its processes are sampled often once
/// that was seen near its limit, and a pass may be late.
fn followed(record: &Value, victim: u32) -> bool {
    let first = |entity: &Value| points(entity).first().map(|(t, _)| t.unsigned_abs());
    let cgroups = entities(record).filter(|entity| entity["kind"] == "cgroup").filter_map(first).max();
    let own = process(record, victim).and_then(first);
    own.zip(cgroups).is_some_and(|(own, cgroup)| own * 2 >= cgroup)
}

/// The diagnosis tells of a growth since the machine was awake, as fast as it was.
fn rate(record: &Value, awake_ms: u64, grown: &[(i64, u64)], findings: &mut Vec<String>) {
    let culprit = &record["diagnosis"]["culprit"];
    let since = culprit["since_ms"].as_i64();
    if since.is_some_and(|since| since.unsigned_abs() > awake_ms) {
        findings.push(format!("culprit.since_ms: {since:?}, awake for {awake_ms} ms"));
    }
    if culprit.is_null() {
        return;
    }
    let (Some(rate), Some((first, last))) =
        (culprit["rate_bytes_per_s"].as_f64(), grown.first().zip(grown.last()))
    else {
        return findings.push(format!("no rate: {}; {}", record["diagnosis"], record["history"]));
    };
    let real = last.1.saturating_sub(first.1) as f64 * 1000.0 / first.0.unsigned_abs().max(1) as f64;
    // It grows in steps: the median of slopes is not the slope of all.
    if !(real / 4.0..=real * 4.0).contains(&rate) {
        findings.push(format!("culprit.rate_bytes_per_s: {rate}, from its points {real}"));
    }
}
