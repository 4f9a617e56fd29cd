//! What one look at the kill tells, where nothing was sampled before: who holds the memory, not how it came there.

use std::collections::HashMap;

use super::super::case::Finding;
use super::super::scope::{self, Domain};
use super::super::series::cut;
use super::super::thresholds::{
    CACHE_STUCK, HOLDS, HOLDS_MOST, JUST_BORN_MS, KIND_SHARE, SWARM_LARGEST, SWARM_MEMBERS, SWARM_SHARE,
};
use super::super::words::{self, between_ms};
use super::{moment, not_full};
use crate::model::{
    Candidate, Confidence, Culprit, CulpritKind, Incident, PartKind, Text, VerdictKind, Victim,
};

const NO_HISTORY: &str = "this is one moment: nothing was sampled before the kill, so it is not known what grew, how fast and since when";

const AGE_ALONE: &str = "this is one moment: nothing was sampled before the kill; how fast and since when is known from its age alone";

/// From the task table and the statistics of the kernel's report.
pub(in super::super) fn of(incident: &Incident) -> Finding {
    let mut found = sysrq(incident)
        .or_else(|| not_full::of(incident))
        .or_else(|| kind(incident))
        .or_else(|| swarm(incident))
        .or_else(|| one(incident))
        .or_else(|| most(incident))
        .unwrap_or_else(|| Finding {
            verdict: VerdictKind::Undetermined,
            confidence: Confidence::Low,
            reasons: Vec::new(),
            culprit: None,
        });
    let paced = found.culprit.as_ref().is_some_and(|culprit| culprit.rate_bytes_per_s.is_some());
    if incident.scope.sysrq != Some(true) {
        found.reasons.extend(moment::parts(incident));
    }
    found.reasons.push(if paced { AGE_ALONE } else { NO_HISTORY }.into());
    found
}

fn sysrq(incident: &Incident) -> Option<Finding> {
    incident.scope.sysrq.filter(|asked| *asked)?;
    Some(Finding {
        verdict: VerdictKind::Undetermined,
        confidence: Confidence::High,
        reasons: vec!["somebody asked for the kill by SysRq-f; nothing had run out of memory".into()],
        culprit: None,
    })
}

/// What of the scope's memory there was of a kind, of how much.
fn kind(incident: &Incident) -> Option<Finding> {
    let memcg = scope::domain(incident) == Domain::Memcg;
    let (kinds, whole) = if memcg { of_memcg(incident)? } else { of_machine(incident)? };
    let (kind, bytes) = kinds.into_iter().max_by_key(|(_, bytes)| *bytes)?;
    let share = bytes as f64 / whole.max(1) as f64;
    if share < KIND_SHARE {
        return None;
    }
    let (verdict, culprit, confidence) = match kind {
        PartKind::Shmem => (VerdictKind::Shmem, CulpritKind::Shmem, Confidence::Medium),
        PartKind::File => (VerdictKind::PageCache, CulpritKind::PageCache, Confidence::Medium),
        _ => (VerdictKind::KernelMemory, CulpritKind::KernelMemory, Confidence::Medium),
    };
    let reason = format!("{} of {} in use are {}", words::size(bytes), words::size(whole), words::kind(kind));
    let culprit = Culprit { kind: culprit, ..holder(bytes, whole) };
    Some(Finding { verdict, confidence, reasons: vec![reason], culprit: Some(culprit) })
}

fn of_memcg(incident: &Incident) -> Option<(Vec<(PartKind, i64)>, i64)> {
    let stats = incident.scope.stats.as_ref()?;
    let level = incident.scope.memcg.as_ref().map(|memcg| &memcg.level)?;
    let whole = level.usage_bytes.or(level.limit_bytes).filter(|bytes| *bytes > 0)?;
    let stuck = stats.dirty_bytes.unwrap_or(0).saturating_add(stats.unevictable_bytes.unwrap_or(0));
    let file = stats.file_bytes.filter(|file| stuck as f64 >= CACHE_STUCK * *file as f64);
    let kinds = [
        (PartKind::Shmem, stats.shmem_bytes),
        (PartKind::Kernel, stats.kernel_bytes),
        (PartKind::File, file),
    ];
    Some((known(&kinds), cut(whole)))
}

