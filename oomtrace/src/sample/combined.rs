//! The source that is used: iterators where the kernel has them, files for the rest.

use aya::Ebpf;
use oomtrace_common::Layout;

use super::{
    CgroupSample, Exited, Image, Pass, ProcessKey, ProcessSample, Source, SystemSample,
    bpf::{Exits, Identities, IterCgroups, IterTasks},
    exe::Exes,
    files::{FileCgroups, FileProcesses, Meminfo},
    paths::Paths,
    source::pass_of,
};
use crate::{
    kernel::{Roots, cgroup::Memcgs, clock::boottime_ns, proc::Dir},
    model::SampleSource,
};

/// Bytes of a `cgroup.procs` that are read: numbers of 30,000 processes.
const PROCS_MAX: usize = 256 * 1024;

/// Opens the best source there is: what [`crate::probe::attach_sampling`] has loaded into `ebpf`, and files for the rest.
///
/// Call it before the maps of identities are taken out of `ebpf`: executables of processes that are gone come from there.
#[must_use]
pub fn open(ebpf: Option<&mut Ebpf>, layout: &Layout, roots: &Roots) -> Box<dyn Source> {
    let mut source = Combined::of_files(roots);
    if let Some(ebpf) = ebpf {
        source.take(ebpf, 1 << layout.page_shift, roots);
    }
    Box::new(source)
}

/// Opens a source that reads files only.
#[must_use]
pub fn files(roots: &Roots) -> Box<dyn Source> {
    Box::new(Combined::of_files(roots))
}

/// Iterators and files.
struct Combined {
    tasks: Option<IterTasks>,
    iter_cgroups: Option<IterCgroups>,
    exits: Option<Exits>,
    memcgs: Memcgs,
    paths: Paths,
    processes: FileProcesses,
    cgroups: FileCgroups,
    meminfo: Meminfo,
    exes: Exes,
    pids: Vec<u32>,
    procs: Vec<u8>,
    notes: Vec<String>,
}

impl Combined {
    fn of_files(roots: &Roots) -> Self {
        let (memcgs, note) = Memcgs::find(roots);
        Self {
            tasks: None,
            iter_cgroups: None,
            exits: None,
            paths: Paths::new(&memcgs),
            cgroups: FileCgroups::new(&memcgs),
            processes: FileProcesses::open(roots),
            meminfo: Meminfo::open(roots),
            exes: Exes::open(roots, None),
            memcgs,
            pids: Vec::new(),
            procs: vec![0; PROCS_MAX],
            notes: note.into_iter().collect(),
        }
    }

    /// Takes what was loaded.
    fn take(&mut self, ebpf: &mut Ebpf, page_size: u64, roots: &Roots) {
        self.tasks = IterTasks::link(ebpf, page_size).unwrap_or_else(|error| {
            self.notes
                .push(format!("processes are sampled by files: the task iterator can't be linked: {error}"));
            None
        });
        self.iter_cgroups = IterCgroups::link(ebpf, &self.memcgs, page_size).unwrap_or_else(|error| {
            self.notes
                .push(format!("cgroups are sampled by files: the cgroup iterator can't be linked: {error}"));
            None
        });
        self.exits = Exits::take(ebpf, page_size);
        self.exes = Exes::open(roots, Identities::share(ebpf));
    }

    /// A pass of the task iterator; `None` when there is none or it has just failed for good.
    fn iterate_tasks(&mut self, into: &mut Vec<ProcessSample>) -> Option<Pass> {
        let tasks = self.tasks.as_mut()?;
        let begin = boottime_ns();
        match tasks.pass(into) {
            Ok(()) => Some(Pass { time_ns: begin.midpoint(boottime_ns()), missed: 0, complete: true }),
            Err(error) => {
                self.tasks = None;
                self.notes.push(format!("the task iterator failed ({error}): from now on /proc is read"));
                None
            }
        }
    }

    /// The same for cgroups.
    fn iterate_cgroups(&mut self, parts: bool, into: &mut Vec<CgroupSample>) -> Option<Pass> {
        let iterator = self.iter_cgroups.as_mut()?;
        let system = self.meminfo.read();
        let begin = boottime_ns();
        let missed = match iterator.pass(system.as_ref(), into) {
            Ok(missed) => missed,
            Err(error) => {
                self.iter_cgroups = None;
                self.notes.push(format!("the cgroup iterator failed ({error}): from now on files are read"));
                return None;
            }
        };
        let pass = Pass { time_ns: begin.midpoint(boottime_ns()), missed, complete: true };
        for sample in into.iter() {
            self.paths.sight(sample.id, sample.parent, pass.time_ns);
        }
        if parts {
            self.cgroups.kinds_of_the_largest(&self.paths, into);
        }
        Some(pass)
    }

