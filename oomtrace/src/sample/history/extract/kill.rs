//! What the record itself says of the moment of the kill.

use std::collections::HashMap;

use crate::model::{Candidate, Incident, MemcgLevel, Text, Victim};

/// A process at the kill.
#[derive(Clone, Debug, Default)]
pub(super) struct AtKill {
    pub(super) comm: Text,
    /// Resident memory, swap and page tables, where all are known.
    pub(super) sizes: Option<[u64; 3]>,
    /// Anonymous, file, shared; only of victims.
    pub(super) resident: Option<[u64; 3]>,
    pub(super) adj: Option<i32>,
    pub(super) victim: bool,
    pub(super) ppid: Option<u32>,
    pub(super) path: Option<Text>,
    /// When it started, from the kill.
    pub(super) started_ms: Option<i64>,
}

impl AtKill {
    /// The kernel's badness without `oom_score_adj`.
    pub(super) fn size(&self) -> Option<u64> {
        self.sizes.map(|sizes| sizes.iter().sum())
    }
}

/// All processes that the record tells of, by process id. What is said of a victim is exact and goes first.
pub(super) fn processes(incident: &Incident) -> HashMap<u32, AtKill> {
    let candidates = incident.candidates.iter().map(|c| (c.pid, candidate(c)));
    let victims = incident.victims.iter().map(|v| (v.pid, victim(v, incident)));
    let mut all: HashMap<u32, AtKill> = candidates.collect();
    for (pid, mut victim) in victims {
        if let Some(scored) = all.get(&pid) {
            victim.sizes = victim.sizes.or(scored.sizes);
        }
        all.insert(pid, victim);
    }
    all
}

fn candidate(candidate: &Candidate) -> AtKill {
    // Swap and page tables are absent where the kernel's log does not have them: then the sum is not known.
    let sizes = candidate.rss_bytes.zip(candidate.swap_bytes).zip(candidate.page_table_bytes);
    AtKill {
        comm: candidate.comm.clone(),
        sizes: sizes.map(|((rss, swap), tables)| [rss, swap, tables]),
        adj: candidate.oom_score_adj,
        ..AtKill::default()
    }
}

fn victim(victim: &Victim, incident: &Incident) -> AtKill {
    let memory = &victim.memory;
    let resident = memory.anon_bytes.zip(memory.file_bytes).zip(memory.shmem_bytes);
    let resident = resident.map(|((anon, file), shmem)| [anon, file, shmem]);
    let sizes = resident.zip(memory.swap_bytes).zip(memory.page_table_bytes);
    AtKill {
        comm: victim.comm.clone(),
        sizes: sizes.map(|((resident, swap), tables)| [resident.iter().sum(), swap, tables]),
        resident,
        adj: victim.oom_score_adj,
        victim: true,
        ppid: victim.ppid,
        path: victim.cgroup.as_ref().map(|cgroup| cgroup.path.clone()),
        started_ms: victim.start_time.as_deref().and_then(|start| between(start, &incident.time)),
    }
}

/// Ms from `kill` to `start`, both RFC 3339.
fn between(start: &str, kill: &str) -> Option<i64> {
    let (start, kill): (jiff::Timestamp, jiff::Timestamp) = (start.parse().ok()?, kill.parse().ok()?);
    Some(start.as_millisecond() - kill.as_millisecond())
}

/// The cgroups that the record has figures of: the one whose limit was hit, those above, those between it and the victim.
pub(super) fn levels(incident: &Incident) -> impl Iterator<Item = &MemcgLevel> {
    let scope = &incident.scope;
    scope.memcg.iter().map(|memcg| &memcg.level).chain(&scope.below).chain(&scope.ancestors)
}

/// Swap of a cgroup at the kill: v1 counts it together with memory.
pub(super) fn swap(level: &MemcgLevel, v1: bool) -> Option<u64> {
    let swap = level.swap_usage_bytes?;
    if v1 { Some(swap.saturating_sub(level.usage_bytes?)) } else { Some(swap) }
}
