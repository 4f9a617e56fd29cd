//! Processes over time, those that have exited included.

use std::collections::HashMap;

use super::families::{self, Families};
use super::pool::Pool;
use super::programs::Program;
use super::series::Series;
use super::words::{self, OfProcess, Shape as _};
use crate::enrich::identity::same_start;
use crate::sample::sampler::Growth;
use crate::sample::{Exited, Image, ProcessKey, ProcessSample};

/// Processes at the most, with those that have exited.
pub(super) const MOST: usize = 16_384;
/// Of these, exited ones.
const EXITED: usize = 1024;
/// Exited ones are forgotten after this time.
const FORGET_NS: u64 = 4_200_000_000_000;
/// One that came and went between two passes is only counted, unless it had this much: 4 MiB.
const WORTH: u32 = 1024;

/// One process.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) key: ProcessKey,
    pub(super) ppid: u32,
    pub(super) cgroup: u64,
    pub(super) comm: [u8; 16],
    pub(super) adj: i16,
    pub(super) family: u32,
    /// When it was first seen.
    pub(super) first_ns: u64,
    /// When it was gone; 0 while it is there.
    pub(super) exited_ns: u64,
    /// Highest size, in pages.
    pub(super) peak: u32,
    /// The OOM killer took it.
    pub(super) killed: bool,
    pub(super) series: Series<OfProcess>,
    pub(super) program: Program,
    pub(super) low: u32,
    /// When it was sampled last, and its size then, in pages.
    pub(super) last_ns: u64,
    last_size: u32,
    /// Threads in its first sample and in its last; 0 where that is not known.
    pub(super) threads: (u32, u32),
    faults: u64,
    pass: u32,
    pub(super) asked: bool,
}

impl Process {
    fn new(sample: &ProcessSample, time_ns: u64) -> Self {
        Self {
            key: sample.key,
            ppid: sample.ppid,
            cgroup: sample.cgroup,
            comm: sample.comm,
            adj: sample.oom_score_adj,
            family: families::NONE,
            first_ns: time_ns,
            exited_ns: 0,
            peak: 0,
            killed: false,
            series: Series::default(),
            program: Program::default(),
            low: u32::MAX,
            last_ns: time_ns,
            last_size: 0,
            threads: (sample.threads, sample.threads),
            faults: sample.major_faults,
            pass: 0,
            asked: false,
        }
    }

    /// Counts of events that points count from.
    pub(super) fn base(&self) -> [u64; 3] {
        [self.faults, 0, 0]
    }

    /// After an exec or a move it belongs to another family. Half of its memory gone at once may be an exec, too.
    fn compare(&mut self, sample: &ProcessSample, time_ns: u64, size: u32, families: &mut Families) {
        let renamed = self.comm != sample.comm;
        let fell = size < self.last_size / 2;
        if renamed || fell {
            let exe = families.get(self.family).and_then(|family| family.exe.clone());
            self.changed(time_ns, renamed, fell, exe);
        }
        if renamed || self.cgroup != sample.cgroup {
            families.leave(self.family, self.peak);
            self.family = families::NONE;
            self.asked = false;
        }
    }

    /// By how much it grew at the most, in pages; all of it for one that began while it was watched.
    fn growth(&self, began_ns: u64) -> u32 {
        if self.born_ns() > began_ns { self.peak } else { self.peak - self.low.min(self.peak) }
    }
}

/// All processes.
#[derive(Debug, Default)]
pub(super) struct Processes {
    all: Vec<Process>,
    /// Those that are there, by process id.
    living: HashMap<u32, u32>,
    exited: usize,
    pass: u32,
    began_ns: u64,
    /// In a table that is full, who is smaller than this is not taken in.
    threshold: Option<u64>,
    pub(super) evicted: u64,
    pub(super) left_out: u64,
}

/// What a pass needs beside the processes.
pub(super) struct Room<'a> {
    pub(super) pool: &'a mut Pool,
    pub(super) families: &'a mut Families,
    pub(super) fair: u16,
}

