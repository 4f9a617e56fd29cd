//! An alert before the machine is full.

use super::facts::Facts;
use super::round::{float, percent, seconds, size};
use super::{Ranked, push};
use crate::model::{Advice, Constraint, VerdictKind};

/// Memory in use from which on someone should look, in percent.
const FULL: u64 = 85;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    if !facts.is(&[VerdictKind::NoLimit, VerdictKind::HostTooSmall])
        || facts.incident.scope.constraint != Some(Constraint::None)
    {
        return;
    }
    let Some(total) = facts.incident.system.as_ref().and_then(|system| system.mem_total_bytes) else {
        return;
    };
    let left = percent(total, 100 - FULL);
    let pace = match facts.rate() {
        Some(per_second) if float(left) / per_second < 300.0 => format!(
            " At the rate of this kill they fill up in {}: the alert catches slower growth only, a limit catches this one.",
            seconds(float(left) / per_second)
        ),
        Some(per_second) => {
            format!(" At the rate of this kill they fill up in {}.", seconds(float(left) / per_second))
        }
        None => String::new(),
    };
    push(
        into,
        30,
        Advice {
            action: "Add an alert for memory in use above 85 % for 5 minutes. In Prometheus: 1 - node_memory_MemAvailable_bytes / \
                     node_memory_MemTotal_bytes > 0.85, with for: 5m. The command below \
                     shows, at that moment, which processes hold the memory."
                .into(),
            command: Some("ps -eo pid,rss,etime,args --sort=-rss | head -n 20".into()),
            value_bytes: None,
            why: format!("85 % leaves {} of {}.{pace}", size(left), size(total)),
        },
    );
}
