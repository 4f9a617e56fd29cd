//! PostgreSQL: memory of each sort and hash, times the backends.

use super::facts::Facts;
use super::round::{down, mib, size};
use super::{Ranked, push};
use crate::model::{Advice, CulpritKind, EntityKind, PartKind, RuntimeKind, VerdictKind};

/// Sorts and hashes that one backend may run at a time, each with its `work_mem` (hashes with twice that).
const NODES: u64 = 4;
const MIB: u64 = 1 << 20;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    use VerdictKind::{Burst, ForkSwarm, LimitTooLow, Neighbour, NoLimit};
    buffers(facts, into);
    if facts.managed_by(RuntimeKind::Postgresql).is_none()
        || !facts.is(&[Burst, ForkSwarm, LimitTooLow, Neighbour, NoLimit])
    {
        return;
    }
    let (Some(culprit), Some(backends), Some(whole)) = (facts.culprit(), backends(facts), facts.whole())
    else {
        return;
    };
    // Each backend maps the shared buffers, but they are there once.
    let shared = shared(facts).unwrap_or(0);
    let value = (whole.saturating_sub(shared) / backends / NODES) & !(MIB - 1);
    if value == 0 {
        return;
    }
    let grew = match culprit.kind {
        CulpritKind::Process => format!("One backend grew by {}", size(culprit.growth_bytes)),
        _ => format!("Its backends grew by {} together", size(culprit.growth_bytes)),
    };
    push(
        into,
        6,
        Advice {
            action: "Lower work_mem, or let fewer connections in (max_connections, a pooler).".into(),
            command: Some(format!(
                "psql -c \"ALTER SYSTEM SET work_mem = '{}MB'\" -c 'SELECT pg_reload_conf()'",
                mib(value)
            )),
            value_bytes: Some(value),
            why: format!(
                "{grew}. {} less {} of shared buffers, divided by {backends} processes with {NODES} sorts or hashes each, \
                 rounded down.",
                size(whole),
                size(shared)
            ),
        },
    );
}

/// Shared buffers above the limit are wrong whatever grew.
fn buffers(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    let found = facts.managed_by(RuntimeKind::Postgresql);
    let (Some((_, runtime)), Some(limit)) = (found, facts.limit()) else {
        return;
    };
    let value = down(limit / 4);
    let Some(set) = runtime.bytes("shared_buffers").filter(|set| *set > limit && value > 0) else {
        return;
    };
    push(
        into,
        5,
        Advice {
            action: "Lower shared_buffers, then restart PostgreSQL.".into(),
            command: Some(format!("psql -c \"ALTER SYSTEM SET shared_buffers = '{}MB'\"", mib(value))),
            value_bytes: Some(value),
            why: format!(
                "It is {}, above the limit of {}. The value is a quarter of the limit.",
                size(set),
                size(limit)
            ),
        },
    );
}

/// Processes of its executable in its cgroup at the kill.
fn backends(facts: &Facts<'_>) -> Option<u64> {
    let culprit = facts.culprit()?;
    let entities = &facts.incident.history.as_ref()?.entities;
    let family = entities.iter().find(|entity| {
        entity.kind == EntityKind::Family && entity.path == culprit.cgroup && entity.exe == culprit.exe
    });
    culprit.members.or_else(|| family?.members).map(u64::from).filter(|count| *count > 0)
}

fn shared(facts: &Facts<'_>) -> Option<u64> {
    let stats = facts.incident.scope.stats.as_ref();
    let of_entity = || facts.entity()?.part(PartKind::Shmem)?.last().copied();
    stats.and_then(|stats| stats.shmem_bytes).or_else(of_entity)
}