impl Processes {
    /// Takes a pass. After a `complete` one over all processes, who is absent has exited: these are handed to `gone`.
    pub(super) fn pass(
        &mut self,
        samples: &[ProcessSample],
        time_ns: u64,
        complete: bool,
        room: &mut Room<'_>,
        gone: &mut dyn FnMut(&Process),
    ) {
        self.pass = self.pass.wrapping_add(1);
        if self.began_ns == 0 {
            self.began_ns = time_ns;
        }
        self.threshold = None;
        self.left_out = 0;
        for sample in samples {
            self.one(sample, time_ns, room, gone);
        }
        if complete {
            self.absent_have_exited(time_ns, room, gone);
        }
        room.families.keep(self.pass, words::ms(time_ns), complete, room.pool, room.fair);
    }

    fn one(
        &mut self,
        sample: &ProcessSample,
        time_ns: u64,
        room: &mut Room<'_>,
        gone: &mut dyn FnMut(&Process),
    ) {
        let Some(at) = self.place(sample, time_ns, room, gone) else {
            self.left_out += 1;
            return;
        };
        let process = &mut self.all[at];
        let point = words::process(sample, words::ms(time_ns), process.faults);
        let size = OfProcess::size(&point);
        process.compare(sample, time_ns, size, room.families);
        process.pass = self.pass;
        process.ppid = sample.ppid;
        process.cgroup = sample.cgroup;
        process.comm = sample.comm;
        process.adj = sample.oom_score_adj;
        process.threads.1 = sample.threads;
        (process.last_ns, process.last_size) = (time_ns, size);
        process.peak = process.peak.max(size);
        process.low = process.low.min(size);
        process.series.push(room.pool, &point, room.fair);
        room.families.add(process.family, &point, self.pass);
    }

    /// Where a process is kept; a new one gets a place if there is room.
    fn place(
        &mut self,
        sample: &ProcessSample,
        time_ns: u64,
        room: &mut Room<'_>,
        gone: &mut dyn FnMut(&Process),
    ) -> Option<usize> {
        if let Some(at) = self.living.get(&sample.key.pid).copied() {
            if same_start(self.all[at as usize].key.start_ns, sample.key.start_ns) {
                return Some(at as usize);
            }
            self.exit(at as usize, time_ns, room.families, gone);
        }
        self.make_room(sample.footprint(), room).then(|| self.add(Process::new(sample, time_ns)))
    }

    fn add(&mut self, process: Process) -> usize {
        let at = self.all.len();
        if process.exited_ns == 0 {
            self.living.insert(process.key.pid, u32::try_from(at).unwrap_or(u32::MAX));
        }
        self.all.push(process);
        at
    }

    /// Room for one more of `footprint` bytes: in a full table exited processes give way, then the smallest, once a pass.
    fn make_room(&mut self, footprint: u64, room: &mut Room<'_>) -> bool {
        if self.all.len() < MOST && room.pool.left() > 0 {
            return true;
        }
        if self.exited > 0 {
            self.evict_exited(self.exited.div_ceil(4), room.pool);
            return true;
        }
        if let Some(threshold) = self.threshold {
            return footprint > threshold && self.all.len() < MOST && room.pool.left() > 0;
        }
        let mut sizes: Vec<(u32, u32)> = self.all.iter().map(|p| (p.peak, p.key.pid)).collect();
        let smallest = sizes.len() / 16;
        if smallest == 0 {
            return false;
        }
        let (_, nth, _) = sizes.select_nth_unstable(smallest);
        let threshold = words::bytes(nth.0);
        self.threshold = Some(threshold);
        if footprint <= threshold {
            return false;
        }
        let pids: Vec<u32> = sizes[..smallest].iter().map(|(_, pid)| *pid).collect();
        for at in pids.into_iter().filter_map(|pid| self.living.get(&pid).copied()).collect::<Vec<_>>() {
            // Marked first, removed together: places move when one is removed.
            self.all[at as usize].exited_ns = 1;
            self.living.remove(&self.all[at as usize].key.pid);
            self.exited += 1;
            room.families.leave(self.all[at as usize].family, 0);
        }
        self.evict_exited(smallest, room.pool);
        true
    }

