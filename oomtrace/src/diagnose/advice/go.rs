//! Go: the soft limit of its collector.

use super::facts::Facts;
use super::round::{down, mib, percent, size};
use super::{Ranked, push};
use crate::model::{Advice, RuntimeKind, VerdictKind};

/// Of what it may hold; the limit is a soft one, and code and C libraries are outside of it.
const PART: u64 = 90;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    // A leak is live memory: the collector would only work harder until the kill.
    if !facts.is(&[VerdictKind::Burst, VerdictKind::LimitTooLow]) {
        return;
    }
    let Some((subject, runtime)) = facts.managed_by(RuntimeKind::Go) else {
        return;
    };
    let Some(room) = facts.room(&subject) else {
        return;
    };
    let value = down(percent(room, PART));
    let set = runtime.setting("GOMEMLIMIT");
    if value == 0 || set.is_none() && !runtime.environment_read {
        return;
    }
    let today = match set.map(|setting| setting.value_bytes) {
        Some(Some(set)) if set <= value => return,
        Some(Some(set)) => format!("it is {} today, more than fits", size(set)),
        Some(None) => "it is off today".into(),
        None => "it is not set, so by default the heap may double before garbage is collected".into(),
    };
    push(
        into,
        12,
        Advice {
            action: "Tell Go its limit, so that it collects garbage before the kernel kills it.".into(),
            command: Some(format!("GOMEMLIMIT={}MiB", mib(value))),
            value_bytes: Some(value),
            why: format!(
                "GOMEMLIMIT: {today}. {} may hold {} here; 90 % of that, rounded down. It helps against garbage, not \
                 against memory that is in use.",
                subject.name(),
                size(room)
            ),
        },
    );
}
