//! All memory cgroups by the cgroup iterator.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};

use aya::{
    Ebpf,
    maps::{Array, Map, MapData},
};
use oomtrace_common::{CGROUPS_AT_ONCE, MemcgSample, UNKNOWN};

use super::map::Mapped;
use crate::{
    kernel::{
        cgroup::{Memcgs, Version, file_in},
        proc::text,
    },
    probe::bpf,
    sample::{CgroupSample, SystemSample, files::root_usage},
};

/// Cgroups that are followed at the most.
const CGROUPS_MAX: u64 = 64 * 1024;

/// A linked cgroup iterator.
pub(crate) struct IterCgroups {
    link: OwnedFd,
    records: Mapped,
    walk: Array<MapData, [u64; 2]>,
    page_size: u64,
    v1: bool,
    /// The kernel counts swap per cgroup.
    swap: bool,
}

impl IterCgroups {
    /// `None` when the iterator was not loaded or no hierarchy is mounted.
    ///
    /// # Errors
    /// When the kernel refuses to link it or to map its records.
    pub(crate) fn link(ebpf: &mut Ebpf, memcgs: &Memcgs, page_size: u64) -> io::Result<Option<Self>> {
        let (Some(program), Some(mount)) = (super::program(ebpf, "iter_cgroup"), memcgs.mount()) else {
            return Ok(None);
        };
        let missing = || io::Error::new(io::ErrorKind::NotFound, "the BPF object lacks its maps");
        // The default is the root of v2; v1's has to be named.
        let root = File::open(mount)?;
        let link = bpf::link_iterator(program.as_fd(), Some(root.as_fd()))?;
        let Some(Map::Array(records)) = ebpf.take_map("MEMCGS") else { return Err(missing()) };
        let walk = ebpf.take_map("WALK").and_then(|map| map.try_into().ok()).ok_or_else(missing)?;
        let records = Mapped::new(records, CGROUPS_AT_ONCE as usize, size_of::<MemcgSample>())?;
        let v1 = memcgs.v1();
        let swap = !v1 || file_in(mount, Version::V1.files().swap).exists();
        Ok(Some(Self { link, records, walk, page_size, v1, swap }))
    }

    /// One pass; returns how many were left out.
    ///
    /// # Errors
    /// When the iterator can't be run to its end.
    pub(crate) fn pass(
        &mut self,
        system: Option<&SystemSample>,
        into: &mut Vec<CgroupSample>,
    ) -> io::Result<u64> {
        into.clear();
        let at_once = u64::from(CGROUPS_AT_ONCE);
        let mut skip = 0;
        loop {
            let met = self.walk(skip)?;
            for index in 0..met.saturating_sub(skip).min(at_once) {
                let record = usize::try_from(index).ok().and_then(|index| self.records.get(index));
                into.extend(record.as_ref().and_then(|record| self.sample(record, system)));
            }
            skip += at_once;
            if met <= skip {
                return Ok(0);
            }
            if skip >= CGROUPS_MAX {
                return Ok(met - skip);
            }
        }
    }

    /// Walks once over all but the first `skip`; returns how many were met, those included.
    fn walk(&mut self, skip: u64) -> io::Result<u64> {
        self.walk.set(0, [skip, 0], 0).map_err(io::Error::other)?;
        let mut file = File::from(bpf::start_iterator(self.link.as_fd())?);
        // Nothing is written to it, but reading is what runs it.
        while file.read(&mut [0; 64])? != 0 {}
        self.walk.get(&0, 0).map(|[_, met]| met).map_err(io::Error::other)
    }

    /// `None` for a root whose usage is not known.
    fn sample(&self, record: &MemcgSample, system: Option<&SystemSample>) -> Option<CgroupSample> {
        let bytes = |pages: u64| (pages != UNKNOWN).then(|| pages.saturating_mul(self.page_size));
        let limit = |pages| bytes(pages).filter(|bytes| !text::unlimited(*bytes));
        let count = |value: u64| (value != UNKNOWN).then_some(value);
        // The kernel does not charge the root.
        let usage = if record.parent == 0 { root_usage(system)? } else { bytes(record.usage)? };
        let swap = bytes(record.swap).filter(|_| self.swap && record.parent != 0);
        let base = CgroupSample {
            id: record.id,
            parent: record.parent,
            usage,
            limit: limit(record.max),
            oom_kills: count(record.events_oom_kill),
            ..CgroupSample::default()
        };
        Some(if self.v1 {
            let swap = swap.map(|both| both.saturating_sub(usage));
            CgroupSample { swap, limit_hits: count(record.failcnt), ..base }
        } else {
            let (limit_hits, high_hits) = (count(record.events_max), count(record.events_high));
            CgroupSample { swap, high: limit(record.high), limit_hits, high_hits, ..base }
        })
    }
}
