//! How much memory a command uses, while it runs.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::consumers::{Consumer, Consumers};
use super::family::Family;
use super::place;
use super::series::Series;
use crate::kernel::Roots;
use crate::kernel::cgroup::Level;
use crate::kernel::proc::Meminfo;

/// Time between two looks at the machine.
const MACHINE: Duration = Duration::from_secs(1);
/// Processes named at the end.
const TOP: usize = 5;

/// Whom the command's processes are found through.
#[derive(Clone, Debug)]
pub(super) enum Group {
    /// The cgroup with this directory.
    Cgroup(PathBuf),
    /// Its process tree.
    Tree(Arc<Mutex<Family>>),
}

/// A limit and how near use came to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Near {
    /// The cgroup's directory; `None` for the machine.
    pub(super) dir: Option<PathBuf>,
    /// It is the command's own.
    pub(super) own: bool,
    /// Bytes.
    pub(super) limit: u64,
    /// Highest use that was seen of it, by whomever.
    pub(super) peak: u64,
}

impl Near {
    /// In thousandths of the limit.
    pub(super) fn permille(&self) -> u64 {
        u64::try_from(u128::from(self.peak) * 1000 / u128::from(self.limit.max(1))).unwrap_or(u64::MAX)
    }

    /// What was left at the peak.
    pub(super) fn headroom(&self) -> u64 {
        self.limit.saturating_sub(self.peak)
    }
}

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Measured {
    /// Highest use.
    pub(super) peak: Option<u64>,
    /// The kernel kept it; else it is the highest of the values that were looked at.
    pub(super) exact: bool,
    /// Last use before the end.
    pub(super) last: Option<u64>,
    /// Use over time: a cgroup's, or of a process tree the resident memory of all, shared memory counted for each.
    pub(super) series: Series,
    /// The limit that use came nearest to.
    pub(super) near: Option<Near>,
    /// The largest processes.
    pub(super) top: Vec<Consumer>,
    /// Processes that the kernel counted as killed by the OOM killer in the command's cgroup.
    pub(super) kills: Option<u64>,
}

/// Measures.
pub(super) struct Meter {
    group: Group,
    start: Instant,
    levels: Vec<(Level, u64)>,
    machine: Option<(u64, u64)>,
    machine_due: Instant,
    roots: Roots,
    series: Series,
    consumers: Consumers,
}

impl Meter {
    /// Of a command with those limits above it; in a cgroup of its own, that is the first of them.
    pub(super) fn new(group: Group, levels: Vec<Level>, roots: &Roots) -> Self {
        let now = Instant::now();
        Self {
            group,
            start: now,
            levels: levels.into_iter().map(|level| (level, 0)).collect(),
            machine: None,
            machine_due: now,
            roots: roots.clone(),
            series: Series::default(),
            consumers: Consumers::new(roots),
        }
    }

    /// The command's processes.
    pub(super) fn members(&self) -> Vec<u32> {
        match &self.group {
            Group::Cgroup(dir) => place::members(dir),
            Group::Tree(family) => {
                let mut family = family.lock().unwrap_or_else(PoisonError::into_inner);
                family.look();
                family.alive()
            }
        }
    }

    /// Whether descendants that lost their parent become our children.
    pub(super) fn adopts(&self) -> bool {
        matches!(self.group, Group::Tree(_))
    }

    /// Looks, as often as it is worth it.
    pub(super) fn tick(&mut self) {
        let ms = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut own = None;
        for (at, (level, peak)) in self.levels.iter_mut().enumerate() {
            // One without a limit says nothing, unless it is the command's own.
            if (at == 0 || level.limit.is_some())
                && let Some(usage) = level.usage()
            {
                *peak = usage.max(*peak);
                own = own.or(Some(usage).filter(|_| at == 0));
            }
        }
        let group = self.group.clone();
        self.consumers.tick(|| match &group {
            Group::Cgroup(dir) => place::members(dir),
            Group::Tree(family) => {
                let mut family = family.lock().unwrap_or_else(PoisonError::into_inner);
                family.look();
                family.alive()
            }
        });
        if self.adopts() {
            own = self.consumers.total();
        }
        if let Some(bytes) = own {
            self.series.push(ms, bytes);
        }
        self.look_at_machine();
    }

