//! Page cache that could not be dropped: dirty, or locked.

use super::facts::Facts;
use super::round::{down, percent, size};
use super::{Ranked, push};
use crate::model::{Advice, VerdictKind};

/// Dirty pages that a cgroup may have, in percent of its limit.
const DIRTY: u64 = 10;
/// Below this part of the limit dirty pages are not what filled it, in percent.
const MUCH: u64 = 20;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    if !facts.is(&[VerdictKind::PageCache]) {
        return;
    }
    let (Some(limit), Some(stats)) = (facts.limit(), facts.incident.scope.stats.as_ref()) else {
        return;
    };
    if let Some(locked) = stats.unevictable_bytes.filter(|locked| *locked >= percent(limit, MUCH)) {
        push(
            into,
            10,
            Advice {
                action:
                    "Find the process that locks memory (mlock, ramfs): locked pages are never reclaimed."
                        .into(),
                command: Some("grep -H VmLck /proc/[0-9]*/status | sort -k2 -n | tail".into()),
                value_bytes: None,
                why: format!("{} of the limit of {} were locked.", size(locked), size(limit)),
            },
        );
    }
    let Some(dirty) = stats.dirty_bytes.filter(|dirty| *dirty >= percent(limit, MUCH)) else {
        return;
    };
    let v1 = facts.incident.host.cgroup_version == Some(1);
    let value = down(percent(limit, DIRTY));
    if v1 && value > 0 {
        push(
            into,
            10,
            Advice {
                action: "Make writers wait for the disk earlier (better: use cgroup v2, which limits dirty pages per cgroup)."
                    .into(),
                command: Some(format!("sudo sysctl vm.dirty_bytes={value} vm.dirty_background_bytes={}", value / 2)),
                value_bytes: Some(value),
                why: format!(
                    "{} of the limit of {} were dirty, and cgroup v1 does not slow writers down for that. The value is 10 % of the \
                     limit, rounded down; it applies to the whole machine.",
                    size(dirty),
                    size(limit)
                ),
            },
        );
    }
}
