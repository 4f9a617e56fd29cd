//! Which scopes are close to their limit.

use std::collections::HashSet;

use crate::sample::{CgroupSample, SystemSample};

/// Percent of the limit from which a scope is close to it.
const USED: u128 = 80;
/// The same without page cache, most of which can be given back: a file server is always at its limit.
const HELD: u128 = 60;
/// The machine is close to its limit with less than this percent available.
const AVAILABLE: u128 = 10;
/// Cgroups whose processes are looked at more often, at the most.
const MOST: usize = 512;

/// The cgroups within scopes that are close to their limit, sorted. `cache` gives the page cache in a cgroup, as last known.
pub(super) fn cgroups(samples: &[CgroupSample], cache: impl Fn(u64) -> Option<u64>, into: &mut Vec<u64>) {
    into.clear();
    let tight = |sample: &CgroupSample| {
        sample.limit.is_some_and(|limit| {
            let held = sample.usage.saturating_sub(sample.file.or_else(|| cache(sample.id)).unwrap_or(0));
            is_part(sample.usage, USED, limit) && is_part(held, HELD, limit)
        })
    };
    if !samples.iter().any(tight) {
        return;
    }
    // Each parent comes before its children.
    let mut within: HashSet<u64> = HashSet::new();
    for sample in samples {
        if tight(sample) || within.contains(&sample.parent) {
            within.insert(sample.id);
            into.push(sample.id);
        }
    }
    into.truncate(MOST);
    into.sort_unstable();
}

/// Whether the machine has little memory left.
pub(super) fn machine(sample: &SystemSample) -> bool {
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
        cgroups(&samples, |_| None, &mut close);
        assert_eq!(close, [2, 3, 4]);
        cgroups(&samples, |id| (id == 2).then_some(40), &mut close);
        assert!(close.is_empty());
    }

    #[test]
    fn the_machine() {
        let at = |available| machine(&SystemSample { total: 1000, available, ..SystemSample::default() });
        assert!(at(99) && !at(100) && !machine(&SystemSample::default()));
    }
}
