//! A look over the sampler's shoulder: what its passes bring is kept for the rules, and nothing is read twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::kernel::clock;
use crate::model::SampleSource;
use crate::sample::{CgroupSample, Exited, Image, Pass, ProcessKey, ProcessSample, Source, SystemSample};

/// What cgroups are made of is asked for so often, ns.
const PARTS_NS: u64 = 900_000_000;
/// Cgroups of which it is asked for at once.
const PARTS: usize = 64;

/// The latest passes.
#[derive(Debug, Default)]
pub struct Latest {
    /// All memory cgroups, and when they were read, `CLOCK_BOOTTIME` ns.
    pub cgroups: Vec<CgroupSample>,
    /// When; 0 before the first pass.
    pub cgroups_ns: u64,
    /// All processes.
    pub processes: Vec<ProcessSample>,
    /// When; 0 before the first pass.
    pub processes_ns: u64,
    /// The machine.
    pub system: Option<SystemSample>,
    /// Paths of the cgroups.
    pub paths: HashMap<u64, Arc<[u8]>>,
}

/// Shared between the sampler and the agent; locked for the time of a copy.
#[derive(Clone, Debug, Default)]
pub struct View(Arc<Mutex<Latest>>);

impl View {
    /// The latest passes.
    pub fn lock(&self) -> MutexGuard<'_, Latest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A source that shows what it reads.
pub struct Watched {
    inner: Box<dyn Source>,
    view: View,
    near: Vec<CgroupSample>,
    asked_ns: u64,
}

impl Watched {
    /// Shows in `view` what `inner` reads.
    #[must_use]
    pub fn new(inner: Box<dyn Source>, view: View) -> Self {
        Self { inner, view, near: Vec::with_capacity(PARTS), asked_ns: 0 }
    }

    /// Finds out how much of what is in use is page cache, of cgroups that are half full: without it a full cache would look like
    /// a limit that is about to be hit.
    fn ask_parts(&mut self, samples: &mut [CgroupSample]) {
        let now = clock::boottime_ns();
        if now.saturating_sub(self.asked_ns) < PARTS_NS {
            return;
        }
        self.asked_ns = now;
        let is_near = |sample: &&CgroupSample| sample.limit.is_some_and(|limit| sample.usage >= limit / 2);
        self.near.clear();
        self.near.extend(samples.iter().filter(is_near).take(PARTS));
        if self.near.is_empty() {
            return;
        }
        self.inner.parts(&mut self.near);
        for known in &self.near {
            if let Some(sample) = samples.iter_mut().find(|sample| sample.id == known.id) {
                *sample = *known;
            }
        }
    }
}

impl Source for Watched {
    fn kind(&self) -> SampleSource {
        self.inner.kind()
    }

    fn notes(&mut self) -> Vec<String> {
        self.inner.notes()
    }

    fn processes(&mut self, into: &mut Vec<ProcessSample>) -> Pass {
        let pass = self.inner.processes(into);
        let mut view = self.view.lock();
        view.processes.clear();
        view.processes.extend_from_slice(into);
        view.processes_ns = pass.time_ns;
        pass
    }

    fn processes_of(&mut self, cgroups: &[u64], into: &mut Vec<ProcessSample>) -> Pass {
        self.inner.processes_of(cgroups, into)
    }

    fn cgroups(&mut self, parts: bool, into: &mut Vec<CgroupSample>) -> Pass {
        let pass = self.inner.cgroups(parts, into);
        self.ask_parts(into);
        let mut view = self.view.lock();
        let view = &mut *view;
        // What was asked for less often stays known in between.
        keep_parts(&view.cgroups, into, &mut self.near);
        view.cgroups.clear();
        view.cgroups.extend_from_slice(&self.near);
        view.cgroups_ns = pass.time_ns;
        if view.paths.len() > 2 * view.cgroups.len() + PARTS {
            let cgroups = &view.cgroups;
            view.paths.retain(|id, _| cgroups.iter().any(|sample| sample.id == *id));
        }
        pass
    }

    fn parts(&mut self, of: &mut [CgroupSample]) {
        self.inner.parts(of);
    }

    fn system(&mut self) -> Option<SystemSample> {
        let system = self.inner.system();
        self.view.lock().system = system;
        system
    }

    fn exited(&mut self, into: &mut Vec<Exited>) -> Pass {
        self.inner.exited(into)
    }

    fn cgroup_path(&mut self, id: u64) -> Option<Vec<u8>> {
        let path = self.inner.cgroup_path(id);
        if let Some(path) = &path {
            self.view.lock().paths.insert(id, Arc::from(path.as_slice()));
        }
        path
    }

    fn image(&mut self, key: ProcessKey) -> Image {
        self.inner.image(key)
    }
}

/// Copies a pass; of what it does not say, the last one's page cache and counts of events stay. Both are in the order of the
/// hierarchy, so that most are found at once.
fn keep_parts(last: &[CgroupSample], pass: &[CgroupSample], into: &mut Vec<CgroupSample>) {
    into.clear();
    let mut at = 0;
    for sample in pass {
        let mut sample = *sample;
        let is_it = |known: &CgroupSample| known.id == sample.id;
        let found = last.get(at).is_some_and(is_it).then_some(at).or_else(|| last.iter().position(is_it));
        if let Some(known) = found.and_then(|found| last.get(found)) {
            at = found.map_or(at, |found| found + 1);
            sample.file = sample.file.or(known.file);
            sample.limit_hits = sample.limit_hits.or(known.limit_hits);
            sample.high_hits = sample.high_hits.or(known.high_hits);
        }
        into.push(sample);
    }
}
