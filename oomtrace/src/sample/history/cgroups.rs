//! Memory cgroups over time.

use std::collections::HashMap;
use std::sync::Arc;

use super::pool::Pool;
use super::series::Series;
use super::words::{self, Held, OfCgroup, Shape as _};
use crate::sample::CgroupSample;

/// Cgroups at the most.
pub(super) const MOST: usize = 12_288;
/// Of these, removed ones.
const REMOVED: usize = 512;
/// Removed ones are forgotten after this time.
const FORGET_NS: u64 = 4_200_000_000_000;
/// Bytes kept of a path: `PATH_MAX`.
const PATH: usize = 4096;
/// Bytes of paths at the most.
const TEXT: usize = 2 << 20;
/// So often is asked for a path: a cgroup can be seen before its name is, when several are made at once.
const ASKED: u8 = 20;

/// One cgroup.
#[derive(Debug)]
pub(super) struct Cgroup {
    pub(super) id: u64,
    pub(super) parent: u64,
    pub(super) path: Option<Arc<[u8]>>,
    pub(super) limit: Option<u64>,
    /// When it was seen to be gone; 0 while it is there.
    pub(super) removed_ns: u64,
    pub(super) series: Series<OfCgroup>,
    held: Held,
    peak: u32,
    low: u32,
    pass: u32,
    asked: u8,
}

impl Cgroup {
    /// Counts of events that points count from.
    pub(super) fn base(&self) -> [u64; 3] {
        self.held.base()
    }

    /// Page cache in it, as last known.
    pub(super) fn file(&self) -> Option<u64> {
        self.held.file()
    }

    fn growth(&self) -> u32 {
        self.peak - self.low.min(self.peak)
    }
}

/// All cgroups.
#[derive(Debug, Default)]
pub(super) struct Cgroups {
    all: Vec<Cgroup>,
    by_id: HashMap<u64, u32>,
    text: usize,
    pass: u32,
    pub(super) evicted: u64,
    pub(super) left_out: u64,
}

impl Cgroups {
    /// Takes one pass over all cgroups. Only after a `complete` one, who is absent is gone.
    pub(super) fn pass(
        &mut self,
        samples: &[CgroupSample],
        time_ns: u64,
        complete: bool,
        pool: &mut Pool,
        fair: u16,
    ) {
        self.pass = self.pass.wrapping_add(1);
        self.left_out = 0;
        for sample in samples {
            let Some(at) = self.place(sample, pool) else {
                self.left_out += 1;
                continue;
            };
            let cgroup = &mut self.all[at];
            cgroup.pass = self.pass;
            cgroup.parent = sample.parent;
            cgroup.limit = sample.limit;
            cgroup.removed_ns = 0;
            let point = cgroup.held.cgroup(sample, words::ms(time_ns));
            cgroup.peak = cgroup.peak.max(OfCgroup::size(&point));
            cgroup.low = cgroup.low.min(OfCgroup::size(&point));
            cgroup.series.push(pool, &point, fair);
        }
        if complete {
            self.remove_absent(time_ns, pool);
        }
    }

    fn place(&mut self, sample: &CgroupSample, pool: &mut Pool) -> Option<usize> {
        if let Some(at) = self.by_id.get(&sample.id) {
            return Some(*at as usize);
        }
        if self.all.len() >= MOST {
            self.evict_removed(MOST / 16, pool);
        }
        if self.all.len() >= MOST || pool.left() == 0 {
            return None;
        }
        self.by_id.insert(sample.id, u32::try_from(self.all.len()).ok()?);
        self.all.push(Cgroup {
            id: sample.id,
            parent: sample.parent,
            path: None,
            limit: None,
            removed_ns: 0,
            series: Series::default(),
            held: Held::default(),
            peak: 0,
            low: u32::MAX,
            pass: 0,
            asked: 0,
        });
        Some(self.all.len() - 1)
    }

    fn remove_absent(&mut self, time_ns: u64, pool: &mut Pool) {
        let mut removed = 0;
        for cgroup in &mut self.all {
            if cgroup.pass != self.pass && cgroup.removed_ns == 0 {
                cgroup.removed_ns = time_ns.max(1);
            }
            removed += usize::from(cgroup.removed_ns != 0);
        }
        if removed > REMOVED {
            self.evict_removed(removed - REMOVED + REMOVED / 4, pool);
        } else if removed > 0 {
            self.forget_old(time_ns, pool);
        }
    }

    /// Removed ones with the smallest growth give way.
    fn evict_removed(&mut self, number: usize, pool: &mut Pool) {
        let mut removed: Vec<(u32, u64)> =
            self.all.iter().filter(|c| c.removed_ns != 0).map(|c| (c.growth(), c.id)).collect();
        removed.sort_unstable();
        removed.truncate(number);
        self.evicted += removed.len() as u64;
        for (_, id) in removed {
            self.drop_one(id, pool);
        }
    }

    fn forget_old(&mut self, time_ns: u64, pool: &mut Pool) {
        let old = |c: &&Cgroup| c.removed_ns != 0 && c.removed_ns.saturating_add(FORGET_NS) < time_ns;
        let old: Vec<u64> = self.all.iter().filter(old).map(|c| c.id).collect();
        for id in old {
            self.drop_one(id, pool);
        }
    }

    fn drop_one(&mut self, id: u64, pool: &mut Pool) {
        let Some(at) = self.by_id.remove(&id) else { return };
        let mut cgroup = self.all.swap_remove(at as usize);
        cgroup.series.clear(pool);
        self.text -= cgroup.path.as_ref().map_or(0, |path| path.len());
        if let Some(moved) = self.all.get(at as usize) {
            self.by_id.insert(moved.id, at);
        }
    }

    /// Cgroups whose path is not known, `most` of them: those that were asked for least first, and none for ever.
    pub(super) fn nameless(&mut self, most: usize, into: &mut Vec<u64>) {
        let wanted = |c: &&mut Cgroup| c.path.is_none() && c.asked < ASKED && c.removed_ns == 0;
        let mut new: Vec<_> = self.all.iter_mut().filter(wanted).collect();
        new.sort_by_key(|cgroup| cgroup.asked);
        into.extend(new.into_iter().take(most).map(|cgroup| {
            cgroup.asked += 1;
            cgroup.id
        }));
    }

    /// The path of a cgroup is known.
    pub(super) fn name(&mut self, id: u64, path: &[u8]) {
        let path = &path[..path.len().min(PATH)];
        let Some(at) = self.by_id.get(&id) else { return };
        let cgroup = &mut self.all[*at as usize];
        if cgroup.path.is_none() && self.text + path.len() <= TEXT {
            self.text += path.len();
            cgroup.path = Some(Arc::from(path));
        }
    }

    /// One of them.
    pub(super) fn get(&self, id: u64) -> Option<&Cgroup> {
        self.by_id.get(&id).and_then(|at| self.all.get(*at as usize))
    }

    /// The newest with this path.
    pub(super) fn at(&self, path: &[u8]) -> Option<&Cgroup> {
        let there = self.all.iter().filter(|c| c.path.as_deref() == Some(path));
        there.max_by_key(|c| if c.removed_ns == 0 { u64::MAX } else { c.removed_ns })
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Cgroup> {
        self.all.iter()
    }

    /// Whether `id` is `top` or below it.
    pub(super) fn is_within(&self, id: u64, top: u64) -> bool {
        // Deeper than any hierarchy: an end for a circle that broken samples might make.
        let up = std::iter::successors(Some(id), |id| self.get(*id).map(|c| c.parent).filter(|p| *p != 0));
        up.take(64).any(|id| id == top)
    }
}