fn of_machine(incident: &Incident) -> Option<(Vec<(PartKind, i64)>, i64)> {
    let system = incident.system.as_ref()?;
    // What was read after the kill still holds for these: they do not go with a process.
    let kinds = [
        (PartKind::Shmem, system.shmem_bytes),
        (PartKind::Slab, system.slab_bytes),
        (PartKind::PageTables, system.page_table_bytes),
    ];
    Some((known(&kinds), cut(system.mem_total_bytes?)))
}

fn known(kinds: &[(PartKind, Option<u64>)]) -> Vec<(PartKind, i64)> {
    kinds.iter().filter_map(|(kind, bytes)| Some((*kind, cut((*bytes)?)))).collect()
}

/// It holds this much; that it grew is not known, that it was not always there is.
fn holder(bytes: i64, whole: i64) -> Culprit {
    Culprit {
        share_of_growth: (bytes as f64 / whole.max(1) as f64).clamp(0.0, 1.0),
        growth_bytes: u64::try_from(bytes).unwrap_or(0),
        bytes: u64::try_from(bytes).ok(),
        likely: true,
        ..Culprit::default()
    }
}

/// What the kernel's badness counts of a candidate.
pub(in super::super) fn footprint(candidate: &Candidate) -> Option<i64> {
    let more = [candidate.swap_bytes, candidate.page_table_bytes].into_iter().flatten();
    Some(cut(more.fold(candidate.rss_bytes?, u64::saturating_add)))
}

/// Many of one name, none of them large.
fn swarm(incident: &Incident) -> Option<Finding> {
    let whole = scope::limit(incident)?;
    let (comm, count, sum, most) = of_table(incident).or_else(|| of_candidates(incident))?;
    let part = |bytes: i64| bytes as f64 / whole.max(1) as f64;
    if count < SWARM_MEMBERS || part(sum) < SWARM_SHARE || part(most) > SWARM_LARGEST {
        return None;
    }
    let culprit = Culprit {
        kind: CulpritKind::Family,
        comm: Some(comm.clone()),
        members: u32::try_from(count).ok(),
        is_victim: incident.victims.iter().any(|victim| victim.comm == comm),
        ..holder(sum, whole)
    };
    let reason = format!(
        "{count} tasks named {} hold {} of the {} there are, the largest {}",
        words::task(Some(&comm), None),
        words::size(sum),
        words::size(whole),
        words::size(most)
    );
    Some(Finding {
        verdict: VerdictKind::ForkSwarm,
        confidence: Confidence::Low,
        reasons: vec![reason],
        culprit: Some(culprit),
    })
}

/// The name whose processes hold most: how many, their sum, the largest.
fn of_table(incident: &Incident) -> Option<(Text, usize, i64, i64)> {
    let first = incident.scope.holders.as_ref()?.by_name.first()?;
    let count = usize::try_from(first.processes).ok()?;
    Some((first.comm.clone(), count, cut(first.bytes), cut(first.largest_bytes)))
}

/// The same of the best candidates alone.
fn of_candidates(incident: &Incident) -> Option<(Text, usize, i64, i64)> {
    let mut families: HashMap<&[u8], (usize, i64, i64)> = HashMap::new();
    for candidate in &incident.candidates {
        let bytes = footprint(candidate).unwrap_or(0);
        let (count, sum, most) = families.entry(candidate.comm.as_bytes()).or_default();
        (*count, *sum, *most) = (*count + 1, sum.saturating_add(bytes), (*most).max(bytes));
    }
    let (comm, (count, sum, most)) = families.into_iter().max_by_key(|(comm, (_, sum, _))| (*sum, *comm))?;
    Some((Text::new(comm), count, sum, most))
}

