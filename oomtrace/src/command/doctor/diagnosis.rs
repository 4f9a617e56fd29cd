//! What all that was found means together.

use serde::Serialize;

use super::record::{Check, CheckState, FactState, Health, Hook};
use crate::{model::SCHEMA, probe::Fact};

/// The name of the check on which a machine without hooks depends.
pub(super) const KERNEL_LOG: &str = "kernel log";

/// Everything that was found.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Diagnosis {
    /// Version of the record.
    pub schema: &'static str,
    /// "doctor".
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Of oomtrace.
    pub version: &'static str,
    /// How well oomtrace works here.
    pub state: Health,
    /// In one sentence, what reports lack.
    pub summary: String,
    /// What was looked at.
    pub checks: Vec<Check>,
    /// Every hook and what became of it.
    pub probes: Vec<Hook>,
    /// What hooks tell, and whether one does.
    pub facts: Vec<FactState>,
}

impl Diagnosis {
    /// Draws the conclusion.
    #[must_use]
    pub fn new(checks: Vec<Check>, probes: Vec<Hook>, facts: Vec<FactState>) -> Self {
        let state = health(&checks, &facts);
        let summary = summary(state, &checks, &facts);
        let version = env!("CARGO_PKG_VERSION");
        Self { schema: SCHEMA, kind: "doctor", version, state, summary, checks, probes, facts }
    }
}

/// A trace needs one hook that tells of a kill, or the kernel's log.
fn health(checks: &[Check], facts: &[FactState]) -> Health {
    if !sees_kills(facts) && !reads_log(checks) {
        return Health::Unusable;
    }
    let all = checks.iter().all(|check| check.state == CheckState::Ok)
        && facts.iter().all(|fact| fact.served_by.is_some());
    if all { Health::Ok } else { Health::Degraded }
}

fn sees_kills(facts: &[FactState]) -> bool {
    let tell = [Fact::Decision.name(), Fact::Victim.name()];
    facts.iter().any(|fact| tell.contains(&fact.fact) && fact.served_by.is_some())
}

fn reads_log(checks: &[Check]) -> bool {
    checks.iter().any(|check| check.name == KERNEL_LOG && check.state == CheckState::Ok)
}

fn summary(state: Health, checks: &[Check], facts: &[FactState]) -> String {
    let of_checks = checks.iter().filter_map(|check| check.lacks.as_deref());
    match state {
        Health::Ok => "everything works: reports on this machine lack nothing.".to_owned(),
        Health::Unusable => {
            let needed = checks.iter().filter(|check| check.state == CheckState::Missing);
            let names: Vec<&str> = needed.map(|check| check.name.as_str()).collect();
            let why = if names.is_empty() { String::new() } else { format!(" (see {})", names.join(", ")) };
            format!("no OOM kill can be seen here: no hook works{why}, and the kernel's log can't be read.")
        }
        Health::Degraded if !sees_kills(facts) => sentence(
            "OOM kills are seen in the kernel's log alone",
            std::iter::once(
                "reports lack what only hooks tell: identities at the time of the kill, exact times, kills \
                             whose report the kernel left out",
            )
            .chain(of_checks),
        ),
        Health::Degraded => {
            sentence("OOM kills are reported", facts.iter().filter_map(|fact| fact.lacks).chain(of_checks))
        }
    }
}

/// "BEGINNING, but A; B; C."
fn sentence<'a>(beginning: &str, lacks: impl Iterator<Item = &'a str>) -> String {
    let lacks: Vec<&str> = lacks.collect();
    if lacks.is_empty() {
        return format!("{beginning}, and reports lack nothing; see the remedies above.");
    }
    format!("{beginning}, but {}.", lacks.join("; "))
}
