//! `memory.oom.group`: all die for one.

use super::facts::Facts;
use super::round::size;
use super::target::Target;
use super::{Ranked, push};
use crate::model::{Advice, CulpritKind, MemcgLevel, Role};

/// Of the growth, from which on one of a group is to blame alone.
const ALONE: f64 = 0.5;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    let members: Vec<_> =
        facts.incident.victims.iter().filter(|victim| victim.role == Role::GroupMember).collect();
    let Some(culprit) =
        facts.culprit().filter(|c| c.kind == CulpritKind::Process && c.share_of_growth >= ALONE)
    else {
        return;
    };
    let scope = &facts.incident.scope;
    let levels = scope.below.iter().chain(scope.memcg.as_ref().map(|memcg| &memcg.level));
    let Some(level) = levels.into_iter().find(|level: &&MemcgLevel| level.oom_group == Some(true)) else {
        return;
    };
    let innocent = members.iter().filter(|victim| Some(victim.pid) != culprit.pid);
    let held: u64 =
        innocent.clone().filter_map(|victim| victim.memory.anon_bytes).fold(0, u64::saturating_add);
    let count = innocent.count();
    if count == 0 || !culprit.is_victim {
        return;
    }
    let (command, more) = match Target::of(&level.path, facts.incident) {
        Some(Target::Unit { .. }) => ("OOMPolicy=continue".to_owned(), " (in the unit)"),
        Some(Target::Pod(_)) => {
            ("singleProcessOOMKill: true".to_owned(), " (in the kubelet's configuration)")
        }
        Some(Target::Directory(path, 2)) => {
            let file = [b"/sys/fs/cgroup", path.as_slice(), b"/memory.oom.group"].concat();
            (format!("echo 0 | sudo tee {}", crate::words::shell::quote(&file)), "")
        }
        _ => return,
    };
    push(
        into,
        45,
        Advice {
            action: format!("If the others can go on without it, let only the one die that is chosen{more}."),
            command: Some(command),
            value_bytes: None,
            why: format!(
                "memory.oom.group is set: {count} other process{} died with it, which held {} of private memory.",
                if count == 1 { "" } else { "es" },
                size(held)
            ),
        },
    );
}
