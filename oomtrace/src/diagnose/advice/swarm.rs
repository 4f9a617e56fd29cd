//! Many processes: fewer of them.

use super::facts::{Facts, name};
use super::round::{percent, size};
use super::target::Target;
use super::{Ranked, jobs, push};
use crate::model::{Advice, Culprit, Entity, EntityKind, RuntimeKind, VerdictKind};

/// Of the room, so that the last one does not fill it.
const PART: u64 = 80;
/// What a process may need in the end, in percent of the mean of all: some had just begun.
const GROWN: u64 = 150;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    if !facts.is(&[VerdictKind::ForkSwarm]) {
        return;
    }
    let Some((culprit, fit)) = facts.culprit().and_then(|culprit| Some((culprit, fitting(facts, culprit)?)))
    else {
        return;
    };
    let kind = facts.subject().and_then(|subject| subject.runtime).map(|runtime| runtime.kind);
    let kind = kind.unwrap_or_default();
    let (action, command) = match fit.count {
        0 => ("Raise the limit, or make each of them smaller: not even one fits.".to_owned(), None),
        count => pool(kind, count, facts, culprit),
    };
    push(into, 10, Advice { action, command, value_bytes: None, why: fit.why });
    // A pool's own setting is the better one, and a build has several small processes for each job.
    if fit.count > 0 && kind == RuntimeKind::Native {
        guard(facts, culprit, fit.tasks, into);
    }
}

/// A limit on tasks.
fn guard(facts: &Facts<'_>, culprit: &Culprit, tasks: u64, into: &mut Vec<Ranked>) {
    let target = culprit.cgroup.as_ref().and_then(|cgroup| Target::of(cgroup, facts.incident));
    let Some((target, command)) = target.and_then(|target| Some((target.clone(), target.tasks(tasks)?)))
    else {
        return;
    };
    let action = format!(
        "As a guard, limit the number of tasks in {} to {tasks}: fork then fails there before memory runs out.",
        target.words()
    );
    let why = "As many as fit, and the others in that cgroup. Each thread counts as a task: multiply where they have several.";
    push(into, 20, Advice { action, command: Some(command), value_bytes: None, why: why.into() });
}

struct Fit {
    /// Processes of the swarm; 0 where not even one fits.
    count: u64,
    /// The same with the others in the cgroup.
    tasks: u64,
    why: String,
}

/// How many fit: 80 % of what they may use together, over what the largest of them held.
fn fitting(facts: &Facts<'_>, culprit: &Culprit) -> Option<Fit> {
    let members = u64::from(culprit.members.filter(|members| *members > 1)?);
    let held = culprit.bytes?;
    let mean = (held / members).max(1);
    let largest = largest(facts, culprit);
    let each = largest.unwrap_or(percent(mean, GROWN)).max(mean);
    let whole = facts.whole()?;
    let usage = facts.memcg().map_or(Some(whole), |memcg| memcg.level.usage_bytes)?;
    let others = usage.saturating_sub(held);
    let room = whole.saturating_sub(others);
    let count = (percent(room, PART) / each).min(members.saturating_sub(1));
    let measured = match largest {
        Some(largest) => format!("the largest of them up to {}", size(largest)),
        None => format!("{} on average, and 1.5 times that when grown", size(mean)),
    };
    Some(Fit {
        count,
        tasks: count + beside(facts, culprit).max(1),
        why: format!(
            "{members} processes held {}, {measured}; others held {}. {count} of them fit into 80 % of the remaining {}.",
            size(held),
            size(others),
            size(room)
        ),
    })
}

fn members<'a>(facts: &Facts<'a>, culprit: &'a Culprit) -> impl Iterator<Item = &'a Entity> {
    let entities = facts.incident.history.as_ref().map_or(&[][..], |history| &history.entities);
    entities.iter().filter(|entity| entity.kind == EntityKind::Process && is_member(entity, culprit))
}

fn is_member(entity: &Entity, culprit: &Culprit) -> bool {
    let name = |exe: &Option<_>, comm: &Option<_>| exe.clone().or(comm.clone());
    entity.path == culprit.cgroup && name(&entity.exe, &entity.comm) == name(&culprit.exe, &culprit.comm)
}

/// The most that one of them ever held.
fn largest(facts: &Facts<'_>, culprit: &Culprit) -> Option<u64> {
    members(facts, culprit).filter_map(|entity| entity.points.iter().map(|(_, bytes)| *bytes).max()).max()
}

/// Other processes that were in its cgroup at the kill.
fn beside(facts: &Facts<'_>, culprit: &Culprit) -> u64 {
    let entities = facts.incident.history.as_ref().map_or(&[][..], |history| &history.entities);
    let others = entities.iter().filter(|entity| {
        entity.kind == EntityKind::Process
            && entity.exited_ms.is_none()
            && entity.path == culprit.cgroup
            && !is_member(entity, culprit)
    });
    u64::try_from(others.count()).unwrap_or(u64::MAX / 2)
}

fn pool(kind: RuntimeKind, count: u64, facts: &Facts<'_>, culprit: &Culprit) -> (String, Option<String>) {
    match kind {
        RuntimeKind::Build => jobs::fewer(facts, culprit, count),
        RuntimeKind::Php => (
            format!(
                "Let PHP-FPM start fewer workers: pm.max_children = {count} in its pool's configuration (this shows where)."
            ),
            Some("grep -rn '^ *pm.max_children' /etc/php* /usr/local/etc/php-fpm.d 2>/dev/null".into()),
        ),
        RuntimeKind::Apache => (
            format!(
                "Let Apache start fewer workers: MaxRequestWorkers {count} in its configuration (this shows where)."
            ),
            Some("grep -rn MaxRequestWorkers /etc/apache2 /etc/httpd 2>/dev/null".into()),
        ),
        RuntimeKind::Postgresql => (
            "Allow fewer connections (after a restart), or put a pooler before it.".into(),
            Some(format!("psql -c 'ALTER SYSTEM SET max_connections = {count}'")),
        ),
        _ => jobs::of_tool(facts, culprit, count).unwrap_or_else(|| (
            format!(
                "Run at most {count} process{} of {} at a time: look for what starts them without a bound.",
                if count == 1 { "" } else { "es" },
                name(culprit.comm.as_ref(), None)
            ),
            None,
        )),
    }
}
