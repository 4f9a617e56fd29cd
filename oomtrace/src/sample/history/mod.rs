//! The history: memory of processes, families, cgroups and the machine over the last hour, in bounded room.
//!
//! All points lie in one pool of blocks ([`POOL`]); what is beside it is bounded by the number of entities. An entity that
//! changes all the time has its points as they came for the last 1 to 2 min (cgroups: 10 s), then one for each 1 s, 10 s and
//! 60 s, together about 70 min; one that never changes takes a single block. While more than a quarter of the pool is free,
//! everybody gets what they need; after that each gets a fair share, so that more entities shorten the reach of each.
//! Where even that does not fit, who has exited goes first, the smallest growth first, and is counted.

mod cgroups;
mod extract;
mod families;
mod lives;
mod passes;
mod pool;
mod processes;
mod programs;
mod series;
mod words;

use cgroups::Cgroups;
use families::Families;
use lives::{Ended, Lives};
use passes::Passes;
use pool::Pool;
use processes::{Process, Processes, Room};
use series::Series;
use words::OfCgroup;

use super::sampler::Growth;
use super::{CgroupSample, Exited, Image, ProcessKey, ProcessSample, SystemSample};
use crate::model::{Incident, SampleSource};

/// A time asleep that counts.
const SLEPT_NS: u64 = 1_000_000_000;
/// Bytes of points at the most.
pub const POOL: usize = 22 << 20;

/// Memory over time, of all that was sampled.
#[derive(Debug)]
pub struct History {
    pool: Pool,
    processes: Processes,
    families: Families,
    cgroups: Cgroups,
    lives: Lives,
    system: Series<OfCgroup>,
    system_total: u64,
    source: SampleSource,
    began_ns: u64,
    process_passes: Passes,
    cgroup_passes: Passes,
    /// Passes over the processes of scopes that are close to their limit, and the cgroups of the last one.
    close_passes: Passes,
    close: Vec<u64>,
    /// When the machine was last found to have slept, and how long.
    slept: Option<(u64, u64)>,
    /// How long it had slept in all when it was last looked.
    asleep_ns: u64,
    /// Remarks that concern what was sampled lately: when, what.
    remarks: Vec<(u64, String)>,
    /// By how much intervals are stretched now.
    stretch: f64,
}

impl Default for History {
    fn default() -> Self {
        Self::with_pool(POOL)
    }
}

impl History {
    /// With another size of the pool.
    #[must_use]
    pub fn with_pool(bytes: usize) -> Self {
        Self {
            pool: Pool::new(bytes),
            processes: Processes::default(),
            families: Families::default(),
            cgroups: Cgroups::default(),
            lives: Lives::default(),
            system: Series::default(),
            system_total: 0,
            source: SampleSource::default(),
            began_ns: 0,
            process_passes: Passes::default(),
            cgroup_passes: Passes::default(),
            close_passes: Passes::default(),
            close: Vec::new(),
            slept: None,
            asleep_ns: 0,
            remarks: Vec::new(),
            stretch: 1.0,
        }
    }

    /// Takes a pass over all processes. After a `complete` one, who is absent has exited.
    pub fn processes(&mut self, samples: &[ProcessSample], time_ns: u64, complete: bool) {
        self.process_passes.taken(time_ns);
        self.take(samples, time_ns, complete);
    }

    /// Takes a pass over the processes that live in `cgroups`.
    pub fn processes_close(&mut self, samples: &[ProcessSample], time_ns: u64, cgroups: &[u64]) {
        self.close_passes.taken(time_ns);
        self.close.clear();
        self.close.extend_from_slice(cgroups);
        self.take(samples, time_ns, false);
    }

    fn take(&mut self, samples: &[ProcessSample], time_ns: u64, complete: bool) {
        self.begin(time_ns);
        let fair = self.fair();
        let mut gone = Vec::new();
        let mut room = Room { pool: &mut self.pool, families: &mut self.families, fair };
        self.processes.pass(samples, time_ns, complete, &mut room, &mut |process| gone.push(ended(process)));
        self.remember(gone);
    }

    /// Takes processes that have exited.
    pub fn exited(&mut self, exited: &[Exited]) {
        let fair = self.fair();
        let mut gone = Vec::new();
        let mut room = Room { pool: &mut self.pool, families: &mut self.families, fair };
        self.processes.exits(exited, &mut room, &mut |process| gone.push(ended(process)));
        self.remember(gone);
    }

    /// Takes what the allocation hook saw of a process that is known.
    pub fn grew(&mut self, growth: &Growth) {
        let fair = self.fair();
        self.processes.grew(growth, &mut self.pool, fair);
    }

    /// Takes a pass over all cgroups. After a `complete` one, who is absent was removed.
    pub fn cgroups(&mut self, samples: &[CgroupSample], time_ns: u64, complete: bool) {
        self.begin(time_ns);
        self.cgroup_passes.taken(time_ns);
        let fair = self.fair();
        self.cgroups.pass(samples, time_ns, complete, &mut self.pool, fair);
    }

    /// Takes a sample of the machine.
    pub fn system(&mut self, sample: &SystemSample, time_ns: u64) {
        self.begin(time_ns);
        self.system_total = sample.total.saturating_add(sample.swap_total);
        let fair = self.fair();
        self.system.push(&mut self.pool, &words::system(sample, words::ms(time_ns)), fair);
    }

