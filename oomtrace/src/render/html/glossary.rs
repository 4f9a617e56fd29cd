//! What the kernel's names mean, in words.

/// Uses of memory (`show_mem`).
const USES: [(&str, &str); 38] = [
    ("active_anon", "memory of processes without a file (heap, stack), used lately"),
    ("inactive_anon", "memory of processes without a file, not used lately: the first to be swapped out"),
    ("isolated_anon", "memory of processes, taken from its list for reclaim or migration at that moment"),
    ("active_file", "page cache, used lately"),
    ("inactive_file", "page cache, not used lately: the first to be dropped"),
    ("isolated_file", "page cache, taken from its list for reclaim at that moment"),
    ("unevictable", "locked in memory (mlock), or else never reclaimed"),
    ("dirty", "page cache that is not written to disk yet: it has to be before it can be dropped"),
    ("writeback", "page cache on its way to disk"),
    ("unstable", "written to an NFS server that has not confirmed it"),
    ("slab_reclaimable", "caches of kernel objects that can be dropped, mostly of files and directories"),
    ("slab_unreclaimable", "kernel objects that can't be dropped while they are in use"),
    ("mapped", "page cache and shared memory that processes have mapped"),
    ("shmem", "tmpfs, shared memory and shared anonymous mappings: goes to swap only"),
    ("pagetables", "page tables of processes"),
    ("sec_pagetables", "page tables of virtual machines and IOMMUs"),
    ("bounce", "buffers for devices that can't reach all memory"),
    ("kernel_misc_reclaimable", "other kernel memory that can be given back"),
    ("free", "free pages"),
    ("free_pcp", "free pages in the lists of the CPUs"),
    ("free_cma", "free pages in areas that only movable memory may use"),
    ("pagecache", "all page cache, with swap cache and shared memory"),
    ("swap_cache", "pages that are in memory and in swap"),
    ("highmem_movable_only", "memory outside of what the kernel can use for itself (HighMem, Movable)"),
    ("cma_reserved", "areas set aside for devices, lent to movable memory"),
    ("hwpoisoned", "pages with a hardware fault, out of use"),
    ("anon_thp", "huge pages of processes"),
    ("shmem_thp", "huge pages of shared memory"),
    ("kernel_stack", "stacks of threads in the kernel"),
    ("writeback_tmp", "buffers of FUSE on their way to disk"),
    ("file_thp", "huge pages of files"),
    ("balloon", "memory given back to the hypervisor"),
    ("gpu_active", "memory of graphics cards in use"),
    ("gpu_reclaim", "memory of graphics cards that can be given back"),
    ("zspages", "swap that is compressed in memory"),
    ("shadow_call_stack", "second stacks of threads, against attacks"),
    ("shmem_pmdmapped", "huge pages of shared memory that are mapped as such"),
    ("local_pcp", "free pages in the list of one CPU"),
];

