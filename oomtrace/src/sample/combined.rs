//! The source that is used: iterators where the kernel has them, files for the rest.

use aya::Ebpf;
use oomtrace_common::Layout;

use super::{
    CgroupSample, Exited, Pass, ProcessKey, ProcessSample, Source, SystemSample,
    exe::Exes,
    files::{FileCgroups, FileProcesses, Memcgs, Meminfo},
    paths::Paths,
    source::pass_of,
};
use crate::{enrich::dir::Dir, kernel::Roots, model::SampleSource};

/// Bytes of a `cgroup.procs` that are read: numbers of 30,000 processes.
const PROCS_MAX: usize = 256 * 1024;

/// Opens the best source there is: iterators that are attached in `ebpf`, files for what they don't give.
#[must_use]
pub fn open(ebpf: Option<&mut Ebpf>, layout: &Layout, roots: &Roots) -> Box<dyn Source> {
    let _ = (ebpf, layout);
    files(roots)
}

/// Opens a source that reads files only.
#[must_use]
pub fn files(roots: &Roots) -> Box<dyn Source> {
    Box::new(Combined::of_files(roots))
}

/// Iterators and files.
struct Combined {
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
            paths: Paths::new(&memcgs),
            cgroups: FileCgroups::new(&memcgs),
            processes: FileProcesses::open(roots),
            meminfo: Meminfo::open(roots),
            exes: Exes::open(roots),
            memcgs,
            pids: Vec::new(),
            procs: vec![0; PROCS_MAX],
            notes: note.into_iter().collect(),
        }
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
            let lines = text.split(|b| *b == b'\n').filter_map(super::files::text::number);
            // 0 is a process that is not in our pid namespace.
            self.pids.extend(lines.filter_map(|pid| u32::try_from(pid).ok()).filter(|pid| *pid != 0));
        }
        missed
    }
}

impl Source for Combined {
    fn kind(&self) -> SampleSource {
        SampleSource::Files
    }

    fn notes(&mut self) -> Vec<String> {
        let mut notes = std::mem::take(&mut self.notes);
        notes.extend(self.processes.notes());
        notes.extend(self.cgroups.notes());
        notes
    }

    fn processes(&mut self, into: &mut Vec<ProcessSample>) -> Pass {
        self.processes.all(&mut self.memcgs, into)
    }

    fn processes_of(&mut self, cgroups: &[u64], into: &mut Vec<ProcessSample>) -> Pass {
        let missed = self.members(cgroups);
        let mut pass = self.processes.of(&self.pids, &mut self.memcgs, into);
        pass.missed += missed;
        pass
    }

    fn cgroups(&mut self, parts: bool, into: &mut Vec<CgroupSample>) -> Pass {
        let system = self.meminfo.read();
        self.cgroups.all(parts, system.as_ref(), &mut self.paths, into)
    }

    fn parts(&mut self, of: &mut [CgroupSample]) {
        self.cgroups.parts(&self.paths, of);
    }

    fn system(&mut self) -> Option<SystemSample> {
        self.meminfo.read()
    }

    fn exited(&mut self, into: &mut Vec<Exited>) -> Pass {
        into.clear();
        pass_of(|| (0, false))
    }

    fn cgroup_path(&mut self, id: u64) -> Option<Vec<u8>> {
        self.paths.path(id)
    }

    fn exe(&mut self, key: ProcessKey) -> Option<Vec<u8>> {
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
        assert_eq!(source.exe(me.key), Some(own));
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
