//! All memory cgroups by their files: the usage of each at every pass, limits and kinds of memory when they are asked for.

use std::collections::HashMap;
use std::ffi::CStr;
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{
    kept::{Budget, Kept, exhausted, gone},
    parts,
};
use crate::{
    kernel::{
        cgroup::{Memcgs, Version},
        clock::boottime_ns,
        proc::{Dir, text},
    },
    sample::{CgroupSample, Pass, SystemSample, paths::Paths, source::pass_of},
};

/// New cgroups are looked for at most this often.
const WALK_EVERY: Duration = Duration::from_secs(1);
/// And no more often than makes this share of the time: a walk may take 1 % of a CPU.
const WALK_SHARE: u32 = 100;
/// Cgroups that are followed at the most.
const CGROUPS_MAX: usize = 32 * 1024;
/// Kinds of memory are read of this many at the most in a pass over all, those with the highest usage.
const KINDS_MAX: usize = 512;

/// Reads memory cgroups.
#[derive(Debug)]
pub(crate) struct FileCgroups {
    v1: bool,
    mount: Option<PathBuf>,
    groups: HashMap<u64, Group>,
    /// Ids, each parent before its children.
    order: Vec<u64>,
    budget: Budget,
    walked: Option<(Instant, Duration)>,
    walk: u32,
    left_out: u64,
    buf: Vec<u8>,
    notes: Vec<String>,
}

#[derive(Debug)]
struct Group {
    walk: u32,
    usage: Option<Kept>,
    sample: CgroupSample,
}

impl FileCgroups {
    pub(crate) fn new(memcgs: &Memcgs) -> Self {
        Self {
            v1: memcgs.v1(),
            mount: memcgs.mount().map(std::path::Path::to_path_buf),
            groups: HashMap::new(),
            order: Vec::new(),
            budget: Budget::of_limits(),
            walked: None,
            walk: 0,
            left_out: 0,
            buf: vec![0; parts::TEXT_MAX],
            notes: Vec::new(),
        }
    }

    pub(crate) fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// All cgroups. `system` gives the usage of a root that keeps none of its own.
    pub(crate) fn all(
        &mut self,
        with_parts: bool,
        system: Option<&SystemSample>,
        paths: &mut Paths,
        into: &mut Vec<CgroupSample>,
    ) -> Pass {
        pass_of(|| {
            into.clear();
            if self.mount.is_none() {
                return (0, false);
            }
            self.look_for_new(paths);
            let mut missed = self.left_out;
            for at in 0..self.order.len() {
                match self.usage(self.order[at], system, paths) {
                    Ok(sample) => into.push(sample),
                    Err(error) => missed += self.failed(self.order[at], &error),
                }
            }
            self.order.retain(|id| self.groups.contains_key(id));
            if with_parts {
                for at in largest(into, KINDS_MAX) {
                    self.parts_of(paths, &mut into[at]);
                }
            }
            (missed, true)
        })
    }

    /// Limits, events and kinds of memory of given ones; those that are gone stay as they are.
    pub(crate) fn parts(&mut self, paths: &Paths, of: &mut [CgroupSample]) {
        for sample in of {
            self.parts_of(paths, sample);
        }
    }

    fn parts_of(&mut self, paths: &Paths, sample: &mut CgroupSample) {
        let Some(dir) = paths.directory(sample.id).and_then(|path| Dir::open(&path).ok()) else { return };
        parts::limits(&dir, self.v1, &mut self.buf, sample);
        parts::kinds(&dir, self.v1, &mut self.buf, sample);
        if let Some(group) = self.groups.get_mut(&sample.id) {
            group.sample.limit = sample.limit;
            group.sample.high = sample.high;
        }
    }

    /// Kinds of memory alone, of given ones whose numbers come from elsewhere.
    pub(crate) fn kinds(&mut self, paths: &Paths, of: &mut [CgroupSample]) {
        for sample in of {
            self.kinds_of(paths, sample);
        }
    }

    /// The same of those with the highest usage.
    pub(crate) fn kinds_of_the_largest(&mut self, paths: &Paths, of: &mut [CgroupSample]) {
        for at in largest(of, KINDS_MAX) {
            self.kinds_of(paths, &mut of[at]);
        }
    }

    fn kinds_of(&mut self, paths: &Paths, sample: &mut CgroupSample) {
        if let Some(dir) = paths.directory(sample.id).and_then(|path| Dir::open(&path).ok()) {
            parts::kinds(&dir, self.v1, &mut self.buf, sample);
        }
    }

