//! What the numbers in the kernel side's records mean.

use oomtrace_common::{Candidate as Scored, UNKNOWN};

use super::Draft;
use crate::model::Host;

/// A value the kernel side could read.
pub(super) fn known(value: u64) -> Option<u64> {
    (value != UNKNOWN).then_some(value)
}

/// What the numbers mean on this machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Units {
    /// Bytes of a page.
    pub(super) page_size: u64,
    /// Whether the kernel ranks on exact sums (7.0 and later) and not on the cheap counters. Only asked where no score of
    /// the kernel's can tell.
    pub(super) ranks_on_sums: bool,
}

impl Units {
    /// By the host's page size and kernel release.
    pub(super) fn of(host: &Host) -> Self {
        let major = host.kernel.split('.').next().and_then(|major| major.parse::<u32>().ok());
        Self { page_size: host.page_size, ranks_on_sums: major.is_some_and(|major| major >= 7) }
    }
}

/// Points on exact sums; `None` when they were not taken.
pub(super) fn exact_points(scored: &Scored) -> Option<i64> {
    let taken = scored.rss_exact != i64::MIN && scored.swap_exact != i64::MIN;
    let swap = scored.swap_exact.max(0) - scored.swap.max(0);
    taken.then(|| scored.points - scored.rss_central + scored.rss_exact + swap)
}

/// Whether the kernel ranked on exact sums (7.0 and later): where both give different scores the winning one tells, else
/// the kernel's version.
pub(super) fn ranked_on_sums(draft: &Draft, units: Units) -> bool {
    let scores = draft.kill.as_deref().and_then(|kill| {
        let winner = draft.candidates.iter().find(|c| c.tgid == kill.chosen.tgid && c.points != i64::MIN)?;
        Some((winner.points, exact_points(winner)?, kill.chosen_points))
    });
    match scores {
        Some((cheap, exact, kernel)) if cheap != exact => (exact - kernel).abs() < (cheap - kernel).abs(),
        _ => units.ranks_on_sums,
    }
}