    fn exit(&mut self, at: usize, time_ns: u64, families: &mut Families, gone: &mut dyn FnMut(&Process)) {
        let process = &mut self.all[at];
        process.unanswered();
        process.exited_ns = time_ns.max(1);
        self.exited += 1;
        self.living.remove(&process.key.pid);
        families.leave(process.family, process.peak);
        gone(process);
    }

    fn absent_have_exited(&mut self, time_ns: u64, room: &mut Room<'_>, gone: &mut dyn FnMut(&Process)) {
        for at in 0..self.all.len() {
            if self.all[at].exited_ns == 0 && self.all[at].pass != self.pass {
                self.exit(at, time_ns, room.families, gone);
            }
        }
        self.trim_exited(time_ns, room.pool);
    }

    /// One kind of a process's memory is known between two passes; the others are as they were.
    pub(super) fn grew(&mut self, growth: &Growth, pool: &mut Pool, fair: u16) {
        let Some(at) = self.living.get(&growth.pid) else { return };
        let process = &mut self.all[*at as usize];
        let part = OfProcess::PARTS.iter().find(|(kind, _)| *kind == growth.kind);
        let last = process.series.last(pool).and_then(|last| <[u32; OfProcess::WIDTH]>::try_from(last).ok());
        let (Some((_, part)), Some(mut point)) = (part, last) else { return };
        point[words::TIME] = words::ms(growth.time_ns);
        point[*part] = words::pages(growth.bytes);
        point[words::LOW] = OfProcess::size(&point);
        process.peak = process.peak.max(point[words::LOW]);
        process.series.push(pool, &point, fair);
    }

    /// Processes told of by the kernel as they exited.
    pub(super) fn exits(&mut self, exited: &[Exited], room: &mut Room<'_>, gone: &mut dyn FnMut(&Process)) {
        for exit in exited {
            let peak = words::pages(exit.peak.max(exit.last.footprint()));
            let at = self.living.get(&exit.last.key.pid).copied().map(|at| at as usize);
            match at.filter(|at| same_start(self.all[*at].key.start_ns, exit.last.key.start_ns)) {
                Some(at) => {
                    let process = &mut self.all[at];
                    process.peak = process.peak.max(peak);
                    if exit.last.footprint() > 0 {
                        let point = words::process(&exit.last, words::ms(exit.time_ns), process.faults);
                        process.series.push(room.pool, &point, room.fair);
                    }
                    self.exit(at, exit.time_ns, room.families, gone);
                }
                None => self.unseen(exit, peak, room, gone),
            }
        }
        if let Some(last) = exited.last() {
            self.trim_exited(last.time_ns, room.pool);
        }
    }

    /// One that came and went between two passes.
    fn unseen(&mut self, exit: &Exited, peak: u32, room: &mut Room<'_>, gone: &mut dyn FnMut(&Process)) {
        let mut process = Process::new(&exit.last, exit.time_ns);
        let family = room.families.by_comm(process.comm, process.cgroup);
        match family {
            Some(family) => room.families.passed_by(family, peak),
            None if peak >= WORTH => {
                let id = room.families.join(None, process.comm, process.cgroup, room.pool);
                room.families.leave(id, peak);
            }
            None => return,
        }
        if peak < WORTH || self.is_gone(exit) || !self.make_room(words::bytes(peak), room) {
            return;
        }
        process.family = family.unwrap_or(families::NONE);
        process.peak = peak;
        process.asked = true;
        process.exited_ns = exit.time_ns.max(1);
        if exit.last.footprint() > 0 {
            let point = words::process(&exit.last, words::ms(exit.time_ns), process.faults);
            process.series.push(room.pool, &point, room.fair);
        }
        gone(&process);
        self.exited += 1;
        self.add(process);
    }

