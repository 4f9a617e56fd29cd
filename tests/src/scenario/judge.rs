//! The verdict: scenario against kernel (did what was planned happen?), then record against kernel.

use anyhow::{Result, bail};
use serde_json::Value;

use super::stage::{Evidence, NO_REPORT, concerns_record, readable, rung_of};
use super::worker::SETTING;
use crate::compare::{self, Rung, array};
use crate::protocol::{Verdict, log, printable};
use crate::report::Report;
use crate::tracer::Stream;

/// What a scenario planned; absent parts are left to chance.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// `CONSTRAINT_...`.
    pub constraint: &'static str,
    /// The process that dies.
    pub victim: Option<u32>,
    /// Its thread that has the memory.
    pub thread: Option<u32>,
    /// Its name.
    pub comm: Option<Vec<u8>>,
    /// The process that hits the limit.
    pub trigger: Option<u32>,
    /// Whose limit.
    pub limit: Option<Vec<u8>>,
    /// Where the victim lives.
    pub home: Option<Vec<u8>>,
    /// "Killed process" lines.
    pub killed: usize,
    /// Another process on the same memory.
    pub shared: Option<u32>,
    /// The rung the tracer must be on; absent: the best that the machine has.
    pub rung: Option<Rung>,
}

impl Plan {
    /// A kill at a memory cgroup's limit.
    #[must_use]
    pub(super) fn memcg() -> Self {
        Self { constraint: "CONSTRAINT_MEMCG", killed: 1, ..Self::default() }
    }

    /// A kill of the whole machine's.
    #[must_use]
    pub(super) fn global() -> Self {
        Self { constraint: "CONSTRAINT_NONE", killed: 1, ..Self::default() }
    }
}

/// Judges one run of the OOM killer for each plan, in this order; what the kernel killed beyond is compared all the same.
///
/// # Errors
/// When the kernel did not do what was planned: then there is nothing to compare.
pub(super) fn judge(name: &str, evidence: &Evidence, plans: &[Plan]) -> Result<Verdict> {
    if evidence.reports.len() < plans.len() {
        let (found, log) = (evidence.reports.len(), readable(&evidence.log));
        bail!("{NO_REPORT} some of {} reports: {found} found\n{log}", plans.len());
    }
    for (report, plan) in evidence.reports.iter().zip(plans) {
        if let Err(error) = planned(report, plan) {
            bail!("{error:#}\n{}", readable(&evidence.log));
        }
    }
    let Some(stream) = &evidence.stream else {
        return Ok(Verdict::Skip(
            "the kernel's report is as planned; without a tracer nothing is compared".into(),
        ));
    };
    let mut findings = Vec::new();
    let agreed = records(evidence, stream, plans, &mut findings);
    super::explained::compare(evidence, &mut findings);
    sums(evidence, stream, &mut findings);
    Ok(verdict(name, evidence, stream, agreed, &findings))
}

/// Logs what is needed to understand a failure.
pub(super) fn verdict(
    name: &str,
    evidence: &Evidence,
    stream: &Stream,
    agreed: usize,
    findings: &[String],
) -> Verdict {
    if findings.is_empty() {
        let kills = stream.kills().len();
        return Verdict::Pass(format!("{agreed} fields of {kills} kills agree"));
    }
    for finding in findings {
        log(name, &format!("MISMATCH {finding}"));
    }
    for line in stream.lines.iter().take(6) {
        log(name, &format!("record {line}"));
    }
    for line in stream.errors.lines().take(10) {
        log(name, &format!("stderr {line}"));
    }
    for line in readable(&evidence.log).lines().take(120) {
        log(name, &format!("kmsg {line}"));
    }
    Verdict::Fail(findings.join("; "))
}

/// Compares every report with its record.
fn records(evidence: &Evidence, stream: &Stream, plans: &[Plan], findings: &mut Vec<String>) -> usize {
    let mut agreed = 0;
    let kills: Vec<&Value> = stream
        .kills()
        .into_iter()
        .filter(|kill| concerns_record(evidence.native, &evidence.prefix, kill))
        .collect();
    if kills.len() != evidence.reports.len() {
        findings.push(format!("records: {} for {} kills", kills.len(), evidence.reports.len()));
    }
    let beyond = Plan::default();
    for (report, plan) in evidence.reports.iter().zip(plans.iter().chain(std::iter::repeat(&beyond))) {
        let Some(record) = kills.iter().find(|kill| same(kill, report)) else {
            findings.push(format!("record: none for {:?}", report.killed.first().map(|k| k.pid)));
            continue;
        };
        let record = &with_updates(record, stream);
        let rung = rung_of(&probes(record));
        if let Some(wrong) = wrong_rung(rung, plan, evidence) {
            findings.push(wrong);
        }
        let outcome = compare::compare(record, report, &evidence.machine, plan.rung.unwrap_or(rung));
        agreed += outcome.agreed.len();
        findings.extend(outcome.mismatches.iter().map(ToString::to_string));
        findings.extend(shared(record, plan));
        if stream.of("header").any(|header| probes(header).iter().any(|probe| probe == DELIVERY)) {
            agreed += usize::from(plan.victim.is_some());
            findings.extend(environment(record, plan));
        }
    }
    agreed
}

/// What was told later belongs to the record of the same id.
fn with_updates(record: &Value, stream: &Stream) -> Value {
    let mut whole = record.clone();
    for update in stream.of("update").filter(|update| update["id"] == record["id"]) {
        let late = array(update, "/victims").iter().cloned();
        if let Some(victims) = whole["victims"].as_array_mut() {
            victims.extend(late);
            for exit in array(update, "/exits").iter().filter(|exit| exit.get("runtime").is_some()) {
                for victim in victims.iter_mut().filter(|victim| victim["pid"] == exit["pid"]) {
                    victim["runtime"] = exit["runtime"].clone();
                }
            }
        }
    }
    whole
}

