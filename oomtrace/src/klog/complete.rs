//! Completes an incident that the kernel hooks saw only in part.

use super::badness::Facts;
use super::{GROUP_MEMBERS, Outcome, Report, to_model};
use crate::model::{Badness, Incident, KERNEL_LOG, LimitMemcg, Memory, Scope, Victim};

/// Adds what the report says and the incident lacks; nothing is overwritten, and where the two differ a note says so.
/// False, and nothing changed, when the report is about another kill.
pub fn complete(incident: &mut Incident, report: &Report) -> bool {
    if !is_about(incident, report) {
        return false;
    }
    let facts = Facts {
        page_size: incident.host.page_size,
        total_swap_bytes: incident.system.as_ref().and_then(|system| system.swap_total_bytes),
        swappiness: None,
        total_pages: incident.scope.total_pages,
    };
    let told = to_model::scope(report, &facts);
    note_difference(incident, &told);
    scope(&mut incident.scope, told);
    fill(&mut incident.trigger, to_model::trigger(report));
    victims(incident, report, &facts);
    if incident.candidates.is_empty() {
        incident.candidates = to_model::candidates(report, &facts);
        fill(&mut incident.candidates_scored, to_model::candidates_scored(report));
    }
    if !incident.source.probes.iter().any(|probe| probe == KERNEL_LOG) {
        incident.source.probes.push(KERNEL_LOG.to_owned());
    }
    true
}

/// Whether report and incident tell of the same kill.
fn is_about(incident: &Incident, report: &Report) -> bool {
    let named = |victim: &Victim| report.kills(victim.pid) || victim.tid.is_some_and(|tid| report.kills(tid));
    report.outcome == Outcome::Killed && (incident.victims.is_empty() || incident.victims.iter().any(named))
}

fn fill<T>(field: &mut Option<T>, value: Option<T>) {
    if field.is_none() {
        *field = value;
    }
}

fn note_difference(incident: &mut Incident, told: &Scope) {
    let seen = &incident.scope;
    let path = |scope: &Scope| scope.memcg.as_ref().map(|memcg| memcg.level.path.clone());
    let differs = matches!((seen.constraint, told.constraint), (Some(seen), Some(told)) if seen != told)
        || matches!((path(seen), path(told)), (Some(seen), Some(told)) if seen != told);
    if differs {
        let constraint = told.constraint.map_or_else(String::new, |constraint| format!("{constraint:?}"));
        let path = path(told).map_or_else(String::new, |path| format!(" {}", path.lossy()));
        incident.source.notes.push(format!("the kernel log names another domain: {constraint}{path}"));
    }
}

fn scope(scope: &mut Scope, told: Scope) {
    let other_domain =
        matches!((scope.constraint, told.constraint), (Some(seen), Some(told)) if seen != told);
    fill(&mut scope.constraint, told.constraint);
    fill(&mut scope.message, told.message);
    fill(&mut scope.gfp_flags, told.gfp_flags);
    fill(&mut scope.order, told.order);
    fill(&mut scope.sysrq, told.sysrq);
    fill(&mut scope.allocation, told.allocation);
    fill(&mut scope.mems_allowed, told.mems_allowed);
    fill(&mut scope.cpuset, told.cpuset);
    if other_domain {
        return;
    }
    fill(&mut scope.total_pages, told.total_pages);
    fill(&mut scope.stats, told.stats);
    match (&mut scope.memcg, told.memcg) {
        (Some(seen), Some(told)) => memcg(seen, &told),
        (seen, told) => fill(seen, told),
    }
}

fn memcg(seen: &mut LimitMemcg, told: &LimitMemcg) {
    if seen.level.path != told.level.path {
        return;
    }
    fill(&mut seen.levels_above_victim, told.levels_above_victim);
    let (seen, told) = (&mut seen.level, &told.level);
    fill(&mut seen.limit_bytes, told.limit_bytes);
    fill(&mut seen.usage_bytes, told.usage_bytes);
    fill(&mut seen.swap_limit_bytes, told.swap_limit_bytes);
    fill(&mut seen.swap_usage_bytes, told.swap_usage_bytes);
}

fn victims(incident: &mut Incident, report: &Report, facts: &Facts) {
    let seen = incident.victims.len();
    let adds = seen == 0 || !report.doubts.contains(&GROUP_MEMBERS);
    for told in to_model::victims(report, facts) {
        let same = |seen: &&mut Victim| seen.pid == told.pid || (seen.tid.is_some() && seen.tid == told.tid);
        match incident.victims.iter_mut().find(same) {
            Some(seen) => victim(seen, told),
            None if adds => incident.victims.push(told),
            None => {}
        }
    }
    let added = incident.victims.len() - seen;
    if seen > 0 && added > 0 {
        incident.source.notes.push(format!("{added} of the victims are known from the kernel log only"));
    }
}

fn victim(seen: &mut Victim, told: Victim) {
    if seen.comm.as_bytes().is_empty() {
        seen.comm = told.comm;
    }
    fill(&mut seen.tid, told.tid);
    fill(&mut seen.uid, told.uid);
    fill(&mut seen.oom_score_adj, told.oom_score_adj);
    fill(&mut seen.cgroup, told.cgroup);
    memory(&mut seen.memory, &told.memory);
    match (&mut seen.badness, told.badness) {
        (Some(seen), Some(told)) => badness(seen, told),
        (seen, told) => fill(seen, told),
    }
}

fn memory(seen: &mut Memory, told: &Memory) {
    let empty = *seen == Memory::default();
    fill(&mut seen.total_vm_bytes, told.total_vm_bytes);
    fill(&mut seen.anon_bytes, told.anon_bytes);
    fill(&mut seen.file_bytes, told.file_bytes);
    fill(&mut seen.shmem_bytes, told.shmem_bytes);
    fill(&mut seen.swap_bytes, told.swap_bytes);
    fill(&mut seen.page_table_bytes, told.page_table_bytes);
    // The log's accuracy is not that of values which came from elsewhere.
    if empty {
        seen.accuracy = told.accuracy;
    }
}

fn badness(seen: &mut Badness, told: Badness) {
    fill(&mut seen.total_pages, told.total_pages);
    fill(&mut seen.permille, told.permille);
    // The sum belongs to its summands.
    if seen.parts.is_none() && seen.recomputed.is_none() {
        seen.parts = told.parts;
        seen.recomputed = told.recomputed;
    }
}
