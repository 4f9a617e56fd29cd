//! What died with the chosen process.

use super::page::{Page, Rich, Tone};
use super::{victim, words};
use crate::model::{Incident, MemcgLevel, Role, Victim};

/// Up to so many get a line each; more are counted by name.
const LINES: usize = 5;
/// Names counted.
const NAMES: usize = 8;

/// Writes the section, nothing when only one process died.
pub(super) fn write(page: &mut Page, incident: &Incident) {
    page.section("Also killed");
    let first = words::chosen(incident).map(|victim| (victim.pid, victim.tid));
    let others = |role| -> Vec<_> {
        let rest = incident.victims.iter().filter(|victim| Some((victim.pid, victim.tid)) != first);
        rest.filter(|victim| victim.role == role).collect()
    };
    group(page, &others(Role::GroupMember), &reason_of_group(incident));
    group(page, &others(Role::SharedMm), "shared its memory");
    group(page, &others(Role::Chosen), "chosen as well");
}

/// The highest cgroup with `memory.oom.group` from the limit down: the kernel kills all below it.
fn reason_of_group(incident: &Incident) -> String {
    let scope = &incident.scope;
    let limit = scope.memcg.as_ref().map(|memcg| &memcg.level);
    let above = scope.ancestors.iter().filter(|_| limit.is_none());
    let mut down = above.rev().chain(limit).chain(scope.below.iter().rev());
    match down.find(|level: &&MemcgLevel| level.oom_group == Some(true)) {
        Some(level) => format!("memory.oom.group is set on {}", words::shown(&level.path)),
        None => "memory.oom.group is set on their cgroup or one above".into(),
    }
}

fn group(page: &mut Page, victims: &[&Victim], reason: &str) {
    let Some(total) = victims.len().checked_sub(1) else {
        return;
    };
    let noun = if total == 0 { "process" } else { "processes" };
    page.para_of(
        Rich::new()
            .with(Tone::Bold, format!("{} {noun}", total + 1))
            .with(Tone::Plain, format!(": {reason}")),
        2,
        4,
    );
    if victims.len() <= LINES {
        victims.iter().for_each(|victim| one(page, victim));
    } else {
        by_name(page, victims);
    }
}

fn one(page: &mut Page, victim: &Victim) {
    let mut text = Rich::new().with(Tone::Red, format!("  {}", words::name(&victim.comm)));
    text.push(Tone::Plain, words::with_pid(victim.pid));
    if let Some(resident) = words::resident(&victim.memory) {
        text.push(Tone::Plain, format!("  {}", words::size(resident)));
    }
    if !victim.cmdline.is_empty() {
        text.push(Tone::Dim, format!("  {}", victim::command_line(&victim.cmdline)));
    }
    page.row(&text);
}

/// `worker ×19  1.9 GiB  pids 102-120`, the name that held most memory first.
fn by_name(page: &mut Page, victims: &[&Victim]) {
    let mut names: Vec<(&[u8], Vec<&Victim>)> = Vec::new();
    for victim in victims {
        match names.iter_mut().find(|(name, _)| *name == victim.comm.as_bytes()) {
            Some((_, same)) => same.push(victim),
            None => names.push((victim.comm.as_bytes(), vec![victim])),
        }
    }
    names.sort_by_key(|(_, same)| std::cmp::Reverse((held(same), same.len())));
    for (_, same) in names.iter().take(NAMES) {
        let times = if same.len() > 1 { format!(" ×{}", same.len()) } else { String::new() };
        let mut text = Rich::new().with(Tone::Red, format!("  {}{times}", words::name(&same[0].comm)));
        text.push(Tone::Plain, held(same).map_or(String::new(), |held| format!("  {}", words::size(held))));
        page.row(&text.with(Tone::Dim, format!("  pid{} {}", words::plural(same.len()), pids(same))));
    }
    let rest: usize = names.iter().skip(NAMES).map(|(_, same)| same.len()).sum();
    if rest > 0 {
        page.para(Rich::new().with(Tone::Dim, format!("  and {rest} more")), 0);
    }
}

fn held(victims: &[&Victim]) -> Option<u64> {
    victims.iter().filter_map(|victim| words::resident(&victim.memory)).reduce(u64::saturating_add)
}

/// Process ids with runs drawn together: `102-120, 131`.
fn pids(victims: &[&Victim]) -> String {
    let mut pids: Vec<_> = victims.iter().map(|victim| victim.pid).collect();
    pids.sort_unstable();
    let runs = pids.chunk_by(|a, b| a.checked_add(1) == Some(*b));
    let runs = runs.map(|run| match run {
        [first, .., last] => format!("{first}-{last}"),
        _ => run[0].to_string(),
    });
    runs.collect::<Vec<_>>().join(", ")
}
