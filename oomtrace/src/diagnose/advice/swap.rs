//! Swap: a cushion for a machine without any, and no more than that.

use super::facts::Facts;
use super::round::{float, percent, rate, seconds, size};
use super::{Ranked, push};
use crate::model::{Advice, Constraint, VerdictKind};

/// Of the machine's memory.
const PART: u64 = 25;
/// Not more than this: reading back more than that takes minutes.
const MOST: u64 = 8 << 30;
const MIB: u64 = 1 << 20;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    if !facts.is(&[VerdictKind::HostTooSmall, VerdictKind::NoLimit])
        || facts.incident.scope.constraint != Some(Constraint::None)
    {
        return;
    }
    let Some(system) = facts.incident.system.as_ref() else {
        return;
    };
    let (Some(total), Some(0)) = (system.mem_total_bytes, system.swap_total_bytes) else {
        return;
    };
    let value = percent(total, PART).min(MOST).next_multiple_of(256 * MIB);
    let caveat = match facts.rate().filter(|_| facts.verdict() == VerdictKind::NoLimit) {
        Some(per_second) => format!(
            "It only buys time: at {} it is full after {}, and the machine is slow until then.",
            rate(per_second),
            seconds(float(value) / per_second)
        ),
        None => "It is slow: where all of the memory is in use, the machine becomes slow instead of killing."
            .into(),
    };
    push(
        into,
        15,
        Advice {
            action: format!("Add {} of swap, so that idle memory can be moved out. {caveat}", size(value)),
            command: Some(format!(
                "sudo dd if=/dev/zero of=/swapfile bs=1M count={} conv=excl && sudo chmod 600 /swapfile && sudo mkswap \
                 /swapfile && sudo swapon /swapfile",
                value / MIB
            )),
            value_bytes: Some(value),
            why: format!(
                "The machine has {} and no swap, so all private memory has to stay in RAM. The size is a quarter of that, in \
                 steps of 256 MiB, at most 8 GiB. The command stops if /swapfile exists; an entry in /etc/fstab keeps the swap \
                 after a reboot.",
                size(total)
            ),
        },
    );
}
