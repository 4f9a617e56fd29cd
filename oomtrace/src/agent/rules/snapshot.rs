//! What the rules are compared with.

use std::collections::HashMap;
use std::sync::Arc;

use crate::sample::{CgroupSample, ProcessSample, SystemSample};

/// Most levels of a hierarchy: an end for a circle that broken samples might make.
const LEVELS: usize = 64;

/// Shares of time in which tasks waited for memory, over 10 s, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Psi {
    /// Some tasks.
    pub some: f64,
    /// All tasks.
    pub full: f64,
}

/// Memory as it was last seen. What is not known is absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Snapshot<'a> {
    /// When, `CLOCK_BOOTTIME` ns.
    pub now_ns: u64,
    /// When the cgroups were read.
    pub cgroups_ns: u64,
    /// When the processes were read.
    pub processes_ns: u64,
    /// The machine.
    pub system: Option<SystemSample>,
    /// Its pressure.
    pub psi: Option<Psi>,
    /// All memory cgroups.
    pub cgroups: &'a [CgroupSample],
    /// Pressure of some of them.
    pub cgroup_psi: Option<&'a HashMap<u64, Psi>>,
    /// Paths of the cgroups.
    pub paths: Option<&'a HashMap<u64, Arc<[u8]>>>,
    /// All processes.
    pub processes: &'a [ProcessSample],
}

/// The cgroups by id.
pub(super) type ById<'a> = HashMap<u64, &'a CgroupSample>;

/// The tightest limit that a cgroup is under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Effective {
    /// Bytes.
    pub(super) limit: u64,
    /// Whose it is.
    pub(super) owner: u64,
    /// Bytes until the first of all limits above is hit.
    pub(super) headroom: u64,
}

impl<'a> Snapshot<'a> {
    pub(super) fn by_id(&self) -> ById<'a> {
        self.cgroups.iter().map(|cgroup| (cgroup.id, cgroup)).collect()
    }

    pub(super) fn path(&self, id: u64) -> Option<&'a Arc<[u8]>> {
        self.paths.and_then(|paths| paths.get(&id))
    }
}

/// What is in use and is not page cache.
pub(super) fn used(cgroup: &CgroupSample) -> u64 {
    cgroup.usage.saturating_sub(cgroup.file.unwrap_or(0))
}

/// Of a cgroup's own limit and those above it.
pub(super) fn effective(id: u64, by_id: &ById<'_>) -> Option<Effective> {
    let mut found: Option<Effective> = None;
    let up = std::iter::successors(by_id.get(&id).copied(), |cgroup| by_id.get(&cgroup.parent).copied());
    for cgroup in up.take(LEVELS) {
        let Some(limit) = cgroup.limit else { continue };
        let headroom = limit.saturating_sub(used(cgroup));
        found = Some(match found {
            Some(known) if known.limit <= limit => {
                Effective { headroom: known.headroom.min(headroom), ..known }
            }
            known => Effective {
                limit,
                owner: cgroup.id,
                headroom: known.map_or(headroom, |known| known.headroom.min(headroom)),
            },
        });
    }
    found
}