/// Statistics of a memory cgroup (`memory.stat`).
const STATS: [(&str, &str); 59] = [
    ("anon", "memory of processes without a file (heap, stack)"),
    ("rss", "memory of processes without a file (heap, stack)"),
    ("file", "page cache, with tmpfs and shared memory"),
    ("cache", "page cache, with tmpfs and shared memory"),
    ("kernel", "all kernel memory: slab, stacks, page tables, per-CPU data"),
    ("kernel_stack", "stacks of threads in the kernel"),
    ("pagetables", "page tables of processes"),
    ("sec_pagetables", "page tables of virtual machines and IOMMUs"),
    ("percpu", "kernel data that each CPU has a copy of"),
    ("sock", "buffers of network connections"),
    ("vmalloc", "kernel memory from vmalloc"),
    ("shmem", "tmpfs, shared memory and shared anonymous mappings"),
    ("zswap", "swap that is compressed in memory"),
    ("zswapped", "memory that is in compressed swap"),
    ("file_mapped", "page cache that processes have mapped"),
    ("mapped_file", "page cache that processes have mapped"),
    ("file_dirty", "page cache that is not written to disk yet"),
    ("dirty", "page cache that is not written to disk yet"),
    ("file_writeback", "page cache on its way to disk"),
    ("writeback", "page cache on its way to disk"),
    ("swapcached", "pages that are in memory and in swap"),
    ("swap", "memory in swap"),
    ("anon_thp", "huge pages of processes"),
    ("rss_huge", "huge pages of processes"),
    ("file_thp", "huge pages of files"),
    ("shmem_thp", "huge pages of shared memory"),
    ("inactive_anon", "process memory not used lately: the first to be swapped out"),
    ("active_anon", "process memory used lately"),
    ("inactive_file", "page cache not used lately: the first to be dropped"),
    ("active_file", "page cache used lately"),
    ("unevictable", "locked in memory (mlock), or else never reclaimed"),
    ("slab_reclaimable", "caches of kernel objects that can be dropped"),
    ("slab_unreclaimable", "kernel objects that can't be dropped while they are in use"),
    ("slab", "kernel objects"),
    ("workingset_refault", "times that pages were needed again soon after reclaim"),
    ("workingset_refault_anon", "times that swapped memory was needed again soon"),
    ("workingset_refault_file", "times that dropped page cache was needed again soon"),
    ("workingset_activate_anon", "refaulted process memory that was taken for active at once"),
    ("workingset_activate_file", "refaulted page cache that was taken for active at once"),
    ("workingset_activate", "refaulted pages that were taken for active at once"),
    ("workingset_restore", "refaulted pages that had been active before reclaim took them"),
    ("workingset_restore_anon", "refaulted process memory that had been active before reclaim took it"),
    ("workingset_restore_file", "refaulted page cache that had been active before reclaim took it"),
    ("workingset_nodereclaim", "times that the records of reclaimed pages were reclaimed themselves"),
    ("pgrefill", "active pages that reclaim looked at to see whether they are still in use"),
    ("pgactivate", "times that a page was taken for active"),
    ("pgdeactivate", "times that a page was no longer taken for active"),
    ("pglazyfree", "pages that a process declared to be of no more use (MADV_FREE)"),
    ("pglazyfreed", "of those, pages that reclaim has taken"),
    ("thp_fault_alloc", "huge pages made at a page fault"),
    ("thp_collapse_alloc", "huge pages made by joining small ones"),
    ("hierarchical_memory_limit", "the lowest limit of this cgroup and those above it"),
    ("pgfault", "page faults"),
    ("pgmajfault", "page faults that had to read from disk"),
    ("pgscan", "pages that reclaim has looked at"),
    ("pgsteal", "pages that reclaim has taken"),
    ("pgpgin", "pages charged to the cgroup"),
    ("pgpgout", "pages that ceased to be charged to it"),
    ("hugetlb", "huge pages set aside (hugetlbfs)"),
];

/// Flags of an allocation.
const FLAGS: [(&str, &str); 40] = [
    ("GFP_KERNEL", "for the kernel itself: may wait, reclaim, write to disk; from low memory"),
    (
        "GFP_KERNEL_ACCOUNT",
        "for the kernel itself, charged to the memory cgroup of the process: may wait, reclaim, write to disk; from low memory",
    ),
    (
        "GFP_USER",
        "for a process, where the kernel needs access as well: from low memory, on the nodes of its cpuset",
    ),
    ("GFP_HIGHUSER", "for a process: may come from HighMem, stays where it is"),
    (
        "GFP_HIGHUSER_MOVABLE",
        "for a process or page cache: may come from any zone, and can be moved or swapped",
    ),
    ("GFP_TRANSHUGE", "a huge page for a process, worth waiting for"),
    ("GFP_TRANSHUGE_LIGHT", "a huge page for a process, without waiting for it"),
    ("GFP_NOFS", "may reclaim, but not through a file system, whose locks may be held"),
    ("GFP_NOIO", "may reclaim, but without starting any I/O"),
    ("GFP_ATOMIC", "must not wait; may use part of the reserve"),
    ("GFP_NOWAIT", "must not wait"),
    ("GFP_TEMPORARY", "for a short time, in the kernel"),
    ("GFP_DMA", "from zone DMA alone: for old devices"),
    ("GFP_DMA32", "from below 4 GiB: for devices with addresses of 32 bits"),
    ("__GFP_DMA", "from zone DMA alone: for old devices"),
    ("__GFP_DMA32", "from below 4 GiB: for devices with addresses of 32 bits"),
    ("__GFP_HIGHMEM", "may come from HighMem"),
    ("__GFP_MOVABLE", "can be moved, so that it may come from Movable and CMA areas"),
    ("__GFP_RECLAIMABLE", "can be given back by its owner"),
    ("__GFP_HIGH", "may use part of the reserve"),
    ("__GFP_IO", "may start I/O"),
    ("__GFP_FS", "may call into file systems"),
    ("__GFP_ZERO", "filled with zeroes"),
    ("__GFP_COMP", "several pages that are handled as one"),
    ("__GFP_NOWARN", "without a message when it fails"),
    ("__GFP_RETRY_MAYFAIL", "tries hard, and may fail in the end"),
    ("__GFP_REPEAT", "tries hard, and may fail in the end"),
    ("__GFP_NOFAIL", "must not fail: waits for ever"),
    ("__GFP_NORETRY", "fails rather than to try hard"),
    ("__GFP_MEMALLOC", "may use all reserves: it frees more than it takes"),
    ("__GFP_NOMEMALLOC", "must not use the reserves"),
    ("__GFP_HARDWALL", "only on the nodes of its cpuset"),
    ("__GFP_THISNODE", "only on the node that was asked for"),
    ("__GFP_ACCOUNT", "charged to the memory cgroup of the process"),
    ("__GFP_DIRECT_RECLAIM", "may wait for reclaim"),
    ("__GFP_KSWAPD_RECLAIM", "wakes the reclaim in the background"),
    ("__GFP_RECLAIM", "may wait for reclaim, and wakes that in the background"),
    ("__GFP_WRITE", "will be written to soon"),
    ("__GFP_SKIP_KASAN", "not looked after by KASAN"),
    ("__GFP_ZEROTAGS", "with memory tags of zero"),
];

