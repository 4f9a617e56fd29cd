//! A thousand kills as fast as they can be made.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::Value;

use super::MIB;
use super::judge::{sums, verdict};
use super::stage::{Evidence, Stage};
use super::worker::{Worker, arguments};
use crate::cgroup::Cgroup;
use crate::compare::{Mismatch, Rung, compare};
use crate::protocol::Verdict;
use crate::tracer::Stream;

/// Two drivers, so that both CPUs kill.
const DRIVERS: usize = 2;
const KILLS: usize = 1000;

/// Every kill arrives.
pub(super) fn complete(stage: &Stage) -> Result<Verdict> {
    let evidence = storm(stage, &[])?;
    let Some(stream) = &evidence.stream else { return Ok(kernel_only()) };
    let mut findings = Vec::new();
    if lost(&evidence) != Some(0) {
        findings.push(format!("lost_kills: record {:?}, kernel 0", lost(&evidence)));
    }
    compare_pids(&evidence, &mut findings, true);
    let agreed = compare_fields(&evidence, stream, &mut findings, true);
    sums(&evidence, stream, &mut findings);
    Ok(verdict(stage.name, &evidence, stream, agreed, &findings))
}

/// A ring of one page: what does not fit is counted, nothing is lost in silence.
pub(super) fn small_ring(stage: &Stage) -> Result<Verdict> {
    let evidence = storm(stage, &["--ring-size", "4096"])?;
    let Some(stream) = &evidence.stream else { return Ok(kernel_only()) };
    let mut findings = Vec::new();
    compare_pids(&evidence, &mut findings, false);
    let agreed = compare_fields(&evidence, stream, &mut findings, false);
    let (seen, lost) = (records(&evidence).len() as u64, lost(&evidence));
    if lost.map(|lost| lost + seen) != Some(KILLS as u64) {
        findings.push(format!("kills + lost: record {seen} + {lost:?}, kernel {KILLS}"));
    }
    let told: u64 = stream.of("lost").filter_map(|line| line["kills"].as_u64()).sum();
    if Some(told) != lost {
        findings.push(format!("lost events: {told}, footer {lost:?}"));
    }
    let complete = stream.footer()?["complete"].as_bool();
    let records: u64 = stream.of("lost").filter_map(|line| line["records"].as_u64()).sum();
    let said = format!("{seen} kills reported, {told} lost, {records} records lost");
    crate::protocol::log(stage.name, &said);
    // Records of a kill may be lost though the kill itself is reported from the others.
    let losses = stream.of("lost").count();
    if complete != Some(losses == 0) {
        findings.push(format!("footer.complete: {complete:?} with {losses} lost events"));
    }
    Ok(verdict(stage.name, &evidence, stream, agreed, &findings))
}

/// Every record there is against its "Killed process" line, a few with the whole report; the number of fields agreed.
///
/// Unless it must be `whole`, a record may lack what was lost, provided that it says so; what it has must be right.
fn compare_fields(evidence: &Evidence, stream: &Stream, findings: &mut Vec<String>, whole: bool) -> usize {
    let by_pid: HashMap<u64, &Value> = stream
        .kills()
        .into_iter()
        .filter_map(|kill| Some((kill["victims"][0]["pid"].as_u64()?, kill)))
        .collect();
    let mut agreed = 0;
    for report in &evidence.reports {
        let Some(killed) = report.killed.first() else { continue };
        if let Some(record) = by_pid.get(&killed.pid.into()) {
            let outcome = compare(record, report, &evidence.machine, Rung::Full);
            agreed += outcome.agreed.len();
            let (lacking, wrong): (Vec<_>, Vec<_>) =
                outcome.mismatches.iter().partition(|mismatch| !whole && lacks(mismatch));
            findings.extend(wrong.iter().map(|m| format!("[{}] {m}", killed.pid)));
            if !lacking.is_empty() && !owns_up(record) {
                findings.push(format!("[{}] lacks {} and does not say why", killed.pid, lacking[0].field));
            }
        }
    }
    // The first few tell as much as all.
    findings.truncate(20);
    agreed
}

