//! What one pass over the machine brings. All sizes are bytes, all times `CLOCK_BOOTTIME` ns.

/// Tells a process from a later one with its id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcessKey {
    /// Process id (thread group) in the initial pid namespace.
    pub pid: u32,
    /// When its leader started. The kernel gives ns, /proc cuts it to its tick (10 ms).
    pub start_ns: u64,
}

/// One process at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessSample {
    /// Who.
    pub key: ProcessKey,
    /// Parent's process id.
    pub ppid: u32,
    /// Real user id.
    pub uid: u32,
    /// kernfs id of its memory cgroup; 0 when it is not known.
    pub cgroup: u64,
    /// Name of the leader.
    pub comm: [u8; 16],
    /// -1000 to 1000.
    pub oom_score_adj: i16,
    /// Threads.
    pub threads: u32,
    /// Resident anonymous memory.
    pub anon: u64,
    /// Resident file mappings.
    pub file: u64,
    /// Resident shared memory.
    pub shmem: u64,
    /// Swapped out.
    pub swap: u64,
    /// Page tables.
    pub page_tables: u64,
    /// Major faults since its start.
    pub major_faults: u64,
}

impl ProcessSample {
    /// The kernel's badness without `oom_score_adj`.
    #[must_use]
    pub fn footprint(&self) -> u64 {
        self.anon + self.file + self.shmem + self.swap + self.page_tables
    }
}

/// One memory cgroup, with all below it, at one moment. What is not known is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CgroupSample {
    /// kernfs id.
    pub id: u64,
    /// Its parent's id, 0 at the root.
    pub parent: u64,
    /// Usage.
    pub usage: u64,
    /// Limit (`memory.max`, v1 `memory.limit_in_bytes`).
    pub limit: Option<u64>,
    /// `memory.high`.
    pub high: Option<u64>,
    /// Swapped out.
    pub swap: Option<u64>,
    /// Anonymous memory.
    pub anon: Option<u64>,
    /// Page cache without shmem.
    pub file: Option<u64>,
    /// tmpfs and shared memory.
    pub shmem: Option<u64>,
    /// Kernel memory, slab included.
    pub kernel: Option<u64>,
    /// Slab.
    pub slab: Option<u64>,
    /// Buffers of sockets.
    pub sock: Option<u64>,
    /// Page tables.
    pub page_tables: Option<u64>,
    /// `workingset_refault*` since its start.
    pub refaults: Option<u64>,
    /// Times usage would have passed the limit.
    pub limit_hits: Option<u64>,
    /// Times `memory.high` was passed.
    pub high_hits: Option<u64>,
    /// Processes killed in it and below.
    pub oom_kills: Option<u64>,
}

/// The machine at one moment (/proc/meminfo).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SystemSample {
    /// MemTotal.
    pub total: u64,
    /// MemAvailable.
    pub available: u64,
    /// MemFree.
    pub free: u64,
    /// SwapTotal.
    pub swap_total: u64,
    /// SwapFree.
    pub swap_free: u64,
    /// AnonPages.
    pub anon: u64,
    /// Cached and Buffers, less Shmem.
    pub file: u64,
    /// Shmem.
    pub shmem: u64,
    /// SUnreclaim.
    pub slab: u64,
    /// PageTables.
    pub page_tables: u64,
    /// KernelStack, Percpu and VmallocUsed, and SUnreclaim.
    pub kernel: u64,
}

impl SystemSample {
    /// What is in use and can't be given back, and swap in use.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.total.saturating_sub(self.available) + self.swap_total.saturating_sub(self.swap_free)
    }
}