/// Columns of the zones.
pub(super) const ZONE: [(&str, &str); 11] = [
    ("Free", "free memory, all of it"),
    (
        "Lacks",
        "how much more would have had to be free for the allocation that failed; nothing where it lacked nothing",
    ),
    ("Min", "below it only the kernel's own emergencies get memory: other allocations fail or kill"),
    ("Low", "below it the kernel begins to reclaim in the background"),
    ("High", "up to it the reclaim in the background goes on; the last try before a kill needs it"),
    (
        "Reserve",
        "lowmem_reserve: what this zone keeps, beside Min, from an allocation that may use a higher zone",
    ),
    ("Managed", "what the page allocator has: all pages but those that the kernel took at boot"),
    (
        "Largest block",
        "the largest piece of free memory: an allocation of an order above 0 needs one of its size",
    ),
    ("CMA free", "free memory in areas for devices, which only movable memory may use"),
    ("Atomic", "kept for atomic allocations of several pages"),
    ("Usable", "whether the allocation that failed could come from this zone, by its flags and nodes"),
];

/// Columns of the task table.
pub(super) const TASK: [(&str, &str); 9] = [
    (
        "Memory",
        "resident, swapped out and page tables together: what the kernel's badness counts, without oom_score_adj",
    ),
    ("Resident", "rss: pages in memory; those that several processes share count in each"),
    ("Anonymous", "rss_anon: of it memory without a file (heap, stack)"),
    ("File", "rss_file: of it pages of mapped files, which can be dropped"),
    ("Shared", "rss_shmem: of it tmpfs and shared memory"),
    ("Swap", "swapents: pages in swap"),
    ("Page tables", "pgtables_bytes: page tables of the process"),
    ("Address space", "total_vm: what it has mapped, touched or not; no measure of memory in use"),
    (
        "adj",
        "oom_score_adj: -1000 exempts it, each point above 0 adds a thousandth of all memory to its badness",
    ),
];

/// A use of memory in words; empty where it is not known.
pub(super) fn of_use(name: &str) -> &'static str {
    find(&USES, name)
}

/// A statistic in words.
pub(super) fn of_stat(name: &str) -> &'static str {
    find(&STATS, name.strip_prefix("total_").unwrap_or(name))
}

/// A flag in words.
pub(super) fn of_flag(name: &str) -> &'static str {
    find(&FLAGS, name)
}

/// Whether a statistic is a size; else it counts something.
pub(super) fn is_size(name: &str) -> bool {
    let name = name.strip_prefix("total_").unwrap_or(name);
    !["pg", "workingset", "thp_", "zswpin", "zswpout", "zswpwb", "numa", "swpin", "swpout"]
        .iter()
        .any(|begin| name.starts_with(begin))
}

fn find(list: &[(&'static str, &'static str)], name: &str) -> &'static str {
    list.iter().find(|(known, _)| *known == name).map_or("", |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_stands_once() {
        for list in [&USES[..], &STATS, &FLAGS, &ZONE, &TASK] {
            let mut names: Vec<_> = list.iter().map(|(name, _)| name).collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), list.len());
        }
    }

    /// What kernels from 2.6.32 to 7.3 print in the summary of the machine.
    #[test]
    fn every_line_of_the_summary_is_explained() {
        let printed = "active_anon inactive_anon isolated_anon active_file inactive_file isolated_file unevictable dirty writeback \
                       unstable slab_reclaimable slab_unreclaimable mapped shmem pagetables sec_pagetables bounce \
                       kernel_misc_reclaimable free free_pcp free_cma";
        for name in printed.split_whitespace() {
            assert!(!of_use(name).is_empty(), "{name}");
        }
        assert_eq!(of_use("no_such_use"), "");
        assert!(!of_stat("total_rss").is_empty() && !of_flag("GFP_HIGHUSER_MOVABLE").is_empty());
        assert!(is_size("anon") && !is_size("pgfault") && !is_size("total_pgmajfault"));
    }
}
