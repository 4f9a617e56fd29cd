//! Whose limit was hit, and who hit it.

use serde::{Deserialize, Serialize};

use super::{Holders, Text};

/// The domain that ran out of memory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Scope {
    /// Kind of domain; absent when it could not be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraint: Option<Constraint>,
    /// True when `constraint` and `memcg` were worked out from usage and limits because the kernel's own decision could
    /// not be read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inferred: bool,
    /// The kernel's own words, e.g. "Memory cgroup out of memory".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// `oc->totalpages`: size of the domain with swap, in pages. Not the victim's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_pages: Option<u64>,
    /// Flags of the allocation that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gfp_flags: Option<GfpFlags>,
    /// The allocation asked for 2^order pages; -1 for SysRq.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<i32>,
    /// What was asked for, and why it could not be had, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocation: Option<Allocation>,
    /// Somebody asked for the kill by SysRq-f.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sysrq: Option<bool>,
    /// The memory cgroup whose limit was hit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memcg: Option<LimitMemcg>,
    /// What the memory of that cgroup was made of, where the kernel's report tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stats: Option<MemcgStats>,
    /// What the tasks of the domain held, by the task table of the kernel's report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holders: Option<Holders>,
    /// The memory cgroups above it, nearest first, up to the root.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ancestors: Vec<MemcgLevel>,
    /// Where the victim lived, from its own memory cgroup up to (not including) the one whose limit was hit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub below: Vec<MemcgLevel>,
    /// `mems_allowed` as the kernel's log gives it, for cpuset and memory policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mems_allowed: Option<String>,
    /// Name of the trigger's cpuset as the kernel's log gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpuset: Option<Text>,
}

/// `enum oom_constraint`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Constraint {
    /// The whole machine.
    None,
    /// The nodes of a cpuset.
    Cpuset,
    /// The nodes of a memory policy.
    MemoryPolicy,
    /// A memory cgroup's limit.
    Memcg,
}

/// An allocation's flags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GfpFlags {
    /// As the kernel keeps them; the values change between kernels.
    pub value: u32,
    /// By name for the running kernel, as in its log: `GFP_KERNEL|__GFP_ZERO`.
    pub names: String,
}

/// The allocation that failed, explained.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Allocation {
    /// How much was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// What the order and the flags mean.
    pub meaning: String,
    /// Why it could not be had: the limit, or the state of the zones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The same as a word; absent when it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortage: Option<Shortage>,
}

/// Why an allocation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Shortage {
    /// A memory cgroup had reached its limit.
    Limit,
    /// No zone had memory to give.
    Machine,
    /// The zones that the request may use had none, and others had: low memory, DMA32, or all but CMA areas.
    Zones,
    /// The nodes that the request may use had none.
    Nodes,
    /// There was memory, and no block of the wanted size.
    Fragmented,
    /// The machine had memory: a charge to a memory cgroup failed in a page fault.
    Charge,
    /// The zones had memory when the report was printed.
    NotShort,
}

/// The memory cgroup whose limit was hit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LimitMemcg {
    /// The cgroup with its numbers.
    #[serde(flatten)]
    pub level: MemcgLevel,
    /// 0 when the victim lived in this very cgroup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub levels_above_victim: Option<u32>,
}

/// `memory.stat` of the memory cgroup whose limit was hit and all below it, at the kill.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemcgStats {
    /// Anonymous.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anon_bytes: Option<u64>,
    /// Page cache, without shmem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_bytes: Option<u64>,
    /// tmpfs and shared memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shmem_bytes: Option<u64>,
    /// Kernel memory, slab and page tables included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel_bytes: Option<u64>,
    /// Of it: slab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slab_bytes: Option<u64>,
    /// Buffers of sockets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sock_bytes: Option<u64>,
    /// Page cache not written to disk yet, and on its way there: it can't be dropped at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dirty_bytes: Option<u64>,
    /// Locked in memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unevictable_bytes: Option<u64>,
    /// Pages that were needed again soon after they had been reclaimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refaults: Option<u64>,
    /// Times that usage would have passed the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_hits: Option<u64>,
    /// All that the report has and that is not 0, by the kernel's names: bytes or counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<StatItem>,
}

/// One line of `memory.stat`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StatItem {
    /// The kernel's name: `anon`, `workingset_refault_file`, ...
    pub name: String,
    /// Bytes or a count, as the name has it.
    pub value: u64,
}

/// A memory cgroup with its numbers at the kill.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemcgLevel {
    /// From the root of the hierarchy, whatever the reader's cgroup namespace.
    pub path: Text,
    /// kernfs id, which is the directory's inode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Absent when there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_bytes: Option<u64>,
    /// Usage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage_bytes: Option<u64>,
    /// Highest usage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_bytes: Option<u64>,
    /// v2: limit of swap; v1: limit of memory and swap together. Absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap_limit_bytes: Option<u64>,
    /// v2: swap used; v1: memory and swap used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap_usage_bytes: Option<u64>,
    /// v2 `memory.high`; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high_bytes: Option<u64>,
    /// `memory.oom.group`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oom_group: Option<bool>,
}

/// The task in whose context the kernel ran out of memory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Trigger {
    /// Process id (thread group).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tgid: Option<u32>,
    /// Thread id.
    pub pid: u32,
    /// Name of the thread.
    pub comm: Text,
    /// Its memory cgroup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<Text>,
    /// Kernel stack, innermost first, `symbol+0xoffset` where symbols are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kernel_stack: Vec<String>,
    /// User stack, innermost first, as addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub user_stack: Vec<String>,
}
