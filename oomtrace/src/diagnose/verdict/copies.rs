//! Copy-on-write after a fork: what parent or child writes is there twice, and in the resident memory of neither as growth.

use super::super::case::{Case, Finding};
use super::super::growth::Grown;
use super::super::scope::Domain;
use super::super::thresholds::KIND_SHARE;
use super::super::words;
use crate::model::{Confidence, Culprit, CulpritKind, PartKind, VerdictKind};

/// Most of what grew is anonymous memory that no process grew by, and one has forked.
pub(super) fn rule(case: &Case<'_, '_, '_>) -> Option<Finding> {
    let growth = case.growth;
    if case.scope.domain != Domain::Memcg || !case.unsampled().is_empty() {
        return None;
    }
    let processes: i64 = growth.processes.iter().map(|grown| grown.bytes).sum();
    let copied = (growth.kind(PartKind::Anon) - processes).min(growth.unattributed);
    if growth.share(copied) < KIND_SHARE {
        return None;
    }
    let (parent, child) = forked(case)?;
    let track = parent.track;
    let pid = track.pid;
    let culprit = Culprit {
        kind: CulpritKind::Process,
        pid,
        comm: track.comm.cloned(),
        exe: track.exe.cloned(),
        cgroup: track.path.cloned(),
        is_victim: case.incident.victims.iter().any(|victim| Some(victim.pid) == pid),
        share_of_growth: growth.share(copied),
        growth_bytes: u64::try_from(copied).unwrap_or(0),
        bytes: u64::try_from(track.at_kill()).ok(),
        likely: true,
        ..Culprit::default()
    };
    let reason = format!(
        "{} of the growth ({} of {}) is anonymous memory by which no process grew: {} forked {}{}, and each page that one of them \
         writes is copied",
        words::percent(growth.share(copied)),
        words::size(copied),
        words::size(growth.total),
        words::task(track.comm, pid),
        words::task(child.track.comm, child.track.pid),
        child.track.started.map_or(String::new(), |t| format!(" {} before the kill", words::span(t))),
    );
    Some(Finding {
        verdict: VerdictKind::LimitTooLow,
        confidence: Confidence::Medium,
        reasons: vec![reason],
        culprit: Some(culprit),
    })
}

/// The largest that has a child of its own executable, both alive at the kill, and that child.
fn forked<'c, 't, 'a>(case: &Case<'c, 't, 'a>) -> Option<(&'c Grown<'t, 'a>, &'c Grown<'t, 'a>)> {
    let alive = || case.growth.processes.iter().filter(|grown| grown.track.exited.is_none());
    let parent_of = |child: &&Grown<'_, '_>| {
        let ppid = child.track.ppid;
        alive().find(|grown| {
            ppid.is_some() && grown.track.pid == ppid && grown.track.family() == child.track.family()
        })
    };
    let young = alive().filter(|grown| grown.young);
    young
        .filter_map(|child| Some((parent_of(&child)?, child)))
        .max_by_key(|(parent, _)| parent.track.at_kill())
}
