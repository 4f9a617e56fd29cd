//! Samples for the file: the machine, its largest cgroups and its largest processes.

use crate::kernel::{Roots, clock};
use crate::model::{CgroupUse, ProcessUse, Sample, SystemUse, Text};
use crate::sample::{self, CgroupSample, ProcessSample, Source};

/// Cgroups of a sample.
const CGROUPS: usize = 24;
/// Processes of a sample.
const PROCESSES: usize = 16;

/// Takes samples; what it needs is kept from one to the next.
pub(super) struct Sampler {
    source: Box<dyn Source>,
    cgroups: Vec<CgroupSample>,
    processes: Vec<ProcessSample>,
}

impl Sampler {
    /// Reads files of /proc and of the cgroup file system.
    pub(super) fn new(roots: &Roots) -> Self {
        Self { source: sample::files(roots), cgroups: Vec::new(), processes: Vec::new() }
    }

    /// One sample.
    pub(super) fn take(&mut self) -> Sample {
        let now = clock::boottime_ns();
        self.source.cgroups(false, &mut self.cgroups);
        self.source.processes(&mut self.processes);
        let system = self.source.system().map(|system| SystemUse {
            mem_total_bytes: system.total,
            mem_available_bytes: system.available,
            swap_total_bytes: system.swap_total,
            swap_free_bytes: system.swap_free,
        });
        // Those near a limit matter as much as large ones.
        self.cgroups
            .sort_unstable_by_key(|cgroup| std::cmp::Reverse((permille(cgroup) >= 750, cgroup.usage)));
        self.processes.sort_unstable_by_key(|process| std::cmp::Reverse(process.footprint()));
        let Self { source, cgroups, processes } = self;
        Sample {
            time: clock::rfc3339(now),
            boottime_ns: now,
            system,
            cgroups: cgroups.iter().take(CGROUPS).filter_map(|one| cgroup(&mut **source, one)).collect(),
            processes: processes.iter().take(PROCESSES).map(|one| process(&mut **source, one)).collect(),
        }
    }
}

fn permille(cgroup: &CgroupSample) -> u64 {
    let whole = cgroup.limit.unwrap_or(0);
    u64::try_from((u128::from(cgroup.usage) * 1000).checked_div(whole.into()).unwrap_or(0))
        .unwrap_or(u64::MAX)
}

fn cgroup(source: &mut dyn Source, cgroup: &CgroupSample) -> Option<CgroupUse> {
    let path = Text::new(source.cgroup_path(cgroup.id)?);
    Some(CgroupUse { path, usage_bytes: cgroup.usage, limit_bytes: cgroup.limit })
}

fn process(source: &mut dyn Source, process: &ProcessSample) -> ProcessUse {
    ProcessUse {
        pid: process.key.pid,
        comm: Text::until_nul(&process.comm),
        bytes: process.footprint(),
        cgroup: source.cgroup_path(process.cgroup).map(Text::new),
    }
}
