//! A limit of its own for the one that grew, so that it can't take others with it.

use super::facts::{Facts, is_below};
use super::round::{down, percent, size, up};
use super::target::Target;
use super::{Ranked, push};
use crate::model::{Advice, EntityKind, VerdictKind};

/// Room above what it held before it grew, in percent of that.
const HEADROOM: u64 = 125;
/// Of what it held when memory ran out, where there is no earlier use to go by.
const BELOW: u64 = 90;
/// Use before the growth that is smaller than this part of what it held says nothing about what it needs.
const SETTLED: u64 = 10;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    if !facts.is(&[VerdictKind::NoLimit, VerdictKind::Neighbour]) {
        return;
    }
    let (Some(culprit), Some(held)) = (facts.culprit(), facts.culprit().and_then(|culprit| culprit.bytes))
    else {
        return;
    };
    let Some(cgroup) = culprit.cgroup.as_ref() else {
        return;
    };
    let limited = facts.memcg().map(|memcg| memcg.level.path.as_bytes());
    let victim = facts.victim().filter(|_| !culprit.is_victim);
    let home = victim.and_then(|victim| victim.cgroup.as_ref()).map(|cgroup| cgroup.path.as_bytes());
    let name = super::facts::name(culprit.comm.as_ref(), culprit.pid);
    // A limit on a cgroup that the victim shares, or whose limit was hit, would separate nobody.
    let shared =
        home.is_some_and(|home| is_below(home, cgroup.as_bytes())) || limited == Some(cgroup.as_bytes());
    let (bytes, why) = value(facts, held);
    if bytes == 0 {
        return;
    }
    if shared {
        let together =
            "It lives in one cgroup with the victim, so no limit can hold the one without the other.";
        let command = format!("systemd-run --scope -p {}", memory_max(bytes));
        let action = format!(
            "Run {name} in a cgroup of its own with a limit of {}; put before its command:",
            size(bytes)
        );
        push(
            into,
            10,
            Advice {
                action,
                command: Some(command),
                value_bytes: Some(bytes),
                why: format!("{together} {why}"),
            },
        );
    } else if let Some(target) = Target::of(cgroup, facts.incident) {
        let place = if target.is_setting() { format!(" ({})", target.words()) } else { String::new() };
        let action = format!("Give {name}{place} a limit of its own, {}.", size(bytes));
        let command = Some(target.memory(bytes, None));
        push(into, 10, Advice { action, command, value_bytes: Some(bytes), why });
    }
}

fn memory_max(bytes: u64) -> String {
    format!("MemoryMax={}", super::round::option(bytes, ["M", "G"]))
}

/// What it may hold: its use before it grew with headroom, else a little less than it held when memory ran out.
fn value(facts: &Facts<'_>, held: u64) -> (u64, String) {
    let before = facts.culprit().and_then(|culprit| culprit.bytes?.checked_sub(culprit.growth_bytes));
    let before =
        before.filter(|before| *before >= percent(held, SETTLED) && up(percent(*before, HEADROOM)) < held);
    let group = usage_of_its_cgroup(facts).filter(|usage| *usage > held);
    match (before, group) {
        (Some(before), _) => {
            let around = group.map_or(0, |usage| usage - held);
            let more = if around > 0 {
                format!(" and the {} of others in its cgroup", size(around))
            } else {
                String::new()
            };
            (
                up(percent(before.saturating_add(around), HEADROOM)),
                format!(
                    "Before it grew it held {}; that{more} times 1.25, rounded up. At the kill it held {}.",
                    size(before),
                    size(held)
                ),
            )
        }
        (None, group) => {
            let most = group.unwrap_or(held);
            (
                down(percent(most, BELOW)),
                format!(
                    "{} held {} when memory ran out; 90 % of it, rounded down. What it needs at the least is not known.",
                    if group.is_some() { "Its cgroup" } else { "It" },
                    size(most)
                ),
            )
        }
    }
}

/// A cgroup's limit counts all in it.
fn usage_of_its_cgroup(facts: &Facts<'_>) -> Option<u64> {
    let path = facts.culprit()?.cgroup.as_ref()?;
    let mut entities = facts.incident.history.as_ref()?.entities.iter();
    let own =
        entities.find(|entity| entity.kind == EntityKind::Cgroup && entity.path.as_ref() == Some(path))?;
    own.points.last().map(|(_, bytes)| *bytes)
}
