//! What the kernel says about one run of the OOM killer.
//!
//! Everything is as printed: kB and pages, not bytes. What the log does not say is absent.

use crate::model::{Constraint, Text};

/// Limits of this size and above mean "none": `PAGE_COUNTER_MAX` is `LONG_MAX / PAGE_SIZE` pages, which is
/// 9007199254740988 kB with 4 KiB pages and 9007199254740928 kB with 64 KiB; the older `RES_COUNTER_MAX` is greater.
pub const UNLIMITED_KB: u64 = 9_007_199_254_740_928;

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// The log does not say: cut off, or lost.
    #[default]
    Unknown,
    /// At least one process was sent SIGKILL.
    Killed,
    /// The chosen task had no memory any more ("is already exiting. Skip killing the task").
    Skipped,
    /// "Out of memory and no killable processes..."
    NoKillable,
    /// The kernel panicked instead.
    Panic,
}

/// One run of the OOM killer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// Printk time of the first line, microseconds.
    pub begin_usec: Option<u64>,
    /// Printk time of the line that tells the outcome.
    pub outcome_usec: Option<u64>,
    /// `uname -r` as the stack dump's header has it.
    pub kernel_release: Option<String>,
    /// Who ran out of memory.
    pub trigger: Option<Trigger>,
    /// Of which domain.
    pub domain: Domain,
    /// Counters of the memory cgroup whose limit was hit.
    pub memcg: MemcgUsage,
    /// The machine's size; the kernel prints it when no memory cgroup is to blame.
    pub machine: Machine,
    /// The task table.
    pub tasks: Vec<TaskRow>,
    /// True when the table's header was seen.
    pub has_task_table: bool,
    /// Columns of the table that are not known.
    pub unknown_columns: Vec<String>,
    /// Rows beyond [`super::TASKS_MAX`], or unreadable.
    pub tasks_dropped: u64,
    /// What was chosen, where the kernel says so before it kills (5.0 and older).
    pub chosen: Option<Chosen>,
    /// What was killed, the chosen one first.
    pub killed: Vec<Killed>,
    /// The cgroup whose `memory.oom.group` extended the kill.
    pub group: Option<Text>,
    /// Tasks that were to be killed but had exited.
    pub skipped: Vec<TaskName>,
    /// What the OOM reaper did, as far as it was printed before the report was closed.
    pub reaped: Vec<Reaped>,
    /// A cache of kernel objects that could not be extended shortly before.
    pub failed_cache: Option<FailedCache>,
    /// SysRq-f found nothing to kill ("OOM request ignored").
    pub request_ignored: bool,
    /// Records that were lost while the report was printed.
    pub lost_records: u64,
    /// Parts that one would expect and that are not there.
    pub missing: Vec<&'static str>,
    /// What could be read in more than one way, and was left out or put together from pieces.
    pub doubts: Vec<&'static str>,
}

impl Report {
    /// A kill of which nothing but the reaper's line is there.
    pub(super) fn of_reaper(reaped: Reaped, usec: Option<u64>) -> Self {
        let task = reaped.task.clone();
        let killed = Killed { pid: task.pid, comm: Some(task.comm), lines: 1, usec, ..Killed::default() };
        let mut report = Self {
            outcome: Outcome::Killed,
            begin_usec: usec,
            outcome_usec: usec,
            killed: vec![killed],
            reaped: vec![reaped],
            doubts: vec![super::settle::BY_REAPER],
            ..Self::default()
        };
        super::settle::missing(&mut report);
        report
    }

    /// Whether this report says that the task with this thread or process id was killed.
    #[must_use]
    pub fn kills(&self, pid: u32) -> bool {
        self.killed.iter().any(|killed| killed.pid == pid || self.tgid_of(killed) == pid)
    }

    /// The process that a killed thread belongs to: the log names the thread that still had the memory.
    #[must_use]
    pub fn tgid_of(&self, killed: &Killed) -> u32 {
        if let Some(row) = self.tasks.iter().find(|row| row.pid == killed.pid) {
            return row.tgid;
        }
        let first = self.killed.first().is_some_and(|first| first.pid == killed.pid);
        match self.domain.pid {
            Some(leader) if first && self.chosen.is_none() => leader,
            _ => killed.pid,
        }
    }

