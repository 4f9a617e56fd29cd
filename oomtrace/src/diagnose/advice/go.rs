//! Go: the soft limit of its collector.

use super::command::{self, VARIABLE_PLACE};
use super::facts::Facts;
use super::round::{down, mib, percent, size};
use super::{Ranked, push};
use crate::model::{Advice, RuntimeKind, VerdictKind};

/// Of what it may hold; the limit is a soft one, and it leaves out code and C libraries.
const PART: u64 = 90;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    let Some((subject, runtime)) = facts.managed_by(RuntimeKind::Go) else {
        return;
    };
    let Some(room) = facts.room(&subject) else {
        return;
    };
    // A leak is live memory: the collector would only work harder until the kill. A limit above the cgroup's is wrong whatever
    // it was.
    let exceeds = runtime.bytes("GOMEMLIMIT").is_some_and(|set| set > room);
    if !facts.is(&[VerdictKind::Burst, VerdictKind::LimitTooLow]) && !exceeds {
        return;
    }
    let value = down(percent(room, PART));
    let set = runtime.setting("GOMEMLIMIT");
    if value == 0 || set.is_none() && !runtime.environment_read {
        return;
    }
    let today = match set.map(|setting| setting.value_bytes) {
        Some(Some(set)) if set <= value => return,
        Some(Some(set)) => format!("GOMEMLIMIT is {} today, more than fits.", size(set)),
        Some(None) => "GOMEMLIMIT is off today.".into(),
        None => "GOMEMLIMIT is not set: by default the heap may double before garbage is collected.".into(),
    };
    push(
        into,
        12,
        Advice {
            action: format!(
                "Set GOMEMLIMIT, so that Go collects garbage before the kernel kills it. {VARIABLE_PLACE}."
            ),
            command: Some(command::export("GOMEMLIMIT", &format!("{}MiB", mib(value)))),
            value_bytes: Some(value),
            why: format!(
                "{today} {} may use {} here; 90 % of that, rounded down. It bounds garbage, not memory that is in use.",
                subject.name(),
                size(room)
            ),
        },
    );
}
