//! Which scopes are close to their limit, or will soon be.

use std::collections::{HashMap, HashSet};

use crate::sample::{CgroupSample, SystemSample};

/// Percent of the limit from which a scope is close to it.
const USED: u128 = 80;
/// The same without page cache, most of which can be given back: a file server is always at its limit.
const HELD: u128 = 60;
/// The machine is close to its limit with less than this percent available.
const AVAILABLE: u128 = 10;
/// A scope that would reach its limit within this time if it went on as it does is close to it as well.
const SOON_NS: u64 = 10_000_000_000;
/// How fast it grows is measured over this time at least.
const OVER_NS: u64 = 400_000_000;
/// The machine itself, among the scopes.
const MACHINE: u64 = 0;
/// Cgroups whose processes are looked at more often, at the most.
const MOST: usize = 512;

/// How fast scopes grow: when they were looked at, their usage then, and whether they will soon be at their limit.
#[derive(Debug, Default)]
pub(super) struct Trends {
    known: HashMap<u64, (u64, u64, bool)>,
}

impl Trends {
    /// Whether `usage`, going on as it does, reaches `limit` soon.
    fn soon(&mut self, id: u64, now: u64, usage: u64, limit: u64) -> bool {
        let known = self.known.entry(id).or_insert((now, usage, false));
        let time = now.saturating_sub(known.0);
        if time >= OVER_NS {
            let grew = u128::from(usage.saturating_sub(known.1));
            let ahead = grew * u128::from(SOON_NS) / u128::from(time);
            *known = (now, usage, grew > 0 && u128::from(usage) + ahead >= u128::from(limit));
        }
        known.2
    }

    /// Forgets who is gone, when there are many.
    fn trim(&mut self, there: usize) {
        if self.known.len() > 2 * there + 64 {
            self.known.clear();
        }
    }

    /// Whether the machine has little memory left, or soon will.
    pub(super) fn machine(&mut self, now: u64, sample: &SystemSample) -> bool {
        let used = sample.total.saturating_sub(sample.available);
        machine(sample) || (sample.total > 0 && self.soon(MACHINE, now, used, sample.total))
    }
}

/// The cgroups within scopes that are close to their limit, sorted. `cache` gives the page cache in a cgroup, as last known.
pub(super) fn cgroups(
    now: u64,
    samples: &[CgroupSample],
    trends: &mut Trends,
    cache: impl Fn(u64) -> Option<u64>,
    into: &mut Vec<u64>,
) {
    into.clear();
    trends.trim(samples.len());
    // Each parent comes before its children.
    let mut within: HashSet<u64> = HashSet::new();
    for sample in samples {
        let close = sample.limit.is_some_and(|limit| {
            let held = sample.usage.saturating_sub(sample.file.or_else(|| cache(sample.id)).unwrap_or(0));
            // Both are asked: the trend has to see every sample.
            let soon = trends.soon(sample.id, now, held, limit);
            soon || (is_part(sample.usage, USED, limit) && is_part(held, HELD, limit))
        });
        if close || within.contains(&sample.parent) {
            within.insert(sample.id);
            into.push(sample.id);
        }
    }
    into.truncate(MOST);
    into.sort_unstable();
}

/// Whether the machine has little memory left.
fn machine(sample: &SystemSample) -> bool {
    sample.total > 0 && !is_part(sample.available, AVAILABLE, sample.total)
}

fn is_part(value: u64, percent: u128, of: u64) -> bool {
    u128::from(value) * 100 >= percent * u128::from(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(id: u64, parent: u64, usage: u64, limit: Option<u64>) -> CgroupSample {
        CgroupSample { id, parent, usage, limit, ..CgroupSample::default() }
    }

    #[test]
    fn a_scope_close_to_its_limit_with_all_below_it() {
        let samples = [
            sample(1, 0, 900, None),
            sample(2, 1, 85, Some(100)),
            sample(3, 2, 10, Some(100)),
            sample(4, 3, 0, None),
            sample(5, 1, 79, Some(100)),
        ];
        let mut close = Vec::new();
        cgroups(1, &samples, &mut Trends::default(), |_| None, &mut close);
        assert_eq!(close, [2, 3, 4]);
        cgroups(1, &samples, &mut Trends::default(), |id| (id == 2).then_some(40), &mut close);
        assert!(close.is_empty());
    }

    #[test]
    fn a_scope_that_will_be_at_its_limit_within_seconds() {
        let (mut trends, mut close) = (Trends::default(), Vec::new());
        let mut at = |seconds: u64, usage| {
            let now = seconds * 1_000_000_000;
            cgroups(now, &[sample(2, 1, usage, Some(1000))], &mut trends, |_| None, &mut close);
            !close.is_empty()
        };
        assert!(!at(1, 100) && !at(2, 150), "17 s are left");
        assert!(at(3, 260) && !at(4, 260));
    }

    #[test]
    fn the_machine() {
        let at = |available| machine(&SystemSample { total: 1000, available, ..SystemSample::default() });
        assert!(at(99) && !at(100) && !machine(&SystemSample::default()));
    }
}