/// The probes that a record or header names.
pub(super) fn probes(record: &Value) -> Vec<String> {
    let list = record.pointer("/source/probes").or_else(|| record.get("probes"));
    let list = list.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// In a guest nothing keeps the tracer from its best hook; a development machine may refuse it.
fn wrong_rung(rung: Rung, plan: &Plan, evidence: &Evidence) -> Option<String> {
    let fine = match plan.rung {
        Some(planned) => rung == planned,
        None if evidence.native => matches!(rung, Rung::Full | Rung::Mark),
        None => rung == Rung::Full,
    };
    (!fine).then(|| format!("rung: record {rung:?}, planned {:?}", plan.rung.unwrap_or(Rung::Full)))
}

pub(super) fn same(kill: &Value, report: &Report) -> bool {
    let victim = &kill["victims"][0];
    let ours = [victim["pid"].as_u64(), victim["tid"].as_u64()];
    let theirs = report.killed.first().map(|killed| u64::from(killed.pid));
    let leader = report.choice.as_ref().map(|choice| u64::from(choice.pid));
    ours.iter().flatten().any(|pid| Some(*pid) == theirs || Some(*pid) == leader)
}

/// The hook that reads what a victim was started with.
const DELIVERY: &str = "raw_tp:signal_deliver";

/// A planned victim is a worker, whose environment the scenario has set. A page of it may be in swap.
fn environment(record: &Value, plan: &Plan) -> Option<String> {
    let victim = array(record, "/victims")
        .iter()
        .find(|victim| plan.victim.is_some_and(|pid| victim["pid"] == pid))?;
    if victim.pointer("/memory/swap_bytes").and_then(Value::as_u64) > Some(0) {
        return None;
    }
    let (name, value) = SETTING;
    let told = array(victim, "/runtime/settings")
        .iter()
        .any(|setting| setting["from"] == name && setting["value"] == value);
    (!told).then(|| format!("runtime: record {}, scenario {name}={value}", victim["runtime"]))
}

/// A process that shares the memory dies too; the log does not say so, the scenario knows it.
fn shared(record: &Value, plan: &Plan) -> Option<String> {
    let found: Vec<u64> = array(record, "/victims")
        .iter()
        .filter(|victim| victim["role"] == "shared_mm")
        .filter_map(|victim| victim["pid"].as_u64())
        .collect();
    let planned: Vec<u64> = plan.shared.map(u64::from).into_iter().collect();
    let owed = !matches!(plan.rung, Some(Rung::Pid | Rung::Log));
    (found != planned && owed)
        .then(|| format!("victims[shared_mm].pid: record {found:?}, scenario {planned:?}"))
}

/// The counters and the stream's own sums.
pub(super) fn sums(evidence: &Evidence, stream: &Stream, findings: &mut Vec<String>) {
    let footer = match stream.footer() {
        Ok(footer) => footer,
        Err(error) => return findings.push(format!("footer: {error:#}")),
    };
    let mut check = |field: &str, ours: Option<u64>, kernel: u64| {
        if ours != Some(kernel) {
            findings.push(format!("{field}: record {ours:?}, kernel {kernel}"));
        }
    };
    check("footer.kills", footer["kills"].as_u64(), stream.kills().len() as u64);
    check("footer.lost_kills", footer["lost_kills"].as_u64(), 0);
    let lines: usize = evidence.reports.iter().map(|report| report.killed.len()).sum();
    // Others' kills on a development machine may fall between counter and probes.
    let alone = evidence.vmstat == Some(lines as u64);
    if !evidence.native || alone {
        check("footer.complete", footer["complete"].as_bool().map(u64::from), 1);
    }
    if evidence.native {
        return;
    }
    if let Some(vmstat) = evidence.vmstat {
        check("vmstat (Killed lines)", Some(lines as u64), vmstat);
        check("footer.vmstat_oom_kill", footer["vmstat_oom_kill"].as_u64(), vmstat);
    }
}

/// Did the kernel do what the scenario wanted?
fn planned(report: &Report, plan: &Plan) -> Result<()> {
    let (Some(invoked), Some(choice)) = (&report.invoked, &report.choice) else {
        bail!("{NO_REPORT} a report: it prints 10 in 5 s");
    };
    let mut wrong = Vec::new();
    let mut check = |what: &str, fine: bool, kernel: String| {
        if !fine {
            wrong.push(format!("{what} is {kernel}"));
        }
    };
    let killed = report.killed.first().map(|killed| (killed.pid, killed.comm.clone())).unwrap_or_default();
    check("constraint", choice.constraint == plan.constraint, choice.constraint.clone());
    check("victim", plan.victim.is_none_or(|pid| pid == choice.pid), choice.pid.to_string());
    check("thread", plan.thread.is_none_or(|pid| pid == killed.0), killed.0.to_string());
    check("comm", plan.comm.as_ref().is_none_or(|comm| *comm == killed.1), printable(&killed.1));
    check(
        "trigger",
        plan.trigger.is_none_or(|pid| Some(pid) == report.trigger_pid),
        printable(&invoked.comm),
    );
    check("limit", plan.limit.is_none() || plan.limit == choice.oom_memcg, format!("{:?}", choice.oom_memcg));
    check(
        "home",
        plan.home.as_ref().is_none_or(|home| *home == choice.task_memcg),
        printable(&choice.task_memcg),
    );
    check("number of kills", report.killed.len() == plan.killed, report.killed.len().to_string());
    if wrong.is_empty() { Ok(()) } else { bail!("not the kill that was planned: {}", wrong.join(", ")) }
}
