//! What led to a kill: the record's history against what the scenario did.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::MIB;
use super::judge::{Plan, judge, verdict};
use super::stage::{Evidence, Stage, concerns_record};
use super::worker::{Worker, arguments};
use crate::compare::bytes_at;
use crate::protocol::Verdict;

/// What the grower takes at a time, and how often.
const STEP: &str = "2097152";
const STEPS: usize = 24;
/// It has grown by more than this when it is killed; less of it may have been sampled.
const GROWN: u64 = 24 * MIB;
const SAMPLED: u64 = 8 * MIB;

/// Who did what.
struct Cast {
    grower: u32,
    calm: u32,
    outside: u32,
    limit: Vec<u8>,
}

/// One process grows for seconds until the limit above its cgroup is hit; a neighbour below the same limit holds still, and
/// so does a process outside of it.
pub(super) fn grower(stage: &Stage) -> Result<Verdict> {
    let top = stage.cgroup()?;
    top.limit(64 * MIB)?;
    let (eager, quiet) = (top.child(b"eager")?, top.child(b"quiet")?);
    let watch = stage.watch(&[])?;
    let mut calm = Worker::start(arguments(&[&quiet.join(), &"comm=calm", &"anon", &"25165824"]))?;
    let mut outside = Worker::start(arguments(&[&"comm=outside", &"anon", &"8388608"]))?;
    let mut steps = arguments(&[&eager.join(), &"comm=grower", &"anon"]);
    steps.extend(std::iter::repeat_n(STEP.into(), STEPS));
    let mut grower = Worker::start(steps)?;
    calm.ready()?;
    outside.ready()?;
    // An emulated machine takes its samples further apart.
    let pause = Duration::from_millis(if stage.native { 150 } else { 500 });
    while grower.ready().is_ok() {
        std::thread::sleep(pause);
        grower.go()?;
    }
    grower.killed()?;
    let evidence = watch.end(1)?;
    let plan = Plan {
        victim: Some(grower.pid()),
        trigger: Some(grower.pid()),
        limit: Some(top.path()),
        home: Some(eager.path()),
        ..Plan::memcg()
    };
    let cast = Cast { grower: grower.pid(), calm: calm.pid(), outside: outside.pid(), limit: top.path() };
    let verdict = judge(stage.name, &evidence, &[plan])?;
    let Verdict::Pass(agreed) = verdict else { return Ok(verdict) };
    history(stage, &evidence, &cast, &agreed)
}

fn history(stage: &Stage, evidence: &Evidence, cast: &Cast, agreed: &str) -> Result<Verdict> {
    let stream = evidence.stream.as_ref().context("a record was compared")?;
    let kills = stream.kills();
    let ours = |kill: &&&Value| concerns_record(evidence.native, &evidence.prefix, kill);
    let record = kills.iter().find(ours).context("a record was compared")?;
    let mut findings = Vec::new();
    whole(&record["history"], &mut findings);
    grew(record, cast, &mut findings);
    stayed(record, cast, &mut findings);
    limit(record, cast, &mut findings);
    if findings.is_empty() {
        let interval = &record["history"]["interval_ms"];
        return Ok(Verdict::Pass(format!("{agreed}; history every {interval} ms")));
    }
    findings.push(format!("history: {}", record["history"]));
    Ok(verdict(stage.name, evidence, stream, 0, &findings))
}

/// Figures that each history has, and columns of one length.
fn whole(history: &Value, findings: &mut Vec<String>) {
    for field in ["interval_ms", "process_interval_ms", "span_ms"] {
        if history[field].as_u64().is_none_or(|value| value == 0) {
            findings.push(format!("history.{field}: {}", history[field]));
        }
    }
    for entity in history["entities"].as_array().into_iter().flatten() {
        let points = points(entity);
        if points.windows(2).any(|pair| pair[0].0 >= pair[1].0) || points.iter().any(|(t, _)| *t > 0) {
            findings.push(format!("points are out of order or after the kill: {entity}"));
        }
        let parts = entity["parts"].as_array().into_iter().flatten();
        if parts.filter_map(|part| part["bytes"].as_array()).any(|bytes| bytes.len() != points.len()) {
            findings.push(format!("parts are not as long as the points: {entity}"));
        }
    }
}