    /// The numbers of the processes in `cgroups`; returns how many cgroups could not be read whole.
    fn members(&mut self, cgroups: &[u64]) -> u64 {
        self.pids.clear();
        let mut missed = 0;
        for id in cgroups {
            let Some(directory) = self.paths.directory(*id) else {
                missed += 1;
                continue;
            };
            let Ok(dir) = Dir::open(&directory) else { continue };
            let Ok(text) = dir.read(c"cgroup.procs", &mut self.procs) else { continue };
            missed += u64::from(text.len() == PROCS_MAX);
            let lines = text.split(|b| *b == b'\n').filter_map(crate::kernel::proc::text::number);
            // 0 is a process that is not in our pid namespace.
            self.pids.extend(lines.filter_map(|pid| u32::try_from(pid).ok()).filter(|pid| *pid != 0));
        }
        missed
    }
}

impl Source for Combined {
    fn kind(&self) -> SampleSource {
        match (&self.tasks, &self.iter_cgroups) {
            (Some(_), Some(_)) => SampleSource::Iterators,
            (None, None) => SampleSource::Files,
            _ => SampleSource::Mixed,
        }
    }

    fn notes(&mut self) -> Vec<String> {
        let mut notes = std::mem::take(&mut self.notes);
        notes.extend(self.processes.notes());
        notes.extend(self.cgroups.notes());
        notes
    }

    fn processes(&mut self, into: &mut Vec<ProcessSample>) -> Pass {
        match self.iterate_tasks(into) {
            Some(pass) => pass,
            None => self.processes.all(&mut self.memcgs, into),
        }
    }

    fn processes_of(&mut self, cgroups: &[u64], into: &mut Vec<ProcessSample>) -> Pass {
        if let Some(pass) = self.iterate_tasks(into) {
            into.retain(|sample| cgroups.contains(&sample.cgroup));
            return pass;
        }
        let missed = self.members(cgroups);
        let mut pass = self.processes.of(&self.pids, &mut self.memcgs, into);
        pass.missed += missed;
        pass
    }

    fn cgroups(&mut self, parts: bool, into: &mut Vec<CgroupSample>) -> Pass {
        if let Some(pass) = self.iterate_cgroups(parts, into) {
            return pass;
        }
        let system = self.meminfo.read();
        self.cgroups.all(parts, system.as_ref(), &mut self.paths, into)
    }

    fn parts(&mut self, of: &mut [CgroupSample]) {
        if self.iter_cgroups.is_some() {
            self.cgroups.kinds(&self.paths, of);
        } else {
            self.cgroups.parts(&self.paths, of);
        }
    }

    fn system(&mut self) -> Option<SystemSample> {
        self.meminfo.read()
    }

    fn exited(&mut self, into: &mut Vec<Exited>) -> Pass {
        into.clear();
        let Some(exits) = self.exits.as_mut() else { return pass_of(|| (0, false)) };
        let pass = pass_of(|| (exits.drain(into), true));
        if self.tasks.is_none() {
            // Processes are known by what /proc says of their start.
            for exited in into.iter_mut() {
                exited.last.key.start_ns -= exited.last.key.start_ns % self.memcgs.tick_ns;
            }
        }
        pass
    }

    fn cgroup_path(&mut self, id: u64) -> Option<Vec<u8>> {
        self.paths.path(id)
    }

    fn image(&mut self, key: ProcessKey) -> Image {
        self.exes.of(key, &self.memcgs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ourselves_by_files() {
        let mut source = files(&Roots::default());
        let (mut processes, mut cgroups) = (Vec::new(), Vec::new());
        assert!(source.processes(&mut processes).complete);
        let me = *processes.iter().find(|p| p.key.pid == std::process::id()).unwrap();
        assert!(me.footprint() > 0);
        let own = std::env::current_exe().unwrap().into_os_string().into_encoded_bytes();
        assert_eq!(source.image(me.key).exe, Some(own));
        let pass = source.cgroups(false, &mut cgroups);
        if !pass.complete {
            assert!(!source.notes().is_empty(), "why there are no cgroups is said");
            return;
        }
        let mine = cgroups.iter().find(|c| c.id == me.cgroup).unwrap();
        assert!(mine.parent != 0 || source.cgroup_path(mine.id).unwrap() == b"/");
        assert!(source.processes_of(&[me.cgroup], &mut processes).complete);
        assert!(processes.iter().any(|p| p.key == me.key));
    }
}
