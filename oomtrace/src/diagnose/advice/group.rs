//! `memory.oom.group`: all are killed for one.

use super::command::word;
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
    let change = match Target::of(&level.path, facts.incident) {
        Some(Target::Unit { name, user }) => of_unit(&name, user.as_deref()),
        Some(Target::Pod(..)) => (
            None,
            " Kubernetes: set singleProcessOOMKill: true in the kubelet's configuration (1.32 and later, cgroup v2) and restart \
             the kubelet; it then holds for all pods of the node.",
        ),
        Some(Target::Directory(path, 2)) => {
            let file = [b"/sys/fs/cgroup", path.as_slice(), b"/memory.oom.group"].concat();
            (Some(format!("echo 0 | sudo tee {}", word(&file))), "")
        }
        _ => return,
    };
    let (command, more) = change;
    push(
        into,
        45,
        Advice {
            action: format!(
                "If the others can go on without it, let the kernel kill only the chosen process.{more}"
            ),
            command,
            value_bytes: None,
            why: format!(
                "memory.oom.group is set: {count} other process{} {} killed with it and held {} of private memory.",
                if count == 1 { "" } else { "es" },
                if count == 1 { "was" } else { "were" },
                size(held)
            ),
        },
    );
}

/// OOMPolicy= is no property that can be set while the unit runs.
fn of_unit(name: &[u8], user: Option<&str>) -> (Option<String>, &'static str) {
    let more = " In the unit: OOMPolicy=continue.";
    if user.is_some() {
        return (None, more);
    }
    let dir = word(&[b"/etc/systemd/system/", name, b".d"].concat());
    let file = word(&[b"/etc/systemd/system/", name, b".d/oom-policy.conf"].concat());
    let command = format!(
        "sudo mkdir -p {dir} && printf '[Service]\\nOOMPolicy=continue\\n' | sudo tee {file} && sudo systemctl daemon-reload"
    );
    (Some(command), more)
}