    /// Whether the constraint line is about this process: `task_memcg` is the chosen task's, and up to 5.0 a child may have
    /// been killed instead.
    #[must_use]
    pub fn chosen_is(&self, tgid: u32) -> bool {
        match (self.domain.pid, &self.chosen) {
            (Some(pid), _) => pid == tgid,
            (None, Some(chosen)) => chosen.task.pid == tgid,
            (None, None) => false,
        }
    }

    /// The row of a process.
    #[must_use]
    pub fn row_of(&self, tgid: u32) -> Option<&TaskRow> {
        self.tasks.iter().find(|row| row.tgid == tgid)
    }
}

/// The `invoked oom-killer` line and the header of the stack dump.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trigger {
    /// Name of the thread.
    pub comm: Text,
    /// Thread id.
    pub pid: Option<u32>,
    /// `gfp_mask`.
    pub gfp_mask: Option<u32>,
    /// Its names (4.6 and later).
    pub gfp_names: Option<String>,
    /// 2^order pages were wanted; -1 for SysRq.
    pub order: Option<i32>,
    /// Its `oom_score_adj`.
    pub oom_score_adj: Option<i32>,
}

/// The `oom-kill:` line (5.0 and later), or the lines that were there before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Domain {
    /// `constraint=`.
    pub constraint: Option<Constraint>,
    /// `nodemask=`; absent for `(null)`.
    pub nodemask: Option<String>,
    /// The last component of the trigger's cpuset, or `/`.
    pub cpuset: Option<Text>,
    /// `mems_allowed=`.
    pub mems_allowed: Option<String>,
    /// `global_oom` instead of `oom_memcg=`.
    pub global: bool,
    /// The memory cgroup whose limit was hit.
    pub oom_memcg: Option<Text>,
    /// The memory cgroup of the chosen task.
    pub task_memcg: Option<Text>,
    /// Name of the chosen task.
    pub task: Option<Text>,
    /// Process id of the chosen task.
    pub pid: Option<u32>,
    /// Its user id.
    pub uid: Option<u32>,
}

/// `usage …kB, limit …kB, failcnt …`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    /// kB.
    pub usage_kb: u64,
    /// kB; absent when there is no limit.
    pub limit_kb: Option<u64>,
    /// How often the limit was hit.
    pub failcnt: u64,
}

/// Counters of the memory cgroup whose limit was hit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemcgUsage {
    /// From "Memory cgroup stats for".
    pub path: Option<Text>,
    /// `memory:`.
    pub memory: Option<Counter>,
    /// `swap:` (v2).
    pub swap: Option<Counter>,
    /// `memory+swap:` (v1).
    pub memory_swap: Option<Counter>,
    /// `kmem:` (v1).
    pub kmem: Option<Counter>,
    /// Effective protection in kB, (min, low); 6.19 and later.
    pub protection_kb: Option<(u64, u64)>,
    /// Statistics as named by the kernel: bytes or counts, kB in 4.19 and older.
    pub stats: Vec<(String, u64)>,
}

/// From the memory report of the whole machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// `N pages RAM`: present pages.
    pub ram_pages: Option<u64>,
    /// `N pages reserved`: present but not managed by the page allocator.
    pub reserved_pages: Option<u64>,
    /// `Total swap = NkB`.
    pub total_swap_kb: Option<u64>,
    /// `Free swap = NkB`.
    pub free_swap_kb: Option<u64>,
    /// What memory was used for, by the kernel's names (`active_anon`, `slab_unreclaimable`, ...); pages.
    pub uses: Vec<(String, u64)>,
    /// Huge pages set aside, kB.
    pub huge_kb: u64,
    /// The kernel was built without compaction, and says so for an order above 0.
    pub compaction_disabled: bool,
    /// Zones.
    pub zones: Vec<ZoneReport>,
}

impl Machine {
    /// Pages of one use; several are added up, of which each must be known.
    #[must_use]
    pub fn pages_of(&self, names: &[&str]) -> Option<u64> {
        let one = |name: &&str| Some(self.uses.iter().find(|(found, _)| found == name)?.1);
        names.iter().map(one).try_fold(0_u64, |sum, pages| sum.checked_add(pages?))
    }
}

