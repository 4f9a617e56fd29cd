//! What the iterators, the exit hook and the allocation hook hand to the user side. Sizes are in pages of the running
//! kernel, and counters are what its cheap read gives, negative ones included.

use core::mem::size_of;

use crate::{COMM_LEN, Record, record::record};

/// Cgroups that the iterator hands over at once; the user side asks again for the rest.
pub const CGROUPS_AT_ONCE: u32 = 2048;
/// A process's counters are told again once one of them is this many bytes away from what was told last.
pub const ALLOC_STEP: u64 = 2 << 20;
/// Slots of the table that holds what was told last; two mm that share one are told more often.
pub const ALLOC_SLOTS: u32 = 4096;

/// What a record of the task iterator tells; its first member.
pub mod sampled {
    /// A process ([`TaskSample`](super::TaskSample)).
    pub const PROCESS: u32 = 1;
    /// Major faults of a thread that is no leader ([`TaskFaults`](super::TaskFaults)).
    pub const FAULTS: u32 = 2;
}

record!(
    /// A process, as the task iterator sees it.
    TaskSample = 104, {
        /// [`sampled::PROCESS`].
        kind: u32,
        /// Process id in the initial pid namespace.
        tgid: u32,
        /// Process id of the parent.
        ppid: u32,
        /// User id in the initial user namespace.
        uid: u32,
        /// `start_boottime` of the leader, ns.
        start_time: u64,
        /// kernfs id of its memory cgroup.
        memcg_id: u64,
        /// File, anonymous, swapped and shmem pages.
        counters: [i64; 4],
        /// Bytes.
        pgtables_bytes: u64,
        /// Major faults of the leader and of threads that have exited.
        major_faults: u64,
        /// Threads.
        threads: u32,
        /// -1000 to 1000.
        oom_score_adj: i32,
        /// Name of the leader.
        comm: [u8; COMM_LEN],
    }
);

record!(
    /// Major faults of one thread, to be added to its process's.
    TaskFaults = 16, {
        /// [`sampled::FAULTS`].
        kind: u32,
        /// Process id.
        tgid: u32,
        /// Since the thread's start.
        major_faults: u64,
    }
);

record!(
    /// A memory cgroup, as the cgroup iterator sees it. `UNKNOWN` is what this kernel lacks.
    MemcgSample = 88, {
        /// kernfs id.
        id: u64,
        /// Its parent's, 0 at the root.
        parent: u64,
        /// `memory.usage`.
        usage: u64,
        /// `memory.max`.
        max: u64,
        /// `memory.high`.
        high: u64,
        /// `memory.watermark`.
        watermark: u64,
        /// v2: swap; v1: memory and swap.
        swap: u64,
        /// v1: times usage would have passed the limit.
        failcnt: u64,
        /// v2: the same.
        events_max: u64,
        /// v2: times `memory.high` was passed.
        events_high: u64,
        /// Processes killed.
        events_oom_kill: u64,
    }
);

record!(
    /// Where the cgroup iterator is in its walk; set by the user side before it, read after it.
    Walk = 16, {
        /// Memory cgroups to pass over.
        skip: u64,
        /// Memory cgroups met so far, those passed over included.
        met: u64,
    }
);

record!(
    /// A process at its exit.
    ExitedTask = 120, {
        /// `CLOCK_BOOTTIME` in ns.
        time: u64,
        /// `start_boottime` of the leader, ns.
        start_time: u64,
        /// kernfs id of its memory cgroup.
        memcg_id: u64,
        /// File, anonymous, swapped and shmem pages; `i64::MIN` when they were given back before (before 6.16) or are
        /// its parent's as well (a child of vfork).
        counters: [i64; 4],
        /// Bytes; `UNKNOWN` likewise.
        pgtables_bytes: u64,
        /// Highest resident memory since its last exec, pages; `UNKNOWN` when it can't be told from what was before.
        peak: u64,
        /// Major faults of the last thread and of those that had exited.
        major_faults: u64,
        /// Process id in the initial pid namespace.
        tgid: u32,
        /// Process id of the parent.
        ppid: u32,
        /// User id in the initial user namespace.
        uid: u32,
        /// -1000 to 1000.
        oom_score_adj: i32,
        /// Name of the leader.
        comm: [u8; COMM_LEN],
        /// As for wait(2).
        exit_code: u32,
        /// Zero.
        reserved: u32,
    }
);

record!(
    /// A counter of a process's mm has moved by at least [`ALLOC_STEP`].
    AllocStep = 40, {
        /// `CLOCK_BOOTTIME` in ns.
        time: u64,
        /// Address of the mm, only to tell them apart.
        mm: u64,
        /// The counter's value now, pages.
        pages: i64,
        /// Process that owns the mm, 0 when it is not known.
        tgid: u32,
        /// Process in whose context it moved.
        current_tgid: u32,
        /// `MM_FILEPAGES` 0, `MM_ANONPAGES` 1, `MM_SWAPENTS` 2, `MM_SHMEMPAGES` 3.
        member: u32,
        /// Zero.
        reserved: u32,
    }
);
