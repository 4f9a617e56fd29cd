//! What the record proves about the kernel's choice.

use super::thresholds::COUNTERS_OFF;
use super::verdict::snapshot::footprint;
use super::words;
use crate::model::{Candidate, EntityKind, Incident, Victim};

/// Statements about why this one was taken, for the reasons.
pub(super) fn statements(incident: &Incident) -> Vec<String> {
    let Some(victim) = incident.victims.first() else { return Vec::new() };
    let found = [
        inexact_counters(incident, victim),
        adjusted(incident, victim),
        child_of_container(incident, victim),
    ];
    found.into_iter().flatten().collect()
}

/// The kernel ranked by its cheap counters. What the exact ones would have changed.
fn inexact_counters(incident: &Incident, victim: &Victim) -> Option<String> {
    let memory = &victim.memory;
    let seen = memory.kernel_view.as_ref()?;
    let exact = [memory.anon_bytes?, memory.file_bytes?, memory.shmem_bytes?, memory.swap_bytes.unwrap_or(0)];
    let sum = |parts: [u64; 4]| parts.iter().map(|bytes| i128::from(*bytes)).sum::<i128>();
    let exact = sum(exact);
    let off = sum([seen.anon_bytes, seen.file_bytes, seen.shmem_bytes, seen.swap_bytes]) - exact;
    let difference = format!(
        "the kernel ranked it by inexact counters, {} {} its real memory",
        crate::words::bytes::signed_size(off.abs()),
        if off < 0 { "below" } else { "above" }
    );
    let page = i128::from(incident.host.page_size.max(1));
    let points = |pid: u32| incident.candidates.iter().find(|c| c.pid == pid)?.points;
    let own = i128::from(points(victim.pid)?) - off / page;
    let others = incident.candidates.iter().filter(|c| c.pid != victim.pid);
    let first =
        others.filter_map(|c| Some((c, exact_points(incident, c)?))).max_by_key(|(_, points)| *points);
    match first {
        Some((other, theirs)) if theirs > own => {
            let name = words::task(Some(&other.comm), Some(other.pid));
            Some(format!("{difference}: by exact ones {name} would have been killed"))
        }
        _ if off.unsigned_abs() as f64 >= COUNTERS_OFF * exact as f64 => {
            Some(format!("{difference}; by exact ones the choice would have been the same"))
        }
        _ => None,
    }
}

/// A candidate's points with its sampled memory at the kill, which is summed over all CPUs; what is not sampled then does not
/// prove anything.
fn exact_points(incident: &Incident, candidate: &Candidate) -> Option<i128> {
    let entities = &incident.history.as_ref()?.entities;
    let own = |entity: &&crate::model::Entity| {
        entity.kind == EntityKind::Process && entity.pid == Some(candidate.pid)
    };
    let (t, bytes) = *entities.iter().find(own)?.points.last()?;
    let page = i128::from(incident.host.page_size.max(1));
    let cheap = i128::from(footprint(candidate)?);
    (t == 0).then_some(i128::from(candidate.points?) + (i128::from(bytes) - cheap) / page)
}

/// `oom_score_adj` decided.
fn adjusted(incident: &Incident, victim: &Victim) -> Option<String> {
    // The kernel divides first.
    let step = i128::from(incident.scope.total_pages? / 1000);
    let plain = |candidate: &Candidate| {
        let points = i128::from(candidate.points.filter(|points| *points != i64::MAX)?);
        Some(points - i128::from(candidate.oom_score_adj?) * step)
    };
    let own = incident.candidates.iter().find(|c| c.pid == victim.pid)?;
    let mine = plain(own)?;
    let page = i128::from(incident.host.page_size.max(1));
    // One that may not be killed has no points; its size says where it would have been.
    let size = |c: &Candidate| Some(i128::from(footprint(c)?) / page);
    // With equal adjustments something else decided.
    let others =
        incident.candidates.iter().filter(|c| c.pid != victim.pid && c.oom_score_adj != own.oom_score_adj);
    let larger =
        others.filter_map(|c| Some((c, plain(c).or_else(|| size(c))?))).filter(|(_, points)| *points > mine);
    let (first, theirs) = larger.max_by_key(|(_, points)| *points)?;
    let size = |pages: i128| crate::words::bytes::signed_size(pages.saturating_mul(page));
    Some(format!(
        "oom_score_adj decided: {} ({}, oom_score_adj {}) would have come before {} ({}, oom_score_adj {})",
        words::task(Some(&first.comm), Some(first.pid)),
        size(theirs),
        first.oom_score_adj.unwrap_or(0),
        words::task(Some(&own.comm), Some(own.pid)),
        size(mine),
        own.oom_score_adj.unwrap_or(0),
    ))
}

/// Only a child died: the container goes on, and nothing restarts it.
fn child_of_container(incident: &Incident, victim: &Victim) -> Option<String> {
    let container = victim.container.as_ref()?;
    let of_pod = container.pod_uid.is_some() || container.pod_name.is_some();
    let is_child = |victim: &Victim| victim.ns_pid.is_some_and(|pid| pid > 1);
    incident.victims.iter().all(is_child).then(|| {
        format!(
            "the main process of the container (pid 1 inside it) was not killed, so the container keeps running without {}{}",
            words::task(Some(&victim.comm), None),
            if of_pod { "; Kubernetes shows no OOMKilled and no restart for this" } else { "" }
        )
    })
}