/// A zone in the memory report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ZoneReport {
    /// NUMA node.
    pub node: u32,
    /// `DMA`, `DMA32`, `Normal`, ...
    pub name: String,
    /// kB.
    pub free_kb: u64,
    /// Watermark, with its boost; kB.
    pub min_kb: u64,
    /// Watermark, kB.
    pub low_kb: Option<u64>,
    /// Watermark, kB.
    pub high_kb: Option<u64>,
    /// Pages there are, kB.
    pub present_kb: Option<u64>,
    /// Pages of the page allocator, kB (3.10 and later).
    pub managed_kb: Option<u64>,
    /// Free pages that only movable memory may use, kB.
    pub free_cma_kb: Option<u64>,
    /// Kept for atomic allocations of an order above 0, kB: the free part where the kernel prints it.
    pub highatomic_kb: Option<u64>,
    /// Slab that can't be given back, kB (up to 4.7).
    pub slab_unreclaimable_kb: Option<u64>,
    /// `lowmem_reserve[]`: pages kept back from allocations that may use a higher zone, by that zone.
    pub reserve_pages: Vec<u64>,
    /// Free blocks, the smallest first.
    pub blocks: Vec<FreeBlocks>,
}

/// Free blocks of one size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FreeBlocks {
    /// Size of each, kB.
    pub kb: u64,
    /// How many.
    pub count: u64,
    /// Their migrate types as letters: U, M, E, H, C, I; empty where the kernel does not print them (up to 3.9).
    pub types: String,
}

/// A cache of kernel objects that the allocator could not extend, printed before a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailedCache {
    /// Its name.
    pub name: String,
    /// Name of the memory cgroup that it belongs to (up to 5.8).
    pub cgroup: Option<Text>,
}

/// A row of the task table; values in pages where not named otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskRow {
    /// Thread that has the memory.
    pub pid: u32,
    /// User id.
    pub uid: u32,
    /// Process id.
    pub tgid: u32,
    /// Address space.
    pub total_vm: u64,
    /// Resident.
    pub rss: u64,
    /// Resident anonymous (6.8 and later).
    pub rss_anon: Option<u64>,
    /// Resident file-backed (6.8 and later).
    pub rss_file: Option<u64>,
    /// Resident shared (6.8 and later).
    pub rss_shmem: Option<u64>,
    /// Page tables in bytes (4.15 and later).
    pub pgtables_bytes: Option<u64>,
    /// Page tables in pages: `nr_ptes` and `nr_pmds` (4.14 and older).
    pub page_table_pages: Option<u64>,
    /// Swap entries.
    pub swapents: u64,
    /// -1000 to 1000.
    pub oom_score_adj: i32,
    /// Name of the thread.
    pub name: Text,
}

/// A task as a message names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskName {
    /// Thread id.
    pub pid: u32,
    /// Name.
    pub comm: Text,
}

/// `Kill process N (comm) score S or sacrifice child`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// The words before it.
    pub message: String,
    /// The chosen task.
    pub task: TaskName,
    /// Badness in thousandths of the domain.
    pub score: u32,
}

/// `Killed process …`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Killed {
    /// The words before it; absent where it stands alone (5.0 and older).
    pub message: Option<String>,
    /// Thread that owned the memory: usually the process id.
    pub pid: u32,
    /// Its name; absent when the line was cut.
    pub comm: Option<Text>,
    /// kB.
    pub total_vm_kb: Option<u64>,
    /// kB.
    pub anon_kb: Option<u64>,
    /// kB.
    pub file_kb: Option<u64>,
    /// kB (4.5 and later).
    pub shmem_kb: Option<u64>,
    /// User id (5.4 and later).
    pub uid: Option<u32>,
    /// kB (5.4 and later; 5.4.0 to 5.4.8 print bytes here).
    pub pgtables_kb: Option<u64>,
    /// -1000 to 1000 (5.4 and later).
    pub oom_score_adj: Option<i32>,
    /// How often the kernel printed it: a group kill does so twice for the chosen one.
    pub lines: u32,
    /// Printk time, microseconds.
    pub usec: Option<u64>,
}

/// A line of the OOM reaper.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reaped {
    /// The task.
    pub task: TaskName,
    /// False for "unable to reap".
    pub done: bool,
    /// What is left, in kB: anonymous, file-backed, shared.
    pub left_kb: Option<(u64, u64, u64)>,
}