/// One process, or all of one name, holds more than all others together: named, and no more than that.
fn most(incident: &Incident) -> Option<Finding> {
    let whole = scope::limit(incident)?;
    let held = incident.scope.holders.as_ref()?;
    let much = |bytes: u64| cut(bytes) as f64 >= HOLDS_MOST * whole.max(1) as f64;
    let name = held.by_name.first().filter(|name| much(name.bytes))?;
    let row = held.tasks.first().filter(|row| much(row.bytes()));
    let is_victim = |pid: u32| incident.victims.iter().any(|victim| victim.pid == pid);
    let culprit = match row {
        Some(row) => Culprit {
            pid: Some(row.pid),
            comm: Some(row.comm.clone()),
            is_victim: is_victim(row.pid),
            ..holder(cut(row.bytes()), whole)
        },
        None if name.processes > 1 => Culprit {
            kind: CulpritKind::Family,
            comm: Some(name.comm.clone()),
            members: Some(name.processes),
            is_victim: incident.victims.iter().any(|victim| victim.comm == name.comm),
            ..holder(cut(name.bytes), whole)
        },
        None => return None,
    };
    Some(Finding {
        verdict: VerdictKind::Undetermined,
        confidence: Confidence::Low,
        reasons: Vec::new(),
        culprit: Some(culprit),
    })
}

/// One task holds nearly all.
fn one(incident: &Incident) -> Option<Finding> {
    let whole = scope::limit(incident)?;
    let largest = incident.candidates.iter().filter_map(|c| Some((c.pid, &c.comm, footprint(c)?)));
    let victim = incident.victims.first().and_then(|victim| {
        let parts = &victim.memory;
        let all =
            [parts.anon_bytes, parts.file_bytes, parts.shmem_bytes, parts.swap_bytes, parts.page_table_bytes];
        Some((victim.pid, &victim.comm, cut(all.into_iter().flatten().reduce(u64::saturating_add)?)))
    });
    let (pid, comm, bytes) = largest.chain(victim).max_by_key(|(_, _, bytes)| *bytes)?;
    let share = bytes as f64 / whole.max(1) as f64;
    if share < HOLDS {
        return None;
    }
    let name = words::task(Some(comm), Some(pid));
    let mut reasons = vec![format!(
        "{name} holds {} of the {} there are ({})",
        words::size(bytes),
        words::size(whole),
        words::percent(share)
    )];
    let victim = incident.victims.iter().find(|victim| victim.pid == pid);
    let mut culprit = Culprit {
        pid: Some(pid),
        comm: Some(comm.clone()),
        exe: victim.and_then(|victim| victim.exe.clone()),
        cgroup: victim.and_then(|victim| victim.cgroup.as_ref()).map(|cgroup| cgroup.path.clone()),
        is_victim: victim.is_some(),
        ..holder(bytes, whole)
    };
    let born = victim.and_then(|victim| just_born(incident, victim, whole - bytes));
    if let Some(age) = born {
        reasons.push(format!("it was {} old, so all of that came at once", words::span(age)));
        // Files that others have read are in its resident memory, and in the scope of those.
        culprit.rate_bytes_per_s = Some(bytes.min(whole) as f64 * 1000.0 / age as f64);
        culprit.rate_growth_bytes = u64::try_from(bytes.min(whole)).ok();
        culprit.rate_ms = u64::try_from(age).ok();
        culprit.rate_at_least = true;
        culprit.since_ms = Some(-age);
        culprit.since = words::rfc3339(incident, -age);
        culprit.likely = false;
    }
    let machine = scope::domain(incident) == Domain::Machine;
    let (verdict, confidence) = match born {
        _ if machine => (VerdictKind::NoLimit, Confidence::Low),
        Some(_) => (VerdictKind::Burst, Confidence::Medium),
        None => (VerdictKind::Undetermined, Confidence::Low),
    };
    if machine {
        reasons.push("the machine ran out before any limit held it back".into());
    } else if born.is_none() {
        reasons.push("one look does not tell a leak from a limit that is too low".into());
    }
    Some(Finding { verdict, confidence, reasons, culprit: Some(culprit) })
}

/// How old the victim was, ms, where that is so little that a leak would have gone on for longer, and nobody can have left it
/// what it holds: after a fork parent and child hold the same pages, and all others have no more than `rest`.
fn just_born(incident: &Incident, victim: &Victim, rest: i64) -> Option<i64> {
    let age = between_ms(victim.start_time.as_deref()?, &incident.time).filter(|age| *age <= JUST_BORN_MS)?;
    // Without it nobody was scored, or the table is of another time.
    let scored = incident.candidates.iter().any(|candidate| candidate.pid == victim.pid);
    let mut others = incident.candidates.iter().filter(|candidate| candidate.pid != victim.pid);
    (scored && others.all(|other| footprint(other).is_some_and(|bytes| bytes <= rest))).then_some(age)
}
