//! An alert as a record.

use std::collections::BTreeMap;

use super::engine::{Change, Subject};
use super::measure::Measured;
use super::rule::{Metric, Rule, Unit};
use crate::kernel::clock;
use crate::model::{Alert, AlertOn, AlertState, AlertSubject, CgroupRef, Host, SCHEMA, Text};
use crate::words::{bytes, escape};

/// The record of a change.
#[must_use]
pub fn alert(change: &Change, host: &Host, labels: &BTreeMap<String, String>) -> Alert {
    let Change { rule, subject, measured, .. } = change;
    let boot = host.boot_id.as_deref().and_then(|id| id.get(..8)).unwrap_or("boot");
    let mut labels = labels.clone();
    labels.extend(rule.labels.clone());
    let (time, range) =
        measured.time.map_or((None, Vec::new()), |(time, range)| (Some(time), range.to_vec()));
    Alert {
        schema: SCHEMA.to_owned(),
        id: format!("{boot}-{}-{}-{}", rule.name, identity(subject), change.fired_ns / 1_000_000),
        time: clock::rfc3339(change.now_ns),
        boottime_ns: change.now_ns,
        host: host.clone(),
        state: if change.firing { AlertState::Firing } else { AlertState::Resolved },
        rule: rule.name.clone(),
        severity: rule.severity,
        labels,
        subject: of(subject),
        metric: word(rule.metric).to_owned(),
        value: measured.value.unwrap_or(0.0),
        threshold: rule.threshold,
        unit: unit(rule.unit).to_owned(),
        used_bytes: Some(measured.used),
        limit_bytes: measured.limit,
        rate_bytes_per_s: measured.rate,
        time_to_limit_s: time,
        time_to_limit_range_s: range,
        since: clock::rfc3339(change.since_ns),
        summary: summary(change),
    }
}

/// Tells subjects of the same rule apart.
fn identity(subject: &Subject) -> String {
    match subject {
        Subject::System => "system".to_owned(),
        Subject::Cgroup(id, _) => format!("cgroup{id}"),
        Subject::Process(pid, ..) => format!("pid{pid}"),
    }
}

fn of(subject: &Subject) -> AlertSubject {
    let cgroup = |path: &Option<std::sync::Arc<[u8]>>, id: Option<u64>| {
        path.as_ref()
            .map(|path| CgroupRef { path: Text::new(path.to_vec()), id: id.map(|id| id.to_string()) })
    };
    match subject {
        Subject::System => AlertSubject { kind: AlertOn::System, ..AlertSubject::default() },
        Subject::Cgroup(id, path) => {
            AlertSubject { kind: AlertOn::Cgroup, cgroup: cgroup(path, Some(*id)), ..AlertSubject::default() }
        }
        Subject::Process(pid, comm, path) => AlertSubject {
            kind: AlertOn::Process,
            cgroup: cgroup(path, None),
            pid: Some(*pid),
            comm: Some(Text::until_nul(comm)),
        },
    }
}

fn name(subject: &Subject) -> String {
    match subject {
        Subject::System => "the machine".to_owned(),
        Subject::Cgroup(_, Some(path)) => format!("cgroup {}", escape::bytes(path)),
        Subject::Cgroup(id, None) => format!("cgroup {id}"),
        Subject::Process(pid, comm, _) => {
            format!("{} (pid {pid})", escape::bytes(Text::until_nul(comm).as_bytes()))
        }
    }
}

/// As in the configuration.
fn word(metric: Metric) -> &'static str {
    match metric {
        Metric::Usage => "usage",
        Metric::Swap => "swap",
        Metric::PsiSome => "psi_some",
        Metric::PsiFull => "psi_full",
        Metric::Growth => "growth",
        Metric::TimeToLimit => "time_to_limit",
        Metric::HighEvents => "high_events",
        Metric::LimitEvents => "limit_events",
    }
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Share => "share",
        Unit::Bytes => "bytes",
        Unit::Rate => "bytes_per_second",
        Unit::Seconds => "seconds",
        Unit::Events => "events_per_minute",
    }
}

fn summary(change: &Change) -> String {
    let (what, said) = (name(&change.subject), said(&change.rule, &change.measured));
    match (change.firing, change.gone) {
        (true, _) => {
            let held = change.now_ns.saturating_sub(change.since_ns);
            let held =
                if held < 1_000_000_000 { String::new() } else { format!(", for {}", bytes::duration(held)) };
            format!("{what} {said}{held}")
        }
        (false, true) => format!("{what} is gone; when it was last seen, it {said}"),
        (false, false) => format!("{what} is fine again: rule {} is over", change.rule.name),
    }
}

fn said(rule: &Rule, measured: &Measured) -> String {
    let value = measured.value.unwrap_or(0.0);
    let limit = measured.limit.map_or(String::new(), |limit| format!(" of {}", bytes::size(limit)));
    match (rule.metric, rule.unit) {
        (Metric::Usage, Unit::Share) => format!("uses {:.0} % of its limit{limit}", value * 100.0),
        (Metric::Usage, _) => format!("uses {}", bytes::size(measured.used)),
        (Metric::Swap, _) => {
            format!("has {} in swap", bytes::size(measured.swap.map_or(0, |(swap, _)| swap)))
        }
        (Metric::PsiSome, _) => format!("has tasks that wait for memory {:.0} % of the time", value * 100.0),
        (Metric::PsiFull, _) => {
            format!("does nothing but wait for memory {:.0} % of the time", value * 100.0)
        }
        (Metric::Growth, _) => format!("grows by {}", bytes::rate(value)),
        (Metric::TimeToLimit, _) => forecast(measured, &limit),
        (Metric::HighEvents, _) => format!("passes memory.high {value:.0} times a minute"),
        (Metric::LimitEvents, _) => format!("hits its limit{limit} {value:.0} times a minute"),
    }
}

/// `will hit its limit of 512.0 MiB in 4 min [3 to 6] at 12.0 MiB/s`.
fn forecast(measured: &Measured, limit: &str) -> String {
    let rate = measured.rate.map_or(String::new(), |rate| format!(" at {}", bytes::rate(rate)));
    let Some((time, [earliest, latest])) = measured.time else {
        return format!("was to hit its limit{limit}");
    };
    let (divisor, word) = if time < 90.0 { (1.0, "s") } else { (60.0, "min") };
    format!(
        "will hit its limit{limit} in {:.0} {word} [{:.0} to {:.0}]{rate}",
        time / divisor,
        earliest / divisor,
        latest / divisor
    )
}
