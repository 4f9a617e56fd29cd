//! Swap: a cushion for a machine that is a little too small, and no more than that.

use super::facts::Facts;
use super::round::{percent, size};
use super::{Ranked, push};
use crate::model::{Advice, Constraint, VerdictKind};

/// Of the machine's memory.
const PART: u64 = 25;
/// Not more than this: reading back more than that takes minutes.
const MOST: u64 = 8 << 30;
const MIB: u64 = 1 << 20;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    // A leak or a burst would fill it as well, only slower and with the machine crawling.
    if !facts.is(&[VerdictKind::HostTooSmall]) || facts.incident.scope.constraint != Some(Constraint::None) {
        return;
    }
    let Some(system) = facts.incident.system.as_ref() else {
        return;
    };
    let (Some(total), Some(0)) = (system.mem_total_bytes, system.swap_total_bytes) else {
        return;
    };
    let value = percent(total, PART).min(MOST).next_multiple_of(256 * MIB);
    let megabytes = value / MIB;
    push(
        into,
        20,
        Advice {
            action: format!(
                "Add {} of swap, so that memory that nobody touches can leave. It is slow: where the memory is all in use the \
                 machine gets slow instead of killing.",
                size(value)
            ),
            command: Some(format!(
                "sudo fallocate -l {megabytes}M /swapfile && sudo chmod 600 /swapfile && sudo mkswap /swapfile && sudo swapon \
                 /swapfile"
            )),
            value_bytes: Some(value),
            why: format!(
                "The machine has {} and no swap, so all private memory has to stay. A quarter of it, 8 GiB at the most.",
                size(total)
            ),
        },
    );
}
