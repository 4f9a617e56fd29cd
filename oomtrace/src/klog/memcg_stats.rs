//! What the memory of the cgroup at its limit was made of, from the statistics in the kernel's report.

use super::Report;
use crate::model::{MemcgStats, StatItem};

/// What the report tells; `None` when it tells nothing of it.
pub(super) fn of(report: &Report) -> Option<MemcgStats> {
    let stats = Stats::new(report);
    let shmem = stats.bytes(&["shmem"]);
    let found = MemcgStats {
        // v1 calls anonymous memory rss, and what is not anonymous cache.
        anon_bytes: stats.bytes(&["anon", "rss"]),
        // Both names count shmem in.
        file_bytes: stats.bytes(&["file", "cache"]).map(|file| file.saturating_sub(shmem.unwrap_or(0))),
        shmem_bytes: shmem,
        kernel_bytes: stats.bytes(&["kernel"]).or_else(|| kmem(report)),
        slab_bytes: stats.bytes(&["slab"]),
        sock_bytes: stats.bytes(&["sock"]),
        dirty_bytes: stats.sum([&["file_dirty", "dirty"], &["file_writeback", "writeback"]]),
        unevictable_bytes: stats.bytes(&["unevictable"]),
        refaults: stats.refaults(),
        limit_hits: report.memcg.memory.map(|memory| memory.failcnt),
        items: stats.items(),
    };
    (!report.memcg.stats.is_empty()).then_some(found)
}

/// v1 counts kernel memory apart, and has 0 there where it counts none (`cgroup.memory=nokmem`).
fn kmem(report: &Report) -> Option<u64> {
    report.memcg.kmem.filter(|kmem| kmem.usage_kb > 0)?.usage_kb.checked_mul(1024)
}

struct Stats<'a> {
    stats: &'a [(String, u64)],
    unit: u64,
}

impl<'a> Stats<'a> {
    fn new(report: &'a Report) -> Self {
        let stats = report.memcg.stats.as_slice();
        let has = |name: &str| stats.iter().any(|(found, _)| found == name);
        // 4.19 and older write kB, of which none of these is counted.
        let kb = has("rss") && !has("pgpgin") && !has("pgfault") && !has("total_rss");
        Self { stats, unit: if kb { 1024 } else { 1 } }
    }

    /// The first of `names` that is there. v1 counts the cgroup alone, and under `total_` with all below it.
    fn value(&self, names: &[&str]) -> Option<u64> {
        let named = |wanted: &str| Some(self.stats.iter().find(|(name, _)| name == wanted)?.1);
        names.iter().find_map(|name| named(&format!("total_{name}")).or_else(|| named(name)))
    }

    fn bytes(&self, names: &[&str]) -> Option<u64> {
        self.value(names)?.checked_mul(self.unit)
    }

    fn sum<const N: usize>(&self, all: [&[&str]; N]) -> Option<u64> {
        all.into_iter().filter_map(|names| self.bytes(names)).reduce(u64::saturating_add)
    }

    /// All of them; 4.19 and older print sizes only.
    fn items(&self) -> Vec<StatItem> {
        let item = |(name, value): &(String, u64)| {
            Some(StatItem { name: name.clone(), value: value.checked_mul(self.unit)? })
        };
        self.stats.iter().filter(|(_, value)| *value > 0).filter_map(item).collect()
    }

    fn refaults(&self) -> Option<u64> {
        let names: [&[&str]; 3] =
            [&["workingset_refault"], &["workingset_refault_anon"], &["workingset_refault_file"]];
        names.into_iter().filter_map(|names| self.value(names)).reduce(u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::klog;

    fn first(name: &str) -> MemcgStats {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/klog").join(name);
        klog::read_file(&path).unwrap().iter().find_map(of).unwrap()
    }

    #[test]
    fn v2() {
        let stats = first("6.12-v2-kinds.kmsg");
        assert_eq!(
            (stats.anon_bytes, stats.file_bytes, stats.shmem_bytes),
            (Some(33_480_704), Some(0), Some(0))
        );
        assert_eq!((stats.kernel_bytes, stats.slab_bytes), (Some(73_728), Some(5_328)));
        assert_eq!((stats.refaults, stats.dirty_bytes), (Some(0), Some(0)));
    }

    #[test]
    fn v1() {
        let stats = first("6.18-v1-memcg.kmsg");
        assert_eq!(
            (stats.anon_bytes, stats.file_bytes, stats.shmem_bytes),
            (Some(66_768_896), Some(106_496), Some(0))
        );
        assert_eq!((stats.kernel_bytes, stats.limit_hits), (Some(228 << 10), Some(154)));
    }

    #[test]
    fn old_kernels_count_kilobytes_and_a_total_goes_first() {
        let stats = |list: &[(&str, u64)]| {
            let mut report = Report::default();
            report.memcg.stats = list.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
            of(&report).unwrap()
        };
        let old = stats(&[("cache", 10), ("rss", 20), ("shmem", 4)]);
        assert_eq!(
            (old.anon_bytes, old.file_bytes, old.shmem_bytes),
            (Some(20 << 10), Some(6 << 10), Some(4 << 10))
        );
        let v1 = stats(&[("rss", 1), ("pgpgin", 9), ("total_rss", 5)]);
        assert_eq!(v1.anon_bytes, Some(5));
        assert_eq!(of(&Report::default()), None);
    }
}