/// Nothing there, a candidate too few, or a path whose upper part is marked as not known.
fn lacks(mismatch: &Mismatch) -> bool {
    let suffix = mismatch.record.strip_prefix("\"...");
    mismatch.record == "missing"
        || mismatch.field == "candidates"
        || suffix.is_some_and(|suffix| mismatch.kernel.ends_with(suffix))
}

/// The record itself tells of a loss.
fn owns_up(record: &Value) -> bool {
    let notes = record.pointer("/source/notes").and_then(Value::as_array);
    record.pointer("/source/lost_events").and_then(Value::as_u64) > Some(0)
        || notes.is_some_and(|n| !n.is_empty())
}

fn kernel_only() -> Verdict {
    Verdict::Skip("the kernel killed a thousand; without a tracer nothing is compared".into())
}

fn storm(stage: &Stage, options: &[&str]) -> Result<Evidence> {
    let mut watch = stage.watch(options)?;
    let mut cgroups = Vec::new();
    let mut drivers = Vec::new();
    let share = (KILLS / DRIVERS).to_string();
    for at in 0..DRIVERS {
        let name = [&stage.prefix(), format!("-{at}").as_bytes()].concat();
        let cgroup = Cgroup::new(&stage.hierarchy, &name)?;
        cgroup.limit(MIB)?;
        drivers.push(Worker::start(arguments(&[&"storm", &cgroup.file(""), &share, &"4194304"]))?);
        cgroups.push(cgroup);
    }
    for driver in &mut drivers {
        driver.ready()?;
    }
    let started = Instant::now();
    for driver in &mut drivers {
        driver.go()?;
    }
    for driver in &mut drivers {
        // The log is emptied meanwhile: it would not hold all of it.
        while driver.line_within(Duration::from_millis(50))?.is_none() {
            watch.drain()?;
        }
        ensure!(driver.end()?.success(), "a driver of the storm failed");
    }
    crate::protocol::log(stage.name, &format!("{KILLS} kills in {:.1?}", started.elapsed()));
    let kills: u64 = cgroups.iter().filter_map(Cgroup::kills).sum();
    ensure!(kills == KILLS as u64, "the cgroups count {kills} kills");
    watch.end_of_storm(KILLS)
}

fn records(evidence: &Evidence) -> Vec<u64> {
    let Some(stream) = &evidence.stream else { return Vec::new() };
    stream
        .kills()
        .iter()
        .filter(|kill| super::stage::concerns_record(evidence.native, &evidence.prefix, kill))
        .filter_map(|kill| kill["victims"][0]["pid"].as_u64())
        .collect()
}

fn lost(evidence: &Evidence) -> Option<u64> {
    evidence.stream.as_ref()?.footer().ok()?["lost_kills"].as_u64()
}

/// The victims are those of the "Killed process" lines, which are not rate-limited.
fn compare_pids(evidence: &Evidence, findings: &mut Vec<String>, all: bool) {
    let kernel: Vec<u64> =
        evidence.reports.iter().flat_map(|report| &report.killed).map(|killed| killed.pid.into()).collect();
    let ours = records(evidence);
    let (kernel_set, our_set): (BTreeSet<_>, BTreeSet<_>) =
        (kernel.iter().copied().collect(), ours.iter().copied().collect());
    if evidence.overrun {
        findings.push("the kernel's log overflowed: boot with a larger log_buf_len".into());
    }
    if all && our_set != kernel_set {
        let (missing, extra) =
            (kernel_set.difference(&our_set).count(), our_set.difference(&kernel_set).count());
        findings.push(format!("victims: {missing} missing, {extra} too many"));
    }
    if !our_set.is_subset(&kernel_set) {
        findings.push("victims: some were never killed".into());
    }
    if ours.len() != our_set.len() {
        findings.push(format!("records: {} for {} victims", ours.len(), our_set.len()));
    }
}