    /// Processes and cgroups whose names are to be found out, `most` of each. Each process is asked for once, a cgroup until
    /// its path is known.
    pub fn nameless(&mut self, most: usize, processes: &mut Vec<ProcessKey>, cgroups: &mut Vec<u64>) {
        self.processes.nameless(most, processes);
        self.cgroups.nameless(most, cgroups);
    }

    /// What came of asking for the program of a process.
    pub fn name_process(&mut self, key: ProcessKey, image: &Image) {
        self.processes.name(key, image, &mut self.families, &mut self.pool);
    }

    /// The path of a cgroup.
    pub fn name_cgroup(&mut self, id: u64, path: &[u8]) {
        self.cgroups.name(id, path);
    }

    /// How the samples are taken now, and by how much the intervals between them are stretched.
    pub fn taken_by(&mut self, source: SampleSource, stretch: f64) {
        self.source = source;
        self.stretch = stretch;
    }

    /// Something that a reader of what is sampled now must know; the last few are kept.
    pub fn remark(&mut self, time_ns: u64, text: String) {
        self.remarks.retain(|(_, known)| *known != text);
        if self.remarks.len() == 8 {
            self.remarks.remove(0);
        }
        self.remarks.push((time_ns, text));
    }

    /// The machine had slept for `asleep_ns` since boot before anything was sampled.
    pub fn asleep_at_start(&mut self, asleep_ns: u64) {
        self.asleep_ns = asleep_ns;
    }

    /// The machine has slept for `asleep_ns` since boot, as is known at `time_ns`. If that is more than it was, what was before
    /// says nothing about rates.
    pub fn asleep(&mut self, time_ns: u64, asleep_ns: u64) {
        let more = asleep_ns.saturating_sub(self.asleep_ns);
        if more > SLEPT_NS {
            self.slept = Some((time_ns, more));
        }
        self.asleep_ns = asleep_ns;
    }

    /// The same for a kill that may have come between a sleep and the next look at it: nothing was sampled in between. One
    /// before the sleep is less far from the last sample than the sleep was long.
    pub fn asleep_before(&mut self, kill_ns: u64, asleep_ns: u64) {
        let more = asleep_ns.saturating_sub(self.asleep_ns);
        let last = [&self.cgroup_passes, &self.process_passes, &self.close_passes];
        let last = last.iter().filter_map(|passes| passes.last_before(kill_ns)).max().unwrap_or(0);
        if more > SLEPT_NS && kill_ns.saturating_sub(last) >= more {
            self.asleep(kill_ns, asleep_ns);
        }
    }

    /// The OOM killer took these processes at `time_ns`.
    pub fn killed(&mut self, pids: &[u32], time_ns: u64) {
        self.processes.killed(pids);
        for pid in pids {
            self.lives.killed(*pid, time_ns);
        }
    }

    /// The OOM killer took the victims of `incident` at `kill_ns`: these runs have ended, also those that no sample saw.
    pub fn victims(&mut self, incident: &Incident, kill_ns: u64) {
        let pids: Vec<u32> = incident.victims.iter().map(|victim| victim.pid).collect();
        self.killed(&pids, kill_ns);
        for victim in &incident.victims {
            let family = self.processes.living(victim.pid).map(|process| process.family);
            let exe = family.and_then(|family| self.families.get(family)?.exe.clone());
            self.lives.keep_killed(victim, exe, &incident.time, kill_ns);
        }
    }

    #[cfg(test)]
    /// Bytes of points that were allocated so far.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.pool.bytes()
    }

    /// Page cache in a cgroup, as last known.
    #[must_use]
    pub fn cache_of(&self, cgroup: u64) -> Option<u64> {
        self.cgroups.get(cgroup)?.file()
    }

    fn begin(&mut self, time_ns: u64) {
        if self.began_ns == 0 {
            self.began_ns = time_ns;
        }
    }

    /// Blocks that each level of an entity may take.
    fn fair(&self) -> u16 {
        if self.pool.left() * 4 >= self.pool.cap() {
            return u16::MAX;
        }
        let entities = self.processes.iter().count() + self.cgroups.iter().count();
        u16::try_from(self.pool.cap() / entities.max(1) / 4).unwrap_or(u16::MAX).max(1)
    }

    fn remember(&mut self, gone: Vec<(Ended, u64, u32)>) {
        for (mut life, cgroup, family) in gone {
            life.exe = self.families.get(family).and_then(|family| family.exe.clone());
            life.path = self.cgroups.get(cgroup).and_then(|cgroup| cgroup.path.clone());
            self.lives.keep(life);
        }
    }
}

/// A life that has ended, its cgroup and its family.
fn ended(process: &Process) -> (Ended, u64, u32) {
    let life = Ended {
        pid: process.key.pid,
        comm: process.comm,
        exe: None,
        path: None,
        start_ns: process.key.start_ns,
        exit_ns: process.exited_ns,
        peak: process.peak,
        killed: process.killed,
    };
    (life, process.cgroup, process.family)
}

#[cfg(test)]
mod programs_tests;
#[cfg(test)]
mod tests;