    /// Usage now, limits as they were read last.
    fn usage(&mut self, id: u64, system: Option<&SystemSample>, paths: &Paths) -> io::Result<CgroupSample> {
        let name = self.usage_name();
        let group = self.groups.get_mut(&id).ok_or(io::ErrorKind::NotFound)?;
        let read = match &group.usage {
            Some(kept) => kept.read(&mut self.buf),
            None => {
                let directory = paths.directory(id).ok_or(io::ErrorKind::NotFound)?;
                Dir::open(&directory).and_then(|dir| dir.read(name, &mut self.buf))
            }
        };
        let usage = match read {
            Ok(text) => text::number(text).ok_or(io::ErrorKind::InvalidData)?,
            Err(error) if id == paths.root() && gone(&error) => root_usage(system).ok_or(error)?,
            Err(error) => return Err(error),
        };
        group.sample.usage = usage;
        Ok(group.sample)
    }

    fn usage_name(&self) -> &'static CStr {
        Version::of(self.v1).files().usage
    }

    /// Walks the hierarchy when the last time was long ago.
    fn look_for_new(&mut self, paths: &mut Paths) {
        if let Some((when, took)) = self.walked
            && when.elapsed() < WALK_EVERY.max(took * WALK_SHARE)
        {
            return;
        }
        let start = Instant::now();
        self.walk = self.walk.wrapping_add(1);
        self.left_out = 0;
        self.order.clear();
        let mut open = vec![(paths.root(), 0)];
        while let Some((id, parent)) = open.pop() {
            self.visit(id, parent, paths, &mut open);
        }
        let (walk, budget) = (self.walk, &mut self.budget);
        self.groups.retain(|_, group| {
            let there = group.walk == walk;
            if !there && group.usage.is_some() {
                budget.give();
            }
            there
        });
        self.walked = Some((Instant::now(), start.elapsed()));
    }

    /// Notes one cgroup if it has the memory controller, and opens its children.
    fn visit(&mut self, id: u64, parent: u64, paths: &mut Paths, open: &mut Vec<(u64, u64)>) {
        let Some(dir) = paths.directory(id).and_then(|path| Dir::open(&path).ok()) else { return };
        let now = boottime_ns();
        paths.sight(id, parent, now);
        if dir.may_have_directories() {
            let listed = dir.directories(&mut self.buf, |child, name| {
                paths.learn(child, id, name, now);
                open.push((child, id));
                ControlFlow::Continue(())
            });
            self.left_out += u64::from(listed.is_err());
        }
        if self.order.len() >= CGROUPS_MAX {
            self.left_out += 1;
            return;
        }
        if let Some(group) = self.groups.get_mut(&id) {
            group.walk = self.walk;
            self.order.push(id);
        } else {
            self.add(id, parent, &dir);
        }
    }

    fn add(&mut self, id: u64, parent: u64, dir: &Dir) {
        let name = self.usage_name();
        let usage = self.budget.keep(dir, name);
        // On v2 only the cgroups have the file whose parent passes the controller on; the root never does.
        if usage.is_none() && parent != 0 && dir.file(name).is_err() {
            return;
        }
        let mut sample = CgroupSample { id, parent, ..CgroupSample::default() };
        parts::limits(dir, self.v1, &mut self.buf, &mut sample);
        // What was read for the limits' sake would be old in later passes.
        let sample =
            CgroupSample { id, parent, limit: sample.limit, high: sample.high, ..CgroupSample::default() };
        self.groups.insert(id, Group { walk: self.walk, usage, sample });
        self.order.push(id);
    }

    /// Drops a cgroup that can't be read; returns how many are missed by that.
    fn failed(&mut self, id: u64, error: &io::Error) -> u64 {
        if gone(error) {
            if self.groups.remove(&id).is_some_and(|group| group.usage.is_some()) {
                self.budget.give();
            }
            return 0;
        }
        if exhausted(error) && self.budget.halve() {
            let budget = &mut self.budget;
            for group in self.groups.values_mut() {
                if budget.exceeded() && group.usage.take().is_some() {
                    budget.give();
                }
            }
        } else if self.notes.is_empty() {
            self.notes.push(format!("some memory cgroups can't be read ({error}): samples lack them"));
        }
        1
    }
}

/// Usage of a root cgroup that has no counter: what there is of anonymous memory and page cache.
pub(crate) fn root_usage(system: Option<&SystemSample>) -> Option<u64> {
    system.map(|system| system.anon + system.file + system.shmem)
}

/// Indices of the `max` cgroups with the highest usage.
pub(crate) fn largest(samples: &[CgroupSample], max: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..samples.len()).collect();
    if order.len() > max && max > 0 {
        order.select_nth_unstable_by_key(max - 1, |at| std::cmp::Reverse(samples[*at].usage));
    }
    order.truncate(max);
    order
}

#[cfg(test)]
#[path = "cgroups_tests.rs"]
mod tests;
