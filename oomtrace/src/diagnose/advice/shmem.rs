//! tmpfs and shared memory: it outlives who is killed for it.

use super::facts::Facts;
use super::round::{down, mib, percent, size};
use super::{Ranked, push};
use crate::model::{Advice, EntityKind, Incident, PartKind, VerdictKind};

/// Of what is left beside all other memory.
const PART: u64 = 80;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    if !facts.is(&[VerdictKind::Shmem]) {
        return;
    }
    let Some(held) = held(facts.incident) else {
        return;
    };
    push(
        into,
        10,
        Advice {
            action: "Find and delete what fills the tmpfs: a kill frees no file, so the next one comes soon."
                .into(),
            command: Some(
                "df -h -t tmpfs; du -xah /dev/shm /tmp /run 2>/dev/null | sort -rh | head; ipcs -m".into(),
            ),
            value_bytes: None,
            why: format!("tmpfs and shared memory held {} at the kill.", size(held)),
        },
    );
    let whole = facts.whole();
    let usage = facts.memcg().map_or(whole, |memcg| memcg.level.usage_bytes);
    let (Some(whole), Some(usage)) = (whole, usage) else {
        return;
    };
    let others = usage.saturating_sub(held);
    let value = down(percent(whole.saturating_sub(others), PART));
    if value > 0 && value < held {
        push(
            into,
            15,
            Advice {
                action: format!(
                    "Bound that tmpfs (here: /dev/shm) to {}: writing then fails with \"No space left on device\" instead of a kill (docker \
                     --tmpfs or --shm-size, Kubernetes emptyDir.sizeLimit).",
                    size(value)
                ),
                command: Some(format!("sudo mount -o remount,size={}m /dev/shm", mib(value))),
                value_bytes: Some(value),
                why: format!(
                    "{} less {} of other memory leaves {}; 80 % of it, rounded down.",
                    size(whole),
                    size(others),
                    size(whole.saturating_sub(others))
                ),
            },
        );
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
