//! Many processes: fewer of them.

use super::facts::{Facts, name};
use super::round::{percent, size};
use super::target::Target;
use super::{Ranked, push};
use crate::model::{Advice, Culprit, RuntimeKind, VerdictKind};

/// Of the room, so that the last one does not fill it.
const PART: u64 = 80;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    if !facts.is(&[VerdictKind::ForkSwarm]) {
        return;
    }
    let Some((culprit, fit)) = facts.culprit().and_then(|culprit| Some((culprit, fitting(facts, culprit)?)))
    else {
        return;
    };
    let who = name(culprit.comm.as_ref(), None);
    let kind = facts.subject().and_then(|subject| subject.runtime).map(|runtime| runtime.kind);
    let (action, command) = pool(kind.unwrap_or_default(), fit.count, &who);
    push(into, 10, Advice { action, command, value_bytes: None, why: fit.why });
    let target = culprit.cgroup.as_ref().and_then(|cgroup| Target::of(cgroup, facts.incident));
    if let Some((target, command)) =
        target.and_then(|target| Some((target.clone(), target.tasks(fit.tasks)?)))
    {
        let action = format!(
            "As a guard, limit the number of tasks in {} to {}: fork then fails there before memory runs out.",
            target.words(),
            fit.tasks
        );
        let why = "As many as fit, and one that starts them. A thread counts as a task: where they have several, multiply.".into();
        push(into, 20, Advice { action, command: Some(command), value_bytes: None, why });
    }
}

struct Fit {
    /// Processes of the swarm.
    count: u64,
    /// The same with as many others as there are in the cgroup at the least.
    tasks: u64,
    why: String,
}

/// How many fit: 80 % of what they may hold together, over what one of them holds.
fn fitting(facts: &Facts<'_>, culprit: &Culprit) -> Option<Fit> {
    let members = u64::from(culprit.members.filter(|members| *members > 1)?);
    let held = culprit.bytes?;
    let each = (held / members).max(1);
    let whole = facts.whole()?;
    let usage = facts.memcg().map_or(Some(whole), |memcg| memcg.level.usage_bytes)?;
    let others = usage.saturating_sub(held);
    let room = whole.saturating_sub(others);
    let count = (percent(room, PART) / each).min(members.saturating_sub(1));
    (count > 0).then(|| Fit {
        count,
        tasks: count + 1,
        why: format!(
            "{members} processes held {}, {} each; others held {}. 80 % of the {} left are {count} of them.",
            size(held),
            size(each),
            size(others),
            size(room)
        ),
    })
}

fn pool(kind: RuntimeKind, count: u64, who: &str) -> (String, Option<String>) {
    match kind {
        RuntimeKind::Build => ("Build with fewer jobs at a time.".into(), Some(format!("make -j{count}"))),
        RuntimeKind::Php => (
            "Let PHP-FPM start fewer workers (in its pool's configuration).".into(),
            Some(format!("pm.max_children = {count}")),
        ),
        RuntimeKind::Apache => {
            ("Let Apache start fewer workers.".into(), Some(format!("MaxRequestWorkers {count}")))
        }
        RuntimeKind::Postgresql => (
            "Let fewer connections in (after a restart), or put a pooler before it.".into(),
            Some(format!("psql -c 'ALTER SYSTEM SET max_connections = {count}'")),
        ),
        _ => (
            format!(
                "Run {count} processes of {who} at a time at the most: look for what starts them without a bound."
            ),
            None,
        ),
    }
}
