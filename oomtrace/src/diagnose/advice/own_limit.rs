//! A limit of its own for the one that grew, so that it can't take others with it.

use super::facts::{Facts, is_below, name};
use super::round::{down, percent, size, up};
use super::target::{self, Change, Target};
use super::{Ranked, push};
use crate::model::{Advice, Culprit, EntityKind, Text, VerdictKind};

/// Room above what it held before it grew, in percent of that.
const HEADROOM: u64 = 125;
/// Of what it held when memory ran out: a limit above that would not have been hit before.
const BELOW: u64 = 90;
/// Use before the growth that is smaller than this part of what it held says nothing about what it needs.
const SETTLED: u64 = 10;

/// A limit, with the figures it was worked out from.
pub(super) struct Proposal {
    pub(super) bytes: u64,
    pub(super) why: String,
    /// Others in the same cgroup.
    pub(super) others: u64,
}

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    let (Some(culprit), Some(found)) = (facts.culprit(), proposal(facts)) else {
        return;
    };
    let Some(cgroup) = culprit.cgroup.as_ref() else {
        return;
    };
    let who = name(culprit.comm.as_ref(), culprit.pid);
    let line = facts.line();
    let (action, change, why) = if shares_its_cgroup(facts, culprit) {
        let together = "It is in one cgroup with the victim, so no limit of that cgroup separates the two.";
        (
            format!("Start {who} in a cgroup of its own with a limit of {}.", size(found.bytes)),
            Change { command: Some(target::in_scope(found.bytes, line.as_deref())), ..Change::default() },
            format!("{together} {}", found.why),
        )
    } else if let Some(target) = Target::of(cgroup, facts.incident) {
        let change = target.lower(found.bytes, !culprit.is_victim, line.as_deref());
        (
            format!("Give {who} in {} a limit of its own: {}.", target.words(), size(found.bytes)),
            change,
            found.why,
        )
    } else {
        return;
    };
    let Change { command, note } = change;
    let action = if note.is_empty() { action } else { format!("{action} {note}") };
    push(into, 10, Advice { action, command, value_bytes: Some(found.bytes), why });
}

/// A limit on a cgroup that the victim is in, or whose limit was hit, would separate nobody.
fn shares_its_cgroup(facts: &Facts<'_>, culprit: &Culprit) -> bool {
    let Some(cgroup) = culprit.cgroup.as_ref().map(Text::as_bytes) else {
        return false;
    };
    let victim = facts.victim().filter(|_| !culprit.is_victim);
    let home = victim.and_then(|victim| victim.cgroup.as_ref()).map(|cgroup| cgroup.path.as_bytes());
    let limited = facts.memcg().map(|memcg| memcg.level.path.as_bytes());
    home.is_some_and(|home| is_below(home, cgroup)) || limited == Some(cgroup)
}

/// What it may hold: its use before it grew with headroom, else a little less than it held when memory ran out.
pub(super) fn proposal(facts: &Facts<'_>) -> Option<Proposal> {
    if !facts.is(&[VerdictKind::NoLimit, VerdictKind::Neighbour]) {
        return None;
    }
    let (culprit, held) = (facts.culprit()?, facts.culprit()?.bytes?);
    let alone = shares_its_cgroup(facts, culprit);
    let group = usage_of_its_cgroup(facts).filter(|usage| *usage > held && !alone);
    let others = group.map_or(0, |usage| usage - held);
    let most = held.saturating_add(others);
    let before = facts.before_growth();
    let before = before.filter(|before| *before >= percent(held, SETTLED));
    let needed = before.map(|before| (before, up(percent(before.saturating_add(others), HEADROOM))));
    let (bytes, why) = match needed.filter(|(_, bytes)| *bytes <= percent(most, BELOW)) {
        Some((before, bytes)) => {
            let more = if others > 0 {
                format!(" plus {} of others in its cgroup", size(others))
            } else {
                String::new()
            };
            (
                bytes,
                format!(
                    "It held {}{more} before it grew; 1.25 times that, rounded up. At the kill it held {}.",
                    size(before),
                    size(held)
                ),
            )
        }
        None => (
            down(percent(most, BELOW)),
            format!(
                "{} held {} when memory ran out; 90 % of that, rounded down. Its lowest need is unknown.",
                if others > 0 { "Its cgroup" } else { "It" },
                size(most)
            ),
        ),
    };
    (bytes > 0).then_some(Proposal { bytes, why, others })
}

/// A cgroup's limit counts all in it.
fn usage_of_its_cgroup(facts: &Facts<'_>) -> Option<u64> {
    let path = facts.culprit()?.cgroup.as_ref()?;
    let mut entities = facts.incident.history.as_ref()?.entities.iter();
    let own =
        entities.find(|entity| entity.kind == EntityKind::Cgroup && entity.path.as_ref() == Some(path))?;
    own.points.last().map(|(_, bytes)| *bytes)
}
