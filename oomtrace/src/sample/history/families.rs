//! Processes of one executable (or, where it is not known, of one name) in one memory cgroup.

use std::collections::HashMap;
use std::sync::Arc;

use super::pool::Pool;
use super::series::Series;
use super::words::{LOW, OfProcess, Shape, TIME};

/// Families at the most.
pub(super) const MOST: usize = 4096;
/// Bytes of executables' paths at the most, over all families.
const TEXT: usize = 1 << 20;
/// Bytes kept of one path.
const PATH: usize = 1024;
/// No family.
pub(super) const NONE: u32 = u32::MAX;

type Comm = [u8; 16];

/// One family.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) exe: Option<Arc<[u8]>>,
    pub(super) comm: Comm,
    pub(super) cgroup: u64,
    /// Processes that were seen of it.
    pub(super) seen: u32,
    /// Of these, still there.
    pub(super) living: u32,
    /// Most that were there at once.
    pub(super) most: u32,
    /// Highest memory of one of them, in pages.
    pub(super) peak: u32,
    /// Memory of all that are there, from when there were two; pages that they share count for each of them.
    pub(super) series: Series<OfProcess>,
    sum: [u32; OfProcess::WIDTH],
    summed: u32,
    pass: u32,
}

/// All families.
#[derive(Debug, Default)]
pub(super) struct Families {
    all: Vec<Family>,
    free: Vec<u32>,
    by_exe: HashMap<(Arc<[u8]>, u64), u32>,
    by_comm: HashMap<(Comm, u64), u32>,
    text: usize,
}

impl Families {
    /// The family of a process that was seen for the first time; [`NONE`] when there is no room.
    pub(super) fn join(&mut self, exe: Option<&[u8]>, comm: Comm, cgroup: u64, pool: &mut Pool) -> u32 {
        let exe = exe.map(|path| &path[..path.len().min(PATH)]);
        let found = match exe {
            Some(path) => self.by_exe.get(&(Arc::from(path), cgroup)),
            None => self.by_comm.get(&(comm, cgroup)),
        };
        let id = found.copied().unwrap_or_else(|| self.found(exe, comm, cgroup, pool));
        if let Some(family) = self.get_mut(id) {
            family.seen = family.seen.saturating_add(1);
            family.living += 1;
            family.most = family.most.max(family.living);
        }
        id
    }

    fn found(&mut self, exe: Option<&[u8]>, comm: Comm, cgroup: u64, pool: &mut Pool) -> u32 {
        if self.len() >= MOST {
            self.forget_the_dead(pool);
        }
        if self.len() >= MOST {
            return NONE;
        }
        let exe: Option<Arc<[u8]>> = exe.filter(|path| self.text + path.len() <= TEXT).map(Arc::from);
        self.text += exe.as_ref().map_or(0, |path| path.len());
        let family = Family {
            exe: exe.clone(),
            comm,
            cgroup,
            seen: 0,
            living: 0,
            most: 0,
            peak: 0,
            series: Series::default(),
            sum: [0; OfProcess::WIDTH],
            summed: 0,
            pass: 0,
        };
        let id = match self.free.pop() {
            Some(id) => {
                self.all[id as usize] = family;
                id
            }
            None => {
                self.all.push(family);
                u32::try_from(self.all.len() - 1).unwrap_or(NONE)
            }
        };
        if let Some(exe) = exe {
            self.by_exe.insert((exe, cgroup), id);
        }
        self.by_comm.insert((comm, cgroup), id);
        id
    }

    /// Makes room: a quarter of the families without any living member goes, those with the fewest members first.
    fn forget_the_dead(&mut self, pool: &mut Pool) {
        let mut dead: Vec<u32> = self.ids().filter(|id| self.all[*id as usize].living == 0).collect();
        dead.sort_by_key(|id| self.all[*id as usize].seen);
        for id in dead.into_iter().take(MOST / 4) {
            let family = &mut self.all[id as usize];
            family.series.clear(pool);
            if let Some(exe) = family.exe.take() {
                self.text -= exe.len();
                self.by_exe.remove(&(exe, family.cgroup));
            }
            if self.by_comm.get(&(family.comm, family.cgroup)) == Some(&id) {
                self.by_comm.remove(&(family.comm, family.cgroup));
            }
            family.seen = 0;
            self.free.push(id);
        }
    }

