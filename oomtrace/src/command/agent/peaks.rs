//! The highest memory of cgroups and of the machine in each hour, for the spool.

use jiff::Timestamp;

use crate::agent::spool::{Peak, Spool};
use crate::agent::watch::Latest;
use crate::sample::CgroupSample;

/// Cgroups whose peaks are kept, the largest.
const MOST: usize = 64;

/// Takes what the latest passes show.
pub(super) fn take(spool: &mut Spool, latest: &Latest) {
    let now = Timestamp::now();
    if let Some(system) = &latest.system {
        let bytes = system.total.saturating_sub(system.available);
        spool.peak(now, b"", Peak { bytes, limit: system.total });
    }
    let mut largest: Vec<&CgroupSample> = latest.cgroups.iter().filter(|sample| sample.parent != 0).collect();
    largest.sort_unstable_by_key(|sample| std::cmp::Reverse(sample.usage));
    for sample in largest.into_iter().take(MOST) {
        if let Some(path) = latest.paths.get(&sample.id) {
            let peak = Peak { bytes: sample.usage, limit: sample.limit.unwrap_or(0) };
            spool.peak(now, path, peak);
        }
    }
}