/// The grower's growth, up to what the kernel had of it at the kill.
fn grew(record: &Value, cast: &Cast, findings: &mut Vec<String>) {
    let Some(grower) = process(record, cast.grower) else {
        return findings.push("the grower is not in the history".into());
    };
    let points = points(grower);
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return findings.push("the grower has no points".into());
    };
    let memory = &record["victims"][0]["memory"];
    let parts = ["anon_bytes", "file_bytes", "shmem_bytes", "swap_bytes", "page_table_bytes"];
    let at_kill: u64 = parts.iter().filter_map(|part| memory[part].as_u64()).sum();
    if *last != (0, at_kill) {
        findings.push(format!("grower's last point: {last:?}, record of the kill (0, {at_kill})"));
    }
    if points.len() < owed(record, &points) || last.1.saturating_sub(first.1) < SAMPLED {
        findings.push(format!("grower's growth: {points:?}"));
    }
    if grower["in_scope"] != true {
        findings.push("the grower is not in scope".into());
    }
}

/// How many points there have to be: four, or as many as fit between the first and the last at the distance that the record
/// itself gives. A busy emulated machine makes sampling so dear that it is done every five seconds.
fn owed(record: &Value, points: &[(i64, u64)]) -> usize {
    let history = &record["history"];
    let intervals = ["interval_ms", "process_interval_ms"].map(|field| history[field].as_i64().unwrap_or(0));
    let span = points.first().zip(points.last()).map_or(0, |(first, last)| last.0 - first.0);
    let fit = span.checked_div(intervals[0].max(intervals[1])).unwrap_or(0);
    usize::try_from(1 + fit).unwrap_or(0).clamp(2, 4)
}

/// The neighbour is in scope, and was what the kernel scored; who is outside is not.
fn stayed(record: &Value, cast: &Cast, findings: &mut Vec<String>) {
    let outside = process(record, cast.outside).filter(|outside| outside["in_scope"] == true);
    findings.extend(outside.map(|_| "a process of another cgroup is in scope".to_owned()));
    let Some(calm) = process(record, cast.calm) else {
        return findings.push("the neighbour is not in the history".into());
    };
    let candidates = record["candidates"].as_array().into_iter().flatten();
    let scored = candidates.into_iter().find(|candidate| candidate["pid"] == cast.calm).map(|candidate| {
        let parts = ["rss_bytes", "swap_bytes", "page_table_bytes"];
        parts.iter().filter_map(|part| candidate[part].as_u64()).sum::<u64>()
    });
    let points = points(calm);
    if points.last().copied() != scored.map(|scored| (0, scored)) || calm["in_scope"] != true {
        findings
            .push(format!("neighbour: history {points:?}, scored {scored:?}, in scope {}", calm["in_scope"]));
    }
}

/// The limit's cgroup, up to its usage at the kill.
fn limit(record: &Value, cast: &Cast, findings: &mut Vec<String>) {
    let of_limit = |entity: &&Value| {
        entity["kind"] == "cgroup" && bytes_at(entity, "/path").as_ref() == Some(&cast.limit)
    };
    let Some(limit) = entities(record).find(of_limit) else {
        return findings.push("the limit's cgroup is not in the history".into());
    };
    let usage = record["scope"]["memcg"]["usage_bytes"].as_u64();
    let points = points(limit);
    if limit["limit_bytes"] != 64 * MIB || points.last().copied() != usage.map(|usage| (0, usage)) {
        findings.push(format!("limit's cgroup: {points:?}, at the kill {usage:?}"));
    }
    let grew = points.first().zip(points.last()).map(|(first, last)| last.1.saturating_sub(first.1));
    if points.len() < owed(record, &points) || grew < Some(GROWN) {
        findings.push(format!("limit's cgroup: growth: {points:?}"));
    }
}

/// What the history tells of.
pub(super) fn entities(record: &Value) -> impl Iterator<Item = &Value> {
    record["history"]["entities"].as_array().into_iter().flatten()
}

/// A process of it.
pub(super) fn process(record: &Value, pid: u32) -> Option<&Value> {
    entities(record).find(|entity| entity["kind"] == "process" && entity["pid"] == pid)
}

/// Milliseconds from the kill, and bytes.
pub(super) fn points(entity: &Value) -> Vec<(i64, u64)> {
    let points = entity["points"].as_array().into_iter().flatten();
    points.filter_map(|point| Some((point[0].as_i64()?, point[1].as_u64()?))).collect()
}