    /// The family of a process that nothing but its name is known of.
    pub(super) fn by_comm(&self, comm: Comm, cgroup: u64) -> Option<u32> {
        self.by_comm.get(&(comm, cgroup)).copied()
    }

    /// A process left the family; it had `peak` pages at the most.
    pub(super) fn leave(&mut self, id: u32, peak: u32) {
        if let Some(family) = self.get_mut(id) {
            family.living = family.living.saturating_sub(1);
            family.peak = family.peak.max(peak);
        }
    }

    /// A process came and went between two passes.
    pub(super) fn passed_by(&mut self, id: u32, peak: u32) {
        if let Some(family) = self.get_mut(id) {
            family.seen = family.seen.saturating_add(1);
            family.peak = family.peak.max(peak);
        }
    }

    /// Adds a member's point to the sum of this pass.
    pub(super) fn add(&mut self, id: u32, point: &[u32], pass: u32) {
        let Some(family) = self.get_mut(id) else { return };
        if family.pass != pass {
            family.pass = pass;
            family.summed = 0;
            family.sum = [0; OfProcess::WIDTH];
        }
        family.summed += 1;
        family.sum[TIME] = point[TIME];
        for (sum, part) in family.sum[2..7].iter_mut().zip(&point[2..7]) {
            *sum = sum.saturating_add(*part);
        }
    }

    /// Keeps the sums of a pass. After one over `all` processes, families that had no member in it have no memory.
    pub(super) fn keep(&mut self, pass: u32, time: u32, all: bool, pool: &mut Pool, fair: u16) {
        for family in &mut self.all {
            if family.seen == 0 || family.most < 2 {
                continue;
            }
            if family.pass == pass {
                family.sum[LOW] = OfProcess::size(&family.sum);
                family.series.push(pool, &family.sum, fair);
            } else if all && !family.series.is_empty() {
                let mut nothing = [0; OfProcess::WIDTH];
                nothing[TIME] = time;
                family.series.push(pool, &nothing, fair);
            }
        }
    }

    /// A family.
    pub(super) fn get(&self, id: u32) -> Option<&Family> {
        self.all.get(id as usize).filter(|family| family.seen > 0)
    }

    fn get_mut(&mut self, id: u32) -> Option<&mut Family> {
        self.all.get_mut(id as usize)
    }

    /// All of them.
    pub(super) fn ids(&self) -> impl Iterator<Item = u32> + use<'_> {
        (0_u32..).zip(&self.all).filter(|(_, family)| family.seen > 0).map(|(id, _)| id)
    }

    fn len(&self) -> usize {
        self.all.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounded_in_number_and_in_text() {
        let mut pool = Pool::new(1 << 20);
        let mut families = Families::default();
        for at in 0..3 * MOST as u64 {
            let id = families.join(Some(&[b'x'; 2 * PATH]), [0; 16], at, &mut pool);
            families.leave(id, 1);
        }
        assert!(families.len() <= MOST && families.text <= TEXT, "{} {}", families.len(), families.text);
        assert!(families.by_comm.len() <= MOST && families.by_exe.len() <= MOST);
    }

    #[test]
    fn a_sum_of_those_that_are_there() {
        let mut pool = Pool::new(1 << 20);
        let mut families = Families::default();
        let one = families.join(None, *b"worker\0\0\0\0\0\0\0\0\0\0", 7, &mut pool);
        assert_eq!(families.join(None, *b"worker\0\0\0\0\0\0\0\0\0\0", 7, &mut pool), one);
        for (pass, members) in [(1, 2), (2, 1), (3, 0)] {
            for _ in 0..members {
                families.add(one, &[pass * 10, 5, 5, 0, 0, 0, 0, 0], pass);
            }
            families.keep(pass, pass * 10, true, &mut pool, 9);
        }
        let sums: Vec<_> =
            families.get(one).unwrap().series.points(&pool).map(|p| (p.words[TIME], p.words[2])).collect();
        assert_eq!(sums, [(10, 10), (20, 5), (30, 0)]);
    }
}