    /// A pass that found it absent came before the report of its exit.
    fn is_gone(&mut self, exit: &Exited) -> bool {
        let is_it = |p: &&mut Process| {
            p.exited_ns != 0
                && p.key.pid == exit.last.key.pid
                && same_start(p.key.start_ns, exit.last.key.start_ns)
        };
        let known = self.all.iter_mut().find(is_it);
        if let Some(known) = known {
            known.exited_ns = known.exited_ns.min(exit.time_ns.max(1));
            return true;
        }
        false
    }

    fn trim_exited(&mut self, time_ns: u64, pool: &mut Pool) {
        if self.exited > EXITED {
            self.evict_exited(self.exited - EXITED + EXITED / 4, pool);
            return;
        }
        let old = |p: &Process| p.exited_ns != 0 && p.exited_ns.saturating_add(FORGET_NS) < time_ns;
        while let Some(at) = self.all.iter().position(old) {
            self.drop_one(at, pool);
        }
    }

    /// Exited ones with the smallest growth give way.
    fn evict_exited(&mut self, number: usize, pool: &mut Pool) {
        let began = self.began_ns;
        let growth = |p: &Process| (p.killed, p.growth(began), p.exited_ns, p.key);
        let mut exited: Vec<_> = self.all.iter().filter(|p| p.exited_ns != 0).map(growth).collect();
        exited.sort_unstable();
        let Some(last) = exited.get(number.min(exited.len()).wrapping_sub(1)).copied() else { return };
        let mut at = 0;
        while at < self.all.len() {
            if self.all[at].exited_ns != 0 && growth(&self.all[at]) <= last {
                self.drop_one(at, pool);
                self.evicted += 1;
            } else {
                at += 1;
            }
        }
    }

    fn drop_one(&mut self, at: usize, pool: &mut Pool) {
        let mut process = self.all.swap_remove(at);
        process.series.clear(pool);
        self.exited -= usize::from(process.exited_ns != 0);
        if self.living.get(&process.key.pid) == Some(&u32::try_from(at).unwrap_or(u32::MAX)) {
            self.living.remove(&process.key.pid);
        }
        if let Some(moved) = self.all.get(at)
            && moved.exited_ns == 0
        {
            self.living.insert(moved.key.pid, u32::try_from(at).unwrap_or(u32::MAX));
        }
    }

    /// Processes whose executable was not asked for yet, `most` of them; they are not named again.
    pub(super) fn nameless(&mut self, most: usize, into: &mut Vec<ProcessKey>) {
        let new = self.all.iter_mut().filter(|p| !p.asked && p.exited_ns == 0).take(most);
        into.extend(new.map(|process| {
            process.asked = true;
            process.key
        }));
    }

    /// The program of a process is known, or can't be.
    pub(super) fn name(&mut self, key: ProcessKey, image: &Image, families: &mut Families, pool: &mut Pool) {
        let Some(at) = self.living.get(&key.pid) else { return };
        let process = &mut self.all[*at as usize];
        if !same_start(process.key.start_ns, key.start_ns) || process.renamed_since(image) {
            return;
        }
        if process.runs(image) {
            families.leave(process.family, 0);
            process.family = families::NONE;
        }
        if process.family == families::NONE {
            process.family = families.join(image.exe.as_deref(), process.comm, process.cgroup, pool);
        }
    }

    /// The OOM killer took these processes.
    pub(super) fn killed(&mut self, pids: &[u32]) {
        for pid in pids {
            if let Some(at) = self.living.get(pid) {
                self.all[*at as usize].killed = true;
            }
        }
    }

    /// The process that has this number now.
    pub(super) fn living(&self, pid: u32) -> Option<&Process> {
        self.living.get(&pid).map(|at| &self.all[*at as usize])
    }

    /// Processes that are kept, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Process> {
        self.all.iter()
    }

    /// The process that had this id at `time_ns`, as far as it is known.
    pub(super) fn had(&self, pid: u32, time_ns: u64) -> Option<&Process> {
        let had = |p: &&Process| p.key.pid == pid && p.key.start_ns < time_ns && p.first_ns < time_ns;
        self.all.iter().filter(had).max_by_key(|p| p.key.start_ns)
    }
}
