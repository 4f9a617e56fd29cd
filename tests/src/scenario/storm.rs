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
use crate::compare::{Rung, compare};
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
    let agreed = compare_fields(&evidence, stream, &mut findings);
    sums(&evidence, stream, &mut findings);
    Ok(verdict(stage.name, &evidence, stream, agreed, &findings))
}

/// A ring of one page: what does not fit is counted, nothing is lost in silence.
pub(super) fn small_ring(stage: &Stage) -> Result<Verdict> {
    let evidence = storm(stage, &["--ring-size", "4096"])?;
    let Some(stream) = &evidence.stream else { return Ok(kernel_only()) };
    let mut findings = Vec::new();
    compare_pids(&evidence, &mut findings, false);
    let agreed = compare_fields(&evidence, stream, &mut findings);
    let (seen, lost) = (records(&evidence).len() as u64, lost(&evidence));
    if lost.map(|lost| lost + seen) != Some(KILLS as u64) {
        findings.push(format!("kills + lost: record {seen} + {lost:?}, kernel {KILLS}"));
    }
    let told: u64 = stream.of("lost").filter_map(|line| line["kills"].as_u64()).sum();
    if Some(told) != lost {
        findings.push(format!("lost events: {told}, footer {lost:?}"));
    }
    let complete = stream.footer()?["complete"].as_bool();
    if complete != Some(lost == Some(0)) {
        findings.push(format!("footer.complete: {complete:?} with {lost:?} lost"));
    }
    Ok(verdict(stage.name, &evidence, stream, agreed, &findings))
}

/// Every record there is against its "Killed process" line, a few with the whole report; the number of fields agreed.
fn compare_fields(evidence: &Evidence, stream: &Stream, findings: &mut Vec<String>) -> usize {
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
            findings.extend(outcome.mismatches.iter().map(|m| format!("[{}] {m}", killed.pid)));
        }
    }
    // The first few tell as much as all.
    findings.truncate(20);
    agreed
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
