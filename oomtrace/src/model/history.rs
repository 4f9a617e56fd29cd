//! How memory was used before the kill.

use serde::{Deserialize, Serialize};

use super::{Runtime, Text};

/// Memory over time, of those that matter for one incident. All times count from the kill, negative before it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct History {
    /// How the samples were taken.
    pub source: SampleSource,
    /// Time between two samples of cgroups and the system around the kill, as it really was (median).
    pub interval_ms: u64,
    /// The same of processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process_interval_ms: Option<u64>,
    /// How far back the samples go; what was before is not known.
    pub span_ms: u64,
    /// Processes, families of processes, cgroups and the system.
    pub entities: Vec<Entity>,
    /// Earlier lives of the workloads of this scope, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_lives: Vec<Life>,
    /// Processes and cgroups that had to give way for lack of room.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub evicted: u64,
    /// What a reader must know: passes that were left out, parts that were not sampled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// How samples are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SampleSource {
    /// BPF iterators over tasks and cgroups.
    Iterators,
    /// Files of /proc and of the cgroup file system.
    #[default]
    Files,
    /// Iterators for one of processes and cgroups, files for the other.
    Mixed,
}

/// Somebody whose memory is followed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entity {
    /// What it is.
    pub kind: EntityKind,
    /// Process: its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Process: its parent's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ppid: Option<u32>,
    /// Process or family: name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comm: Option<Text>,
    /// Process or family: executable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exe: Option<Text>,
    /// Process or family: path of its memory cgroup. Cgroup: its own path. Absent for the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Text>,
    /// Cgroup: its limit at the kill; system: MemTotal and SwapTotal together. Absent without a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_bytes: Option<u64>,
    /// Family: how many processes were seen of it, also those that have exited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<u32>,
    /// When it started, where that is known; absent means before the samples begin or not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_ms: Option<i64>,
    /// Process: when it called exec last, where that was later than its start; `points` begin there. What it ran before is
    /// an entity of its own, with the same `pid`, where that held 4 MiB or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exec_ms: Option<i64>,
    /// When it was gone; absent when it was there at the kill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exited_ms: Option<i64>,
    /// Process: threads in its first sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads_first: Option<u32>,
    /// Process: threads in its last sample before the kill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<u32>,
    /// Process: -1000 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oom_score_adj: Option<i32>,
    /// Process or family: what manages its memory; only of those that grew most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<Runtime>,
    /// Its memory counts towards the limit that was hit. (All do when the machine itself was out of memory.)
    #[serde(default)]
    pub in_scope: bool,
    /// `[t_ms, bytes]`, in order of time. Process and family: resident memory, swap and page tables together, the
    /// kernel's badness without `oom_score_adj`; cgroup: usage; system: MemTotal less MemAvailable, and swap in use.
    /// Where a point stands for a longer time, `bytes` is the highest value of it. The last point is at 0 where the
    /// kernel's own values at the kill are known.
    pub points: Vec<(i64, u64)>,
    /// The lowest value of each point's time, where points stand for longer times; empty where that is `points`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub low: Vec<u64>,
    /// What it is made of; each series has as many values as `points`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// Events since its start, e.g. refaults; each series has as many values as `points`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counters: Vec<Counter>,
}

impl Entity {
    /// The series of a part, if it is known.
    #[must_use]
    pub fn part(&self, kind: PartKind) -> Option<&[u64]> {
        self.parts.iter().find(|part| part.kind == kind).map(|part| part.bytes.as_slice())
    }

    /// The series of a counter, if it is known.
    #[must_use]
    pub fn counter(&self, kind: CounterKind) -> Option<&[u64]> {
        self.counters.iter().find(|counter| counter.kind == kind).map(|counter| counter.values.as_slice())
    }
}

/// What an [`Entity`] is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// One process.
    #[default]
    Process,
    /// All processes of one executable in one memory cgroup, also those that have exited.
    Family,
    /// A memory cgroup with all below it.
    Cgroup,
    /// The machine.
    System,
}

/// A part of an entity's memory over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Part {
    /// Which.
    pub kind: PartKind,
    /// One value for each of the entity's points.
    pub bytes: Vec<u64>,
}

/// Kinds of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// Anonymous: heap, stack, private mappings.
    Anon,
    /// Page cache; of a process: mapped files. Without shmem.
    File,
    /// tmpfs, shared anonymous memory, System V shared memory.
    Shmem,
    /// Swapped out. v1: of a cgroup memory and swap less memory.
    Swap,
    /// Page tables.
    PageTables,
    /// Kernel memory charged to a cgroup, slab and page tables included; of the system: not reclaimable slab, kernel
    /// stacks, per-CPU memory and vmalloc.
    Kernel,
    /// Of [`Self::Kernel`]: slab.
    Slab,
    /// Of [`Self::Kernel`]: buffers of sockets.
    Sock,
}

/// Events of an entity over time, each value counted since its start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Counter {
    /// Which.
    pub kind: CounterKind,
    /// One value for each of the entity's points.
    pub values: Vec<u64>,
}

/// Kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CounterKind {
    /// Pages that were needed again soon after they had been reclaimed (`workingset_refault*`).
    Refaults,
    /// Page faults that had to read from disk or swap.
    MajorFaults,
    /// Times that usage would have passed the limit (`memory.events` `max`; v1 `memory.failcnt`).
    LimitHits,
    /// Times that `memory.high` was passed.
    HighHits,
}

/// Earlier runs of one workload that are remembered at most.
pub const EARLIER_OF_ONE: usize = 16;

/// An earlier life of a workload: the same executable in a cgroup of the same path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Life {
    /// Process id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Name.
    pub comm: Text,
    /// Executable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exe: Option<Text>,
    /// Path of its memory cgroup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Text>,
    /// When it began and ended, from the kill.
    pub started_ms: i64,
    /// End.
    pub exited_ms: i64,
    /// Highest value seen, as in an entity's points.
    pub peak_bytes: u64,
    /// It was killed by the OOM killer.
    #[serde(default)]
    pub oom_killed: bool,
}
