//! tmpfs and shared memory: it can outlive the process that is killed for it.

use super::facts::Facts;
use super::round::{down, percent, size};
use super::{Ranked, push};
use crate::model::{Advice, CulpritKind, EntityKind, Incident, PartKind, VerdictKind};

/// Of what is left beside all other memory.
const PART: u64 = 80;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    if !facts.is(&[VerdictKind::Shmem]) {
        return;
    }
    let Some(held) = held(facts.incident) else {
        return;
    };
    let mapper = facts.culprit().filter(|culprit| culprit.kind == CulpritKind::Process);
    push(into, 10, mapper.map_or_else(|| look(held), |mapper| mapped(facts, mapper, held)));
    let whole = facts.whole();
    let usage = facts.memcg().map_or(whole, |memcg| memcg.level.usage_bytes);
    let (Some(whole), Some(usage)) = (whole, usage) else {
        return;
    };
    let others = usage.saturating_sub(held);
    let value = down(percent(whole.saturating_sub(others), PART));
    if value > 0 && value < held {
        push(into, 15, bound(value, whole, others));
    }
}

/// Nothing has it mapped: files, or segments that are left over.
fn look(held: u64) -> Advice {
    Advice {
        action: "Find what fills it and delete it: files on a tmpfs, memfds and System V segments stay after a kill, so the \
                 next kill comes soon. In a container, run this inside it."
            .into(),
        command: Some(
            "df -h -t tmpfs; du -xah /dev/shm /tmp /run 2>/dev/null | sort -rh | head; ipcs -m; sudo find /proc/[0-9]*/fd \
             -lname '/memfd:*' 2>/dev/null | head"
                .into(),
        ),
        value_bytes: None,
        why: format!("tmpfs and shared memory held {} at the kill.", size(held)),
    }
}

/// One process has it mapped.
fn mapped(facts: &Facts<'_>, mapper: &crate::model::Culprit, held: u64) -> Advice {
    let who = super::facts::name(mapper.comm.as_ref(), mapper.pid);
    let alive = mapper.pid.filter(|pid| facts.incident.victims.iter().all(|victim| victim.pid != *pid));
    Advice {
        action: format!(
            "See what {who} maps: a file below /dev/shm, a memfd, a System V segment (ipcs -m) or an anonymous shared mapping \
             (/dev/zero){}",
            if alive.is_some() { "." } else { ", in /proc/PID/maps of its next run." }
        ),
        command: alive.map(|pid| {
            format!("sudo grep -E '/dev/shm/|/memfd:|/SYSV|/dev/zero|/dev/shmem' /proc/{pid}/maps | sort -k6 | uniq -c -f5")
        }),
        value_bytes: None,
        why: format!("Shared memory held {} at the kill.", size(held)),
    }
}

/// How each kind is bounded. Which kind it is no counter shows, so no command is given: resizing the wrong file system breaks
/// its other users.
fn bound(value: u64, whole: u64, others: u64) -> Advice {
    Advice {
        action: format!(
            "Bound it to {}. A tmpfs: the size= option of its mount, docker --tmpfs or --shm-size, Kubernetes \
             emptyDir.sizeLimit; writing then fails with \"No space left on device\". memfds, System V segments and shared \
             mappings have no mount to bound: their program has to.",
            size(value)
        ),
        command: None,
        value_bytes: Some(value),
        why: format!(
            "{} less {} of other memory leaves {}; 80 % of that, rounded down.",
            size(whole),
            size(others),
            size(whole.saturating_sub(others))
        ),
    }
}

/// Shared memory of the scope at the kill.
fn held(incident: &Incident) -> Option<u64> {
    let of_log = incident.scope.stats.as_ref().and_then(|stats| stats.shmem_bytes);
    let limit = incident.scope.memcg.as_ref().map(|memcg| &memcg.level.path);
    let is_scope = |entity: &&crate::model::Entity| match limit {
        Some(path) => entity.kind == EntityKind::Cgroup && entity.path.as_ref() == Some(path),
        None => entity.kind == EntityKind::System,
    };
    let sampled = || {
        let scope = incident.history.as_ref()?.entities.iter().find(is_scope)?;
        scope.part(PartKind::Shmem)?.last().copied()
    };
    of_log.or_else(sampled)
}