    fn look_at_machine(&mut self) {
        if Instant::now() < self.machine_due {
            return;
        }
        self.machine_due = Instant::now() + MACHINE;
        if let Some((total, used)) = machine(&self.roots) {
            let before = self.machine.map_or(0, |(_, peak)| peak);
            self.machine = Some((total, used.max(before)));
        }
    }

    /// What came of it. To be called while the command's cgroup is there.
    pub(super) fn finish(self) -> Measured {
        let own = self.levels.first().filter(|_| !self.adopts()).map(|(level, _)| level);
        let kept = own.and_then(Level::peak);
        Measured {
            peak: kept.or(self.series.highest()),
            exact: kept.is_some(),
            last: self.series.last(),
            near: self.nearest(),
            top: self.consumers.top(TOP),
            kills: own.and_then(Level::kills),
            series: self.series,
        }
    }

    /// The limit that use came nearest to: of a cgroup; the machine's memory where none has one.
    fn nearest(&self) -> Option<Near> {
        let own_cgroup = !self.adopts();
        let near = self.levels.iter().enumerate().filter_map(|(at, (level, seen))| {
            let own = at == 0 && own_cgroup;
            // The peaks of others may be from before the command.
            let peak = level.peak().filter(|_| own).unwrap_or(*seen);
            Some(Near { dir: Some(level.dir.clone()), own, limit: level.limit?, peak })
        });
        let machine = self.machine.map(|(limit, peak)| Near { dir: None, own: false, limit, peak });
        near.max_by_key(Near::permille).or(machine)
    }
}

/// Memory of the machine, and what of it can't be had, in bytes.
fn machine(roots: &Roots) -> Option<(u64, u64)> {
    let read = Meminfo::read(roots)?;
    let total = read.total?;
    Some((total, total.saturating_sub(read.available?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::cgroup::Version;
    use std::fs;

    #[test]
    fn the_nearest_limit_need_not_be_the_own_one() {
        let tmp = tempfile::tempdir().unwrap();
        let roots = Roots { proc: tmp.path().into(), ..Roots::default() };
        let dir = tmp.path().join("cg/job/run");
        fs::create_dir_all(&dir).unwrap();
        let set =
            |dir: &str, file: &str, text: &str| fs::write(tmp.path().join(dir).join(file), text).unwrap();
        set("cg/job/run", "memory.current", "300\n");
        set("cg/job/run", "memory.max", "1000\n");
        set("cg/job/run", "memory.peak", "500\n");
        set("cg/job/run", "memory.events", "oom_kill 1\n");
        set("cg/job", "memory.current", "900\n");
        set("cg/job", "memory.max", "1200\n");
        set("cg/job", "memory.peak", "1200\n");
        fs::write(tmp.path().join("meminfo"), "MemTotal: 8 kB\nMemAvailable: 7 kB\n").unwrap();
        let levels = Level::chain(&dir, &tmp.path().join("cg"), Version::V2);
        let mut meter = Meter::new(Group::Cgroup(dir.clone()), levels, &roots);
        meter.tick();
        let measured = meter.finish();
        assert_eq!(
            (measured.peak, measured.exact, measured.last, measured.kills),
            (Some(500), true, Some(300), Some(1))
        );
        let near = measured.near.unwrap();
        // 900 of 1200, as seen: its own peak may be older than the command.
        assert_eq!((near.own, near.permille(), near.headroom()), (false, 750, 300));
    }

    #[test]
    fn without_limits_the_machine_counts() {
        let tmp = tempfile::tempdir().unwrap();
        fs::write(tmp.path().join("meminfo"), "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable: 250 kB\n")
            .unwrap();
        let roots = Roots { proc: tmp.path().into(), ..Roots::default() };
        let mut meter = Meter::new(Group::Cgroup(tmp.path().into()), Vec::new(), &roots);
        meter.tick();
        let near = meter.finish().near.unwrap();
        assert_eq!((near.dir.clone(), near.limit, near.permille()), (None, 1000 << 10, 750));
    }
}
